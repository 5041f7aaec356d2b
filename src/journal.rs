//! Operations in flight: on disk before anything is changed, so that a killed command can be completed or taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::failed;
use crate::files::{self, Durability};
use crate::names::Name;

const VERSION: u32 = 1;

/// The journal of one project's operation. Whoever holds the project's lock may read and write it.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry<T> {
    version: u32,
    steps: T,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Journal {
    /// Names the journal of a project in a directory of journals.
    pub(crate) fn of(directory: &Path, project: &Name) -> Self {
        Self {
            path: directory.join(format!("{project}.json")),
        }
    }

    /// Tells whether there is one.
    pub(crate) fn is_open(&self) -> bool {
        self.path.exists()
    }

    /// Writes down what is about to be done, surviving a power cut.
    pub(crate) fn begin<T: Serialize>(&self, steps: &T) -> anyhow::Result<()> {
        begin_all(&[(self, steps)])
    }

    /// Reads what an earlier command had begun and not ended, if it did.
    pub(crate) fn open<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let Some(text) = files::read_if_there(&self.path)? else {
            return Ok(None);
        };
        let read = || -> serde_json::Result<(u32, serde_json::Result<Entry<T>>)> {
            Ok((
                serde_json::from_str::<Version>(&text)?.version,
                serde_json::from_str(&text),
            ))
        };
        let (version, entry) =
            read().with_context(|| format!("cannot read the journal `{}`", self.path.display()))?;
        if version != VERSION {
            let newer = format!(
                "the journal `{}` has format {version}; this is format {VERSION}",
                self.path.display()
            );
            return Err(failed(newer)
                .hint("use the version of fleet that wrote it")
                .into());
        }
        let entry =
            entry.with_context(|| format!("cannot read the journal `{}`", self.path.display()))?;
        Ok(Some(entry.steps))
    }

    /// Ends it: the operation is complete, or taken back.
    pub(crate) fn close(&self) -> anyhow::Result<()> {
        files::remove_if_there(&self.path).context("cannot close a journal")
    }
}

/// Writes down what is about to be done to several projects; or, where that fails, nothing.
///
/// A sync takes longer than much of what follows it. So the journals of those whose steps are the same, which is all of
/// them where a fleet moves as one, are one file with many names: one sync serves for all.
pub(crate) fn begin_all<T: Serialize>(all: &[(&Journal, &T)]) -> anyhow::Result<()> {
    let mut same: BTreeMap<Vec<u8>, Vec<&Path>> = BTreeMap::new();
    for (journal, steps) in all {
        let version = VERSION;
        let text = serde_json::to_vec(&Entry { version, steps })
            .context("cannot write a journal as JSON")?;
        same.entry(text).or_default().push(&journal.path);
    }
    let begun = same.iter().try_for_each(|(text, paths)| {
        let write = |path| files::replace(path, text, 0o600, Durability::Synced);
        let Some((first, others)) = paths.split_first() else {
            return Ok(());
        };
        write(first)?;
        // A file system without links, or a limit on them: a file for each serves as well.
        files::name_also(first, others).or_else(|_| others.iter().copied().try_for_each(write))
    });
    if begun.is_err() {
        // The first error is the one to tell; a journal of what never began is taken back as if it had.
        for (journal, _) in all {
            let _ = journal.close();
        }
    }
    begun
}

/// Lists the projects with a journal: an operation on them is in flight, or was interrupted.
pub(crate) fn open_in(directory: &Path) -> anyhow::Result<Vec<Name>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot list `{}`", directory.display()));
        }
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry
            .ok()?
            .file_name()
            .to_str()?
            .strip_suffix(".json")?
            .parse::<Name>()
            .ok()
    };
    Ok(entries.filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_of_the_same_steps_are_as_good_as_others() {
        let directory = tempfile::tempdir().unwrap();
        let names: Vec<Name> = ["a", "b", "c"].map(|name| name.parse().unwrap()).into();
        let journals: Vec<Journal> = names
            .iter()
            .map(|name| Journal::of(directory.path(), name))
            .collect();
        let steps = [vec![1], vec![1], vec![2]];
        // A left-over in the place of one is no reason to fail.
        journals[1].begin(&vec![3]).unwrap();
        let all: Vec<_> = journals.iter().zip(&steps).collect();
        begin_all(&all).unwrap();
        for (journal, steps) in &all {
            assert_eq!(journal.open::<Vec<u32>>().unwrap().as_ref(), Some(*steps));
        }
        journals[0].close().unwrap();
        journals[1].begin(&vec![4]).unwrap();
        assert_eq!(journals[0].open::<Vec<u32>>().unwrap(), None);
        assert_eq!(journals[1].open::<Vec<u32>>().unwrap(), Some(vec![4]));
        assert_eq!(open_in(directory.path()).unwrap().len(), 2);
    }

    #[test]
    fn what_was_begun_is_found_until_it_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let name: Name = "demo".parse().unwrap();
        let journal = Journal::of(directory.path(), &name);
        assert_eq!(journal.open::<Vec<u32>>().unwrap(), None);
        journal.begin(&vec![1, 2]).unwrap();
        assert_eq!(open_in(directory.path()).unwrap(), [name]);
        assert_eq!(journal.open::<Vec<u32>>().unwrap(), Some(vec![1, 2]));
        journal.close().unwrap();
        journal.close().unwrap();
        assert_eq!(open_in(directory.path()).unwrap(), []);
    }
}
