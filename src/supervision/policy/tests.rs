//! Every key of a `restart` table has an effect, and every death is counted once.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::names::Restart;

const DEFAULT: Restart = Restart::DEFAULT;

fn policy(restart: Restart) -> Policy {
    Policy {
        heal: true,
        restart,
    }
}

fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A moment of one boot.
fn at(uptime: f64) -> When {
    When {
        at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(uptime),
        uptime,
        boot: "this".to_owned(),
    }
}

fn died(code: i32) -> LastExit {
    LastExit::for_tests(Some(code), None, 1.0)
}

/// Decides at second 1000 after deaths at these seconds.
fn after(policy: &Policy, deaths: &[f64], streak: u32, exit: &LastExit) -> Next {
    let deaths: Vec<When> = deaths.iter().map(|death| at(*death)).collect();
    let deaths = &deaths;
    decide(policy, History { deaths, streak }, exit, &at(1000.0), 0.0)
}

#[test]
fn on_says_whether_exit_0_is_a_death() {
    let always = Restart {
        on: RestartOn::Always,
        ..DEFAULT
    };
    let at_once = Next::Restart(Duration::ZERO);
    assert_eq!(after(&policy(DEFAULT), &[], 0, &died(0)), Next::Finished);
    assert_eq!(after(&policy(DEFAULT), &[], 0, &died(1)), at_once);
    assert_eq!(after(&policy(always), &[], 0, &died(0)), at_once);
}

#[test]
fn what_is_not_healed_stays_as_it_ended() {
    let off = Policy {
        heal: false,
        restart: Restart {
            on: RestartOn::Always,
            ..DEFAULT
        },
    };
    assert_eq!(after(&off, &[], 0, &died(0)), Next::Finished);
    assert_eq!(after(&off, &[], 0, &died(1)), Next::Crashed);
}

#[test]
fn the_first_restart_is_at_once_and_each_further_wait_doubles_up_to_the_longest() {
    let policy = policy(Restart {
        backoff: milliseconds(100),
        backoff_max: milliseconds(700),
        ..DEFAULT
    });
    let waits: Vec<Duration> = (0..6).map(|streak| wait(&policy, streak, 0.0)).collect();
    let expected = [0, 100, 200, 400, 700, 700].map(milliseconds);
    assert_eq!(waits, expected);
    let exit = died(1);
    let next = after(&policy, &[], 3, &exit);
    assert_eq!(next, Next::Restart(milliseconds(400)));
}

#[test]
fn no_streak_and_no_length_overflows() {
    let policy = policy(Restart {
        backoff: Duration::MAX,
        backoff_max: Duration::MAX,
        ..DEFAULT
    });
    for streak in [0, 1, 32, 33, u32::MAX] {
        for chance in [0.0, 1.0, -7.0, f64::NAN, f64::INFINITY] {
            let _ = wait(&policy, streak, chance);
        }
    }
    let mut state = state(Phase::Running);
    state.streak = u32::MAX;
    count(&policy, &mut state, died(1), &at(1.0));
    assert_eq!(state.streak, u32::MAX);
}

#[test]
fn chance_shortens_a_wait_by_a_fifth_at_most() {
    let policy = policy(DEFAULT);
    assert_eq!(wait(&policy, 1, 0.0), milliseconds(1000));
    assert_eq!(wait(&policy, 1, 0.5), milliseconds(900));
    assert_eq!(wait(&policy, 1, 1.0), milliseconds(800));
    assert_eq!(wait(&policy, 0, 0.5), Duration::ZERO);
}

#[test]
fn a_healthy_life_ends_the_streak() {
    let policy = policy(Restart {
        healthy_after: Duration::from_secs(5),
        ..DEFAULT
    });
    let lived = |uptime| LastExit::for_tests(Some(1), None, uptime);
    let next = |uptime| after(&policy, &[], 4, &lived(uptime));
    assert_eq!(next(4.9), Next::Restart(milliseconds(8000)));
    assert_eq!(next(5.0), Next::Restart(Duration::ZERO));
    let mut state = state(Phase::Running);
    for (uptime, streak) in [(1.0, 1), (1.0, 2), (6.0, 1), (1.0, 2)] {
        count(&policy, &mut state, lived(uptime), &at(1.0));
        assert_eq!(state.streak, streak);
    }
}

#[test]
fn one_death_more_than_is_answered_within_the_window_is_given_up_on() {
    let policy = policy(Restart {
        give_up_after: 2,
        window: Duration::from_secs(60),
        ..DEFAULT
    });
    let parked = Next::Parked("died 3 times within 1 min, at last with exit status 7".into());
    assert_eq!(after(&policy, &[950.0, 960.0], 0, &died(7)), parked);
    // A minute ago still counts.
    assert_eq!(after(&policy, &[940.0, 960.0], 0, &died(7)), parked);
    let at_once = Next::Restart(Duration::ZERO);
    assert_eq!(after(&policy, &[939.0, 960.0], 0, &died(7)), at_once);
    assert_eq!(after(&policy, &[960.0], 0, &died(7)), at_once);
}

#[test]
fn the_reason_ends_with_what_was_said_last() {
    let policy = policy(Restart {
        give_up_after: 0,
        ..DEFAULT
    });
    let exit = LastExit {
        said: vec!["starting".to_owned(), "no such file".to_owned()],
        ..died(7)
    };
    assert_eq!(
        after(&policy, &[], 0, &exit),
        Next::Parked(
            "died 1 time within 1 h, at last with exit status 7: `no such file`".to_owned()
        )
    );
}

#[test]
fn a_clock_that_is_set_neither_hastens_nor_forgets() {
    let policy = policy(Restart {
        give_up_after: 1,
        ..DEFAULT
    });
    for years in [-1, 1] {
        let mut death = at(990.0);
        death.at += SignedDuration::from_hours(years * 24 * 365);
        assert_eq!(recent(&policy, &[death], &at(1000.0)).count(), 1);
    }
    for (uptime, count) in [(990.0, 1), (1e9, 0)] {
        let mut earlier = at(uptime);
        earlier.boot = "another".to_owned();
        assert_eq!(recent(&policy, &[earlier], &at(1000.0)).count(), count);
    }
}

#[test]
fn a_state_keeps_no_more_deaths_than_are_counted() {
    let policy = policy(Restart {
        give_up_after: 3,
        ..DEFAULT
    });
    let mut state = state(Phase::Running);
    for second in 1..=9 {
        count(&policy, &mut state, died(1), &at(f64::from(second)));
    }
    assert_eq!(state.deaths, [at(7.0), at(8.0), at(9.0)]);
    count(&policy, &mut state, died(1), &at(9000.0));
    assert_eq!(state.deaths, [at(9000.0)]);
}

fn state(phase: Phase) -> State {
    let process = |pid, started| Process {
        pid,
        started,
        boot: "this".to_owned(),
    };
    State {
        phase,
        since: Timestamp::UNIX_EPOCH,
        server: Some(process(5, 50)),
        ..State::new("demo", process(7, 100))
    }
}

/// The state of the tender that comes after one that ended with `previous`, in the same terminal's server.
fn follow(policy: &Policy, previous: &State) -> State {
    let mut next = state(Phase::Starting);
    next.tender.pid = 8;
    count_loss(policy, &mut next, previous, &at(1000.0));
    next
}

#[test]
fn a_lost_tender_is_one_death_however_often_one_asks() {
    let policy = policy(Restart {
        give_up_after: 2,
        ..DEFAULT
    });
    let mut previous = state(Phase::Running);
    for (wait, streak) in [(0, 1), (1000, 2)] {
        for _ in 0..3 {
            let next = after_loss(&policy, &previous, &at(1000.0), 0.0);
            assert_eq!(next, Next::Restart(milliseconds(wait)));
        }
        previous = follow(&policy, &previous);
        assert_eq!(previous.streak, streak);
        assert_eq!(previous.deaths.len(), previous.restarts as usize);
        assert_eq!(previous.last_exit.as_ref().unwrap().signature, UNSEEN);
        previous.phase = Phase::Lost;
    }
    let next = after_loss(&policy, &previous, &at(1000.0), 0.0);
    assert!(matches!(next, Next::Parked(_)), "{next:?}");
}

#[test]
fn who_was_lost_while_it_waited_is_due_when_it_was_and_lost_no_life() {
    let policy = policy(DEFAULT);
    let mut previous = state(Phase::Waiting);
    (previous.streak, previous.due) = (4, Some(at(1003.0)));
    let next = after_loss(&policy, &previous, &at(1000.0), 0.0);
    assert_eq!(next, Next::Restart(Duration::from_secs(3)));
    let next = after_loss(&policy, &previous, &at(1004.0), 0.0);
    assert_eq!(next, Next::Restart(Duration::ZERO));
    let next = follow(&policy, &previous);
    assert_eq!((next.streak, next.restarts), (4, 1));
    // One that the brake held has no time at which it is due.
    previous.due = None;
    assert_eq!(follow(&policy, &previous).streak, 5);
}

#[test]
fn exit_0_of_what_lost_its_terminal_is_not_the_end_of_its_work() {
    let policy = policy(DEFAULT);
    let mut previous = state(Phase::Lost);
    previous.last_exit = Some(died(0));
    let next = after_loss(&policy, &previous, &at(1000.0), 0.0);
    assert_eq!(next, Next::Restart(Duration::ZERO));
}

#[test]
fn a_server_that_ended_or_another_boot_is_no_death_of_the_unit() {
    let policy = policy(DEFAULT);
    let mut previous = state(Phase::Lost);
    previous.streak = 3;
    previous.server = None;
    let next = follow(&policy, &previous);
    assert_eq!((next.streak, next.deaths.len(), next.restarts), (3, 0, 1));
    let mut previous = state(Phase::Running);
    previous.tender.boot = "another".to_owned();
    assert_eq!(follow(&policy, &previous).streak, 0);
}

#[test]
fn an_end_that_was_decided_is_counted_already() {
    let policy = policy(DEFAULT);
    for phase in [Phase::Parked, Phase::Crashed, Phase::Finished, Phase::Down] {
        let mut previous = state(phase);
        (previous.streak, previous.last_exit) = (2, Some(died(7)));
        let next = follow(&policy, &previous);
        assert_eq!((next.streak, next.last_exit), (2, previous.last_exit));
    }
}

#[test]
fn health_that_a_lost_tender_saw_counts_by_the_kernels_clock() {
    let policy = policy(DEFAULT);
    let mut previous = state(Phase::Running);
    previous.streak = 5;
    previous.life = Some(crate::supervision::Life {
        mark: String::new(),
        variable: String::new(),
        process: previous.tender.clone(),
        since: Timestamp::MAX,
        commit: Some("abc".to_owned()),
        runner: String::new(),
    });
    // The process began at second 1.
    let next = after_loss(&policy, &previous, &at(601.0), 0.0);
    assert_eq!(next, Next::Restart(Duration::ZERO));
    let next = after_loss(&policy, &previous, &at(600.0), 0.0);
    assert_eq!(next, Next::Restart(milliseconds(16_000)));
    let next = follow(&policy, &previous);
    assert_eq!(next.last_exit.unwrap().commit.as_deref(), Some("abc"));
}
