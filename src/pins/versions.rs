//! The order of version names.

use std::cmp::Ordering;

/// Orders versions as people do: numbers by value, and `1.0-rc1` before `1.0`.
pub(super) fn by_version(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let ((a_word, a_number, a_rest), (b_word, b_number, b_rest)) = (part(a), part(b));
        let words = match (a_word.is_empty(), b_word.is_empty()) {
            // What goes on with `-` is before what ends here.
            (true, false) if a.is_empty() && b_word.starts_with('-') => return Ordering::Greater,
            (false, true) if b.is_empty() && a_word.starts_with('-') => return Ordering::Less,
            _ => a_word.cmp(b_word),
        };
        let order = words
            .then_with(|| a_number.len().cmp(&b_number.len()))
            .then_with(|| a_number.cmp(b_number));
        if order != Ordering::Equal || (a_rest.is_empty() && b_rest.is_empty()) {
            return order.then_with(|| a.cmp(b));
        }
        (a, b) = (a_rest, b_rest);
    }
}

/// Splits off the letters and the number that a version begins with; the number has no leading zeros.
fn part(text: &str) -> (&str, &str, &str) {
    let digits = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(digits);
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    (word, number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_people_read_them() {
        let mut versions = [
            "v0.10.0",
            "v0.9.0",
            "v1.0.0",
            "v1.0.0-rc2",
            "v1.0.0-rc10",
            "v1.0",
            "alpha",
            "v0.09.1",
        ];
        versions.sort_by(|a, b| by_version(a, b));
        assert_eq!(
            versions,
            [
                "alpha",
                "v0.9.0",
                "v0.09.1",
                "v0.10.0",
                "v1.0",
                "v1.0.0-rc2",
                "v1.0.0-rc10",
                "v1.0.0"
            ]
        );
    }
}
