//! What people see: results on stdout, everything else on stderr.

mod last_line;
mod output;
mod progress;
mod sheet;
mod table;
mod words;

pub(crate) use output::{Ui, trace_to_stderr};
pub(crate) use sheet::Sheet;
pub(crate) use table::{Mood, Table};
pub(crate) use words::{ago, count, list, seconds};
