//! Amounts of bytes as people write them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::checked_text;

/// The least that a file of kept output may be limited to: one piece of output is never cut.
pub(super) const LEAST: u64 = 64 * 1024;

/// An amount of bytes as written: a whole number and its unit, each unit 1024 times the one before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Size(String);

checked_text!(Size, "^[0-9]{1,6}(KB|MB|GB)$");

impl Size {
    /// Returns the number of bytes.
    pub(super) fn bytes(&self) -> u64 {
        bytes(&self.0).expect("it was checked when it was read")
    }
}

/// Spells a number of bytes in the largest unit that leaves no rest.
pub(super) fn spelled(bytes: u64) -> String {
    let [kilo, mega, giga] = [1_u64 << 10, 1 << 20, 1 << 30];
    match bytes {
        bytes if bytes.is_multiple_of(giga) => format!("{}GB", bytes / giga),
        bytes if bytes.is_multiple_of(mega) => format!("{}MB", bytes / mega),
        bytes => format!("{}KB", bytes / kilo),
    }
}

fn bytes(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.len() > 6 {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        "KB" => Some(number << 10),
        "MB" => Some(number << 20),
        "GB" => Some(number << 30),
        _ => None,
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match bytes(text) {
            Some(bytes) if bytes >= LEAST => Ok(Self(text.to_owned())),
            Some(_) => Err(format!("`{text}` is less than {}", spelled(LEAST))),
            None => Err(format!(
                "`{}` is not an amount: write `512KB`, `10MB` or `1GB`",
                text.escape_debug()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_a_number_and_a_unit() {
        for (text, bytes) in [
            ("64KB", 65_536),
            ("10MB", 10_485_760),
            ("999999GB", 999_999 << 30),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size.bytes(), bytes);
            assert_eq!(spelled(bytes), text);
        }
        for text in [
            "",
            "10",
            "MB",
            "10M",
            "10mb",
            "1.5GB",
            "-1MB",
            "10 MB",
            "63KB",
            "0GB",
            "1000000GB",
            "٣MB",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text:?} is taken");
        }
    }
}
