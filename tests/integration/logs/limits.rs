//! How much is kept: files of a size, so many of them, all of them together; and where there is no room at all.

use super::*;

fn limited(sandbox: &Sandbox, lines: &str) {
    let text = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &text.replacen("[fleet]\n", &format!("[fleet]\n{lines}\n"), 1),
    );
}

#[track_caller]
fn flood(sandbox: &Sandbox, project: &str, lines: u32) {
    tell(sandbox, project, &format!("flood {lines}"));
    let end = format!("flooded {lines}");
    sandbox.wait_for("the flood to be kept", || {
        let last = files(sandbox, &format!("logs/{project}")).pop();
        last.is_some_and(|last| {
            let bytes = fs::read(last).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(&end)
        })
    });
}

#[test]
fn a_flood_is_bounded_by_size_and_number() {
    let sandbox = registered(&["log = true"]);
    limited(&sandbox, "log_max_size = \"64KB\"\nlog_files = 3");
    sandbox.fleet(&["start", "demo"]).succeeded();
    // Some 9 MB.
    flood(&sandbox, "demo", 200_000);
    let kept = files(&sandbox, "logs/demo");
    assert_eq!(kept.len(), 3, "{kept:#?}");
    assert!(
        kept.iter()
            .all(|file| file.metadata().unwrap().len() <= 64 << 10)
    );
    let said = sandbox.fleet(&["logs", "demo", "--kept", "--lines", "2000"]);
    let lines: Vec<&str> = said.succeeded().stdout.lines().collect();
    assert_eq!(lines.len(), 2000);
    // Across files nothing is missing, nor there twice.
    assert_eq!(lines[0], "line 198002 of a flood that has no other purpose");
    assert_eq!(
        lines[1998],
        "line 200000 of a flood that has no other purpose"
    );
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn all_that_is_kept_is_bounded_and_the_oldest_goes_first() {
    let sandbox = registered(&["log = true"]).project("other", "v1");
    sandbox.set("other", "log = true");
    limited(
        &sandbox,
        "log_max_size = \"64KB\"\nlog_files = 50\nlog_total = \"512KB\"",
    );
    // What a harness's preparation and trials have left there is not reckoned, and stays.
    sandbox.write("fleet/.fleet/logs/lines-0.prepare", &"x".repeat(1 << 20));
    sandbox.fleet(&["start", "--all"]).succeeded();
    flood(&sandbox, "demo", 5_000);
    flood(&sandbox, "other", 40_000);
    let [demo, other] = ["logs/demo", "logs/other"].map(|directory| files(&sandbox, directory));
    assert!(size(&demo) + size(&other) <= 512 << 10);
    // The one that is written is the only one left of what is older.
    assert_eq!(demo.len(), 1, "{demo:#?}");
    assert!(other.len() >= 5, "{other:#?}");
    tell(&sandbox, "demo", "hello");
    sandbox.wait_for("it to go on", || {
        fs::read_to_string(&demo[0])
            .unwrap()
            .contains("heard: hello")
    });
    assert!(
        sandbox
            .directory()
            .join(".fleet/logs/lines-0.prepare")
            .exists()
    );
    sandbox.fleet(&["stop", "--all"]).succeeded();
}

/// F3: where nothing can be written, the harness goes on, and `why` says what is lost.
#[test]
fn a_full_disk_stops_and_slows_nobody_and_is_told() {
    let sandbox = registered(&["log = true"]);
    let fleet = env!("CARGO_BIN_EXE_fleet");
    // No file of what is started here grows beyond 64 KiB.
    let line = format!("trap '' XFSZ; ulimit -f 128; exec {fleet} start demo");
    sandbox
        .output(
            sandbox
                .command("sh", &sandbox.directory())
                .args(["-c", &line]),
        )
        .succeeded();
    tell(&sandbox, "demo", "flood 20000");
    sandbox.wait_for_screen("demo", "flooded 20000");
    sandbox.wait_for("somebody to say it", || {
        let why = sandbox.fleet(&["why", "demo"]).stdout;
        why.contains("output of `[harness]` is being lost: File too large")
    });
    sandbox.wait_for("one recorder", || recorders(&sandbox).len() == 1);
    assert_eq!(size(&files(&sandbox, "logs/demo")), 64 << 10);
    tell(&sandbox, "demo", "hello");
    sandbox.wait_for_screen("demo", "heard: hello");
    // A later start, with room, goes on with the same log, and says what is missing.
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for("it to be kept again", || {
        let kept = sandbox.fleet(&["logs", "demo", "--kept"]).stdout;
        kept.ends_with("demo is up\n")
    });
    let why = sandbox.fleet(&["why", "demo"]).stdout;
    assert!(!why.contains("is being lost"), "{why}");
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let sandbox = registered(&[]);
    limited(
        &sandbox,
        "log_max_size = \"1KB\"\nlog_files = 0\nlog_total = \"10\"",
    );
    insta::assert_snapshot!(sandbox.run("validate"), @r"
    --- stderr
    error: `$ROOT/fleet/fleet.toml` is not valid
    fleet.toml:2:16: `fleet.log_max_size`: `1KB` is less than 64KB
    fleet.toml:3:13: `fleet.log_files`: it must be 1 to 100000, not 0
    fleet.toml:4:13: `fleet.log_total`: `10` is not an amount: write `512KB`, `10MB` or `1GB`
    --- exit code 2
    ");
    let sandbox = registered(&[]);
    limited(&sandbox, "log_max_size = \"2MB\"\nlog_total = \"1MB\"");
    insta::assert_snapshot!(sandbox.run("validate"), @r"
    --- stderr
    error: `$ROOT/fleet/fleet.toml` is not valid
    fleet.toml:3:13: all that is kept, 1MB, cannot be less than one file of it, 2MB
    --- exit code 2
    ");
}
