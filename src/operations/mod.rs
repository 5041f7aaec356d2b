//! What changes projects. Each verb looks first and returns plans; plans are carried out in one place.

mod boot;
mod bring_back;
mod cause;
mod create;
mod demo;
mod environment;
mod go;
mod guardian;
mod init;
mod launch;
mod placing;
mod plan;
mod prepare;
mod recover;
mod remove;
mod restart;
mod start;
mod step;
mod stop;
mod targets;
mod unit;
mod update;
mod version;

pub(crate) use boot::{Booted, boot};
pub(crate) use create::{Creation, create};
pub(crate) use go::go;
pub(crate) use guardian::watch;
pub(crate) use init::{Initiation, after_demo, init};
pub(crate) use launch::WINDOW;
pub(crate) use plan::{Outcome, Plan};
pub(crate) use remove::remove;
pub(crate) use restart::restart;
pub(crate) use start::start;
pub(crate) use stop::stop;
pub(crate) use unit::renew_unit;
pub(crate) use update::{Move, update};
