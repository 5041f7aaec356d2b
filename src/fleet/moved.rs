//! Where a project may be that is not where fleet.toml says: a guess, made for hints and for nothing else.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use crate::names::shell_word;
use crate::pins::{self, Depth};
use crate::registry::Project;
use crate::supervision::{Liveness, State};

use super::Fleet;

/// How many directories are looked at.
const MOST: usize = 1000;

/// How deep below the places where the search begins.
const DEEPEST: usize = 2;

/// How many places are named.
const NAMED: usize = 3;

impl Fleet {
    /// Says what to do about a project that is not at its location: where its repository probably is now, if anywhere.
    pub(crate) fn where_it_went(&self, project: &Project) -> String {
        let places = self.probably_at(project);
        let adopting = |place: &str| {
            let name = &project.name;
            format!("`fleet adopt {place} --name {name}` corrects its location")
        };
        match places.as_slice() {
            [] => format!(
                "put it back at {}, or correct `location` in fleet.toml",
                project.location.display()
            ),
            [only] => {
                let only = adopting(&shell_word(&only.to_string_lossy()));
                format!("{only}: it is probably there")
            }
            several => {
                let several = several.iter().take(NAMED);
                let several: Vec<String> = several
                    .map(|place| format!("`{}`", place.display()))
                    .collect();
                format!(
                    "{}: it may be at {}",
                    adopting("PLACE"),
                    several.join(" or ")
                )
            }
        }
    }

    /// Returns the places that are likeliest: where its tender works; else repositories nearby that nobody has registered
    /// and that vendor the same harness, those at the registered commit and of the same name before others.
    fn probably_at(&self, project: &Project) -> Vec<PathBuf> {
        if let Some(place) = self.tender_works_in(project) {
            return vec![place];
        }
        let rated: Vec<(u8, PathBuf)> = self
            .repositories_nearby(project)
            .into_iter()
            .filter_map(|place| Some((self.likeness(project, &place)?, place)))
            .collect();
        let best = rated.iter().map(|(likeness, _)| *likeness).max();
        let best = rated
            .into_iter()
            .filter(|(likeness, _)| Some(*likeness) == best);
        best.map(|(_, place)| place).collect()
    }

    /// Whoever moved a project that runs has moved the directory that its tender is in.
    fn tender_works_in(&self, project: &Project) -> Option<PathBuf> {
        let state = State::read(&self.unit_files(&project.name).state).ok()??;
        if state.tender_liveness() != Liveness::Alive {
            return None;
        }
        let place = fs::read_link(format!("/proc/{}/cwd", state.tender.pid)).ok()?;
        place.is_dir().then_some(place)
    }

    fn repositories_nearby(&self, project: &Project) -> Vec<PathBuf> {
        let above = project.location.ancestors().skip(1).take(DEEPEST);
        let beside = above.filter(|place| place.is_dir()).take(1);
        let mut queue: VecDeque<(PathBuf, usize)> = beside
            .chain([&*self.registry.fleet.projects, &*self.root])
            .map(|place| (place.to_owned(), 0))
            .collect();
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        while let Some((place, depth)) = queue.pop_front() {
            if seen.len() == MOST || seen.contains(&place) {
                continue;
            }
            if depth > 0 && place.join(".git").exists() {
                found.push(place.clone());
            } else if depth < DEEPEST {
                queue.extend(folders_in(&place).map(|folder| (folder, depth + 1)));
            }
            seen.push(place);
        }
        let of_nobody = |place: &PathBuf| {
            let mut projects = self.registry.projects.values();
            projects.all(|other| other.location != *place)
        };
        found.retain(of_nobody);
        found
    }

    /// Rates how much a repository is like the one that a project had; `None` where it is another.
    fn likeness(&self, project: &Project, place: &Path) -> Option<u8> {
        let harness = self.registry.harness(&project.harness).ok()?;
        let facts = pins::read(place, &harness.path, Depth::Fast);
        facts.head.commit()?;
        let is_pinned = project.commit.is_some() && facts.head.commit() == project.commit.as_ref();
        let known = self.harness_url(&project.harness).ok()?;
        let url = pins::submodule_url(place, &harness.path);
        let has_url = url.is_some_and(|url| pins::same_place(&url, known.as_str()));
        let has_name = place.file_name() == project.location.file_name();
        (is_pinned || has_url)
            .then_some(4 * u8::from(has_name) + 2 * u8::from(is_pinned) + u8::from(has_url))
    }
}

/// Lists the folders in a folder, but for hidden ones and links. What cannot be read has none.
fn folders_in(place: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| {
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir())
    });
    let mut folders: Vec<PathBuf> = folders.take(MOST).map(|entry| entry.path()).collect();
    folders.sort();
    folders.into_iter()
}
