//! What is one incident and what is not, and its plan.

use super::*;
use crate::status::Verdict;

const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn death(number: usize) -> Death {
    Death {
        project: format!("p{number:02}").parse().unwrap(),
        harness: "lines".parse().unwrap(),
        verdict: Verdict::Crashed,
        waits: false,
        held: None,
        loss: None,
        at: Some(at(1000)),
        how: "exit status 3".to_owned(),
        signature: "exit status 3: no jobs".to_owned(),
        commit: Some(COMMIT.to_owned()),
        wanted: COMMIT.parse().ok(),
    }
}

fn deaths(number: usize) -> Vec<Death> {
    (0..number).map(death).collect()
}

fn lost(number: usize, loss: Loss) -> Vec<Death> {
    let mut lost = deaths(number);
    for one in &mut lost {
        one.loss = Some(loss);
    }
    lost
}

fn update(project: usize, second: i64) -> Event {
    Event {
        at: at(second),
        before: Some("v1 11111111".to_owned()),
        after: Some("v2 aaaaaaaa".to_owned()),
        ..Event::new("ada (fleet update)", "update").of(format!("p{project:02}"))
    }
}

#[track_caller]
fn case(deaths: &[Death], trail: &[Event], expected: &[(Cause, usize, &str, &str)]) {
    let found = find(
        deaths.iter().collect(),
        |since| {
            let wanted = trail.iter().filter(|event| event.at >= since);
            wanted.cloned().collect()
        },
        Circumstances {
            is_whole: true,
            ..Circumstances::default()
        },
    );
    let found: Vec<(Cause, usize, &str, &str)> = found
        .iter()
        .map(|one| (one.cause, one.projects.len(), &*one.text, &*one.plan))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn two_that_lost_their_server_are_one_incident_and_one_is_none() {
    let text = "the tmux server has gone: 2 projects ended with it";
    let plan = "`fleet boot` brings them back";
    case(
        &lost(2, Loss::Server),
        &[],
        &[(Cause::Server, 2, text, plan)],
    );
    case(&lost(1, Loss::Server), &[], &[]);
    case(&lost(5, Loss::Session), &[], &[]);
    case(&lost(5, Loss::Tender), &[], &[]);
    let text = "the machine was restarted: 3 projects ended with it";
    case(
        &lost(3, Loss::Machine),
        &[],
        &[(Cause::Reboot, 3, text, plan)],
    );
}

#[test]
fn the_plan_is_whose_turn_it_is() {
    let lost = lost(2, Loss::Server);
    let plan = |guardian, brake| {
        let circumstances = Circumstances {
            guardian,
            brake,
            is_whole: true,
        };
        let found = find(lost.iter().collect(), |_| Vec::new(), circumstances);
        found.into_iter().next().unwrap().plan
    };
    assert_eq!(plan(false, false), "`fleet boot` brings them back");
    assert_eq!(plan(true, false), "the guardian brings them back");
    assert_eq!(
        plan(true, true),
        "`fleet go` lets the guardian bring them back"
    );
    assert_eq!(
        plan(false, true),
        "`fleet go`, then `fleet boot` brings them back"
    );
}

#[test]
fn three_that_died_alike_within_a_minute_are_one_incident() {
    let text = "3 projects died alike within a minute: exit status 3";
    let plan = "`fleet why p00` says more of one; `fleet start --state crashed` tries again";
    case(&deaths(3), &[], &[(Cause::Signature, 3, text, plan)]);
    case(&deaths(2), &[], &[]);
    let mut late = deaths(3);
    late[2].at = Some(at(1061));
    case(&late, &[], &[]);
    late[2].at = Some(at(1060));
    case(&late, &[], &[(Cause::Signature, 3, text, plan)]);
    late[1].signature = "another".to_owned();
    case(&late, &[], &[]);
    let mut unknown = deaths(3);
    unknown.iter_mut().for_each(|one| one.signature.clear());
    case(&unknown, &[], &[]);
}

#[test]
fn two_waves_of_the_same_are_two_incidents() {
    let mut two = deaths(6);
    for one in &mut two[3..] {
        one.at = Some(at(5000));
        one.verdict = Verdict::Parked;
    }
    two[5].how = "exit status 3; out of memory".to_owned();
    case(
        &two,
        &[],
        &[
            (
                Cause::Signature,
                3,
                "3 projects died alike within a minute: exit status 3",
                "`fleet why p00` says more of one; `fleet start --state crashed` tries again",
            ),
            (
                Cause::Signature,
                3,
                "3 projects died alike within a minute: exit status 3: no jobs",
                "`fleet why p03` says more of one; `fleet start --state parked` tries again",
            ),
        ],
    );
}

#[test]
fn those_that_died_of_a_new_commit_are_told_from_those_that_died_of_an_old_one() {
    let mut five = deaths(5);
    // Where each ended differently the commit still is the cause.
    five[0].signature = "another".to_owned();
    five[0].how = "SIGSEGV".to_owned();
    let trail: Vec<Event> = (0..3).map(|number| update(number, 700)).collect();
    let rollout = (
        Cause::Rollout,
        3,
        "3 projects died of lines v2 (aaaaaaaa), rolled out shortly before",
        "`fleet update p00 p01 p02 v1 --restart` takes them back",
    );
    case(&five, &trail, &[rollout]);
    // Too long ago, after the death, or not done: no evidence.
    for wrong in [
        update(2, 399),
        update(2, 1001),
        Event {
            outcome: "failed: no".to_owned(),
            ..update(2, 700)
        },
        Event {
            what: "start".to_owned(),
            ..update(2, 700)
        },
    ] {
        let trail = [update(0, 700), update(1, 700), wrong];
        let alike = "4 projects died alike within a minute: exit status 3";
        let plan = "`fleet why p01` says more of one; `fleet start --state crashed` tries again";
        case(&five, &trail, &[(Cause::Signature, 4, alike, plan)]);
    }
}

#[test]
fn a_life_of_the_commit_before_did_not_die_of_the_new_one() {
    let mut three = deaths(3);
    for one in &mut three {
        one.signature.clear();
        one.wanted = "b".repeat(40).parse().ok();
    }
    let trail: Vec<Event> = (0..3).map(|number| update(number, 700)).collect();
    case(&three, &trail, &[]);
}

#[test]
fn what_comes_back_by_itself_needs_no_command() {
    let mut waiting = deaths(3);
    waiting.iter_mut().for_each(|one| one.waits = true);
    let plan = |brake| {
        let circumstances = Circumstances {
            guardian: false,
            brake,
            is_whole: true,
        };
        let found = find(waiting.iter().collect(), |_| Vec::new(), circumstances);
        found.into_iter().next().unwrap().plan
    };
    assert_eq!(
        plan(false),
        "`fleet why p00` says more of one; they are started again when due"
    );
    assert_eq!(
        plan(true),
        "`fleet why p00` says more of one; `fleet go` lets them go on"
    );
}

#[test]
fn many_are_described_where_that_means_no_others() {
    let mut ten = deaths(10);
    let trail: Vec<Event> = (0..10).map(|number| update(number, 700)).collect();
    let text = "10 projects died of lines v2 (aaaaaaaa), rolled out shortly before: exit status 3";
    let plan = "`fleet update --harness lines --state crashed v1 --restart` takes them back";
    case(&ten, &trail, &[(Cause::Rollout, 10, text, plan)]);
    // Another one that crashed would be moved as well.
    ten.push(Death {
        commit: None,
        ..death(10)
    });
    let plan =
        "`fleet update p00 p01 p02 p03 p04 p05 p06 p07 p08 p09 v1 --restart` takes them back";
    case(&ten, &trail, &[(Cause::Rollout, 10, text, plan)]);
}

#[test]
fn deaths_with_several_verdicts_are_tried_again_by_as_many_commands() {
    let mut three = deaths(3);
    three[1].verdict = Verdict::Parked;
    let text = "3 projects died alike within a minute: exit status 3";
    let plan = "`fleet why p00` says more of one; `fleet start --state crashed` and `fleet start --state parked` try again";
    case(&three, &[], &[(Cause::Signature, 3, text, plan)]);
}
