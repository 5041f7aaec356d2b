use super::*;
use crate::status::fixture::{project, report};
use crate::status::incident::{Cause, Incident};

/// A project for which one may type this.
fn advised(number: usize, verdict: Verdict, next: &str) -> ProjectReport {
    let mut project = project(number, verdict, "");
    let name = project.name.to_string();
    project.next = Some(next.replace("NAME", &name));
    project
}

fn parked(numbers: std::ops::Range<usize>) -> Vec<ProjectReport> {
    let one = |number| advised(number, Verdict::Parked, "`fleet start NAME` tries again");
    numbers.map(one).collect()
}

#[track_caller]
fn case(projects: Vec<ProjectReport>, expected: &[&str]) {
    assert_eq!(hints(&report(projects), true, &[]), expected);
}

#[test]
fn one_hint_does_for_all_that_need_it() {
    case(parked(0..1), &["`fleet start p00` tries again"]);
    case(parked(0..2), &["`fleet start p00 p01` tries again"]);
    case(parked(0..3), &["`fleet start --state parked` tries again"]);
    // Of a part of the fleet nobody knows who else is.
    assert_eq!(
        hints(&report(parked(0..8)), false, &[]),
        ["`fleet start p00 p01 p02 p03 p04 p05` tries again; 2 more need the same"]
    );
    let mut mixed = parked(0..3);
    mixed.push(advised(3, Verdict::Parked, "`fleet boot` brings it back"));
    case(
        mixed,
        &[
            "`fleet start p00 p01 p02` tries again",
            "`fleet boot` brings it back",
        ],
    );
}

#[test]
fn the_worst_comes_first_and_five_are_enough() {
    let pinned = |number: usize, word: PinWord| {
        let mut project = project(number, Verdict::Up, "");
        project.pin.word = word;
        project
    };
    case(
        vec![
            pinned(0, PinWord::Skew),
            pinned(1, PinWord::Behind),
            pinned(2, PinWord::Behind),
            advised(
                3,
                Verdict::Degraded,
                "`fleet logs NAME/harness` may show why",
            ),
            advised(
                4,
                Verdict::Degraded,
                "`fleet logs NAME/harness` may show why",
            ),
            advised(5, Verdict::Crashed, "`fleet boot` brings it back"),
            advised(6, Verdict::Crashed, "`fleet boot` brings it back"),
            advised(
                7,
                Verdict::Missing,
                "`fleet why NAME` looks where it may be now",
            ),
            pinned(8, PinWord::Interrupted),
        ],
        &[
            "`fleet boot` brings them back",
            "`fleet why p07` looks where it may be now",
            "`fleet logs p03/harness p04/harness` may show why",
            "`fleet update p08` completes what was interrupted, or takes it back",
            "`fleet update p01 p02` moves them to what fleet.toml wants",
        ],
    );
}

#[test]
fn git_is_told_where_however_that_is_written() {
    let mut dirty = project(0, Verdict::Up, "");
    dirty.pin.word = PinWord::Dirty;
    dirty.location = "/srv/it's 漢字".into();
    case(
        vec![dirty],
        &[r"`git -C '/srv/it'\''s 漢字' diff --submodule=diff` shows what has changed"],
    );
}

#[test]
fn what_is_said_already_or_is_no_trouble_is_not_hinted() {
    let disabled = advised(
        0,
        Verdict::Disabled,
        "`fleet enable NAME` allows it to start",
    );
    let mut died = report(parked(1..4));
    died.projects.push(disabled);
    died.incidents.push(Incident {
        cause: Cause::Signature,
        since: None,
        projects: died.projects[..3]
            .iter()
            .map(|one| one.name.clone())
            .collect(),
        text: String::new(),
        plan: String::new(),
    });
    assert_eq!(hints(&died, true, &[]), [""; 0]);
    let lost = report(vec![advised(
        0,
        Verdict::Crashed,
        "`fleet boot` brings it back",
    )]);
    let notice = "the machine was restarted; `fleet boot` brings them back".to_owned();
    assert_eq!(hints(&lost, true, &[notice]), [""; 0]);
    let mut off = project(0, Verdict::Down, "");
    (off.enabled, off.pin.word) = (false, PinWord::Behind);
    case(vec![off], &[]);
}
