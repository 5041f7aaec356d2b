//! What each key of `restart` does, seen from outside: by the lives that a project has.

use crate::sandbox::Sandbox;

/// A project `demo` that writes a line for each of its lives, and ends with a status.
fn ending_with(status: u8, restart: &str) -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", &format!("echo life >> lives; exit {status}\n"))
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"")
        .setting(
            "demo",
            &format!("restart = {{ backoff = \"1ms\", {restart} }}"),
        )
}

fn lives(sandbox: &Sandbox) -> usize {
    let file = sandbox.place("demo").join("lives");
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .count()
}

/// Starts it, waits for a verdict, and returns how many lives it took.
#[track_caller]
fn lives_until(sandbox: &Sandbox, verdict: &str) -> usize {
    sandbox.fleet(&["start", "demo"]);
    sandbox.wait_until_is("demo", verdict);
    let lives = lives(sandbox);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    lives
}

#[test]
fn on_says_whether_exit_0_is_the_end_of_the_work() {
    assert_eq!(lives_until(&ending_with(0, ""), "finished"), 1);
    assert_eq!(
        lives_until(&ending_with(0, "on = \"failure\""), "finished"),
        1
    );
    let always = ending_with(0, "on = \"always\", give_up_after = 2");
    assert_eq!(lives_until(&always, "parked"), 3);
}

#[test]
fn give_up_after_says_how_many_deaths_are_answered() {
    for (deaths, expected) in [(0, 1), (1, 2), (3, 4)] {
        let sandbox = ending_with(7, &format!("give_up_after = {deaths}"));
        assert_eq!(lives_until(&sandbox, "parked"), expected);
    }
}

#[test]
fn window_says_which_deaths_count() {
    let sandbox = ending_with(
        7,
        "backoff_max = \"1ms\", give_up_after = 1, window = \"1ms\"",
    );
    sandbox.fleet(&["start", "demo"]);
    // With the usual window it would be parked after its second life.
    sandbox.wait_for("many lives", || lives(&sandbox) >= 10);
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.status("demo")["verdict"], "down");
}
