//! What changes projects. Each verb looks first and returns plans; plans are carried out in one place.

mod before;
mod create;
mod demo;
mod environment;
mod init;
mod launch;
mod launched;
mod placing;
mod plan;
mod prepare;
mod record;
mod recover;
mod remove;
mod restart;
mod running;
mod server;
mod service;
mod start;
mod step;
mod stop;
mod targets;
mod unit;
mod update;
mod version;

pub(crate) use create::{Creation, create};
pub(crate) use init::{Initiation, after_demo, init};
pub(crate) use launch::WINDOW;
pub(crate) use plan::{Change, Outcome, Plan};
pub(crate) use record::{Command, outcome};
pub(crate) use remove::remove;
pub(crate) use restart::restart;
pub(crate) use service::{install_service, remove_service, service_report};
pub(crate) use start::start;
pub(crate) use stop::stop;
pub(crate) use unit::renew_unit;
pub(crate) use update::{Move, update};
