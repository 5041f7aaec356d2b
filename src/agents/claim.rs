//! Only one run may work in a project's directory: an exclusive lock on the directory itself says whose it is.

use std::path::Path;

use crate::error::refused;
use crate::files::Lock;
use crate::supervision::{holders, with_ancestors};

/// A project's directory, kept from other runs.
#[derive(Debug)]
pub(super) enum Claim {
    /// By this process, until dropped.
    Ours { _lock: Lock },
    /// By the supervisor that this process runs under, which answers for it.
    Ancestor,
}

impl Claim {
    /// Claims a project's directory; refuses where somebody else has.
    pub(super) fn take(project: &Path) -> anyhow::Result<Self> {
        if let Some(lock) = Lock::try_take(project)? {
            return Ok(Self::Ours { _lock: lock });
        }
        let holder = holder(project)?;
        if holder.is_some_and(is_above) {
            return Ok(Self::Ancestor);
        }
        Err(already_running(holder))
    }
}

/// Refuses where somebody else has claimed a project's directory, without claiming it.
pub(super) fn refuse_claimed(project: &Path) -> anyhow::Result<()> {
    match holder(project)? {
        Some(holder) if !is_above(holder) => Err(already_running(Some(holder))),
        Some(_) | None => Ok(()),
    }
}

/// Fails where the directory is claimed, though not by a run that is known here: one of before the project was moved,
/// or another program's.
pub(super) fn refuse_foreign(project: &Path) -> anyhow::Result<()> {
    match holder(project)? {
        Some(holder) if !is_above(holder) => Err(refused(format!(
            "process {holder} has this directory, and is not a run that is known here"
        ))
        .hint(format!(
            "`ps -fp {holder}` shows what it is; `kill {holder}` ends it"
        ))
        .into()),
        Some(_) | None => Ok(()),
    }
}

fn holder(project: &Path) -> anyhow::Result<Option<i32>> {
    Ok(holders([project])?.get(project).copied())
}

fn is_above(process: i32) -> bool {
    with_ancestors(std::os::unix::process::parent_id().cast_signed()).contains(&process)
}

/// The refusal of a second run.
pub(super) fn already_running(holder: Option<i32>) -> anyhow::Error {
    let who = holder.map_or_else(
        || "by a process that cannot be told".to_owned(),
        |pid| format!("pid {pid}"),
    );
    refused(format!("already running ({who})"))
        .hint("look at it: `agents status`; end it: `agents down`")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_and_told_who_has_it() {
        let project = tempfile::tempdir().unwrap();
        let held = Claim::take(project.path()).unwrap();
        assert!(matches!(held, Claim::Ours { .. }));
        let error = Claim::take(project.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("already running (pid {})", std::process::id())
        );
        assert_eq!(crate::error::exit_of(&error), crate::error::Exit::Refused);
        drop(held);
        Claim::take(project.path()).unwrap();
    }
}
