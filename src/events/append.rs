//! Writing the trail.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::Event;
use super::generations::{path, turn_if_full};
use super::plain::plain;
use crate::files;

/// Appends events to the trail in `runtime`, each as a line of its own. Texts are cut at 1000 bytes, and passwords in
/// URLs are hidden.
///
/// The trail must not stand in the way of what it records: this waits for nobody, and callers tell of a failure and go
/// on. Nothing is synced: a power cut may take the last lines, and harms no other.
pub(crate) fn append(runtime: &Path, events: &[Event]) -> anyhow::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    // Where no new file can be begun, the old one grows: that is told after the lines are written.
    let turned = turn_if_full(runtime);
    let path = path(runtime, 0);
    write(&path, events).with_context(|| format!("cannot write `{}`", path.display()))?;
    turned
}

fn write(path: &Path, events: &[Event]) -> anyhow::Result<()> {
    // Open for reading too, for its last byte; also, a pipe in its place then neither waits nor takes anything.
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    let mut file = files::open_plain(&mut options, path)?;
    let mut is_torn = ends_torn(&file)?;
    for event in events {
        let mut line = Vec::with_capacity(512);
        if is_torn {
            line.push(b'\n');
            is_torn = false;
        }
        serde_json::to_writer(&mut line, &plain(event)).context("cannot write it as JSON")?;
        line.push(b'\n');
        write_once(&mut file, &line)?;
    }
    Ok(())
}

/// Tells whether the last line was cut off: its writer was killed, or the disk was full.
///
/// Two writers that both find it so begin one line too many, and readers skip empty lines. Should a writer be killed in
/// the middle of its line between this look and our write, ours is lost with its: to wait for a lock would be worse.
fn ends_torn(file: &File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

/// Writes a line by one system call: the kernel puts it behind all others, whole. A second call for a rest could come
/// after somebody else's line.
fn write_once(file: &mut File, line: &[u8]) -> anyhow::Result<()> {
    loop {
        match file.write(line) {
            Ok(written) if written == line.len() => return Ok(()),
            Ok(_) => bail!("the disk took a part of a line only; it may be full"),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::generations::FULL;
    use super::super::{Filter, last_of, read};
    use super::*;

    fn event(number: usize) -> Event {
        Event::new("ada", "start").of(format!("p{number}"))
    }

    #[test]
    fn a_torn_last_line_costs_itself_only() {
        let runtime = tempfile::tempdir().unwrap();
        append(runtime.path(), &[event(1), event(2)]).unwrap();
        let path = runtime.path().join("events.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 9]).unwrap();
        append(runtime.path(), &[event(3)]).unwrap();
        append(runtime.path(), &[event(4)]).unwrap();
        let trail = read(runtime.path(), &Filter::default()).unwrap();
        let projects: Vec<_> = trail.events.iter().flat_map(|one| &one.project).collect();
        assert_eq!(projects, ["p1", "p3", "p4"]);
        assert_eq!(trail.skipped, 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn full_files_make_way_and_the_oldest_goes() {
        let runtime = tempfile::tempdir().unwrap();
        let path = runtime.path().join("events.jsonl");
        for number in 0..7 {
            append(runtime.path(), &[event(number)]).unwrap();
            let mut text = fs::read(&path).unwrap();
            text.resize(FULL as usize, b' ');
            fs::write(&path, text).unwrap();
        }
        append(runtime.path(), &[event(7)]).unwrap();
        let trail = read(runtime.path(), &Filter::default()).unwrap();
        let projects: Vec<_> = trail.events.iter().flat_map(|one| &one.project).collect();
        assert_eq!(projects, ["p3", "p4", "p5", "p6", "p7"]);
        assert_eq!(last_of(runtime.path(), "p4", 9).unwrap().len(), 1);
        let mut files: Vec<_> = fs::read_dir(runtime.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(
            files,
            [
                "events.jsonl",
                "events.jsonl.1",
                "events.jsonl.2",
                "events.jsonl.3",
                "events.jsonl.4",
                "locks"
            ]
        );
    }

    #[test]
    fn writers_that_meet_while_files_make_way_lose_no_line() {
        let runtime = tempfile::tempdir().unwrap();
        let (writers, lines) = (8, 500);
        // The first file is full already; these fill another one.
        fs::write(
            runtime.path().join("events.jsonl"),
            " ".repeat(FULL as usize),
        )
        .unwrap();
        std::thread::scope(|scope| {
            for writer in 0..writers {
                let runtime = runtime.path();
                scope.spawn(move || {
                    for line in 0..lines {
                        let mut event = event(writer);
                        event.why = Some("x".repeat(900));
                        event.before = Some(line.to_string());
                        append(runtime, &[event]).unwrap();
                    }
                });
            }
        });
        assert!(runtime.path().join("events.jsonl.2").exists());
        for writer in 0..writers {
            let told = last_of(runtime.path(), &format!("p{writer}"), lines + 1).unwrap();
            let mut told: Vec<usize> = told
                .into_iter()
                .map(|event| event.before.unwrap().parse().unwrap())
                .collect();
            // A line may go into a file that has just made way.
            told.sort_unstable();
            assert_eq!(told, (0..lines).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_no_plain_file_is_an_error_and_not_a_wait() {
        let runtime = tempfile::tempdir().unwrap();
        let pipe = runtime.path().join("events.jsonl");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(append(runtime.path(), &[event(1)]).is_err());
        assert!(read(runtime.path(), &Filter::default()).is_err());
        fs::remove_file(&pipe).unwrap();
        fs::create_dir(&pipe).unwrap();
        assert!(append(runtime.path(), &[event(1)]).is_err());
        assert!(read(runtime.path(), &Filter::default()).is_err());
    }
}
