//! Fleets that were never there, for tests.

use jiff::Timestamp;

use crate::fleet::Use;
use crate::pins::PinWord;
use crate::registry::Watch;
use crate::status::{Brake, HarnessReport, PinReport, ProcessReport, Server};
use crate::status::{ProjectReport, Report, Verdict};

use super::control::{Wish, press};
use super::keys::Keys;
use super::model::Model;

/// The moment at which these fleets are looked at.
pub(super) fn now() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

pub(super) fn project(name: &str, verdict: Verdict, reason: Option<&str>) -> ProjectReport {
    let commit = Some("0123456789012345678901234567890123456789".parse().unwrap());
    let seconds = i64::try_from(name.len()).unwrap() * 60;
    ProjectReport {
        name: name.parse().unwrap(),
        location: format!("/srv/{name}").into(),
        enabled: true,
        labels: vec!["research".to_owned()],
        watch: Watch::Off,
        desired: Some(crate::supervision::Want::Up),
        verdict,
        since: Some(now() - jiff::SignedDuration::from_secs(seconds)),
        reason: reason.map(str::to_owned),
        next: None,
        due: None,
        process: ProcessReport::default(),
        harness: HarnessReport {
            name: "lines".parse().unwrap(),
            healthy: None,
            probed: None,
        },
        pin: PinReport {
            word: PinWord::Ok,
            reference: "v0.1.0".parse().unwrap(),
            wanted: commit.clone(),
            head: commit.clone(),
            index: commit.clone(),
            checkout: commit,
            dirty: Some(false),
            bad: None,
            bad_use: Use::Pinned,
            running: None,
            runner: None,
            reason: None,
        },
        death: None,
    }
}

pub(super) fn report(projects: Vec<ProjectReport>) -> Report {
    Report {
        schema: 1,
        fleet: "home".to_owned(),
        server: Server {
            alive: Some(true),
            pid: Some(7),
            since: Some(now() - jiff::SignedDuration::from_hours(3)),
            reason: None,
        },
        brake: Brake {
            engaged: Some(false),
            ..Brake::default()
        },
        guardian: None,
        rollout: None,
        incidents: Vec::new(),
        strays: Vec::new(),
        projects,
    }
}

/// A screen with four projects: one is parked, one has crashed, two are up.
pub(super) fn four() -> Model {
    let mut model = Model {
        rows: 10,
        has_panel: true,
        ..Model::default()
    };
    model.learn(report(vec![
        project("ada", Verdict::Up, None),
        project(
            "bob",
            Verdict::Parked,
            Some("exit status 3: no such table: jobs"),
        ),
        project("carl", Verdict::Crashed, Some("died 10 times in 1h")),
        project("dora", Verdict::Up, None),
    ]));
    model
}

/// Presses what a terminal would send; returns the last wish.
pub(super) fn pressed(model: &mut Model, bytes: &str) -> Option<Wish> {
    let mut keys = Keys::default();
    let mut all = keys.take(bytes.as_bytes());
    all.extend(keys.give_up());
    all.iter()
        .fold(None, |last, key| press(model, key).or(last))
}
