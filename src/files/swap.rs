//! Replacing a file that people edit: whoever does so at the same moment, without a lock, loses nothing.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::libc;

use super::{Durability, replace_file};

/// How often two files are exchanged: each time but the first, somebody was quicker once more.
const MOST_EXCHANGES: usize = 20;

/// The call that chooses a lease's signal, which `libc` does not name.
const F_SETSIG: libc::c_int = 10;

/// Replaces a file that says `before`, and returns whether it did: not where it says something else or is being written,
/// though that began at the last moment. Who is killed meanwhile leaves a file `aside`, where that directory is in the same
/// file system, or else beside it.
pub(crate) fn replace_known(
    path: &Path,
    before: &[u8],
    bytes: &[u8],
    aside: &Path,
    durability: Durability,
) -> anyhow::Result<bool> {
    let aside = is_in_one_file_system(path, aside).then_some(aside);
    let put = |beside: &Path| {
        if fs::read(path)? != before {
            return Ok(false);
        }
        match exchange(beside, path) {
            Ok(()) => settle(path, beside, before, bytes),
            // Not every file system can. Then what is written between the look and the renaming is lost.
            Err(Errno::EINVAL | Errno::ENOSYS) => {
                let is_free = !is_open_for_writing(&File::open(path)?);
                if is_free {
                    fs::rename(beside, path)?;
                }
                Ok(is_free)
            }
            Err(error) => Err(error.into()),
        }
    };
    replace_file(path, bytes, 0o644, durability, aside, put)
        .with_context(|| format!("cannot write `{}`", path.display()))
}

fn is_in_one_file_system(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| fs::metadata(path).map(|it| it.dev()).ok();
    device(one) == device(other)
}

/// Looks at what was in a file's place, now that it is beside it: nobody begins to write into it any more. What is not
/// as it was before goes back into its place.
fn settle(path: &Path, beside: &Path, before: &[u8], bytes: &[u8]) -> io::Result<bool> {
    let is_free = !is_open_for_writing(&File::open(beside)?);
    let mut back = fs::read(beside)?;
    if is_free && back == before {
        fs::remove_file(beside)?;
        return Ok(true);
    }
    let mut put = bytes.to_vec();
    for _ in 0..MOST_EXCHANGES {
        exchange(beside, path)?;
        let out = fs::read(beside)?;
        if out == put {
            return Ok(false);
        }
        // Once more somebody was quicker, and theirs is the newest.
        put = std::mem::replace(&mut back, out);
    }
    Err(io::Error::other("somebody keeps replacing it"))
}

fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    let flags = RenameFlags::RENAME_EXCHANGE;
    renameat2(AT_FDCWD, one, AT_FDCWD, other, flags)
}

/// Tells whether some process has a file open for writing; not where the file system cannot say.
fn is_open_for_writing(file: &File) -> bool {
    let file = file.as_raw_fd();
    // SAFETY: the descriptor is open, and no memory is passed. A lease to read is given only where nobody can write. It is
    // given back at once; who opens the file in between makes the kernel send a signal, which must be an ignored one.
    unsafe {
        libc::fcntl(file, F_SETSIG, libc::SIGURG);
        if libc::fcntl(file, libc::F_SETLEASE, libc::F_RDLCK) == 0 {
            libc::fcntl(file, libc::F_SETLEASE, libc::F_UNLCK);
            return false;
        }
    }
    Errno::last() == Errno::EAGAIN
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn replaced(path: &Path) -> bool {
        let aside = path.parent().unwrap();
        replace_known(path, b"old", b"new", aside, Durability::Synced).unwrap()
    }

    #[test]
    fn what_is_as_it_was_is_replaced_and_nothing_stays_beside_it() {
        let (directory, path) = written("old");
        assert!(replaced(&path));
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(!replaced(&path));
    }

    /// F4: an editor that has the file open has not said all.
    #[test]
    fn what_is_being_written_in_place_is_left() {
        let (directory, path) = written("old");
        let mut editor = OpenOptions::new().append(true).open(&path).unwrap();
        assert!(!replaced(&path));
        editor.write_all(b", and mine").unwrap();
        drop(editor);
        assert_eq!(fs::read(&path).unwrap(), b"old, and mine");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    /// F4: what came at the last moment goes back into its place, and so does what came after that.
    #[test]
    fn what_was_exchanged_for_another_goes_back() {
        let (_directory, path) = written("new");
        let beside = path.with_extension("beside");
        fs::write(&beside, "theirs").unwrap();
        assert!(!settle(&path, &beside, b"old", b"new").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read(&beside).unwrap(), b"new");
        fs::write(&beside, "theirs").unwrap();
        fs::write(&path, "newer").unwrap();
        assert!(!settle(&path, &beside, b"old", b"new").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"newer");
    }
}
