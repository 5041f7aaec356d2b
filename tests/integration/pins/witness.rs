//! The five facts as `fleet` tells them, against git.

use serde_json::Value;

use super::Pinned;

impl Pinned {
    /// Fails unless the pin word is this in the table, in JSON and in `why`, and each of the five facts in JSON and in
    /// `why` is what git says. `running` is the version that runs.
    #[track_caller]
    pub(crate) fn assert_word(&self, word: &str, running: Option<&str>) {
        let pin = self.sandbox.status("demo")["pin"].clone();
        assert_eq!(pin["word"], word, "{pin:#}");
        let table = self.sandbox.fleet(&["status", "demo"]).stdout;
        let row = table.lines().nth(1).expect("the project has a row");
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert!(cells.contains(&word), "{table}");
        self.assert_facts(&pin, running);
        self.assert_why(&pin);
    }

    #[track_caller]
    fn assert_facts(&self, pin: &Value, running: Option<&str>) {
        assert_eq!(self.registered("ref"), pin["ref"], "{pin:#}");
        assert_eq!(self.registered("commit"), pin["wanted"], "{pin:#}");
        let may_be_unread = pin["word"] == "unknown";
        for (fact, found) in [
            ("head", self.pinned(&["ls-tree", "HEAD", "engine"], 2)),
            ("index", self.pinned(&["ls-files", "-s", "engine"], 1)),
            ("checkout", self.checked_out()),
        ] {
            let is_unread = pin[fact].is_null() && may_be_unread;
            assert!(is_unread || pin[fact] == found, "{fact}: {found}\n{pin:#}");
        }
        if self.checked_out().is_string() && !may_be_unread {
            let changes = "status --porcelain --untracked-files=no --ignore-submodules=none";
            let changes: Vec<&str> = changes.split(' ').collect();
            assert_eq!(
                pin["dirty"],
                !self.engine_git(&changes).is_empty(),
                "{pin:#}"
            );
        }
        match running {
            None => assert!(
                pin["running"].is_null() && pin["runner"].is_null(),
                "{pin:#}"
            ),
            Some(version) => assert_eq!(pin["running"], self.commit(version), "{pin:#}"),
        }
    }

    /// Every fact is told by `why` as JSON has it.
    #[track_caller]
    fn assert_why(&self, pin: &Value) {
        let said = self.sandbox.fleet(&["why", "demo", "--json"]);
        let why: Value = serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
        assert_eq!(why["project"]["pin"], *pin);
        let facts = why["facts"].as_array().expect("there are facts").iter();
        let told: Vec<&str> = facts
            .filter(|fact| fact["about"] == "pin")
            .map(|fact| fact["says"].as_str().expect("a fact says something"))
            .collect();
        let tells = |start: &str| told.iter().any(|says| says.starts_with(start));
        let word = pin["word"].as_str().expect("there is a word");
        assert!(tells(word), "{word}: {told:#?}");
        assert!(
            tells(&format!(
                "wanted: {}, which is ",
                pin["ref"].as_str().unwrap()
            )),
            "{told:#?}"
        );
        for (fact, is_told) in [
            ("head", "recorded: "),
            ("index", "staged: "),
            ("checkout", "checked out: "),
            ("running", "running: "),
        ] {
            if let Some(commit) = pin[fact].as_str() {
                assert!(
                    tells(&format!("{is_told}{}", &commit[..8])),
                    "{fact}: {told:#?}"
                );
            }
        }
        let changed = told
            .iter()
            .any(|says| says.ends_with(", with changed files"));
        assert_eq!(changed, pin["dirty"] == true, "{told:#?}");
        if let Some(runner) = pin["runner"].as_str() {
            let begun = format!(", begun by version {runner}");
            assert!(told.iter().any(|says| says.contains(&begun)), "{told:#?}");
        }
        if word == "unknown" {
            assert!(
                told.iter().any(|says| says.contains("cannot tell")),
                "{told:#?}"
            );
        }
    }

    /// What fleet.toml says, read as text.
    fn registered(&self, key: &str) -> Value {
        let registry = self.sandbox.read("fleet/fleet.toml");
        let project = registry
            .split("[projects.demo]")
            .nth(1)
            .expect("it is registered");
        let value = project
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{key} = ")));
        value.map_or(Value::Null, |value| value.trim_matches('"').into())
    }

    /// The word of this number in what git answers, if it does.
    fn pinned(&self, arguments: &[&str], word: usize) -> Value {
        let mut git = self.sandbox.command("git", self.sandbox.root());
        git.arg("-C").arg(&self.project).args(arguments);
        let said = self.sandbox.output(&mut git);
        let found = said.stdout.split_whitespace().nth(word);
        found
            .filter(|_| said.code == Some(0))
            .map_or(Value::Null, Into::into)
    }

    fn checked_out(&self) -> Value {
        if !self.engine().join(".git").exists() {
            return Value::Null;
        }
        self.pinned(&["-C", "engine", "rev-parse", "--verify", "HEAD"], 0)
    }
}
