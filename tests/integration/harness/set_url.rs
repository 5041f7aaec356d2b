//! `fleet harness set-url`.

use std::path::PathBuf;

use crate::sandbox::{Sandbox, assert_same};

/// Two projects, and another place of their harness.
fn two_projects() -> (Sandbox, String) {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("one", "v0.1.0")
        .project("two", "v0.2.0");
    let url = sandbox.copy_harness("copy.git");
    (sandbox, url)
}

fn origin(sandbox: &Sandbox, project: &str) -> String {
    let engine = sandbox.project_at(project).join("engine");
    sandbox.git(&engine, &["remote", "get-url", "origin"])
}

fn modules(sandbox: &Sandbox, project: &str) -> String {
    sandbox.read(&format!("fleet/projects/{project}/.gitmodules"))
}

#[test]
fn a_harness_moves_with_every_project_that_uses_it() {
    let (sandbox, url) = two_projects();
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("harness set-url lines ../copy.git --dry-run"), @r#"
    one:
      change the harness's url from $ROOT/harness to $ROOT/copy.git in .gitmodules and commit that
      name $ROOT/copy.git in git's configuration of the project and of the harness
    two:
      change the harness's url from $ROOT/harness to $ROOT/copy.git in .gitmodules and commit that
      name $ROOT/copy.git in git's configuration of the project and of the harness
    fleet.toml, [harnesses.lines]:
      write url = "$ROOT/copy.git"
    --- stderr
    warning: `$ROOT/copy.git` is a place on this machine: clones of its projects work nowhere else
    --- exit code 0
    "#);
    assert_same(&before, &sandbox.world());
    assert_eq!(sandbox.mirrors(), ["lines"]);
    insta::assert_snapshot!(sandbox.run("harness set-url lines ../copy.git -m moved"), @r"
    --- stderr
    warning: `$ROOT/copy.git` is a place on this machine: clones of its projects work nowhere else
    `one`: $ROOT/harness -> $ROOT/copy.git
    `two`: $ROOT/harness -> $ROOT/copy.git
    fleet.toml: `lines` comes from $ROOT/copy.git
    --- exit code 0
    ");
    std::fs::remove_dir_all(sandbox.at("harness")).expect("it is ours");
    for project in ["one", "two"] {
        let place = sandbox.project_at(project);
        sandbox.is_whole(&place);
        assert_eq!(origin(&sandbox, project), url);
        let changed = sandbox.git(&place, &["diff", "--name-only", "HEAD~1", "HEAD"]);
        assert_eq!(changed, ".gitmodules");
        assert_eq!(sandbox.git(&place, &["diff-files"]), "");
        let said = sandbox.git(&place, &["log", "-1", "--format=%an: %B"]);
        assert_eq!(said, format!("Ada Example: Take engine from {url}"));
        let words = [
            "-c",
            "protocol.file.allow=always",
            "clone",
            "--quiet",
            "--recurse-submodules",
        ];
        let clone = format!("clone-{project}");
        sandbox.git(
            sandbox.root(),
            &[&words[..], &[&place.to_string_lossy(), &clone]].concat(),
        );
        let words = ["submodule", "status"];
        assert_eq!(
            sandbox.git(&sandbox.at(&clone), &words),
            sandbox.git(&place, &words)
        );
    }
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("harness set-url lines ../copy.git"), @r"
    --- stderr
    warning: `$ROOT/copy.git` is a place on this machine: clones of its projects work nowhere else
    `one` takes its harness from there already
    `two` takes its harness from there already
    fleet.toml says so already
    --- exit code 0
    ");
    assert_same(&before, &sandbox.world());
    sandbox.fleet(&["update", "--all", "v0.2.0"]).succeeded();
    sandbox.fleet(&["create", "three"]).succeeded();
    let trail = sandbox.json(&["history", "--json"]).to_string();
    assert_eq!(trail.matches("\"moved\"").count(), 3, "{trail}");
}

#[test]
fn the_built_in_harness_gets_a_table_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.write("fleet/fleet.toml", "[fleet]\nname = \"test\"\n");
    sandbox.fleet(&["create", "demo"]).succeeded();
    let home = "home/.local/share/agents/harness.git";
    let words = ["clone", "--quiet", "--mirror", home, "copy.git"];
    sandbox.git(sandbox.root(), &words);
    sandbox
        .fleet(&["harness", "set-url", "agents", "../copy.git"])
        .succeeded();
    let url = sandbox.at("copy.git").display().to_string();
    let text = sandbox.read("fleet/fleet.toml");
    assert!(
        text.ends_with(&format!("\n[harnesses.agents]\nurl = \"{url}\"\n")),
        "{text}"
    );
    assert_eq!(origin(&sandbox, "demo"), url);
    sandbox.is_whole(&sandbox.project_at("demo"));
    sandbox.fleet(&["status", "--check"]);
    let status = sandbox.status("demo");
    assert_eq!(status["pin"]["word"], "ok");
}

#[test]
fn a_place_that_lacks_what_is_pinned_is_refused() {
    let (sandbox, url) = two_projects();
    sandbox.git(&sandbox.at("copy.git"), &["tag", "--delete", "v0.2.0"]);
    sandbox.git(
        &sandbox.at("copy.git"),
        &["update-ref", "refs/heads/main", "v0.1.0"],
    );
    let before = sandbox.world();
    let words = ["rev-parse", "--short=8", "v0.2.0"];
    let lost = sandbox.git(&sandbox.at("harness"), &words);
    let said = sandbox.run("harness set-url lines ../copy.git");
    insta::assert_snapshot!(said.replace(&lost, "<commit>"), @r"
    --- stderr
    error: cannot take `lines` from `$ROOT/copy.git`
      because: no branch or tag there has what projects pin: `two (<commit>)`
    hint: push it there: `git -C $ROOT/fleet/projects/two/engine push $ROOT/copy.git <commit>:refs/heads/BRANCH`
    --- exit code 3
    ");
    let refused = |words: &[&str], code: i32| {
        sandbox.fleet(words).exited(code);
        assert_same(&before, &sandbox.world());
        assert_eq!(sandbox.mirrors(), ["lines"]);
    };
    refused(&["harness", "set-url", "lines", &url, "--dry-run"], 3);
    refused(&["harness", "set-url", "lines", "../nothing"], 3);
    refused(&["harness", "set-url", "lines", "../home"], 1);
    refused(&["harness", "set-url", "nobody", &url], 2);
    refused(&["harness", "set-url", "agents", "../harness"], 3);
}

/// F11: a project in which something stands against it stays as it was, and fleet.toml waits for it.
#[test]
fn a_project_that_is_refused_is_named_and_completed_later() {
    let (sandbox, url) = two_projects();
    let two = sandbox.project_at("two");
    let text = modules(&sandbox, "two");
    sandbox.write("fleet/projects/two/.gitmodules", &format!("{text}# mine\n"));
    let registry = sandbox.read("fleet/fleet.toml");
    let before = sandbox.tree(&two);
    insta::assert_snapshot!(sandbox.run("harness set-url lines ../copy.git"), @r"
    --- stderr
    warning: `$ROOT/copy.git` is a place on this machine: clones of its projects work nowhere else
    `one`: $ROOT/harness -> $ROOT/copy.git
    error: cannot change `two`
      because: `.gitmodules` has changes that are not committed
    hint: commit them, or `git -C $ROOT/fleet/projects/two restore .gitmodules`
    warning: fleet.toml stays as it is until `two` can follow
    hint: then run the same command again
    --- exit code 4
    ");
    assert_same(&before, &sandbox.tree(&two));
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    sandbox.fleet(&["update", "one", "v0.2.0"]).succeeded();
    sandbox.git(&two, &["add", ".gitmodules"]);
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .exited(4);
    // A merge that stops in that very file.
    sandbox.git(&two, &["switch", "--quiet", "--create", "theirs"]);
    sandbox.git(&two, &["commit", "--quiet", "--message", "Mine"]);
    sandbox.git(&two, &["switch", "--quiet", "main"]);
    sandbox.write("fleet/projects/two/.gitmodules", &format!("{text}# ours\n"));
    sandbox.git(&two, &["commit", "--quiet", "--all", "--message", "Ours"]);
    sandbox
        .output(sandbox.command("git", &two).args(["merge", "theirs"]))
        .exited(1);
    let before = sandbox.tree(&two);
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .exited(4);
    assert_same(&before, &sandbox.tree(&two));
    sandbox.git(&two, &["merge", "--abort"]);
    for prepare in [
        &["switch", "--quiet", "--create", "side"][..],
        &["switch", "--quiet", "--detach", "main"],
    ] {
        sandbox.git(&two, prepare);
        let before = sandbox.tree(&two);
        sandbox
            .fleet(&["harness", "set-url", "lines", &url])
            .exited(4);
        assert_same(&before, &sandbox.tree(&two));
        sandbox.git(&two, &["switch", "--quiet", "main"]);
    }
    sandbox.write("fleet/projects/two/engine/mine", "work\n");
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .exited(4);
    std::fs::remove_file(two.join("engine/mine")).expect("it is ours");
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .succeeded();
    assert!(
        sandbox
            .read("fleet/fleet.toml")
            .contains(&format!("url = \"{url}\""))
    );
    for project in ["one", "two"] {
        assert_eq!(origin(&sandbox, project), url);
        sandbox.is_whole(&sandbox.project_at(project));
    }
}

/// F12: what is staged, changed, intended or unknown stays, and so does every byte around what changes.
#[test]
fn the_users_work_stays_as_it_is() {
    let (sandbox, url) = two_projects();
    let one = sandbox.project_at("one");
    let at = |file: &str| format!("fleet/projects/one/{file}");
    let odd =
        modules(&sandbox, "one").replace("url = ", "ignore = all ; c\r\n\tURL =   ") + "# end";
    sandbox.write(&at(".gitmodules"), &odd);
    sandbox.write(&at("changed"), "one\n");
    sandbox.git(&one, &["add", "--all"]);
    sandbox.git(&one, &["commit", "--quiet", "--message", "By hand"]);
    for (file, text) in [
        ("changed", "two\n"),
        ("staged", "x\n"),
        ("intended", "y\n"),
        ("unknown", "z\n"),
    ] {
        sandbox.write(&at(file), text);
    }
    sandbox.git(&one, &["add", "staged"]);
    sandbox.git(&one, &["add", "--intent-to-add", "intended"]);
    let hook = one.join(".git/hooks/pre-commit");
    sandbox.write(&at(".git/hooks/pre-commit"), "#!/bin/sh\ntouch ran\n");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let config = format!("# top\n{}# end\n", sandbox.read(&at(".git/config")));
    sandbox.write(&at(".git/config"), &config);
    let entries = || {
        let all = sandbox.git(&one, &["ls-files", "--stage", "--debug"]);
        let others = all
            .split_once("changed")
            .expect("it comes after .gitmodules");
        others.1.to_owned()
    };
    let status = || sandbox.git(&one, &["status", "--porcelain=v2"]);
    let (work, index) = (status(), entries());
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .succeeded();
    assert_eq!((status(), entries()), (work, index));
    let old = sandbox.at("harness").display().to_string();
    assert_eq!(modules(&sandbox, "one"), odd.replace(&old, &url));
    assert_eq!(sandbox.read(&at(".git/config")), config.replace(&old, &url));
    assert!(!one.join("ran").exists());
    assert_eq!(
        sandbox.git(&one, &["diff", "--name-only", "HEAD~1", "HEAD"]),
        ".gitmodules"
    );
}

#[test]
fn submodules_of_every_shape_follow() {
    let (sandbox, url) = two_projects();
    // One has another name than its path, the other keeps its repository in itself.
    let one = sandbox.project_at("one");
    for file in [&["--file", ".gitmodules"][..], &[]] {
        let rename = [
            "--rename-section",
            "submodule.engine",
            "submodule.the harness",
        ];
        sandbox.git(&one, &[&["config"], file, &rename[..]].concat());
    }
    sandbox.git(&one, &["commit", "--quiet", "--all", "--message", "Rename"]);
    let engine: PathBuf = sandbox.project_at("two").join("engine");
    std::fs::remove_file(engine.join(".git")).expect("it is a file");
    std::fs::rename(
        sandbox.project_at("two").join(".git/modules/engine"),
        engine.join(".git"),
    )
    .expect("both are ours");
    let config = engine.join(".git/config").display().to_string();
    let words = ["config", "--file", &config, "--unset", "core.worktree"];
    sandbox.git(sandbox.root(), &words);
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .succeeded();
    for project in ["one", "two"] {
        assert_eq!(origin(&sandbox, project), url);
        sandbox.is_whole(&sandbox.project_at(project));
    }
    assert_eq!(
        sandbox.git(&one, &["config", "submodule.the harness.url"]),
        url
    );
}

#[test]
fn a_commit_is_signed_where_all_are() {
    let (sandbox, url) = two_projects();
    let one = sandbox.project_at("one");
    sandbox.git(&one, &["config", "commit.gpgsign", "true"]);
    sandbox.git(&one, &["config", "gpg.program", "false"]);
    let before = sandbox.tree(&one.join(".git/refs"));
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .exited(4);
    assert_same(&before, &sandbox.tree(&one.join(".git/refs")));
    assert_eq!(sandbox.git(&one, &["status", "--porcelain"]), "");
    sandbox.git(&one, &["config", "--unset", "gpg.program"]);
    sandbox.git(&one, &["config", "commit.gpgsign", "false"]);
    sandbox
        .fleet(&["harness", "set-url", "lines", &url])
        .succeeded();
}
