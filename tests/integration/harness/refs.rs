//! `fleet harness refs`.

use crate::sandbox::Sandbox;

#[test]
fn every_version_says_who_uses_it_and_how_far_behind_it_is() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0", "v0.3.0", "v0.4.0"])
        .project("one", "v0.1.0")
        .project("two", "v0.2.0")
        .project("three", "main");
    let harness = sandbox.at("harness");
    // One whose pin is not what fleet.toml names.
    let engine = sandbox.project_at("two").join("engine");
    sandbox.git(&engine, &["checkout", "--quiet", "v0.3.0"]);
    sandbox.git(
        &sandbox.project_at("two"),
        &["commit", "--quiet", "--all", "--message", "By hand"],
    );
    let text = sandbox.read("fleet/fleet.toml");
    let bad = text.replace(
        "\n\n[projects.one]",
        "\nbad_refs = [\"v0.3.0\"]\n\n[projects.one]",
    );
    sandbox.write("fleet/fleet.toml", &bad);
    // What upstream does afterwards.
    sandbox.release("v0.5.0");
    sandbox.git(&harness, &["tag", "--force", "v0.2.0", "v0.5.0"]);
    sandbox.git(&harness, &["tag", "--delete", "v0.4.0"]);
    sandbox.fleet(&["harness", "fetch"]).succeeded();
    insta::assert_snapshot!(sandbox.run_narrow("harness refs lines"), @r"
    lines: $ROOT/harness, asked <age> ago
    VERSION  COMMIT  BEHIND  MARKS  WHO
    v0.5.0  <commit>  newest
    v0.4.0  <commit>  1 version, 1 commit  gone upstream  three (pin)
    v0.3.0  <commit>  1 version, 2 commits  bad  two (pin)
    v0.2.0  <commit>  1 version, 3 commits  moved upstream  two (ref)
    v0.1.0  <commit>  2 versions, 4 commits  default  one
    main (branch)  <commit>  three (ref)
    --- exit code 0
    ");
    let said = sandbox.json(&["harness", "refs", "lines", "--json"]);
    let row = &said["harnesses"][0]["refs"][4];
    assert_eq!(row["version"], "v0.1.0");
    assert_eq!(
        row["behind"],
        serde_json::json!({ "versions": 2, "commits": 4 })
    );
    assert_eq!(row["marks"], serde_json::json!(["default"]));
    assert_eq!(
        row["used_by"],
        serde_json::json!([{ "project": "one", "by": "both" }])
    );
}

#[test]
fn a_long_list_is_cut_but_for_what_matters() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let harness = sandbox.at("harness");
    for number in 1..=30 {
        sandbox.git(&harness, &["tag", &format!("v1.{number}.0")]);
        sandbox.git(&harness, &["branch", &format!("b{number}")]);
    }
    sandbox.fleet(&["harness", "fetch", "lines"]).succeeded();
    let said = sandbox.fleet(&["harness", "refs", "lines"]);
    let shown = said.succeeded().stdout.lines().count();
    assert_eq!(shown, 2 + 10 + 1 + 10, "{}", said.text());
    assert!(
        said.stdout.contains("v1.30.0") && said.stdout.contains("demo"),
        "{}",
        said.text()
    );
    assert!(
        said.stderr
            .contains("and 41 more: `fleet harness refs lines --all`"),
        "{}",
        said.text()
    );
    let said = sandbox.fleet(&["harness", "refs", "lines", "--all"]);
    assert_eq!(
        said.succeeded().stdout.lines().count(),
        2 + 31 + 31,
        "{}",
        said.text()
    );
}

#[test]
fn without_a_copy_it_is_said_what_fleet_toml_knows() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    std::fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    insta::assert_snapshot!(sandbox.run_narrow("harness refs lines"), @r"
    lines: $ROOT/harness
    VERSION  COMMIT  MARKS  WHO
    v0.1.0  <commit>  default  demo
    --- stderr
    warning: lines: there is no copy of it: `fleet harness fetch lines` makes one
    hint: `fleet harness fetch` asks for what is new
    --- exit code 0
    ");
    assert_eq!(sandbox.mirrors(), [] as [&str; 0]);
}
