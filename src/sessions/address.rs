//! Where tmux servers listen.

use std::env;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Tmux;
use crate::error::refused;

/// Returns the directory that tmux itself keeps this user's sockets in, made if need be: `/tmp/tmux-UID`, or below
/// `TMUX_TMPDIR`.
///
/// Refuses a directory that somebody else owns or could write to: they could answer in the server's place.
pub(crate) fn socket_directory() -> anyhow::Result<PathBuf> {
    let base = env::var_os("TMUX_TMPDIR")
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| "/tmp".into());
    let user = nix::unistd::getuid();
    let directory = Path::new(&base).join(format!("tmux-{user}"));
    match std::fs::DirBuilder::new().mode(0o700).create(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| {
                format!("cannot make `{}` for tmux sockets", directory.display())
            });
        }
        Ok(()) | Err(_) => {}
    }
    let found = std::fs::symlink_metadata(&directory)
        .with_context(|| format!("cannot look at `{}`", directory.display()))?;
    if !found.is_dir() || found.uid() != user.as_raw() || found.permissions().mode() & 0o077 != 0 {
        return Err(refused(format!(
            "`{}` is not a private directory of yours",
            directory.display()
        ))
        .hint(format!(
            "look at `ls -ld {}`; it must be yours with mode 0700",
            directory.display()
        ))
        .into());
    }
    Ok(directory)
}

/// Returns the tmux server and the session that this process runs in, if it runs in one.
pub(crate) fn of_environment() -> Option<(Tmux, String)> {
    // SOCKET,SERVER_PID,SESSION_NUMBER
    let value = env::var("TMUX").ok()?;
    let mut parts = value.rsplitn(3, ',');
    let (session, _server, socket) = (parts.next()?, parts.next()?, parts.next()?);
    Some((Tmux::at(PathBuf::from(socket)), format!("${session}")))
}
