//! What a sandbox takes from the machine it is on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The programs that tests, harnesses and `fleet` itself may use. Only the directories that hold them are on the
/// sandbox's PATH, so that what else a developer has installed (a `claude`, another `fleet`) is never found.
const TOOLS: [&str; 12] = [
    "sh", "git", "tmux", "cat", "grep", "sed", "env", "ps", "flock", "setsid", "sleep", "strace",
];

/// The temporary directory, or `/tmp` where its path leaves too little room for a socket's.
pub(super) fn temporary_directory() -> PathBuf {
    let usual = std::env::temp_dir();
    if usual.as_os_str().len() <= 24 {
        usual
    } else {
        PathBuf::from("/tmp")
    }
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
