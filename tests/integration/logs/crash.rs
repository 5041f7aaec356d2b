//! `--last-crash`: the screen of a death, kept through what follows it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[track_caller]
fn wait_for_crash(sandbox: &Sandbox, text: &str) -> String {
    let mut said = String::new();
    sandbox.wait_for(&format!("`{text}` in the last crash"), || {
        said = sandbox.fleet(&["logs", "demo", "--last-crash"]).stdout;
        said.contains(text)
    });
    said
}

#[test]
fn its_screen_is_kept_through_the_next_life_and_the_next_start() {
    let sandbox = running(&["watch = \"heal\""]);
    insta::assert_snapshot!(sandbox.run("logs demo --last-crash"), @r"
    --- stderr
    error: `demo` has not crashed yet, as far as is known
    hint: `fleet why demo` tells how it is; `fleet logs demo` shows its terminal
    --- exit code 1
    ");
    tell(&sandbox, "demo", "flood 20");
    tell(&sandbox, "demo", "die");
    let text = wait_for_crash(&sandbox, "the reason is plain");
    // The whole screen, and not the last lines alone.
    assert!(
        text.contains("demo is up") && text.contains("line 1 of a flood"),
        "{text}"
    );
    assert!(
        text.starts_with("`demo` ended with exit status 3 after "),
        "{text}"
    );
    assert!(
        text.lines().next().unwrap().contains(", at commit "),
        "{text}"
    );
    assert!(!text.contains("starting again"), "{text}");
    // A stop is no crash, and a later life is not this one.
    sandbox.fleet(&["restart", "demo"]).succeeded();
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let again = wait_for_crash(&sandbox, "the reason is plain");
    assert_eq!(
        again.lines().skip(1).collect::<Vec<_>>(),
        text.lines().skip(1).collect::<Vec<_>>()
    );
    let file = sandbox.directory().join(".fleet/crashes/demo.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let directory = file.parent().unwrap();
    assert_eq!(
        directory.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_signal_is_named_and_what_stays_down_has_its_screen_too() {
    let sandbox = running(&[]);
    sandbox.kill(&sandbox.harness_of("demo"));
    let text = wait_for_crash(&sandbox, "demo is up");
    assert!(
        text.starts_with("`demo` ended with SIGKILL after "),
        "{text}"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
    let said = sandbox.fleet(&["logs", "demo/one", "--last-crash"]);
    assert!(said.exited(2).stderr.contains("of whole projects only"));
}

#[test]
fn a_work_that_is_done_is_no_crash() {
    let sandbox = running(&["watch = \"heal\""]);
    tell(&sandbox, "demo", "sh exit 0");
    sandbox.wait_until_is("demo", "finished");
    sandbox.fleet(&["logs", "demo", "--last-crash"]).exited(1);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_stood_on_the_alternate_screen_is_not_lost_by_an_immediate_restart() {
    let sandbox = running(&["watch = \"heal\""]);
    tell(
        &sandbox,
        "demo",
        r"sh printf '\033[?1049h\033[2J\033[3;3Hthe panel says why'; read -r x; exit 4",
    );
    sandbox.wait_for_screen("demo", "the panel says why");
    tell(&sandbox, "demo", "go");
    let text = wait_for_crash(&sandbox, "the panel says why");
    assert!(
        text.starts_with("`demo` ended with exit status 4 "),
        "{text}"
    );
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(
        status["process"]["restarts"].as_i64().unwrap_or(1),
        1,
        "{status:#}"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
