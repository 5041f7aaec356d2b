//! The only way to tmux in these tests.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::{Output, Sandbox};

impl Sandbox {
    /// Runs tmux on the only socket in the sandbox.
    pub(crate) fn tmux(&self, arguments: &[&str]) -> Output {
        let sockets = self.sockets();
        let [socket] = sockets.as_slice() else {
            panic!("not one tmux socket in the sandbox, but {sockets:?}");
        };
        self.tmux_at(socket, arguments)
    }

    /// Runs tmux on the socket of the fleet's own server, whatever others there are.
    pub(crate) fn fleet_tmux(&self, arguments: &[&str]) -> Output {
        let socket = self.read("fleet/.fleet/socket");
        self.tmux_at(Path::new(socket.trim_end()), arguments)
    }

    /// Runs tmux on a socket in the sandbox. It refuses every other socket.
    pub(crate) fn tmux_at(&self, socket: &Path, arguments: &[&str]) -> Output {
        assert!(
            socket.starts_with(&self.root),
            "{} is not in the sandbox: tests never touch another tmux server",
            socket.display()
        );
        let mut command = self.command("tmux", &self.root);
        self.output(command.arg("-S").arg(socket).args(arguments))
    }

    /// The sockets in the sandbox, whether or not somebody still listens.
    pub(crate) fn sockets(&self) -> Vec<PathBuf> {
        walkdir::WalkDir::new(&self.root)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_socket())
            .map(walkdir::DirEntry::into_path)
            .collect()
    }
}
