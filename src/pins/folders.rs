//! Changes below a directory that follow no symlink, whoever puts one there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

/// The folders of a work tree, opened one below the other and never through a symlink; those on the way stay open.
pub(super) struct Folders {
    top: OwnedFd,
    way: Vec<(OsString, OwnedFd)>,
}

impl Folders {
    const HOW: OFlag = OFlag::O_PATH
        .union(OFlag::O_DIRECTORY)
        .union(OFlag::O_NOFOLLOW)
        .union(OFlag::O_CLOEXEC);

    /// Opens the top.
    pub(super) fn open(top: &Path) -> nix::Result<Self> {
        let how = Self::HOW.difference(OFlag::O_NOFOLLOW);
        let top = nix::fcntl::open(top, how, Mode::empty())?;
        Ok(Self {
            top,
            way: Vec::new(),
        })
    }

    /// Opens a folder, by its path from the top; made where it is missing, if so asked.
    pub(super) fn enter(&mut self, folder: &Path, make: bool) -> nix::Result<BorrowedFd<'_>> {
        for (depth, name) in folder.iter().enumerate() {
            if self.way.get(depth).is_some_and(|(open, _)| open == name) {
                continue;
            }
            self.way.truncate(depth);
            let opened = match openat(self.last(), name, Self::HOW, Mode::empty()) {
                Err(Errno::ENOENT) if make => {
                    mkdirat(self.last(), name, Mode::from_bits_truncate(0o755))?;
                    openat(self.last(), name, Self::HOW, Mode::empty())?
                }
                opened => opened?,
            };
            self.way.push((name.to_owned(), opened));
        }
        self.way.truncate(folder.iter().count());
        Ok(self.last())
    }

    fn last(&self) -> BorrowedFd<'_> {
        self.way.last().map_or(&self.top, |(_, open)| open).as_fd()
    }

    /// Removes a file, and the folders that are then empty.
    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let (parent, name) = parts(path)?;
        unlinkat(self.enter(parent, false)?, name, UnlinkatFlags::NoRemoveDir)?;
        let is_below = |folder: &&Path| !folder.as_os_str().is_empty();
        for folder in parent.ancestors().take_while(is_below) {
            let (parent, name) = parts(folder)?;
            // A folder with something in it stays.
            if unlinkat(self.enter(parent, false)?, name, UnlinkatFlags::RemoveDir).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Splits a path into its folder and its name.
pub(super) fn parts(path: &Path) -> nix::Result<(&Path, &OsStr)> {
    path.parent().zip(path.file_name()).ok_or(Errno::EINVAL)
}
