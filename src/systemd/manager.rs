//! The manager that a user's own units belong to, and what its programs say.

use std::env;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::unistd::getuid;

use crate::command::{self, Answer};

/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a change may take: a manager that reads its units anew is slow on a slow machine.
const CHANGE: Duration = Duration::from_secs(20);

/// A manager that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// The user's own, which listens in this directory.
    User(PathBuf),
    /// The machine's: for root alone, where it has none of its own.
    System,
}

/// Returns the manager that this user's units belong to, or why there is none.
///
/// An environment that names a runtime directory of ours is believed: a manager listens there or nowhere. It is only
/// where it names none, or somebody else's (`su`), that the usual place and, for root, the machine's manager count.
pub(crate) fn manager() -> Result<Manager, String> {
    let named = env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty());
    if let Some(named) = named.map(PathBuf::from).filter(|named| is_ours(named)) {
        return if listens_in(&named) {
            Ok(Manager::User(named))
        } else {
            let place = named.display();
            Err(format!("no systemd user manager listens in `{place}`"))
        };
    }
    let usual = PathBuf::from(format!("/run/user/{}", getuid()));
    if is_ours(&usual) && listens_in(&usual) {
        return Ok(Manager::User(usual));
    }
    // sd_booted(3): this directory is there if and only if systemd runs the machine.
    if getuid().is_root() && Path::new("/run/systemd/system").is_dir() {
        return Ok(Manager::System);
    }
    Err("no systemd user manager runs".to_owned())
}

fn is_ours(directory: &Path) -> bool {
    std::fs::metadata(directory).is_ok_and(|found| found.uid() == getuid().as_raw())
}

fn listens_in(directory: &Path) -> bool {
    directory.join("systemd/private").exists()
}

impl Manager {
    /// Returns the option that names it to systemd's programs.
    pub(super) fn option(&self) -> &'static str {
        match self {
            Self::User(_) => "--user",
            Self::System => "--system",
        }
    }

    /// Returns the variable by which systemd's programs find it, where it needs one.
    pub(crate) fn variable(&self) -> Option<(&'static str, &Path)> {
        match self {
            Self::User(directory) => Some(("XDG_RUNTIME_DIR", directory)),
            Self::System => None,
        }
    }

    /// Asks it (`systemctl`); fails only where no answer comes.
    pub(crate) fn ask(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        self.systemctl(arguments, PATIENCE)
    }

    /// Has it change something (`systemctl`); fails only where no answer comes.
    pub(crate) fn change(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        self.systemctl(arguments, CHANGE)
    }

    fn systemctl(&self, arguments: &[&str], patience: Duration) -> anyhow::Result<Answer> {
        let mut call = Command::new("systemctl");
        call.arg(self.option())
            .args(["--no-pager", "--no-ask-password"])
            .args(arguments)
            .envs(self.variable());
        command::run(call, patience)
    }
}

/// Says whether this user's manager runs on after the last logout; `None` where it cannot be told.
pub(crate) fn lingers() -> Option<bool> {
    let user = getuid().to_string();
    yes_or_no(&["show-user", &user, "--property=Linger", "--value"])
}

/// Says whether a logout ends what the login has started; `None` where it cannot be told.
pub(crate) fn kills_user_processes() -> Option<bool> {
    // Without a session's name these are the properties of the login manager itself.
    yes_or_no(&["show-session", "--property=KillUserProcesses", "--value"])
}

fn yes_or_no(arguments: &[&str]) -> Option<bool> {
    let mut call = Command::new("loginctl");
    call.arg("--no-pager").args(arguments);
    let answer = command::run(call, PATIENCE).ok()?;
    match answer.stdout.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
