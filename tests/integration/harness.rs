//! `fleet harness`: where harnesses come from, and their versions.

mod add;
mod hostile;
mod refs;
mod relative;
mod set_url;

use serde_json::Value;

use crate::sandbox::Sandbox;

impl Sandbox {
    /// Another place with all that the harness has: a bare copy at `NAME`.
    fn copy_harness(&self, name: &str) -> String {
        let words = ["clone", "--quiet", "--mirror", "harness", name];
        self.git(self.root(), &words);
        self.at(name).display().to_string()
    }

    /// What a command says as JSON.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.fleet(arguments);
        serde_json::from_str(&said.succeeded().stdout).expect("it is JSON")
    }

    /// The mirrors that there are: names of harnesses, without what their URLs make of them.
    fn mirrors(&self) -> Vec<String> {
        let directory = self.at("home/.cache/fleet/mirrors");
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(|name| {
                name.rsplit_once('-')
                    .map_or(name.clone(), |(name, _)| name.to_owned())
            })
            .collect();
        names.sort();
        names
    }
}

#[test]
fn harnesses_are_listed_with_who_uses_them() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    insta::assert_snapshot!(sandbox.run_narrow("harness list"), @r"
    NAME  LOCATION  PATH  DEFAULT  NEWEST  FETCHED  PROJECTS
    agents  built in  engine  0
    lines  $ROOT/harness  engine  v0.1.0  v0.2.0  <age>  1
    --- exit code 0
    ");
    let bad = "default_ref = \"v0.1.0\"\nbad_refs = [\"v0.1.0\"]";
    let text = sandbox
        .read("fleet/fleet.toml")
        .replace("default_ref = \"v0.1.0\"", bad);
    sandbox.write("fleet/fleet.toml", &text);
    std::fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    let before = sandbox.tree(sandbox.root());
    let said = sandbox.json(&["harness", "list", "--json"]);
    let lines = &said["harnesses"][1];
    assert_eq!(said["schema"], 1);
    assert_eq!(lines["projects"], serde_json::json!(["demo"]));
    assert_eq!(
        (&lines["newest"], &lines["fetched"]),
        (&Value::Null, &Value::Null)
    );
    let warnings = lines["warnings"].to_string();
    for expected in [
        "on this machine",
        "`demo` uses one of its `bad_refs`",
        "no copy of it",
    ] {
        assert!(warnings.contains(expected), "{warnings}");
    }
    let mut after = sandbox.tree(sandbox.root());
    after.retain(|path, _| before.contains_key(path));
    crate::sandbox::assert_same(&before, &after);
}

#[test]
fn what_is_new_upstream_is_told_by_a_fetch() {
    let sandbox = Sandbox::new()
        .harness(["v0.1.0", "v0.2.0"])
        .project("demo", "v0.1.0");
    let harness = sandbox.at("harness");
    sandbox.git(&harness, &["branch", "old"]);
    insta::assert_snapshot!(sandbox.run("harness fetch lines"), @r"
    lines: new branch: `old`
    --- exit code 0
    ");
    insta::assert_snapshot!(sandbox.run("harness fetch lines"), @r"
    lines: nothing new
    --- exit code 0
    ");
    sandbox.release("v0.3.0");
    sandbox.git(&harness, &["tag", "--force", "v0.1.0", "v0.3.0"]);
    sandbox.git(&harness, &["tag", "--delete", "v0.2.0"]);
    sandbox.git(&harness, &["branch", "--delete", "old"]);
    insta::assert_snapshot!(sandbox.run("harness fetch lines"), @r"
    lines: new: `v0.3.0`; moved branch: `main`; tag moved: `v0.1.0`; tag gone: `v0.2.0`; branch gone: `old`
    --- stderr
    warning: lines: upstream has moved `v0.1.0`; no project follows by itself
    hint: `fleet harness refs lines` shows who uses what
    --- exit code 0
    ");
    std::fs::rename(&harness, sandbox.at("gone")).expect("it is ours");
    std::fs::remove_dir_all(sandbox.at("home/.cache/fleet")).expect("there is a cache");
    let said = sandbox.fleet(&["harness", "fetch"]);
    said.exited(4);
    assert!(
        said.stdout
            .contains("agents: copied; its newest tag is `v0.2.0`"),
        "{}",
        said.text()
    );
    sandbox.fleet(&["harness", "fetch", "lines"]).exited(1);
    sandbox.fleet(&["harness", "fetch", "nobody"]).exited(2);
}
