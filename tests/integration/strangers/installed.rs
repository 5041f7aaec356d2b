//! F26: the programs are installed anew while projects run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Output, Process, Sandbox};

const PROGRAMS: [&str; 3] = ["fleet", "fleet-tender", "agents"];

/// Puts the programs into a directory, as an installer does: written beside, then renamed.
fn install(sandbox: &Sandbox) -> PathBuf {
    let directory = sandbox.root().join("bin");
    fs::create_dir_all(&directory).unwrap();
    let built = Path::new(env!("CARGO_BIN_EXE_fleet")).parent().unwrap();
    for program in PROGRAMS {
        let beside = directory.join(format!("{program}.new"));
        fs::copy(built.join(program), &beside).unwrap();
        fs::rename(beside, directory.join(program)).unwrap();
    }
    directory
}

/// Installs them anew in the other way that there is: the old files are removed first.
fn install_anew(sandbox: &Sandbox) {
    for program in PROGRAMS {
        fs::remove_file(sandbox.root().join("bin").join(program)).unwrap();
    }
    install(sandbox);
}

/// Runs the installed `fleet`, with the other installed programs first on PATH.
fn fleet(sandbox: &Sandbox, programs: &Path, arguments: &[&str]) -> Output {
    let program = programs.join("fleet");
    let mut command = sandbox.command(program.to_str().unwrap(), &sandbox.directory());
    let usual = command.get_envs().find(|(name, _)| *name == "PATH");
    let usual = usual.and_then(|(_, path)| path).unwrap().to_owned();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&usual));
    command.env("PATH", std::env::join_paths(path).unwrap());
    sandbox.output(command.args(arguments))
}

/// The file that a process runs, and whether it has been removed since.
fn program_of(process: &Process) -> String {
    let link = fs::read_link(format!("/proc/{}/exe", process.pid)).unwrap();
    link.display().to_string()
}

fn verdicts(report: &Output) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&report.succeeded().stdout).unwrap();
    let projects = report["projects"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    projects
        .map(|project| (word(&project["verdict"]), word(&project["pin"]["word"])))
        .collect()
}

#[test]
fn a_new_fleet_drives_the_tenders_of_an_old_one() {
    let names: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    let script = |version: &str| format!("echo {version} >> lives; echo ready; exec cat\n");
    let sandbox = names.iter().fold(
        Sandbox::new()
            .harness(["v0.1.0"])
            .script("v1", &script("v1"))
            .script("v2", &script("v2")),
        |sandbox, name| {
            sandbox
                .project(name, "v1")
                .setting(name, "watch = \"heal\"")
        },
    );
    let programs = install(&sandbox);
    fleet(&sandbox, &programs, &["start", "--all"]).succeeded();
    let tenders: Vec<Process> = names.iter().map(|name| sandbox.tender_of(name)).collect();
    let harnesses: Vec<Process> = names.iter().map(|name| sandbox.harness_of(name)).collect();
    install_anew(&sandbox);

    // Everything goes on, on programs that are not there any more.
    let up = vec![("up".to_owned(), "ok".to_owned()); names.len()];
    let status = ["status", "--json"];
    assert_eq!(verdicts(&fleet(&sandbox, &programs, &status)), up);
    for process in tenders.iter().chain(&harnesses) {
        assert!(process.is_alive(), "{process:?}");
    }
    for tender in &tenders {
        let old = format!("{} (deleted)", programs.join("fleet-tender").display());
        assert_eq!(program_of(tender), old);
    }

    // What an older version wrote of a life shows as that.
    let file = "fleet/.fleet/state/p0.json";
    let installed = format!("\"runner\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let state = sandbox.read(file);
    assert!(state.contains(&installed), "{state}");
    sandbox.write(file, &state.replace(&installed, "\"runner\":\"0.0.1\""));
    let shown = fleet(&sandbox, &programs, &["status", "p0"]);
    assert!(
        shown.succeeded().stdout.contains("skew"),
        "{}",
        shown.text()
    );

    // The next life is prepared by the new program: an old tender asks it for what the update changed.
    let lives = |name: &str| sandbox.read(&format!("fleet/projects/{name}/lives"));
    fleet(&sandbox, &programs, &["update", "p0", "p1", "v2"]).succeeded();
    for number in 0..2 {
        sandbox.kill(&harnesses[number]);
        sandbox.wait_for("its second life", || lives(&names[number]) == "v1\nv2\n");
        sandbox.wait_until_is(&names[number], "up");
        assert_eq!(sandbox.tender_of(&names[number]), tenders[number]);
    }
    assert_eq!(verdicts(&fleet(&sandbox, &programs, &status)), up);

    // A restart brings the new tender.
    fleet(&sandbox, &programs, &["restart", "p2", "p3"]).succeeded();
    for name in ["p2", "p3"] {
        let tender = program_of(&sandbox.tender_of(name));
        assert_eq!(tender, programs.join("fleet-tender").display().to_string());
    }
    fleet(&sandbox, &programs, &["stop", "--all"]).succeeded();
    assert_eq!(sandbox.running("cat"), []);
    assert_eq!(sandbox.running("fleet-tender"), []);
}

#[test]
fn agents_go_on_and_heal_with_the_new_programs() {
    let sandbox = Sandbox::new().agents_project();
    sandbox.set("demo", "stop_grace = \"1s\"");
    let programs = install(&sandbox);
    fleet(&sandbox, &programs, &["start", "demo"]).succeeded();
    sandbox.wait_for("both agents", || {
        [sandbox.lives("one"), sandbox.lives("two")] == [1, 1]
    });
    // Where it starts a program just now there are two of these; the first is the older one.
    let up = sandbox.running("agents up --wait").remove(0);
    install_anew(&sandbox);
    let agent = |name: &str| {
        let script = format!("sh alone.sh {name}");
        let found = sandbox.running(&script);
        let own = found.into_iter().find(|one| one.command == script);
        own.expect("the agent runs")
    };
    // The tender of one agent is an old one, and gives it its next life.
    sandbox.kill(&agent("one"));
    sandbox.wait_for("its second life", || sandbox.lives("one") == 2);
    assert!(up.is_alive());
    let shown = sandbox.agents(&sandbox.place("demo"), &["status"]);
    assert!(shown.succeeded().stdout.contains("one"), "{}", shown.text());
    fleet(&sandbox, &programs, &["restart", "demo"]).succeeded();
    sandbox.wait_for("both agents again", || {
        [sandbox.lives("one"), sandbox.lives("two")] == [3, 2]
    });
    for process in sandbox.running("fleet-tender") {
        assert!(!program_of(&process).ends_with(" (deleted)"));
    }
    fleet(&sandbox, &programs, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("alone.sh"), []);
}

#[test]
fn what_runs_goes_on_heals_and_can_be_stopped() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo life >> lives; echo ready; exec cat\n")
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"");
    let programs = install(&sandbox);
    let lives = || sandbox.read("fleet/projects/demo/lives").lines().count();
    fleet(&sandbox, &programs, &["start", "demo"]).succeeded();
    let tender = sandbox.tender_of("demo");
    install(&sandbox);
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its second life", || lives() == 2);
    // A change of fleet.toml has the next life ask the new program.
    sandbox.set("demo", "env = { COLOUR = \"red\" }");
    sandbox.wait_until_is("demo", "up");
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its third life", || lives() == 3);
    let status = sandbox.wait_until_is("demo", "up");
    assert_eq!(status["process"]["restarts"], 2);
    assert_eq!(sandbox.tender_of("demo"), tender);
    fleet(&sandbox, &programs, &["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("cat"), []);
    assert!(!tender.is_alive());
}

#[test]
fn what_runs_goes_on_where_the_programs_are_gone() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0"])
        .script("v1", "echo life >> lives; echo ready; exec cat\n")
        .project("demo", "v1")
        .setting("demo", "watch = \"heal\"");
    let programs = install(&sandbox);
    fleet(&sandbox, &programs, &["start", "demo"]).succeeded();
    fs::remove_dir_all(&programs).unwrap();
    sandbox.harness_of("demo").kill();
    sandbox.wait_for("its second life", || {
        sandbox.read("fleet/projects/demo/lives").lines().count() == 2
    });
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert_eq!(sandbox.running("cat"), []);
}
