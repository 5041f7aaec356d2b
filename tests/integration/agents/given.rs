//! What an agent is given: its environment, its prompt, its title.

use std::fs;
use std::path::Path;

use super::*;

#[test]
fn the_environment_reaches_the_agents_and_no_command_line() {
    let project = Project::new(
        "[agents.a]\ncommand = [\"sh\", \"-c\", \"echo $GIVEN $ADDED > seen; exec cat\"]\nenv = { ADDED = \"by-file\" }\n",
    );
    let mut up = project.command(&["up"]);
    up.env("GIVEN", "not-for-others")
        .env("TENDED_1", "outer-mark");
    project.sandbox.output(&mut up).succeeded();
    let seen = || project.read("seen").unwrap_or_default();
    project.wait_until("it has seen it", || seen().ends_with('\n'));
    assert_eq!(seen(), "not-for-others by-file\n");
    let processes = project.sandbox.processes();
    assert!(
        !processes
            .iter()
            .any(|process| process.command.contains("not-for-others"))
    );
    // Whoever supervises this run must be able to see that its windows belong to it.
    let environment = fs::read(format!("/proc/{}/environ", project.tenders()[0])).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("TENDED_1=outer-mark"));
    assert!(!environment.contains("not-for-others"));
    project.end();
}

const SHOWS_PROMPT: &str = "[agents.a]\ncommand = [\"sh\", \"-c\", \"printf %s \\\"$0\\\" > seen; exec cat\"]\nprompt = \"prompts/a.md\"\n";

#[test]
fn the_newer_harness_puts_its_agreement_first_and_a_title_above() {
    let project = Project::new(SHOWS_PROMPT);
    project.write("prompts/a.md", "your part\n");
    let release = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/harness/embedded/v0.2.0");
    for file in ["runner.toml", "prompts/agreement.md"] {
        let text = fs::read_to_string(release.join(file)).unwrap();
        project.write(&format!("engine/{file}"), &text);
    }
    project.in_tmux("agents up --wait; exec cat");
    project.wait_until("it has seen it", || {
        project
            .read("seen")
            .is_some_and(|seen| seen.ends_with("your part\n"))
    });
    assert!(
        project
            .read("seen")
            .unwrap()
            .starts_with("# Working agreement")
    );
    let shown = [
        "display-message",
        "-p",
        "-t",
        "=work:a",
        "#{pane-border-status}#{pane-border-format}",
    ];
    project.wait_until("its title", || {
        project.tmux(&shown).stdout == "top a | harness 0.2.0 | running \n"
    });
    project.end();
}

#[test]
fn a_harness_says_how_a_prompt_is_given() {
    let project = Project::new(
        "[agents.a]\ncommand = [\"sh\", \"-c\", \"read line; printf %s \\\"$line\\\" > seen; exec sleep 1000\"]\n\
         prompt = \"prompts/a.md\"\n",
    );
    project.write("prompts/a.md", "your part\n");
    for way in ["stdin", "typed"] {
        let runner = format!("protocol = 1\nversion = \"1\"\nprompt = \"{way}\"\n");
        project.write("engine/runner.toml", &runner);
        project.said(0, &["up"]);
        project.wait_until(way, || project.read("seen").as_deref() == Some("your part"));
        project.said(0, &["down"]);
        fs::remove_file(project.directory().join("seen")).unwrap();
    }
    project.write("engine/runner.toml", "protocol = 2\n");
    let said = project.said(3, &["up"]);
    assert!(said.stderr.contains("speaks protocol 2"), "{}", said.stderr);
    project.nothing_is_left();
}
