//! Who moves when.

/// Parts what is to move into waves: so many that run first, as canaries, then the others in waves of at most `most`, or
/// all at once. What does not run proves nothing, and so comes last. The order is kept otherwise.
pub(super) fn in_waves<T>(
    members: Vec<T>,
    runs: impl Fn(&T) -> bool,
    canaries: Option<usize>,
    most: Option<usize>,
) -> Vec<Vec<T>> {
    let (mut first, down): (Vec<T>, Vec<T>) = members.into_iter().partition(runs);
    let mut others = first.split_off(canaries.unwrap_or(0).min(first.len()));
    others.extend(down);
    let mut waves: Vec<Vec<T>> = Vec::new();
    if !first.is_empty() {
        waves.push(first);
    }
    let most = most.unwrap_or(usize::MAX);
    let mut wave = Vec::new();
    for member in others {
        wave.push(member);
        if wave.len() == most {
            waves.push(std::mem::take(&mut wave));
        }
    }
    if !wave.is_empty() {
        waves.push(wave);
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in capitals run.
    #[track_caller]
    fn case(members: &str, canaries: Option<usize>, most: Option<usize>, expected: &str) {
        let members: Vec<char> = members.chars().collect();
        let waves = in_waves(members, |name| name.is_uppercase(), canaries, most);
        let waves: Vec<String> = waves.into_iter().map(String::from_iter).collect();
        assert_eq!(waves.join(" "), expected);
    }

    #[test]
    fn canaries_come_first_and_the_others_in_one_wave() {
        case("ABCDE", Some(2), None, "AB CDE");
        case("ABC", Some(3), None, "ABC");
        case("AB", Some(5), None, "AB");
    }

    #[test]
    fn without_canaries_all_waves_are_alike() {
        case("ABCDE", None, Some(2), "AB CD E");
        case("ABCD", None, Some(2), "AB CD");
        case("AB", None, Some(9), "AB");
    }

    #[test]
    fn with_both_the_waves_follow_the_canaries() {
        case("ABCDEF", Some(1), Some(2), "A BC DE F");
    }

    #[test]
    fn what_is_down_is_no_canary_and_comes_last() {
        case("aBcD", Some(1), Some(1), "B D a c");
        case("abC", Some(2), None, "C ab");
        case("ab", None, Some(1), "a b");
        case("", Some(1), Some(1), "");
    }
}
