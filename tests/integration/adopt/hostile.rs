//! F15: repositories that nobody should trust: nothing of them runs when they are found, adopted or let go, and nothing in
//! them keeps a command waiting.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::stat::Mode;

use super::stamped;
use crate::sandbox::Sandbox;

#[test]
fn nothing_in_a_repository_runs_when_it_is_taken_over_or_let_go() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("fleet/projects/demo", "v0.1.0");
    let ran = sandbox.at("ran");
    let trap = sandbox.at("fleet/projects/demo/trap.sh");
    sandbox.write(
        "fleet/projects/demo/trap.sh",
        &format!("#!/bin/sh\ntouch {}\ncat\n", ran.display()),
    );
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).expect("it is ours");
    sandbox.write(
        "fleet/projects/demo/.gitattributes",
        "* filter=trap diff=trap\n",
    );
    sandbox.git(&project, &["add", "--all"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "Trap"]);
    let program = trap.display();
    let config = format!(
        "[core]\n\tfsmonitor = {program}\n\thooksPath = {program}\n\tsshCommand = {program}\n\tpager = {program}\n\
         \talternateRefsCommand = {program}\n[filter \"trap\"]\n\tclean = {program}\n\tsmudge = {program}\n\
         \tprocess = {program}\n\trequired = true\n[diff]\n\texternal = {program}\n[credential]\n\thelper = {program}\n\
         [submodule \"engine\"]\n\tupdate = !{program}\n",
    );
    for place in [".git/config", ".git/modules/engine/config"] {
        let own = fs::read_to_string(project.join(place)).expect("it is ours");
        fs::write(project.join(place), format!("{own}{config}")).expect("it is ours");
    }
    for place in [".git/hooks", ".git/modules/engine/hooks"] {
        for hook in [
            "post-checkout",
            "reference-transaction",
            "post-index-change",
        ] {
            let hook = project.join(place).join(hook);
            fs::create_dir_all(hook.parent().expect("it has one")).expect("it is ours");
            fs::copy(&trap, hook).expect("it is ours");
        }
    }
    // A file that the index is not sure of would be read through the filter.
    fs::write(project.join("README"), "mine\n").expect("it is ours");
    let before = stamped(&project);
    sandbox.fleet(&["adopt", "--scan", "projects"]).succeeded();
    sandbox.fleet(&["adopt", "projects/demo"]).succeeded();
    sandbox.fleet(&["status"]).succeeded();
    sandbox
        .fleet(&["remove", "demo", "--delete-files"])
        .exited(3);
    assert_eq!(before, stamped(&project));
    sandbox
        .fleet(&["remove", "demo", "--delete-files", "--force"])
        .succeeded();
    assert!(!ran.exists());
}

#[test]
fn what_a_configuration_includes_is_not_waited_for() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    let pipe = sandbox.at("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("it is ours");
    let include = format!("[include]\n\tpath = {}\n", pipe.display());
    for place in [".git/config", ".gitmodules"] {
        let own = fs::read_to_string(project.join(place)).expect("it is ours");
        fs::write(project.join(place), format!("{own}{include}")).expect("it is ours");
    }
    let before = stamped(&project);
    sandbox.fleet(&["adopt", "../src/demo"]).succeeded();
    sandbox.fleet(&["adopt", "--scan", "../src"]).succeeded();
    assert_eq!(before, stamped(&project));
    sandbox.fleet(&["remove", "demo"]).succeeded();
}

/// Only what the directory says counts: not what a variable of the environment points at.
#[test]
fn the_environment_does_not_say_which_repository_is_meant() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .project("other", "v0.1.0");
    let project = sandbox.vendoring("src/demo", "v0.1.0");
    let other = sandbox.project_at("other");
    sandbox.git(
        &other,
        &["commit", "--quiet", "--allow-empty", "--message", "Ahead"],
    );
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    command
        .args(["adopt", "../src/demo"])
        .env("GIT_DIR", other.join(".git"))
        .env("GIT_WORK_TREE", &other)
        .env("GIT_INDEX_FILE", other.join(".git/index"));
    sandbox.output(&mut command).succeeded();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    command
        .args(["remove", "demo", "--delete-files"])
        .env("GIT_DIR", other.join(".git"))
        .env("GIT_WORK_TREE", &other);
    let said = sandbox.output(&mut command);
    assert!(
        said.exited(3)
            .stderr
            .contains("the project has 1 commit, on `main`"),
        "{}",
        said.text()
    );
    assert!(project.exists());
}

/// F14: what is to be typed can be typed, and no place is taken that would show as another one.
#[test]
fn hints_quote_what_a_shell_would_part_and_places_that_deceive_are_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let place = sandbox.vendoring("with space/demo", "v0.1.0");
    let hint_of = |words: &[&str]| {
        let said = sandbox.fleet(words);
        let said = sandbox.normalise(&said.exited(3).stderr);
        let hint = said.lines().find_map(|line| line.strip_prefix("hint: "));
        hint.expect("there is one").to_owned()
    };
    fs::create_dir(place.join("below")).expect("it is ours");
    let below = place.join("below").display().to_string();
    assert_eq!(
        hint_of(&["adopt", &below]),
        "it is inside one: `fleet adopt '$ROOT/with space/demo'`"
    );
    let above = sandbox.at("with space").display().to_string();
    assert_eq!(
        hint_of(&["adopt", &above, "--name", "x"]),
        "`fleet adopt --scan '$ROOT/with space'` looks for repositories in it"
    );
    let deceiving = sandbox.at("with space/\u{202e}omed");
    fs::rename(&place, &deceiving).expect("it is ours");
    let text = deceiving.display().to_string();
    let words = ["adopt", &text, "--name", "demo"];
    assert_eq!(hint_of(&words), "rename the directory first");
    let said = sandbox.fleet(&words).text();
    assert!(!said.contains('\u{202e}'), "{said}");
}
