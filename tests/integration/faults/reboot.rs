//! F8: a reboot. Nothing is taken for alive by its number alone.

use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::guardian::{Guardian, fleet_of, lives, start, stop_all, whole};
use crate::sandbox::Sandbox;

/// A process that has nothing to do with any fleet, and has a number that a process of ours had once.
struct Stranger(std::process::Child);

impl Stranger {
    fn new() -> Self {
        Self(Command::new("sleep").arg("86422").spawn().unwrap())
    }

    fn is_untouched(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Its start, as the system counts it.
    fn started(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[19].parse().unwrap()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Kills everything, and makes a project's state one that an earlier boot has left, or an earlier process of the same
/// number: it says that it runs.
fn rebooted(sandbox: &Sandbox, name: &str, stranger: &Stranger, boot: Option<&str>) {
    let path = format!("fleet/.fleet/state/{name}.json");
    let mut state: Value = serde_json::from_str(&sandbox.read(&path)).unwrap();
    state["phase"] = "running".into();
    for process in ["/tender", "/life/process"] {
        let process = state.pointer_mut(process).unwrap();
        process["pid"] = stranger.0.id().into();
        match boot {
            // After a reboot both the number and the start may be the same.
            Some(boot) => {
                process["boot"] = boot.into();
                process["started"] = stranger.started().into();
            }
            None => process["started"] = (stranger.started() - 1).into(),
        }
    }
    sandbox.write(&path, &state.to_string());
}

fn killed_all(sandbox: &Sandbox) {
    for process in sandbox.processes() {
        process.kill();
    }
    sandbox.wait_for("all of it to end", || sandbox.processes().is_empty());
}

const ANOTHER: Option<&str> = Some("01234567-89ab-cdef-0123-456789abcdef");

/// Boots, and demands that `demo` and `other` come back, and `stopped` does not.
#[track_caller]
fn boot_brings_back_what_was_up(sandbox: &Sandbox) {
    let said = sandbox.fleet(&["boot"]);
    let said = &said.succeeded().stderr;
    assert!(said.contains("the machine was restarted"), "{said}");
    assert!(said.contains("2 brought back"), "{said}");
    for name in ["demo", "other"] {
        whole(sandbox, name);
        assert_eq!(lives(sandbox, name), 2);
    }
    assert_eq!(lives(sandbox, "stopped"), 1);
}

/// F8: `boot` restores what was wanted, and the strangers live on.
#[test]
fn a_boot_after_a_reboot_takes_no_stranger_for_its_own() {
    let sandbox = fleet_of(&["demo", "other", "stopped"]);
    start(&sandbox, &["demo", "other", "stopped"]);
    sandbox.fleet(&["stop", "stopped"]).succeeded();
    killed_all(&sandbox);
    let mut strangers = [Stranger::new(), Stranger::new()];
    rebooted(&sandbox, "demo", &strangers[0], ANOTHER);
    rebooted(&sandbox, "other", &strangers[1], ANOTHER);
    assert_eq!(sandbox.status("demo")["verdict"], "crashed");
    boot_brings_back_what_was_up(&sandbox);
    assert!(strangers.iter_mut().all(Stranger::is_untouched));
    stop_all(&sandbox);
    assert!(strangers.iter_mut().all(Stranger::is_untouched));
}

/// F8: the same with a guardian, which begins with what a boot does.
#[test]
fn a_guardian_after_a_reboot_takes_no_stranger_for_its_own() {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    killed_all(&sandbox);
    let mut stranger = Stranger::new();
    rebooted(&sandbox, "demo", &stranger, ANOTHER);
    let guardian = Guardian::of(&sandbox);
    guardian.says(
        &sandbox,
        "brought back `demo`: the machine was restarted while it ran",
    );
    whole(&sandbox, "demo");
    stop_all(&sandbox);
    assert!(stranger.is_untouched());
}

/// F8: a shutdown as machines do it: everything is told to end, and killed where it does not.
#[test]
fn what_a_shutdown_has_ended_comes_back_after_it() {
    let sandbox = fleet_of(&["demo", "other", "stopped"]);
    start(&sandbox, &["demo", "other", "stopped"]);
    sandbox.fleet(&["stop", "stopped"]).succeeded();
    for process in sandbox.processes() {
        process.signal(Signal::SIGTERM);
    }
    for name in ["demo", "other"] {
        let tenders = || sandbox.running(&format!("units/{name}.json"));
        sandbox.wait_for("its tender to end", || tenders().is_empty());
    }
    killed_all(&sandbox);
    for name in ["demo", "other"] {
        sandbox.rewrite_state(name, |state| {
            for process in ["/tender", "/life/process"] {
                state.pointer_mut(process).unwrap()["boot"] = ANOTHER.into();
            }
        });
    }
    boot_brings_back_what_was_up(&sandbox);
    stop_all(&sandbox);
}

/// F8: a number that is used again within one boot.
#[test]
fn a_number_that_is_used_again_is_another_process() {
    let sandbox = fleet_of(&["demo"]);
    start(&sandbox, &["demo"]);
    killed_all(&sandbox);
    let mut stranger = Stranger::new();
    rebooted(&sandbox, "demo", &stranger, None);
    sandbox.fleet(&["boot"]).succeeded();
    whole(&sandbox, "demo");
    stop_all(&sandbox);
    assert!(stranger.is_untouched());
}
