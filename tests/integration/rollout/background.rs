//! A roll-out that is watched while it runs.

use std::fs;
use std::process::{Child, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;

use crate::sandbox::Sandbox;

/// A roll-out that runs beside the test. It is killed when dropped.
pub(super) struct RollOut(Child);

impl RollOut {
    /// Begins one, and waits until a wave of it, counted from 1, soaks.
    #[track_caller]
    pub(super) fn soaking(sandbox: &Sandbox, line: &str, wave: usize) -> Self {
        let rollout = Self::of(sandbox, line);
        rollout.reaches(sandbox, "soaking", wave);
        rollout
    }

    /// Begins one.
    pub(super) fn of(sandbox: &Sandbox, line: &str) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_fleet"), &sandbox.directory());
        let child = command
            .args(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("fleet was built"))
    }

    /// Waits until a wave is at a stage.
    #[track_caller]
    pub(super) fn reaches(&self, sandbox: &Sandbox, stage: &str, wave: usize) {
        // What `status` makes of it takes longer to ask for than a short soak may last.
        let is_there = || {
            let text = fs::read_to_string(sandbox.at("fleet/.fleet/rollout.json")).ok()?;
            let rollout: Value = serde_json::from_str(&text).expect("it is written whole");
            let stages = rollout["waves"].as_array()?.iter();
            let stages: Vec<&Value> = stages.map(|wave| &wave["stage"]).collect();
            Some(stages[..wave - 1].iter().all(|it| *it == "healthy") && stages[wave - 1] == stage)
        };
        sandbox.wait_for(&format!("wave {wave} to be {stage}"), || {
            is_there() == Some(true)
        });
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("an id"));
        signal::kill(pid, signal).expect("it is our child, and nobody has waited for it");
    }

    /// Waits for its end; returns its exit code and all that it said.
    #[track_caller]
    pub(super) fn ends(mut self, sandbox: &Sandbox) -> (Option<i32>, String) {
        sandbox.wait_for("the roll-out to end", || {
            self.0.try_wait().unwrap().is_some()
        });
        let status = self.0.wait().unwrap();
        let read = |stream: &mut dyn std::io::Read| {
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        let said =
            read(&mut self.0.stdout.take().unwrap()) + &read(&mut self.0.stderr.take().unwrap());
        (status.code(), sandbox.normalise(&said))
    }

    /// Kills it, and waits until it has ended.
    pub(super) fn killed(self, sandbox: &Sandbox) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.ends(sandbox).0, None);
    }
}

impl Drop for RollOut {
    fn drop(&mut self) {
        let _ = self.0.kill(); // It may have ended.
        let _ = self.0.wait();
    }
}
