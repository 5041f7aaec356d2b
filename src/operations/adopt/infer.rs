//! What a repository that is there already would be as a project: its harness by the submodule's URL, its ref by what
//! stands for the pin.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use crate::error::{Fault, refused};
use crate::fleet::Fleet;
use crate::harness::RELEASES;
use crate::names::{CommitId, HarnessUrl, Name, Ref, shell_word};
use crate::parallel::within;
use crate::pins::{self, Candidate, Kind, Mirror, Submodule, Unfit};
use crate::ui::list;

use super::naming::free_name;

/// How long reading one repository may take: milliseconds do, unless it is made to keep whoever reads it waiting.
const DEADLINE: Duration = Duration::from_secs(5);

/// The harnesses of a fleet, as they are looked for in repositories. Asks no network.
pub(super) struct Harnesses<'a> {
    fleet: &'a Fleet,
    known: Vec<Known>,
    paths: Vec<String>,
}

/// One harness.
struct Known {
    name: Name,
    path: String,
    url: Option<HarnessUrl>,
    is_embedded: bool,
    mirror: OnceCell<Option<Mirror>>,
}

/// What a repository would be registered with.
#[derive(Clone, Debug)]
pub(super) struct Inferred {
    pub(super) harness: Name,
    pub(super) reference: Ref,
    pub(super) commit: CommitId,
}

impl<'a> Harnesses<'a> {
    /// Lists them, the default one first: of two entries with one URL it is the one that is meant.
    pub(super) fn of(fleet: &'a Fleet) -> Self {
        let default = &fleet.registry.fleet.default_harness;
        let mut known: Vec<Known> = fleet
            .registry
            .harnesses
            .values()
            .map(|harness| Known {
                name: harness.name.clone(),
                path: harness.path.clone(),
                // The embedded one may fail to be written out; its commits are known all the same.
                url: fleet.harness_url(&harness.name).ok(),
                is_embedded: harness.url.is_none(),
                mirror: OnceCell::new(),
            })
            .collect();
        known.sort_by_key(|it| it.name != *default);
        let mut paths: Vec<String> = known.iter().map(|it| it.path.clone()).collect();
        paths.sort();
        paths.dedup();
        Self {
            fleet,
            known,
            paths,
        }
    }

    /// Reads what a repository says of itself; changes nothing in it.
    pub(super) fn read(&self, location: &Path) -> Result<Candidate, Unfit> {
        let (place, paths) = (location.to_owned(), self.paths.clone());
        within(DEADLINE, move || pins::candidate(&place, &paths)).unwrap_or_else(|| {
            let seconds = DEADLINE.as_secs();
            let why = format!("reading it has not ended within {seconds} s");
            Err(Unfit::Unreadable(why))
        })
    }

    /// Tells whether a repository has anything to do with a harness: one at a harness's path, or a known one elsewhere.
    pub(super) fn concerns(&self, candidate: &Candidate) -> bool {
        candidate
            .submodules
            .iter()
            .any(|it| self.paths.contains(&it.path) || self.by_url(it).is_some())
    }

    /// Says with what a repository would be registered, or why it cannot be.
    pub(super) fn infer(&self, location: &Path, candidate: &Candidate) -> anyhow::Result<Inferred> {
        let (known, submodule) = self
            .matching(candidate)
            .ok_or_else(|| self.unknown(location, candidate))?;
        Ok(Inferred {
            harness: known.name.clone(),
            reference: self.reference(known, submodule)?,
            commit: submodule.pin.clone(),
        })
    }

    fn matching<'c>(&self, candidate: &'c Candidate) -> Option<(&Known, &'c Submodule)> {
        let pairs = self.known.iter().flat_map(|known| {
            let mounted = candidate.submodules.iter();
            mounted
                .filter(|submodule| submodule.path == known.path)
                .map(move |submodule| (known, submodule))
        });
        let mut by_commit = pairs.clone().filter(|(known, submodule)| {
            let pin = submodule.pin.as_str();
            known.is_embedded && RELEASES.iter().any(|(_, commit)| *commit == pin)
        });
        let mut by_url = pairs.filter(|(known, submodule)| known.is_at(&submodule.urls));
        by_url.next().or_else(|| by_commit.next())
    }

    fn by_url(&self, submodule: &Submodule) -> Option<&Known> {
        self.known.iter().find(|known| known.is_at(&submodule.urls))
    }

    /// Says why no harness was found in a repository.
    fn unknown(&self, location: &Path, candidate: &Candidate) -> Fault {
        let place = location.display();
        let list_them = format!(
            "`git -C {} submodule status` lists its submodules",
            word(location)
        );
        let is_mounted = |submodule: &&Submodule| self.paths.contains(&submodule.path);
        let Some(mounted) = candidate.submodules.iter().find(is_mounted) else {
            for submodule in &candidate.submodules {
                if let Some(known) = self.by_url(submodule) {
                    return refused(format!(
                        "`{place}` has the harness `{}` at `{}`, and not at `{}`",
                        known.name, submodule.path, known.path
                    ))
                    .hint(self.addition(submodule));
                }
            }
            let fault = refused(format!(
                "HEAD of `{place}` holds no submodule at {}",
                list(&self.paths)
            ));
            return match (&self.paths[..], &candidate.submodules[..]) {
                ([engine, ..], []) => fault.hint(format!(
                    "`git -C {} submodule add URL {engine}` gives it a harness; commit that, then adopt again",
                    word(location)
                )),
                _ => fault.hint(list_them),
            };
        };
        let Some(url) = mounted.urls.first() else {
            return refused(format!(
                "nothing in `{place}` says where its submodule `{}` comes from",
                mounted.path
            ))
            .hint(list_them);
        };
        let fault = refused(format!(
            "`{place}` has a harness that fleet.toml does not know: {}",
            url.escape_debug()
        ));
        match url.parse::<HarnessUrl>() {
            Ok(_) => fault.hint(self.addition(mounted)),
            Err(why) => fault.because(anyhow!(why)).hint(list_them),
        }
    }

    /// Says how the harness of a submodule is added to fleet.toml.
    fn addition(&self, submodule: &Submodule) -> String {
        let url = submodule.urls.first().map_or("URL", String::as_str);
        let end = url.trim_end_matches('/').rsplit(['/', ':']).next();
        let name = free_name(end.unwrap_or_default().trim_end_matches(".git"), |name| {
            !self.fleet.registry.harnesses.contains_key(name)
        });
        let name = name.map_or_else(|| "NAME".to_owned(), |name| name.to_string());
        let path = match submodule.path.as_str() {
            "engine" => String::new(),
            path => format!(" --path {}", shell_word(path)),
        };
        format!(
            "`fleet harness add {name} {}{path}` adds it; then adopt again",
            shell_word(url)
        )
    }

    /// Returns what stands for a pin: a tag, else the branch that the submodule follows, else the commit itself.
    fn reference(&self, known: &Known, submodule: &Submodule) -> anyhow::Result<Ref> {
        let mirror = known
            .mirror
            .get_or_init(|| self.fleet.known_mirror(&known.name));
        let first_seen = match mirror {
            Some(mirror) => mirror.tags_at(&submodule.pin)?,
            None => Vec::new(),
        };
        for tag in first_seen.iter().chain(&submodule.tags) {
            let Ok(tag) = tag.parse::<Ref>() else {
                continue;
            };
            if self.agrees(known, mirror.as_ref(), &tag, &submodule.pin, Kind::Tag)? {
                return Ok(tag);
            }
        }
        if let Some((branch, commit)) = &submodule.follows
            && let Ok(branch) = branch.parse::<Ref>()
        {
            let is_known = mirror.is_some() || commit.as_ref() == Some(&submodule.pin);
            let agrees = self.agrees(
                known,
                mirror.as_ref(),
                &branch,
                &submodule.pin,
                Kind::Branch,
            )?;
            if is_known && agrees {
                return Ok(branch);
            }
        }
        let commit = submodule.pin.as_str().parse();
        commit.map_err(|why: String| anyhow!(why))
    }

    /// Tells whether nothing that this fleet knows says that a ref stands for something else.
    fn agrees(
        &self,
        known: &Known,
        mirror: Option<&Mirror>,
        reference: &Ref,
        pin: &CommitId,
        kind: Kind,
    ) -> anyhow::Result<bool> {
        let resolved = match mirror {
            Some(mirror) => mirror.resolve(reference)?,
            None => None,
        };
        let is_same = match (resolved, kind) {
            (Some(found), _) => found.kind == kind && found.commit == *pin,
            (None, Kind::Tag) => true,
            // A branch that the mirror does not have is no version.
            (None, Kind::Branch | Kind::Commit) => mirror.is_none(),
        };
        // A branch moves: what it stood for elsewhere says nothing.
        let is_elsewhere = self.fleet.registry.projects.values().any(|project| {
            kind == Kind::Tag
                && project.harness == known.name
                && project.reference == *reference
                && project.commit.as_ref().is_some_and(|commit| commit != pin)
        });
        Ok(is_same && !is_elsewhere)
    }
}

impl Inferred {
    /// Writes it in a few words.
    pub(super) fn words(&self) -> String {
        format!(
            "{} {} {}",
            self.harness,
            self.reference,
            self.commit.short()
        )
    }
}

impl Known {
    fn is_at(&self, urls: &[String]) -> bool {
        let own = self.url.as_ref();
        own.is_some_and(|own| urls.iter().any(|url| pins::same_place(own.as_str(), url)))
    }
}

fn word(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}

/// Says why a directory is no project.
pub(super) fn unfit(location: &Path, why: Unfit) -> Fault {
    let place = location.display();
    match why {
        Unfit::Nothing if !location.is_dir() => refused(format!("there is no directory `{place}`"))
            .hint("name the directory of a repository"),
        Unfit::Nothing => {
            let fault = refused(format!("`{place}` is not the top of a git repository"));
            match pins::enclosing_repository(location) {
                Some(top) => fault.hint(format!("it is inside one: `fleet adopt {}`", word(&top))),
                None => fault.hint(format!(
                    "`fleet adopt --scan {}` looks for repositories in it",
                    word(location)
                )),
            }
        }
        Unfit::Bare => refused(format!(
            "`{place}` is a bare repository: it has no files that could run"
        ))
        .hint(format!(
            "adopt a clone of it: `git clone --recurse-submodules {} DIR`",
            word(location)
        )),
        Unfit::Unborn => refused(format!("the repository `{place}` has no commit yet"))
            .hint(format!("`git -C {} commit`", word(location))),
        Unfit::Unreadable(why) => refused(format!("cannot read the repository `{place}`"))
            .because(anyhow!(why))
            .hint(format!("`git -C {} status` says more", word(location))),
    }
}
