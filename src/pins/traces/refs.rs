//! Refs by their names, loose and packed, read as files: libgit2 would wait for a pipe among them.

use std::collections::BTreeMap;
use std::path::Path;

use git2::Oid;
use walkdir::WalkDir;

use super::Searcher;
use super::marks::{is_named_after, is_the_word, words};
use super::read;

/// Every ref, with the object that it names, where it names one.
pub(super) type Refs = BTreeMap<Vec<u8>, Option<Oid>>;

/// Reads all refs of a git directory.
pub(super) fn read_all(searcher: &mut Searcher<'_>, place: &str, directory: &Path) -> Refs {
    let mut refs = Refs::new();
    packed(searcher, place, directory, &mut refs);
    for entry in WalkDir::new(directory.join("refs")) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                searcher.unread(format!("{place}/refs"), error.to_string());
                continue;
            }
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let name = entry.path().strip_prefix(directory).unwrap_or(entry.path());
        let name = name.as_os_str().as_encoded_bytes().to_vec();
        let place = format!("{place}/{}", read::shown(&name));
        let target = value(searcher, &place, entry.path());
        refs.insert(name, target);
    }
    refs
}

/// Reads a file with an id or another ref in it; returns the id.
pub(super) fn value(searcher: &mut Searcher<'_>, place: &str, file: &Path) -> Option<Oid> {
    if let Ok(target) = file.read_link() {
        searcher.text(place, target.as_os_str().as_encoded_bytes());
        return None;
    }
    let text = match read::text(file) {
        Ok(text) => text,
        Err(error) => {
            searcher.unread(place, error.to_string());
            return None;
        }
    };
    searcher.lines(place, &text);
    let word = text.split(u8::is_ascii_whitespace).next()?;
    id(searcher, place, word)
}

fn packed(searcher: &mut Searcher<'_>, place: &str, directory: &Path, refs: &mut Refs) {
    let file = directory.join("packed-refs");
    let place = format!("{place}/packed-refs");
    if file.symlink_metadata().is_err() {
        return;
    }
    let text = match read::text(&file) {
        Ok(text) => text,
        Err(error) => return searcher.unread(place, error.to_string()),
    };
    searcher.lines(&place, &text);
    for line in text.split(|byte| *byte == b'\n') {
        // What a tag stands for follows it in a line of its own, and is a commit like any other.
        let Some(space) = line.iter().position(|byte| *byte == b' ') else {
            continue;
        };
        if line.starts_with(b"#") {
            continue;
        }
        let target = id(searcher, &place, &line[..space]);
        refs.insert(line[space + 1..].to_vec(), target);
    }
}

fn id(searcher: &mut Searcher<'_>, place: &str, hex: &[u8]) -> Option<Oid> {
    match hex.len() {
        40 => Oid::from_str(std::str::from_utf8(hex).ok()?).ok(),
        64 if hex.iter().all(u8::is_ascii_hexdigit) => {
            searcher.unread(place, "the repository uses sha256");
            None
        }
        _ => None,
    }
}

/// Judges the name of a ref. Those of a harness's repository came from there, but for what is local.
pub(super) fn judge(searcher: &mut Searcher<'_>, place: &str, name: &[u8], is_harness: bool) {
    let shown = format!("{place}: {}", read::shown(name));
    if searcher.text(&shown, name) {
        return;
    }
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'/').collect();
    let is_ours = match parts.as_slice() {
        [b"refs", b"notes", note, ..] => is_named_after(note),
        [b"refs", b"tags", ..] if is_harness => false,
        [b"refs", b"heads" | b"tags" | b"remotes", first, ..] => is_the_word(first),
        [b"refs", space, ..] => is_named_after(space),
        _ => false,
    };
    if is_ours {
        searcher.trace(shown, name, "a ref that is named after the program");
    } else if !is_harness && words(name).next().is_some() {
        searcher.mention(shown, name, "the name of a ref says the word");
    }
}
