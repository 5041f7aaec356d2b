//! The default harness under the same faults: two agents, each behind a shell, with children that left their sessions
//! and children that ignore signals.

use nix::sys::signal::Signal;

use crate::sandbox::{Process, Sandbox, Stopwatch};

/// The fleet's project, up with both of its agents.
fn up() -> Sandbox {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "watch = \"heal\"");
    sandbox.set("demo", "stop_grace = \"1s\"");
    sandbox.fleet(&["start", "demo"]).succeeded();
    both(&sandbox);
    sandbox
}

/// Waits until each agent runs with both of its children, exactly once.
#[track_caller]
fn both(sandbox: &Sandbox) {
    sandbox.wait_for("two whole agents", || {
        let whole = |agent: &str| !sandbox.running(&format!("sh alone.sh {agent}")).is_empty();
        whole("one") && whole("two") && sleepers(sandbox).len() == 4
    });
}

/// The children of the agents: two for each life.
fn sleepers(sandbox: &Sandbox) -> Vec<Process> {
    let mut found = sandbox.running("sleep 8640");
    found.retain(|process| process.command.starts_with("sleep"));
    found
}

fn agent(sandbox: &Sandbox, name: &str) -> Process {
    let words = format!("sh alone.sh {name}");
    sandbox.only_one(|| {
        let mut found = sandbox.running(&words);
        found.retain(|process| !process.command.contains("exit $?"));
        found
    })
}

/// Stops it, and proves that nothing is left and nothing was ever there twice.
#[track_caller]
fn stop(sandbox: &Sandbox) {
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sleepers(sandbox), []);
    assert_eq!(sandbox.running("alone.sh"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
    sandbox.lives("one");
    sandbox.lives("two");
}

#[test]
fn a_stop_leaves_nothing() {
    let sandbox = up();
    stop(&sandbox);
    assert_eq!((sandbox.lives("one"), sandbox.lives("two")), (1, 1));
}

#[test]
fn a_killed_agent_comes_back_alone() {
    let sandbox = up();
    for life in 2..=3 {
        agent(&sandbox, "one").kill();
        sandbox.wait_for("its next life", || sandbox.lives("one") == life);
        both(&sandbox);
    }
    assert_eq!(sandbox.lives("two"), 1);
    assert_eq!(sandbox.status("demo")["process"]["restarts"], 0);
    stop(&sandbox);
}

#[test]
fn a_killed_shell_in_front_of_an_agent_takes_the_agent_with_it() {
    let sandbox = up();
    let mut shells = sandbox.running("sh alone.sh two; exit");
    shells.retain(|process| !process.command.contains("fleet-tender"));
    assert_eq!(shells.len(), 1, "{shells:#?}");
    shells[0].kill();
    sandbox.wait_for("its next life", || sandbox.lives("two") == 2);
    both(&sandbox);
    stop(&sandbox);
}

#[test]
fn a_killed_runner_comes_back_with_all_its_agents() {
    let sandbox = up();
    for life in 2..=3 {
        sandbox.harness_of("demo").kill();
        sandbox.wait_for("their next lives", || {
            sandbox.lives("one") == life && sandbox.lives("two") == life
        });
        both(&sandbox);
        sandbox.wait_until_is("demo", "up");
    }
    stop(&sandbox);
}

#[test]
fn a_killed_tender_of_the_project_leaves_nothing_to_the_next_start() {
    let sandbox = up();
    for life in 2..=3 {
        sandbox.kill(&sandbox.tender_of("demo"));
        sandbox.fleet(&["start", "demo"]).succeeded();
        sandbox.wait_for("their next lives", || {
            sandbox.lives("one") == life && sandbox.lives("two") == life
        });
        both(&sandbox);
    }
    stop(&sandbox);
}

#[test]
fn a_killed_tender_of_an_agent_is_replaced() {
    let sandbox = up();
    let tender = sandbox.running("units/one.json").remove(0);
    sandbox.kill(&tender);
    // Its runner makes another one, which first ends what the first has left.
    sandbox.wait_for("its next life", || sandbox.lives("one") == 2);
    both(&sandbox);
    assert_eq!(sandbox.lives("two"), 1);
    stop(&sandbox);
}

#[test]
fn everything_killed_at_once_comes_back_once() {
    let sandbox = up();
    let (harness, one) = (sandbox.harness_of("demo"), agent(&sandbox, "one"));
    let tender = sandbox.running("units/two.json").remove(0);
    for process in [&one, &tender, &harness] {
        process.signal(Signal::SIGKILL);
    }
    sandbox.wait_for("their next lives", || {
        sandbox.lives("one") >= 2 && sandbox.lives("two") == 2
    });
    both(&sandbox);
    stop(&sandbox);
}

#[test]
fn a_killed_server_leaves_nothing_within_two_seconds() {
    let sandbox = up();
    let server = sandbox.server();
    let begun = Stopwatch::start();
    sandbox.kill(&server);
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
    begun.assert_within(std::time::Duration::from_secs(2));
    let status = sandbox.status("demo");
    assert_eq!(
        (&status["verdict"], &status["desired"]),
        (&"crashed".into(), &"up".into())
    );
    sandbox.fleet(&["start", "demo"]).succeeded();
    both(&sandbox);
    stop(&sandbox);
}
