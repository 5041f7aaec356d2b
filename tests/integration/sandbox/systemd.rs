//! Programs that stand for systemd's: they write down how they were called, answer from files, and run what they are
//! given. The machine's own systemd has nothing to do with a sandbox.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Sandbox;

/// Refuses what a file beside it tells it to; else runs the command, with a mark of the scope in its environment.
const SYSTEMD_RUN: &str = r#"#!/bin/sh
here=${0%/*}
echo "$@" >> "$here/systemd-run.calls"
test -e "$here/hangs" && exec sleep 86431
test -e "$here/broken" && { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
case "$*" in *OOMPolicy*)
    test -e "$here/is-old" && { echo "Unknown assignment: OOMPolicy=continue" >&2; exit 1; } ;;
esac
for word; do
    case "$word" in --unit=*)
        test "$word" = "--unit=$(cat "$here/taken" 2> /dev/null)" && {
            echo "Failed to start transient scope unit: Unit ${word#--unit=}.scope was already loaded or has a fragment file." >&2
            exit 1
        } ;;
    esac
done
while test "$1" != --; do shift; done
shift
SCOPE=yes exec "$@"
"#;

/// Knows one unit, whose file must be there; `active`, `enabled` and `fails` are files beside it.
const SYSTEMCTL: &str = r#"#!/bin/sh
here=${0%/*}
echo "$@" >> "$here/systemctl.calls"
shift 3
call=$1
shift
test -e "$here/fails" && test "$(cat "$here/fails")" = "$call" && { echo "Failed to $call: no" >&2; exit 1; }
test "$1" = --now && shift
file=$XDG_CONFIG_HOME/systemd/user/$1
is() { test -e "$here/$1"; }
case $call in
    daemon-reload) ;;
    enable) test -e "$file" || { echo "Unit $1 does not exist." >&2; exit 1; }; : > "$here/enabled"; : > "$here/active" ;;
    disable) rm -f "$here/enabled" "$here/active" ;;
    restart) : > "$here/active" ;;
    is-active) if is active; then echo active; else echo inactive; exit 3; fi ;;
    show)
        if is active; then echo ActiveState=active; echo SubState=running; else echo ActiveState=inactive; echo SubState=dead; fi
        if is enabled; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi
        echo Result=success; echo NeedDaemonReload=no; echo ActiveEnterTimestampMonotonic=1000000 ;;
    reset-failed) exit 1 ;;
    *) echo "unknown call $call" >&2; exit 1 ;;
esac
"#;

/// Answers whether the user lingers and whether logouts kill; `no` unless a file says otherwise.
const LOGINCTL: &str = r#"#!/bin/sh
here=${0%/*}
echo "$@" >> "$here/loginctl.calls"
case "$*" in
    *=Linger*) cat "$here/linger" ;;
    *=KillUserProcesses*) cat "$here/kills" ;;
esac
"#;

impl Sandbox {
    /// Has a systemd user manager: programs that stand for it, and its socket. The user lingers.
    pub(crate) fn with_systemd(mut self) -> Self {
        for (name, text) in [
            ("systemd-run", SYSTEMD_RUN),
            ("systemctl", SYSTEMCTL),
            ("loginctl", LOGINCTL),
        ] {
            self.write(&format!("systemd/{name}"), text);
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(self.root.join("systemd").join(name), mode).expect("it is ours");
        }
        self.write("systemd/linger", "yes\n");
        self.write("systemd/kills", "no\n");
        self.write("run/systemd/private", "");
        let first = self.root.join("systemd");
        let rest = std::env::split_paths(&self.path).collect::<Vec<_>>();
        let all = std::iter::once(first).chain(rest);
        self.path = std::env::join_paths(all).expect("they came from a PATH");
        self
    }

    /// How one of the programs that stand for systemd's was called, one call in a line.
    pub(crate) fn calls_of(&self, program: &str) -> Vec<String> {
        let path = self.root.join(format!("systemd/{program}.calls"));
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What `.fleet/server.json` says.
    #[track_caller]
    pub(crate) fn server_record(&self) -> serde_json::Value {
        serde_json::from_str(&self.read("fleet/.fleet/server.json")).expect("it is JSON")
    }

    /// The name of the fleet's units, without a suffix.
    pub(crate) fn unit_name(&self) -> String {
        let said = self.fleet(&["service", "status", "--json"]);
        let report: serde_json::Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}", said.text()));
        let name = report["unit"].as_str().expect("a unit has a name");
        name.trim_end_matches(".service").to_owned()
    }

    /// Normalises as [`Self::run`] does; writes `UNIT` for the units' name and `SOCKET` for the server's, and narrows
    /// the padding of tables.
    pub(crate) fn run_about_units(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = self.fleet(&words).text();
        let said = said
            .replace(env!("CARGO_BIN_EXE_fleet"), "FLEET")
            .replace(&self.unit_name(), "UNIT");
        let mut said = self.normalise(&said);
        while said.contains("   ") {
            said = said.replace("   ", "  ");
        }
        match said.split_once("$ROOT/tmux/") {
            Some((before, rest)) => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                format!("{before}SOCKET{}", &rest[end..])
            }
            None => said,
        }
    }
}
