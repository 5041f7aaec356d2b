//! The tmux session that the agents' windows are in.

use std::collections::HashSet;
use std::path::Path;

use super::prepare::utf8;
use super::project::{Project, Run};
use crate::sessions::{NewSession, NewWindow, Pane, Panes, Tmux, of_environment, socket_directory};
use crate::supervision::{is_mark, tender_program};

/// A session of a tmux server.
#[derive(Debug)]
pub(super) struct Stage {
    tmux: Tmux,
    /// The session's name, or its id.
    session: String,
    is_own: bool,
}

/// A program to be shown in a window of its own.
pub(super) struct Show<'a> {
    pub(super) name: &'a str,
    pub(super) directory: &'a Path,
    pub(super) argv: Vec<String>,
}

impl Stage {
    /// Returns the session that this process runs in, or else the one that belongs to the project alone, on a server
    /// of this program's own.
    pub(super) fn of(project: &Project) -> anyhow::Result<Self> {
        if let Some((tmux, session)) = of_environment() {
            return Ok(Self {
                tmux,
                session,
                is_own: false,
            });
        }
        // The user's configuration could end sessions, rename windows or run something: it is not read.
        let tmux = Tmux::at(socket_directory()?.join("agents")).configured_by("/dev/null".into());
        Ok(Self {
            tmux,
            session: project.label(),
            is_own: true,
        })
    }

    /// Returns the session of a run.
    pub(super) fn of_run(run: &Run) -> Self {
        Self {
            tmux: Tmux::at(run.socket.clone()),
            session: run.session.clone(),
            is_own: false,
        }
    }

    pub(super) fn socket(&self) -> &Path {
        self.tmux.socket()
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Opens windows, and returns the pane of each; none for one that has closed already.
    ///
    /// Makes the session where it is this program's own and not there yet.
    pub(super) fn open(&self, shows: &[Show<'_>]) -> anyhow::Result<Vec<Option<Pane>>> {
        let before = self.tmux.panes()?;
        let is_there = list(&before)
            .iter()
            .any(|pane| pane.session == self.session);
        let mut windows: Vec<NewWindow<'_>> = shows.iter().map(window).collect();
        if self.is_own && !is_there && !windows.is_empty() {
            let window = windows.remove(0);
            let name = &self.session;
            let without = || Err("a run by hand ends with its login".to_owned());
            self.tmux
                .new_sessions(
                    &[NewSession {
                        name,
                        window,
                        recorder: None,
                    }],
                    without,
                )
                .made?;
        }
        if !windows.is_empty() {
            self.tmux.new_windows(&self.session, &windows)?;
        }
        let after = self.tmux.panes()?;
        let new = new_panes(&self.session, &before, &after);
        let of = |show: &Show<'_>| new.iter().find(|pane| pane.name == show.name);
        Ok(shows
            .iter()
            .map(|show| of(show).copied().cloned())
            .collect())
    }

    /// Returns the pane that was made with this process.
    pub(super) fn pane_of(&self, pid: i32) -> anyhow::Result<Option<Pane>> {
        let panes = self.tmux.panes()?;
        Ok(list(&panes).iter().find(|pane| pane.pid == pid).cloned())
    }

    pub(super) fn close_window(&self, pane: &Pane) -> anyhow::Result<()> {
        self.tmux.kill_window(&pane.window)
    }

    /// Ends the session, with all that is in it.
    pub(super) fn close(&self) -> anyhow::Result<()> {
        self.tmux.kill_session(&self.session)
    }

    /// Shows a line above a pane.
    pub(super) fn set_title(&self, pane: &Pane, title: &str) -> anyhow::Result<()> {
        // tmux expands `#` in a format, and `,` and `}` end a part of one; nothing here has them but an odd reason.
        let plain: String = title
            .chars()
            .map(|c| {
                if "#,{}".contains(c) || c.is_control() {
                    ' '
                } else {
                    c
                }
            })
            .collect();
        let format = format!(" {plain} ");
        self.tmux
            .set_window_option(&pane.window, "pane-border-format", &format)?;
        self.tmux
            .set_window_option(&pane.window, "pane-border-status", "top")
    }

    pub(super) fn capture(&self, pane: &Pane, lines: usize) -> anyhow::Result<String> {
        self.tmux.capture(&pane.pane, lines)
    }

    pub(super) fn send_text(&self, pane: &Pane, text: &str) -> anyhow::Result<()> {
        self.tmux.send_text(&pane.pane, text)
    }

    /// Shows the session in this terminal, at one of its windows; returns only when that fails.
    pub(super) fn attach(&self, pane: &Pane) -> anyhow::Error {
        self.tmux.attach(&pane.session, Some(&pane.window))
    }
}

fn list(panes: &Panes) -> &[Pane] {
    match panes {
        Panes::NotRunning => &[],
        Panes::Running { panes, .. } => panes,
    }
}

/// Returns the panes of a session that were not there before: other sessions may get agents of the same names at the same
/// moment. The ids of panes are good for the life of one server only.
fn new_panes<'a>(session: &str, before: &Panes, after: &'a Panes) -> Vec<&'a Pane> {
    let server = |panes: &Panes| match panes {
        Panes::NotRunning => None,
        Panes::Running { pid, since, .. } => Some((*pid, *since)),
    };
    let is_same_server = server(before) == server(after);
    let known: HashSet<&str> = list(before)
        .iter()
        .filter(|_| is_same_server)
        .map(|pane| pane.pane.as_str())
        .collect();
    list(after)
        .iter()
        .filter(|pane| pane.is_in(session) && !known.contains(pane.pane.as_str()))
        .collect()
}

fn window<'a>(show: &Show<'a>) -> NewWindow<'a> {
    // Whoever supervises this run finds what belongs to it by these.
    let marks = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| is_mark(name))
        .collect();
    NewWindow {
        name: show.name,
        directory: show.directory,
        environment: marks,
        argv: show.argv.clone(),
    }
}

/// Returns the program that is an agent's parent process, and the argument that names its unit.
pub(super) fn tender(unit: &Path) -> anyhow::Result<Vec<String>> {
    Ok(vec![tender_program()?, utf8(unit)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panes(ids: &[(&str, &str)]) -> Panes {
        let pane = |(session, pane): &(&str, &str)| Pane {
            session: (*session).to_owned(),
            session_id: format!("${session}"),
            index: 1,
            window: "@1".to_owned(),
            pane: (*pane).to_owned(),
            pid: 7,
            name: "worker".to_owned(),
        };
        Panes::Running {
            pid: 1,
            since: 2,
            panes: ids.iter().map(pane).collect(),
        }
    }

    #[test]
    fn an_agent_of_the_same_name_in_another_session_is_another_one() {
        let before = panes(&[("a", "%1"), ("b", "%2")]);
        let after = panes(&[("b", "%3"), ("a", "%1"), ("a", "%4"), ("b", "%2")]);
        for session in ["a", "$a"] {
            let new = new_panes(session, &before, &after);
            let new: Vec<&str> = new.iter().map(|pane| pane.pane.as_str()).collect();
            assert_eq!(new, ["%4"]);
        }
    }
}
