//! systemd: which of its managers is ours, what it runs for us, and where a process lives.
//!
//! Only this folder names its programs. They are run with a deadline and never ask anybody anything; where there is no
//! systemd, everything here says so and nothing fails.

mod manager;
mod placement;
mod scope;
mod unit;

pub(crate) use manager::{Manager, kills_user_processes, lingers, manager};
pub(crate) use placement::{Placement, placement};
pub(crate) use scope::{Form, Scope};
pub(crate) use unit::{ServiceUnit, is_program_path};
