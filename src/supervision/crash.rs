//! What stood on a terminal when its process crashed: the whole screen, kept until the next crash.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LastExit;
use super::record::{VERSION, read_record};
use crate::files::write_json;

/// A crash and its screen, in a file that only its owner can read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Crash {
    version: u32,
    /// The unit's name.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) exit: LastExit,
    /// What stood there, line by line, with what had scrolled away just before; empty where nobody could see it.
    pub(crate) screen: Vec<String>,
}

impl Crash {
    pub(super) fn new(name: &str, exit: LastExit, screen: Vec<String>) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            exit,
            screen,
        }
    }

    /// Reads the last one; `None` where there was none.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        read_record(path, "last crash")
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_json(path, self)
    }
}
