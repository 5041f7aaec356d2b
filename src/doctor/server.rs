//! The fleet's tmux server: where it listens, which process it is, and what keeps it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::server::{ServerRecord, Standing};
use crate::sessions::socket_directory;
use crate::supervision::{Liveness, State};
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::{Ground, Server};

/// How long a socket's path may be, in bytes: the kernel's 108, and the zero at its end.
const LONGEST: usize = 107;

pub(super) fn socket(ground: &Ground) -> Vec<Finding> {
    let tmux = match ground.fleet().tmux() {
        Ok(tmux) => tmux,
        Err(error) => {
            let remedy =
                "`ls -ld /tmp/tmux-*` shows whose they are; TMUX_TMPDIR may name another place";
            return vec![Finding::wrong(format!("{error:#}"), "TMUX_TMPDIR", remedy)];
        }
    };
    let path = tmux.socket();
    let source = path.display().to_string();
    let mut found = Vec::new();
    let length = path.as_os_str().len();
    if length > LONGEST {
        found.push(Finding::wrong(
            format!("the path of the socket has {length} bytes, and may have {LONGEST}"),
            &source,
            "name a shorter place with TMUX_TMPDIR, for every command of this fleet",
        ));
    }
    // The one in use may be elsewhere than the one that a first start would use.
    if let Err(error) = socket_directory() {
        let remedy = "`ls -ld` it: it must be yours with mode 0700";
        found.push(Finding::wrong(format!("{error:#}"), &source, remedy));
    }
    let user = nix::unistd::geteuid().as_raw();
    if let Ok(met) = fs::symlink_metadata(path)
        && met.uid() != user
    {
        found.push(Finding::wrong(
            format!("the socket is of user {}, and not yours", met.uid()),
            &source,
            format!("`ls -l {source}`; a fleet's commands are for who owns it"),
        ));
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    if let Ok(met) = fs::metadata(directory)
        && met.mode() & 0o077 != 0
    {
        let finding = Finding::wrong(
            "others may enter the socket's directory, and answer in the server's place",
            directory.display().to_string(),
            format!("`chmod 700 {}`", directory.display()),
        );
        found.push(finding);
    }
    or_ok(found, format!("{length} bytes, private"), source)
}

pub(super) fn answers(ground: &Ground) -> Vec<Finding> {
    let source = "tmux list-panes";
    vec![match ground.server() {
        Server::NotRunning => Finding::ok("none runs: it starts with the first session", source),
        Server::Running { pid, panes } => Finding::ok(
            format!(
                "process {pid} answers, with {}",
                count(panes.len(), "terminal")
            ),
            source,
        ),
        Server::Silent { why, remedy } => Finding::wrong(why, source, remedy),
    }]
}

pub(super) fn record(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let source = ".fleet/server.json";
    let record = match fleet.server_record() {
        Ok(Some(record)) => record,
        Ok(None) => {
            return vec![match ground.server() {
                Server::Running { pid, .. } => Finding::warning(
                    format!("process {pid} answers, and no server is on record"),
                    source,
                    format!("the next `fleet start` puts it on record; `ps -fp {pid}` shows it"),
                ),
                Server::NotRunning | Server::Silent { .. } => {
                    Finding::ok("no server has been started yet", source)
                }
            }];
        }
        Err(error) => {
            let remedy = format!("`rm {}` forgets it", fleet.runtime("server.json").display());
            return vec![Finding::unknown(format!("{error:#}"), source, remedy)];
        }
    };
    let listener = fleet.tmux().ok().and_then(|tmux| tmux.listener());
    let listener = listener.map(|(pid, _)| pid);
    vec![judge(&record, listener, source).since(Some(record.since))]
}

fn judge(record: &ServerRecord, listener: Option<i32>, source: &str) -> Finding {
    let pid = record.process.pid;
    match (record.standing(listener), listener) {
        (Standing::Same, Some(_)) => Finding::ok(format!("process {pid}, as recorded"), source),
        (Standing::Same, None) => {
            let finding = Finding::wrong(
                format!(
                    "process {pid}, the tmux server, lives, and its socket is gone: nobody reaches its sessions"
                ),
                source,
                format!("`kill -USR1 {pid}` has it make its socket again"),
            );
            // Its id, its start, its boot and what it is called: it is that process, and no other.
            if is_tmux(pid) && record.process.liveness() == Liveness::Alive {
                finding.fixed_by(Fix::Socket(record.process.clone()))
            } else {
                finding
            }
        }
        (Standing::Another, Some(other)) if record.process.liveness() == Liveness::Alive => {
            Finding::wrong(
                format!(
                    "process {other} listens at the socket, and process {pid}, which is on record, lives too"
                ),
                source,
                format!("`ps -fp {pid},{other}` shows both; end the one without your sessions"),
            )
        }
        (Standing::Another, other) => Finding::warning(
            format!(
                "process {} answers, and the server on record has ended",
                other.unwrap_or(pid)
            ),
            source,
            "the next `fleet start` puts it on record",
        ),
        (Standing::Gone, _) => Finding::ok("the server on record has ended", source),
        (Standing::Unknown, _) => Finding::unknown(
            format!("cannot tell whether process {pid} lives"),
            source,
            format!("`ps -fp {pid}` shows it"),
        ),
    }
}

fn is_tmux(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm"))
        .is_ok_and(|name| name.starts_with("tmux: server"))
}

pub(super) fn one(ground: &Ground) -> Vec<Finding> {
    let states = ground.states();
    let is_alive = |state: &&State| state.tender.liveness() == Liveness::Alive;
    let mut servers: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for state in states.values().filter(is_alive) {
        if let Some(server) = state.tender.terminal_server() {
            servers.entry(server.pid).or_default().push(&state.name);
        }
    }
    let listener = ground.fleet().tmux().ok().and_then(|tmux| tmux.listener());
    let listener = listener.map(|(pid, _)| pid);
    let others = servers
        .iter()
        .filter(|(pid, _)| listener.is_some_and(|own| own != **pid));
    let found = others.map(|(pid, names)| {
        Finding::wrong(
            format!(
                "{} in process {pid}, a tmux server that does not listen at the socket: {}",
                are(names.len()),
                names.join(", ")
            ),
            "the tenders' parents",
            format!(
                "`fleet restart {}` brings them into the one that does",
                names.join(" ")
            ),
        )
    });
    or_ok(
        found.collect(),
        format!(
            "{} in one server",
            are(servers.values().map(Vec::len).sum())
        ),
        "the tenders' parents",
    )
}

fn are(number: usize) -> String {
    format!(
        "{} {}",
        count(number, "tender"),
        if number == 1 { "is" } else { "are" }
    )
}

pub(super) fn room(ground: &Ground) -> Vec<Finding> {
    let listener = ground.fleet().tmux().ok().and_then(|tmux| tmux.listener());
    let Some((pid, _)) = listener else {
        return vec![Finding::ok(
            "none runs: it is started with all that may be had",
            "ulimit -Hn",
        )];
    };
    let source = format!("/proc/{pid}/limits");
    let text = fs::read_to_string(&source).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let mut words = line.unwrap_or_default().split_whitespace();
    let (Some(soft), Some(hard)) = (words.next(), words.next()) else {
        let remedy = format!("`cat {source}`");
        return vec![Finding::unknown(
            "its limits cannot be read",
            &source,
            remedy,
        )];
    };
    if soft == hard {
        return vec![Finding::ok(format!("it may open {soft} files"), source)];
    }
    vec![Finding::warning(
        format!("it may open {soft} files, and could have {hard}: at its limit tmux hangs"),
        source,
        format!(
            "`prlimit --pid {pid} --nofile={hard}` lets it; so does a server that `fleet start` starts"
        ),
    )]
}
