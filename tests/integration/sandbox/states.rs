//! States that no tender wrote: of projects that need not run to be dead in many ways.

use serde_json::{Value, json};

use super::Sandbox;

impl Sandbox {
    /// Registers a project that is a directory and nothing else, and wants it up.
    pub(crate) fn registered(&self, name: &str) {
        let text = self.read("fleet/fleet.toml");
        let commit = "a".repeat(40);
        self.write(
            "fleet/fleet.toml",
            &format!(
                "{text}\n[projects.{name}]\nharness = \"lines\"\nref = \"v0.1.0\"\ncommit = \"{commit}\"\n\
                 location = \"projects/{name}\"\n"
            ),
        );
        std::fs::create_dir_all(self.project_at(name)).expect("the sandbox is ours");
        self.write(
            &format!("fleet/.fleet/desired/{name}"),
            "{\"version\": 1, \"want\": \"up\", \"since\": \"2026-01-01T00:00:00Z\"}",
        );
    }

    /// Writes the state of a project whose tender has gone since.
    pub(crate) fn is_dead(&self, name: &str, phase: &str, exit: Value) {
        let process = json!({"pid": 1, "started": u64::MAX, "boot": boot()});
        let state = json!({
            "version": 1, "name": name, "tender": process, "phase": phase, "since": "2026-01-01T00:00:00Z",
            "reason": null, "restarts": 0, "deaths": [], "last_exit": exit,
            "life": {
                "mark": "m", "variable": "TENDED_1", "process": process, "since": "2026-01-01T00:00:00Z",
                "commit": null, "runner": env!("CARGO_PKG_VERSION"),
            },
        });
        self.write(&state_file(name), &state.to_string());
    }

    /// Changes what a tender wrote, behind its back.
    pub(crate) fn rewrite_state(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut state = serde_json::from_str(&self.read(&state_file(name))).expect("it is JSON");
        change(&mut state);
        self.write(&state_file(name), &state.to_string());
    }
}

fn state_file(name: &str) -> String {
    format!("fleet/.fleet/state/{name}.json")
}

/// This boot.
pub(crate) fn boot() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.expect("the tests run on Linux").trim().to_owned()
}

/// The end of a life with an exit status, and what deaths like it have in common.
pub(crate) fn exit(code: i32, at: &str, signature: &str) -> Value {
    json!({
        "code": code, "signal": null, "at": at, "uptime": 0.5, "killed": 0, "commit": "a".repeat(40), "oom": null,
        "said": ["no such table: jobs"], "signature": signature,
    })
}
