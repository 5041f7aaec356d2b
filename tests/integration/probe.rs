//! `fleet harness probe`: a version is tried, and nothing of that is left.

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use crate::sandbox::Sandbox;
use crate::start::prepare::signal;

/// A probe that does not take long.
pub(crate) const PROBE: [&str; 6] = ["harness", "probe", "lines", "v1", "--soak", "0s"];

const COMMANDS: &str = "prepare = [\"sh\", \"-c\", \"echo tool > {cache}/tool\"]\n\
     start = [\"sh\", \"{engine}/run.sh\", \"{state}\", \"{cache}\"]\nstatus = [\"sh\", \"{engine}/run.sh\", \"status\"]";

/// A fleet with a version `v1` of the harness, which runs a script.
pub(crate) fn fleet(script: &str) -> Sandbox {
    let script = format!("test \"$1\" = status && exit 0\n{script}");
    Sandbox::new()
        .harness(["v0.1.0"])
        .manifest("v1", COMMANDS, &script)
}

/// Fails unless all of a probe has gone, but for what it keeps: the prepared cache, and logs.
#[track_caller]
pub(crate) fn nothing_is_left(sandbox: &Sandbox) {
    sandbox.wait_for("its last process to end", || sandbox.processes().is_empty());
    assert!(!sandbox.at("fleet/.fleet/probe").exists());
    assert_eq!(sandbox.sockets(), [] as [std::path::PathBuf; 0]);
    let states = std::fs::read_dir(sandbox.at("home/.local/state/agents"));
    assert_eq!(states.map_or(0, Iterator::count), 0);
    let beside = sandbox.beside_caches();
    assert!(
        beside
            .iter()
            .all(|name| name == "lock" || name == "prepared"),
        "{beside:?}"
    );
    let projects = std::fs::read_dir(sandbox.at("fleet/projects"));
    assert_eq!(projects.map_or(0, Iterator::count), 0);
}

/// What a probe said, without how long it took.
fn said(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let text = sandbox.normalise(&sandbox.fleet(arguments).text());
    let timeless = text.lines().map(|line| {
        let took = line.rsplit_once(" (").or(line.rsplit_once(" in "));
        let before = took.filter(|(_, time)| time.ends_with(" s)") || time.ends_with(" s"));
        format!("{}\n", before.map_or(line, |(before, _)| before))
    });
    timeless.collect()
}

#[test]
fn a_version_that_works_is_prepared_started_asked_stopped_and_removed() {
    let sandbox = fleet("mkdir -p \"$1\"; cp \"$2/tool\" \"$1\"; echo up; exec cat\n");
    let registry = sandbox.read("fleet/fleet.toml");
    assert_snapshot!(said(&sandbox, &PROBE), @r"
    ok  resolve  v1 is <commit>
    ok      create   a throw-away project
    ok      prepare  it is prepared, also for those who move to it
    ok      start    it runs
    ok      soak     it stayed up for 0.0 s
    ok      status   it says that it is healthy
    ok      stop     stopped `trial`
    ok      remove   nothing of it is left
    --- stderr
    prepared lines at <commit>
    --- exit code 0
    ");
    nothing_is_left(&sandbox);
    assert_eq!(sandbox.read("fleet/fleet.toml"), registry);
    let trail = sandbox.read("fleet/.fleet/events.jsonl");
    assert_eq!(trail.lines().count(), 1, "{trail}");
    assert!(trail.contains("\"what\":\"probe\"") && trail.contains("\"after\":\"lines v1 "));
    let again = sandbox.fleet(&PROBE);
    assert!(
        again
            .succeeded()
            .stdout
            .contains("it has been prepared before")
    );
    nothing_is_left(&sandbox);
}

/// The default harness, on a machine without network and without any agent.
#[test]
fn the_default_harness_is_tried_with_stand_ins() {
    let sandbox = Sandbox::new();
    sandbox.fleet(&["init", "fleet"]).succeeded();
    for version in ["v0.1.0", "v0.2.0"] {
        let probe = ["harness", "probe", "agents", version, "--soak", "100ms"];
        let output = sandbox.fleet(&probe);
        let said = &output.succeeded().stdout;
        assert!(said.contains("its agents are small stand-ins"), "{said}");
        assert!(said.contains("it says that it is healthy"), "{said}");
        nothing_is_left(&sandbox);
    }
}

#[test]
fn one_that_dies_is_told_with_how_and_what_it_said() {
    let sandbox = fleet("echo up; sleep 1; echo 'error: no such model' >&2; exit 3\n");
    let output = sandbox.fleet(&["harness", "probe", "lines", "v1", "--soak", "50s"]);
    let how = "it has ended after 1.";
    assert!(output.exited(1).stderr.contains(how), "{}", output.text());
    nothing_is_left(&sandbox);
    let mut logs = std::fs::read_dir(sandbox.at("fleet/.fleet/logs")).expect("it is there");
    let log = logs
        .find_map(|entry| {
            Some(entry.ok()?.path()).filter(|path| path.extension().is_some_and(|it| it == "probe"))
        })
        .expect("what it said is kept");
    let text = std::fs::read_to_string(log).expect("it is ours");
    assert!(text.contains("up\nerror: no such model"), "{text}");
    assert!(
        text.contains("failed  soak     it has ended after 1."),
        "{text}"
    );
    assert!(
        text.contains("signature  exit status 3: error: no such model"),
        "{text}"
    );
}

#[test]
fn one_that_dies_at_once_has_failed() {
    let sandbox = fleet("echo 'error: no such model'; exit 3\n");
    let text = said(&sandbox, &PROBE);
    let name = sandbox.cache_of("v1").with_extension("probe");
    let name = name.file_name().expect("it has one").to_string_lossy();
    let text = text.replace(&*name, "$LOG");
    assert_snapshot!(text, @r"
    ok  resolve  v1 is <commit>
    ok      create   a throw-away project
    ok      prepare  it is prepared, also for those who move to it
    failed  start
            exit       exit status 3
            signature  exit status 3: error: no such model
            | error: no such model
    ok      stop     stopped `trial`
    ok      remove   nothing of it is left
    --- stderr
    prepared lines at <commit>
    error: lines v1 does not work
      because: `trial` ended at once: exit status 3
      because: it said: error: no such model
    hint: `cat $ROOT/fleet/.fleet/logs/$LOG` shows all that it said
    --- exit code 1
    ");
    nothing_is_left(&sandbox);
}

#[test]
fn one_whose_work_is_done_at_once_has_not_stayed_up() {
    let sandbox = fleet("echo done\n");
    let output = sandbox.fleet(&PROBE);
    assert!(
        output.exited(1).stderr.contains("it has ended after"),
        "{}",
        output.text()
    );
    nothing_is_left(&sandbox);
}

#[test]
fn one_that_says_it_is_not_healthy_has_failed() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).manifest(
        "v1",
        COMMANDS,
        "if test \"$1\" = status; then sleep 86401 > /dev/null 2>&1 & echo 'no agent answers'; exit 9; fi\nexec cat\n",
    );
    let output = sandbox.fleet(&PROBE);
    let complaint = "it says that it is not healthy: exit status 9: no agent answers";
    assert!(
        output.exited(1).stderr.contains(complaint),
        "{}",
        output.text()
    );
    nothing_is_left(&sandbox);
}

#[test]
fn one_that_cannot_be_prepared_is_not_started() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).manifest(
        "v1",
        "prepare = [\"sh\", \"-c\", \"echo no compiler; exit 7\"]\nstart = [\"sh\", \"{engine}/run.sh\"]",
        "touch \"$HOME/started\"; exec cat\n",
    );
    let output = sandbox.fleet(&PROBE);
    output.exited(1);
    assert!(
        output
            .stderr
            .contains("exit status: 7: no compiler (its output is in ")
    );
    assert!(!sandbox.at("home/started").exists());
    nothing_is_left(&sandbox);
}

#[test]
fn a_version_that_is_not_there_is_refused_and_a_bad_one_is_tried() {
    let sandbox = fleet("exec cat\n");
    sandbox
        .fleet(&["harness", "probe", "lines", "v9"])
        .exited(3);
    sandbox
        .fleet(&["harness", "probe", "other", "v1"])
        .exited(2);
    nothing_is_left(&sandbox);
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{registry}bad_refs = [\"v1\"]\n"),
    );
    let output = sandbox.fleet(&PROBE);
    let warning =
        "warning: `v1` is among the `bad_refs` of harness `lines`; it is tried all the same";
    assert!(
        output.succeeded().stderr.contains(warning),
        "{}",
        output.text()
    );
    nothing_is_left(&sandbox);
}

/// F9: it ignores signals, hides, forks twice, prints without end, and opens windows and sessions.
#[test]
fn one_that_does_not_behave_leaves_nothing() {
    let sandbox = fleet(
        "trap '' TERM HUP INT\n\
         setsid sh -c 'trap \"\" TERM HUP INT; (setsid sleep 86401 &); while :; do sleep 86402; done' &\n\
         tmux new-window -d 'sleep 86403'; tmux new-session -d -s other 'sleep 86404'\n\
         mkdir -p \"$1/locked\"; touch \"$1/locked/file\"; chmod 500 \"$1/locked\" .\n\
         while :; do echo again; done\n",
    );
    let output = sandbox.fleet(&PROBE);
    assert!(
        output.succeeded().stdout.contains("had to be killed"),
        "{}",
        output.text()
    );
    nothing_is_left(&sandbox);
}

/// F10: told to end at any stage, it first ends and removes all.
#[test]
fn ctrl_c_ends_and_removes_all() {
    use std::os::unix::process::ExitStatusExt as _;
    let stages = [
        (
            "prepare = [\"sh\", \"-c\", \"sleep 86401\"]\nstart = [\"cat\"]",
            "sleep 86401",
        ),
        (
            "start = [\"sh\", \"-c\", \"setsid sleep 86402 & exec sleep 86403\"]",
            "sleep 86402",
        ),
    ];
    for (commands, runs) in stages {
        for told in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let sandbox = Sandbox::new()
                .harness(["v0.1.0"])
                .manifest("v1", commands, "");
            let mut probe = sandbox.begin(&["harness", "probe", "lines", "v1", "--soak", "50s"]);
            sandbox.wait_for("it to be under way", || {
                let mut running = sandbox.running(runs);
                running.retain(|process| process.command == runs);
                running.len() == 1
            });
            signal(&probe, told);
            let status = probe.wait().expect("it is our child");
            assert_eq!(status.signal(), Some(told as i32), "{runs}: {status}");
            nothing_is_left(&sandbox);
            let trail = sandbox.read("fleet/.fleet/events.jsonl");
            assert!(trail.contains("interrupted"), "{trail}");
        }
    }
}

/// F19: a project that runs, one of the same name included, the fleet's server, and the user's own stay as they are.
#[test]
fn what_runs_beside_it_is_not_touched() {
    let sandbox = fleet("echo up; exec cat\n")
        .project("trial", "v1")
        .started("trial", "up");
    let own = sandbox.at("tmux/own");
    sandbox
        .tmux_at(&own, &["new-session", "-d", "-s", "trial", "exec cat"])
        .succeeded();
    let own_pane = || {
        sandbox
            .tmux_at(&own, &["list-panes", "-a", "-F", "#{pane_pid}"])
            .stdout
    };
    let world = || {
        (
            sandbox.world(),
            sandbox.harness_of("trial"),
            sandbox.tender_of("trial"),
            own_pane(),
        )
    };
    let before = world();
    sandbox.fleet(&PROBE).succeeded();
    let after = world();
    crate::sandbox::assert_same(&before.0, &after.0);
    assert_eq!((before.1, before.2, before.3), (after.1, after.2, after.3));
    assert!(!sandbox.at("fleet/.fleet/probe").exists());
    sandbox.fleet(&["stop", "trial"]).succeeded();
    sandbox
        .tmux_at(&own, &["kill-session", "-t", "=trial"])
        .succeeded();
}

/// What is in its place and is not a probe's is removed, and what a link there leads to is not.
#[test]
fn a_link_in_its_place_is_not_followed() {
    let sandbox = fleet("exec cat\n")
        .project("demo", "v1")
        .started("demo", "");
    let runtime = sandbox.at("fleet/.fleet");
    for link in ["fleet/.fleet/probe", "fleet/.fleet/probe/.fleet"] {
        let link = sandbox.at(link);
        std::fs::create_dir_all(link.parent().expect("it has one")).expect("it is ours");
        std::os::unix::fs::symlink(&runtime, &link).expect("nothing is there");
        sandbox.fleet(&PROBE).succeeded();
        assert!(!sandbox.at("fleet/.fleet/probe").exists());
        assert_eq!(sandbox.status("demo")["verdict"], "up");
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn one_probe_at_a_time() {
    let sandbox = fleet("exec cat\n");
    let mut first = sandbox.begin(&["harness", "probe", "lines", "v1", "--soak", "50s"]);
    sandbox.wait_for("the first to soak", || {
        sandbox.running("fleet-tender").len() == 1
    });
    let second = [&["--wait", "0s"][..], &PROBE[..]].concat();
    sandbox.fleet(&second).exited(6);
    assert_eq!(sandbox.running("fleet-tender").len(), 1);
    signal(&first, Signal::SIGINT);
    first.wait().expect("it is our child");
    nothing_is_left(&sandbox);
}
