//! What is known of a trial that has failed.

use std::path::Path;

use crate::files::{self, Durability};
use crate::fleet::Fleet;
use crate::sessions::Panes;
use crate::supervision::{LastExit, State, is_tenders};

use super::place::{NAME, Place};

/// How many lines that have scrolled away are kept of each terminal, and how many of the last are shown.
const KEPT: usize = 500;
const SHOWN: usize = 10;

/// What is known.
pub(super) struct Evidence {
    exit: Option<LastExit>,
    /// What each terminal shows, with its window's name.
    terminals: Vec<(String, String)>,
}

impl Evidence {
    /// Looks, while its terminals are there. What cannot be seen is left out.
    pub(super) fn of(own: &Fleet) -> Self {
        let state = State::read(&own.unit_files(&Place::name()).state);
        Self {
            exit: state.ok().flatten().and_then(|state| state.last_exit),
            terminals: terminals(own).unwrap_or_default(),
        }
    }

    /// Returns the lines for who waits: how it ended, and what it said last.
    pub(super) fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut said = Vec::new();
        if let Some(exit) = &self.exit {
            lines.push(format!("        exit       {exit}"));
            if !exit.signature.is_empty() {
                lines.push(format!("        signature  {}", exit.signature));
            }
            said.clone_from(&exit.said);
        }
        if said.is_empty() {
            let shown = self.terminals.iter().flat_map(|(_, text)| text.lines());
            said.extend(
                shown
                    .filter(|line| !line.trim().is_empty())
                    .map(str::to_owned),
            );
        }
        let first = said.len().saturating_sub(SHOWN);
        lines.extend(said[first..].iter().map(|line| format!("        | {line}")));
        lines
    }

    /// Writes all of it down.
    pub(super) fn write(
        &self,
        path: &Path,
        steps: &[String],
        error: &anyhow::Error,
    ) -> anyhow::Result<()> {
        let mut text = steps.join("\n");
        text += &format!("\n\n{error:#}\n");
        for (window, shown) in &self.terminals {
            text += &format!("\n--- {window}\n{}\n", shown.trim_end());
        }
        files::replace(path, text.as_bytes(), 0o600, Durability::Cached)
    }
}

fn terminals(own: &Fleet) -> anyhow::Result<Vec<(String, String)>> {
    let tmux = own.tmux()?;
    let Panes::Running { panes, .. } = tmux.panes()? else {
        return Ok(Vec::new());
    };
    let shown = panes.into_iter().filter_map(|pane| {
        let text = tmux.capture(&pane.pane, KEPT).ok()?;
        // What the tender says is about a project that stays.
        let own = text.lines().filter(|line| !is_tenders(line, NAME));
        Some((pane.name, own.collect::<Vec<_>>().join("\n")))
    });
    Ok(shown.collect())
}
