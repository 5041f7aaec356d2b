//! `fleet man`: the pages, as the real `man` reads them.

use super::screen::Screen;
use crate::sandbox::Sandbox;

#[test]
fn every_page_is_written_and_read_without_a_warning() {
    let sandbox = Sandbox::new();
    let output = sandbox.fleet(&["man", "--dir", "man/man1"]);
    let stderr = &output.succeeded().stderr;
    let directory = sandbox.at("man/man1");
    let mut pages: Vec<String> = std::fs::read_dir(&directory)
        .expect("it was made")
        .map(|entry| entry.expect("it can be read").file_name().into_string())
        .map(|name| name.expect("it is UTF-8"))
        .collect();
    pages.sort();
    assert!(stderr.contains(&format!("wrote {} pages into ", pages.len())));
    for page in [
        "fleet.1",
        "fleet-create.1",
        "fleet-harness-set-url.1",
        "agents.1",
        "agents-up.1",
    ] {
        assert!(
            pages.iter().any(|one| one == page),
            "no {page} in {pages:?}"
        );
    }
    assert!(
        !pages
            .iter()
            .any(|page| page.contains('_') || page.contains("help"))
    );
    for page in &pages {
        for width in ["60", "80", "200"] {
            let mut man = sandbox.command("man", &directory);
            man.env("MANWIDTH", width).env("MANROFFSEQ", "");
            let read = man.args(["--warnings", "-E", "UTF-8", "-P", "cat", "-l"]);
            let read = sandbox.output(read.arg(page));
            assert_eq!(read.succeeded().stderr, "", "{page} at {width}");
            assert!(read.stdout.contains("SYNOPSIS"), "{page}: {}", read.stdout);
        }
    }
}

/// What a page says, as plain text of 80 columns.
fn shown(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let roff = sandbox.fleet(arguments).succeeded().stdout.clone();
    sandbox.write("page.1", &roff);
    let mut man = sandbox.command("man", sandbox.root());
    man.env("MANWIDTH", "80")
        .args(["-E", "ascii", "-P", "cat", "-l", "page.1"]);
    let text = sandbox.output(&mut man).succeeded().stdout.clone();
    // Bold and underlined letters are struck twice.
    let mut plain = String::new();
    for c in text.chars() {
        if c == '\u{8}' {
            plain.pop();
        } else {
            plain.push(c);
        }
    }
    plain
}

#[test]
fn a_page_has_the_sections_that_people_look_for() {
    let sandbox = Sandbox::new();
    let text = shown(&sandbox, &["man", "harness", "set-url"]);
    let sections: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .collect();
    let [head, sections @ .., foot] = sections.as_slice() else {
        panic!("{text}")
    };
    assert!(head.starts_with("FLEET-HARNESS-SET-URL(1)") && head.contains("Fleet Manual"));
    assert!(foot.starts_with("fleet 0."), "{foot}");
    for section in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "GLOBAL OPTIONS",
        "EXAMPLES",
        "EXIT CODES",
        "SEE ALSO",
    ] {
        assert!(sections.contains(&section), "no {section} in {text}");
    }
    assert!(
        text.contains("  fleet harness set-url [OPTIONS] <NAME> <URL>\n"),
        "{text}"
    );
    assert!(
        text.contains("\n       fleet harness set-url runner https://example.org/runner.git\n"),
        "{text}"
    );
    assert!(text.contains("\nEXIT CODES\n       0    done\n"), "{text}");
    assert!(text.contains("  fleet-harness(1)\n"), "{text}");
    let text = shown(&sandbox, &["man"]);
    assert!(text.contains("\nEXIT CODES\n       0    done\n"), "{text}");
    assert!(text.contains("  agents(1)\n"), "{text}");
    let text = shown(&sandbox, &["man", "agents", "up"]);
    assert!(text.contains("agents-up - Start all agents"), "{text}");
}

#[test]
fn a_page_that_is_not_there_is_told_with_the_nearest() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("man updat"), @r"
    --- stderr
    error: there is no page `fleet-updat`
    hint: did you mean `fleet-update`?
    --- exit code 2
    ");
}

#[test]
fn on_a_terminal_man_shows_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let screen = Screen::open(&sandbox, 100, &["env", "PAGER=cat", "PS1=$ ", "sh"]);
    screen.types("fleet man boot; echo \"ended with $?\"");
    screen.presses(&["Enter"]);
    screen.wait_for_line("$");
    screen.wait_for("the page", |shown| {
        shown.contains("FLEET-BOOT(1)") && shown.contains("ended with 0")
    });
    screen.close();
    // Where there is no man, the same words come as plain text.
    std::fs::create_dir(sandbox.at("bin")).expect("it is new");
    let fleet = env!("CARGO_BIN_EXE_fleet");
    let path = format!("PATH={}", sandbox.at("bin").display());
    let screen = Screen::open(
        &sandbox,
        100,
        &["sh", "-c", &format!("{path} {fleet} man boot; exec cat")],
    );
    screen.wait_for("the help", |shown| {
        shown.contains("Usage: fleet boot") && shown.contains("Examples:")
    });
    screen.close();
}
