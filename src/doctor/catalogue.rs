//! What is checked: one list, from which the checks are run, and to which docs/doctor.md is held.

use super::check::Group::{Files, Installation, Machine, Mirrors, Processes, Projects, Server};
use super::check::Needs::{Fleet, Nothing, Registry};
use super::check::{Check, check};
use super::{
    capacity, contents, files, installation, journals, leftovers, machine, mirrors, processes,
    projects, server, service,
};

/// All checks, group by group.
pub(super) const CHECKS: &[Check] = &[
    check(
        (Machine, "git"),
        Nothing,
        machine::git,
        "the `git` program is there and 2.30 or newer",
    ),
    check(
        (Machine, "tmux"),
        Nothing,
        machine::tmux,
        "the `tmux` program is there and 3.2 or newer",
    ),
    check(
        (Machine, "kernel"),
        Nothing,
        machine::kernel,
        "the kernel has process descriptors, subreapers and its list of locks",
    ),
    check(
        (Machine, "exchange"),
        Nothing,
        machine::exchange,
        "the fleet's file system can exchange two files by one call",
    ),
    check(
        (Machine, "inotify"),
        Nothing,
        capacity::inotify,
        "inotify has room for what a guardian and the live screens watch",
    ),
    check(
        (Machine, "limits"),
        Fleet,
        capacity::limits,
        "open files, processes and terminals suffice for `max_running`",
    ),
    check(
        (Machine, "disk"),
        Nothing,
        capacity::disk,
        "space and inodes where the fleet, the caches and the states are",
    ),
    check(
        (Machine, "clock"),
        Nothing,
        machine::clock,
        "the clock is not behind what was written by it",
    ),
    check(
        (Machine, "identity"),
        Nothing,
        machine::identity,
        "git knows who you are: commits are made in your name",
    ),
    check(
        (Machine, "programs"),
        Registry,
        machine::programs,
        "what the harnesses start is on the PATH that was recorded for it",
    ),
    check(
        (Installation, "programs-together"),
        Nothing,
        installation::together,
        "`fleet`, `agents` and `fleet-tender` are there, side by side",
    ),
    check(
        (Installation, "versions"),
        Nothing,
        installation::versions,
        "`agents` is of the version that `fleet` is of",
    ),
    check(
        (Installation, "path"),
        Nothing,
        installation::path,
        "the `fleet` and the `agents` that PATH finds are these",
    ),
    check(
        (Installation, "skew"),
        Fleet,
        installation::skew,
        "the tenders that run are of the program that is installed",
    ),
    check(
        (Installation, "protocol"),
        Registry,
        installation::protocol,
        "`agents` speaks the protocol of each project's harness",
    ),
    check(
        (Server, "socket"),
        Fleet,
        server::socket,
        "the tmux socket's path is short enough, and its directory private and yours",
    ),
    check(
        (Server, "answers"),
        Fleet,
        server::answers,
        "the tmux server answers, or there is none",
    ),
    check(
        (Server, "record"),
        Fleet,
        server::record,
        "the tmux server is the one on record, and can be reached",
    )
    .fixed("tells a server whose socket was removed to make it again (SIGUSR1)"),
    check(
        (Server, "one"),
        Fleet,
        server::one,
        "all tenders run in one tmux server",
    ),
    check(
        (Server, "room"),
        Fleet,
        server::room,
        "the tmux server may open as many files as may be had",
    ),
    check(
        (Server, "lives-on"),
        Fleet,
        service::lives_on,
        "the tmux server outlives logouts: scope, linger, KillUserProcesses",
    ),
    check(
        (Server, "service"),
        Fleet,
        service::service,
        "the systemd unit, where installed, runs this program for this fleet",
    )
    .fixed("writes a unit that runs another program anew, as `fleet service install` does"),
    check(
        (Files, "registry"),
        Fleet,
        files::registry,
        "`fleet.toml` is there and valid: every error of it",
    ),
    check(
        (Files, "schema"),
        Fleet,
        files::schema,
        "the schema that `fleet.toml` names for editors is there",
    ),
    check(
        (Files, "permissions"),
        Fleet,
        files::permissions,
        "`.fleet` is yours, private and can be written",
    )
    .fixed("takes others' access away, to `.fleet` and to the unit files in it"),
    check(
        (Files, "ignored"),
        Fleet,
        files::ignored,
        "git ignores `.fleet` and the projects' directory, and tracks nothing of `.fleet`",
    )
    .fixed("adds what is lacking to `.gitignore`"),
    check(
        (Files, "states"),
        Fleet,
        contents::states,
        "every file of `.fleet` can be read: whole, of this version, no pipe",
    ),
    check(
        (Files, "journals"),
        Fleet,
        journals::journals,
        "no command was cut off in the middle of a change",
    )
    .fixed("completes it, or takes it back"),
    check(
        (Files, "roll-out"),
        Fleet,
        journals::roll_out,
        "no roll-out is interrupted or waits",
    ),
    check((Files, "brake"), Fleet, journals::brake, "the brake is off"),
    check(
        (Files, "locks"),
        Fleet,
        journals::locks,
        "no lock is held by a command that stands still",
    ),
    check(
        (Files, "strays"),
        Registry,
        leftovers::strays,
        "states, wishes and units are of projects that are in `fleet.toml`",
    )
    .fixed("removes those of names of which nothing runs"),
    check(
        (Files, "probe"),
        Fleet,
        leftovers::probe,
        "no `harness probe` has left its trial behind",
    )
    .fixed("ends and removes it"),
    check(
        (Files, "left-over"),
        Fleet,
        leftovers::temporary,
        "no killed command has left half-written files",
    )
    .fixed("removes those whose writer is gone"),
    check(
        (Files, "trash"),
        Fleet,
        leftovers::trash,
        "what is in the trash, and how large it is",
    ),
    check(
        (Files, "logs"),
        Fleet,
        leftovers::logs,
        "how large the kept logs are, and that nothing of them is being lost",
    ),
    check(
        (Files, "env-files"),
        Registry,
        contents::env_files,
        "every `env_file` is there, yours, private and of lines NAME=VALUE",
    )
    .fixed("takes others' access away from one that is yours"),
    check(
        (Processes, "sessions"),
        Registry,
        processes::sessions,
        "every session of the tmux server is of a project in `fleet.toml`",
    ),
    check(
        (Processes, "orphans"),
        Fleet,
        processes::orphans,
        "nothing runs that belongs to a life whose tender is gone",
    ),
    check(
        (Processes, "lost"),
        Registry,
        processes::lost,
        "what should be up has a tender",
    ),
    check(
        (Processes, "tenders"),
        Fleet,
        processes::tenders,
        "each tender has a state that is its own, and each project one tender",
    ),
    check(
        (Processes, "still"),
        Fleet,
        processes::still,
        "no tender and no harness's process was stopped by a signal",
    ),
    check(
        (Mirrors, "mirrors"),
        Registry,
        mirrors::mirrors,
        "the mirror of each harness that is in use is whole; when it was fetched",
    ),
    check(
        (Mirrors, "half-made"),
        Nothing,
        mirrors::half_made,
        "no killed clone has left half a mirror",
    )
    .fixed("removes it, unless somebody works on it"),
    check(
        (Mirrors, "git-locks"),
        Nothing,
        mirrors::git_locks,
        "no killed fetch has left git's locks in a mirror",
    )
    .fixed("removes them, unless somebody works on it"),
    check(
        (Mirrors, "built-in"),
        Nothing,
        mirrors::built_in,
        "the built-in harness has its releases, each the commit that it was frozen at",
    )
    .fixed("writes releases that are lacking"),
    check(
        (Mirrors, "prepared"),
        Nothing,
        mirrors::prepared,
        "no killed `prepare` has left its scratch project or processes",
    )
    .fixed("ends and removes them"),
    check(
        (Projects, "location"),
        Registry,
        projects::location,
        "each project's directory is there, and yours",
    ),
    check(
        (Projects, "pin"),
        Registry,
        projects::pin,
        "each pin is as registered, committed, checked out and running",
    ),
    check(
        (Projects, "bad-refs"),
        Registry,
        projects::bad_refs,
        "no project is at a version that `fleet.toml` calls bad",
    ),
    check(
        (Projects, "whence"),
        Registry,
        projects::whence,
        "`.gitmodules` and git's configuration name the place that `fleet.toml` names",
    ),
    check(
        (Projects, "local-harness"),
        Registry,
        projects::local_harness,
        "which projects can be cloned on this machine only",
    ),
    check(
        (Projects, "index-lock"),
        Registry,
        projects::index_lock,
        "no killed git has left its lock in a project",
    )
    .fixed("removes one that is older than the last boot"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::check::Group;
    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/doctor.md");

    /// The table of docs/doctor.md.
    fn table() -> String {
        let mut table = String::new();
        for group in Group::ALL {
            table += &format!(
                "\n### {}\n\n| check | what must be true | what `--fix` does |\n|---|---|---|\n",
                group.word()
            );
            for check in CHECKS.iter().filter(|check| check.group == group) {
                let fixes = check.fixes.unwrap_or_default();
                let row = format!("| `{}` | {} | {fixes} |", check.name, check.about);
                table += &(row.replace("|  |", "| |") + "\n");
            }
        }
        table
    }

    #[test]
    fn the_document_has_every_check_as_it_is() {
        let table = table();
        assert!(
            DOCUMENT.contains(&table),
            "docs/doctor.md is to have this:\n{table}"
        );
    }

    #[test]
    fn no_two_checks_have_a_name() {
        let names: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
    }
}
