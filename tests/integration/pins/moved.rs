//! A project that is not where fleet.toml says: a hint where it may be, from those who may take their time.

use std::fs;

use insta::assert_snapshot;

use super::Pinned;

/// The line that says what to do.
#[track_caller]
fn next(pinned: &Pinned) -> String {
    let said = pinned.sandbox.run("why demo");
    let next = said
        .lines()
        .find_map(|line| line.strip_prefix("next: nothing is due; "));
    next.expect("there is a next").to_owned()
}

fn adopted_at(place: &str) -> String {
    format!("`fleet adopt {place} --name demo` corrects its location: it is probably there")
}

#[test]
fn a_project_that_was_moved_is_missing_and_the_hint_says_where_it_is() {
    let pinned = Pinned::new();
    fs::rename(&pinned.project, pinned.project.with_file_name("elsewhere")).unwrap();
    let sandbox = &pinned.sandbox;
    // The fast look does not search.
    assert_snapshot!(sandbox.run("status"), @r"
    NAME  STATE    PIN      REF     REASON
    demo  missing  missing  v0.1.0  its directory is not there
    --- stderr

    1 project: 1 missing
    hint: `fleet why demo` looks where it may be now
    --- exit code 0
    ");
    let place = adopted_at("$ROOT/fleet/projects/elsewhere");
    assert_eq!(next(&pinned), place);
    for (command, code) in [
        ("start demo", 3),
        ("restart demo", 3),
        ("update demo v0.2.0", 3),
    ] {
        let said = sandbox.run(command);
        assert!(said.contains(&place), "{said}");
        assert!(said.ends_with(&format!("--- exit code {code}\n")), "{said}");
    }
    let elsewhere = sandbox.at("fleet/projects/elsewhere");
    let words = ["adopt", elsewhere.to_str().unwrap(), "--name", "demo"];
    sandbox.fleet(&words).succeeded();
    assert_eq!(sandbox.status("demo")["pin"]["word"], "ok");
}

#[test]
fn it_is_looked_for_beside_where_it_was_and_where_projects_are() {
    let pinned = Pinned::new();
    let sandbox = &pinned.sandbox;
    let nowhere = "put it back at $ROOT/fleet/projects/demo, or correct `location` in fleet.toml";
    let mut place = pinned.project.clone();
    for (to, found) in [
        ("fleet/demo", true),
        ("fleet/projects/archive/demo", true),
        ("fleet/.hidden/demo", false),
        ("far/away/demo", false),
    ] {
        let to_place = sandbox.at(to);
        fs::create_dir_all(to_place.parent().unwrap()).unwrap();
        fs::rename(&place, &to_place).unwrap();
        place = to_place;
        let hint = match found {
            true => adopted_at(&format!("$ROOT/{to}")),
            false => nowhere.to_owned(),
        };
        assert_eq!(next(&pinned), hint);
    }
    // The directory that it was in may be what was moved.
    fs::rename(sandbox.at("far/away"), sandbox.at("fleet/projects/away")).unwrap();
    fs::rename(sandbox.at("fleet/projects"), sandbox.at("fleet/work")).unwrap();
    let found = next(&pinned);
    assert!(found == adopted_at("$ROOT/fleet/work/away/demo") || found == nowhere);
    fs::rename(sandbox.at("fleet/work/away"), sandbox.at("fleet/away")).unwrap();
    assert_eq!(next(&pinned), adopted_at("$ROOT/fleet/away/demo"));
}

#[test]
fn what_is_registered_or_of_another_harness_is_not_taken_for_it() {
    let mut pinned = Pinned::new();
    pinned.sandbox = pinned.sandbox.project("other", "v0.1.0");
    let sandbox = &pinned.sandbox;
    fs::rename(&pinned.project, sandbox.at("away")).unwrap();
    sandbox.git(
        &sandbox.at("fleet/projects"),
        &["init", "--quiet", "stranger"],
    );
    let nowhere = "put it back at $ROOT/fleet/projects/demo, or correct `location` in fleet.toml";
    assert_eq!(next(&pinned), nowhere);
    // Of two that are like it, neither is claimed to be the one.
    for copy in ["one", "two"] {
        let place = sandbox.at("fleet/projects").join(copy);
        sandbox.git(
            &sandbox.at("away"),
            &["clone", "--quiet", ".", place.to_str().unwrap()],
        );
    }
    assert_eq!(
        next(&pinned),
        "`fleet adopt PLACE --name demo` corrects its location: it may be at `$ROOT/fleet/projects/one` or `$ROOT/fleet/projects/two`"
    );
    // One of the same name is likelier.
    fs::create_dir(sandbox.at("fleet/new")).unwrap();
    fs::rename(
        sandbox.at("fleet/projects/two"),
        sandbox.at("fleet/new/demo"),
    )
    .unwrap();
    assert_eq!(next(&pinned), adopted_at("$ROOT/fleet/new/demo"));
}

#[test]
fn a_project_that_runs_is_where_its_tender_is_however_far() {
    let pinned = Pinned::new();
    let sandbox = &pinned.sandbox;
    sandbox.fleet(&["start", "demo"]).succeeded();
    fs::rename(&pinned.project, sandbox.at("far")).unwrap();
    let status = sandbox.status("demo");
    assert_eq!(status["verdict"], "missing");
    assert!(
        status["reason"].to_string().contains("though it runs"),
        "{status:#}"
    );
    assert_eq!(next(&pinned), adopted_at("$ROOT/far"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
    assert!(sandbox.running("run.sh").is_empty());
}
