//! Where a process lives, by its control group: what ends it when a login does.

use std::fmt;
use std::fs;

/// What a process's control group says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// In a scope that was made for a fleet's tmux server.
    OwnScope {
        /// The scope.
        unit: String,
        /// It is the user manager's, and ends with that.
        of_user: bool,
    },
    /// In a login's session: it may end with that.
    Login(String),
    /// In another unit of the user's manager: it ends with that unit, and with the manager.
    UserUnit(String),
    /// In a unit of the machine's: no login matters to it.
    SystemUnit(String),
    /// Its control group does not say.
    Unknown,
}

/// Says where a process lives.
pub(crate) fn placement(pid: i32) -> Placement {
    // One that cannot be read, of a process that has gone too, says nothing.
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    Placement::of(&text)
}

impl Placement {
    /// Reads a text such as `/proc/PID/cgroup`.
    pub(crate) fn of(text: &str) -> Self {
        let path_in = |hierarchy: &str| {
            text.lines()
                .find_map(|line| line.split_once(':')?.1.strip_prefix(hierarchy))
        };
        // Of several hierarchies systemd keeps its own in its own; with one only, that one has no name.
        let path = path_in("name=systemd:").filter(|path| *path != "/");
        path.or_else(|| path_in(":"))
            .map_or(Self::Unknown, Self::of_path)
    }

    fn of_path(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        let is_unit = |part: &&&str| part.ends_with(".scope") || part.ends_with(".service");
        let is_manager = |part: &&str| part.starts_with("user@") && part.ends_with(".service");
        let of_user = parts.iter().position(is_manager);
        // What a unit makes below itself is named by nobody but itself.
        let Some(unit) = parts
            .iter()
            .skip(of_user.map_or(0, |at| at + 1))
            .find(is_unit)
        else {
            return of_user.map_or(Self::Unknown, |at| Self::UserUnit(parts[at].to_owned()));
        };
        let unit = (*unit).to_owned();
        if unit.starts_with("fleet-") && unit.ends_with(".scope") {
            let of_user = of_user.is_some();
            return Self::OwnScope { unit, of_user };
        }
        match of_user {
            Some(_) => Self::UserUnit(unit),
            None if unit.starts_with("session-") && unit.ends_with(".scope") => Self::Login(unit),
            None => Self::SystemUnit(unit),
        }
    }

    /// Says whether it outlives the user's last logout, given whether the user's manager does ([`super::lingers`]) and
    /// whether logouts end what logins started ([`super::kills_user_processes`]); `None` where it cannot be told.
    pub(crate) fn outlives_logins(
        &self,
        lingers: Option<bool>,
        kills: Option<bool>,
    ) -> Option<bool> {
        match self {
            Self::OwnScope { of_user: true, .. } | Self::UserUnit(_) => lingers,
            Self::OwnScope { of_user: false, .. } | Self::SystemUnit(_) => Some(true),
            Self::Login(_) => kills.map(|kills| !kills),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnScope { unit, .. } => write!(f, "in a scope of its own, `{unit}`"),
            Self::Login(unit) => write!(f, "in a login's session, `{unit}`"),
            Self::UserUnit(unit) => write!(f, "in `{unit}` of the user's manager"),
            Self::SystemUnit(unit) => write!(f, "in the machine's `{unit}`"),
            Self::Unknown => f.write_str("in no unit that can be told"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(Placement::of(text).to_string(), expected, "{text:?}");
    }

    #[test]
    fn a_control_group_says_what_ends_a_process() {
        let user = "0::/user.slice/user-1000.slice";
        for (rest, expected) in [
            (
                "/user@1000.service/app.slice/fleet-home-0a.scope\n",
                "in a scope of its own, `fleet-home-0a.scope`",
            ),
            (
                "/user@1000.service/app.slice/fleet-home-0a.scope/lives/demo\n",
                "in a scope of its own, `fleet-home-0a.scope`",
            ),
            (
                "/session-3.scope\n",
                "in a login's session, `session-3.scope`",
            ),
            (
                "/session-c1.scope/fleet-x.scope\n",
                "in a login's session, `session-c1.scope`",
            ),
            (
                "/user@1000.service/app.slice/app-gnome-terminal.slice/vte-spawn-1.scope\n",
                "in `vte-spawn-1.scope` of the user's manager",
            ),
            (
                "/user@1000.service/app.slice/fleet-home-0a.service\n",
                "in `fleet-home-0a.service` of the user's manager",
            ),
            (
                "/user@1000.service\n",
                "in `user@1000.service` of the user's manager",
            ),
        ] {
            case(&format!("{user}{rest}"), expected);
        }
        case(
            "0::/system.slice/ssh.service\n",
            "in the machine's `ssh.service`",
        );
        case(
            "0::/system.slice/fleet-x.scope\n",
            "in a scope of its own, `fleet-x.scope`",
        );
        for text in [
            "",
            "nonsense",
            "0::/\n",
            "0::/docker/0a1b\n",
            "4:memory:/system.slice/x.service\n",
        ] {
            case(text, "in no unit that can be told");
        }
    }

    #[test]
    fn of_two_hierarchies_systemds_own_counts() {
        let both = "9:name=systemd:/user.slice/user-0.slice/session-1.scope\n4:memory:/x.scope\n0::/x.scope\n";
        case(both, "in a login's session, `session-1.scope`");
        case(
            "9:name=systemd:/\n0::/system.slice/cron.service\n",
            "in the machine's `cron.service`",
        );
    }

    #[test]
    fn what_a_logout_ends_follows_from_the_place() {
        let of = |path: &str| Placement::of(&format!("0::{path}\n"));
        let scope = of("/user.slice/user@1.service/fleet-x.scope");
        assert_eq!(scope.outlives_logins(Some(true), None), Some(true));
        assert_eq!(scope.outlives_logins(Some(false), Some(false)), Some(false));
        assert_eq!(scope.outlives_logins(None, Some(false)), None);
        let login = of("/user.slice/user-1.slice/session-1.scope");
        assert_eq!(login.outlives_logins(Some(false), Some(false)), Some(true));
        assert_eq!(login.outlives_logins(Some(true), Some(true)), Some(false));
        let machine = of("/system.slice/fleet-x.scope");
        assert_eq!(machine.outlives_logins(Some(false), Some(true)), Some(true));
        assert_eq!(of("/").outlives_logins(Some(true), Some(true)), None);
    }

    #[test]
    fn a_process_that_has_gone_is_nowhere() {
        assert_eq!(placement(i32::MAX), Placement::Unknown);
    }
}
