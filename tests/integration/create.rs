//! `fleet create`: what it makes, as git sees it.

mod hostile;
mod refusals;

use std::fs;

use crate::sandbox::{Sandbox, assert_same};

#[test]
fn a_new_project_is_whole_and_registered() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    insta::assert_snapshot!(sandbox.run("create demo"), @r"
    --- stderr
    created `demo` at $ROOT/fleet/projects/demo, with lines v0.1.0 (<commit>)
    its harness lines: says what it is told
    hint: its harness is at $ROOT/harness: the project can be cloned only where that path exists; `fleet harness set-url lines URL` says where else it is
    hint: `fleet start demo` starts it
    --- exit code 0
    ");
    let project = sandbox.project_at("demo");
    sandbox.is_whole(&project);
    insta::assert_snapshot!(sandbox.git(&project, &["ls-files", "--format=%(objectmode) %(path)"]), @r"
    100644 .gitmodules
    160000 engine
    ");
    let log = sandbox.git(
        &project,
        &["log", "--all", "--format=%an <%ae>, %cn <%ce>: %B"],
    );
    insta::assert_snapshot!(log, @r"
    Ada Example <ada@example.org>, Ada Example <ada@example.org>: Start with lines v0.1.0
    ");
    let modules = fs::read_to_string(project.join(".gitmodules")).expect("it has a submodule");
    insta::assert_snapshot!(sandbox.normalise(&modules), @r#"
    [submodule "engine"]
    	path = engine
    	url = $ROOT/harness
    "#);
    let harness = sandbox.at("harness");
    let engine = project.join("engine");
    let first = sandbox.git(&harness, &["rev-parse", "v0.1.0"]);
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD:engine"]), first);
    assert_eq!(sandbox.git(&engine, &["rev-parse", "HEAD"]), first);
    assert_eq!(
        sandbox.git(&engine, &["remote", "get-url", "origin"]),
        harness.to_str().expect("it is text")
    );
    assert_eq!(
        sandbox.git(&engine, &["describe", "--tags", "HEAD"]),
        "v0.1.0"
    );
    let registry = sandbox.normalise(&sandbox.read("fleet/fleet.toml"));
    let (_, entry) = registry.split_once("[projects").expect("it is registered");
    insta::assert_snapshot!(format!("[projects{entry}"), @r#"
    [projects.demo]
    harness = "lines"
    ref = "v0.1.0"
    commit = "<commit>"
    location = "projects/demo"
    branch = "main"
    "#);
    assert!(registry.contains("[projects.demo]"));
    insta::assert_snapshot!(sandbox.run("status demo"), @r"
    NAME  STATE  PIN  REF
    demo  down   ok   v0.1.0
    --- stderr

    1 project: 1 down
    --- exit code 0
    ");
}

#[test]
fn a_new_project_can_be_cloned_by_anybody_who_has_its_harness() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let project = sandbox.project_at("demo");
    let words = [
        "-c",
        "protocol.file.allow=always",
        "clone",
        "--quiet",
        "--recurse-submodules",
    ];
    let from = project.to_str().expect("it is text");
    sandbox.git(
        &sandbox.at("home"),
        &[&words[..], &[from, "clone"]].concat(),
    );
    let clone = sandbox.at("home/clone");
    sandbox.is_whole(&clone);
    assert!(clone.join("engine/run.sh").is_file());
}

#[test]
fn a_new_project_needs_neither_the_cache_nor_the_harness_afterwards() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let project = sandbox.project_at("demo");
    let borrowed: Vec<_> = sandbox
        .tree(&project)
        .into_keys()
        .filter(|path| path.ends_with("info/alternates"))
        .collect();
    assert!(borrowed.is_empty(), "{borrowed:?}");
    fs::remove_dir_all(sandbox.at("home/.cache")).expect("there is a cache");
    fs::remove_dir_all(sandbox.at("harness")).expect("it is ours");
    sandbox.is_whole(&project);
    let engine = project.join("engine");
    assert_eq!(
        sandbox.git(&engine, &["show", "--no-patch", "--format=%s", "v0.2.0"]),
        "Release v0.2.0"
    );
}

#[test]
fn the_built_in_harness_is_the_default_and_needs_no_network() {
    let sandbox = Sandbox::new();
    sandbox.write("fleet/fleet.toml", "[fleet]\nname = \"home\"\n");
    insta::assert_snapshot!(sandbox.run("create demo --ref v0.1.0"), @r"
    --- stderr
    created `demo` at $ROOT/fleet/projects/demo, with agents v0.1.0 (<commit>)
    its harness agents: runs the agents listed in agents.toml
    hint: its harness is at $ROOT/home/.local/share/agents/harness.git: the project can be cloned only where that path exists; `fleet harness set-url agents URL` says where else it is
    hint: `fleet start demo` starts it
    --- exit code 0
    ");
    sandbox.is_whole(&sandbox.project_at("demo"));
    insta::assert_snapshot!(sandbox.read("fleet/projects/demo/agents.toml"), @r#"
    # The agents of this project. `agents up` starts them, `agents status` shows them, `agents down` ends them.

    [agents.builder]
    command = ["claude"]            # any program and its arguments
    prompt = "prompts/builder.md"   # what it is told first
    watch = "heal"                  # "heal": started again whenever it ends; "off": left as it is
    "#);
}

#[test]
fn every_flag_has_its_effect() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    insta::assert_snapshot!(sandbox.run("create one --ref v0.2.0 --label a --label b"), @r"
    --- stderr
    created `one` at $ROOT/fleet/projects/one, with lines v0.2.0 (<commit>)
    its harness lines: says what it is told
    hint: its harness is at $ROOT/harness: the project can be cloned only where that path exists; `fleet harness set-url lines URL` says where else it is
    hint: `fleet start one` starts it
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("create two --location ../places/deep/second --harness agents"), @r"
    --- stderr
    created `two` at $ROOT/places/deep/second, with agents v0.2.0 (<commit>)
    its harness agents: runs the agents listed in agents.toml
    hint: its harness is at $ROOT/home/.local/share/agents/harness.git: the project can be cloned only where that path exists; `fleet harness set-url agents URL` says where else it is
    hint: `fleet start two` starts it
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run_narrow("list"), @r"
    NAME  HARNESS  REF  LOCATION  LABELS
    one  lines  v0.2.0  projects/one  a, b
    two  agents  v0.2.0  $ROOT/places/deep/second
    --- exit code 0
    ");
    sandbox.is_whole(&sandbox.project_at("one"));
    sandbox.is_whole(&sandbox.at("places/deep/second"));
    let head = sandbox.git(&sandbox.at("harness"), &["rev-parse", "HEAD~1"]);
    sandbox
        .fleet(&["create", "three", "--ref", &head[..10]])
        .succeeded();
    insta::assert_snapshot!(sandbox.run("create four --ref main"), @r"
    --- stderr
    created `four` at $ROOT/fleet/projects/four, with lines main (<commit>)
    its harness lines: says what it is told
    hint: its harness is at $ROOT/harness: the project can be cloned only where that path exists; `fleet harness set-url lines URL` says where else it is
    hint: `fleet start four` starts it
    --- exit code 0
    ");
}

#[test]
fn an_unregistered_project_is_registered_nowhere() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let registry = sandbox.read("fleet/fleet.toml");
    insta::assert_snapshot!(sandbox.run("create demo --no-register"), @r"
    --- stderr
    created `demo` at $ROOT/fleet/projects/demo, with lines v0.1.0 (<commit>)
    its harness lines: says what it is told
    hint: its harness is at $ROOT/harness: the project can be cloned only where that path exists; `fleet harness set-url lines URL` says where else it is
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox
        .fleet(&["create", "other", "--no-register", "--start"])
        .exited(2);
}

#[test]
fn a_project_can_be_started_at_once() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    insta::assert_snapshot!(sandbox.run("create demo --start"), @r"
    --- stderr
    created `demo` at $ROOT/fleet/projects/demo, with lines v0.1.0 (<commit>)
    its harness lines: says what it is told
    hint: its harness is at $ROOT/harness: the project can be cloned only where that path exists; `fleet harness set-url lines URL` says where else it is
    started `demo`
    --- exit code 0
    ");
    sandbox.wait_for("the harness to say so", || {
        sandbox
            .fleet(&["logs", "demo"])
            .stdout
            .contains("lines v0.1.0: demo is up")
    });
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_dry_run_tells_the_steps_and_takes_none() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("create demo --label a --start --dry-run"), @r"
    demo:
      make a repository with lines v0.1.0 (<commit>) and commit it
      put it at $ROOT/fleet/projects/demo
      register it in fleet.toml
      start it
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("create demo --no-register --dry-run"), @r"
    demo:
      make a repository with lines v0.1.0 (<commit>) and commit it
      put it at $ROOT/fleet/projects/demo
    --- exit code 0
    ");
    assert_same(&before, &sandbox.world());
}

#[test]
fn without_an_identity_the_commit_bears_the_accounts() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("home/.gitconfig", "");
    let said = sandbox.fleet(&["create", "demo"]);
    assert!(
        said.succeeded()
            .stderr
            .contains("warning: git knows neither your name nor your address"),
        "{}",
        said.text()
    );
    assert!(
        said.stderr
            .contains("hint: `git config --global user.name NAME`"),
        "{}",
        said.text()
    );
    let author = sandbox.git(&sandbox.project_at("demo"), &["log", "--format=%ae"]);
    let (user, host) = author
        .split_once('@')
        .expect("an address has a user and a host");
    assert!(!user.is_empty() && !host.is_empty());
}

#[test]
fn files_of_the_scaffold_are_committed_as_the_harness_has_them() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write(
        "harness/harness.toml",
        "[harness]\nname = \"lines\"\nprotocol = 1\n[commands]\nstart = [\"true\"]\n\
         [scaffold]\n\"notes/first.md\" = \"templates/first.md\"\n\".editorconfig\" = \"templates/editor\"\n",
    );
    sandbox.write("harness/templates/first.md", "{name} stays as it is\r\n");
    sandbox.write("harness/templates/editor", "root = true\n");
    sandbox.release_as_it_is("v0.2.0");
    sandbox
        .fleet(&["create", "demo", "--ref", "v0.2.0"])
        .succeeded();
    sandbox.is_whole(&sandbox.project_at("demo"));
    assert_eq!(
        sandbox.read("fleet/projects/demo/notes/first.md"),
        "{name} stays as it is\r\n"
    );
    assert_eq!(
        sandbox.read("fleet/projects/demo/.editorconfig"),
        "root = true\n"
    );
}
