//! Keeping a process up, and ending it with everything it started. Shared by both programs.
//!
//! A supervised thing is a [`Unit`]: data in a file. The tender, a small process in the terminal's pane, is its
//! process's parent and the only authority on it; it writes what it knows into a [`State`] file. A signal to it means
//! "look at the files".

mod begin;
mod brake;
mod census;
mod chance;
mod children;
mod client;
mod crash;
mod death;
mod deaths;
mod end;
mod errand;
mod evidence;
mod interrupt;
mod listen;
mod locks;
mod lost;
mod members;
mod memory;
mod pause;
mod policy;
mod process;
mod procfs;
mod program;
mod ready;
mod record;
mod signals;
mod sleep;
mod spawn;
mod state;
mod sweep;
mod tend;
mod terminal;
mod trail;
mod trees;
mod unit;
mod watch;
mod when;

use std::path::Path;
use std::process::ExitCode;

pub(crate) use brake::{consider as consider_brake, engaged as brake, release as release_brake};
pub(crate) use census::{Census, Tender};
pub(crate) use chance::chance;
pub(crate) use client::{Afterwards, Stop, Stopped, tell_to_look};
pub(crate) use crash::Crash;
pub(crate) use deaths::record_death;
pub(crate) use errand::{Ending, Errand, end_errand};
pub(crate) use evidence::{is_tenders, telling};
pub(crate) use interrupt::Interrupt;
pub(crate) use locks::holders;
pub(crate) use policy::{History, Next, after_loss, recent, wait};
pub(crate) use process::{Liveness, Process, ProcessFd, boot, wait_readable};
pub(crate) use procfs::{has_children, with_ancestors};
pub(crate) use program::{find_program, tender_program, this_program};
pub(crate) use record::{VERSION, read_record};
pub(crate) use sleep::{Sleeper, Woken};
pub(crate) use spawn::{MARK, is_mark};
pub(crate) use state::{LastExit, Life, Phase, State};
pub(crate) use sweep::end_life;
pub(crate) use trees::end_trees;
pub(crate) use unit::{
    Desired, Policy, Recorded, Refresh, Unit, Want, read_desired, stamp, write_desired,
};
pub(crate) use watch::StateWatch;
pub(crate) use when::When;

/// The tender program's first argument where it is to record a terminal.
pub(crate) const RECORD: &str = "record";

/// Runs the tender program: its one argument is a unit's file. After [`RECORD`] it is a recorder instead.
pub(crate) fn tend() -> ExitCode {
    let result = match std::env::args_os().nth(1) {
        Some(mode) if mode == RECORD => {
            let words = std::env::args_os().skip(2);
            let words: Vec<String> = words
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            crate::recording::record(&words)
        }
        Some(unit_file) => begin::tend(Path::new(&unit_file)),
        None => Err(crate::error::usage("a tender needs the file of a unit").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let terminal = terminal::Terminal::open();
            terminal.say(&format!("error: {error:#}"));
            crate::error::exit_of(&error).into()
        }
    }
}
