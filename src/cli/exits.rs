//! The exit codes that each command can have: what `--help` says of them, and what tests hold the commands to.

use crate::arguments::Exits;
use crate::error::Exit;

use Exit::{Done, Failed, Found, Interrupted, Mixed, Refused, TimedOut, Usage};

/// What a change of several projects can have.
const CHANGE: &Exits = &[
    (Done, ""),
    (Failed, ""),
    (Usage, ""),
    (Refused, ""),
    (Mixed, ""),
    (TimedOut, ""),
];

/// The same where what is prepared, or a wait, hears Ctrl-C and clears up.
const LONG_CHANGE: &Exits = &[
    (Done, ""),
    (Failed, ""),
    (Usage, ""),
    (Refused, ""),
    (Mixed, ""),
    (TimedOut, ""),
    (Interrupted, ""),
];

/// What a change of one thing can have.
const ONE_CHANGE: &Exits = &[
    (Done, ""),
    (Failed, ""),
    (Usage, ""),
    (Refused, ""),
    (TimedOut, ""),
];

const LONG_ONE_CHANGE: &Exits = &[
    (Done, ""),
    (Failed, ""),
    (Usage, ""),
    (Refused, ""),
    (TimedOut, ""),
    (Interrupted, ""),
];

const LOOK: &Exits = &[(Done, ""), (Failed, ""), (Usage, "")];

/// Every command of `fleet`, with what it can exit with.
pub(super) const EXITS: &[(&str, &Exits)] = &[
    ("init", LONG_ONE_CHANGE),
    ("create", LONG_ONE_CHANGE),
    ("adopt", ONE_CHANGE),
    ("start", LONG_CHANGE),
    ("stop", CHANGE),
    ("restart", LONG_CHANGE),
    (
        "status",
        &[
            (Done, "shown"),
            (Failed, ""),
            (Usage, ""),
            (Found, "--check: an enabled project is not as it should be"),
        ],
    ),
    (
        "why",
        &[(Done, "told, whatever it is"), (Failed, ""), (Usage, "")],
    ),
    ("update", LONG_CHANGE),
    ("rollback", LONG_CHANGE),
    ("harness list", LOOK),
    ("harness add", ONE_CHANGE),
    ("harness set-url", CHANGE),
    (
        "harness fetch",
        &[
            (Done, ""),
            (Failed, ""),
            (Usage, ""),
            (Mixed, "of several harnesses, some could not be asked"),
            (TimedOut, ""),
        ],
    ),
    ("harness refs", LOOK),
    (
        "harness probe",
        &[
            (Done, "it works"),
            (Failed, "it does not work"),
            (Usage, ""),
            (Refused, "there is no such version, or it cannot be used"),
            (TimedOut, ""),
            (Interrupted, "interrupted; nothing of it is left"),
        ],
    ),
    (
        "plan",
        &[
            (Done, ""),
            (Failed, ""),
            (Usage, ""),
            (Found, "--check: something is to be done"),
        ],
    ),
    ("apply", LONG_CHANGE),
    (
        "audit",
        &[
            (Done, "nothing knows of the fleet"),
            (Failed, ""),
            (Usage, ""),
            (Found, "something does, or cannot be read"),
        ],
    ),
    ("attach", LOOK),
    (
        "logs",
        &[
            (Done, ""),
            (Failed, "it has no terminal"),
            (Usage, ""),
            (Mixed, "of several, some have no terminal"),
        ],
    ),
    (
        "send",
        &[
            (Done, ""),
            (Failed, "it has no terminal, or nothing runs there"),
            (Usage, ""),
            (Mixed, "it was typed into some and not into others"),
        ],
    ),
    ("list", LOOK),
    ("get", LOOK),
    (
        "validate",
        &[
            (Done, "fleet.toml is valid"),
            (Failed, ""),
            (Usage, "it is not, or the command line is not"),
        ],
    ),
    ("history", LOOK),
    (
        "enable",
        &[(Done, ""), (Failed, ""), (Usage, ""), (TimedOut, "")],
    ),
    (
        "disable",
        &[(Done, ""), (Failed, ""), (Usage, ""), (TimedOut, "")],
    ),
    ("remove", CHANGE),
    (
        "service install",
        &[
            (Done, ""),
            (Failed, ""),
            (Usage, ""),
            (Refused, "there is nothing that could run it"),
        ],
    ),
    (
        "service remove",
        &[
            (Done, ""),
            (Failed, ""),
            (Usage, ""),
            (Refused, "there is nothing that could run it"),
        ],
    ),
    (
        "service status",
        &[
            (Done, "it runs, and outlives logins"),
            (Failed, ""),
            (Usage, ""),
            (Found, "it does not"),
        ],
    ),
    ("boot", LONG_CHANGE),
    (
        "watch",
        &[
            (Done, "it was told to end"),
            (Failed, ""),
            (Usage, ""),
            (Refused, "another guardian watches this fleet"),
        ],
    ),
    ("go", LOOK),
    (
        "doctor",
        &[
            (Done, "all is well"),
            (Failed, ""),
            (Usage, ""),
            (Found, "something is wrong"),
        ],
    ),
    ("top", LOOK),
    ("schema", LOOK),
    ("completions", LOOK),
    ("man", LOOK),
];

/// Returns the exit codes of a command: `start`, `harness add`.
pub(super) fn of(command: &str) -> Option<&'static Exits> {
    let found = EXITS.iter().find(|(name, _)| *name == command);
    found.map(|(_, exits)| *exits)
}
