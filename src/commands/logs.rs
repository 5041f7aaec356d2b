//! `fleet logs`: what terminals show, what they print from now on, what is kept of it, and the last crash.

mod crash;
mod follow;
mod followed;
mod kept;
mod standing;

use super::terminals::{addresses, agents, finish_silently, meant, panes};
use crate::cli::{Address, Logs};
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::operations::WINDOW;
use crate::recording::Cleaner;
use crate::sessions::{Pane, Tmux};
use crate::ui::Ui;

/// How many older lines are printed where nobody says.
const LINES: usize = 1000;

/// Prints what is asked for; of several terminals under a line with each one's name.
pub(crate) fn logs(fleet: &Fleet, wanted: &Logs, ui: &Ui) -> anyhow::Result<Exit> {
    let addresses = addresses(fleet, wanted.addresses.clone(), &wanted.selector)?;
    // Who selects means whatever there is.
    let several = addresses.len() > 1 || wanted.selector.is_given();
    if wanted.follow {
        return follow::follow(fleet, &addresses, several, wanted, ui);
    }
    let shown = Shown {
        fleet,
        tmux: fleet.tmux()?,
        several,
        lines: wanted.lines.unwrap_or(LINES),
        color: wanted.color,
        ui,
    };
    let outcomes = addresses.iter().map(|address| {
        if wanted.last_crash {
            crash::print(fleet, address, several, ui)
        } else if wanted.kept {
            shown.kept(address)
        } else {
            shown.screens(address)
        }
    });
    Ok(finish_silently(outcomes.collect(), ui))
}

/// How terminals are printed.
struct Shown<'a> {
    fleet: &'a Fleet,
    tmux: Tmux,
    several: bool,
    lines: usize,
    color: bool,
    ui: &'a Ui,
}

impl Shown<'_> {
    /// Prints what terminals show; of what does not run, what is kept.
    fn screens(&self, address: &Address) -> anyhow::Result<()> {
        let shown = panes(self.fleet, &self.tmux, address)
            .and_then(|panes| meant_of(panes, address, self.several));
        let shown = match shown {
            Ok(shown) => shown,
            Err(error) => {
                let kept = kept::series(self.fleet, address, self.several);
                let Ok(Some(kept)) = kept else {
                    return Err(error);
                };
                let project = &address.project;
                self.ui.status(format!(
                    "this terminal of `{project}` is closed: what follows is from disk"
                ));
                return self.files(address, kept);
            }
        };
        for pane in shown {
            self.title(&pane.session, &pane.name);
            let text = if self.color {
                let text = self.tmux.capture_with_colours(&pane.pane, self.lines)?;
                cleaned(&text, true).join("\n")
            } else {
                self.tmux.capture(&pane.pane, self.lines)?
            };
            self.print(text.trim_end());
        }
        Ok(())
    }

    /// Prints what is kept on disk.
    fn kept(&self, address: &Address) -> anyhow::Result<()> {
        let kept = kept::series(self.fleet, address, self.several)?
            .ok_or_else(|| kept::nothing(self.fleet, address))?;
        self.files(address, kept)
    }

    fn files(&self, address: &Address, all: Vec<crate::recording::Series>) -> anyhow::Result<()> {
        for series in all {
            self.title(address.project.as_str(), &series.window());
            let lines = kept::last_lines(series, self.lines, self.color)?;
            self.print(&Vec::from(lines).join("\n"));
        }
        Ok(())
    }

    fn title(&self, project: &str, window: &str) {
        if self.several {
            self.ui.result(format!("==> {project}/{window} <=="));
        }
    }

    fn print(&self, text: &str) {
        if self.color {
            // Asked for, they go into a pipe as well. A reader that has gone away is no error.
            let _ = self.ui.stream(&format!("{text}\n"));
        } else {
            self.ui.result(text);
        }
    }
}

/// Returns the terminals that an address means: of several projects, all that each has to show.
fn meant_of(panes: Vec<Pane>, address: &Address, several: bool) -> anyhow::Result<Vec<Pane>> {
    let has_agents = !agents(&panes).is_empty();
    Ok(match (several, &address.agent) {
        (true, None) => panes
            .into_iter()
            .filter(|pane| !has_agents || pane.name != WINDOW)
            .collect(),
        (false, _) | (true, Some(_)) => vec![meant(panes, address)?],
    })
}

/// Returns the lines of a text, without anything that is no text.
fn cleaned(text: &str, keeps_colours: bool) -> Vec<String> {
    let mut cleaner = Cleaner::new(keeps_colours);
    let mut lines = Vec::new();
    cleaner.feed(text.as_bytes(), &mut |line| lines.push(line));
    lines.extend(cleaner.rest());
    lines
}
