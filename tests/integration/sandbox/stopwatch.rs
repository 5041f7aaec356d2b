//! How long something took, on a machine that may have too few processors for all that runs on it.

use std::time::{Duration, Instant};

/// What a machine that does not tell how busy it is may take longer.
const WHERE_NOBODY_KNOWS: u32 = 10;

/// Measures what the programs wait for (each other, clocks, deadlines), and not what they wait for a processor.
pub(crate) struct Stopwatch {
    begun: Instant,
    without_processor: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            begun: Instant::now(),
            without_processor: without_processor(),
        }
    }

    /// Fails the test where more than `limit` has gone by, without the time in which something that could have run had
    /// no processor: a bound that counted it would say how busy the machine is.
    #[track_caller]
    pub(crate) fn assert_within(&self, limit: Duration) {
        let took = self.begun.elapsed();
        let (waited, limit) = match (self.without_processor, without_processor()) {
            (Some(before), Some(now)) => (now.saturating_sub(before), limit),
            (None, _) | (_, None) => (Duration::ZERO, limit * WHERE_NOBODY_KNOWS),
        };
        assert!(
            took.saturating_sub(waited) < limit,
            "it took {took:?}, {waited:?} of them without a processor: not within {limit:?}"
        );
    }
}

/// For how long since the machine was started something that could have run had to wait for a processor, because of
/// others on the machine or beside it.
fn without_processor() -> Option<Duration> {
    let pressure = std::fs::read_to_string("/proc/pressure/cpu").ok()?;
    let (_, some) = pressure.lines().next()?.split_once("total=")?;
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let stolen = stat.lines().next()?.split_whitespace().nth(8)?;
    let ticks: u64 = stolen.parse().ok()?;
    // A hundred ticks are a second, whatever the kernel's own clock is.
    Some(Duration::from_micros(some.trim().parse().ok()?) + Duration::from_millis(ticks * 10))
}

#[test]
fn time_on_a_processor_and_for_a_clock_counts() {
    let watch = Stopwatch {
        begun: Instant::now() - Duration::from_secs(100),
        without_processor: without_processor(),
    };
    let failed = std::panic::catch_unwind(|| watch.assert_within(Duration::from_secs(9)));
    failed.expect_err("a hundred seconds are more");
    Stopwatch::start().assert_within(Duration::from_secs(60));
}
