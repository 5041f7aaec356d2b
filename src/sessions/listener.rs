//! The process behind a socket, asked of the kernel: a server that hangs has one too.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket, sockopt,
};

/// Returns the process that listens at a socket; `None` where nobody does, or the kernel does not say.
pub(super) fn listener(path: &Path) -> Option<i32> {
    // A server that takes no new connections must not be waited for.
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let own = socket(AddressFamily::Unix, SockType::Stream, flags, None).ok()?;
    connect(own.as_raw_fd(), &UnixAddr::new(path).ok()?).ok()?;
    let pid = getsockopt(&own, sockopt::PeerCredentials).ok()?.pid();
    // Of a process in another namespace the kernel says 0.
    (pid > 0).then_some(pid)
}

/// Says what can be done about a server that does not answer.
pub(super) fn way_out(path: &Path) -> String {
    let Some(pid) = listener(path) else {
        return "`ps -C tmux -o pid,stat,args` shows which tmux servers there are".to_owned();
    };
    if is_stopped(pid) {
        return format!("its server was stopped by a signal: `kill -CONT {pid}` lets it go on");
    }
    format!("its server is process {pid}: `ps -o pid,stat,time,args -p {pid}` shows what it does")
}

pub(super) fn is_stopped(pid: i32) -> bool {
    // PID (NAME) STATE ...; a name may hold anything.
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state
        .rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn who_listens_is_known_without_an_answer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        assert_eq!(listener(&path), None);
        let own = UnixListener::bind(&path).unwrap();
        assert_eq!(listener(&path), i32::try_from(std::process::id()).ok());
        drop(own);
        assert_eq!(listener(&path), None);
    }
}
