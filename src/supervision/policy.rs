//! What follows a death. Pure: it is told everything, the time and the chance too.
//!
//! A death is counted once, by the tender that saw it. Where the tender itself was lost, the next one counts that as
//! one death ([`count_loss`]) when it begins; who decides whether and when there is a next one ([`after_loss`]) counts
//! nothing and writes nothing, so that it may ask as often as it likes.

use std::time::Duration;

use crate::names::RestartOn;

use super::{LastExit, Phase, Policy, Process, State, When, evidence};

/// By how much of itself a wait may be shortened, so that what died together does not come back together.
const JITTER: f64 = 0.2;

/// What a loss has in common with others of its kind: nobody was left to see the exit.
const UNSEEN: &str = "its tender was killed";

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it again after this time; zero: at once.
    Restart(Duration),
    /// Leave it: it has done its work.
    Finished,
    /// Leave it: it died.
    Crashed,
    /// Give up, for this reason.
    Parked(String),
}

/// What happened before a death.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History<'a> {
    /// When earlier lives ended by themselves, oldest first.
    pub(crate) deaths: &'a [When],
    /// How many of them followed each other without health in between.
    pub(crate) streak: u32,
}

impl<'a> History<'a> {
    /// Returns what a state tells of.
    pub(crate) fn of(state: &'a State) -> Self {
        Self {
            deaths: &state.deaths,
            streak: state.streak,
        }
    }

    /// Returns the streak that a life of this length belongs to: health ends one.
    pub(crate) fn streak_after(&self, policy: &Policy, uptime: f64) -> u32 {
        if uptime >= policy.restart.healthy_after.as_secs_f64() {
            0
        } else {
            self.streak
        }
    }
}

/// Decides after a death at `now`. `chance` is a random number from 0 to 1.
///
/// What the dead life said has a part in the words of a reason, and none in the decision.
pub(crate) fn decide(
    policy: &Policy,
    history: History<'_>,
    exit: &LastExit,
    now: &When,
    chance: f64,
) -> Next {
    let is_success = exit.code == Some(0);
    match (policy.heal, is_success) {
        (false, true) => return Next::Finished,
        (false, false) => return Next::Crashed,
        (true, true) if policy.restart.on == RestartOn::Failure => return Next::Finished,
        (true, _) => {}
    }
    let deaths = 1 + recent(policy, history.deaths, now).count();
    if deaths > most(policy) {
        return Next::Parked(given_up(policy, deaths, exit));
    }
    let streak = history.streak_after(policy, exit.uptime);
    Next::Restart(wait(policy, streak, chance))
}

/// Decides about a unit whose tender has gone while the terminal's server lives: a death like any other, unless it only
/// waited for its next life: that one is due when it was due.
///
/// For whoever brings such a unit back, by starting it with [`super::Unit::keeps_history`]; the tender of that start
/// counts the death. `state` is what the lost tender wrote last: [`State::is_lost`] holds.
pub(crate) fn after_loss(policy: &Policy, state: &State, now: &When, chance: f64) -> Next {
    if let Some(due) = waited_until(state) {
        return Next::Restart(due.left_at(now));
    }
    // A harness whose terminal is taken away may well exit 0: its work is not done by that.
    let seen = exit_of_loss(state, now);
    let exit = LastExit {
        code: seen.code.filter(|code| *code != 0),
        ..seen
    };
    decide(policy, History::of(state), &exit, now, chance)
}

/// Returns when the next life was due of a unit whose tender was lost while nothing else was going on.
fn waited_until(state: &State) -> Option<&When> {
    state.due.as_ref().filter(|_| state.phase == Phase::Waiting)
}

/// Counts a death of `state`, at `now`, so that the next decision knows of it.
pub(super) fn count(policy: &Policy, state: &mut State, exit: LastExit, now: &When) {
    let history = History::of(state);
    let streak = history.streak_after(policy, exit.uptime).saturating_add(1);
    let deaths = recent(policy, history.deaths, now).cloned();
    let mut deaths: Vec<When> = deaths.chain([now.clone()]).collect();
    // More than the policy counts would only make the file longer.
    let superfluous = deaths.len().saturating_sub(most(policy).max(1));
    deaths.drain(..superfluous);
    state.deaths = deaths;
    state.streak = streak;
    state.last_exit = Some(exit);
}

/// Makes a new tender's state go on where `previous`, of a tender that has gone, ended.
///
/// Counts the loss of that tender as one death, unless it only waited, or the terminal's server went with it, or the
/// machine: that was no fault of the unit's. Counted once: the new state replaces the one that told of the loss.
pub(super) fn count_loss(policy: &Policy, state: &mut State, previous: &State, now: &When) {
    state.deaths = previous.deaths.clone();
    state.streak = previous.streak;
    state.restarts = previous.restarts.saturating_add(1);
    state.last_exit = previous.last_exit.clone();
    if previous.is_lost() && waited_until(previous).is_none() {
        let exit = exit_of_loss(previous, now);
        let is_fault = previous.tender.boot == state.tender.boot && previous.server == state.server;
        if is_fault {
            count(policy, state, exit, now);
        } else {
            state.last_exit = Some(exit);
        }
    }
}

/// Describes the end of what a tender had when it was lost.
fn exit_of_loss(state: &State, now: &When) -> LastExit {
    let seen = match state.phase {
        // What was lost while it waited had no life to lose: its last exit is counted already.
        Phase::Lost if state.due.is_none() => state.last_exit.clone(),
        Phase::Lost | Phase::Starting | Phase::Running | Phase::Waiting | Phase::Stopping => None,
        Phase::Down | Phase::Finished | Phase::Crashed | Phase::Parked => state.last_exit.clone(),
    };
    let life = state.life.as_ref();
    seen.unwrap_or_else(|| LastExit {
        code: None,
        signal: None,
        at: now.at,
        uptime: life
            .filter(|_| state.phase == Phase::Running)
            .map_or(0.0, |life| age(&life.process, now)),
        killed: 0,
        commit: life.and_then(|life| life.commit.clone()),
        oom: None,
        said: Vec::new(),
        signature: UNSEEN.to_owned(),
    })
}

/// Returns for how many seconds a process of this boot has been there: by the kernel's count, which no clock moves.
fn age(process: &Process, now: &When) -> f64 {
    if process.boot == now.boot {
        (now.uptime - process.since_boot()).max(0.0)
    } else {
        0.0
    }
}

/// Returns how many deaths within the window are answered by a restart.
fn most(policy: &Policy) -> usize {
    usize::try_from(policy.restart.give_up_after).unwrap_or(usize::MAX)
}

fn given_up(policy: &Policy, deaths: usize, exit: &LastExit) -> String {
    let window = spelled(policy.restart.window);
    let times = if deaths == 1 { "time" } else { "times" };
    let mut reason = format!("died {deaths} {times} within {window}, at last with {exit}");
    if let Some(line) = evidence::telling(&exit.said) {
        reason += &format!(": `{line}`");
    }
    reason
}

/// Spells a length of time in the largest unit that needs no fraction.
fn spelled(time: Duration) -> String {
    let (seconds, milliseconds) = (time.as_secs(), time.subsec_millis());
    match (seconds, milliseconds) {
        (0, milliseconds @ 1..) => format!("{milliseconds} ms"),
        (seconds @ 1.., 0) if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        (seconds @ 1.., 0) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, 0) => format!("{seconds} s"),
        (_, _) => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Returns the wait after the death that follows `streak` others.
pub(crate) fn wait(policy: &Policy, streak: u32, chance: f64) -> Duration {
    let Some(doublings) = streak.checked_sub(1) else {
        return Duration::ZERO;
    };
    let restart = &policy.restart;
    let factor = 2_u32.saturating_pow(doublings);
    let full = restart
        .backoff
        .saturating_mul(factor)
        .min(restart.backoff_max);
    let share = 1.0 - JITTER * chance.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(full.as_secs_f64() * share).unwrap_or(full)
}

/// Returns those deaths that still count at `now`.
pub(crate) fn recent<'a>(
    policy: &Policy,
    deaths: &'a [When],
    now: &When,
) -> impl Iterator<Item = &'a When> {
    let window = policy.restart.window.as_secs_f64();
    deaths
        .iter()
        .filter(move |death| death.age_at(now) <= window)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::super::VERSION;
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
    fn lengths_of_time_are_spelled_without_fractions_where_they_have_none() {
        let spells = |milliseconds, text: &str| {
            assert_eq!(spelled(Duration::from_millis(milliseconds)), text);
        };
        spells(3_600_000, "1 h");
        spells(5_400_000, "90 min");
        spells(90_000, "90 s");
        spells(500, "500 ms");
        spells(1_500, "1.5 s");
        spells(0, "0 s");
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
        State {
            version: VERSION,
            name: "demo".to_owned(),
            tender: Process {
                pid: 7,
                started: 100,
                boot: "this".to_owned(),
            },
            server: Some(Process {
                pid: 5,
                started: 50,
                boot: "this".to_owned(),
            }),
            place: None,
            phase,
            since: Timestamp::UNIX_EPOCH,
            reason: None,
            life: None,
            restarts: 0,
            deaths: Vec::new(),
            streak: 0,
            due: None,
            last_exit: None,
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
        previous.life = Some(super::super::Life {
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
}
