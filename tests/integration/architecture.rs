//! docs/architecture.md says who may use whom; the sources are held to it.

use std::fs;
use std::path::{Path, PathBuf};

/// What every part may use, and what is for the programs and not for the subjects.
const LEAVES: [&str; 5] = ["error", "files", "command", "parallel", "names"];

/// What knows one thing of the outside world, and nothing of each other.
const SUBJECTS: [&str; 4] = ["registry", "pins", "harness", "sessions"];

/// Returns what a part may use beside itself and the leaves; `None` where it may use everything.
fn may_use(part: &str) -> Option<Vec<&'static str>> {
    let below = ["systemd", "recording", "supervision", "events", "ui"];
    let fleet = [&SUBJECTS[..], &below].concat();
    Some(match part {
        "error" | "parallel" | "names" | "files" | "command" | "ui" => Vec::new(),
        "completing" => Vec::new(),
        "registry" | "pins" | "harness" | "systemd" | "journal" | "events" => Vec::new(),
        "recording" => Vec::new(),
        "sessions" => vec!["systemd"],
        "server" => vec!["sessions", "supervision"],
        "rollout" => vec!["supervision"],
        "health" => [&fleet[..], &["fleet"]].concat(),
        "supervision" => vec!["sessions", "events", "recording"],
        "agents" => vec!["supervision", "sessions", "ui", "arguments", "completing"],
        "arguments" => vec!["ui"],
        "cli" => vec!["arguments", "completing"],
        "fleet" => [&fleet[..], &["journal", "server"]].concat(),
        "status" | "operations" => {
            let both = ["fleet", "journal", "server", "health", "rollout"];
            [&fleet[..], &both].concat()
        }
        "commands" => {
            let all = [
                "fleet",
                "cli",
                "health",
                "completing",
                "rollout",
                "status",
                "operations",
            ];
            [&fleet[..], &all].concat()
        }
        "doctor" | "top" => {
            let all = ["fleet", "cli", "journal", "server", "health", "rollout"];
            [
                &fleet[..],
                &all,
                &["status", "operations", "commands", "agents"],
            ]
            .concat()
        }
        // Of `reference` only tests are compiled.
        "lib" | "main" | "bin" | "reference" => return None,
        other => panic!("docs/architecture.md and this test know nothing of src/{other}"),
    })
}

/// Every source file, relative to `src/`, with its text.
fn sources() -> Vec<(String, String)> {
    fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("the sources are there") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            let name = path.strip_prefix(&root).expect("it is below");
            (name.display().to_string(), text)
        })
        .collect()
}

/// Returns the part that a file belongs to: its folder, or its own name.
fn part_of(file: &str) -> &str {
    file.split('/')
        .next()
        .and_then(|first| first.split('.').next())
        .expect("a file has a name")
}

/// Returns the parts that a text names, such as `pins` for `crate::pins::Mirror`.
fn used(text: &str) -> Vec<&str> {
    text.split("crate::")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn nothing_uses_what_is_above_or_beside_it() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let part = part_of(&file);
        let Some(allowed) = may_use(part) else {
            continue;
        };
        for name in used(&text) {
            let is_below = LEAVES.contains(&name) || allowed.contains(&name);
            if name != part && name != "reference" && !is_below {
                broken.push(format!("src/{file} uses `{name}`"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn leaves_know_of_errors_only() {
    for (file, text) in sources() {
        let part = part_of(&file);
        if LEAVES.contains(&part) || part == "ui" {
            for name in used(&text) {
                assert!(name == part || name == "error", "src/{file} uses `{name}`");
            }
        }
    }
}

#[test]
fn what_is_about_the_outside_world_is_named_in_one_place() {
    let places = [
        ("git2::", &["pins/", "harness/embedded.rs"][..]),
        ("tmux_interface::", &["sessions/tmux.rs"]),
        ("clap_complete::", &["completing/"]),
        ("Inotify::", &["files/watched.rs"]),
        ("indicatif::", &["ui/"]),
        ("clap_mangen::", &["commands/manual.rs"]),
        ("toml_edit::", &["registry/"]),
        ("\"systemctl\"", &["systemd/"]),
        ("\"loginctl\"", &["systemd/"]),
        ("\"systemd-run\"", &["systemd/"]),
    ];
    for (file, text) in sources() {
        for (name, places) in places {
            let is_there = places.iter().any(|place| file.starts_with(place));
            assert!(is_there || !text.contains(name), "src/{file} names {name}");
        }
    }
}
