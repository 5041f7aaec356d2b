//! Operations in flight: on disk before anything is changed, so that a killed command can be completed or taken back.

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
        let text = serde_json::to_vec(&Entry {
            version: VERSION,
            steps,
        })
        .context("cannot write a journal as JSON")?;
        files::replace(&self.path, &text, 0o600, Durability::Synced)
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
