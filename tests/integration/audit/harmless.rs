//! What is no trace: people speak of fleets, and a project may know itself.

use super::{assert_proven, audit, one_project, places};

#[test]
fn a_company_with_ships_may_speak_of_its_fleet() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    let git = |arguments: &[&str]| sandbox.git(&project, arguments);
    for (path, text) in [
        (
            "src/fleet.rs",
            "struct Fleet; // fleet update happens nightly\n",
        ),
        (".fleet/settings.json", "{\"editor\": \"another Fleet\"}\n"),
        ("fleet.toml", "[fleet]\nships = 12\n"),
        (
            "README.md",
            "# Fleet management\nSet FLEET_DIR. Fleet: twelve ships.\n",
        ),
    ] {
        sandbox.write(&format!("fleet/projects/demo/{path}"), text);
    }
    git(&["add", "--all"]);
    git(&[
        "commit",
        "--quiet",
        "--message",
        "fleet: add the fleet update page",
    ]);
    git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "x",
        "--author=Fleet <fleet@ships.example>",
    ]);
    git(&["branch", "topic"]);
    let report = assert_proven(&sandbox);
    assert_eq!(places(&sandbox, &report, "mentions"), [""; 0]);
    // Where fleet itself writes, what it would not write is told, and counts for nothing.
    git(&["branch", "fleet-tracking"]);
    git(&[
        "remote",
        "add",
        "origin",
        "https://ships.example/fleet/app.git",
    ]);
    sandbox.write(
        "fleet/projects/demo/.git/hooks/pre-push",
        "# the fleet is asleep\n",
    );
    sandbox.fleet(&["update", "demo", "v0.2.0"]).succeeded();
    git(&[
        "commit",
        "--quiet",
        "--amend",
        "--message",
        "Move the engine for our fleet of ships",
    ]);
    let report = assert_proven(&sandbox);
    assert_eq!(
        places(&sandbox, &report, "mentions"),
        [
            ".git/config: remote.origin.url",
            ".git/hooks/pre-push",
            ".git: refs/heads/fleet-tracking",
            ".git: commit <commit>",
        ]
    );
}

#[test]
fn a_project_may_say_where_it_is() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    let at = project.display().to_string();
    sandbox.git(&project, &["config", "core.worktree", &at]);
    sandbox.git(&project, &["config", "demo.log", &format!("{at}/log/x")]);
    sandbox.write("fleet/projects/demo/where.txt", &format!("here: {at}.\n"));
    sandbox.git(&project, &["add", "--all"]);
    sandbox.git(&project, &["commit", "--quiet", "--message", "Where"]);
    let report = assert_proven(&sandbox);
    assert_eq!(places(&sandbox, &report, "mentions"), [""; 0]);
}

#[test]
fn a_work_tree_beside_it_is_no_trace() {
    let sandbox = one_project();
    let project = sandbox.place("demo");
    sandbox.git(
        &project,
        &["worktree", "add", "--quiet", "../demo-topic", "-b", "topic"],
    );
    assert_proven(&sandbox);
}

#[test]
fn a_harness_in_the_fleets_own_directory_is_where_it_is() {
    let sandbox = crate::sandbox::Sandbox::new().harness(["v0.1.0"]);
    let (harness, inside) = (sandbox.at("harness"), sandbox.directory().join("lines"));
    std::fs::rename(&harness, &inside).unwrap();
    let text = sandbox.read("fleet/fleet.toml");
    let text = text.replace(
        &harness.display().to_string(),
        &inside.display().to_string(),
    );
    sandbox.write("fleet/fleet.toml", &text);
    sandbox.fleet(&["create", "demo"]).succeeded();
    let report = assert_proven(&sandbox);
    let mentions = places(&sandbox, &report, "mentions");
    assert!(
        mentions.contains(&".gitmodules:3".to_owned()),
        "{mentions:?}"
    );
}

#[test]
fn a_project_may_know_another_one() {
    let sandbox = one_project();
    let projects = sandbox.directory().join("projects");
    sandbox.git(&projects, &["clone", "--quiet", "demo", "copy"]);
    let text = sandbox.read("fleet/fleet.toml");
    let entry = text[text.find("[projects.demo]").unwrap()..].to_owned();
    let entry = entry.replace("[projects.demo]", "[projects.copy]");
    let entry = entry.replace("projects/demo", "projects/copy");
    sandbox.write("fleet/fleet.toml", &format!("{text}\n{entry}"));
    let report = assert_proven(&sandbox);
    let mentions = places(&sandbox, &report, "mentions");
    assert!(
        mentions.contains(&".git/config: remote.origin.url".to_owned()),
        "{mentions:?}"
    );
}

#[test]
fn another_fleets_names_are_not_this_ones() {
    let sandbox = one_project();
    let other = sandbox.at("fleet-2/fleet.toml");
    sandbox.write("fleet/projects/demo/notes.md", &other.display().to_string());
    let project = sandbox.place("demo");
    sandbox.git(&project, &["add", "--all"]);
    let report = audit(&sandbox);
    assert_eq!(report["proven"], true, "{report:#}");
}
