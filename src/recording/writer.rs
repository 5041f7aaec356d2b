//! Writing a series: appended to, turned over when a file is full, and never in anybody's way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use jiff::Timestamp;

use super::cap;
use super::series::Series;
use super::settings::Settings;
use crate::files;

/// A series that is being written.
pub(super) struct Writer {
    series: Series,
    settings: Settings,
    /// `None` where there is none that can be written.
    file: Option<File>,
    number: u64,
    length: u64,
    /// How many bytes could not be written since the last that could.
    lost: u64,
    /// Whether a line has begun that is not done.
    has_begun: bool,
    /// The one before has left a note that it could not write.
    was_troubled: bool,
}

impl Writer {
    /// Goes on where the last one has ended, or begins.
    pub(super) fn open(series: Series, settings: Settings) -> Self {
        let mut writer = Self {
            number: series.numbers().unwrap_or_default().pop().unwrap_or(0),
            series,
            settings,
            file: None,
            length: 0,
            lost: 0,
            has_begun: false,
            was_troubled: false,
        };
        writer.was_troubled = writer.series.trouble().exists();
        // What cannot be opened now is tried again at the first output.
        let _ = writer.continue_last();
        writer
    }

    fn continue_last(&mut self) -> io::Result<()> {
        if self.number == 0 || self.settings.total.is_none() {
            return self.turn_over();
        }
        let path = self.series.file(self.number);
        let file = files::open_plain(&path, OpenOptions::new().append(true))?;
        self.length = file.metadata()?.len();
        self.file = Some(file);
        self.make_room();
        Ok(())
    }

    /// Writes what has come. What cannot be written is counted, and told as soon as that can be.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.has_begun = !bytes.ends_with(b"\n");
        if let Err(error) = self.try_write(bytes) {
            if self.lost == 0 {
                self.tell_of_trouble(&error);
            }
            self.lost += bytes.len() as u64;
        }
    }

    /// Writes a line of the recorder's own.
    pub(super) fn say(&mut self, what: &str) {
        let now = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S");
        let end = if self.has_begun { "\r\n" } else { "" };
        self.write(format!("\x1b[0m{end}[{now} UTC] {what}\r\n").as_bytes());
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.lost > 0 || self.was_troubled {
            let lost = match self.lost {
                0 => "some output is".to_owned(),
                lost => format!("output of {lost} bytes is"),
            };
            let line = format!("\x1b[0m\r\n[{lost} missing here: it could not be written]\r\n");
            self.append(line.as_bytes())?;
            self.lost = 0;
            self.was_troubled = false;
            // It is only a note.
            let _ = fs::remove_file(self.series.trouble());
        }
        self.append(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_full = self.length > 0 && self.length + bytes.len() as u64 > self.settings.max_size;
        if is_full || self.file.is_none() {
            self.turn_over()?;
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let written = file.write_all(bytes);
        // A part may have been written.
        self.length = file.metadata().map_or(self.length, |found| found.len());
        written
    }

    /// Begins the next file, and removes those that are too many.
    fn turn_over(&mut self) -> io::Result<()> {
        let next = self.number.checked_add(1);
        let next = next.ok_or_else(|| io::Error::other("there is no next number"))?;
        let mut options = OpenOptions::new();
        let path = self.series.file(next);
        let file = options
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = match file {
            // Somebody has put one there: it is not written into.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.number = next;
                return Err(error);
            }
            file => file?,
        };
        self.file = Some(file);
        self.number = next;
        self.length = 0;
        self.make_room();
        Ok(())
    }

    /// Removes what is too old. What cannot be removed is no reason not to write: the next file tries again.
    fn make_room(&self) {
        let numbers = self.series.numbers().unwrap_or_default();
        let kept = self.settings.files.max(1);
        for number in &numbers[..numbers.len().saturating_sub(kept)] {
            let _ = fs::remove_file(self.series.file(*number));
        }
        if let (Some(total), Some(logs)) = (self.settings.total, self.settings.directory.parent()) {
            let _ = cap::enforce(logs, total, self.settings.max_size);
        }
    }

    /// Leaves a note where people look. An empty file has room where nothing else has.
    fn tell_of_trouble(&self, error: &io::Error) {
        let note = self.series.trouble();
        // What stands there instead, a link or a pipe, is neither written through nor waited for.
        let _ = fs::remove_file(&note);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        if let Ok(mut file) = options.open(note) {
            let _ = file.write_all(error.to_string().as_bytes());
        }
    }

    /// Removes all that was written: it was for followers only.
    pub(super) fn remove(self) {
        for number in self.series.numbers().unwrap_or_default() {
            let _ = fs::remove_file(self.series.file(number));
        }
        let _ = fs::remove_file(self.series.trouble());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::recording::Reader;

    fn settings(directory: &std::path::Path, total: Option<u64>) -> Settings {
        let settings = Settings::new("demo", directory.join("logs/demo"), 1000, 3);
        match total {
            Some(total) => settings.kept_within(total),
            None => settings,
        }
    }

    fn all(series: &Series) -> String {
        let mut text = Vec::new();
        let mut reader = Reader::at_the_beginning(series.clone());
        while let Ok(Some(read)) = reader.read() {
            text.extend(read.bytes);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn files_are_turned_over_by_size_and_kept_by_number() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), Some(1_000_000));
        settings.write().unwrap();
        let series = Series::of(&settings.directory, "one");
        let mut writer = Writer::open(series.clone(), settings.clone());
        for number in 0..100 {
            writer.write(format!("line {number:03} {}\n", "x".repeat(91)).as_bytes());
        }
        drop(writer);
        assert_eq!(series.numbers().unwrap(), [10, 11, 12]);
        let text = all(&series);
        assert!(text.starts_with("line 081"), "{text}");
        assert!(text.contains("line 099"));
        let first = fs::metadata(series.file(10)).unwrap();
        assert!(first.len() <= 1000 && first.permissions().mode() & 0o777 == 0o600);
        let mode = fs::metadata(&settings.directory).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
        // The next one goes on.
        Writer::open(series.clone(), settings).write(b"more\n");
        assert!(all(&series).ends_with("more\n"));
        assert_eq!(series.numbers().unwrap(), [10, 11, 12]);
    }

    #[test]
    fn what_cannot_be_written_is_told_once_it_can() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), Some(1_000_000));
        settings.write().unwrap();
        let series = Series::of(&settings.directory, "one");
        let mut writer = Writer::open(series.clone(), settings.clone());
        writer.file = Some(OpenOptions::new().write(true).open("/dev/full").unwrap());
        writer.write(b"lost");
        writer.write(b"lost as well");
        let note = fs::read_to_string(series.trouble()).unwrap();
        assert!(note.contains("No space left"), "{note}");
        writer.file = Some(
            OpenOptions::new()
                .append(true)
                .open(series.file(1))
                .unwrap(),
        );
        writer.write(b"here again\n");
        assert!(!series.trouble().exists());
        assert!(
            all(&series).contains("[output of 16 bytes is missing here: "),
            "{}",
            all(&series)
        );
        assert!(all(&series).ends_with("here again\n"));
    }

    #[test]
    fn what_others_have_put_there_is_neither_written_into_nor_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), Some(1_000_000));
        settings.write().unwrap();
        let series = Series::of(&settings.directory, "one");
        let pipe = |path: &std::path::Path| {
            nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        };
        pipe(&series.file(1));
        pipe(&Series::of(&settings.directory, "two").lock());
        fs::write(Series::of(&settings.directory, "two").file(1), "").unwrap();
        let mine = directory.path().join("mine");
        fs::write(&mine, "mine").unwrap();
        std::os::unix::fs::symlink(&mine, series.trouble()).unwrap();
        let mut writer = Writer::open(series.clone(), settings);
        writer.write(b"here\n");
        writer.file = Some(OpenOptions::new().write(true).open("/dev/full").unwrap());
        writer.write(b"lost\n");
        assert!(!series.trouble().is_symlink() && series.trouble().exists());
        fs::remove_file(series.trouble()).unwrap();
        pipe(&series.trouble());
        writer.lost = 0;
        writer.was_troubled = false;
        writer.write(b"lost\n");
        assert!(series.trouble().metadata().unwrap().is_file());
        writer.number = u64::MAX;
        writer.file = None;
        writer.write(b"lost\n");
        assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
        assert!(
            fs::read_to_string(series.file(2))
                .unwrap()
                .ends_with("here\n")
        );
    }

    #[test]
    fn what_is_for_followers_only_goes_with_them() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), None);
        settings.write().unwrap();
        let series = Series::of(&settings.directory, "one");
        let mut writer = Writer::open(series.clone(), settings);
        writer.write(b"x");
        assert_eq!(all(&series), "x");
        writer.remove();
        assert!(series.numbers().unwrap().is_empty());
    }
}
