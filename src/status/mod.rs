//! What is true of every project, and why: facts are collected, judged by a pure function, and shown.

mod advice;
mod collect;
mod death;
mod facts;
#[cfg(test)]
mod fixture;
mod fold;
mod incident;
mod judge;
mod page;
mod render;
mod report;
mod rollout;
mod stray;
mod urgency;
mod verdict;
mod watching;
mod why;
mod world;

pub(crate) use advice::hints;
pub(crate) use collect::{Depth, Pins, collect, collect_again, verdicts};
pub(crate) use judge::restart_in;
pub(crate) use page::{Shown, page};
pub(crate) use render::{
    between, mood, notices, pin_mood, reasons, short_reference, summary, table,
};
#[cfg(test)]
pub(crate) use report::{Brake, HarnessReport, PinReport, ProcessReport, Server};
pub(crate) use report::{ProjectReport, Report};
pub(crate) use rollout::roll_out;
pub(crate) use urgency::urgency;
pub(crate) use verdict::Verdict;
pub(crate) use watching::{Watching, Woken};
pub(crate) use why::{sheet, why};
