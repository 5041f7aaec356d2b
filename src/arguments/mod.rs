//! The command lines of both programs, beside their types: what is wrong with one, and the exit codes that `--help` shows.

mod help;
mod mistake;

pub(crate) use help::{Exits, exit_codes, with_exit_codes};
pub(crate) use mistake::command_line;
