//! What keeps a project out of the trash: each thing that was found, with its way out. Made with git, from outside.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, assert_same};

const DELETE: [&str; 3] = ["remove", "demo", "--delete-files"];
const FORCE: [&str; 4] = ["remove", "demo", "--delete-files", "--force"];

/// Fails unless the removal is refused, says this, and changes nothing.
#[track_caller]
fn is_refused(sandbox: &Sandbox, words: &[&str], expected: &[&str]) {
    let before = sandbox.world();
    let output = sandbox.fleet(words);
    let said = sandbox.normalise(&output.exited(3).stderr);
    let causes: Vec<&str> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("because: "))
        .collect();
    assert_eq!(causes, expected, "{said}");
    assert!(said.contains("hint: "), "{said}");
    assert_same(&before, &sandbox.world());
    assert!(sandbox.trash().is_empty());
}

#[test]
fn each_thing_that_was_found_is_named_with_its_way_out() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.write("fleet/projects/demo/new", "");
    sandbox.write("fleet/projects/demo/engine/run.sh", "changed\n");
    let before = sandbox.world();
    assert_snapshot!(sandbox.run("remove demo --delete-files"), @r"
    --- stderr
    error: `demo` holds what exists nowhere else
      because: the project has 1 commit, on `main`, and no remote that has them
      because: the project has untracked files: `new`
      because: `engine` has changes that are not committed: `run.sh`
    hint: `git -C $ROOT/fleet/projects/demo remote add origin URL`, then `git -C $ROOT/fleet/projects/demo push --all origin`
    hint: `git -C $ROOT/fleet/projects/demo status` shows them; commit and push them, or `git -C $ROOT/fleet/projects/demo stash`
    hint: `git -C $ROOT/fleet/projects/demo/engine status` shows them; commit and push them, or `git -C $ROOT/fleet/projects/demo/engine stash`
    hint: or `fleet remove demo --delete-files --force`: it goes to the trash with all of that
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    let forced = sandbox.fleet(&FORCE);
    assert_eq!(
        forced
            .succeeded()
            .stderr
            .matches("warning: `demo`: ")
            .count(),
        3
    );
    let [trashed] = sandbox.trash().try_into().expect("there is one");
    assert!(trashed.join("new").exists());
}

#[test]
fn changes_of_every_kind_keep_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    let git = |arguments: &[&str]| sandbox.git(&project, arguments);
    sandbox.write("fleet/projects/demo/kept", "one\n");
    git(&["add", "kept"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has staged changes: `kept`"],
    );
    git(&["commit", "--quiet", "--message", "Kept"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit that no remote has, on `main`"],
    );
    git(&["push", "--quiet", "origin", "main"]);
    sandbox.write("fleet/projects/demo/kept", "two\n");
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has changes that are not committed: `kept`"],
    );
    git(&["update-index", "--skip-worktree", "kept"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has changes that git was told not to see: `kept`"],
    );
    git(&["update-index", "--no-skip-worktree", "kept"]);
    git(&["stash", "--quiet"]);
    is_refused(&sandbox, &DELETE, &["the project has 1 stashed change"]);
    git(&["stash", "drop", "--quiet"]);
    git(&["rm", "--quiet", "--cached", "kept"]);
    is_refused(
        &sandbox,
        &DELETE,
        &[
            "the project has staged changes: `kept`",
            "the project has untracked files: `kept`",
        ],
    );
    git(&["reset", "--quiet", "--hard"]);
    git(&["config", "submodule.engine.ignore", "all"]);
    git(&["-C", "engine", "checkout", "--quiet", "v0.2.0"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["`engine` is at <commit>, which the project does not pin"],
    );
    git(&["submodule", "--quiet", "update", "--force"]);
    sandbox.fleet(&DELETE).succeeded();
}

#[test]
fn commits_that_are_nowhere_else_keep_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    let git = |arguments: &[&str]| sandbox.git(&project, arguments);
    let commit = ["commit", "--quiet", "--allow-empty", "--message", "Mine"];
    git(&["switch", "--quiet", "--create", "side"]);
    git(&commit);
    git(&["switch", "--quiet", "main"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit that no remote has, on `side`"],
    );
    git(&["tag", "--message", "Mine", "kept", "side"]);
    git(&["branch", "--quiet", "-D", "side"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit that no remote has, on `kept`"],
    );
    git(&["push", "--quiet", "origin", "kept"]);
    git(&["tag", "--delete", "kept"]);
    git(&["switch", "--quiet", "--detach"]);
    git(&commit);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit that no remote has, on `HEAD`"],
    );
    git(&["switch", "--quiet", "main"]);
    git(&["notes", "add", "--message", "mine"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit that no remote has, on `refs/notes/commits`"],
    );
    git(&["update-ref", "-d", "refs/notes/commits"]);
    git(&["-C", "engine", "switch", "--quiet", "--create", "mine"]);
    let engine: Vec<&str> = ["-C", "engine"].into_iter().chain(commit).collect();
    git(&engine);
    git(&["-C", "engine", "switch", "--quiet", "--detach", "v0.1.0"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["`engine` has 1 commit that no remote has, on `mine`"],
    );
    git(&["-C", "engine", "branch", "--quiet", "-D", "mine"]);
    // A remote that is no more has nothing.
    fs::rename(
        sandbox.at("remotes/demo.git"),
        sandbox.at("remotes/old.git"),
    )
    .expect("it is ours");
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has 1 commit, on `main`, and no remote that has them"],
    );
    fs::rename(
        sandbox.at("remotes/old.git"),
        sandbox.at("remotes/demo.git"),
    )
    .expect("it is ours");
    sandbox.fleet(&DELETE).succeeded();
}

#[test]
fn unfinished_work_and_other_repositories_keep_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    let git = |arguments: &[&str]| sandbox.git(&project, arguments);
    git(&["bisect", "start"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project is in the middle of a bisect"],
    );
    git(&["bisect", "reset"]);
    git(&["worktree", "add", "--quiet", "../linked", "-b", "linked"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["the project has linked work trees: `linked`"],
    );
    git(&["worktree", "remove", "../linked"]);
    sandbox.write("fleet/projects/demo/.git/info/exclude", "cache/\n");
    git(&["clone", "--quiet", "../../../harness", "cache/clone"]);
    is_refused(
        &sandbox,
        &DELETE,
        &["other repositories are in it: `cache/clone`"],
    );
    fs::remove_dir_all(project.join("cache")).expect("it is ours");
    fs::write(project.join(".git/index.lock"), "").expect("it is ours");
    is_refused(
        &sandbox,
        &DELETE,
        &["git is at work in the project, or was killed there"],
    );
    fs::remove_file(project.join(".git/index.lock")).expect("it is ours");
    sandbox.fleet(&DELETE).succeeded();
}

#[test]
fn nested_submodules_are_looked_into() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.git(sandbox.root(), &["init", "--quiet", "inner"]);
    let inner = sandbox.at("inner");
    sandbox.git(
        &inner,
        &["commit", "--quiet", "--allow-empty", "--message", "Inner"],
    );
    let own = sandbox.read("home/.gitconfig");
    sandbox.write(
        "home/.gitconfig",
        &format!("{own}[protocol \"file\"]\n\tallow = always\n"),
    );
    let url = inner.display().to_string();
    sandbox.submodule(&sandbox.at("harness"), &url, "inner");
    sandbox.release_as_it_is("v0.3.0");
    let registry = sandbox.read("fleet/fleet.toml").replace("v0.1.0", "v0.3.0");
    sandbox.write("fleet/fleet.toml", &registry);
    sandbox.fleet(&["create", "demo"]).succeeded();
    let remote = sandbox.at("demo.git").display().to_string();
    sandbox.git(sandbox.root(), &["init", "--quiet", "--bare", &remote]);
    let project = sandbox.project_at("demo");
    sandbox.git(&project, &["remote", "add", "origin", &remote]);
    sandbox.git(&project, &["push", "--quiet", "origin", "main"]);
    sandbox.write("fleet/projects/demo/engine/inner/mine", "");
    is_refused(
        &sandbox,
        &DELETE,
        &["`engine/inner` has untracked files: `mine`"],
    );
    fs::remove_file(project.join("engine/inner/mine")).expect("it is ours");
    sandbox.fleet(&DELETE).succeeded();
}

#[test]
fn what_nobody_can_look_into_is_kept_even_from_force() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    let git = |arguments: &[&str]| sandbox.git(&project, arguments);
    git(&["update-index", "--split-index"]);
    is_refused(
        &sandbox,
        &FORCE,
        &["nobody can tell what the project holds: the index is split"],
    );
    git(&["update-index", "--no-split-index"]);
    fs::write(project.join("engine/.git"), "nonsense\n").expect("it is ours");
    is_refused(
        &sandbox,
        &FORCE,
        &["`$ROOT/fleet/projects/demo/engine/.git` is no git file"],
    );
    fs::remove_file(project.join("engine/.git")).expect("it is ours");
    fs::remove_dir_all(project.join("engine")).expect("it is ours");
    git(&["submodule", "--quiet", "update", "--force"]);
    let config = fs::read_to_string(project.join(".git/config")).expect("it is ours");
    let newer = format!("{config}[extensions]\n\tnovelty = true\n");
    fs::write(
        project.join(".git/config"),
        newer.replace("repositoryformatversion = 0", "repositoryformatversion = 1"),
    )
    .expect("it is ours");
    let said = sandbox.fleet(&FORCE);
    assert!(
        said.exited(3)
            .stderr
            .contains("nobody can tell what the project holds"),
        "{}",
        said.text()
    );
    fs::write(project.join(".git/config"), config).expect("it is ours");
    let rest = fs::read(project.join(".git/HEAD")).expect("it is ours");
    fs::rename(project.join(".git"), sandbox.at("tmp/git")).expect("it is ours");
    is_refused(
        &sandbox,
        &FORCE,
        &["it is no git repository: nobody can tell what is kept elsewhere"],
    );
    fs::rename(sandbox.at("tmp/git"), project.join(".git")).expect("it is ours");
    assert_eq!(
        fs::read(project.join(".git/HEAD")).expect("it is ours"),
        rest
    );
    sandbox.fleet(&DELETE).succeeded();
}

#[test]
fn a_place_that_is_not_its_own_stays_where_it_is() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .pushed("demo")
        .pushed("real");
    let run = |words: &[&str]| {
        let before = sandbox.world();
        let said = sandbox.fleet(words);
        assert_same(&before, &sandbox.world());
        sandbox.normalise(&said.exited(3).stderr)
    };
    // Somebody has written a link's place by hand.
    symlink(sandbox.project_at("real"), sandbox.at("link")).expect("it is ours");
    let registry = sandbox.read("fleet/fleet.toml");
    let link = sandbox.at("link").display().to_string();
    sandbox.write(
        "fleet/fleet.toml",
        &registry.replace("projects/real", &link),
    );
    assert_snapshot!(run(&["remove", "real", "--delete-files", "--force"]), @r"
    error: cannot move the files of `real`: $ROOT/link is a symbolic link
    hint: `fleet remove real` takes it out of fleet.toml and leaves its files
    ");
    sandbox.write("fleet/fleet.toml", &registry);
    // A linked work tree is a part of another repository.
    let demo = sandbox.project_at("demo");
    sandbox.git(
        &demo,
        &["worktree", "add", "--quiet", "../linked", "-b", "side"],
    );
    sandbox.fleet(&["adopt", "projects/linked"]).succeeded();
    assert_snapshot!(run(&["remove", "linked", "--delete-files", "--force"]), @r"
    error: cannot tell what would be lost with the files of `linked`
      because: its git directory is elsewhere, at $ROOT/fleet/projects/demo/.git/worktrees/linked
    hint: a linked work tree goes with `git worktree remove`, a submodule with `git rm`
    hint: or `fleet remove linked`: it leaves fleet.toml, and its files stay
    ");
    sandbox.fleet(&["remove", "linked"]).succeeded();
    // One that others start after, or whose files others come from.
    sandbox.set("real", "after = [\"demo\"]");
    assert!(run(&FORCE).contains("demo"));
    sandbox.write("fleet/fleet.toml", &registry);
    let with_harness = format!(
        "{registry}\n[harnesses.own]\nurl = \"{}\"\n",
        demo.display()
    );
    sandbox.write("fleet/fleet.toml", &with_harness);
    assert_snapshot!(run(&FORCE), @r"
    error: cannot move the files of `demo`: the harness `own` comes from there
    hint: `fleet remove demo` takes it out of fleet.toml and leaves its files
    ");
    sandbox.write("fleet/fleet.toml", &registry);
    // One whose objects another project borrows.
    let borrower = sandbox.at("borrower").display().to_string();
    let source = demo.display().to_string();
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "--shared", &source, &borrower],
    );
    let adopted = sandbox.fleet(&["adopt", &borrower]);
    adopted.succeeded();
    assert_snapshot!(run(&FORCE), @r"
    error: cannot move the files of `demo`: the repository of the project `borrower` is a part of it
    hint: `fleet remove demo` takes it out of fleet.toml and leaves its files
    ");
    sandbox.fleet(&["remove", "borrower"]).succeeded();
    // What is gone cannot go.
    fs::rename(&demo, sandbox.at("tmp/demo")).expect("it is ours");
    assert!(run(&FORCE).contains("cannot look at $ROOT/fleet/projects/demo"));
    sandbox.fleet(&["remove", "demo"]).succeeded();
}

#[test]
fn a_fleet_in_a_project_and_a_run_by_hand_keep_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    sandbox.write("fleet/projects/demo/.git/info/exclude", "below/\n");
    sandbox.write("fleet/projects/demo/below/fleet.toml", "[fleet]\n");
    fs::create_dir(project.join("below/.fleet")).expect("it is ours");
    is_refused(
        &sandbox,
        &DELETE,
        &["a fleet has its place there: `$ROOT/fleet/projects/demo/below`"],
    );
    fs::remove_dir_all(project.join("below")).expect("it is ours");
    let held = fs::File::open(&project).expect("it is ours");
    held.lock().expect("nobody has it");
    let said = sandbox.fleet(&FORCE);
    assert!(
        said.exited(3).stderr.contains("`demo` is run by process"),
        "{}",
        said.text()
    );
    drop(held);
    sandbox.fleet(&DELETE).succeeded();
}

/// Where this may be tried: a file system that is mounted in a project would go along, or be emptied with the trash.
#[test]
fn a_mounted_file_system_keeps_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).pushed("demo");
    let project = sandbox.project_at("demo");
    sandbox.write("fleet/projects/demo/.git/info/exclude", "mounted here/\n");
    let inside = project.join("mounted here");
    fs::create_dir(&inside).expect("it is ours");
    for place in [&inside, &project] {
        let script = "mount --bind \"$1\" \"$2\" && exec fleet remove demo --delete-files --force";
        let mut command = sandbox.command("env", &sandbox.directory());
        command.args([
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        let source = if *place == inside {
            sandbox.at("harness")
        } else {
            project.clone()
        };
        let said = sandbox.output(command.arg(source).arg(place));
        if said.code != Some(3) && !said.stderr.contains("fleet") {
            return;
        }
        let expected = format!("a file system is mounted at {}", place.display());
        assert!(said.exited(3).stderr.contains(&expected), "{}", said.text());
        assert!(project.exists() && sandbox.trash().is_empty());
    }
}
