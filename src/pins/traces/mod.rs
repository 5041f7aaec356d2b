//! Whether anything of a repository knows of the fleet that it is in: every place in which git keeps something is looked
//! over, and nothing is run or written.
//!
//! A trace is what cannot be there by chance: a path or a name that only this fleet has, or the program's name in a
//! place of git's own where nobody but the program would have written it. That somebody speaks of *a* fleet proves
//! nothing: where fleet itself writes, it is a mention; elsewhere it is nobody's business.

mod config;
mod git_directory;
mod history;
mod marks;
mod objects;
mod places;
mod read;
mod refs;
mod seen;
mod tracked;

use std::ops::AddAssign;
use std::path::Path;

use serde::Serialize;

use crate::names::plain_path;

use marks::Hit;
pub(crate) use marks::{Marks, Telltales};
pub(crate) use seen::Seen;

/// How much of each kind is kept for one project: a hostile repository may hold any number.
const MOST: usize = 200;

/// How many bytes of what was found are shown.
const SHOWN: usize = 160;

/// What was found in one project, and what was looked at.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Search {
    pub(crate) looked: Looked,
    /// What knows of the fleet.
    pub(crate) traces: Vec<Found>,
    /// What says the word in a place that fleet writes to, and proves nothing.
    pub(crate) mentions: Vec<Found>,
    /// What could not be read: nothing is proven of it.
    pub(crate) unread: Vec<Unread>,
    /// Large binary files, which were not looked at.
    pub(crate) skipped: Vec<Unread>,
    /// How many more there are of any of these than are listed.
    pub(crate) unlisted: u64,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// Where: a file and its line, a key, a ref, a commit.
    pub(crate) place: String,
    /// What is there. It is somebody else's text: nobody should print it as it is.
    pub(crate) text: String,
    /// Why that matters.
    pub(crate) why: String,
}

/// One thing that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unread {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Looked {
    /// The project's own and its submodules'.
    pub(crate) repositories: u64,
    /// Tracked files, each as committed, as staged and as it is in the work tree.
    pub(crate) files: u64,
    /// With their messages, authors and committers; annotated tags too.
    pub(crate) commits: u64,
    /// Branches, tags, remote branches, the stash and all others.
    pub(crate) refs: u64,
    pub(crate) notes: u64,
    /// Lines of reflogs.
    pub(crate) reflog: u64,
    /// Keys of git's configuration.
    pub(crate) settings: u64,
    /// Other than git's samples.
    pub(crate) hooks: u64,
    /// Other files of the git directories: `description`, `info/exclude` and the like.
    pub(crate) others: u64,
}

impl AddAssign for Looked {
    fn add_assign(&mut self, more: Self) {
        self.repositories += more.repositories;
        self.files += more.files;
        self.commits += more.commits;
        self.refs += more.refs;
        self.notes += more.notes;
        self.reflog += more.reflog;
        self.settings += more.settings;
        self.hooks += more.hooks;
        self.others += more.others;
    }
}

impl Search {
    /// Tells whether everything was read and nothing knows of the fleet.
    pub(crate) fn is_proof(&self) -> bool {
        self.traces.is_empty() && self.unread.is_empty()
    }

    fn keep<T: PartialEq>(list: &mut Vec<T>, unlisted: &mut u64, item: T) {
        if list.len() >= MOST {
            *unlisted += 1;
        } else if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// Looks over the repository at `project` and every repository in it. Never fails, never waits; runs and writes nothing;
/// may be called by many threads. `engine` is the path of the harness in the project.
pub(crate) fn search(project: &Path, engine: &str, marks: &Marks, seen: &Seen) -> Search {
    let own = marks.places_of(project);
    let mut searcher = Searcher {
        marks,
        own,
        seen,
        found: Search::default(),
    };
    places::search(&mut searcher, project, engine);
    searcher.found
}

/// A search that goes on.
struct Searcher<'a> {
    marks: &'a Marks,
    /// Where the project is, as it may be written: that it knows itself is no trace.
    own: Vec<Vec<u8>>,
    seen: &'a Seen,
    found: Search,
}

impl Searcher<'_> {
    fn trace(&mut self, place: impl Into<String>, text: &[u8], why: &str) {
        let found = found(place.into(), text, why);
        Search::keep(&mut self.found.traces, &mut self.found.unlisted, found);
    }

    fn mention(&mut self, place: impl Into<String>, text: &[u8], why: &str) {
        let found = found(place.into(), text, why);
        Search::keep(&mut self.found.mentions, &mut self.found.unlisted, found);
    }

    fn unread(&mut self, place: impl Into<String>, why: impl Into<String>) {
        let (place, why) = (place.into(), why.into());
        let unread = Unread { place, why };
        Search::keep(&mut self.found.unread, &mut self.found.unlisted, unread);
    }

    fn skip(&mut self, place: impl Into<String>, bytes: u64) {
        let why = format!("a binary file of {} MiB", bytes >> 20);
        let place = place.into();
        let skipped = Unread { place, why };
        Search::keep(&mut self.found.skipped, &mut self.found.unlisted, skipped);
    }

    /// Looks for what only this fleet has in a text that stands in one place; tells whether anything of the fleet's is in
    /// it at all, the project's own place included.
    fn text(&mut self, place: &str, text: &[u8]) -> bool {
        if self.marks.is_silent(text) {
            return false;
        }
        for hit in self.marks.certain(text, &self.own) {
            self.hit(place, around(text, hit.at.start), &hit);
        }
        true
    }

    /// Returns a text without the places of projects, whose names may hold any word.
    fn without_places(&self, text: &[u8]) -> Vec<u8> {
        self.marks.without_places(text, &self.own)
    }

    /// Keeps what was found in a place.
    fn hit(&mut self, place: impl Into<String>, text: &[u8], hit: &Hit) {
        match hit.is_mention {
            true => self.mention(place, text, hit.why),
            false => self.trace(place, text, hit.why),
        }
    }

    /// The same for what a relative path or a link leads to from a directory.
    fn leads_to(&mut self, place: &str, from: &Path, target: &[u8]) {
        let joined = plain_path(&from.join(read::path(target)));
        let joined = joined.as_os_str().as_encoded_bytes();
        if !self.marks.is_silent(joined) {
            for hit in self.marks.certain(joined, &self.own) {
                self.hit(place, target, &hit);
            }
        }
    }
}

fn found(place: String, text: &[u8], why: &str) -> Found {
    let end = text.len().min(SHOWN);
    Found {
        place,
        text: String::from_utf8_lossy(&text[..end]).trim().to_owned(),
        why: why.to_owned(),
    }
}

/// Returns the line around a place in a text, or as much of it as is shown.
fn around(text: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(SHOWN / 3);
    let before = &text[from..at];
    let begin = before.iter().rposition(|byte| matches!(byte, b'\n' | 0));
    let begin = begin.map_or(from, |newline| from + newline + 1);
    let until = text.len().min(begin + SHOWN);
    let line = &text[begin..until];
    let end = line.iter().position(|byte| matches!(byte, b'\n' | 0));
    &line[..end.unwrap_or(line.len())]
}

#[cfg(test)]
mod around_tests {
    #[test]
    fn what_is_shown_is_the_line_of_a_hit() {
        let text = b"one\ntwo three\nfour";
        assert_eq!(super::around(text, 8), b"two three");
        assert_eq!(super::around(text, 0), b"one");
        assert_eq!(super::around(text, 14), b"four");
    }
}
