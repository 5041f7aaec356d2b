//! Where a change of a pin shows: for those who wait for one.

use std::path::{Path, PathBuf};

use super::layout::{Layout, read_if_there};

/// Returns the files and directories of a project of which one is replaced, made or removed whenever its pin changes.
///
/// Changes of the harness's own files show nowhere: whoever asks about those has to look at each of them.
pub(crate) fn signs(project: &Path, engine: &str) -> Vec<PathBuf> {
    let mut signs = Vec::new();
    for work_tree in [project, &project.join(engine)] {
        signs.extend([work_tree.to_owned(), work_tree.join(".git")]);
        // What cannot be found has none; it is found when `.git` changes.
        if let Ok(Some(layout)) = Layout::find(work_tree) {
            signs.extend(signs_of(&layout));
        }
    }
    signs
}

fn signs_of(layout: &Layout) -> Vec<PathBuf> {
    let own = &layout.git_directory;
    let head = read_if_there(&own.join("HEAD")).ok().flatten();
    let head = String::from_utf8_lossy(&head.unwrap_or_default()).into_owned();
    let branch = head.strip_prefix("ref:").map(str::trim);
    let is_plain = |name: &&str| name.starts_with("refs/") && !name.contains("..");
    let branch = branch.filter(is_plain).map(|name| layout.common.join(name));
    let all = [
        own.join("HEAD"),
        own.join("index"),
        layout.common.join("packed-refs"),
    ];
    all.into_iter().chain(branch).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pin_shows_in_the_project_and_in_the_engine() {
        let directory = tempfile::tempdir().unwrap();
        let project = directory.path();
        let module = project.join(".git/modules/engine");
        fs::create_dir_all(&module).unwrap();
        fs::create_dir(project.join("engine")).unwrap();
        fs::write(project.join(".git/HEAD"), "ref: refs/heads/a/b\n").unwrap();
        fs::write(
            project.join("engine/.git"),
            "gitdir: ../.git/modules/engine\n",
        )
        .unwrap();
        fs::write(module.join("HEAD"), "0".repeat(40)).unwrap();
        let signs: Vec<PathBuf> = signs(project, "engine")
            .into_iter()
            .filter_map(|sign| Some(sign.strip_prefix(project).ok()?.to_owned()))
            .collect();
        let module = "engine/../.git/modules/engine";
        assert_eq!(
            signs,
            [
                "",
                ".git",
                ".git/HEAD",
                ".git/index",
                ".git/packed-refs",
                ".git/refs/heads/a/b",
                "engine",
                "engine/.git",
                &format!("{module}/HEAD"),
                &format!("{module}/index"),
                &format!("{module}/packed-refs"),
            ]
            .map(PathBuf::from)
        );
    }
}
