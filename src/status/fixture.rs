//! Reports, for tests of what is shown of them.

use jiff::Timestamp;

use super::death::Death;
use super::report::{Brake, HarnessReport, PinReport, ProcessReport, Server};
use super::{ProjectReport, Report, Verdict};
use crate::fleet::Use;
use crate::names::Name;
use crate::pins::PinWord;

/// A project that died, but for what is changed of it.
pub(super) fn project(number: usize, verdict: Verdict, signature: &str) -> ProjectReport {
    let name: Name = format!("p{number:02}").parse().unwrap();
    let death = Death {
        project: name.clone(),
        harness: "lines".parse().unwrap(),
        verdict,
        waits: false,
        held: None,
        loss: None,
        at: None,
        how: "exit status 3".to_owned(),
        signature: signature.to_owned(),
        commit: None,
        wanted: None,
    };
    ProjectReport {
        name,
        location: "/p".into(),
        enabled: true,
        labels: Vec::new(),
        watch: crate::registry::Watch::Off,
        desired: None,
        verdict,
        since: Timestamp::from_second(1000 - i64::try_from(number).unwrap()).ok(),
        reason: Some(format!("exit status 3 after {number} s")),
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
            reference: "v1".parse().unwrap(),
            wanted: None,
            head: None,
            index: None,
            checkout: None,
            dirty: None,
            running: None,
            runner: None,
            bad: None,
            bad_use: Use::Pinned,
            reason: None,
        },
        death: Some(death),
    }
}

/// A report of these projects.
pub(super) fn report(projects: Vec<ProjectReport>) -> Report {
    Report {
        schema: 1,
        fleet: "test".to_owned(),
        server: Server {
            alive: Some(false),
            pid: None,
            since: None,
            reason: None,
        },
        brake: Brake::default(),
        guardian: None,
        rollout: None,
        incidents: Vec::new(),
        strays: Vec::new(),
        projects,
    }
}
