//! `fleet update` of many projects: what it asks the network, what it says, and where it leaves tags and commits.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::sandbox::{Output, Sandbox, Stopwatch};

use super::one_project;

/// Runs `fleet` with a `git` first in PATH that writes down what it is asked, waits as long as it is told, and then does it.
fn counted(sandbox: &Sandbox, arguments: &[&str], pause: &str) -> (Output, usize) {
    let log = sandbox.at("tmp/git-calls");
    let real = std::env::split_paths(&std::env::var_os("PATH").expect("PATH is set"))
        .map(|directory| directory.join("git"))
        .find(|program| program.is_file())
        .expect("git is there");
    sandbox.write(
        "tmp/bin/git",
        &format!(
            "#!/bin/sh\ncase \" $* \" in *' fetch '*) echo fetch >> '{}'; sleep {pause};; esac\nexec '{}' \"$@\"\n",
            log.display(),
            real.display()
        ),
    );
    let wrapper = sandbox.at("tmp/bin/git");
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let _ = fs::remove_file(&log); // From the last time, if there was one.
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
    let inherited = command
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then_some(value?.to_owned()))
        .expect("the sandbox sets PATH");
    let before = sandbox.at("tmp/bin");
    let path =
        std::env::join_paths(std::iter::once(before).chain(std::env::split_paths(&inherited)));
    command
        .args(arguments)
        .env("PATH", path.expect("they came from a PATH"));
    let output = sandbox.output(&mut command);
    let calls = fs::read_to_string(&log).unwrap_or_default();
    (output, calls.lines().count())
}

fn with_projects(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0", "v0.3.0"]);
    let create = |sandbox: Sandbox, name: &&str| sandbox.project(name, "v0.1.0");
    names.iter().fold(sandbox, create)
}

#[test]
fn a_harness_is_fetched_once_whatever_the_number_of_projects() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let sandbox = with_projects(&names);
    let (output, fetches) = counted(&sandbox, &["update", "--all", "v0.2.0"], "0");
    output.succeeded();
    assert_eq!(fetches, 1);
    for name in names {
        sandbox.is_whole(&sandbox.project_at(name));
    }
    // Where it is known where to go, nobody is asked.
    for line in [["update", "--all"].as_slice(), &["rollback", "--all"]] {
        let (output, fetches) = counted(&sandbox, line, "0");
        output.succeeded();
        assert_eq!(fetches, 0, "{line:?}");
    }
    // A copy is a fetch.
    fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    let (output, fetches) = counted(&sandbox, &["update", "--all", "v0.3.0"], "0");
    output.succeeded();
    assert_eq!(fetches, 1);
    fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    let (output, fetches) = counted(&sandbox, &["rollback", "--all"], "0");
    output.succeeded();
    assert_eq!(fetches, 1);
}

#[test]
fn harnesses_are_fetched_at_the_same_time() {
    let sandbox = with_projects(&[]);
    let url = sandbox.at("harness").display().to_string();
    let mut registry = sandbox.read("fleet/fleet.toml");
    for number in 0..4 {
        registry += &format!("\n[harnesses.h{number}]\nurl = \"{url}\"\n");
    }
    sandbox.write("fleet/fleet.toml", &registry);
    for number in 0..4 {
        let (name, harness) = (format!("p{number}"), format!("h{number}"));
        sandbox
            .fleet(&["create", &name, "--harness", &harness, "--ref", "v0.1.0"])
            .succeeded();
    }
    let begun = Stopwatch::start();
    let (output, fetches) = counted(&sandbox, &["update", "--all", "v0.2.0"], "3");
    output.succeeded();
    assert_eq!(fetches, 4);
    // One after the other, they would take four times the pause.
    begun.assert_within(Duration::from_secs(9));
}

#[test]
fn nothing_is_drawn_where_nobody_looks() {
    let sandbox = with_projects(&["a", "b"]);
    let said = sandbox.fleet(&["update", "--all", "v0.2.0"]);
    assert_eq!(said.succeeded().stderr, "2 projects: 2 moved\n");
    let quiet = sandbox.fleet(&["--quiet", "update", "--all", "v0.1.0"]);
    assert_eq!(quiet.succeeded().stderr, "");
    assert!(quiet.stdout.starts_with("NAME"), "{}", quiet.stdout);
}

#[test]
fn nobody_chosen_is_said() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    insta::assert_snapshot!(sandbox.run("update --all v0.1.0"), @r"
    --- stderr
    no project is registered
    hint: `fleet create NAME` makes one
    --- exit code 0
    ");
}

#[test]
fn a_restart_of_several_is_in_the_table() {
    let sandbox = with_projects(&["a", "b"]);
    sandbox.fleet(&["start", "a"]).succeeded();
    insta::assert_snapshot!(sandbox.run("update --all v0.2.0 --restart"), @r"
    NAME  FROM             TO               OUTCOME
    a  v0.1.0 <commit>  v0.2.0 <commit>  moved, restarted
    b  v0.1.0 <commit>  v0.2.0 <commit>  moved
    --- stderr
    2 projects: 1 moved, restarted, 1 moved
    --- exit code 0
    ");
    sandbox.wait_for_screen("a", "lines v0.2.0: a is up");
    sandbox.fleet(&["stop", "a"]).succeeded();
}

#[test]
fn the_reason_is_in_the_trail_and_nowhere_else() {
    let sandbox = with_projects(&["a", "b"]);
    let reason = "the old one leaks";
    sandbox
        .fleet(&["update", "--all", "v0.2.0", "-m", reason])
        .succeeded();
    let history = sandbox.fleet(&["history", "a"]).succeeded().stdout.clone();
    assert!(history.contains(reason), "{history}");
    for project in ["a", "b"].map(|name| sandbox.project_at(name)) {
        let log = sandbox.git(&project, &["log", "--all", "--reflog", "--format=%B"]);
        assert!(!log.contains("leaks"), "{log}");
    }
    let long = "x".repeat(501);
    for bad in ["two\nlines", "\u{1b}[2J", " ", &long] {
        let said = sandbox.fleet(&["update", "a", "v0.3.0", "-m", bad]);
        assert!(
            said.exited(2).stderr.contains("a reason"),
            "{}",
            said.stderr
        );
        sandbox.fleet(&["rollback", "a", "-m", bad]).exited(2);
    }
}

/// F13: one project may follow a moved tag, and no other follows it by that.
#[test]
fn who_follows_a_moved_tag_follows_it_alone() {
    let sandbox = with_projects(&["a", "b", "c"]);
    let harness = sandbox.at("harness");
    sandbox.fleet(&["update", "c", "v0.3.0"]).succeeded();
    sandbox.git(&harness, &["tag", "--force", "v0.1.0", "v0.2.0"]);
    sandbox
        .fleet(&["update", "a", "v0.1.0", "--accept-moved-tag"])
        .succeeded();
    let [old, new] = ["v0.2.0~1", "v0.2.0"].map(|it| sandbox.git(&harness, &["rev-parse", it]));
    let pin = |name: &str| sandbox.git(&sandbox.project_at(name), &["rev-parse", "HEAD:engine"]);
    assert_eq!((pin("a"), pin("b")), (new.clone(), old.clone()));
    insta::assert_snapshot!(sandbox.run("update --all v0.1.0"), @r"
    NAME  FROM             TO               OUTCOME    REASON
    a                                       unchanged  at v0.1.0 already
    b  refused  tag `v0.1.0` of harness `lines` has moved from <commit> to <commit>, or `ref` in fleet.toml was edited without its `commit`
    c  v0.3.0 <commit>  v0.1.0 <commit>  moved
    --- stderr
    hint: find out why; then name the commit you mean, or follow the tag: `fleet update NAME v0.1.0 --accept-moved-tag`
    3 projects: 1 unchanged, 1 refused, 1 moved
    --- exit code 4
    ");
    sandbox
        .fleet(&["update", "b", "v0.1.0", "--accept-moved-tag"])
        .succeeded();
    sandbox.fleet(&["update", "--all", "v0.1.0"]).succeeded();
    assert_eq!(
        (pin("a"), pin("b"), pin("c")),
        (new.clone(), new.clone(), new)
    );
}

#[test]
fn to_accept_a_moved_tag_means_nothing_for_what_is_no_tag() {
    let sandbox = one_project();
    let harness = sandbox.at("harness");
    sandbox.git(&harness, &["branch", "trial", "v0.2.0"]);
    let commit = sandbox.git(&harness, &["rev-parse", "v0.3.0"]);
    for reference in ["trial", &commit, "refs/tags/v0.1.0"] {
        let said = sandbox.fleet(&["update", "demo", reference, "--accept-moved-tag"]);
        assert!(
            !said.succeeded().stderr.contains("warning"),
            "{}",
            said.text()
        );
    }
    assert!(!sandbox.at("fleet/.fleet/journal/demo.json").exists());
}

#[test]
fn the_beginning_of_a_commit_is_kept_in_full() {
    let sandbox = one_project();
    let commit = sandbox.git(&sandbox.at("harness"), &["rev-parse", "v0.2.0"]);
    let short = &commit[..9];
    let eight = &commit[..8];
    let said = sandbox.fleet(&["update", "demo", short]);
    assert_eq!(
        said.succeeded().stderr,
        format!("`demo`: v0.1.0 -> {eight}\n")
    );
    let registry = sandbox.read("fleet/fleet.toml");
    let wanted = format!("ref = \"{commit}\"\ncommit = \"{commit}\"");
    assert!(registry.contains(&wanted), "{registry}");
    let project = sandbox.project_at("demo");
    let subject = sandbox.git(&project, &["log", "-1", "--format=%s"]);
    assert_eq!(subject, format!("Move engine to {eight}"));
    sandbox.fleet(&["update", "demo", short]).succeeded();
    // A branch is kept by its name, and what it stood for with it.
    sandbox.fleet(&["update", "demo", "main"]).succeeded();
    let tip = sandbox.git(&sandbox.at("harness"), &["rev-parse", "main"]);
    let registry = sandbox.read("fleet/fleet.toml");
    let wanted = format!("ref = \"main\"\ncommit = \"{tip}\"");
    assert!(registry.contains(&wanted), "{registry}");
}

/// F13: the history of a branch is another one now; what was pinned is still to be had from the mirror.
#[test]
fn a_branch_that_was_pushed_away_loses_nothing() {
    let sandbox = one_project();
    let harness = sandbox.at("harness");
    sandbox.write("harness/extra", "first\n");
    sandbox.git(&harness, &["add", "--all"]);
    sandbox.git(&harness, &["commit", "--quiet", "--message", "First"]);
    let first = sandbox.git(&harness, &["rev-parse", "HEAD"]);
    sandbox.fleet(&["update", "demo", "main"]).succeeded();
    sandbox.write("harness/extra", "second\n");
    sandbox.git(
        &harness,
        &[
            "commit",
            "--quiet",
            "--all",
            "--amend",
            "--message",
            "Second",
        ],
    );
    let second = sandbox.git(&harness, &["rev-parse", "HEAD"]);
    let project = sandbox.project_at("demo");
    let pin = || sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    sandbox.fleet(&["update", "demo"]).succeeded();
    assert_eq!(pin(), first);
    sandbox.fleet(&["update", "demo", "main"]).succeeded();
    assert_eq!(pin(), second);
    sandbox.fleet(&["rollback", "demo"]).succeeded();
    assert_eq!(pin(), first);
    sandbox.is_whole(&project);
    // Without the mirror it is nowhere: said, and nothing is touched.
    sandbox.fleet(&["update", "demo", "main"]).succeeded();
    fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    sandbox.git(&harness, &["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(&harness, &["gc", "--quiet", "--prune=now"]);
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("rollback demo"), @r"
    --- stderr
    error: cannot update `demo`
      because: harness `lines` has no commit <commit>: neither its remote nor its mirror
    hint: `fleet why demo` tells where it was seen last; `fleet update demo REF` moves to a version that is there
    --- exit code 1
    ");
    crate::sandbox::assert_same(&before, &sandbox.world());
}

/// F13: a remote that wants a password is refused by git at once, and by nobody waited for.
#[test]
fn a_remote_that_asks_for_a_password_is_an_error_and_no_wait() {
    use std::io::{Read as _, Write as _};
    let sandbox = one_project();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]); // Whatever it asks.
            let _ = stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let old = format!("url = \"{}\"", sandbox.at("harness").display());
    let new = format!("url = \"http://{address}/x.git\"");
    let registry = sandbox.read("fleet/fleet.toml").replace(&old, &new);
    sandbox.write("fleet/fleet.toml", &registry);
    let before = sandbox.world();
    let begun = Stopwatch::start();
    for line in [["update", "demo", "v0.2.0"].as_slice(), &["update", "demo"]] {
        let said = sandbox.fleet(line);
        let text = said.exited(1).text();
        assert!(text.contains("terminal prompts disabled"), "{text}");
    }
    begun.assert_within(Duration::from_secs(30));
    crate::sandbox::assert_same(&before, &sandbox.world());
}
