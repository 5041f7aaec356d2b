//! F14: what is not adopted, and what to do about it. Nothing is written then, neither there nor in the registry.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::stamped;
use crate::sandbox::{Sandbox, assert_same};

#[test]
fn what_is_no_project_is_refused_with_the_way_out() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.write("plain/file", "");
    sandbox.git(sandbox.root(), &["init", "--quiet", "--bare", "bare.git"]);
    sandbox.git(sandbox.root(), &["init", "--quiet", "unborn"]);
    sandbox.git(sandbox.root(), &["clone", "--quiet", "harness", "other"]);
    sandbox.write("broken/.git", "gitdir: nowhere\n");
    let before = sandbox.world();
    assert_snapshot!(sandbox.run("adopt ../nowhere"), @r"
    --- stderr
    error: there is no directory `$ROOT/fleet/../nowhere`
    hint: name the directory of a repository
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt ../plain"), @r"
    --- stderr
    error: `$ROOT/plain` is not the top of a git repository
    hint: `fleet adopt --scan $ROOT/plain` looks for repositories in it
    --- exit code 3
    ");
    sandbox.write("src/demo/below/file", "");
    assert_snapshot!(sandbox.run("adopt ../src/demo/below"), @r"
    --- stderr
    error: `$ROOT/src/demo/below` is not the top of a git repository
    hint: it is inside one: `fleet adopt $ROOT/src/demo`
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt ../bare.git --name bare"), @r"
    --- stderr
    error: `$ROOT/bare.git` is a bare repository: it has no files that could run
    hint: adopt a clone of it: `git clone --recurse-submodules $ROOT/bare.git DIR`
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt ../unborn"), @r"
    --- stderr
    error: the repository `$ROOT/unborn` has no commit yet
    hint: `git -C $ROOT/unborn commit`
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt ../other"), @r"
    --- stderr
    error: HEAD of `$ROOT/other` holds no submodule at `engine`
    hint: `git -C $ROOT/other submodule add URL engine` gives it a harness; commit that, then adopt again
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt ../broken"), @r"
    --- stderr
    error: cannot read the repository `$ROOT/broken`
      because: `$ROOT/broken/.git` points to `$ROOT/broken/nowhere`, which is not there
    hint: `git -C $ROOT/broken status` says more
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
}

#[test]
fn an_unknown_harness_is_refused_with_the_line_that_adds_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "harness", "my runner"],
    );
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    let stranger = sandbox.at("my runner").display().to_string();
    let point_at = |url: &str| {
        for arguments in [
            vec!["config", "-f", ".gitmodules", "submodule.engine.url", url],
            vec!["config", "submodule.engine.url", url],
            vec!["-C", "engine", "config", "remote.origin.url", url],
        ] {
            sandbox.git(&project, &arguments);
        }
    };
    point_at(&stranger);
    assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    error: `$ROOT/src/demo` has a harness that fleet.toml does not know: $ROOT/my runner
    hint: `fleet harness add my-runner '$ROOT/my runner'` adds it; then adopt again
    --- exit code 3
    ");
    // A name that is taken is not proposed.
    point_at("https://git.example.invalid/lines.git");
    assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    error: `$ROOT/src/demo` has a harness that fleet.toml does not know: https://git.example.invalid/lines.git
    hint: `fleet harness add lines-2 https://git.example.invalid/lines.git` adds it; then adopt again
    --- exit code 3
    ");
    // What no fleet would be given is not proposed either, and nothing of it runs.
    point_at("ext::sh -c touch% /tmp/ran");
    assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    error: `$ROOT/src/demo` has a harness that fleet.toml does not know: ext::sh -c touch% /tmp/ran
      because: `ext::sh -c touch% /tmp/ran` is not a harness URL: it contains white space
    hint: `git -C $ROOT/src/demo submodule status` lists its submodules
    --- exit code 3
    ");
}

#[test]
fn a_place_that_is_not_its_own_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let inner = sandbox.vendoring("fleet/projects/demo/inner", "v0.1.0");
    sandbox.vendoring("fleet/.fleet/trash/gone", "v0.1.0");
    let before = sandbox.world();
    assert_snapshot!(sandbox.run("adopt projects/demo/inner"), @r"
    --- stderr
    error: no project can be at `$ROOT/fleet/projects/demo/inner`: it is inside the project `demo`
    hint: name another place, outside of the fleet's own and of other projects
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt .fleet/trash/gone"), @r"
    --- stderr
    error: no project can be at `$ROOT/fleet/.fleet/trash/gone`: it is inside the fleet's own `.fleet/`
    hint: name another place, outside of the fleet's own and of other projects
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt . --name own"), @r"
    --- stderr
    error: no project can be at `$ROOT/fleet`: the fleet itself is in it
    hint: name another place, outside of the fleet's own and of other projects
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt projects/demo/.git --name git"), @r"
    --- stderr
    error: no project can be at `$ROOT/fleet/projects/demo/.git`: it is inside a `.git`
    hint: name another place, outside of the fleet's own and of other projects
    --- exit code 3
    ");
    assert_snapshot!(sandbox.run("adopt projects/demo --name other"), @r"
    --- stderr
    error: `$ROOT/fleet/projects/demo` is registered already, as `demo`
    hint: `fleet status demo` shows it; `fleet remove demo` first to give it another name
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    drop(inner);
}

#[test]
fn a_name_that_cannot_be_is_refused_with_one_that_can() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.vendoring("src/demo", "v0.1.0");
    sandbox.vendoring("src/my (odd) pröject", "v0.1.0");
    let before = sandbox.world();
    assert_snapshot!(sandbox.run("adopt ../src/demo"), @r"
    --- stderr
    error: `demo` is registered already, at $ROOT/fleet/projects/demo
    hint: `fleet adopt $ROOT/src/demo --name demo-2` gives it another name
    --- exit code 3
    ");
    let odd = sandbox.fleet(&["adopt", "../src/my (odd) pröject"]);
    assert_snapshot!(sandbox.normalise(&odd.text()), @r"
    --- stderr
    error: the directory's name cannot be the project's: `my (odd) pröject` is not a name: 1 to 64 ASCII letters, digits, `-` and `_`, a letter or digit first
    hint: `fleet adopt '$ROOT/src/my (odd) pröject' --name my--odd--pr-ject`
    --- exit code 3
    ");
    for name in ["../x", "-x", "=x", "a b", "a;b", ""] {
        let named = format!("--name={name}");
        sandbox.fleet(&["adopt", "../src/demo", &named]).exited(2);
    }
    let line = sandbox.vendoring("src/a\nb", "v0.1.0");
    let line = line.to_str().expect("it is UTF-8");
    let said = sandbox.fleet(&["adopt", line, "--name", "line", "--dry-run"]);
    assert_snapshot!(sandbox.normalise(&said.text()), @r"
    --- stderr
    error: fleet.toml cannot name `$ROOT/src/a\nb`: it is not plain UTF-8 text
    hint: rename the directory first
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
    sandbox
        .fleet(&["adopt", "../src/my (odd) pröject", "--name", "odd"])
        .succeeded();
    assert_eq!(sandbox.status("odd")["pin"]["word"], "ok");
}

#[test]
fn a_link_is_registered_by_where_it_leads() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.vendoring("src/demo", "v0.1.0");
    symlink(sandbox.at("src/demo"), sandbox.at("link")).expect("it is ours");
    sandbox
        .fleet(&["adopt", "../link", "--name", "demo"])
        .succeeded();
    assert!(sandbox.read("fleet/fleet.toml").contains("/src/demo\""));
    // By either way it is the same.
    let said = sandbox.fleet(&["adopt", "../link"]);
    assert!(
        said.succeeded()
            .stderr
            .contains("is registered already, as `demo`")
    );
}

#[test]
fn a_project_that_was_moved_is_found_again_by_who_says_so() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.set("demo", "labels = [\"kept\"] # by me");
    fs::rename(sandbox.project_at("demo"), sandbox.at("demo")).expect("it is ours");
    fs::rename(sandbox.at("demo"), sandbox.at("tmp/demo")).expect("it is ours");
    let registry = sandbox.read("fleet/fleet.toml");
    assert_snapshot!(sandbox.run("adopt ../tmp/demo"), @r"
    --- stderr
    error: `demo` is registered at $ROOT/fleet/projects/demo, where nothing is
    hint: if this is the same project, `fleet adopt $ROOT/tmp/demo --name demo` corrects its location
    hint: if it is another one, `fleet adopt $ROOT/tmp/demo --name demo-2` gives it another name
    --- exit code 3
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    assert_snapshot!(sandbox.run("adopt ../tmp/demo --name demo --dry-run"), @r"
    demo:
      write into fleet.toml that it is at $ROOT/tmp/demo
    --- stderr
    `demo` has lines v0.1.0 (<commit>), on the branch `main`
    --- exit code 0
    ");
    let before = stamped(&sandbox.at("tmp/demo"));
    assert_snapshot!(sandbox.run("adopt ../tmp/demo --name demo"), @r"
    --- stderr
    `demo` is at $ROOT/tmp/demo now
    hint: `fleet status demo` shows it
    --- exit code 0
    ");
    assert_eq!(before, stamped(&sandbox.at("tmp/demo")));
    // One value has changed, and nothing else.
    let place = sandbox.at("tmp/demo").display().to_string();
    assert_eq!(
        sandbox.read("fleet/fleet.toml"),
        registry.replace("projects/demo", &place)
    );
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn a_project_that_was_moved_and_renamed_is_told_of() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    fs::rename(sandbox.project_at("demo"), sandbox.at("fresh")).expect("it is ours");
    let said = sandbox.fleet(&["adopt", "../fresh"]);
    let hint = "`fleet remove fresh && fleet adopt";
    assert!(said.succeeded().stderr.contains(hint), "{}", said.text());
    sandbox.fleet(&["remove", "fresh"]).succeeded();
    sandbox
        .fleet(&["adopt", "../fresh", "--name", "demo"])
        .succeeded();
    assert_eq!(
        sandbox
            .read("fleet/fleet.toml")
            .matches("[projects.")
            .count(),
        1
    );
    // Another harness is another project.
    let registry = sandbox.read("fleet/fleet.toml");
    let registry = registry.replace("harness = \"lines\"", "harness = \"agents\"");
    let registry = registry.replace("/fresh\"", "/gone\"");
    sandbox.write("fleet/fleet.toml", &registry);
    sandbox
        .fleet(&["adopt", "../fresh", "--name", "demo"])
        .exited(3);
}
