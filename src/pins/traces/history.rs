//! What the commits of a repository say, and who is said to have made them.

use std::collections::HashSet;

use git2::{ObjectType, Oid};

use super::Searcher;
use super::marks::{is_the_word, words};
use super::objects::{Object, Objects, entries};
use super::read;
use super::tracked;

/// A repository, as its commits are concerned.
pub(super) struct History<'a> {
    pub(super) objects: &'a Objects,
    /// What its places begin with.
    pub(super) place: &'a str,
    /// Where the harness is, if it is the project's own repository.
    pub(super) engine: Option<&'a str>,
    /// Commits whose parents were never fetched.
    pub(super) shallow: HashSet<Oid>,
}

/// Looks over everything that can be reached from some objects, but for the contents of files. What only a reflog names
/// may be gone.
pub(super) fn search(
    searcher: &mut Searcher<'_>,
    history: &History<'_>,
    mut tips: Vec<Oid>,
    perhaps: &HashSet<Oid>,
) {
    tips.extend(perhaps.iter().filter(|id| history.objects.has(**id)));
    tips.sort();
    tips.dedup();
    if history.engine.is_none()
        && let Some(commits) = searcher.seen.commits_from(&tips)
    {
        searcher.found.looked.commits += commits;
        return;
    }
    let (mut waiting, mut seen) = (tips.clone(), tips.iter().copied().collect());
    let (mut commits, mut is_silent) = (0, true);
    while let Some(id) = waiting.pop() {
        let (kind, bytes) = match history.objects.read(id) {
            Ok(Object::Whole(kind, bytes)) => (kind, bytes),
            Ok(Object::Large(size)) => {
                is_silent = false;
                searcher.skip(format!("{}: object {id}", history.place), size);
                continue;
            }
            Err(why) => {
                is_silent = false;
                searcher.unread(history.place, why);
                continue;
            }
        };
        let place = format!("{}: {kind} {id}", history.place);
        is_silent &= !searcher.text(&place, &bytes);
        match kind {
            ObjectType::Commit => {
                commits += 1;
                let commit = Commit::parse(&bytes);
                if let Some(engine) = history.engine {
                    look(searcher, history, engine, &place, &commit);
                }
                if !history.shallow.contains(&id) {
                    follow(commit.parents, &mut seen, &mut waiting);
                }
            }
            ObjectType::Tag => {
                commits += 1;
                follow(Commit::parse(&bytes).targets, &mut seen, &mut waiting);
            }
            ObjectType::Tree | ObjectType::Blob | ObjectType::Any => {}
        }
    }
    searcher.found.looked.commits += commits;
    if is_silent && history.engine.is_none() {
        searcher.seen.add_history(tips, commits);
    }
}

/// Looks over what notes say.
pub(super) fn notes(searcher: &mut Searcher<'_>, history: &History<'_>, name: &[u8], commit: Oid) {
    let place = format!("{}: {}", history.place, read::shown(name));
    let mut waiting = match history.objects.tree_of(commit) {
        Ok(tree) => vec![(tree, String::new())],
        Err(why) => return searcher.unread(place, why),
    };
    while let Some((tree, above)) = waiting.pop() {
        let bytes = match history.objects.of_kind(tree, ObjectType::Tree) {
            Ok(bytes) => bytes,
            Err(why) => {
                searcher.unread(&place, why);
                continue;
            }
        };
        for (mode, name, id) in entries(&bytes).unwrap_or_default() {
            let of = format!("{above}{}", read::shown(name));
            if mode == b"40000" {
                waiting.push((id, of));
                continue;
            }
            searcher.found.looked.notes += 1;
            let place = format!("{place} on {of}");
            searcher.text(&place, of.as_bytes());
            tracked::blob(searcher, history.objects, id, &place);
        }
    }
}

fn follow(ids: Vec<Oid>, seen: &mut HashSet<Oid>, waiting: &mut Vec<Oid>) {
    waiting.extend(ids.into_iter().filter(|id| seen.insert(*id)));
}

/// A commit or an annotated tag, so far as it is of interest here.
#[derive(Debug, Default)]
struct Commit<'a> {
    tree: Option<Oid>,
    parents: Vec<Oid>,
    targets: Vec<Oid>,
    /// The lines of its author and its committer.
    people: Vec<&'a [u8]>,
    message: &'a [u8],
}

impl<'a> Commit<'a> {
    fn parse(bytes: &'a [u8]) -> Self {
        let mut commit = Self::default();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if line.is_empty() {
                break;
            }
            let id = |hex: &[u8]| Oid::from_str(std::str::from_utf8(hex).ok()?).ok();
            if let Some(hex) = line.strip_prefix(b"parent ") {
                commit.parents.extend(id(hex));
            } else if let Some(hex) = line.strip_prefix(b"tree ") {
                commit.tree = id(hex);
            } else if let Some(hex) = line.strip_prefix(b"object ") {
                commit.targets.extend(id(hex));
            } else if line.starts_with(b"author ") || line.starts_with(b"committer ") {
                commit.people.push(line);
            }
        }
        commit.message = rest;
        commit
    }
}

/// Looks at what a commit of the project says of a fleet: where it moved the harness, the program may have written it.
fn look(
    searcher: &mut Searcher<'_>,
    history: &History<'_>,
    engine: &str,
    place: &str,
    commit: &Commit<'_>,
) {
    let is_named = |person: &&&[u8]| words(person).next().is_some();
    let person = commit.people.iter().find(is_named);
    if person.is_none() && words(commit.message).next().is_none() {
        return;
    }
    if !moves_the_harness(history, engine, commit) {
        return;
    }
    let first_line = commit.message.split(|byte| *byte == b'\n').next();
    if let Some(person) = commit.people.iter().find(|person| is_the_program(person)) {
        searcher.trace(place, person, "the program as a commit's author");
    } else if let Some(hit) = searcher.marks.spoken(commit.message) {
        let text = super::around(commit.message, hit.at.start);
        searcher.trace(place, text, hit.why);
    } else {
        let text = person.copied().or(first_line).unwrap_or_default();
        let why = "a commit that moved the harness says the word";
        searcher.mention(place, text, why);
    }
}

/// Tells whether a line `author NAME <MAIL> TIME` names the program itself.
fn is_the_program(person: &[u8]) -> bool {
    let text = read::shown(person);
    let (_, text) = text.split_once(' ').unwrap_or_default();
    let (name, rest) = text.split_once('<').unwrap_or((text, ""));
    let account = rest.split(['@', '>']).next().unwrap_or_default();
    is_the_word(name.trim().as_bytes()) || is_the_word(account.as_bytes())
}

/// Tells whether a commit changed the pin or `.gitmodules`. What cannot be compared counts.
fn moves_the_harness(history: &History<'_>, engine: &str, commit: &Commit<'_>) -> bool {
    let before = match commit.parents.first() {
        None => None,
        Some(parent) => match history.objects.of_kind(*parent, ObjectType::Commit) {
            Ok(bytes) => Commit::parse(&bytes).tree,
            Err(_) => return true,
        },
    };
    [engine, ".gitmodules"].iter().any(|path| {
        let at = |tree: Option<Oid>| entry(history.objects, tree, path);
        at(before) != at(commit.tree)
    })
}

fn entry(objects: &Objects, tree: Option<Oid>, path: &str) -> Option<Oid> {
    let mut id = tree?;
    for part in path.split('/') {
        let bytes = objects.of_kind(id, ObjectType::Tree).ok()?;
        let found = entries(&bytes).ok()?;
        id = found
            .into_iter()
            .find(|(_, name, _)| *name == part.as_bytes())?
            .2;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_people_who_work_with_fleets() {
        for person in ["author fleet <a@b> 1 +0000", "committer Ada <fleet@host> 1"] {
            assert!(is_the_program(person.as_bytes()), "{person}");
        }
        for person in [
            "author Fleet Bot <bot@fleet.example> 1 +0000",
            "author Ada <ada@fleet>",
            "author",
        ] {
            assert!(!is_the_program(person.as_bytes()), "{person}");
        }
    }

    #[test]
    fn the_header_of_a_commit_ends_at_its_first_empty_line() {
        let id = "1".repeat(40);
        let text = format!(
            "tree {id}\nparent {id}\nauthor A <a> 1 +0\ngpgsig x\n  y\n\nsubject\n\nparent {id}"
        );
        let commit = Commit::parse(text.as_bytes());
        assert_eq!((commit.parents.len(), commit.people.len()), (1, 1));
        assert!(commit.message.starts_with(b"subject\n\n"));
        Commit::parse(b"tree x\nparent \xff\nobject\n");
    }
}
