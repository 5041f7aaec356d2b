//! In what git keeps beside the files.

use super::super::{audit, places};
use super::{assert_found, commit, git, one_project, secret, write};

#[test]
fn in_gits_configuration() {
    let sandbox = one_project();
    let root = sandbox.directory().display().to_string();
    git(&sandbox, &["config", "fleet.name", "home"]);
    git(&sandbox, &["config", "core.fleetName", "home"]);
    git(&sandbox, &["config", "alias.up", "!fleet update demo"]);
    git(
        &sandbox,
        &["config", "demo.place", &format!("a \"{root}\" b")],
    );
    git(&sandbox, &["config", "core.hooksPath", "../../hooks"]);
    git(
        &sandbox,
        &["remote", "add", "fleet", "https://example.org/x.git"],
    );
    let report = audit(&sandbox);
    let mut found = places(&sandbox, &report, "traces");
    found.sort();
    found.dedup();
    assert_eq!(
        found,
        [
            ".git/config: alias.up",
            ".git/config: core.fleetname",
            ".git/config: core.hookspath",
            ".git/config: demo.place",
            ".git/config: fleet",
            ".git/config: fleet.name",
            ".git/config: remote.fleet",
            ".git/config: remote.fleet.fetch",
            ".git/config: remote.fleet.url",
            ".git/config:16",
        ]
    );
}

#[test]
fn in_configuration_that_is_included_or_of_a_work_tree() {
    let sandbox = one_project();
    git(&sandbox, &["config", "include.path", "extra"]);
    write(
        &sandbox,
        ".git/extra",
        "[demo]\n\tx = y\n\tdir = TENDED_2\n",
    );
    git(&sandbox, &["config", "extensions.worktreeConfig", "true"]);
    git(
        &sandbox,
        &["config", "--worktree", "demo.dir", &secret(&sandbox)],
    );
    let report = audit(&sandbox);
    let found = places(&sandbox, &report, "traces");
    for place in [
        ".git/config includes extra:3",
        ".git/config.worktree:2",
        ".git/config.worktree: demo.dir",
    ] {
        assert!(found.iter().any(|it| it == place), "{found:#?}");
    }
}

#[test]
fn in_gitmodules() {
    let sandbox = one_project();
    git(
        &sandbox,
        &["config", "-f", ".gitmodules", "submodule.engine.fleet", "x"],
    );
    assert_found(&sandbox, &[".gitmodules: submodule.engine.fleet"]);
}

#[test]
fn in_hooks() {
    let sandbox = one_project();
    write(
        &sandbox,
        ".git/hooks/post-commit",
        "#!/bin/sh\nfleet status\n",
    );
    write(&sandbox, ".git/hooks/pre-push", "#!/bin/sh\nFLEET_DIR=x\n");
    write(&sandbox, ".git/hooks/fleet-sync", "#!/bin/sh\n");
    write(&sandbox, ".git/hooks/commit-msg.sample", "fleet status");
    assert_found(
        &sandbox,
        &[
            ".git/hooks/fleet-sync",
            ".git/hooks/post-commit",
            ".git/hooks/pre-push",
        ],
    );
}

#[test]
fn in_hooks_that_the_configuration_has_elsewhere() {
    let sandbox = one_project();
    git(&sandbox, &["config", "core.hooksPath", "tools/hooks"]);
    write(&sandbox, "tools/hooks/post-commit", "fleet update --all\n");
    let place = sandbox.place("demo").join("tools/hooks/post-commit");
    let place = sandbox.normalise(&place.display().to_string());
    assert_found(&sandbox, &[place.trim_end()]);
}

#[test]
fn in_notes() {
    let sandbox = one_project();
    let message = format!("by {}", secret(&sandbox));
    git(&sandbox, &["notes", "add", "--message", &message]);
    git(
        &sandbox,
        &["notes", "--ref", "fleet", "add", "--message", "x"],
    );
    let head = git(&sandbox, &["rev-parse", "HEAD"]);
    let report = audit(&sandbox);
    assert_eq!(report["projects"][0]["looked"]["notes"], 2);
    let traces = &report["projects"][0]["traces"];
    assert_eq!(
        traces[1]["place"],
        format!(".git: refs/notes/commits on {head}:1"),
        "{traces:#}"
    );
    assert_eq!(traces[0]["place"], ".git: refs/notes/fleet");
}

#[test]
fn in_the_names_of_refs() {
    let sandbox = one_project();
    for name in [
        "refs/fleet/pin",
        "refs/heads/fleet/demo",
        "refs/tags/fleet",
        "refs/heads/fleet-tender",
    ] {
        git(&sandbox, &["update-ref", name, "HEAD"]);
    }
    git(&sandbox, &["pack-refs", "--all"]);
    git(&sandbox, &["update-ref", "refs/remotes/fleet/main", "HEAD"]);
    let report = audit(&sandbox);
    let mut found = places(&sandbox, &report, "traces");
    found.sort();
    for name in [
        ".git: refs/fleet/pin",
        ".git: refs/heads/fleet-tender",
        ".git: refs/heads/fleet/demo",
        ".git: refs/remotes/fleet/main",
        ".git: refs/tags/fleet",
    ] {
        assert!(found.iter().any(|it| it == name), "{name}: {found:#?}");
    }
}

#[test]
fn in_a_ref_that_was_deleted_and_left_its_reflog() {
    let sandbox = one_project();
    write(&sandbox, ".git/logs/refs/heads/fleet", "");
    assert_found(&sandbox, &[".git/logs: refs/heads/fleet"]);
}

#[test]
fn in_a_reflog() {
    let sandbox = one_project();
    git(
        &sandbox,
        &["update-ref", "-m", "fleet: moved the pin", "HEAD", "HEAD"],
    );
    let before = sandbox.read("fleet/projects/demo/.git/logs/HEAD");
    let line = before.lines().next().expect("there is one").to_owned();
    let who = line
        .split('\t')
        .next()
        .expect("it has a message")
        .to_owned();
    write(
        &sandbox,
        ".git/logs/HEAD",
        &format!(
            "{line}\n{who}\tfleet: moved the pin\n{who}\tby {}\n",
            secret(&sandbox)
        ),
    );
    assert_found(&sandbox, &[".git/logs/HEAD:3", ".git/logs/HEAD:2"]);
}

#[test]
fn in_a_commit_that_only_a_reflog_knows() {
    let sandbox = one_project();
    commit(&sandbox, &format!("at {}", secret(&sandbox)));
    let lost = git(&sandbox, &["rev-parse", "HEAD"]);
    git(&sandbox, &["reset", "--quiet", "--hard", "HEAD~1"]);
    let report = audit(&sandbox);
    let traces = report["projects"][0]["traces"].to_string();
    assert!(traces.contains(&format!(".git: commit {lost}")), "{traces}");
}

#[test]
fn in_the_message_of_a_commit_that_moves_the_pin() {
    let sandbox = one_project();
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    git(
        &sandbox,
        &[
            "commit",
            "--quiet",
            "--amend",
            "--message",
            "Move engine\n\nFleet-Project: demo",
        ],
    );
    assert_found(&sandbox, &[".git: commit <commit>"]);
}

#[test]
fn as_the_author_of_a_commit_that_moves_the_pin() {
    let sandbox = one_project();
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    let author = "--author=fleet <fleet@localhost>";
    git(
        &sandbox,
        &["commit", "--quiet", "--amend", "--no-edit", author],
    );
    assert_found(&sandbox, &[".git: commit <commit>"]);
}

#[test]
fn in_an_annotated_tag_and_in_the_stash() {
    let sandbox = one_project();
    let message = format!("from {}", secret(&sandbox));
    git(
        &sandbox,
        &["tag", "--annotate", "--message", &message, "v1"],
    );
    write(&sandbox, "agents.toml", "changed");
    git(&sandbox, &["add", "--all"]);
    git(
        &sandbox,
        &["stash", "push", "--quiet", "--message", "for fleet-tender"],
    );
    let report = audit(&sandbox);
    let found = places(&sandbox, &report, "traces");
    for place in [".git: tag <commit>", ".git: commit <commit>"] {
        assert!(found.iter().any(|it| it == place), "{found:#?}");
    }
}

#[test]
fn in_other_files_of_the_git_directory() {
    let sandbox = one_project();
    write(&sandbox, ".git/description", "run by fleet start demo");
    write(&sandbox, ".git/info/exclude", "# FLEET_LOG\n");
    write(&sandbox, ".git/fleet.json", "{}");
    write(&sandbox, ".git/COMMIT_EDITMSG", &secret(&sandbox));
    assert_found(
        &sandbox,
        &[
            ".git/COMMIT_EDITMSG:1",
            ".git/description",
            ".git/fleet.json",
            ".git/info/exclude",
        ],
    );
}

#[test]
fn in_the_engine_and_its_git_directory() {
    let sandbox = one_project();
    write(&sandbox, "engine/run.sh", "exec fleet-tender");
    let engine = sandbox.place("demo").join("engine");
    sandbox.git(&engine, &["config", "fleet.name", "demo"]);
    sandbox.git(&engine, &["update-ref", "refs/fleet/pin", "HEAD"]);
    assert_found(
        &sandbox,
        &[
            "engine/.git/config: fleet",
            "engine/.git/config: fleet.name",
            "engine/.git: refs/fleet/pin",
            "engine/run.sh:1",
        ],
    );
}

#[test]
fn in_a_submodule_that_is_not_checked_out() {
    let sandbox = one_project();
    let modules = sandbox.place("demo").join(".git/modules");
    let other = modules.join("deep/other");
    std::fs::create_dir_all(&other).unwrap();
    sandbox.git(&other, &["init", "--quiet", "--bare", "."]);
    sandbox.git(&other, &["config", "fleet.name", "demo"]);
    assert_found(
        &sandbox,
        &[
            ".git/modules/deep/other/config: fleet",
            ".git/modules/deep/other/config: fleet.name",
        ],
    );
}

#[test]
fn where_objects_are_borrowed_from_a_mirror() {
    let sandbox = one_project();
    let mirrors = sandbox.at("home/.cache/fleet/mirrors");
    let mirror = std::fs::read_dir(&mirrors)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let objects = mirror.path().join("objects");
    write(
        &sandbox,
        ".git/objects/info/alternates",
        &format!("{}\n", objects.display()),
    );
    assert_found(&sandbox, &[".git/objects/info/alternates"]);
}

#[test]
fn by_the_name_of_the_fleets_socket() {
    let sandbox = one_project();
    sandbox.fleet(&["start", "demo"]).succeeded();
    let socket = sandbox.read("fleet/.fleet/socket");
    let name = socket.trim().rsplit('/').next().expect("a name").to_owned();
    write(
        &sandbox,
        "notes.md",
        &format!("{socket}tmux -L {name} attach\n"),
    );
    commit(&sandbox, "Notes");
    write(&sandbox, "notes.md", "");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_found(&sandbox, &["notes.md:1", "notes.md:2"]);
}

#[test]
fn in_what_is_left_of_a_damaged_submodule() {
    let sandbox = one_project();
    let setting = format!("[demo]\n\tdir = {}\n", secret(&sandbox));
    write(&sandbox, ".git/modules/stray", &secret(&sandbox));
    write(&sandbox, ".git/modules/old/objects/none", "");
    write(&sandbox, ".git/modules/old/config", &setting);
    let report = audit(&sandbox);
    let found = places(&sandbox, &report, "traces");
    for place in [".git/modules/stray:1", ".git/modules/old/config:2"] {
        assert!(found.iter().any(|it| it == place), "{report:#}");
    }
}

#[test]
fn as_people_write_a_place_in_their_home() {
    let sandbox = one_project();
    write(
        &sandbox,
        "notes.md",
        "see ~/fleet/fleet.toml and ~/fleet/x\n",
    );
    commit(&sandbox, "Notes");
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let output = sandbox.output(command.env("HOME", sandbox.root()).arg("audit"));
    let said = output.exited(5).text();
    assert!(said.contains("notes.md:1"), "{said}");
}
