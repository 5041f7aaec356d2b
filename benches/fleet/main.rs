//! Measures `fleet` against the shell way, both in the same run and on the same synthetic fleet: a harness of about 200
//! files and 5 versions, and projects with `engine/` pinned and five files of their own.
//!
//! `cargo bench` prints a table in Markdown, to standard output; `cargo bench -- --quick` does fewer runs, and at most
//! 100 projects.

mod shell;
mod world;

use std::io::Write as _;
use std::time::Duration;

use world::World;

/// How often each thing is measured, and on how many projects.
struct Effort {
    fast: usize,
    slow: usize,
    sizes: &'static [usize],
}

const FULL: Effort = Effort {
    fast: 21,
    slow: 5,
    sizes: &[10, 100, 500],
};
const QUICK: Effort = Effort {
    fast: 5,
    slow: 1,
    sizes: &[10, 100],
};

/// How many projects are started, and at least updated.
const MANY: usize = 100;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let effort = if quick { QUICK } else { FULL };
    let largest = *effort.sizes.last().expect("there are sizes");
    say(&format!("making a harness and {largest} projects"));
    let world = World::new(largest);
    print("| work | `fleet` | the shell way | ratio |\n|---|---|---|---|");
    version(&world, &effort);
    create(&world, &effort);
    update(&world, &effort);
    start(&world, &effort);
    status(&world, &effort);
}

fn version(world: &World, effort: &Effort) {
    let fleet = median(effort.fast * 5, |_| world.fleet(&["--version"]));
    row("`fleet --version`", fleet, None);
}

fn create(world: &World, effort: &Effort) {
    world.register(0);
    let fleet = median(effort.fast, |run| {
        world.fleet(&["create", &format!("new-{run}"), "--ref", "v0.1.0"])
    });
    let shell = median(effort.fast, |run| world.shell(&shell::create(run)));
    row("create a project, mirror warm", fleet, Some(shell));
    let [fleet, shell] = ["projects", "new"].map(|below| world.disk(below, effort.fast));
    print(&format!(
        "| disk of each of {} projects, hard links counted once | {} KiB | {} KiB | {:.1}x |",
        effort.fast,
        fleet / 1024,
        shell / 1024,
        shell as f64 / fleet as f64
    ));
}

fn update(world: &World, effort: &Effort) {
    for &size in effort.sizes.iter().filter(|size| **size >= MANY) {
        update_of(world, effort, size);
    }
}

fn update_of(world: &World, effort: &Effort, size: usize) {
    world.register(size);
    let there_and_back = |run: usize| {
        if run.is_multiple_of(2) {
            "v0.2.0"
        } else {
            "v0.1.0"
        }
    };
    // The first of a pair writes what the second takes back: an even number of runs leaves all as it was.
    let runs = effort.slow + effort.slow % 2;
    let fleet = median(runs, |run| {
        world.fleet(&["update", "--all", there_and_back(run)])
    });
    let without = median(runs, |run| {
        world.shell(&shell::update(size, there_and_back(run), false))
    });
    let with = median(runs, |run| {
        world.shell(&shell::update(size, there_and_back(run), true))
    });
    let back = median(runs, |_| world.fleet(&["rollback", "--all"]));
    let work = format!("update {size} projects, mirror warm");
    row(
        &format!("{work}; shell without fetch"),
        fleet,
        Some(without),
    );
    row(&format!("{work}; shell with fetch"), fleet, Some(with));
    row(&format!("roll {size} projects back"), back, None);
}

fn start(world: &World, effort: &Effort) {
    world.register(MANY);
    let mut stops = Vec::new();
    let fleet = median(effort.slow, |_| {
        let time = world.fleet(&["start", "--all"]);
        stops.push(world.fleet(&["stop", "--all"]));
        time
    });
    let shell = median(effort.slow, |_| {
        let time = world.shell(&shell::start(MANY));
        world.shell(shell::END);
        time
    });
    row(&format!("start {MANY} projects"), fleet, Some(shell));
    stops.sort();
    row(
        &format!("stop {MANY} projects"),
        stops[stops.len() / 2],
        None,
    );
}

fn status(world: &World, effort: &Effort) {
    world.register(MANY);
    world.fleet(&["start", "--all"]);
    let socket = world.socket();
    for &size in effort.sizes {
        world.register(size);
        let script = shell::status(size, &socket);
        // One run of each that is not counted: both find the same warm caches.
        world.fleet(&["status"]);
        let fleet = median(effort.fast, |_| world.fleet(&["status"]));
        let fast = median(effort.fast, |_| world.fleet(&["status", "--fast"]));
        let shell = median(effort.slow, |_| world.shell(&script));
        let up = size.min(MANY);
        row(
            &format!("status of {size} projects, {up} up"),
            fleet,
            Some(shell),
        );
        row("the same with `--fast`", fast, Some(shell));
    }
}

/// Returns the median of what `measure` returns, given the number of the run.
fn median(runs: usize, measure: impl FnMut(usize) -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..runs).map(measure).collect();
    times.sort();
    times[times.len() / 2]
}

fn row(work: &str, fleet: Duration, shell: Option<Duration>) {
    let shell_way = shell.map_or_else(String::new, milliseconds);
    let ratio = shell.map_or_else(String::new, |shell| {
        format!("{:.1}x", shell.as_secs_f64() / fleet.as_secs_f64())
    });
    print(&format!(
        "| {work} | {} | {shell_way} | {ratio} |",
        milliseconds(fleet)
    ));
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

fn print(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output is open");
}

fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}
