//! The faults of supervision, injected from outside; what holds is counted from outside too.

mod brake;
mod census;
mod reboot;
mod server;
mod stops;
mod tenders;
