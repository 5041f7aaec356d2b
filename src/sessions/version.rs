//! Which versions of tmux will do.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::command;
use crate::error::failed;

/// The oldest that has all that is used: `new-session -e` is of this version.
const OLDEST: (u32, u32) = (3, 2);

/// How long tmux may take to say its version.
const DEADLINE: Duration = Duration::from_secs(5);

/// Fails where a tmux program is too old. One that says no number is somebody's own build: it is taken as it is. It is
/// asked once in the life of this process.
pub(super) fn check(program: &Path) -> anyhow::Result<()> {
    static IS_GOOD: OnceLock<()> = OnceLock::new();
    if IS_GOOD.get().is_some() {
        return Ok(());
    }
    let mut call = Command::new(program);
    call.arg("-V");
    let said = command::run(call, DEADLINE)?.stdout;
    let said = said.trim();
    if parse(said).is_some_and(|version| version < OLDEST) {
        return Err(
            failed(format!("`{}` is too old: {said}", program.display()))
                .hint("install tmux 3.2 or newer: README.md says how")
                .into(),
        );
    }
    IS_GOOD.get_or_init(|| ());
    Ok(())
}

/// Reads `tmux 3.3a` or `tmux next-3.5`.
fn parse(said: &str) -> Option<(u32, u32)> {
    let version = said.strip_prefix("tmux ")?;
    let (major, minor) = version
        .strip_prefix("next-")
        .unwrap_or(version)
        .split_once('.')?;
    let minor = minor.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_two_numbers_and_perhaps_a_letter() {
        for (said, version) in [
            ("tmux 3.2", Some((3, 2))),
            ("tmux 3.3a", Some((3, 3))),
            ("tmux 2.9a", Some((2, 9))),
            ("tmux 3.10", Some((3, 10))),
            ("tmux next-3.5", Some((3, 5))),
            ("tmux 3.4-rc2", Some((3, 4))),
            ("tmux master", None),
            ("tmux openbsd-7.4", None),
            ("", None),
        ] {
            assert_eq!(parse(said), version, "{said}");
        }
    }
}
