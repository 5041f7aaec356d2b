//! What is decided about which facts.

use jiff::Timestamp;

use super::*;
use crate::names::Restart;
use crate::supervision::{Process, VERSION};

fn wish(want: Want) -> Desired {
    Desired {
        version: VERSION,
        want,
        since: Timestamp::UNIX_EPOCH,
        restart: false,
    }
}

/// A project that heals, is wanted, and has lost its tender while it stood at `phase`.
fn lost(phase: Phase) -> Facts {
    Facts {
        enabled: true,
        policy: Policy {
            heal: true,
            restart: Restart::DEFAULT,
        },
        desired: Ok(Some(wish(Want::Up))),
        state: Ok(Some(State {
            phase,
            ..State::new("demo", Process::me().unwrap())
        })),
        tender: Liveness::Gone,
    }
}

fn with_state(facts: Facts, change: impl FnOnce(&mut State)) -> Facts {
    let mut state = facts.state.unwrap().unwrap();
    change(&mut state);
    Facts {
        state: Ok(Some(state)),
        ..facts
    }
}

fn healing(heal: bool, facts: Facts) -> Facts {
    let policy = Policy {
        heal,
        ..facts.policy
    };
    Facts { policy, ..facts }
}

/// Names a decision, with what tells it from others of its kind.
fn word(facts: &Facts, cause: Option<Cause>) -> String {
    match decide(facts, cause, &When::now(), 0.0) {
        Decision::Up => "up".to_owned(),
        Decision::Down(why) => format!("down: {why}"),
        Decision::Leave(why) => format!("leave: {why}"),
        Decision::Bring {
            because,
            is_first: true,
        } => format!("bring first: {because}"),
        Decision::Bring { because, .. } => format!("bring: {because}"),
        Decision::Wait { because, until } => {
            let wait = until.left_at(&When::now()).as_secs_f64();
            format!("wait {wait:.0} s: {because}")
        }
        Decision::Park(why) => format!("park: {why}"),
    }
}

#[track_caller]
fn case(facts: &Facts, cause: Option<Cause>, expected: &str) {
    assert_eq!(word(facts, cause), expected);
}

#[test]
fn what_is_not_wanted_or_not_known_stays_as_it_is() {
    for cause in [None, Some(Cause::Reboot), Some(Cause::Server)] {
        let with = |desired| Facts {
            desired,
            ..lost(Phase::Running)
        };
        case(
            &with(Ok(Some(wish(Want::Down)))),
            cause,
            "down: is down as asked",
        );
        case(&with(Ok(None)), cause, "down: was never asked to start");
        case(&with(Err("torn".to_owned())), cause, "leave: torn");
        let disabled = Facts {
            enabled: false,
            ..lost(Phase::Lost)
        };
        case(&disabled, cause, "leave: it is disabled");
        let with = |state| Facts {
            state,
            ..lost(Phase::Running)
        };
        case(&with(Err("torn".to_owned())), cause, "leave: torn");
        case(
            &with(Ok(None)),
            cause,
            "leave: was asked to start, but never did",
        );
    }
}

#[test]
fn an_unknown_tender_is_no_reason_to_act() {
    let facts = Facts {
        tender: Liveness::Unknown,
        ..lost(Phase::Running)
    };
    let pid = std::process::id();
    let expected = format!("leave: cannot tell whether its tender, process {pid}, lives");
    case(&facts, Some(Cause::Reboot), &expected);
    case(&facts, None, &expected);
    let alive = Facts {
        tender: Liveness::Alive,
        ..lost(Phase::Lost)
    };
    case(&alive, Some(Cause::Server), "up");
}

#[test]
fn an_end_is_the_operators_to_change() {
    for cause in [None, Some(Cause::Reboot), Some(Cause::Server)] {
        case(&lost(Phase::Down), cause, "down: has been stopped");
        case(&lost(Phase::Finished), cause, "leave: it has finished");
        case(&lost(Phase::Crashed), cause, "leave: it has crashed");
        let parked = with_state(lost(Phase::Parked), |state| {
            state.reason = Some("died 11 times".to_owned());
        });
        case(&parked, cause, "leave: it is parked: died 11 times");
    }
}

#[test]
fn with_its_server_or_the_machine_everything_comes_back() {
    for phase in [
        Phase::Starting,
        Phase::Running,
        Phase::Waiting,
        Phase::Stopping,
        Phase::Lost,
    ] {
        for heal in [true, false] {
            let facts = healing(heal, lost(phase));
            let (reboot, server) = (Some(Cause::Reboot), Some(Cause::Server));
            case(
                &facts,
                reboot,
                "bring: the machine was restarted while it ran",
            );
            case(&facts, server, "bring: its tmux server has gone");
        }
    }
}

#[test]
fn alone_it_comes_back_by_its_policy_or_not_at_all() {
    let killed = "its tender was killed";
    let off = healing(false, lost(Phase::Running));
    case(
        &off,
        None,
        &format!("leave: {killed}, and it does not heal"),
    );
    case(&off, Some(Cause::Alone), &format!("bring: {killed}"));
    let heal = lost(Phase::Running);
    case(&heal, None, &format!("bring first: {killed}"));
    case(
        &lost(Phase::Lost),
        None,
        "bring first: its session was killed",
    );
    let died = |times: usize| {
        with_state(lost(Phase::Running), |state| {
            state.deaths = vec![When::now(); times];
            state.streak = u32::try_from(times).unwrap();
        })
    };
    case(&died(3), None, &format!("wait 4 s: {killed}"));
    assert!(word(&died(10), None).starts_with("park: died 11 times"));
}

#[test]
fn an_exit_after_the_terminal_went_is_not_the_end_of_the_work() {
    let exited = with_state(lost(Phase::Lost), |state| {
        state.last_exit = Some(LastExit {
            code: Some(0),
            signal: None,
            at: Timestamp::now(),
            uptime: 1.0,
            killed: 0,
            commit: None,
            oom: None,
            said: Vec::new(),
            signature: String::new(),
        });
    });
    case(&exited, None, "bring first: its session was killed");
}

#[test]
fn what_was_lost_while_it_waited_goes_on_waiting() {
    let waiting = |seconds: u64| {
        with_state(lost(Phase::Waiting), |state| {
            state.due = Some(When::now().after(std::time::Duration::from_secs(seconds)));
            state.streak = 9;
        })
    };
    case(&waiting(100), None, "wait 100 s: its tender was killed");
    case(&waiting(0), None, "bring: its tender was killed");
}

#[test]
fn a_start_or_a_restart_that_was_cut_off_is_completed() {
    let with = |desired| Facts {
        desired: Ok(Some(desired)),
        ..lost(Phase::Down)
    };
    case(&with(wish(Want::Up)), None, "down: has been stopped");
    let newer = Desired {
        since: Timestamp::MAX,
        ..wish(Want::Up)
    };
    case(
        &with(newer.clone()),
        None,
        "bring first: its start was cut off",
    );
    let restart = Desired {
        restart: true,
        ..wish(Want::Down)
    };
    case(
        &with(restart.clone()),
        None,
        "bring first: its restart was cut off",
    );
    for (phase, expected) in [
        (Phase::Stopping, "bring first: its restart was cut off"),
        (Phase::Down, "bring first: its restart was cut off"),
        (Phase::Running, "up"),
    ] {
        let ending = Facts {
            desired: Ok(Some(restart.clone())),
            tender: Liveness::Alive,
            ..lost(phase)
        };
        case(&ending, None, expected);
    }
    let tended = Facts {
        tender: Liveness::Alive,
        ..with(newer)
    };
    case(&tended, None, "down: has been stopped");
}
