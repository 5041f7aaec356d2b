//! A harness that is missing from a project: made from the mirror, as `git submodule update --init` would.

use std::fs;
use std::path::{Component, Path};

use anyhow::Context as _;
use git2::Repository;

use crate::error::refused;
use crate::files::remove_tree_if_there;
use crate::names::{CommitId, HarnessUrl};

use super::engine::{Engine, link_objects, relative};
use super::gitmodules::submodule_name;
use super::hostile::is_harmless;
use super::mirror::Mirror;
use super::nested::update_nested;
use super::repository::open;
use super::restore::clear_locks;

/// Fills a missing harness at a commit. Refuses where something else is in its place.
///
/// A git directory that an earlier harness left is used, not replaced. Safe to repeat after a kill at any moment.
pub(crate) fn fill(
    project: &Path,
    engine: &str,
    mirror: &Mirror,
    url: &HarnessUrl,
    commit: &CommitId,
) -> anyhow::Result<()> {
    let repository = open(project)?;
    let place = project.join(engine);
    check_place(project, engine)?;
    let name = submodule_name(project, engine)?;
    let new = Engine {
        project,
        git_directory: repository.path(),
        path: engine,
        name: &name,
        mirror,
        url,
        commit,
    };
    fill_place(&new, &place).with_context(|| format!("cannot fill `{}`", place.display()))?;
    register(&repository, &name, url).context("cannot write the project's git configuration")
}

fn fill_place(new: &Engine<'_>, place: &Path) -> anyhow::Result<()> {
    let (modules, work_tree) = new.places()?;
    if modules.join("HEAD").exists() {
        link_objects(new.mirror.directory(), &modules)?;
    } else {
        let beside = modules.with_extension("new");
        remove_tree_if_there(&beside)?;
        new.lay_out(&beside, &relative(&modules, &work_tree))?;
        // What is in the way has no HEAD, so git does not take it for a repository either.
        remove_tree_if_there(&modules)?;
        fs::rename(&beside, &modules)?;
    }
    let files = modules.join("checkout.new");
    if files.exists() {
        // A fill was killed here. Nobody else works in a git directory that has no work tree.
        clear_locks(&modules)?;
        remove_tree_if_there(&files)?;
    }
    new.populate(
        &open_bare(&modules)?,
        &files,
        &relative(&work_tree, &modules),
    )?;
    if let Some(parent) = work_tree.parent() {
        fs::create_dir_all(parent)?;
    }
    // Replaces an empty directory, and nothing else.
    fs::rename(&files, &work_tree)?;
    update_nested(&open(place)?)
}

/// Opens a git directory whose work tree may be missing.
fn open_bare(directory: &Path) -> anyhow::Result<Repository> {
    Repository::open_ext(
        directory,
        git2::RepositoryOpenFlags::BARE | git2::RepositoryOpenFlags::NO_SEARCH,
        std::iter::empty::<&Path>(),
    )
    .with_context(|| format!("cannot open `{}`", directory.display()))
}

fn check_place(project: &Path, engine: &str) -> anyhow::Result<()> {
    let mut folder = project.to_path_buf();
    for component in Path::new(engine).components() {
        let Component::Normal(name) = component else {
            return Err(refused(format!("`{engine}` leads out of the project")).into());
        };
        if !is_harmless(name.as_encoded_bytes()) {
            return Err(refused(format!("`{engine}` leads into a git directory")).into());
        }
        folder.push(name);
        let Ok(met) = folder.symlink_metadata() else {
            return Ok(());
        };
        if !met.is_dir() {
            return Err(refused(format!("`{}` is no directory", folder.display()))
                .hint(format!("move it aside: `mv {0} {0}.old`", folder.display()))
                .into());
        }
    }
    let is_empty = fs::read_dir(&folder)
        .with_context(|| format!("cannot read `{}`", folder.display()))?
        .next()
        .is_none();
    if is_empty {
        return Ok(());
    }
    Err(refused(format!("`{}` is not empty", folder.display()))
        .hint(format!("move it aside: `mv {0} {0}.old`", folder.display()))
        .into())
}

/// Tells git of the submodule, as `git submodule init` does, where it does not know yet.
fn register(project: &Repository, name: &str, url: &HarnessUrl) -> Result<(), git2::Error> {
    let mut config = project.config()?.open_level(git2::ConfigLevel::Local)?;
    let key = format!("submodule.{name}.url");
    if config.get_entry(&key).is_err() {
        config.set_str(&key, url.as_str())?;
        config.set_bool(&format!("submodule.{name}.active"), true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, git, rev};
    use super::*;
    use crate::error::{Exit, exit_of};

    fn fill_at(world: &World, project: &Path) -> anyhow::Result<()> {
        fill(
            project,
            "engine",
            &world.mirror(),
            &world.url(),
            &world.commit("v0.1.0"),
        )
    }

    #[track_caller]
    fn assert_filled(world: &World, project: &Path) {
        fill_at(world, project).unwrap();
        assert_eq!(git(project, &["status", "--porcelain"]), "");
        let status = format!(" {} engine (v0.1.0)\n", world.commit("v0.1.0"));
        assert_eq!(git(project, &["submodule", "status"]), status);
        let engine = project.join("engine");
        assert_eq!(git(&engine, &["status", "--porcelain"]), "");
        assert_eq!(
            git(&engine, &["remote", "get-url", "origin"]).trim(),
            world.url().as_str()
        );
        git(&engine, &["fsck", "--strict"]);
        // It is in nobody's way that the directory is moved later.
        assert_eq!(fs::read(engine.join(".git")).unwrap().first(), Some(&b'g'));
        assert!(
            !fs::read_to_string(engine.join(".git"))
                .unwrap()
                .contains(": /")
        );
    }

    #[test]
    fn a_fresh_clone_is_filled() {
        let world = World::new();
        world.project("demo", "v0.1.0");
        git(&world.path(), &["clone", "-q", "demo", "clone"]);
        assert_filled(&world, &world.path().join("clone"));
        assert!(fill_at(&world, &world.path().join("clone")).is_err());
    }

    #[test]
    fn a_harness_that_was_removed_comes_back() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let kept = rev(&project.join("engine"), "HEAD");
        git(&project.join("engine"), &["branch", "mine"]);
        fs::remove_dir_all(project.join("engine")).unwrap();
        assert_filled(&world, &project);
        assert_eq!(rev(&project.join("engine"), "mine"), kept);
        git(
            &project,
            &["submodule", "--quiet", "deinit", "-f", "engine"],
        );
        assert_filled(&world, &project);
    }

    #[test]
    fn a_submodule_of_another_name_is_filled_under_its_name() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        fs::remove_dir_all(project.join("engine")).unwrap();
        fs::remove_dir_all(project.join(".git/modules")).unwrap();
        git(
            &project,
            &[
                "config",
                "-f",
                ".gitmodules",
                "--rename-section",
                "submodule.engine",
                "submodule.the harness",
            ],
        );
        git(&project, &["commit", "-q", "-m", "rename", ".gitmodules"]);
        assert_filled(&world, &project);
        assert!(project.join(".git/modules/the harness/HEAD").exists());
    }

    #[test]
    fn a_linked_work_tree_is_filled_on_its_own() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        git(
            &project,
            &["worktree", "add", "-q", "../linked", "-b", "side"],
        );
        assert_filled(&world, &world.path().join("linked"));
        assert_eq!(git(&project, &["status", "--porcelain"]), "");
    }

    #[test]
    fn what_is_in_the_place_stays() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let engine = project.join("engine");
        fs::remove_file(engine.join(".git")).unwrap();
        let error = fill_at(&world, &project).unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused, "{error:#}");
        assert!(engine.join("harness.toml").exists());
        fs::remove_dir_all(&engine).unwrap();
        std::os::unix::fs::symlink(world.path(), &engine).unwrap();
        let error = fill_at(&world, &project).unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused, "{error:#}");
        for name in ["../out", "a/../../../out", ".git/x"] {
            fs::write(
                project.join(".gitmodules"),
                format!("[submodule \"{name}\"]\n\tpath = engine\n"),
            )
            .unwrap();
            let _ = fs::remove_file(&engine);
            let error = fill_at(&world, &project).unwrap_err();
            assert!(format!("{error:#}").contains("strange name"), "{error:#}");
        }
    }

    #[test]
    fn a_fill_that_was_cut_off_is_done_again() {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        let modules = project.join(".git/modules/engine");
        fs::remove_dir_all(project.join("engine")).unwrap();
        fs::create_dir_all(modules.join("checkout.new/bin")).unwrap();
        assert_filled(&world, &project);
        fs::remove_dir_all(project.join("engine")).unwrap();
        fs::remove_dir_all(&modules).unwrap();
        fs::create_dir_all(modules.with_extension("new").join("objects")).unwrap();
        fs::create_dir_all(project.join("engine")).unwrap();
        assert_filled(&world, &project);
    }
}
