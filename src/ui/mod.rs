//! What people see: results on stdout, everything else on stderr.

mod help;
mod mistake;
mod output;
mod sheet;
mod table;
mod words;

pub(crate) use help::{Exits, exit_codes, with_exit_codes};
pub(crate) use mistake::command_line;
pub(crate) use output::{Ui, trace_to_stderr};
pub(crate) use sheet::Sheet;
pub(crate) use table::{Mood, Table};
pub(crate) use words::{ago, count, list, seconds};
