//! What a sandbox takes from the machine it is on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::FsFlags;
use nix::unistd::AccessFlags;

/// The programs that tests, harnesses and `fleet` itself may use. Only the directories that hold them are on the
/// sandbox's PATH, so that what else a developer has installed (a `claude`, another `fleet`) is never found.
const TOOLS: [&str; 16] = [
    "sh", "git", "tmux", "cat", "grep", "sed", "env", "ps", "flock", "setsid", "sleep", "strace",
    "bash", "zsh", "fish", "man",
];

/// Where there are no disks to wait for: a test may ask a hundred times that a file be on disk before it goes on.
const IN_MEMORY: &str = "/dev/shm";

/// How many bytes must be free there: containers often have few, and many tests run at once.
const ROOM: u64 = 1 << 30;

/// `TMPDIR`, or memory, or `/tmp` where a path leaves too little room for a socket's.
pub(super) fn temporary_directory() -> PathBuf {
    let usual = match std::env::var_os("TMPDIR") {
        Some(directory) => PathBuf::from(directory),
        None if is_roomy_memory(Path::new(IN_MEMORY)) => PathBuf::from(IN_MEMORY),
        None => PathBuf::from("/tmp"),
    };
    if usual.as_os_str().len() <= 24 {
        usual
    } else {
        PathBuf::from("/tmp")
    }
}

/// Whether programs can be run from there too.
fn is_roomy_memory(directory: &Path) -> bool {
    nix::sys::statvfs::statvfs(directory).is_ok_and(|system| {
        system.blocks_available() * system.fragment_size() >= ROOM
            && !system
                .flags()
                .intersects(FsFlags::ST_NOEXEC | FsFlags::ST_RDONLY)
    }) && nix::unistd::access(directory, AccessFlags::W_OK).is_ok()
}

/// PATH: the built programs, and the directories of the [`TOOLS`].
pub(super) fn search_path() -> OsString {
    let built = Path::new(env!("CARGO_BIN_EXE_fleet"))
        .parent()
        .expect("a program is in a directory")
        .to_owned();
    let outside = std::env::var_os("PATH").expect("PATH is set");
    let mut directories = vec![built];
    for tool in TOOLS {
        let holds_it =
            std::env::split_paths(&outside).find(|directory| directory.join(tool).is_file());
        if let Some(directory) = holds_it
            && !directories.contains(&directory)
        {
            directories.push(directory);
        }
    }
    std::env::join_paths(directories).expect("they came from a PATH")
}
