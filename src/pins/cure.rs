//! What to type where git's files are kept in a way that only `git` itself reads.

use std::path::Path;

use super::index_file::{IS_SPARSE, IS_SPLIT, IndexFile};
use super::layout::Layout;

/// Returns the command that makes a project readable, and its harness; `None` where none is known.
pub(crate) fn cure(project: &Path, engine: &str) -> Option<String> {
    cure_of(project).or_else(|| cure_of(&project.join(engine)))
}

/// Returns the command that makes one repository readable; `None` where none is known, or none is needed.
pub(super) fn cure_of(work_tree: &Path) -> Option<String> {
    let layout = Layout::find(work_tree).ok()??;
    let command = if layout.has_reftables() {
        "refs migrate --ref-format=files"
    } else {
        let index = IndexFile::read(&layout.git_directory).ok()??;
        match index.check().err()?.as_str() {
            IS_SPLIT => "update-index --no-split-index",
            IS_SPARSE => "sparse-checkout reapply --no-sparse-index",
            _ => return None,
        }
    };
    Some(format!("`git -C {} {command}`", work_tree.display()))
}
