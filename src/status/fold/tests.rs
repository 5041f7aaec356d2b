//! What is folded into one row, and what is not.

use super::*;
use crate::status::fixture::{project, report};
use crate::status::incident::{Cause, Incident};

#[track_caller]
fn case(report: &Report, asked: &[&str], expected: &[&str]) {
    let asked: Vec<Name> = asked.iter().map(|name| name.parse().unwrap()).collect();
    let rows = rows(report, &asked);
    let shown: Vec<String> = rows.iter().map(Row::name).collect();
    assert_eq!(shown, expected);
    let all: usize = rows.iter().map(|row| row.0.len()).sum();
    assert_eq!(all, report.projects.len());
}

#[test]
fn parked_projects_with_one_signature_are_one_row_whenever_they_died() {
    let parked = |numbers: std::ops::Range<usize>| -> Vec<ProjectReport> {
        numbers
            .map(|number| project(number, Verdict::Parked, "three"))
            .collect()
    };
    let forty = report(parked(0..40));
    case(&forty, &[], &["p00, p01 and 38 more"]);
    let row = &rows(&forty, &[])[0];
    assert_eq!(row.reason(Timestamp::UNIX_EPOCH), "exit status 3");
    assert_eq!(row.since(), Timestamp::from_second(961).ok());
    assert_eq!(row.reference(), "v1");
    case(&forty, &["p07"], &["p00, p01 and 37 more", "p07"]);
    case(&report(parked(0..3)), &[], &["p00, p01 and p02"]);
    case(&report(parked(0..2)), &[], &["p00", "p01"]);
}

#[test]
fn what_differs_is_not_hidden_in_a_row() {
    let mut mixed = report(vec![
        project(0, Verdict::Parked, "three"),
        project(1, Verdict::Parked, "four"),
        project(2, Verdict::Parked, "three"),
        project(3, Verdict::Parked, "three"),
        project(4, Verdict::Parked, "three"),
        // Nothing to compare, and deaths of different times without an incident.
        project(5, Verdict::Parked, ""),
        project(6, Verdict::Crashed, "three"),
        project(7, Verdict::Crashed, "three"),
        project(8, Verdict::Crashed, "three"),
    ]);
    mixed.projects[3].pin.word = PinWord::Dirty;
    case(
        &mixed,
        &[],
        &["p00, p02 and p04", "p01", "p03", "p05", "p06", "p07", "p08"],
    );
}

#[test]
fn the_projects_of_an_incident_are_one_row_for_each_verdict() {
    let mut died = report(
        (0..6)
            .map(|number| project(number, Verdict::Crashed, ""))
            .collect(),
    );
    died.projects[5].verdict = Verdict::Up;
    died.incidents.push(Incident {
        cause: Cause::Server,
        since: None,
        projects: died.projects[..5]
            .iter()
            .map(|one| one.name.clone())
            .collect(),
        text: "the tmux server has gone".to_owned(),
        plan: "`fleet boot` brings them back".to_owned(),
    });
    case(&died, &[], &["p00, p01 and 3 more", "p05"]);
    died.projects[0].pin.reference = "v2".parse().unwrap();
    assert_eq!(rows(&died, &[])[0].reference(), "");
    died.projects[1].death.as_mut().unwrap().how = "SIGKILL".to_owned();
    assert_eq!(rows(&died, &[])[0].reason(Timestamp::UNIX_EPOCH), "");
    for project in &mut died.projects {
        project.death.as_mut().unwrap().signature = "exit status #".to_owned();
    }
    assert_eq!(
        rows(&died, &[])[0].reason(Timestamp::UNIX_EPOCH),
        "exit status #"
    );
}
