//! What gives a fleet away: pure functions of bytes.

use std::ops::Range;
use std::path::{Path, PathBuf};

use memchr::memmem::Finder;
use memchr::{memchr2_iter, memmem};

/// The word that many speak of.
const WORD: &[u8] = b"fleet";

/// How many bytes beyond its beginning a hit may have to be looked at: as much as two paths take.
pub(super) const REACH: usize = 8192;

/// What a fleet has that nobody else has.
#[derive(Debug, Default)]
pub(crate) struct Telltales {
    /// The fleet's directory, canonical.
    pub(crate) root: PathBuf,
    /// The names of files in it that are the fleet's own; all others there may be a person's.
    pub(crate) own_files: Vec<&'static str>,
    /// Whether a person's files are there as well, so that only its own files tell of the fleet.
    pub(crate) is_shared: bool,
    /// Words that stand for this fleet or this program wherever they are, and why.
    pub(crate) secrets: Vec<(String, &'static str)>,
    /// What the variable of a mark begins with; a number follows.
    pub(crate) mark: &'static str,
    /// The variables that the program listens to.
    pub(crate) variables: Vec<&'static str>,
    /// The program's verbs.
    pub(crate) verbs: Vec<String>,
    /// The places of projects and harnesses: a project may know another one, and where its harness comes from.
    pub(crate) neighbours: Vec<PathBuf>,
}

/// What to look for, made ready.
#[derive(Debug)]
pub(crate) struct Marks {
    root: Finder<'static>,
    secrets: Vec<(Finder<'static>, &'static str)>,
    mark: Finder<'static>,
    neighbours: Vec<Vec<u8>>,
    telltales: Telltales,
}

/// One place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) at: Range<usize>,
    /// Whether it is worth telling, and proves nothing.
    pub(super) is_mention: bool,
    pub(super) why: &'static str,
}

impl Marks {
    /// Makes ready what to look for.
    pub(crate) fn new(telltales: Telltales) -> Self {
        let finder = |text: &[u8]| Finder::new(text).into_owned();
        let secrets = telltales.secrets.iter();
        Self {
            root: finder(telltales.root.as_os_str().as_encoded_bytes()),
            secrets: secrets
                .map(|(word, why)| (finder(word.as_bytes()), *why))
                .collect(),
            mark: finder(telltales.mark.as_bytes()),
            neighbours: telltales
                .neighbours
                .iter()
                .flat_map(|place| ways_to(place, &telltales.root))
                .collect(),
            telltales,
        }
    }

    /// Returns how a project's own place may be written, so far as it is in the fleet's directory.
    pub(super) fn places_of(&self, project: &Path) -> Vec<Vec<u8>> {
        ways_to(project, &self.telltales.root)
    }

    /// Returns a text without these places, and without those of other projects: their names may hold any word.
    pub(super) fn without_places(&self, text: &[u8], own: &[Vec<u8>]) -> Vec<u8> {
        let mut left = text.to_vec();
        for place in own.iter().chain(&self.neighbours) {
            while let Some(at) = memmem::find(&left, place) {
                left.drain(at..at + place.len());
            }
        }
        left
    }

    /// Tells whether nothing of the fleet's is in a text, not even what may be there.
    pub(super) fn is_silent(&self, text: &[u8]) -> bool {
        let has = |finder: &Finder<'_>| finder.find(text).is_some();
        !has(&self.root) && !has(&self.mark) && !self.secrets.iter().any(|(word, _)| has(word))
    }

    /// Finds what cannot be there by chance, but for the places that are the project's own.
    pub(super) fn certain(&self, text: &[u8], own: &[Vec<u8>]) -> Vec<Hit> {
        let mut hits = self.places(text, own);
        for (word, why) in &self.secrets {
            hits.extend(
                word.find_iter(text)
                    .map(|at| at..at + word.needle().len())
                    .filter(|at| is_whole(text, at))
                    .map(|at| Hit::certain(at, why)),
            );
        }
        let length = self.mark.needle().len();
        let marks = self.mark.find_iter(text).map(|at| at..at + length);
        hits.extend(
            marks
                .filter(|at| text.get(at.end).is_some_and(u8::is_ascii_digit))
                .map(|at| Hit::certain(at, "the variable that marks what a fleet has started")),
        );
        hits.sort_by_key(|hit| hit.at.start);
        // The fleet's directory is a part of many longer secrets.
        hits.dedup_by(|later, earlier| earlier.at.contains(&later.at.start));
        hits
    }

    /// Finds the fleet's directory, other than as the beginning of a place that is the project's own.
    fn places(&self, text: &[u8], own: &[Vec<u8>]) -> Vec<Hit> {
        let length = self.root.needle().len();
        let is_one = |places: &[Vec<u8>], at: &Range<usize>| {
            places.iter().any(|place| {
                text[at.start..].starts_with(place) && ends_name(text, at.start + place.len())
            })
        };
        let counts = |at: &Range<usize>| {
            let rest = &text[at.end..];
            let is_the_fleets = |file: &&'static str| {
                let tail = rest.strip_prefix(b"/").unwrap_or_default();
                tail.starts_with(file.as_bytes()) && ends_name(tail, file.len())
            };
            !self.telltales.is_shared || self.telltales.own_files.iter().any(is_the_fleets)
        };
        self.root
            .find_iter(text)
            .map(|at| at..at + length)
            .filter(|at| begins_name(text, at.start) && ends_name(text, at.end))
            .filter(|at| counts(at) && !is_one(own, at))
            .map(|at| match is_one(&self.neighbours, &at) {
                false => Hit::certain(at, "the fleet's directory"),
                true => Hit {
                    at,
                    is_mention: true,
                    why: "the place of another project, or of a harness",
                },
            })
            .collect()
    }

    /// Finds what the program would say of itself: a command of its, a variable, a label before a colon. For places in
    /// which nobody else would.
    pub(super) fn spoken(&self, text: &[u8]) -> Option<Hit> {
        let whole = |word: &[u8]| {
            let mut found = memmem::find_iter(text, word).map(|at| at..at + word.len());
            found.find(|at| is_whole(text, at))
        };
        for variable in &self.telltales.variables {
            if let Some(at) = whole(variable.as_bytes()) {
                let why = "a variable that fleet listens to";
                return Some(Hit::certain(at, why));
            }
        }
        for file in &self.telltales.own_files {
            // The directory's name is another program's as well.
            if let Some(at) = whole(file.as_bytes()).filter(|_| !file.starts_with('.')) {
                let why = "the name of a fleet's own file";
                return Some(Hit::certain(at, why));
            }
        }
        words(text).find_map(|at| {
            let rest = &text[at.end..];
            let is_command = &text[at.clone()] == WORD && self.is_command(rest);
            let begins = at.start == 0 || text[at.start - 1] == b'\n';
            let why = if is_command {
                "a command of fleet's"
            } else if begins && is_label(rest) {
                "what a program puts before what it says"
            } else {
                return None;
            };
            Some(Hit::certain(at, why))
        })
    }

    fn is_command(&self, rest: &[u8]) -> bool {
        rest.strip_prefix(b" ").is_some_and(|rest| {
            let mut verbs = self.telltales.verbs.iter().map(String::as_bytes);
            verbs.any(|verb| rest.starts_with(verb) && ends_name(rest, verb.len()))
        })
    }
}

impl Hit {
    fn certain(at: Range<usize>, why: &'static str) -> Self {
        let is_mention = false;
        Self {
            at,
            is_mention,
            why,
        }
    }
}

/// Returns how a place may be written, if it is inside the fleet's directory.
fn ways_to(place: &Path, root: &Path) -> Vec<Vec<u8>> {
    let canonical = place.canonicalize().ok();
    let ways = canonical.into_iter().chain([place.to_owned()]);
    ways.filter(|way| way.starts_with(root) && way != root)
        .map(|way| way.as_os_str().as_encoded_bytes().to_vec())
        .collect()
}

/// Tells whether a name is the word, or begins with it: what the program would call something of its own.
pub(super) fn is_named_after(name: &[u8]) -> bool {
    name.get(..WORD.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(WORD))
}

/// Tells whether a name is the word and nothing else.
pub(super) fn is_the_word(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(WORD)
}

/// Finds the word, as a word: not in "fleeting".
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memchr2_iter(b'f', b'F', text)
        .map(|at| at..at + WORD.len())
        .filter(|at| text.get(at.clone()).is_some_and(is_named_after))
        .filter(|at| {
            let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
            let before = at.start.checked_sub(1).and_then(|at| text.get(at));
            !is_letter(before) && !is_letter(text.get(at.end))
        })
}

/// `: ...`, or `-Something: ...` on one line.
fn is_label(rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let name = line.iter().position(|byte| *byte == b':');
    name.is_some_and(|end| {
        let name = &line[..end];
        name.is_empty()
            || name[0] == b'-' && name.iter().all(|byte| is_of_name(*byte) || *byte == b'-')
    })
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii()
}

fn is_whole(text: &[u8], at: &Range<usize>) -> bool {
    begins_name(text, at.start) && ends_name(text, at.end)
}

fn begins_name(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    !before.is_some_and(|byte| is_of_name(*byte) || *byte == b'.')
}

/// Tells whether no name goes on here: a full stop ends one, unless more follows at once.
fn ends_name(text: &[u8], at: usize) -> bool {
    match text.get(at) {
        Some(b'.') => !text.get(at + 1).is_some_and(|next| is_of_name(*next)),
        Some(byte) => !is_of_name(*byte),
        None => true,
    }
}

#[cfg(test)]
mod tests;
