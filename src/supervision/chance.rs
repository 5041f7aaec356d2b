//! Chance, for those who ask the policy.

use std::hash::{BuildHasher as _, RandomState};

/// Returns a number from 0 to 1, another one each time: for spreading what would happen together, not for secrets.
pub(crate) fn chance() -> f64 {
    // The standard library seeds each thread's hashers from the kernel's random numbers, and each hasher differs.
    let bits = RandomState::new().hash_one(std::process::id());
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_between_none_and_all_and_seldom_the_same() {
        let numbers: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        let low = numbers.iter().filter(|number| **number < 0.5).count();
        assert!((10..=90).contains(&low), "{low}");
    }
}
