//! harness.toml: how a harness says to run a project; and the harness that comes with this program.
//!
//! The one that comes along is data inside the binary, written out as a git repository so that it is pinned, cloned
//! and updated like any other. Writing it is the one use of git2 here: nothing in this folder looks at a project.

mod cache;
mod embedded;
mod manifest;
mod path;
mod placeholder;

pub(crate) use cache::Cache;
pub(crate) use embedded::{RELEASES, ensure_written, place, written};
pub(crate) use manifest::{MANIFEST_FILE, Manifest, Mode};
pub(crate) use placeholder::Places;
