//! What people see: results on stdout, everything else on stderr.

mod guard;
mod last_line;
mod output;
mod progress;
mod screen;
mod sheet;
mod table;
mod terminal;
mod text;
mod words;

pub(crate) use guard::{Guard, Manner};
pub(crate) use output::{Ui, report, trace_to_stderr, unwritten};
pub(crate) use screen::{Heard, Screen};
pub(crate) use sheet::Sheet;
pub(crate) use table::{Mood, Table};
pub(crate) use terminal::Size;
pub(crate) use text::{clean, cut, cut_coloured, width, wrapped};
pub(crate) use words::{ago, count, list, seconds};
