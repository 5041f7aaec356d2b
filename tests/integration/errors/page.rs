//! `docs/errors.md`: every message of the sources, by subject.

use std::collections::BTreeMap;

use super::sources::{Found, Kind, Message};

/// What the sources below a folder, or in one file, are about. The first that fits counts.
const SUBJECTS: &[(&str, &str)] = &[
    ("agents", "The agents of one project: `agents`"),
    ("registry", "fleet.toml"),
    ("names", "Names, refs, URLs, times and reasons"),
    ("cli", "Command lines"),
    ("arguments", "Command lines"),
    ("commands", "Command lines"),
    ("lib.rs", "Command lines"),
    ("doctor", "Command lines"),
    ("top", "Command lines"),
    ("operations/adopt", "Adopting projects"),
    ("operations/create", "Creating projects"),
    ("operations/scratch", "Creating projects"),
    ("operations/placing", "Creating projects"),
    ("operations/init", "Making a fleet"),
    ("operations/remove", "Removing projects"),
    ("operations/harness", "Harnesses"),
    ("operations/probe", "Harnesses"),
    ("operations/prepare", "Harnesses"),
    ("operations/version", "Harnesses"),
    ("operations/targets", "Harnesses"),
    ("harness", "Harnesses"),
    ("fleet/harnesses", "Harnesses"),
    ("health", "Harnesses"),
    ("operations/rollout", "Roll-outs"),
    ("rollout", "Roll-outs"),
    ("operations/world", "Plans"),
    ("operations/update", "Moving pins"),
    ("operations/rollback", "Moving pins"),
    ("operations/moving", "Moving pins"),
    ("pins", "Git: projects, engines and mirrors"),
    ("operations/service", "The service and the guardian"),
    ("operations/guardian", "The service and the guardian"),
    ("operations/bring_back", "The service and the guardian"),
    ("operations/boot", "The service and the guardian"),
    ("operations/go", "The service and the guardian"),
    ("systemd", "The service and the guardian"),
    ("operations", "Starting and stopping"),
    ("server", "Terminals: tmux"),
    ("sessions", "Terminals: tmux"),
    ("supervision", "Processes and their tenders"),
    ("status", "What is true: status and why"),
    ("events", "The trail"),
    ("", "Fleets, files and programs"),
];

const BEGINNING: &str = "\
# Errors

Every error and hint that `fleet` and `agents` can print, by subject. This page is generated from the sources, and a test
holds it to them: `UPDATE_DOCS=1 cargo test --test integration errors::` writes it anew.

An error says what, because, and a hint, which is something to type:

```text
error: there is no project `dmeo` in `fleet.toml`
hint: did you mean `demo`?
```

What stands in braces here is put in. The number is the [exit code](refusals.md#exit-codes);
`..` in its place marks what stands before or behind another message, whose exit code counts. What the system, git, tmux or a
parser says comes after `because:` as it is. Words and flags that a command does not know are refused with 2, and a tip where
one is like them.
";

/// Writes the page.
pub(super) fn page(found: &Found) -> String {
    let mut subjects: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for message in &found.messages {
        let entry = entry(message);
        let entries = subjects.entry(subject(message)).or_default();
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let (errors, causes, hints) = numbers(found);
    let numbers =
        format!("\nThere are {errors} errors, {causes} causes and contexts, and {hints} hints.\n");
    let mut page = format!("{BEGINNING}{numbers}");
    for (subject, mut entries) in subjects {
        entries.sort();
        page.push_str(&format!(
            "\n## {}\n\n{}",
            SUBJECTS[subject].1,
            entries.concat()
        ));
    }
    page
}

/// Counts the errors that have an exit code of their own, what stands before and behind errors, and the hints.
pub(super) fn numbers(found: &Found) -> (usize, usize, usize) {
    let count = |is_meant: fn(Kind) -> bool| {
        let meant = found.messages.iter().filter(|one| is_meant(one.kind));
        meant.count()
    };
    let errors = count(|kind| matches!(kind, Kind::Error(_)));
    let causes = count(|kind| matches!(kind, Kind::Context | Kind::Because));
    let alone = count(|kind| matches!(kind, Kind::Hint));
    let attached: usize = found.messages.iter().map(|one| one.hints.len()).sum();
    (errors, causes, alone + attached)
}

/// Returns the first entry of the table with the title of the message's subject.
fn subject(message: &Message) -> usize {
    let file = message.file.with_extension("");
    let fits = |place: &str| {
        let place = place.trim_end_matches(".rs");
        file.starts_with(place)
    };
    let found = SUBJECTS.iter().find(|(place, _)| fits(place));
    let title = found.expect("the last fits all").1;
    let first = SUBJECTS.iter().position(|(_, other)| *other == title);
    first.expect("it was just found")
}

fn entry(message: &Message) -> String {
    let text = escaped(&message.text);
    let mut entry = match message.kind {
        Kind::Error(exit) => format!("- {exit}: {text}\n"),
        Kind::Context | Kind::Because => format!("- ..: {text}\n"),
        Kind::Hint => format!("- hint: {text}\n"),
    };
    for hint in &message.hints {
        entry.push_str(&format!("  - hint: {}\n", escaped(hint)));
    }
    entry
}

/// Keeps what Markdown would take for its own, outside of code.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => part
            .replace('*', "\\*")
            .replace('<', "\\<")
            .replace('[', "\\[")
            .replace('\n', " "),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
