//! The file of deaths: who died when, for the brake. Appended to by many, without a lock.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::When;
use super::brake::lock_file;
use crate::files::{self, Lock};

/// How large the file of deaths may become before another one is begun.
pub(super) const LARGEST: u64 = 256 * 1024;
/// A line of the file of deaths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Death {
    pub(super) name: String,
    pub(super) when: When,
}

/// Appends a death to those that are counted. For whoever saw it: a unit's tender, or else the guardian.
pub(crate) fn record_death(shared: &Path, name: &str, when: &When) -> anyhow::Result<()> {
    let path = deaths_file(shared);
    let death = Death {
        name: name.to_owned(),
        when: when.clone(),
    };
    // One write, so that lines of several writers stand one after another. The line break before it parts it from one
    // that was cut off.
    let line = format!(
        "\n{}\n",
        serde_json::to_string(&death).context("cannot write a death as JSON")?
    );
    let length = append(&path, line.as_bytes())
        .with_context(|| format!("cannot append to `{}`", path.display()))?;
    if length > LARGEST {
        begin_another(shared, &path)?;
    }
    Ok(())
}

/// Returns the file's length after it.
pub(super) fn append(path: &Path, line: &[u8]) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let mut file = files::open_plain(&mut options, path)?;
    file.write_all(line)?;
    Ok(file.metadata()?.len())
}

fn begin_another(shared: &Path, path: &Path) -> anyhow::Result<()> {
    // Who comes second would move the new file over the old one.
    let Some(_lock) = Lock::try_take(&lock_file(shared))? else {
        return Ok(());
    };
    let is_large = fs::metadata(path).is_ok_and(|found| found.len() > LARGEST);
    if is_large {
        fs::rename(path, earlier_deaths_file(shared))
            .with_context(|| format!("cannot rename `{}`", path.display()))?;
    }
    Ok(())
}

/// Returns the latest deaths, oldest first. A line that was cut off is nobody's death.
pub(super) fn deaths(shared: &Path) -> anyhow::Result<Vec<Death>> {
    let mut text = tail(&deaths_file(shared), LARGEST)?;
    if (text.len() as u64) < LARGEST {
        let left = LARGEST - text.len() as u64;
        text = tail(&earlier_deaths_file(shared), left)? + "\n" + &text;
    }
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Returns the end of a file; nothing where there is none.
fn tail(path: &Path, most: u64) -> anyhow::Result<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = files::open_plain(OpenOptions::new().read(true), path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

pub(super) fn deaths_file(shared: &Path) -> PathBuf {
    shared.join("deaths")
}

pub(super) fn earlier_deaths_file(shared: &Path) -> PathBuf {
    shared.join("deaths.1")
}
