//! Sessions on the fleet's tmux server that no project of fleet.toml owns: those of projects that were taken out or
//! renamed by hand while they ran, and those that somebody made there.

use std::path::Path;

use serde::Serialize;

use crate::names::Name;

/// One such session, and what to type about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Stray {
    /// Its name.
    pub(crate) session: String,
    /// The command that shows it.
    pub(crate) show: String,
    /// The command that ends it, with everything that runs in it.
    pub(crate) end: String,
}

impl Stray {
    /// A session on the tmux server that listens at a socket. What could be a project's name is fleet's to end.
    pub(super) fn new(session: &str, socket: &Path) -> Self {
        let tmux = |command: &str| {
            let name = session.replace('\'', r"'\''");
            format!("tmux -S '{}' {command} -t '={name}'", socket.display())
        };
        let (show, end) = match session.parse::<Name>() {
            Ok(name) => (format!("fleet attach {name}"), format!("fleet stop {name}")),
            Err(_) => (tmux("attach-session"), tmux("kill-session")),
        };
        Self {
            session: session.to_owned(),
            show,
            end,
        }
    }

    /// Says so in a line.
    pub(super) fn line(&self) -> String {
        let Self { session, show, end } = self;
        format!(
            "the session `{session}` on this fleet's tmux server is of no project in fleet.toml: `{show}` shows it, `{end}` ends it"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_project_could_have_is_left_to_tmux() {
        let of = |session: &str| Stray::new(session, Path::new("/run/fleet")).end;
        assert_eq!(of("old"), "fleet stop old");
        assert_eq!(
            of("it's mine"),
            r"tmux -S '/run/fleet' kill-session -t '=it'\''s mine'"
        );
    }
}
