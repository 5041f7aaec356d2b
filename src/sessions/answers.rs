//! What tmux means by its complaints: it has one exit status for all of them.

use anyhow::anyhow;

use crate::command::Answer;
use crate::error::failed;

/// Tells whether tmux has looked for something that is no longer there; a server that is about to end says it differently.
pub(super) fn is_gone(answer: &Answer) -> bool {
    [
        "can't find",
        "no current target",
        "server exited",
        "lost server",
    ]
    .iter()
    .any(|text| answer.stderr.contains(text))
}

/// Tells whether no server listens at the socket, or one that is about to end.
pub(super) fn nobody_listens(answer: &Answer) -> bool {
    let said = &answer.stderr;
    // Another error on the way to the socket says nothing of a server behind it.
    let is_not_there = said.contains("error connecting to") && said.contains("(No such file");
    said.contains("no server running") || is_not_there || is_ending(answer)
}

/// A server that ends with its last session still answers some clients, and drops others.
pub(super) fn is_ending(answer: &Answer) -> bool {
    [
        "server exited unexpectedly",
        "lost server",
        "no current target",
    ]
    .iter()
    .any(|text| !answer.status.success() && answer.stderr.contains(text))
}

/// Returns what tmux complained about.
pub(super) fn complaint(answer: &Answer) -> anyhow::Error {
    let text = answer.stderr.trim();
    failed("tmux refused")
        .because(anyhow!(
            "{}",
            if text.is_empty() {
                "it gave no reason"
            } else {
                text
            }
        ))
        .into()
}

/// Returns what a program that stood before tmux complained about, as one line.
pub(super) fn first_words(answer: &Answer) -> String {
    let said = answer
        .stderr
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    said.map_or_else(
        || {
            format!(
                "`systemd-run` ended with {} and gave no reason",
                answer.status
            )
        },
        |line| format!("`systemd-run` said: {line}"),
    )
}
