//! `fleet service`: having the machine run the guardian, as a systemd unit of the user's.

mod install;
mod remove;
mod report;
mod unit;

pub(crate) use install::install as install_service;
pub(crate) use remove::remove as remove_service;
pub(crate) use report::{Fact, ServiceReport, report as service_report};
