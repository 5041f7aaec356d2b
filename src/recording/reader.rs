//! Reading a series while it is written, or after.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;

use super::series::Series;
use crate::files;

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// How much is looked at for the last lines.
const MOST: u64 = 16 * 1024 * 1024;

/// A place in a series.
#[derive(Debug)]
pub(crate) struct Reader {
    series: Series,
    now: Option<(u64, File)>,
    /// Before the first file: the number that was the last when this began, where what came since is wanted.
    before: Option<u64>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// The bytes, never none.
    pub(crate) bytes: Vec<u8>,
    /// Before them something was removed that has not been read.
    pub(crate) has_gap: bool,
}

impl Reader {
    /// Begins at the oldest byte that there is, or will be.
    pub(crate) fn at_the_beginning(series: Series) -> Self {
        Self {
            series,
            now: None,
            before: None,
        }
    }

    /// Begins behind all that is there.
    pub(crate) fn at_the_end(series: Series) -> io::Result<Self> {
        Self::at_the_last(series, 0).and_then(|mut reader| {
            if let Some((_, file)) = &mut reader.now {
                file.seek(SeekFrom::End(0))?;
            }
            Ok(reader)
        })
    }

    /// Returns what it reads.
    pub(crate) fn series(&self) -> &Series {
        &self.series
    }

    /// Begins so that at least the last `lines` lines are read, as far as they are there: of no more than 16 MiB.
    pub(crate) fn at_the_last(series: Series, lines: usize) -> io::Result<Self> {
        let mut reader = Self::at_the_beginning(series);
        let mut left = MOST;
        let mut wanted = lines as u64 + 1;
        let numbers = if reader.series.directory().exists() {
            reader.series.numbers()?
        } else {
            Vec::new()
        };
        reader.before = Some(numbers.last().copied().unwrap_or(0));
        for number in numbers.into_iter().rev() {
            let Some(mut file) = reader.open(number)? else {
                break;
            };
            let begin = last_lines(&mut file, &mut wanted, &mut left)?;
            file.seek(SeekFrom::Start(begin))?;
            reader.now = Some((number, file));
            if wanted == 0 || left == 0 {
                break;
            }
        }
        Ok(reader)
    }

    /// Returns what comes next; `None` where nothing has come yet.
    pub(crate) fn read(&mut self) -> io::Result<Option<Piece>> {
        let mut has_gap = false;
        loop {
            if let Some((_, file)) = &mut self.now {
                let mut bytes = vec![0; PIECE];
                let length = file.read(&mut bytes)?;
                if length > 0 {
                    bytes.truncate(length);
                    return Ok(Some(Piece { bytes, has_gap }));
                }
            }
            let Some(next) = self.next()? else {
                return Ok(None);
            };
            // What was written between the last look at this file and the next one's beginning.
            if let Some((_, file)) = &mut self.now {
                let mut bytes = Vec::new();
                file.take(PIECE as u64).read_to_end(&mut bytes)?;
                if !bytes.is_empty() {
                    return Ok(Some(Piece { bytes, has_gap }));
                }
            }
            let last = self.now.as_ref().map(|(now, _)| *now).or(self.before);
            has_gap |= last.is_some_and(|last| next.0 > last + 1);
            self.now = Some(next);
        }
    }

    /// Returns the file after this one, if it has begun.
    fn next(&self) -> io::Result<Option<(u64, File)>> {
        let numbers = match self.series.numbers() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            numbers => numbers?,
        };
        let next = match &self.now {
            None => numbers.first(),
            Some((now, file)) => {
                let after = numbers.iter().find(|number| *number > now);
                let is_another = || self.is_another(*now, file);
                // Where all of it was removed, the next series begins anew.
                after.or_else(|| numbers.first().filter(|_| is_another()))
            }
        };
        let Some(number) = next else {
            return Ok(None);
        };
        Ok(self.open(*number)?.map(|file| (*number, file)))
    }

    /// Tells whether the file of a number is not the one that was opened.
    fn is_another(&self, number: u64, file: &File) -> bool {
        let Ok(opened) = file.metadata() else {
            return false;
        };
        std::fs::metadata(self.series.file(number)).map_or(true, |found| {
            (found.dev(), found.ino()) != (opened.dev(), opened.ino())
        })
    }

    fn open(&self, number: u64) -> io::Result<Option<File>> {
        let path = self.series.file(number);
        match files::open_plain(&path, OpenOptions::new().read(true)) {
            // It has just been removed: there is another one after it, or will be.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// Returns where the last lines of a file begin; counts them, and the bytes that were looked at, down.
fn last_lines(file: &mut File, wanted: &mut u64, left: &mut u64) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut piece = VecDeque::new();
    while end > 0 && *left > 0 {
        let length = end.min(PIECE as u64).min(*left);
        piece.resize(usize::try_from(length).unwrap_or(PIECE), 0);
        let bytes = piece.make_contiguous();
        file.seek(SeekFrom::Start(end - length))?;
        file.read_exact(bytes)?;
        for place in memchr::memrchr_iter(b'\n', bytes) {
            *wanted -= 1;
            if *wanted == 0 {
                return Ok(end - length + place as u64 + 1);
            }
        }
        end -= length;
        *left -= length;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn text(reader: &mut Reader) -> String {
        let mut text = String::new();
        while let Some(piece) = reader.read().unwrap() {
            text += if piece.has_gap { "<gap>" } else { "" };
            text += &String::from_utf8(piece.bytes).unwrap();
        }
        text
    }

    #[test]
    fn a_reader_goes_from_file_to_file_and_says_what_it_missed() {
        let directory = tempfile::tempdir().unwrap();
        let series = Series::of(directory.path(), "one");
        let mut reader = Reader::at_the_last(series.clone(), 10).unwrap();
        assert_eq!(text(&mut reader), "");
        fs::write(series.file(1), "a\n").unwrap();
        assert_eq!(text(&mut reader), "a\n");
        fs::write(series.file(1), "a\nb\n").unwrap();
        fs::write(series.file(2), "c\n").unwrap();
        assert_eq!(text(&mut reader), "b\nc\n");
        fs::remove_file(series.file(2)).unwrap();
        fs::remove_file(series.file(1)).unwrap();
        let mut late = Reader::at_the_last(series.clone(), 10).unwrap();
        fs::write(series.file(4), "e\n").unwrap();
        assert_eq!(text(&mut reader), "<gap>e\n");
        assert_eq!(text(&mut late), "<gap>e\n");
        // All of it goes, and it begins anew.
        fs::remove_file(series.file(4)).unwrap();
        assert_eq!(text(&mut reader), "");
        fs::write(series.file(1), "new\n").unwrap();
        assert_eq!(text(&mut reader), "new\n");
    }

    #[test]
    fn the_last_lines_may_be_in_several_files() {
        let directory = tempfile::tempdir().unwrap();
        let series = Series::of(directory.path(), "one");
        fs::write(series.file(1), "1\n2\n3\n").unwrap();
        fs::write(series.file(2), "4\n5\nopen").unwrap();
        let last = |lines| text(&mut Reader::at_the_last(series.clone(), lines).unwrap());
        assert_eq!(last(0), "open");
        assert_eq!(last(2), "4\n5\nopen");
        assert_eq!(last(3), "3\n4\n5\nopen");
        assert_eq!(last(100), "1\n2\n3\n4\n5\nopen");
    }
}
