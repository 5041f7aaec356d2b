//! Files: read with the path in the error, written whole or not at all, locked between processes.

mod json;
mod lines;
mod lock;
mod swap;
mod watched;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use nix::libc;

pub(crate) use json::{overwrite_json, read_json, write_json};
pub(crate) use lines::{append, appendable, tail};
pub(crate) use lock::Lock;
pub(crate) use swap::replace_known;
pub(crate) use watched::Watched;

/// Opens a plain file, and never waits for it: a pipe in its place has no end to wait for, and takes what is written.
pub(crate) fn open_plain(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

/// Reads a text file; `None` where there is none. Never waits, whatever is there instead of a file.
pub(crate) fn read_if_there(path: &Path) -> anyhow::Result<Option<String>> {
    let read = || {
        let mut text = String::new();
        open_plain(path, OpenOptions::new().read(true))?.read_to_string(&mut text)?;
        io::Result::Ok(text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// Removes a file; nothing to do where there is none.
pub(crate) fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes a directory with all that is in it; nothing to do where there is none.
pub(crate) fn remove_tree_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The same for what programs have made that take away their own permission to write: build tools do.
pub(crate) fn remove_stubborn_tree(path: &Path) -> anyhow::Result<()> {
    let is_denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    if fs::remove_dir_all(path).is_err_and(|error| is_denied(&error)) {
        // What cannot be opened up shows in the second attempt.
        let _ = open_up(path);
    }
    remove_tree_if_there(path)
}

/// Lets the owner do everything in a directory and in those below it. Follows no links.
fn open_up(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether a write must survive a power cut, or only a killed process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Synced to disk, with its directory: configuration and journals.
    Synced,
    /// Left to the kernel: runtime state that a reboot makes void anyway.
    Cached,
}

/// Replaces a file: whoever reads it sees the old bytes or the new ones, never a part.
///
/// An existing file keeps its mode; a new one gets `mode`.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durability: Durability,
) -> anyhow::Result<()> {
    replace_if(path, bytes, mode, durability, || Ok(true)).map(|_| ())
}

/// Gives a file that was written as [`Durability::Synced`] more names in its directory, as durable. Whoever has it under
/// one of them must replace it, never write into it. A name that is taken is an error.
pub(crate) fn name_also(path: &Path, names: &[&Path]) -> io::Result<()> {
    for name in names {
        fs::hard_link(path, name)?;
    }
    match path.parent() {
        Some(directory) if !names.is_empty() => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes over a file that is there, which needs no space on a full disk: for a few bytes that are read as one.
///
/// Unlike after [`replace`], a power cut may leave a part of each.
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let file = open_plain(path, OpenOptions::new().write(true))?;
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)
}

/// Tells a directory from every other one there is, copies of it included. It stays the same when the directory is
/// moved within its file system, and need not after a reboot.
pub(crate) fn identity(directory: &Path) -> anyhow::Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(directory)
        .with_context(|| format!("cannot look at `{}`", directory.display()))?;
    Ok(format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// Like [`replace`], if `still` says at the last moment that it may be done; returns whether it was.
pub(crate) fn replace_if(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durability: Durability,
    still: impl FnOnce() -> io::Result<bool>,
) -> anyhow::Result<bool> {
    let put = |beside: &Path| {
        let still = still()?;
        if still {
            fs::rename(beside, path)?;
        }
        Ok(still)
    };
    replace_file(path, bytes, mode, durability, None, put)
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a file beside another one, or `aside`, which `put` puts into its place, or says that it did not.
fn replace_file(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durability: Durability,
    aside: Option<&Path>,
    put: impl FnOnce(&Path) -> io::Result<bool>,
) -> io::Result<bool> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mode = fs::metadata(path).map_or(mode, |metadata| metadata.permissions().mode() & 0o7777);
    let name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string_lossy();
    // One writer per file (a lock or a single owner), so the process id is name enough.
    let beside = aside.unwrap_or(directory);
    let beside = beside.join(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        if durability == Durability::Synced {
            file.sync_all()?;
        }
        put(&beside)
    })();
    if !matches!(written, Ok(true)) {
        // The first error is the one to tell; a left-over file beside harms nothing.
        let _ = fs::remove_file(&beside);
        return written;
    }
    if durability == Durability::Synced {
        File::open(directory)?.sync_all()?;
        remove_left_over(path);
    }
    Ok(true)
}

/// Removes what writers of a file left beside it that were killed: people look into these directories.
pub(crate) fn remove_left_over(path: &Path) {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let name = name.to_string_lossy();
    let is_left_over = |entry: &fs::DirEntry| {
        let writer = entry.file_name();
        let writer = writer.to_str().and_then(|text| {
            let of_name = text.strip_prefix('.')?.strip_prefix(&*name)?;
            of_name.strip_prefix('.')?.parse::<u32>().ok()
        });
        writer.is_some_and(|writer| !Path::new(&format!("/proc/{writer}")).exists())
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if is_left_over(&entry) {
            // It harms nothing; the next write tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_a_files_place_is_an_error_and_not_a_wait() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("file");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read_if_there(&pipe).is_err());
        assert!(appendable(&pipe).is_err());
        assert!(read_if_there(directory.path()).is_err());
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        replace(&path, b"one", 0o640, Durability::Synced).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        replace(&path, b"two", 0o640, Durability::Cached).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o604
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        // No process has the highest id that a kernel may give: it begins to count again below.
        let kept = [
            format!(".file.{}", std::process::id()),
            ".file.txt".to_owned(),
            ".other.4194304".to_owned(),
        ];
        for name in kept.iter().map(String::as_str).chain([".file.4194304"]) {
            fs::write(path(name), b"").unwrap();
        }
        replace(&path("file"), b"", 0o600, Durability::Synced).unwrap();
        assert!(!path(".file.4194304").exists());
        // The own one became the file.
        assert!(kept[1..].iter().all(|name| path(name).exists()));
    }

    #[test]
    fn nobody_waits_for_a_pipe_in_place_of_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert_eq!(read_if_there(&path).unwrap(), None);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = read_if_there(&path).unwrap_err();
        assert!(format!("{error:#}").ends_with("it is not a plain file"));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "text").unwrap();
        assert_eq!(read_if_there(&path).unwrap().as_deref(), Some("text"));
    }

    #[test]
    fn a_file_that_is_there_is_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(overwrite(&path, b"new").is_err());
        fs::write(&path, "longer").unwrap();
        overwrite(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
