//! What is kept on disk of terminals' output.

use std::collections::VecDeque;

use anyhow::Context as _;

use crate::cli::Address;
use crate::commands::terminals::pick;
use crate::error::failed;
use crate::fleet::Fleet;
use crate::operations::WINDOW;
use crate::recording::{Cleaner, Reader, Series};

/// Returns the files that an address means; `None` where nothing of the project is kept. Of several projects, all that
/// is kept of each is meant.
pub(super) fn series(
    fleet: &Fleet,
    address: &Address,
    several: bool,
) -> anyhow::Result<Option<Vec<Series>>> {
    let mut all = Series::all(&fleet.logs_of(&address.project));
    if all.is_empty() {
        return Ok(None);
    }
    if several && address.agent.is_none() {
        let has_agents = all.iter().any(|series| series.window() != WINDOW);
        all.retain(|series| !has_agents || series.window() != WINDOW);
        return Ok(Some(all));
    }
    let windows: Vec<String> = all.iter().map(Series::window).collect();
    let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
    let place = pick(&windows, address)?;
    Ok(Some(vec![all.swap_remove(place)]))
}

/// Says that nothing is kept, and what to do about it.
pub(super) fn nothing(fleet: &Fleet, address: &Address) -> anyhow::Error {
    let project = &address.project;
    let known = match fleet.registry.project(project) {
        Ok(known) => known,
        Err(unknown) => return unknown,
    };
    let hint = if known.log {
        format!("its output is kept from the next start on: `fleet restart {project}`")
    } else {
        format!("put `log = true` into `[projects.{project}]`, then `fleet restart {project}`")
    };
    failed(format!(
        "nothing of what `{project}` printed is kept on disk"
    ))
    .hint(hint)
    .into()
}

/// Returns the last lines of a series.
pub(super) fn last_lines(
    series: Series,
    lines: usize,
    color: bool,
) -> anyhow::Result<VecDeque<String>> {
    let mut reader = Reader::at_the_last(series, lines).context("cannot read what is kept")?;
    let mut cleaner = Cleaner::new(color);
    let mut last = read_last(&mut reader, &mut cleaner, lines)?;
    last.extend(cleaner.rest());
    Ok(last)
}

/// Reads all that is there; returns the last lines, without one that is not done.
pub(super) fn read_last(
    reader: &mut Reader,
    cleaner: &mut Cleaner,
    lines: usize,
) -> anyhow::Result<VecDeque<String>> {
    let mut last = VecDeque::new();
    let mut keep = |line| {
        last.push_back(line);
        if last.len() > lines {
            last.pop_front();
        }
    };
    while let Some(piece) = reader.read().context("cannot read what is kept")? {
        cleaner.feed(&piece.bytes, &mut keep);
    }
    Ok(last)
}
