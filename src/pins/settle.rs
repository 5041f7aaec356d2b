//! After a move was cut off, by whatever and whenever: the harness and the index at the commit that HEAD pins.
//!
//! Only paths in which the two versions differ can have been touched. What such a file holds is one version's bytes,
//! the other's, or something else; that something may be half of a write or somebody's work, so it is kept.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use git2::build::CheckoutBuilder;
use git2::{ObjectType, Oid, Repository};

use crate::error::refused;
use crate::names::CommitId;

use super::engine::{find_tree, link_objects, pin_index};
use super::index_file::IndexFile;
use super::layout::{Layout, gitlink_in, tree_of};
use super::nested::update_nested;
use super::project_index::{NewIndex, clear_left_overs, remove_if_there};
use super::repin::Move;
use super::repository::{commit_id, oid, open};

/// How an interrupted move ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// HEAD pins the new commit, and now all else follows.
    Completed,
    /// HEAD pins the old commit, and all else is back at it.
    TakenBack,
}

/// Ends a move of `from` to `to` that was cut off. Safe to repeat; nothing to do is done as well.
///
/// Refuses where HEAD pins neither: somebody went on.
pub(crate) fn settle(wish: &Move<'_>, from: &CommitId, to: &CommitId) -> anyhow::Result<Settled> {
    let project = open(wish.project)?;
    clear_left_overs(project.path())?;
    let pinned = pinned(wish).map_err(|why| anyhow::anyhow!(why))?;
    let (settled, target, other) = match pinned {
        Some(pinned) if pinned == *to => (Settled::Completed, to, from),
        Some(pinned) if pinned == *from => (Settled::TakenBack, from, to),
        _ => {
            return Err(refused(format!(
                "the project's HEAD pins neither {} nor {}: somebody went on",
                from.short(),
                to.short()
            ))
            .hint(format!(
                "`git -C {} log -- {}`",
                wish.project.display(),
                wish.engine
            ))
            .into());
        }
    };
    clear_branch_lock(&project, wish.engine, to)?;
    restore(wish, target, other)
        .with_context(|| format!("cannot put the harness at {}", target.short()))?;
    settle_index(wish, &project, target, other)?;
    Ok(settled)
}

fn pinned(wish: &Move<'_>) -> Result<Option<CommitId>, String> {
    let layout = Layout::find(wish.project)?.ok_or("the project is no repository")?;
    let Some(commit) = layout.head()?.commit else {
        return Ok(None);
    };
    let objects = layout.objects()?;
    let pinned = gitlink_in(&objects, tree_of(&objects, commit)?, wish.engine)?;
    Ok(pinned.map(commit_id))
}

/// Removes a branch's lock that the move left: one that is empty, or names a commit with the new pin.
fn clear_branch_lock(project: &Repository, engine: &str, to: &CommitId) -> anyhow::Result<()> {
    let head = project.find_reference("HEAD").context("cannot read HEAD")?;
    let Some(branch) = head.symbolic_target_bytes() else {
        return Ok(());
    };
    let lock = [branch, b".lock"].concat();
    let lock = project.commondir().join(OsStr::from_bytes(&lock));
    let Ok(text) = fs::read_to_string(&lock) else {
        return Ok(());
    };
    let is_ours = |commit: Oid| {
        let tree = project.find_commit(commit).and_then(|commit| commit.tree());
        tree.and_then(|tree| tree.get_path(Path::new(engine)))
            .is_ok_and(|entry| entry.id() == oid(to))
    };
    let text = text.trim();
    if text.len() < 40 || Oid::from_str(text).is_ok_and(is_ours) {
        remove_if_there(&lock)?;
    }
    Ok(())
}

fn settle_index(
    wish: &Move<'_>,
    project: &Repository,
    target: &CommitId,
    other: &CommitId,
) -> anyhow::Result<()> {
    let staged = match IndexFile::read(project.path()) {
        Ok(Some(index)) => index.gitlink(wish.engine),
        Ok(None) => Ok(None),
        Err(why) => Err(why),
    }
    .map_err(|why| anyhow::anyhow!(why))?;
    // Anything else was staged by somebody since.
    if staged == Some(oid(other)) && target != other {
        NewIndex::prepare(project.path(), wish.engine, target)?.put_in_place()?;
    }
    Ok(())
}

/// Puts the harness at `target`; of what differs from `other`, nothing unknown is lost.
fn restore(wish: &Move<'_>, target: &CommitId, other: &CommitId) -> anyhow::Result<()> {
    let engine = open(&wish.project.join(wish.engine))?;
    clear_locks(engine.path())?;
    let path = engine.path().join("index");
    if git2::Index::open(&path).is_err() {
        // A torn index holds nothing that the tree does not.
        fs::remove_file(&path).context("cannot remove the harness's broken index")?;
    }
    link_objects(wish.mirror.directory(), engine.commondir())?;
    let work_tree = engine
        .workdir()
        .context("the harness has no work tree")?
        .to_path_buf();
    let (mut missing, mut present) = (Vec::new(), Vec::new());
    for (path, versions) in differing(&engine, target, other)? {
        if versions.is_nested() {
            continue;
        }
        if make_way(wish, &engine, &work_tree, &path, &versions)? {
            missing.push(path.clone());
        }
        if versions.target.is_some() {
            present.push(path);
        }
    }
    write_out(&engine, target, &missing, &present)?;
    update_nested(&engine)
}

/// Removes what is not the target's from one path; true if the target's is then to be written there.
fn make_way(
    wish: &Move<'_>,
    engine: &Repository,
    work_tree: &Path,
    path: &Path,
    versions: &Versions,
) -> anyhow::Result<bool> {
    let place = work_tree.join(path);
    let found = look(engine, work_tree, path)?;
    if found == versions.target {
        return Ok(false);
    }
    let Some((_, id)) = found else {
        return Ok(true);
    };
    let is_known = [versions.target, versions.other]
        .iter()
        .flatten()
        .any(|(_, known)| *known == id);
    if !is_known {
        // Where the target has nothing, a file that was not being written is in nobody's way.
        if versions.target.is_none() && !is_torn(engine, &place, versions.other) {
            return Ok(false);
        }
        keep(wish.rescue, path, &place)?;
    }
    fs::remove_file(&place).with_context(|| format!("cannot remove `{}`", place.display()))?;
    remove_empty_folders(work_tree, path);
    Ok(versions.target.is_some())
}

/// Tells whether a file is the beginning of what was being written.
fn is_torn(engine: &Repository, place: &Path, other: Content) -> bool {
    let Some((_, id)) = other else { return false };
    let blob = engine.find_blob(id);
    let found = fs::read(place);
    matches!((blob, found), (Ok(blob), Ok(found)) if blob.content().starts_with(&found))
}

/// Removes the locks that a killed checkout left in the harness's own git directory.
fn clear_locks(git_directory: &Path) -> anyhow::Result<()> {
    for name in ["index.lock", "HEAD.lock", "packed-refs.lock", "config.lock"] {
        remove_if_there(&git_directory.join(name))?;
    }
    let mut folders = vec![git_directory.join("refs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                remove_if_there(&path)?;
            }
        }
    }
    Ok(())
}

/// Mode and content of a path in a version, or on disk.
type Content = Option<(u32, Oid)>;

#[derive(Debug, Default)]
struct Versions {
    target: Content,
    other: Content,
}

impl Versions {
    fn is_nested(&self) -> bool {
        [self.target, self.other]
            .iter()
            .flatten()
            .any(|(mode, _)| *mode == 0o160_000)
    }
}

/// Lists the paths whose content is not the same in both commits.
fn differing(
    engine: &Repository,
    target: &CommitId,
    other: &CommitId,
) -> anyhow::Result<BTreeMap<PathBuf, Versions>> {
    let (target, other) = (find_tree(engine, target)?, find_tree(engine, other)?);
    let diff = engine
        .diff_tree_to_tree(Some(&other), Some(&target), None)
        .context("cannot compare the two versions of the harness")?;
    let mut found = BTreeMap::<PathBuf, Versions>::new();
    for delta in diff.deltas() {
        let content = |file: git2::DiffFile<'_>| {
            (!file.id().is_zero()).then(|| (u32::from(file.mode()), file.id()))
        };
        if let Some(path) = delta.old_file().path() {
            let versions = found.entry(path.to_path_buf()).or_default();
            versions.other = versions.other.or(content(delta.old_file()));
        }
        if let Some(path) = delta.new_file().path() {
            let versions = found.entry(path.to_path_buf()).or_default();
            versions.target = versions.target.or(content(delta.new_file()));
        }
    }
    Ok(found)
}

/// Reads what is on disk; nothing is found behind a symlink, for that is not the harness's.
fn look(engine: &Repository, work_tree: &Path, path: &Path) -> anyhow::Result<Content> {
    let mut place = work_tree.to_path_buf();
    for component in path.parent().into_iter().flat_map(Path::components) {
        place.push(component);
        if !place.symlink_metadata().is_ok_and(|met| met.is_dir()) {
            return Ok(None);
        }
    }
    let place = work_tree.join(path);
    let Ok(met) = place.symlink_metadata() else {
        return Ok(None);
    };
    let kind = met.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(&place)?;
        let id = Oid::hash_object(ObjectType::Blob, target.as_os_str().as_bytes())?;
        return Ok(Some((0o120_000, id)));
    }
    if kind.is_dir() {
        // A folder where a file belongs: checking out says so if it is in the way.
        return Ok(None);
    }
    if !kind.is_file() {
        return Err(refused(format!("`{}` is no regular file", place.display())).into());
    }
    let mode = if met.permissions().mode() & 0o100 == 0 {
        0o100_644
    } else {
        0o100_755
    };
    // With the filters that a checkout applies, the other way round.
    let id = engine
        .blob_path(&place)
        .with_context(|| format!("cannot read `{}`", place.display()))?;
    Ok(Some((mode, id)))
}

/// Keeps a copy of a file outside the project, under a name that is free.
fn keep(rescue: &Path, path: &Path, place: &Path) -> anyhow::Result<()> {
    let mut copy = rescue.join(path);
    let mut count = 0;
    while copy.symlink_metadata().is_ok() {
        count += 1;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{count}"));
        copy = rescue.join(name);
    }
    let kept = (|| {
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::read_link(place) {
            Ok(target) => std::os::unix::fs::symlink(target, &copy),
            Err(_) => fs::copy(place, &copy).map(drop),
        }
    })();
    kept.with_context(|| format!("cannot keep `{}` as `{}`", place.display(), copy.display()))?;
    tracing::warn!(file = %place.display(), copy = %copy.display(), "kept a file of unknown content");
    Ok(())
}

fn remove_empty_folders(work_tree: &Path, path: &Path) {
    for folder in path
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        // A folder with something in it stays.
        if fs::remove_dir(work_tree.join(folder)).is_err() {
            return;
        }
    }
}

/// Writes the files that are missing, then an index of the target with fresh stat data for `present`, then HEAD.
fn write_out(
    engine: &Repository,
    target: &CommitId,
    missing: &[PathBuf],
    present: &[PathBuf],
) -> anyhow::Result<()> {
    let tree = find_tree(engine, target)?;
    // Index and HEAD first: to libgit2, what is to be written is then merely missing.
    pin_index(engine, &tree)?;
    if engine.refname_to_id("HEAD").ok() != Some(oid(target)) || !engine.head_detached()? {
        engine.set_head_detached(oid(target))?;
    }
    if !missing.is_empty() {
        let mut how = CheckoutBuilder::new();
        how.force().disable_pathspec_match(true);
        for path in missing {
            how.path(path);
        }
        engine
            .checkout_tree(tree.as_object(), Some(&mut how))
            .context("cannot write the harness's files")?;
    }
    let mut index = engine.index().context("cannot read the harness's index")?;
    index.read(true)?;
    for path in present {
        // A folder in a file's place has nothing to take over; the file check will find it.
        if engine.workdir().is_some_and(|top| {
            top.join(path)
                .symlink_metadata()
                .is_ok_and(|met| !met.is_dir())
        }) {
            index.add_path(path)?;
        }
    }
    index.write().context("cannot write the harness's index")?;
    pin_index(engine, &tree)
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::super::fixture::{World, git, rev};
    use super::super::repin::carry_out;
    use super::*;

    /// A project that was moved from v0.1.0 to v0.2.0, and what was before.
    struct Moved {
        world: World,
        project: PathBuf,
        before: CommitId,
        after: CommitId,
    }

    impl Moved {
        fn new() -> Self {
            let world = World::new();
            let project = world.project("demo", "v0.1.0");
            fs::write(project.join("mine"), "mine").unwrap();
            git(&project, &["add", "mine"]);
            let before = rev(&project, "HEAD");
            let moved = Self {
                after: before.clone(),
                before,
                world,
                project,
            };
            moved.with(|wish, from, to| {
                let ready = check(wish).unwrap();
                assert_eq!(ready.from, *from);
                carry_out(wish, &ready, to, "Move").unwrap();
            });
            Self {
                after: rev(&moved.project, "HEAD"),
                ..moved
            }
        }

        fn with<T>(&self, act: impl FnOnce(&Move<'_>, &CommitId, &CommitId) -> T) -> T {
            let mirror = self.world.mirror();
            let wish = Move {
                project: &self.project,
                engine: "engine",
                branch: Some("main"),
                here: false,
                mirror: &mirror,
                rescue: &self.world.path().join("rescue"),
            };
            act(
                &wish,
                &self.world.commit("v0.1.0"),
                &self.world.commit("v0.2.0"),
            )
        }

        /// Takes the branch back to before the commit, as if the move had been cut off just before it.
        fn without_commit(self) -> Self {
            git(
                &self.project,
                &["update-ref", "refs/heads/main", self.before.as_str()],
            );
            self
        }

        fn engine(&self, path: &str) -> PathBuf {
            self.project.join("engine").join(path)
        }

        /// Settles twice, and checks with git that all is as after a move, or as before one.
        #[track_caller]
        fn assert_settles(&self, expected: Settled) {
            for _ in 0..2 {
                assert_eq!(self.with(settle).unwrap(), expected);
                assert_eq!(git(&self.project, &["status", "--porcelain"]), "A  mine\n");
                let (head, tag) = match expected {
                    Settled::Completed => (&self.after, "v0.2.0"),
                    Settled::TakenBack => (&self.before, "v0.1.0"),
                };
                assert_eq!(rev(&self.project, "HEAD"), *head);
                let pin = self.world.commit(tag);
                assert_eq!(
                    git(&self.project, &["submodule", "status"]),
                    format!(" {pin} engine ({tag})\n")
                );
                let facts = super::super::facts::read(
                    &self.project,
                    "engine",
                    super::super::facts::Depth::Files,
                );
                assert_eq!(facts.dirty, Some(false));
            }
            // And git can go on.
            git(&self.project, &["commit", "-q", "-m", "next"]);
            git(&self.project.join("engine"), &["fsck", "--strict"]);
        }

        fn rescued(&self) -> Vec<(PathBuf, String)> {
            let rescue = self.world.path().join("rescue");
            walkdir::WalkDir::new(&rescue)
                .sort_by_file_name()
                .into_iter()
                .flatten()
                .filter(|entry| entry.file_type().is_file())
                .map(|entry| {
                    let text = fs::read_to_string(entry.path()).unwrap();
                    (
                        entry.path().strip_prefix(&rescue).unwrap().to_path_buf(),
                        text,
                    )
                })
                .collect()
        }
    }

    #[test]
    fn a_whole_move_needs_nothing() {
        Moved::new().assert_settles(Settled::Completed);
    }

    #[test]
    fn before_the_commit_it_is_taken_back() {
        // All but the commit; then with the old index as well.
        Moved::new()
            .without_commit()
            .assert_settles(Settled::TakenBack);
        let moved = Moved::new().without_commit();
        git(&moved.project, &["reset", "-q", "engine"]);
        moved.assert_settles(Settled::TakenBack);
        assert_eq!(moved.rescued(), []);
    }

    #[test]
    fn after_the_commit_it_is_completed() {
        let moved = Moved::new();
        let old = moved.world.commit("v0.1.0");
        git(
            &moved.project,
            &[
                "update-index",
                "--cacheinfo",
                &format!("160000,{old},engine"),
            ],
        );
        moved.assert_settles(Settled::Completed);
        // The lock is the new index, and was never put in place.
        let moved = Moved::new();
        let old = moved.world.commit("v0.1.0");
        git(
            &moved.project,
            &[
                "update-index",
                "--cacheinfo",
                &format!("160000,{old},engine"),
            ],
        );
        let directory = moved.project.join(".git");
        let held = NewIndex::prepare(&directory, "engine", &moved.world.commit("v0.2.0")).unwrap();
        std::mem::forget(held);
        assert!(directory.join("index.lock").exists());
        moved.assert_settles(Settled::Completed);
        assert!(!directory.join("index.next").exists());
    }

    #[test]
    fn a_checkout_cut_off_anywhere_is_put_right() {
        for has_commit in [true, false] {
            for step in 0..5 {
                let moved = Moved::new();
                let modules = moved.project.join(".git/modules/engine");
                // The files of one version, the index and HEAD of the other; some not written yet, locks left.
                match step {
                    0 => fs::write(
                        modules.join("HEAD"),
                        format!("{}\n", moved.world.commit("v0.1.0")),
                    )
                    .unwrap(),
                    1 => fs::write(moved.engine("harness.toml"), "one\n").unwrap(),
                    2 => fs::remove_file(moved.engine("only-two")).unwrap(),
                    3 => fs::write(moved.engine("only-one"), "1\n").unwrap(),
                    _ => fs::write(modules.join("index"), "DIRC").unwrap(),
                }
                for lock in ["index.lock", "HEAD.lock", "refs/tags/v0.2.0.lock"] {
                    fs::create_dir_all(modules.join("refs/tags")).unwrap();
                    fs::write(modules.join(lock), "").unwrap();
                }
                fs::write(moved.project.join(".git/refs/heads/main.lock"), "").unwrap();
                if has_commit {
                    moved.assert_settles(Settled::Completed);
                } else {
                    fs::remove_file(moved.project.join(".git/refs/heads/main.lock")).unwrap();
                    let moved = moved.without_commit();
                    moved.assert_settles(Settled::TakenBack);
                }
            }
        }
    }

    #[test]
    fn half_a_write_is_kept_before_it_is_overwritten() {
        let moved = Moved::new();
        fs::write(moved.engine("harness.toml"), "tw").unwrap();
        moved.assert_settles(Settled::Completed);
        assert_eq!(fs::read(moved.engine("harness.toml")).unwrap(), b"two\n");
        fs::write(moved.engine("harness.toml"), "mine").unwrap();
        moved.with(settle).unwrap();
        let expected = [("harness.toml", "tw"), ("harness.toml.1", "mine")];
        assert_eq!(
            moved.rescued(),
            expected.map(|(path, text)| (path.into(), text.to_owned()))
        );
    }

    #[test]
    fn what_the_move_never_wrote_is_left_alone() {
        let moved = Moved::new().without_commit();
        fs::write(moved.engine("bin/run"), "mine").unwrap();
        fs::write(moved.engine("only-two"), "mine").unwrap();
        fs::write(moved.engine("untracked"), "mine").unwrap();
        assert_eq!(moved.with(settle).unwrap(), Settled::TakenBack);
        for path in ["bin/run", "only-two", "untracked"] {
            assert_eq!(fs::read(moved.engine(path)).unwrap(), b"mine", "{path}");
        }
        assert_eq!(moved.rescued(), []);
    }

    #[test]
    fn anothers_lock_and_anothers_pin_are_respected() {
        let moved = Moved::new();
        let lock = moved.project.join(".git/index.lock");
        fs::write(&lock, "").unwrap();
        moved.with(settle).unwrap();
        assert!(lock.exists());
        fs::remove_file(&lock).unwrap();
        let other = "1".repeat(40);
        git(
            &moved.project,
            &[
                "update-index",
                "--cacheinfo",
                &format!("160000,{other},engine"),
            ],
        );
        moved.with(settle).unwrap();
        assert!(git(&moved.project, &["ls-files", "-s", "engine"]).contains(&other));
        git(&moved.project, &["commit", "-q", "-m", "mine"]);
        let error = moved.with(settle).unwrap_err();
        assert!(error.to_string().contains("somebody went on"), "{error:#}");
    }

    #[test]
    fn nothing_behind_a_symlink_is_touched() {
        let world = World::new();
        let outside = world.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, world.harness().join("data")).unwrap();
        world.release("v0.1.0", &[]);
        fs::remove_file(world.harness().join("data")).unwrap();
        world.release("v0.2.0", &[("data/file", "theirs")]);
        let project = world.project("demo", "v0.1.0");
        let mirror = world.mirror();
        let wish = Move {
            project: &project,
            engine: "engine",
            branch: None,
            here: false,
            mirror: &mirror,
            rescue: &world.path().join("rescue"),
        };
        let (from, to) = (world.commit("v0.1.0"), world.commit("v0.2.0"));
        assert_eq!(settle(&wish, &from, &to).unwrap(), Settled::TakenBack);
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
        let ready = check(&wish).unwrap();
        carry_out(&wish, &ready, &to, "Move").unwrap();
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
        assert_eq!(
            fs::read(project.join("engine/data/file")).unwrap(),
            b"theirs"
        );
        git(&project, &["update-ref", "HEAD", "HEAD^"]);
        assert_eq!(settle(&wish, &from, &to).unwrap(), Settled::TakenBack);
        assert_eq!(fs::read_link(project.join("engine/data")).unwrap(), outside);
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"mine");
        assert_eq!(git(&project, &["status", "--porcelain"]), "");
    }
}
