//! Small words that appear everywhere.

use std::fmt::Display;
use std::time::Duration;

/// Writes "1 project", "2 projects", "3 processes", "4 directories".
pub(crate) fn count(number: usize, noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix("ry").filter(|_| number != 1) {
        return format!("{number} {stem}ries");
    }
    let plural = match number {
        1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {noun}{plural}")
}

/// Writes "`a`, `b` and `c`".
pub(crate) fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut words: Vec<String> = items.into_iter().map(|item| format!("`{item}`")).collect();
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} and {last}", words.join(", ")),
    }
}

/// Writes a duration in its largest unit: "0s", "42s", "3m", "5h", "12d".
pub(crate) fn ago(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        86400.. => format!("{}d", seconds / 86400),
    }
}

/// Writes seconds as people say them: "0.4 s", "12 s"; of what took long only what matters: "12 min", "5 h", "3 days".
pub(crate) fn seconds(seconds: f64) -> String {
    const LONG: f64 = 300.0;
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    const DAY: f64 = 24.0 * HOUR;
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else if seconds < LONG {
        format!("{seconds:.0} s")
    } else if seconds < 2.0 * HOUR {
        format!("{:.0} min", (seconds / MINUTE).floor())
    } else if seconds < 2.0 * DAY {
        format!("{:.0} h", (seconds / HOUR).floor())
    } else {
        format!("{:.0} days", (seconds / DAY).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_people_write_them() {
        assert_eq!(
            (count(1, "project"), count(0, "project")),
            ("1 project".to_owned(), "0 projects".to_owned())
        );
        assert_eq!(
            (count(1, "directory"), count(2, "directory")),
            ("1 directory".to_owned(), "2 directories".to_owned())
        );
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(
            [59, 60, 7200, 200_000].map(|s| ago(Duration::from_secs(s))),
            ["59s", "1m", "2h", "2d"]
        );
        assert_eq!(
            [0.42, 12.3, 299.0, 300.0, 7199.0, 7200.0, 172_800.0].map(seconds),
            [
                "0.4 s", "12 s", "299 s", "5 min", "119 min", "2 h", "2 days"
            ]
        );
    }
}
