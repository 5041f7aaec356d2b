//! What follows a death. Pure: it is told everything, and the time too.

use jiff::Timestamp;

use super::{LastExit, Policy};

/// What a tender does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it again at once.
    Restart,
    /// Leave it: it has done its work.
    Finished,
    /// Leave it: it died.
    Crashed,
    /// Give up, for this reason.
    Parked(String),
}

/// Decides after a death, given when earlier ones were.
pub(super) fn decide(policy: &Policy, earlier: &[Timestamp], exit: &LastExit) -> Next {
    let is_success = exit.code == Some(0);
    match (policy.heal, is_success) {
        (false, true) => return Next::Finished,
        (false, false) => return Next::Crashed,
        (true, true) if !policy.heal_success => return Next::Finished,
        (true, _) => {}
    }
    let recent = 1 + recent(policy, earlier, exit.at).count();
    if recent > usize::try_from(policy.restarts).unwrap_or(usize::MAX) {
        return Next::Parked(format!(
            "died {recent} times within {} s, at last with {exit}",
            policy.window
        ));
    }
    Next::Restart
}

/// Returns those deaths that still count at `now`.
///
/// One that lies in the future does not: the clock was set back since, and would hold it against the unit for ever.
pub(super) fn recent<'a>(
    policy: &Policy,
    deaths: &'a [Timestamp],
    now: Timestamp,
) -> impl Iterator<Item = &'a Timestamp> {
    let window = policy.window;
    deaths.iter().filter(move |death| {
        let age = now.duration_since(**death).as_secs_f64();
        (0.0..=window).contains(&age)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAL: Policy = Policy {
        heal: true,
        heal_success: false,
        restarts: 2,
        window: 10.0,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1000 + second).unwrap()
    }

    fn exit(code: Option<i32>, signal: Option<i32>) -> LastExit {
        LastExit {
            code,
            signal,
            at: at(0),
            uptime: 1.0,
            killed: 0,
        }
    }

    #[track_caller]
    fn case(policy: &Policy, deaths: &[i64], code: i32, expected: &Next) {
        let deaths: Vec<Timestamp> = deaths.iter().map(|second| at(*second)).collect();
        let decided = decide(policy, &deaths, &exit(Some(code), None));
        assert_eq!(decided, *expected);
    }

    #[test]
    fn without_healing_the_exit_decides() {
        let off = Policy {
            heal: false,
            ..HEAL
        };
        case(&off, &[], 0, &Next::Finished);
        case(&off, &[], 3, &Next::Crashed);
    }

    #[test]
    fn success_is_the_end_unless_it_is_a_death_like_any_other() {
        case(&HEAL, &[], 0, &Next::Finished);
        let always = Policy {
            heal_success: true,
            ..HEAL
        };
        case(&always, &[], 0, &Next::Restart);
    }

    #[test]
    fn a_crash_loop_ends() {
        let parked =
            Next::Parked("died 3 times within 10 s, at last with exit status 7".to_owned());
        case(&HEAL, &[], 7, &Next::Restart);
        case(&HEAL, &[-1], 7, &Next::Restart);
        case(&HEAL, &[-2, -1], 7, &parked);
        case(&HEAL, &[-10, -1], 7, &parked);
    }

    #[test]
    fn old_deaths_and_deaths_in_the_future_do_not_count() {
        case(&HEAL, &[-11, -1], 7, &Next::Restart);
        case(&HEAL, &[500, 600], 7, &Next::Restart);
    }

    #[test]
    fn a_signal_is_never_success() {
        let decided = decide(&HEAL, &[], &exit(None, Some(15)));
        assert_eq!(decided, Next::Restart);
    }
}
