//! Twenty commands at once: no update is lost, and each tells the truth about what it did.

use std::collections::BTreeSet;

use crate::sandbox::{Output, Sandbox};

/// Runs commands at once, and returns what each said.
fn at_once(sandbox: &Sandbox, lines: &[String]) -> Vec<Output> {
    std::thread::scope(|scope| {
        let running: Vec<_> = lines
            .iter()
            .map(|line| {
                scope.spawn(move || {
                    let words: Vec<&str> = line.split(' ').collect();
                    sandbox.fleet(&words)
                })
            })
            .collect();
        let ended = running.into_iter().map(|command| command.join());
        ended.map(|output| output.expect("it ended")).collect()
    })
}

/// What the registry says, by project.
fn records(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let said = sandbox.fleet(&["list", "--json"]);
    serde_json::from_str(&said.succeeded().stdout).expect("it is JSON")
}

fn names(sandbox: &Sandbox) -> BTreeSet<String> {
    let name = |record: &serde_json::Value| record["name"].as_str().map(str::to_owned);
    records(sandbox).iter().filter_map(name).collect()
}

/// The names in the directory of projects.
fn directories(sandbox: &Sandbox) -> BTreeSet<String> {
    std::fs::read_dir(sandbox.at("fleet/projects"))
        .expect("there are projects")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

#[test]
fn twenty_projects_are_created() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let lines: Vec<String> = (0..20).map(|number| format!("create p{number}")).collect();
    for output in at_once(&sandbox, &lines) {
        output.succeeded();
    }
    let expected: BTreeSet<String> = (0..20).map(|number| format!("p{number}")).collect();
    assert_eq!(names(&sandbox), expected);
    assert_eq!(directories(&sandbox), expected);
    for name in &expected {
        sandbox.is_whole(&sandbox.project_at(name));
    }
}

#[test]
fn of_twenty_that_create_the_same_one_does() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let outputs = at_once(&sandbox, &vec!["create demo".to_owned(); 20]);
    let made = outputs.iter().filter(|output| output.code == Some(0));
    assert_eq!(made.count(), 1);
    for output in outputs.iter().filter(|output| output.code != Some(0)) {
        assert!(
            output
                .exited(3)
                .stderr
                .contains("`demo` is registered already")
        );
    }
    assert_eq!(directories(&sandbox), ["demo".to_owned()].into());
    assert_eq!(
        sandbox
            .read("fleet/fleet.toml")
            .matches("[projects.demo]")
            .count(),
        1
    );
    sandbox.is_whole(&sandbox.project_at("demo"));
}

#[test]
fn of_ten_that_want_the_same_place_one_has_it() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let lines: Vec<String> = (0..10)
        .map(|number| format!("create p{number} --location projects/here"))
        .collect();
    let outputs = at_once(&sandbox, &lines);
    let made: Vec<String> = outputs
        .iter()
        .enumerate()
        .filter(|(_, output)| output.code == Some(0))
        .map(|(number, _)| format!("p{number}"))
        .collect();
    let [made] = made.as_slice() else {
        panic!("not one, but {made:?}");
    };
    assert_eq!(names(&sandbox), [made.clone()].into());
    assert_eq!(directories(&sandbox), ["here".to_owned()].into());
    sandbox.is_whole(&sandbox.project_at("here"));
}

#[test]
fn different_changes_of_one_registry_are_all_made() {
    let mut sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let old: Vec<String> = (0..5).map(|number| format!("old{number}")).collect();
    for name in &old {
        sandbox = sandbox.project(name, "v0.1.0");
    }
    sandbox.fleet(&["disable", "old3", "old4"]).succeeded();
    let registry = format!("# mine\n{}# the end\n", sandbox.read("fleet/fleet.toml"));
    sandbox.write("fleet/fleet.toml", &registry);
    let mut lines: Vec<String> = old
        .iter()
        .map(|name| format!("update {name} v0.2.0"))
        .collect();
    lines.extend((0..5).map(|number| format!("create new{number} --label fresh")));
    lines.extend(
        [
            "disable old0 old1",
            "disable old2",
            "enable old3",
            "enable old4",
            "disable old1",
        ]
        .map(str::to_owned),
    );
    lines.extend(
        [
            "list",
            "status",
            "validate",
            "get old0",
            "update old0 v0.2.0",
        ]
        .map(str::to_owned),
    );
    for (line, output) in lines.iter().zip(at_once(&sandbox, &lines)) {
        assert!(output.code == Some(0), "{line}: {}", output.text());
    }
    let registry = sandbox.read("fleet/fleet.toml");
    assert!(registry.starts_with("# mine\n") && registry.contains("# the end\n"));
    let records = records(&sandbox);
    assert_eq!(records.len(), 10);
    for record in &records {
        let name = record["name"].as_str().expect("it is text");
        let is_old = name.starts_with("old");
        assert_eq!(record["ref"], if is_old { "v0.2.0" } else { "v0.1.0" });
        assert_eq!(
            record["enabled"],
            !["old0", "old1", "old2"].contains(&name),
            "{name}"
        );
        sandbox.is_whole(&sandbox.project_at(name));
    }
}

#[test]
fn twenty_updates_of_one_project_take_turns() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let lines: Vec<String> = (0..20)
        .map(|number| format!("update demo v0.{}.0", number % 2 + 1))
        .collect();
    let outputs = at_once(&sandbox, &lines);
    for output in &outputs {
        output.succeeded();
    }
    let moved = outputs
        .iter()
        .filter(|output| output.stderr.contains(" -> "));
    let project = sandbox.project_at("demo");
    let commits = sandbox.git(&project, &["rev-list", "--count", "HEAD"]);
    assert_eq!(commits, (moved.count() + 1).to_string());
    sandbox.is_whole(&project);
    let [record] = records(&sandbox).try_into().expect("there is one");
    let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
    assert_eq!(record["commit"], pinned.as_str());
    let reference = record["ref"].as_str().expect("it is text");
    let harness = sandbox.at("harness");
    assert_eq!(sandbox.git(&harness, &["rev-parse", reference]), pinned);
}

/// F2: what each says that it moved is what git counts, and each project is at what the registry says of it.
#[test]
fn updates_and_rollbacks_of_the_same_projects_take_turns() {
    let names = ["a", "b", "c", "d"];
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0", "v0.3.0"])
        .projects(&names, "v0.1.0");
    sandbox.fleet(&["update", "--all", "v0.2.0"]).succeeded();
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        lines.push(format!("update {name} v0.3.0"));
        lines.push(format!("rollback {name}"));
        lines.push(format!("update {name} v0.1.0"));
    }
    lines.extend(["update --all v0.2.0", "rollback --all", "update --all"].map(str::to_owned));
    lines.extend(["create e", "disable a", "enable a", "create f", "status"].map(str::to_owned));
    assert_eq!(lines.len(), 20);
    let mut moves = std::collections::BTreeMap::new();
    for (line, output) in lines.iter().zip(at_once(&sandbox, &lines)) {
        // `e` and `f` have nothing to go back to.
        let is_fine = output.code == Some(0) || line == "rollback --all" && output.code == Some(4);
        assert!(is_fine, "{line}: {}", output.text());
        for name in names {
            let alone = format!("`{name}`: ");
            let row = format!("{name} ");
            let told = output
                .stderr
                .lines()
                .any(|it| it.starts_with(&alone) && it.contains(" -> "))
                || output
                    .stdout
                    .lines()
                    .any(|it| it.starts_with(&row) && it.contains(" moved"));
            *moves.entry(name).or_insert(0) += usize::from(told);
        }
    }
    let records = records(&sandbox);
    assert_eq!(records.len(), 6);
    for record in &records {
        let name = record["name"].as_str().expect("it is text");
        let project = sandbox.project_at(name);
        sandbox.is_whole(&project);
        let pinned = sandbox.git(&project, &["rev-parse", "HEAD:engine"]);
        assert_eq!(record["commit"], pinned.as_str(), "{name}");
        let commits = sandbox.git(&project, &["rev-list", "--count", "HEAD"]);
        if let Some(moves) = moves.get(name) {
            assert_eq!(commits, (moves + 2).to_string(), "{name}");
        }
    }
    let journals = std::fs::read_dir(sandbox.at("fleet/.fleet/journal")).expect("it was made");
    assert_eq!(journals.count(), 0);
}

#[test]
fn who_waits_too_long_says_for_what() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let lock = std::fs::File::open(sandbox.at("fleet/.fleet/locks/demo")).expect("it was made");
    lock.lock().expect("nobody has it");
    let before = sandbox.world();
    insta::assert_snapshot!(sandbox.run("update demo v0.2.0 --wait 50ms"), @r"
    --- stderr
    error: another command has held `$ROOT/fleet/.fleet/locks/demo` for 0 s
    hint: wait for the other command to end, then run this one again
    --- exit code 6
    ");
    crate::sandbox::assert_same(&before, &sandbox.world());
    drop(lock);
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
}
