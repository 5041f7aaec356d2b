//! Harnesses that nobody should trust: nothing of them runs when a project is made, looked at or moved.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::sandbox::{Sandbox, assert_same};

/// Leaves a mark beside everything if it is ever run.
fn trap(sandbox: &Sandbox) -> String {
    format!("#!/bin/sh\ntouch {}\ncat\n", sandbox.at("ran").display())
}

fn write_program(sandbox: &Sandbox, path: &str, text: &str) {
    sandbox.write(path, text);
    fs::set_permissions(sandbox.at(path), fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn nothing_in_a_harness_runs_before_it_is_started() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let trap = trap(&sandbox);
    let program = sandbox.at("harness/trap.sh");
    let program = program.display();
    write_program(&sandbox, "harness/trap.sh", &trap);
    // What the harness's own repository is configured with, and what a user's git is: a filter of a usual name.
    let config = format!(
        "[core]\n\tfsmonitor = {program}\n\thooksPath = {}\n\tsshCommand = {program}\n\teditor = {program}\n\
         [filter \"trap\"]\n\tsmudge = {program}\n\tclean = {program}\n\trequired = true\n\
         [uploadpack]\n\tpackObjectsHook = {program}\n[diff]\n\texternal = {program}\n",
        sandbox.at("harness/hooks").display(),
    );
    sandbox.write(
        "harness/.gitattributes",
        "* filter=trap diff=trap\n*.sh text eol=crlf ident\n",
    );
    for hook in [
        "post-checkout",
        "post-commit",
        "pre-commit",
        "reference-transaction",
        "post-index-change",
        "post-rewrite",
    ] {
        write_program(&sandbox, &format!("harness/hooks/{hook}"), &trap);
        write_program(&sandbox, &format!("harness/.git/hooks/{hook}"), &trap);
    }
    fs::remove_dir_all(sandbox.at("harness/.git/hooks")).expect("it is ours");
    sandbox.release_as_it_is("v0.2.0");
    sandbox.write("harness/run.sh", "echo changed\n");
    sandbox.release_as_it_is("v0.3.0");
    for hook in [
        "post-checkout",
        "post-commit",
        "pre-commit",
        "reference-transaction",
    ] {
        write_program(&sandbox, &format!("harness/.git/hooks/{hook}"), &trap);
    }
    let own = sandbox.read("harness/.git/config");
    sandbox.write("harness/.git/config", &format!("{own}{config}"));
    // A filter that the user has, as `git lfs install` writes one: the harness could hand it anything.
    write_program(&sandbox, "home/filter.sh", &trap);
    let filter = sandbox.at("home/filter.sh");
    let filter = filter.display();
    let own = sandbox.read("home/.gitconfig");
    sandbox.write(
        "home/.gitconfig",
        &format!(
            "{own}[filter \"trap\"]\n\tsmudge = {filter}\n\tclean = {filter}\n\trequired = true\n"
        ),
    );
    // Git itself has run some of it above.
    let _ = fs::remove_file(sandbox.at("ran"));

    sandbox
        .fleet(&["create", "demo", "--ref", "v0.2.0"])
        .succeeded();
    sandbox.fleet(&["status"]).succeeded();
    sandbox.fleet(&["update", "demo", "v0.3.0"]).succeeded();
    sandbox.fleet(&["status", "--check"]).succeeded();
    assert!(!sandbox.at("ran").exists(), "something of the harness ran");
    sandbox.is_whole(&sandbox.project_at("demo"));
}

#[test]
fn hooks_of_the_user_do_not_run_either() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let trap = trap(&sandbox);
    for hook in [
        "post-checkout",
        "post-commit",
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "reference-transaction",
        "post-index-change",
    ] {
        write_program(&sandbox, &format!("home/hooks/{hook}"), &trap);
    }
    let config = sandbox.read("home/.gitconfig");
    let hooks = sandbox.at("home/hooks");
    sandbox.write(
        "home/.gitconfig",
        &format!("{config}[core]\n\thooksPath = {}\n", hooks.display()),
    );
    sandbox.fleet(&["create", "demo"]).succeeded();
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    assert!(!sandbox.at("ran").exists());
}

#[test]
fn a_link_out_of_the_harness_is_not_followed() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.write("home/secret", "a secret");
    let manifest = |template: &str, target: &str| {
        format!(
            "[harness]\nname = \"lines\"\nprotocol = 1\n[commands]\nstart = [\"true\"]\n[scaffold]\n\"{target}\" = \"{template}\"\n"
        )
    };
    symlink(sandbox.at("home/secret"), sandbox.at("harness/link")).expect("it is ours");
    symlink(sandbox.at("home"), sandbox.at("harness/directory")).expect("it is ours");
    let cases = [
        ("v1.0.0", "link", "agents.toml"),
        ("v1.0.1", "directory/secret", "agents.toml"),
        ("v1.0.2", "../home/secret", "agents.toml"),
        ("v1.0.3", "run.sh", "../escaped"),
        ("v1.0.4", "run.sh", ".git/hooks/post-commit"),
        ("v1.0.5", "run.sh", "engine/run.sh"),
        ("v1.0.6", "run.sh", ".gitmodules"),
        ("v1.0.7", "run.sh", "/tmp/escaped"),
        ("v1.0.8", "absent", "agents.toml"),
        ("v1.0.9", "run.sh", ".GIT/config"),
    ];
    for (version, template, target) in cases {
        sandbox.write("harness/harness.toml", &manifest(template, target));
        sandbox.release_as_it_is(version);
        let before = sandbox.world();
        let said = sandbox.fleet(&["create", "demo", "--ref", version]);
        assert!(
            matches!(said.code, Some(1..=3)),
            "{version} {template} {target}: {}",
            said.text()
        );
        assert!(!said.text().contains("a secret"));
        assert_same(&before, &sandbox.world());
    }
}

#[test]
fn a_harness_whose_manifest_is_missing_or_wrong_is_refused_and_nothing_is_left() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let before = sandbox.world();
    fs::remove_file(sandbox.at("harness/harness.toml")).expect("it is ours");
    sandbox.release_as_it_is("v0.2.0");
    insta::assert_snapshot!(sandbox.run("create demo --ref v0.2.0"), @r"
    --- stderr
    error: harness `lines` has no `harness.toml` at <commit>
    hint: choose a version of the harness that has one
    --- exit code 3
    ");
    sandbox.write(
        "harness/harness.toml",
        "[harness]\nname = \"lines\"\nprotocol = 1\n[commands]\nstrat = [\"true\"]\n",
    );
    sandbox.release_as_it_is("v0.3.0");
    insta::assert_snapshot!(sandbox.run("create demo --ref v0.3.0"), @r#"
    --- stderr
    error: cannot use harness `lines` at <commit>
      because: cannot read `harness.toml`
      because: line 5: unknown key `strat`
    hint: choose another version of the harness
    hint: did you mean `start`?
    --- exit code 3
    "#);
    sandbox.write(
        "harness/harness.toml",
        "[harness]\nname = \"lines\"\nprotocol = 99\n[commands]\nstart = [\"true\"]\n",
    );
    sandbox.release_as_it_is("v0.4.0");
    insta::assert_snapshot!(sandbox.run("create demo --ref v0.4.0"), @r"
    --- stderr
    error: cannot use harness `lines` at <commit>
      because: cannot use `harness.toml`
      because: line 3: its protocol is 99, and this program knows protocol 1 only
    hint: choose another version of the harness
    hint: use another version of the harness, or install a newer version of this program
    --- exit code 3
    ");
    sandbox.write("harness/harness.toml", "[harness\n");
    sandbox.release_as_it_is("v0.5.0");
    insta::assert_snapshot!(sandbox.run("create demo --ref v0.5.0"), @r"
    --- stderr
    error: cannot use harness `lines` at <commit>
      because: cannot read `harness.toml`
      because: line 1: unclosed table, expected `]`
    hint: choose another version of the harness
    --- exit code 3
    ");
    assert_same(&before, &sandbox.world());
}

#[test]
fn submodules_of_a_harness_that_would_run_something_are_refused_or_inert() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let ran = sandbox.at("ran");
    let harness = sandbox.at("harness");
    let commit = sandbox.git(&harness, &["rev-parse", "HEAD"]);
    for (version, path, url) in [
        (
            "v1.0.0",
            "inner",
            format!("ext::sh -c touch% {}", ran.display()),
        ),
        (
            "v1.0.1",
            "-inner",
            format!("-u./x; touch {}", ran.display()),
        ),
        (
            "v1.0.2",
            "inner2",
            format!("ssh://-oProxyCommand=touch% {}/x", ran.display()),
        ),
    ] {
        sandbox.write(
            "harness/.gitmodules",
            &format!("[submodule \"../../x\"]\n\tpath = {path}\n\turl = \"{url}\"\n\tupdate = !touch {}\n", ran.display()),
        );
        sandbox.git(
            &harness,
            &[
                "update-index",
                "--add",
                "--cacheinfo",
                &format!("160000,{commit},{path}"),
            ],
        );
        sandbox.git(&harness, &["add", ".gitmodules"]);
        sandbox.git(&harness, &["commit", "--quiet", "--message", version]);
        sandbox.git(&harness, &["tag", version]);
        let said = sandbox.fleet(&[
            "create",
            &format!("demo{}", &version[5..]),
            "--ref",
            version,
        ]);
        assert!(!ran.exists(), "{}", said.text());
        assert!(
            said.code.is_some() && !said.stderr.contains("panicked"),
            "{}",
            said.text()
        );
    }
}
