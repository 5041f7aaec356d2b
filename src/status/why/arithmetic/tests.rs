//! The sums, with the clock given.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::names::Restart;
use crate::supervision::VERSION;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn moment(uptime: i64) -> When {
    When {
        at: at(uptime),
        uptime: uptime as f64,
        boot: "this".to_owned(),
    }
}

/// A state whose lives ended at these seconds of this boot, none of them healthy; the one that runs began at `began`.
fn state(phase: &str, deaths: &[i64], began: i64) -> State {
    let process = json!({"pid": 7, "started": 1, "boot": "this"});
    let moments: Vec<When> = deaths.iter().map(|second| moment(*second)).collect();
    let state = json!({
        "version": VERSION, "name": "demo", "tender": process, "phase": phase, "since": at(began), "reason": null,
        "life": {
            "mark": "m", "variable": "V", "process": process, "since": at(began), "commit": null, "runner": "0",
        },
        "restarts": deaths.len(), "deaths": moments, "streak": deaths.len(), "last_exit": null,
    });
    serde_json::from_value(state).unwrap()
}

fn policy(heal: bool) -> Policy {
    Policy {
        heal,
        restart: Restart::DEFAULT,
    }
}

#[track_caller]
fn case(state: Option<&State>, now: i64, expected: [&str; 2]) {
    let sum = reckon(&policy(true), state, &moment(now));
    assert_eq!(sum.text[..2], expected);
}

#[test]
fn deaths_in_a_row_wait_longer_and_the_last_one_parks() {
    let at_once = "the next death is answered at once";
    case(
        None,
        100,
        [
            "0 deaths within 1 h, of 10 that a restart answers",
            "a start by the operator begins with no death counted",
        ],
    );
    case(
        Some(&state("running", &[], 50)),
        100,
        ["0 deaths within 1 h, of 10 that a restart answers", at_once],
    );
    case(
        Some(&state("running", &[10], 50)),
        100,
        [
            "1 death within 1 h, of 10 that a restart answers",
            "the next death is number 2 in a row: the life after it waits 800 ms to 1 s",
        ],
    );
    case(
        Some(&state("waiting", &[10, 20, 30, 40], 35)),
        100,
        [
            "4 deaths within 1 h, of 10 that a restart answers",
            "the next death is number 5 in a row: the life after it waits 6.4 s to 8 s",
        ],
    );
    let ten: Vec<i64> = (1..=10).collect();
    case(
        Some(&state("running", &ten, 50)),
        100,
        [
            "10 deaths within 1 h, of 10 that a restart answers",
            "the next death parks it",
        ],
    );
    case(
        Some(&state("parked", &ten, 50)),
        100,
        [
            "more deaths within 1 h than the 10 that a restart answers",
            "a start by the operator begins with no death counted",
        ],
    );
}

#[test]
fn health_ends_a_row_and_time_the_count() {
    case(
        Some(&state("running", &[10, 20], 50)),
        650,
        [
            "2 deaths within 1 h, of 10 that a restart answers",
            "the next death is answered at once",
        ],
    );
    case(
        Some(&state("running", &[10, 20], 50)),
        3615,
        [
            "1 death within 1 h, of 10 that a restart answers",
            "the next death is answered at once",
        ],
    );
}

#[test]
fn the_rules_are_told_with_their_numbers() {
    let state = state("running", &[10], 50);
    let sum = reckon(&policy(true), Some(&state), &moment(100));
    assert_eq!(
        sum.text[2..],
        [
            "a life of 10 min ends the row; the 11th death within 1 h parks it",
            "exit 0 is no death, but the end of the work"
        ]
    );
    assert_eq!(
        (sum.answer, sum.wait),
        (Some(Answer::Restarted), Some([0.8, 1.0]))
    );
    let sum = reckon(&policy(false), Some(&state), &moment(100));
    assert_eq!(
        sum.text,
        ["watch = off: a death is final, until the next `fleet start`"]
    );
    assert_eq!((sum.answer, sum.wait), (Some(Answer::Left), None));
}

#[test]
fn places_are_spelled_as_people_do() {
    let places = [1, 2, 3, 4, 11, 12, 13, 21, 101, 111].map(ordinal);
    assert_eq!(
        places.join(" "),
        "1st 2nd 3rd 4th 11th 12th 13th 21st 101st 111th"
    );
}
