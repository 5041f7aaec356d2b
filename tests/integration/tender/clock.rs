//! F16: the clock jumps back and forth by a year.

use super::*;

/// Shifts the calendar's clock by as many seconds as a file says; the others stay as they are.
const SHIFT: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, time);
    if (!failed && clock == CLOCK_REALTIME) {
        long shift = 0;
        FILE *file = fopen(getenv("CLOCK_SHIFT"), "r");
        if (file) { if (fscanf(file, "%ld", &shift) != 1) shift = 0; fclose(file); }
        time->tv_sec += shift;
    }
    return failed;
}
"#;

const YEAR: i64 = 365 * 24 * 3600;

/// A bench whose tenders believe another clock.
struct Shifted {
    bench: Bench,
}

impl Shifted {
    fn new() -> Self {
        let bench = Bench::new();
        fs::write(bench.path("shift.c"), SHIFT).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(bench.path("shift.so"))
            .arg(bench.path("shift.c"))
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(built.success());
        let shifted = Self { bench };
        shifted.by(0);
        shifted
    }

    fn by(&self, seconds: i64) {
        fs::write(self.bench.path("shift.new"), seconds.to_string()).unwrap();
        fs::rename(self.bench.path("shift.new"), self.bench.path("shift")).unwrap();
    }

    fn start(&self, unit: &Value) {
        self.bench.write(unit);
        let variable =
            |name: &str, file: &str| format!("{name}={}", self.bench.path(file).display());
        let unit = self.bench.path("unit.json");
        self.bench.tmux(&[
            "new-session",
            "-d",
            "env",
            &variable("LD_PRELOAD", "shift.so"),
            &variable("CLOCK_SHIFT", "shift"),
            env!("CARGO_BIN_EXE_fleet-tender"),
            unit.to_str().unwrap(),
        ]);
    }

    /// The year that the tender believes it is.
    fn year(state: &Value) -> i16 {
        let since: jiff::Timestamp = state["since"].as_str().unwrap().parse().unwrap();
        since.to_zoned(jiff::tz::TimeZone::UTC).year()
    }
}

#[test]
fn a_jump_during_a_wait_neither_ends_nor_prolongs_it() {
    for shift in [YEAR, -YEAR] {
        let shifted = Shifted::new();
        let bench = &shifted.bench;
        let mut unit = bench.unit("echo begun >> lives; exit 7");
        unit["policy"] = policy(1000, 2);
        let begun = std::time::Instant::now();
        shifted.start(&unit);
        let waiting = bench.wait_for_phase("waiting");
        shifted.by(shift);
        // Told to look, it looks at its clocks too.
        bench.tell();
        sleeps(&waiting);
        let state = bench.wait_for_phase("parked");
        assert!(begun.elapsed() >= Duration::from_millis(800));
        assert_eq!(bench.lines("lives").len(), 3);
        assert_ne!(Shifted::year(&state), Shifted::year(&waiting));
        assert!(state["last_exit"]["uptime"].as_f64().unwrap() < 20.0);
    }
}

#[test]
fn jumps_between_deaths_make_no_storm_and_forget_no_death() {
    let shifted = Shifted::new();
    let bench = &shifted.bench;
    let mut unit = bench.unit("echo begun >> lives; exec sleep 1000");
    unit["policy"] = policy(150, 4);
    shifted.start(&unit);
    for (restarts, shift) in [YEAR, -YEAR, 2 * YEAR, 0].into_iter().enumerate() {
        let state = bench.wait_for_restarts(u64::try_from(restarts).unwrap());
        bench.wait_for_lines("lives", restarts + 1);
        shifted.by(shift);
        signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    }
    let state = bench.wait_for_restarts(4);
    // A life of a year would have been healthy, and a death of a year ago forgotten.
    assert_eq!(state["streak"], 4);
    assert_eq!(state["deaths"].as_array().unwrap().len(), 4);
    shifted.by(-YEAR);
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_phase("parked");
    let reason = state["reason"].as_str().unwrap();
    assert!(reason.starts_with("died 5 times within 1 min"), "{reason}");
    assert_eq!(bench.lines("lives").len(), 5);
}
