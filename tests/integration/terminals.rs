//! `fleet attach`, `fleet logs`, `fleet send`: a project's terminals.

mod attach;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn running() -> Sandbox {
    Sandbox::new()
        .harness(["v0.1.0"])
        .project("demo", "v0.1.0")
        .started("demo", "is up")
}

fn agents() -> Sandbox {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "stop_grace = \"1s\"");
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo/one", "one is up");
    sandbox.wait_for_screen("demo/two", "two is up");
    sandbox
}

#[track_caller]
fn sent(sandbox: &Sandbox, text: &str) {
    sandbox.fleet(&["send", "demo", "--", text]).succeeded();
    sandbox.wait_for_screen("demo", &format!("heard: {text}"));
}

#[test]
fn what_is_sent_is_typed_and_what_is_shown_is_printed() {
    let sandbox = running();
    assert_snapshot!(sandbox.run("send demo hello"), @r"
    --- stderr
    typed it into `demo`
    --- exit code 0
    ");
    sandbox.wait_for_screen("demo", "heard: hello");
    assert_snapshot!(sandbox.run("logs demo"), @r"
    lines v0.1.0: demo is up
    hello
    heard: hello
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn any_text_arrives_as_it_is() {
    let sandbox = running();
    for text in [
        "it's \"quoted\" `twice`",
        "a; b; kill-server",
        "ends with ;",
        "-t leading dash",
        "--",
        "Größe 日本 ✓",
        "$HOME #{pane_id} %1 ~ {x} !",
        "Enter",
        "C-c",
    ] {
        sent(&sandbox, text);
    }
    sandbox
        .fleet(&["send", "demo", "-no dashes before"])
        .succeeded();
    sandbox.wait_for_screen("demo", "heard: -no dashes before");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_long_text_arrives_whole() {
    let sandbox = running();
    // Longer than the terminal is wide, and shorter than the kernel's limit for a line.
    let text = format!("begin {} end", "0123456789".repeat(100));
    sent(&sandbox, &text);
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn an_agent_has_its_own_terminal() {
    let sandbox = agents();
    assert_snapshot!(sandbox.run("send demo/two hello"), @r"
    --- stderr
    typed it into `demo/two`
    --- exit code 0
    ");
    sandbox.wait_for_screen("demo/two", "two heard: hello");
    assert!(
        !sandbox
            .fleet(&["logs", "demo/one"])
            .stdout
            .contains("hello")
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_bare_name_of_several_agents_lists_them() {
    let sandbox = agents();
    assert_snapshot!(sandbox.run("logs demo"), @r"
    --- stderr
    error: `demo` has more than one agent
    hint: name one: `demo/one` and `demo/two`; `demo/harness` is the harness's own terminal
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run("send demo hello"), @r"
    --- stderr
    error: `demo` has more than one agent
    hint: name one: `demo/one` and `demo/two`; `demo/harness` is the harness's own terminal
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run("logs demo/tow"), @r"
    --- stderr
    error: `demo` has no agent `tow`
    hint: did you mean `demo/two`?
    --- exit code 2
    ");
    assert_snapshot!(sandbox.run("logs demo/somebody-else"), @r"
    --- stderr
    error: `demo` has no agent `somebody-else`
    hint: it has `demo/one` and `demo/two`
    --- exit code 2
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_bare_name_means_the_only_agent() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.write(
        "fleet/projects/demo/agents.toml",
        "[agents.one]\ncommand = [\"sh\", \"alone.sh\", \"one\"]\n",
    );
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "one is up");
    assert_snapshot!(sandbox.run("send demo hello"), @r"
    --- stderr
    typed it into `demo/one`
    --- exit code 0
    ");
    sandbox.wait_for_screen("demo", "one heard: hello");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_project_without_agents_has_one_terminal() {
    let sandbox = running();
    assert_snapshot!(sandbox.run("logs demo/one"), @r"
    --- stderr
    error: `demo` has no agent `one`
    hint: it has one terminal: `demo`
    --- exit code 2
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn what_does_not_run_has_no_terminal() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    assert_snapshot!(sandbox.run("logs demo"), @r"
    --- stderr
    error: `demo` has no terminal: it does not run
    hint: `fleet start demo` starts it; `fleet status demo` tells how it is
    --- exit code 1
    ");
    assert_snapshot!(sandbox.run("send demo hello"), @r"
    --- stderr
    error: `demo` has no terminal: it does not run
    hint: `fleet start demo` starts it; `fleet status demo` tells how it is
    --- exit code 1
    ");
    assert_snapshot!(sandbox.run("attach demo"), @r"
    --- stderr
    error: `demo` has no terminal: it does not run
    hint: `fleet start demo` starts it; `fleet status demo` tells how it is
    --- exit code 1
    ");
    assert_snapshot!(sandbox.run("logs nobody"), @r"
    --- stderr
    error: there is no project `nobody` in `fleet.toml`
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn lines_that_have_scrolled_away_are_printed_as_far_as_asked() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "for i in $(seq 1 300); do echo \"line $i.\"; done; exec cat\n",
        )
        .project("demo", "v1")
        .started("demo", "line 300.");
    assert!(
        sandbox
            .fleet(&["logs", "demo"])
            .stdout
            .contains("line 1.\n")
    );
    let few = sandbox.fleet(&["logs", "demo", "--lines", "0"]).stdout;
    assert!(
        few.contains("line 300.") && !few.contains("line 200."),
        "{few}"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn the_last_screen_of_what_crashed_is_kept() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script(
            "v1",
            "echo ready; read -r line; echo 'the reason is plain'; exit 3\n",
        )
        .project("demo", "v1")
        .started("demo", "ready");
    sandbox.fleet(&["send", "demo", "go"]).succeeded();
    sandbox.wait_until_is("demo", "crashed");
    sandbox.wait_for_screen("demo", "fleet start demo");
    assert_snapshot!(sandbox.run("logs demo"), @r"
    ready
    go
    the reason is plain

    [<time> UTC] `demo` ended with exit status 3; to start it again: fleet start demo
    --- exit code 0
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_session_with_a_similar_name_is_never_meant() {
    let sandbox = running()
        .project("demo2", "v0.1.0")
        .started("demo2", "is up");
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["send", "demo", "hello"]).exited(1);
    assert!(!sandbox.fleet(&["logs", "demo2"]).stdout.contains("hello"));
    sandbox.fleet(&["stop", "demo2"]).succeeded();
}

#[test]
fn nothing_is_typed_where_nobody_reads() {
    let sandbox = running();
    let harness = sandbox.status("demo")["process"]["pid"].to_string();
    sandbox
        .output(
            sandbox
                .command("kill", sandbox.root())
                .args(["-9", &harness]),
        )
        .succeeded();
    sandbox.wait_for("the crash", || {
        sandbox.status("demo")["verdict"] == "crashed"
    });
    assert_snapshot!(sandbox.run("send demo hello"), @r"
    --- stderr
    error: nothing runs in this terminal of `demo` any more
    hint: `fleet status demo` and `fleet logs demo` tell how it ended; `fleet start demo` tries again
    --- exit code 1
    ");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}
