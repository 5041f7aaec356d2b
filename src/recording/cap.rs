//! How much all that is kept may take together: what is oldest goes first, and never what is being written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::series::{Series, parse};

/// A file that may go.
#[derive(Debug)]
struct Old {
    at: SystemTime,
    path: PathBuf,
    size: u64,
}

/// Removes the oldest files of all directories in `logs` until what is left has room within `total` bytes. Of what is
/// being written a whole file is reckoned, since that is what it may become.
pub(super) fn enforce(logs: &Path, total: u64, max_size: u64) -> io::Result<()> {
    let mut olds = Vec::new();
    let mut sum = 0_u64;
    for directory in fs::read_dir(logs)? {
        for series in Series::all(&directory?.path()) {
            let is_written = series.is_written();
            let numbers = series.numbers()?;
            for number in &numbers {
                let path = series.file(*number);
                // One that has just gone takes no place.
                let Ok(found) = fs::metadata(&path) else {
                    continue;
                };
                if is_written && Some(number) == numbers.last() {
                    sum = sum.saturating_add(found.len().max(max_size));
                    continue;
                }
                let size = found.len();
                sum = sum.saturating_add(size);
                let at = found.modified()?;
                olds.push(Old { at, path, size });
            }
        }
    }
    olds.sort_by_key(|old| old.at);
    for old in olds {
        if sum <= total {
            break;
        }
        match fs::remove_file(&old.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => sum -= old.size,
        }
    }
    Ok(())
}

/// Returns how many bytes are kept in a directory.
pub(crate) fn size(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| parse(name).is_some())
        })
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::files::Lock;

    #[test]
    fn the_oldest_of_all_projects_go_first_and_never_what_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let logs = directory.path();
        let file = |project: &str, number: u64, age: u64| {
            let series = Series::of(&logs.join(project), "one");
            fs::create_dir_all(series.directory()).unwrap();
            let path = series.file(number);
            fs::write(&path, [b'x'; 100]).unwrap();
            let at = SystemTime::now() - Duration::from_secs(age);
            fs::File::open(&path).unwrap().set_modified(at).unwrap();
            path
        };
        let kept = [file("a", 2, 10), file("b", 1, 900), file("b", 2, 20)];
        let gone = [file("a", 1, 1000), file("c", 1, 2000)];
        // A file that is no log is nobody's to remove.
        let other = logs.join("HARNESS-0.prepare");
        fs::write(&other, [b'x'; 1000]).unwrap();
        let written = Series::of(&logs.join("d"), "one");
        let current = file("d", 1, 5000);
        let _held = Lock::try_take(&written.lock()).unwrap().unwrap();
        enforce(logs, 500, 200).unwrap();
        assert!(kept.iter().all(|path| path.exists()));
        assert!(!gone.iter().any(|path| path.exists()));
        assert!(current.exists() && other.exists());
        enforce(logs, 1, 200).unwrap();
        assert!(!kept.iter().any(|path| path.exists()));
        assert!(current.exists());
        assert_eq!(size(&logs.join("d")), 100);
    }
}
