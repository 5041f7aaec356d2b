//! When ages that are shown change.

use std::time::Duration;

use jiff::Timestamp;

use crate::status::between;

/// What is older than this changes by the minute.
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// Returns in how long the screen has to be drawn again for what it says of ages and of what is due: by the second while
/// something is younger than a minute, or ahead; else by the minute, for all at once. Nothing where nothing has an age.
pub(super) fn next_change(
    since: impl Iterator<Item = Timestamp>,
    mut due: impl Iterator<Item = Timestamp>,
    now: Timestamp,
) -> Option<Duration> {
    if due.any(|due| due > now) {
        return Some(SECOND);
    }
    let youngest = since.map(|since| between(since, now)).min()?;
    if youngest >= MINUTE {
        return Some(MINUTE);
    }
    let part = Duration::from_nanos(youngest.subsec_nanos().into());
    Some(SECOND - part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_young_changes_by_the_second_and_what_is_old_by_the_minute() {
        let now = Timestamp::from_millisecond(1_000_000_000).unwrap();
        let ago =
            |milliseconds: i64| Timestamp::from_millisecond(1_000_000_000 - milliseconds).unwrap();
        let next =
            |ages: &[i64]| next_change(ages.iter().map(|age| ago(*age)), std::iter::empty(), now);
        assert_eq!(next(&[]), None);
        assert_eq!(next(&[7_200_000, 60_000]), Some(MINUTE));
        assert_eq!(next(&[7_200_000, 5_250]), Some(Duration::from_millis(750)));
        assert_eq!(next(&[-5_000]), Some(SECOND));
        let due = |at| next_change([ago(60_000)].into_iter(), [at].into_iter(), now);
        assert_eq!(
            (due(ago(-5_000)), due(ago(5_000))),
            (Some(SECOND), Some(MINUTE))
        );
    }
}
