//! What terminals print, kept in files: raw, bounded, and cleaned when it is shown.
//!
//! A recorder writes one terminal's output into a [`Series`] of files. Whoever reads it needs neither the recorder nor
//! the terminal, and can hold up neither: a follower that stands still misses what is removed meanwhile, and is told so.

mod cap;
mod clean;
mod reader;
mod recorder;
mod series;
mod settings;
mod watch;
mod writer;

use std::path::Path;

pub(crate) use cap::size;
pub(crate) use clean::Cleaner;
pub(crate) use reader::Reader;
pub(crate) use recorder::record;
pub(crate) use series::{HARNESS_WINDOW, Series};
pub(crate) use settings::{Settings, make_private};
pub(crate) use watch::{Changes, Watch};

/// Returns what stands in the way of keeping the output in a directory, for each window of which something is lost.
pub(crate) fn troubles(directory: &Path) -> Vec<(String, String)> {
    // What a recorder that was killed, or has ended, leaves is told by the next one in the log itself.
    let troubled = |series: Series| {
        if !series.is_written() {
            return None;
        }
        let why = std::fs::read_to_string(series.trouble()).ok()?;
        let why = if why.is_empty() {
            "it cannot be written".to_owned()
        } else {
            why
        };
        Some((series.window(), why))
    };
    Series::all(directory)
        .into_iter()
        .filter_map(troubled)
        .collect()
}
