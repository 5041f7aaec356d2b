use std::fs;
use std::path::PathBuf;

use super::super::fixture::{World, git, rev};
use super::super::mirror::Mirror;
use super::*;
use crate::error::{Exit, exit_of};
use crate::names::Name;

/// A project whose harness has moved to another place.
struct Moved {
    world: World,
    project: PathBuf,
    mirror: Mirror,
    url: HarnessUrl,
}

impl Moved {
    fn new() -> Self {
        let world = World::new();
        let project = world.project("demo", "v0.1.0");
        git(
            &world.path(),
            &["clone", "-q", "--mirror", "harness", "elsewhere.git"],
        );
        let url: HarnessUrl = world
            .path()
            .join("elsewhere.git")
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let name: Name = "demo".parse().unwrap();
        let mirror = Mirror::open_or_clone(&world.cache(), &name, &url).unwrap();
        Self {
            world,
            project,
            mirror,
            url,
        }
    }

    fn wish<'a>(&'a self, rescue: &'a Path) -> Move<'a> {
        Move {
            project: &self.project,
            engine: "engine",
            branch: Some("main"),
            here: false,
            mirror: &self.mirror,
            rescue,
        }
    }

    fn look(&self) -> anyhow::Result<Whence> {
        look_whence(&self.wish(&self.world.path()), &self.url)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.project, arguments)
    }

    #[track_caller]
    fn change(&self) {
        let found = self.look().unwrap();
        let rescue = self.world.path();
        if found.changes {
            change_whence(&self.wish(&rescue), &found, "Point engine elsewhere").unwrap();
        }
        point_to(&self.project, "engine", &found.to).unwrap();
        self.is_there(&found.to);
        let again = self.look().unwrap();
        assert!(!again.changes && !again.is_elsewhere);
    }

    /// Fails unless git finds all of it at a place, and nothing to do.
    #[track_caller]
    fn is_there(&self, url: &str) {
        let configs = || {
            ["config", "modules/engine/config"]
                .map(|file| fs::read_to_string(self.project.join(".git").join(file)).ok())
        };
        let before = configs();
        self.git(&["submodule", "--quiet", "sync"]);
        assert_eq!(configs(), before);
        assert_eq!(
            git(
                &self.project.join("engine"),
                &["remote", "get-url", "origin"]
            )
            .trim(),
            url
        );
        assert!(self.git(&["submodule", "status"]).starts_with(' '));
        assert_eq!(self.git(&["diff-index", "--cached", "HEAD"]), "");
        // Nothing has to be read again.
        assert_eq!(self.git(&["diff-files"]), "");
        self.git(&["fsck", "--strict"]);
    }

    #[track_caller]
    fn is_refused(&self, with: &str) {
        let error = self.look().unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused, "{error:#}");
        assert!(format!("{error:#}").contains(with), "{error:#}");
    }
}

#[test]
fn one_value_of_one_file_changes_in_one_commit() {
    let moved = Moved::new();
    let text = "# mine\r\n[submodule \"engine\"]\r\n\tpath = engine\r\n\tignore = all\n\tURL=  \"OLD\" ; where\n\n[x]\n";
    let old = moved.world.url();
    fs::write(
        moved.project.join(".gitmodules"),
        text.replace("OLD", old.as_str()),
    )
    .unwrap();
    moved.git(&["commit", "-q", "-a", "-m", "by hand"]);
    let before = rev(&moved.project, "HEAD");
    fs::write(moved.project.join("agents.toml"), "staged\n").unwrap();
    moved.git(&["add", "agents.toml"]);
    let config = fs::read_to_string(moved.project.join(".git/config")).unwrap();
    let config = format!("# top\n{config}# end");
    fs::write(moved.project.join(".git/config"), &config).unwrap();
    moved.change_with_work();
    let changed = fs::read_to_string(moved.project.join(".gitmodules")).unwrap();
    assert_eq!(changed, text.replace("\"OLD\"", moved.url.as_str()));
    let expected = config.replace(old.as_str(), moved.url.as_str());
    assert_eq!(
        fs::read_to_string(moved.project.join(".git/config")).unwrap(),
        expected
    );
    assert_eq!(rev(&moved.project, "HEAD~1"), before);
    assert_eq!(
        moved.git(&["diff", "--name-only", "HEAD~1", "HEAD"]),
        ".gitmodules\n"
    );
    assert_eq!(moved.git(&["status", "--porcelain"]), "M  agents.toml\n");
    assert_eq!(
        moved.git(&["log", "-1", "--format=%s"]),
        "Point engine elsewhere\n"
    );
}

impl Moved {
    fn change_with_work(&self) {
        let found = self.look().unwrap();
        change_whence(
            &self.wish(&self.world.path()),
            &found,
            "Point engine elsewhere",
        )
        .unwrap();
        point_to(&self.project, "engine", &found.to).unwrap();
    }
}

#[test]
fn a_submodule_of_another_name_and_one_that_is_not_absorbed_are_found() {
    let moved = Moved::new();
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "--rename-section",
        "submodule.engine",
        "submodule.the harness",
    ]);
    moved.git(&[
        "config",
        "--rename-section",
        "submodule.engine",
        "submodule.the harness",
    ]);
    moved.git(&["commit", "-q", "-m", "rename", ".gitmodules"]);
    moved.change();
    let configured = moved.git(&["config", "submodule.the harness.url"]);
    assert_eq!(configured.trim(), moved.url.as_str());

    let moved = Moved::new();
    let engine = moved.project.join("engine");
    fs::remove_file(engine.join(".git")).unwrap();
    fs::rename(
        moved.project.join(".git/modules/engine"),
        engine.join(".git"),
    )
    .unwrap();
    let config = engine.join(".git/config").to_str().unwrap().to_owned();
    let words = ["config", "-f", &config, "--unset", "core.worktree"];
    git(&moved.world.path(), &words);
    moved.change();
}

#[test]
fn a_relative_url_that_leads_there_stays() {
    let moved = Moved::new();
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.url",
        "../elsewhere.git",
    ]);
    moved.git(&["commit", "-q", "-a", "-m", "relative"]);
    let before = rev(&moved.project, "HEAD");
    moved.change();
    assert_eq!(rev(&moved.project, "HEAD"), before);

    let moved = Moved::new();
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.url",
        "../harness",
    ]);
    moved.git(&["commit", "-q", "-a", "-m", "relative"]);
    moved.change();
    let said = moved.git(&["config", "-f", ".gitmodules", "submodule.engine.url"]);
    assert_eq!(said.trim(), moved.url.as_str());
}

#[test]
fn what_is_not_committed_stands_against_it() {
    let moved = Moved::new();
    let path = moved.project.join(".gitmodules");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}# mine\n")).unwrap();
    moved.is_refused("not committed");
    moved.git(&["add", ".gitmodules"]);
    moved.is_refused("a change to `.gitmodules` is staged");
    moved.git(&["reset", "-q", "--hard"]);
    fs::remove_file(&path).unwrap();
    moved.is_refused("not committed");
    moved.git(&["reset", "-q", "--hard"]);
    moved.git(&["update-index", "--assume-unchanged", ".gitmodules"]);
    moved.is_refused("not to look");
    moved.git(&["update-index", "--no-assume-unchanged", ".gitmodules"]);
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.twice.path",
        "engine",
    ]);
    moved.git(&["commit", "-q", "-a", "-m", "twice"]);
    moved.is_refused("more than one submodule");
    moved.git(&["reset", "-q", "--hard", "HEAD~1"]);
    moved.git(&["config", "--add", "submodule.engine.url", "/again"]);
    moved.is_refused("more than one `submodule.engine.url`");
}

#[test]
fn a_cut_off_change_is_ended_wherever_it_stopped() {
    let moved = Moved::new();
    let found = moved.look().unwrap();
    let settle = || settle_whence(&moved.project, "engine", &found.from, &found.to).unwrap();
    fs::write(moved.project.join(".git/refs/heads/main.lock"), "").unwrap();
    assert_eq!(settle(), Settled::TakenBack);
    assert!(moved.look().unwrap().changes);
    moved.change();
    // As after the commit, before all else.
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.url",
        &found.from,
    ]);
    moved.git(&["add", ".gitmodules"]);
    assert_eq!(settle(), Settled::Completed);
    moved.is_there(&found.to);
    // Somebody has gone on.
    moved.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.url",
        "/third",
    ]);
    moved.git(&["commit", "-q", "-a", "-m", "third"]);
    assert!(settle_whence(&moved.project, "engine", &found.from, &found.to).is_err());
}

#[test]
fn line_ends_that_git_converts_stay_as_they_are() {
    let moved = Moved::new();
    moved.git(&["config", "core.autocrlf", "true"]);
    let path = moved.project.join(".gitmodules");
    fs::remove_file(&path).unwrap();
    moved.git(&["checkout", "-q", "--", ".gitmodules"]);
    assert!(fs::read_to_string(&path).unwrap().contains("\r\n"));
    let found = moved.look().unwrap();
    change_whence(&moved.wish(&moved.world.path()), &found, "x").unwrap();
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("elsewhere.git\r\n")
    );
    assert_eq!(moved.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_harness_that_is_a_work_tree_of_another_repository_is_left_alone() {
    let moved = Moved::new();
    let engine = moved.project.join("engine");
    fs::remove_dir_all(&engine).unwrap();
    git(
        &moved.world.harness(),
        &[
            "worktree",
            "add",
            "-q",
            "--detach",
            engine.to_str().unwrap(),
            "v0.1.0",
        ],
    );
    moved.is_refused("is a linked work tree");
}

#[test]
fn a_project_that_is_itself_a_submodule_is_a_project() {
    let mut moved = Moved::new();
    let above = moved.world.path().join("above");
    fs::create_dir(&above).unwrap();
    git(&above, &["init", "-q", "-b", "main"]);
    let from = moved.project.to_str().unwrap().to_owned();
    let clone = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &from,
        "inner",
    ];
    git(&above, &clone);
    moved.project = above.join("inner");
    moved.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
    ]);
    let found = moved.look().unwrap();
    change_whence(&moved.wish(&moved.world.path()), &found, "x").unwrap();
    point_to(&moved.project, "engine", &found.to).unwrap();
    let said = moved.git(&["config", "submodule.engine.url"]);
    assert_eq!(said.trim(), moved.url.as_str());
    assert!(moved.git(&["submodule", "status"]).starts_with(' '));
    assert_eq!(moved.git(&["status", "--porcelain"]), "");
}
