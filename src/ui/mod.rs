//! What people see: results on stdout, everything else on stderr.

mod output;
mod table;
mod words;

pub(crate) use output::{Ui, report, trace_to_stderr};
pub(crate) use table::{Mood, Table};
pub(crate) use words::{ago, count, list, seconds};
