//! What somebody probably meant.

/// Returns the candidate that is most like `word`, if one is like it enough to be a slip of the hand.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Comparing costs the product of both lengths, and a word may come from a broken file.
    if word.len() > 100 {
        return None;
    }
    let slips = word.chars().count().div_ceil(3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood_and_another_word_is_not() {
        let known = ["harness", "ref", "watch", "enabled"];
        assert_eq!(nearest("watcch", known), Some("watch"));
        assert_eq!(nearest("enbaled", known), Some("enabled"));
        assert_eq!(nearest("wacht", known), Some("watch"));
        assert_eq!(nearest("reef", known), Some("ref"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"x".repeat(10_000), known), None);
    }
}
