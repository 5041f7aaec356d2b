//! Reasons: why an operator did something, in a line of the trail.

/// How long a reason may be, in characters: a line or two, not a document.
const LONGEST: usize = 500;

/// Reads the reason of a change: one line of text, without what could speak to a terminal.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        return Err("a reason is not empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("a reason is one line, without control characters".to_owned());
    }
    if length > LONGEST {
        return Err(format!(
            "a reason has at most {LONGEST} characters, and this one {length}"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_text() {
        assert_eq!(reason(" v2 leaks; é ").unwrap(), "v2 leaks; é");
        assert_eq!(reason(&"é".repeat(500)).unwrap().chars().count(), 500);
        for bad in ["", "  ", "a\nb", "\u{1b}[31mred", "a\0b", &"x".repeat(501)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }
}
