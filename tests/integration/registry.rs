//! `fleet.toml` alone: `list`, `get`, `validate`, `schema`, and below: how it is edited and found.

mod editing;
mod finding;
mod restart;

use crate::sandbox::Sandbox;

/// A registry that somebody wrote by hand: the projects need not be there.
const WRITTEN: &str = r#"# what I run

[fleet]
name = "home"

[harnesses.night]
url = "https://example.org/night.git"   # the other one
bad_refs = ["v0.9.0"]

[projects.demo]   # the first
harness = "agents"
ref   =   "v0.1.0"
location = "projects/demo"
labels = ["research", "daily"]

[projects]
notes = { harness = "night", ref = "v1.0.0", location = "projects/notes", enabled = false, watch = "heal", after = ["demo"], restart = { give_up_after = 3 } } # inline
"#;

fn written(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("fleet/fleet.toml", text);
    sandbox
}

#[test]
fn list_shows_what_is_registered() {
    let sandbox = written(WRITTEN);
    insta::assert_snapshot!(sandbox.run("list"), @r"
    NAME   HARNESS  REF     LOCATION        LABELS           WATCH  ENABLED
    demo   agents   v0.1.0  projects/demo   research, daily
    notes  night    v1.0.0  projects/notes                   heal   no
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("list --label daily"), @r"
    NAME  HARNESS  REF     LOCATION       LABELS
    demo  agents   v0.1.0  projects/demo  research, daily
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("list --harness night"), @r"
    NAME   HARNESS  REF     LOCATION        WATCH  ENABLED
    notes  night    v1.0.0  projects/notes  heal   no
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("list --harness nihgt"), @r"
    --- stderr
    error: there is no harness `nihgt` in `fleet.toml`
    hint: did you mean `night`?
    hint: `fleet harness list` shows them, `fleet harness add nihgt URL` adds one
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("list --label nowhere"), @r"
    --- stderr
    no project has the label `nowhere`
    --- exit code 0
    ");
}

#[test]
fn list_as_json_has_every_record() {
    let sandbox = written(WRITTEN);
    let said = sandbox.fleet(&["list", "--json"]);
    let records: serde_json::Value =
        serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
    let field = |name: &str| -> Vec<&serde_json::Value> {
        let records = records.as_array().expect("it is a list");
        records.iter().map(|record| &record[name]).collect()
    };
    assert_eq!(field("name"), ["demo", "notes"]);
    assert_eq!(field("enabled"), [true, false]);
    assert_eq!(field("watch"), ["off", "heal"]);
}

#[test]
fn get_shows_one_record_and_where_each_value_comes_from() {
    let sandbox = written(WRITTEN);
    insta::assert_snapshot!(sandbox.run_narrow("get notes"), @r#"
    KEY  VALUE
    harness  night
    ref  v1.0.0
    commit
    location  $ROOT/fleet/projects/notes
    branch
    enabled  false
    watch  heal
    labels  []
    stop_grace  <age>
    env  {}
    env_file
    args  []
    restart.on  failure
    restart.backoff  <age>
    restart.backoff_max  <age>
    restart.give_up_after  3
    restart.window  <age>
    restart.healthy_after  <age>
    after  ["demo"]
    log  false
    path  engine
    url  https://example.org/night.git
    --- exit code 0
    "#);
    insta::assert_snapshot!(sandbox.run_narrow("get notes --origin"), @r#"
    KEY  VALUE  ORIGIN
    harness  night  fleet.toml:17
    ref  v1.0.0  fleet.toml:17
    commit  default
    location  $ROOT/fleet/projects/notes  fleet.toml:17
    branch  default
    enabled  false  fleet.toml:17
    watch  heal  fleet.toml:17
    labels  []  default
    stop_grace  <age>  default
    env  {}  default
    env_file  default
    args  []  default
    restart.on  failure  default
    restart.backoff  <age>  default
    restart.backoff_max  <age>  default
    restart.give_up_after  3  fleet.toml:17
    restart.window  <age>  default
    restart.healthy_after  <age>  default
    after  ["demo"]  fleet.toml:17
    log  false  default
    path  engine  default
    url  https://example.org/night.git  harness night
    --- exit code 0
    "#);
    insta::assert_snapshot!(sandbox.run("get demo --json"), @r#"
    {
      "after": [],
      "args": [],
      "branch": null,
      "commit": null,
      "enabled": true,
      "env": {},
      "env_file": null,
      "harness": "agents",
      "labels": [
        "research",
        "daily"
      ],
      "location": "$ROOT/fleet/projects/demo",
      "log": false,
      "name": "demo",
      "ref": "v0.1.0",
      "restart": {
        "backoff": 1.0,
        "backoff_max": 300.0,
        "give_up_after": 10,
        "healthy_after": 600.0,
        "on": "failure",
        "window": 3600.0
      },
      "stop_grace": 10.0,
      "watch": "off"
    }
    --- exit code 0
    "#);
}

#[test]
fn an_unknown_project_is_an_error_that_names_the_nearest() {
    let sandbox = written(WRITTEN);
    insta::assert_snapshot!(sandbox.run("get dmeo"), @r"
    --- stderr
    error: there is no project `dmeo` in `fleet.toml`
    hint: did you mean `demo`?
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
    insta::assert_snapshot!(sandbox.run("enable notes note"), @r"
    --- stderr
    error: there is no project `note` in `fleet.toml`
    hint: did you mean `notes`?
    hint: `fleet list` shows the projects
    --- exit code 2
    ");
    for verb in [
        "enable", "disable", "start", "stop", "restart", "status", "update",
    ] {
        let said = sandbox.fleet(&[verb, "zzzzzzzz"]);
        assert!(
            said.exited(2).stderr.contains("no project `zzzzzzzz`"),
            "{}",
            said.text()
        );
    }
}

#[test]
fn validate_tells_every_error_at_once() {
    let sandbox = written(
        "[fleet]\nnmae = \"home\"\nmax_running = 0\n\n[harnesses.night]\nurl = \"https://example.org/night.git\"\n\n\
         [projects.demo]\nharness = \"agents\"\nref = \"v0.1.0\"\nlocation = \"projects/demo\"\nwacth = \"heal\"\n\n\
         [projects.notes]\nharness = \"nihgt\"\nref = \"--upload-pack=x\"\nlocation = \"projects/demo\"\n\
         restart = { no = \"always\" }\nafter = [\"dmeo\"]\n\n[projects.\"a b\"]\nharness = \"agents\"\nref = \"v0.1.0\"\nlocation = \"x\"\nenabled = \"yes\"\n",
    );
    insta::assert_snapshot!(sandbox.run("validate"), @r"
    --- stderr
    error: `$ROOT/fleet/fleet.toml` is not valid
    fleet.toml:2:1: unknown key `nmae` in `[fleet]` (did you mean `name`?)
    fleet.toml:3:15: `fleet.max_running`: it must be 1 to 100000, not 0
    fleet.toml:12:1: unknown key `wacth` in `[projects.demo]` (did you mean `watch`?)
    fleet.toml:15:11: there is no harness `nihgt` (did you mean `night`?)
    fleet.toml:16:7: `projects.notes.ref`: `--upload-pack=x` is not a ref: it begins with `-`
    fleet.toml:17:12: `demo` and `notes` are in one place
    fleet.toml:18:13: unknown key `no` in `[projects.notes.restart]` (did you mean `on`?)
    fleet.toml:19:10: there is no project `dmeo` (did you mean `demo`?)
    fleet.toml:21:11: in `[projects]`: `a b` is not a name: 1 to 64 ASCII letters, digits, `-` and `_`, a letter or digit first
    --- exit code 2
    ");
    let others = ["list", "status", "create new", "start --all", "enable demo"];
    for line in others {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).exited(2);
    }
    assert!(!sandbox.at("fleet/.fleet").exists());
}

#[test]
fn validate_says_how_many_projects_a_good_file_has_and_warns() {
    let good = written(WRITTEN);
    insta::assert_snapshot!(good.run("validate"), @r"
    --- stderr
    $ROOT/fleet/fleet.toml is valid: 2 projects
    --- exit code 0
    ");
    let bad = written(&WRITTEN.replace("v0.9.0", "v1.0.0"));
    insta::assert_snapshot!(bad.run("validate"), @r"
    --- stderr
    warning: fleet.toml:17:36: `v1.0.0` is one of the bad refs of `night` (`fleet update notes REF` moves it to another)
    $ROOT/fleet/fleet.toml is valid: 2 projects
    --- exit code 0
    ");
}

#[test]
fn a_file_that_is_no_toml_is_an_error_with_its_line() {
    let sandbox = written("[fleet]\nname = \"home\"\n\n[projects.demo\n");
    insta::assert_snapshot!(sandbox.run("list"), @r"
    --- stderr
    error: `$ROOT/fleet/fleet.toml` is not valid
    fleet.toml:4:15: unclosed table, expected `]`
    --- exit code 2
    ");
    insta::assert_snapshot!(written("").run("list"), @r"
    --- stderr
    error: `$ROOT/fleet/fleet.toml` is not valid
    fleet.toml:1:1: there is nothing in this file (a fleet without projects has at least a line `[fleet]`)
    --- exit code 2
    ");
}

#[test]
fn the_schema_is_the_one_in_the_documents() {
    let sandbox = Sandbox::new();
    let said = sandbox.fleet(&["schema"]);
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.schema.json");
    let committed = std::fs::read_to_string(committed).expect("it is committed");
    assert_eq!(said.succeeded().stdout.trim_end(), committed.trim_end());
}
