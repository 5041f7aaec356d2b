//! What is inferred: the harness by its URL, in every spelling; the ref by what stands for the pin.

use std::fs;

use super::{entry, stamped};
use crate::sandbox::Sandbox;

/// Adopts for show, and returns what was inferred, or the error.
fn inferred(sandbox: &Sandbox) -> String {
    let said = sandbox.fleet(&["adopt", "../src/demo", "--dry-run"]).stderr;
    said.lines().next().unwrap_or_default().to_owned()
}

/// Makes `.gitmodules` and fleet.toml name these URLs, and nothing else know one.
fn between(sandbox: &Sandbox, registered: &str, recorded: &str) {
    let project = sandbox.at("src/demo");
    let modules = format!("[submodule \"engine\"]\n\tpath = engine\n\turl = {recorded}\n");
    sandbox.write("src/demo/.gitmodules", &modules);
    let _ = fs::remove_dir_all(project.join("engine"));
    let _ = fs::remove_dir_all(project.join(".git/modules"));
    let own = sandbox.command("git", &project);
    let mut own = own;
    own.args(["config", "--remove-section", "submodule.engine"]);
    sandbox.output(&mut own);
    let registry =
        format!("[fleet]\nname = \"test\"\n\n[harnesses.lines]\nurl = \"{registered}\"\n");
    sandbox.write("fleet/fleet.toml", &registry);
}

#[test]
fn a_harness_is_known_by_every_spelling_of_its_url() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    let pin = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    let harness = sandbox.at("harness").display().to_string();
    let root = sandbox.root().display().to_string();
    let https = "https://git.example.invalid/a/lines";
    let ssh = "git@git.example.invalid:a/lines.git";
    let same = [
        (harness.clone(), format!("{harness}/")),
        (harness.clone(), format!("file://{harness}")),
        (harness.clone(), format!("{harness}/.git")),
        (harness.clone(), format!("{root}/src/../harness")),
        (format!("file://{harness}"), "../../harness".to_owned()),
        (https.to_owned(), format!("{https}.git/")),
        (
            https.to_owned(),
            "https://ann@GIT.example.invalid:443/a/lines".to_owned(),
        ),
        (
            ssh.to_owned(),
            "ssh://git@git.example.invalid/a/lines".to_owned(),
        ),
        (
            "ssh://git@git.example.invalid:22/a/lines.git".to_owned(),
            ssh.to_owned(),
        ),
    ];
    for (registered, recorded) in same {
        between(&sandbox, &registered, &recorded);
        let said = inferred(&sandbox);
        let expected = format!(
            "`demo` has lines {pin} ({}), on the branch `main`",
            &pin[..8]
        );
        assert_eq!(
            said.replace("v0.1.0", &pin),
            expected,
            "{registered} {recorded}"
        );
    }
    for (registered, recorded) in [
        (https, "https://git.example.invalid/b/lines"),
        (https, "../lines"),
        (ssh, "https://git.example.invalid/a/lines"),
    ] {
        between(&sandbox, registered, recorded);
        let said = inferred(&sandbox);
        assert!(
            said.contains("has a harness that fleet.toml does not know"),
            "{recorded}: {said}"
        );
    }
    // A home is written `~`, and a relative URL is about where the project comes from.
    between(&sandbox, &format!("{root}/home/lines"), "~/lines");
    assert!(inferred(&sandbox).starts_with("`demo` has lines"));
    between(&sandbox, https, "../../a/lines");
    sandbox.git(
        &project,
        &[
            "remote",
            "add",
            "up",
            "https://git.example.invalid/me/demo.git",
        ],
    );
    assert!(inferred(&sandbox).starts_with("`demo` has lines"));
}

#[test]
fn a_harness_is_known_by_what_git_goes_by_too() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    // Somebody moved the harness's repository: `git submodule set-url` was forgotten, or is not committed.
    let elsewhere = "https://git.example.invalid/lines";
    sandbox.git(
        &project,
        &[
            "config",
            "-f",
            ".gitmodules",
            "submodule.engine.url",
            elsewhere,
        ],
    );
    assert!(inferred(&sandbox).starts_with("`demo` has lines v0.1.0"));
    sandbox.git(&project, &["config", "submodule.engine.url", elsewhere]);
    assert!(inferred(&sandbox).starts_with("`demo` has lines v0.1.0"));
    sandbox.git(
        &project.join("engine"),
        &["remote", "set-url", "origin", elsewhere],
    );
    assert!(inferred(&sandbox).starts_with("error: "));
}

#[test]
fn the_built_in_harness_is_known_by_its_commits() {
    let sandbox = Sandbox::new();
    sandbox.write("fleet/fleet.toml", "[fleet]\nname = \"test\"\n");
    sandbox
        .fleet(&["create", "demo", "--location", "../src/demo"])
        .succeeded();
    sandbox.fleet(&["remove", "demo"]).succeeded();
    // As on another machine: the path in there is of somebody else's home.
    let project = sandbox.at("src/demo");
    for arguments in [
        [
            "config",
            "-f",
            ".gitmodules",
            "submodule.engine.url",
            "/home/else/harness.git",
        ],
        [
            "-C",
            "engine",
            "config",
            "remote.origin.url",
            "/home/else/harness.git",
        ],
        [
            "config",
            "--local",
            "submodule.engine.url",
            "/home/else/harness.git",
            ".",
        ],
    ] {
        sandbox.git(&project, &arguments);
    }
    sandbox.git(
        &project,
        &["commit", "--quiet", "--all", "--message", "Elsewhere"],
    );
    assert!(
        inferred(&sandbox).starts_with("`demo` has agents v0.2.0"),
        "{}",
        inferred(&sandbox)
    );
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn a_harness_at_another_path_is_found_there() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.git(&project, &["mv", "engine", "runner"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "Rename"]);
    let said = sandbox.fleet(&["adopt", "../src/demo"]);
    assert!(
        said.exited(3)
            .stderr
            .contains("has the harness `lines` at `runner`, and not at `engine`"),
        "{}",
        said.text()
    );
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &registry.replace("default_ref", "path = \"runner\"\ndefault_ref"),
    );
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    // The submodule was renamed: its path is not its name any more.
    let sandbox = sandbox.started("demo", "lines v0.1.0: demo is up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn the_newest_tag_at_the_pin_is_its_ref() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let harness = sandbox.at("harness");
    for tag in ["v0.9.0", "v0.10.0", "v0.10.0-rc1"] {
        sandbox.git(&harness, &["tag", tag]);
    }
    sandbox.vendoring("src/demo", "v0.1.0");
    assert!(inferred(&sandbox).starts_with("`demo` has lines v0.10.0 ("));
    // What the mirror saw first counts, and not a tag that was moved since.
    sandbox.fleet(&["create", "other"]).succeeded();
    sandbox.release("v0.11.0");
    sandbox.git(&sandbox.at("src/demo/engine"), &["tag", "v0.9.9"]);
    assert!(inferred(&sandbox).starts_with("`demo` has lines v0.10.0 ("));
    let registry = sandbox.read("fleet/fleet.toml");
    let other = "ref = \"v0.1.0\"\ncommit = \"";
    let lie = format!("ref = \"v0.10.0\"\ncommit = \"{}", "0".repeat(40));
    let start = registry.find(other).expect("it is there") + other.len();
    let text = registry.replace(&registry[start - other.len()..start + 40], &lie);
    sandbox.write("fleet/fleet.toml", &text);
    assert!(
        inferred(&sandbox).starts_with("`demo` has lines v0.10.0-rc1 ("),
        "{}",
        inferred(&sandbox)
    );
}

#[test]
fn without_a_tag_the_branch_that_is_followed_or_the_commit_is_the_ref() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let harness = sandbox.at("harness");
    sandbox.git(
        &harness,
        &["commit", "--quiet", "--allow-empty", "--message", "Later"],
    );
    let project = sandbox.vendoring("src/demo", "main");
    let pin = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    assert!(inferred(&sandbox).starts_with(&format!("`demo` has lines {pin} (")));
    let follow = [
        "config",
        "-f",
        ".gitmodules",
        "submodule.engine.branch",
        "main",
    ];
    sandbox.git(&project, &follow);
    assert!(
        inferred(&sandbox).starts_with("`demo` has lines main ("),
        "{}",
        inferred(&sandbox)
    );
    // It has moved on: what is pinned is not the branch.
    sandbox.git(
        &project,
        &[
            "-C",
            "engine",
            "update-ref",
            "refs/remotes/origin/main",
            "v0.1.0",
        ],
    );
    assert!(inferred(&sandbox).starts_with(&format!("`demo` has lines {pin} (")));
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn a_head_on_no_branch_is_registered_without_one() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.git(&project, &["checkout", "--quiet", "--detach"]);
    insta::assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    adopted `demo` at $ROOT/src/demo, with lines v0.1.0 (<commit>)
    warning: its HEAD is on no branch: `fleet update` refuses it until it is on one
    hint: `git -C $ROOT/src/demo switch BRANCH`
    hint: `fleet status demo` shows it
    --- exit code 0
    ");
    assert!(!entry(&sandbox).contains("branch"));
    sandbox.fleet(&["update", "demo", "v0.2.0"]).exited(3);
    sandbox.git(&project, &["switch", "--quiet", "main"]);
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
}

#[test]
fn what_is_not_as_it_should_be_is_adopted_as_it_is() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    for (name, arguments, word) in [
        (
            "missing",
            vec!["submodule", "--quiet", "deinit", "--force", "engine"],
            "missing",
        ),
        (
            "clone",
            vec!["clone", "--quiet", "../missing", "../clone"],
            "missing",
        ),
        (
            "moved",
            vec!["-C", "engine", "checkout", "--quiet", "--orphan", "x"],
            "moved",
        ),
        (
            "staged",
            vec!["update-index", "--force-remove", "engine"],
            "staged",
        ),
    ] {
        let place = format!("src/{name}");
        let project = match name {
            "clone" => sandbox.at("src/clone"),
            _ => sandbox.vendoring(&place, "v0.1.0"),
        };
        let at = match name {
            "clone" => sandbox.at("src/missing"),
            _ => project.clone(),
        };
        sandbox.git(&at, &arguments);
        let before = stamped(&project);
        sandbox
            .fleet(&["adopt", &format!("../{place}")])
            .succeeded();
        assert_eq!(sandbox.status(name)["pin"]["word"], word, "{name}");
        assert_eq!(before, stamped(&project));
    }
    // What is missing is filled by the first start.
    let sandbox = sandbox.started("clone", "lines v0.1.0: clone is up");
    sandbox.fleet(&["stop", "clone"]).succeeded();
}

#[test]
fn a_linked_work_tree_is_adopted_with_a_warning() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.git(
        &project,
        &["worktree", "add", "--quiet", "../linked", "-b", "side"],
    );
    let said = sandbox.fleet(&["adopt", "../src/linked"]);
    assert!(
        said.succeeded().stderr.contains("linked work tree"),
        "{}",
        said.text()
    );
    assert!(entry(&sandbox).contains("branch = \"side\""));
}
