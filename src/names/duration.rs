//! Durations as people write them.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::checked_text;

/// Reads a duration such as `500ms`, `10s`, `2m` or `1h`; `None` where it is none.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.len() > 9 {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3600)),
        _ => None,
    }
}

/// Spells a length of time in the largest unit that needs no fraction: `800 ms`, `6.4 s`, `10 min`, `1 h`.
pub(crate) fn spelled(time: Duration) -> String {
    let (seconds, milliseconds) = (time.as_secs(), time.subsec_millis());
    match (seconds, milliseconds) {
        (0, milliseconds @ 1..) => format!("{milliseconds} ms"),
        (3600.., 0) if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        (60.., 0) if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        (_, 0) => format!("{seconds} s"),
        (_, _) => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// A length of time as written: a whole number and its unit, at most a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Time(String);

checked_text!(Time, "^[0-9]{1,9}(ms|s|m|h)$");

impl Time {
    /// Returns the time it stands for, at most a day.
    pub(crate) fn duration(&self) -> Duration {
        duration(&self.0).expect("it was checked when it was read")
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match duration(text) {
            Some(duration) if duration <= Duration::from_secs(24 * 3600) => {
                Ok(Self(text.to_owned()))
            }
            Some(_) => Err(format!("`{text}` is longer than a day")),
            None => Err(format!(
                "`{}` is not a length of time: write `500ms`, `10s` or `2m`",
                text.escape_debug()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_spelled_without_a_fraction_where_it_has_none() {
        let times = [0, 500, 6400, 90_000, 5_400_000, 7_200_000].map(Duration::from_millis);
        assert_eq!(
            times.map(spelled),
            ["0 s", "500 ms", "6.4 s", "90 s", "90 min", "2 h"]
        );
    }

    #[test]
    fn a_length_of_time_has_a_number_and_a_unit() {
        for (text, milliseconds) in [("10s", 10_000), ("500ms", 500), ("2m", 120_000), ("0s", 0)] {
            let time: Time = text.parse().unwrap();
            assert_eq!(time.duration(), Duration::from_millis(milliseconds));
        }
        for text in ["24h", "000000010s"] {
            assert!(text.parse::<Time>().is_ok(), "{text:?} is refused");
        }
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "1 s",
            "25h",
            "1d",
            "٣s",
            "9999999999s",
            "1s1s",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text:?} is taken");
        }
    }
}
