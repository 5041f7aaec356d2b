//! Runs the checks: side by side, and none longer than it may take.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Exit;
use crate::parallel::{Work, all_within};
use crate::registry::FILE;

use super::catalogue::CHECKS;
use super::check::{Check, Group, Needs};
use super::finding::{Finding, Verdict};
use super::ground::{Ground, Registration};

/// How long all of it may take: what has not looked by then is unknown.
const DEADLINE: Duration = Duration::from_secs(15);

/// What was found.
pub(super) struct Checked {
    /// The name of the fleet, where it is known.
    pub(super) fleet: Option<String>,
    /// Where it is.
    pub(super) root: Option<PathBuf>,
    /// Each check that was run, with at least one finding.
    pub(super) checks: Vec<(&'static Check, Vec<Finding>)>,
}

impl Checked {
    /// Returns all findings.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|(_, findings)| findings)
    }

    /// Returns the checks of a group.
    pub(super) fn of(&self, group: Group) -> impl Iterator<Item = &(&'static Check, Vec<Finding>)> {
        self.checks
            .iter()
            .filter(move |(check, _)| check.group == group)
    }

    /// Returns how a check went: as the worst of its findings.
    pub(super) fn verdict(findings: &[Finding]) -> Verdict {
        let verdicts = findings.iter().map(|finding| finding.verdict);
        verdicts.max().unwrap_or(Verdict::Ok)
    }

    /// Returns 5 where something was found.
    pub(super) fn exit(&self) -> Exit {
        match self
            .findings()
            .all(|finding| finding.verdict == Verdict::Ok)
        {
            true => Exit::Done,
            false => Exit::Found,
        }
    }
}

/// Runs all checks that there is something for.
pub(super) fn run(root: Option<PathBuf>, patience: Duration) -> Checked {
    let ground = Arc::new(Ground::of(root.clone(), patience));
    let chosen: Vec<&'static Check> = CHECKS
        .iter()
        .filter(|check| check.needs == Needs::Nothing || root.is_some())
        .collect();
    let works = chosen.iter().map(|check| work(check, &ground)).collect();
    let results = all_within(DEADLINE, works);
    let checks = chosen.into_iter().zip(results);
    let checks =
        checks.map(|(check, found)| (check, found.unwrap_or_else(|| vec![too_slow(check)])));
    let is_known = matches!(ground.registration, Registration::Valid);
    let fleet = ground.any_fleet().filter(|_| is_known);
    Checked {
        fleet: fleet.map(|fleet| fleet.registry.fleet.name.to_string()),
        root,
        checks: checks
            .filter(|(_, findings)| !findings.is_empty())
            .collect(),
    }
}

fn work(check: &'static Check, ground: &Arc<Ground>) -> Work<Vec<Finding>> {
    let ground = Arc::clone(ground);
    Box::new(move || {
        if check.needs == Needs::Registry && !ground.is_registered() {
            let evidence =
                format!("{FILE} cannot be used, so nobody knows which projects there are");
            return vec![Finding::unknown(
                evidence,
                FILE,
                "`fleet validate` lists what is wrong with it",
            )];
        }
        (check.look)(&ground)
    })
}

fn too_slow(check: &Check) -> Finding {
    Finding::unknown(
        format!("it could not look within {} s", DEADLINE.as_secs()),
        check.group.word(),
        "`FLEET_LOG=debug fleet doctor` shows what it waits for",
    )
}
