//! Many processes that append at once, while the file is turned over, and while somebody reads.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use super::TRAIL;
use crate::sandbox::Sandbox;

/// How many processes write at once, and how many lines each.
const WRITERS: usize = 20;
const LINES: usize = 6;

/// At which length a file of the trail is full.
const FULL: usize = 4 * 1024 * 1024;

/// A fleet of projects that are registered only, one for each writer.
fn registered() -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let text = sandbox.read("fleet/fleet.toml");
    let project = |number: usize| {
        format!(
            "[projects.p{number}]\nharness = \"lines\"\nref = \"v0.1.0\"\nlocation = \"projects/p{number}\"\n"
        )
    };
    let projects: String = (0..WRITERS).map(project).collect();
    sandbox.write("fleet/fleet.toml", &format!("{text}\n{projects}"));
    sandbox
}

/// Has each writer disable and enable its own project in turns.
fn write(sandbox: &Sandbox) {
    std::thread::scope(|scope| {
        for number in 0..WRITERS {
            scope.spawn(move || {
                for line in 0..LINES {
                    let verb = ["disable", "enable"][line % 2];
                    sandbox.fleet(&[verb, &format!("p{number}")]).succeeded();
                }
            });
        }
    });
}

#[test]
fn no_line_is_lost_where_the_file_is_turned_over() {
    let sandbox = registered();
    sandbox.fleet(&["disable", "p0"]).succeeded();
    sandbox.fleet(&["enable", "p0"]).succeeded();
    // A trail that is almost full: ten lines more, and the next writers begin a new one.
    let line = sandbox.read(TRAIL).lines().next().unwrap().to_owned() + "\n";
    let count = FULL / line.len() - 10;
    sandbox.write(TRAIL, &line.repeat(count));
    write(&sandbox);
    let files: BTreeSet<String> = std::fs::read_dir(sandbox.at("fleet/.fleet"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("events"))
        .collect();
    assert_eq!(
        files,
        ["events.jsonl", "events.jsonl.1"].map(str::to_owned).into()
    );
    for number in 0..WRITERS {
        let name = format!("p{number}");
        let limit = (LINES + count + 1).to_string();
        let told = sandbox.history(&[&name, "--limit", &limit]);
        let before = if number == 0 { count } else { 0 };
        let whats: Vec<&str> = told[before..]
            .iter()
            .map(|event| event["what"].as_str().unwrap())
            .collect();
        assert_eq!(whats, ["disable", "enable"].repeat(LINES / 2), "{name}");
    }
    let shown = sandbox.fleet(&["history", "--limit", "1000000", "--json"]);
    assert_eq!(shown.succeeded().stderr, "");
    for file in files {
        let path = sandbox.at("fleet/.fleet").join(file);
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_trail_can_be_read_while_it_is_written() {
    let sandbox = registered();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&sandbox));
        let mut seen = 0;
        while !writing.is_finished() {
            // Lines only ever become more.
            let told = sandbox.history(&["--limit", "1000"]).len();
            assert!(told >= seen, "{told} after {seen}");
            seen = told;
        }
    });
    assert_eq!(sandbox.history(&["--limit", "1000"]).len(), WRITERS * LINES);
    // A hundred are enough where nobody says how many, or since when.
    assert_eq!(sandbox.history(&[]).len(), 100);
    assert_eq!(sandbox.history(&["--since", "2h"]).len(), WRITERS * LINES);
}
