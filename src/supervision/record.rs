//! Files that say of which version they are, so that no program takes another one's for its own.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, de::DeserializeOwned};

use crate::files;

/// The version of all these files: a unit, a wish, a state, the brake, the server on record.
pub(crate) const VERSION: u32 = 1;

/// Reads one; `None` where there is none. `what` says what it is, for people.
///
/// Fails where it is not whole, or of another version than [`VERSION`].
pub(crate) fn read_record<T: DeserializeOwned>(
    path: &Path,
    what: &str,
) -> anyhow::Result<Option<T>> {
    let Some(text) = files::read_if_there(path)? else {
        return Ok(None);
    };
    check_version(&text)
        .and_then(|()| Ok(serde_json::from_str(&text)?))
        .with_context(|| format!("cannot read the {what} `{}`", path.display()))
        .map(Some)
}

fn check_version(text: &str) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_str(text)?;
    if version != VERSION {
        bail!("it is of version {version}, and this program knows version {VERSION} only");
    }
    Ok(())
}
