//! F25: a long time in a short one. A fleet lives through random kills, exits, stops, starts, restarts and updates, several
//! at once; all the while somebody counts its processes from outside, and at the end nothing has grown.
//!
//! Two variables make a long run of it by hand: `FLEET_SOAK_OPERATIONS` (how many changes) and `FLEET_SOAK_SEED` (which
//! ones: a run that fails names its seed). On two idle processors, ten minutes are about 12,000 operations:
//!
//! ```sh
//! FLEET_SOAK_OPERATIONS=12000 cargo test --test integration -- soak --nocapture
//! ```

mod measure;
mod random;
mod witness;

use std::io::Write as _;
use std::sync::mpsc;
use std::time::{Instant, SystemTime};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::sandbox::Sandbox;
use measure::Measure;
use random::Random;
use witness::Witness;

const OPERATIONS: usize = 180;
const PROJECTS: usize = 12;

/// How many operate at once, each on projects of its own.
const OPERATORS: usize = 3;

const VERSIONS: [&str; 2] = ["v0.1.0", "v0.2.0"];

/// Says that two were there at once, in a way that no clock has a part in: a lock that the child has too. Ends as it is
/// told to.
const HARNESS: &str = r#"exec 9> lock
flock --nonblock 9 || echo "another one is there" >> twice
sleep 86425 &
echo "$1 is up"
while read -r line; do
  case "$line" in
    exit*) exit "${line#exit }" ;;
  esac
done
"#;

#[test]
fn nothing_is_doubled_lost_or_grown() {
    let operations = number("FLEET_SOAK_OPERATIONS").unwrap_or(OPERATIONS as u64) as usize;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = number("FLEET_SOAK_SEED").unwrap_or(now.unwrap().as_micros() as u64);
    let _seed = NamesItsSeed(seed);
    let names: Vec<String> = (0..PROJECTS).map(|number| format!("p{number}")).collect();
    let sandbox = names.iter().fold(
        Sandbox::new()
            .harness(VERSIONS)
            .script("v1", HARNESS)
            .script("v2", &format!("# another\n{HARNESS}")),
        |sandbox, name| {
            sandbox
                .project(name, "v1")
                .setting(name, "watch = \"heal\"")
        },
    );
    let began = Instant::now();
    // What is made once for every project is there after a while; from then on nothing may become more.
    let warm_up = (operations / 3).max(2 * PROJECTS);
    operate(&sandbox, &names, warm_up, seed);
    let before = Measure::of(&sandbox, &names);
    operate(
        &sandbox,
        &names,
        operations - warm_up.min(operations),
        !seed,
    );
    let after = Measure::of(&sandbox, &names);
    say(&format!(
        "soak: seed {seed}, {operations} operations, {:?}\n  warm:  {before:?}\n  after: {after:?}",
        began.elapsed()
    ));
    after.has_not_grown_since(&before);
    sandbox.fleet(&["stop", "--all"]).succeeded();
    for name in &names {
        let twice = sandbox.place(name).join("twice");
        assert!(!twice.exists(), "two lives of `{name}` were there at once");
    }
}

/// Has several operators change projects at random, while a witness counts.
fn operate(sandbox: &Sandbox, names: &[String], operations: usize, seed: u64) {
    let witness = &Witness::new(sandbox, names);
    let (working, over) = mpsc::channel();
    std::thread::scope(|scope| {
        let watching = scope.spawn(move || witness.watch(&over));
        let operators: Vec<_> = names
            .chunks(names.len().div_ceil(OPERATORS))
            .enumerate()
            .map(|(number, own)| {
                let mut operator = Operator {
                    sandbox,
                    witness,
                    names: own,
                    random: Random::new(seed ^ number as u64),
                };
                scope.spawn(move || {
                    for _ in 0..operations / OPERATORS {
                        operator.operate();
                    }
                })
            })
            .collect();
        let ended: Vec<_> = operators.into_iter().map(|one| one.join()).collect();
        drop(working);
        let looks = watching.join();
        for operator in ended {
            operator.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        let looks = looks.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        assert!(looks > operations / OPERATORS, "looked {looks} times only");
    });
}

/// Changes some of the projects.
struct Operator<'a> {
    sandbox: &'a Sandbox,
    witness: &'a Witness,
    names: &'a [String],
    random: Random,
}

impl Operator<'_> {
    /// Does something to some project, and checks that it came out as it should.
    fn operate(&mut self) {
        let name = &self.names[self.random.below(self.names.len())];
        match self.random.below(20) {
            0..4 => self.kill_harness(name),
            4..7 => self.have_it_exit(name),
            7..9 => self.kill_tender(name),
            9..11 => self.stop(name),
            11..15 => self.start(name),
            15..17 => self.restart(name),
            17..19 => self.update(name),
            _ => {
                self.sandbox.fleet(&["status"]).succeeded();
            }
        }
    }

    /// A death by a signal is recorded as that.
    fn kill_harness(&mut self, name: &str) {
        let signals = [
            Signal::SIGKILL,
            Signal::SIGTERM,
            Signal::SIGABRT,
            Signal::SIGSEGV,
        ];
        let signal = signals[self.random.below(signals.len())];
        let Some(pid) = self.witness.harness(name) else {
            return self.start(name);
        };
        if nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).is_ok() {
            self.settles(name, pid, &format!("signal {signal}"), |process| {
                process["signal"] == signal as i32
            });
        }
    }

    /// An exit status is recorded as it was.
    fn have_it_exit(&mut self, name: &str) {
        let Some(pid) = self.witness.harness(name) else {
            return self.start(name);
        };
        let code = self.random.below(100);
        self.sandbox
            .fleet(&["send", name, &format!("exit {code}")])
            .succeeded();
        self.settles(name, pid, &format!("exit {code}"), |process| {
            process["exit"] == code
        });
    }

    /// Waits until a death is on record, whatever follows it: another life, a wait, or the end.
    fn settles(&self, name: &str, died: i32, what: &str, is_right: impl Fn(&Value) -> bool) {
        let mut process = Value::Null;
        let mut said = || {
            process = self.sandbox.status(name)["process"].clone();
            process["pid"] != died && (is_right(&process))
        };
        let is_recorded = crate::sandbox::poll(crate::sandbox::DEADLINE, &mut said);
        assert!(is_recorded, "`{name}`: {what} became {process:#}");
    }

    /// Without its tender a harness is not left alone for long: the next command finds out.
    fn kill_tender(&mut self, name: &str) {
        let Some(pid) = self.witness.tender(name) else {
            return;
        };
        // It may have ended just now.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
        let gone = || self.witness.tender(name) != Some(pid);
        self.sandbox.wait_for("the tender's end", gone);
        match self.random.below(3) {
            0 => self.stop(name),
            1 => self.restart(name),
            _ => self.start(name),
        }
    }

    fn stop(&mut self, name: &str) {
        self.sandbox.fleet(&["stop", name]).succeeded();
        assert_eq!(self.witness.harness(name), None, "`{name}` was stopped");
    }

    fn start(&mut self, name: &str) {
        self.sandbox.fleet(&["start", name]).succeeded();
        self.is_up(name);
    }

    fn restart(&mut self, name: &str) {
        let before = self.witness.harness(name);
        self.sandbox.fleet(&["restart", name]).succeeded();
        self.is_up(name);
        let after = self.witness.harness(name);
        assert!(before.is_none() || before != after, "{before:?} goes on");
    }

    fn update(&mut self, name: &str) {
        let version = ["v1", "v2"][self.random.below(2)];
        let restarts = self.random.below(2) == 0;
        let line = ["update", name, version, "--restart"];
        let line = if restarts { &line[..] } else { &line[..3] };
        self.sandbox.fleet(line).succeeded();
        let harness = self.sandbox.at("harness");
        let wanted = self.sandbox.git(&harness, &["rev-parse", version]);
        let pin = &self.sandbox.status(name)["pin"];
        assert_eq!(pin["head"], wanted, "{pin:#}");
        if restarts && !pin["running"].is_null() {
            assert_eq!(pin["running"], wanted, "{pin:#}");
        }
    }

    fn is_up(&self, name: &str) {
        let status = self.sandbox.status(name);
        assert_eq!(status["verdict"], "up", "{status:#}");
        assert!(self.witness.harness(name).is_some(), "{status:#}");
    }
}

/// Tells of the seed where the test fails.
struct NamesItsSeed(u64);

impl Drop for NamesItsSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("soak: again with FLEET_SOAK_SEED={}", self.0));
        }
    }
}

fn say(text: &str) {
    // There is nowhere left to report that stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}
