//! Edits: which bytes change, and which do not.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::error::{Exit, exit_of};
use crate::names::{CommitId, Name, Ref};
use crate::registry::edit::Saved;

pub(super) const COMMIT: &str = "0123456789012345678901234567890123456789";

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn commit() -> CommitId {
    COMMIT.parse().unwrap()
}

pub(super) fn reference(text: &str) -> Ref {
    text.parse().unwrap()
}

pub(super) fn new_project(root: &Path, text: &str) -> NewProject {
    NewProject {
        name: name(text),
        harness: name("agents"),
        reference: reference("v0.1.0"),
        commit: Some(commit()),
        location: root.join("projects").join(text),
        branch: Some("main".to_owned()),
        watch: Watch::Heal,
        labels: vec!["a".to_owned(), "b\"c".to_owned()],
    }
}

pub(super) fn new_harness(text: &str) -> NewHarness {
    NewHarness {
        name: name(text),
        url: "https://example.org/new.git".parse().unwrap(),
        path: "vendor/engine".to_owned(),
        default_ref: Some(reference("v0.1.0")),
    }
}

pub(super) struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    pub(super) fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), text).unwrap();
        Self { directory }
    }

    pub(super) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.root().join(FILE)).unwrap()
    }

    pub(super) fn edit(&self) -> Edit {
        let known = Registry::load(self.root()).unwrap();
        Edit::open(&known, Duration::from_secs(1), || {}).unwrap()
    }
}

/// Edits `before` and compares the whole file.
#[track_caller]
pub(super) fn case(before: &str, change: impl FnOnce(&mut Edit), after: &str) {
    let home = Home::new(before);
    let mut edit = home.edit();
    change(&mut edit);
    let expected = if before == after {
        Saved::Unchanged
    } else {
        Saved::Written
    };
    assert_eq!(edit.save().unwrap(), expected);
    assert_eq!(home.text(), after);
    Registry::load(home.root()).unwrap();
}

pub(super) fn pin(edit: &mut Edit) {
    edit.set_pins(&[(name("demo"), reference("v0.2.0"), commit())])
        .unwrap();
}

#[test]
fn a_pin_changes_two_values_and_no_other_byte() {
    let before = "\u{feff}#:schema x\r\n\r\n [ fleet ]  # odd \t\r\nname='home'\r\n\n\
        [projects . demo]   # the demo\r\n  harness   =  \"agents\"\r\n  \"ref\"\t=  'v0.1.0'   # not v0.0.9!\r\n\
        commit = '0000000000000000000000000000000000000000'# glued\r\n  location = \"\"\"projects/\\\r\n   demo\"\"\"\r\n\
        env.B = \"2\"\r\nargs = [ 'a', # one\r\n 'b' , ]\r\nenv.A = \"1\"\r\n\r\n# end\t";
    let after = before.replace("'v0.1.0'   #", "\"v0.2.0\"   #").replace(
        "'0000000000000000000000000000000000000000'",
        &format!("\"{COMMIT}\""),
    );
    case(before, pin, &after);
}

#[test]
fn a_key_is_added_where_a_person_would_write_it_however_the_table_is_written() {
    let added = format!("commit = \"{COMMIT}\"");
    for (before, after) in [
        (
            "[projects.demo]\nharness = \"agents\"\nref = \"v0.2.0\" # c\nlocation = \"x\"\n".to_owned(),
            format!("[projects.demo]\nharness = \"agents\"\nref = \"v0.2.0\" # c\n{added}\nlocation = \"x\"\n"),
        ),
        (
            "[projects.demo]\r\nlocation = \"x\"\r\nharness = \"agents\"\r\n\tref = \"v0.2.0\"".to_owned(),
            format!("[projects.demo]\r\nlocation = \"x\"\r\nharness = \"agents\"\r\n\tref = \"v0.2.0\"\r\n\t{added}"),
        ),
        (
            "[projects]\ndemo = { harness = \"agents\", location = \"x\", ref = \"v0.2.0\" } # c\n".to_owned(),
            format!("[projects]\ndemo = {{ harness = \"agents\", location = \"x\", ref = \"v0.2.0\", {added} }} # c\n"),
        ),
        (
            "[projects]\n  demo.harness = \"agents\"\n  demo.location = \"x\"\n  demo . ref = \"v0.2.0\"\n\n[fleet]\n"
                .to_owned(),
            format!(
                "[projects]\n  demo.harness = \"agents\"\n  demo.location = \"x\"\n  demo . ref = \"v0.2.0\"\n  \
                 demo.{added}\n\n[fleet]\n"
            ),
        ),
        (
            "projects.demo.harness = \"agents\"\nprojects.demo.ref = \"v0.2.0\"\nprojects.demo.location = \"x\"\n"
                .to_owned(),
            format!(
                "projects.demo.harness = \"agents\"\nprojects.demo.ref = \"v0.2.0\"\nprojects.demo.{added}\n\
                 projects.demo.location = \"x\"\n"
            ),
        ),
        (
            "projects = { demo.harness = \"agents\", demo.ref = \"v0.2.0\", demo.location = \"x\" }\n".to_owned(),
            format!(
                "projects = {{ demo.harness = \"agents\", demo.ref = \"v0.2.0\", demo.{added}, \
                 demo.location = \"x\" }}\n"
            ),
        ),
    ] {
        case(&before, pin, &after);
        case(&after, pin, &after);
    }
}

#[test]
fn enabling_what_is_enabled_writes_nothing() {
    let demo = "[projects.demo]\nharness = \"agents\"\nref = \"v1\"\nlocation = \"x\"\n";
    case(
        demo,
        |edit| edit.set_enabled(&[name("demo")], true).unwrap(),
        demo,
    );
    let disabled = format!("{demo}enabled = false\n");
    case(
        demo,
        |edit| edit.set_enabled(&[name("demo")], false).unwrap(),
        &disabled,
    );
    let commented = format!("{demo}enabled = false # why\n");
    let enabled = format!("{demo}enabled = true # why\n");
    case(
        &commented,
        |edit| edit.set_enabled(&[name("demo")], true).unwrap(),
        &enabled,
    );
}

#[test]
fn a_new_project_goes_to_the_end() {
    let entries = format!(
        "harness = \"agents\"\nref = \"v0.1.0\"\ncommit = \"{COMMIT}\"\nlocation = \"projects/new\"\nbranch = \"main\"\n\
         watch = \"heal\"\nlabels = [\"a\", 'b\"c']\n"
    );
    for (before, gap) in [
        ("[fleet]\n", "\n"),
        ("[fleet]\n# last\n\n", ""),
        ("[fleet]", "\n\n"),
        ("[fleet]\n[projects]\n", "\n"),
    ] {
        let home = Home::new(before);
        let mut edit = home.edit();
        edit.add_project(&new_project(home.root(), "new")).unwrap();
        assert_eq!(edit.registry().projects.len(), 1);
        edit.save().unwrap();
        assert_eq!(
            home.text(),
            format!("{before}{gap}[projects.new]\n{entries}")
        );
        let mut edit = home.edit();
        edit.remove_project(&name("new")).unwrap();
        edit.save().unwrap();
        assert_eq!(home.text().trim_end(), before.trim_end());
    }
}

#[test]
fn a_new_project_fits_into_the_table_the_user_wrote() {
    for before in [
        "projects = {}\n",
        "projects = { }\r\n",
        "projects = { old = { harness = 'agents', ref = 'v1', location = 'o' } } # c\n",
        "projects = { old = { harness = 'agents', ref = 'v1', location = 'o' }, }\n",
        "projects = { old.harness = 'agents', old.ref = 'v1', old.location = 'o' }\n",
        "projects.old.harness = 'agents'\nprojects.old.ref = 'v1'\nprojects.old.location = 'o'\n",
        "[projects]\nold = { harness = 'agents', ref = 'v1', location = 'o' }\n",
        "[projects]\nold.harness = 'agents'\nold.ref = 'v1'\nold.location = 'o'\n[fleet]\n",
    ] {
        let home = Home::new(before);
        let mut edit = home.edit();
        edit.add_project(&new_project(home.root(), "new")).unwrap();
        edit.save().unwrap();
        let added = Registry::load(home.root()).unwrap();
        assert_eq!(added.project(&name("new")).unwrap().labels, ["a", "b\"c"]);
        if added.projects.contains_key(&name("old")) {
            let mut edit = home.edit();
            edit.remove_project(&name("old")).unwrap();
            edit.save().unwrap();
            let left = Registry::load(home.root()).unwrap();
            assert_eq!(left.projects.keys().collect::<Vec<_>>(), [&name("new")]);
        }
    }
}

#[test]
fn removing_a_project_takes_what_is_its_own_and_leaves_the_rest() {
    let remove = |edit: &mut Edit| edit.remove_project(&name("demo")).unwrap();
    let demo = "harness = 'agents'\nref = 'v1'\nlocation = 'demo'\n";
    let other = "harness = 'agents'\nref = 'v1'\nlocation = 'other'\n";
    case(
        &format!(
            "# the fleet\n[fleet]\n\n# all projects\n\n# about demo\n[projects.demo]\n{demo}# watch = 'heal'\n\n\
             # about other\n[projects.other]\n{other}\n[projects.demo.env]\nA = '1' # x\n"
        ),
        remove,
        &format!(
            "# the fleet\n[fleet]\n\n# all projects\n\n# about other\n[projects.other]\n{other}"
        ),
    );
    case(
        &format!(
            "# kept: the file's own\n[projects.demo]\n{demo}# about other\n[projects.other]\n{other}"
        ),
        remove,
        &format!("# kept: the file's own\n# about other\n[projects.other]\n{other}"),
    );
    case(
        &format!(
            "[projects]\n# research\ndemo = {{ harness = 'agents', ref = 'v1', location = 'x' }} # c\nother.harness = 'agents'\nother.ref = 'v1'\nother.location = 'o'\n[projects.demo2]\n{other}"
        ),
        remove,
        &format!(
            "[projects]\n# research\nother.harness = 'agents'\nother.ref = 'v1'\nother.location = 'o'\n[projects.demo2]\n{other}"
        ),
    );
    case(&format!("[projects.demo]\r\n{demo}"), remove, "[fleet]\n");
    case(
        "projects = { demo.harness = 'agents', a = { harness = 'agents', ref = 'v1', location = 'a' }, demo.ref = 'v1', demo.location = 'd' }\n",
        remove,
        "projects = { a = { harness = 'agents', ref = 'v1', location = 'a' } }\n",
    );
}

#[test]
fn a_harness_is_added_at_the_end() {
    let before = "[fleet]\r\n\r\n[projects.demo] # c\r\nharness = 'agents'\r\nref = 'v1'\r\nlocation = 'x'\r\n";
    let add = |edit: &mut Edit| edit.add_harness(&new_harness("new")).unwrap();
    let added = "\r\n[harnesses.new]\r\nurl = \"https://example.org/new.git\"\r\npath = \"vendor/engine\"\r\n\
                 default_ref = \"v0.1.0\"\r\n";
    case(before, add, &format!("{before}{added}"));
    let plain = |edit: &mut Edit| {
        let path = crate::registry::ENGINE.to_owned();
        let new = NewHarness {
            path,
            default_ref: None,
            ..new_harness("new")
        };
        edit.add_harness(&new).unwrap();
    };
    case(
        "[fleet]\nname = 'x'",
        plain,
        "[fleet]\nname = 'x'\n\n[harnesses.new]\nurl = \"https://example.org/new.git\"\n",
    );
    let error = Home::new("[fleet]\n[harnesses.new]\nurl = '/x'\n")
        .edit()
        .add_harness(&new_harness("new"))
        .unwrap_err();
    assert_eq!(exit_of(&error), Exit::Refused);
}

#[test]
fn a_url_is_written_wherever_the_harness_has_its_table() {
    let set = |edit: &mut Edit| {
        let url = "https://example.org/x".parse().unwrap();
        edit.set_url(&name("agents"), &url).unwrap();
    };
    let url = "url = \"https://example.org/x\"";
    for (before, after) in [
        (
            "[fleet]\n".to_owned(),
            format!("[fleet]\n\n[harnesses.agents]\n{url}\n"),
        ),
        (
            "[harnesses.agents] # mine\r\ndefault_ref = 'v1'\r\n".to_owned(),
            format!("[harnesses.agents] # mine\r\n{url}\r\ndefault_ref = 'v1'\r\n"),
        ),
        (
            "[harnesses.agents]\n# none yet\n[fleet]\n".to_owned(),
            format!("[harnesses.agents]\n{url}\n# none yet\n[fleet]\n"),
        ),
        (
            "[harnesses.agents]\n  url = '/old' # here\n".to_owned(),
            "[harnesses.agents]\n  url = \"https://example.org/x\" # here\n".to_owned(),
        ),
        (
            "[harnesses]\nagents = { default_ref = 'v1' }\n".to_owned(),
            format!("[harnesses]\nagents = {{ default_ref = 'v1', {url} }}\n"),
        ),
        (
            "[harnesses]\nagents.default_ref = 'v1'\n".to_owned(),
            format!("[harnesses]\nagents.default_ref = 'v1'\nagents.{url}\n"),
        ),
    ] {
        case(&before, set, &after);
        case(&after, set, &after);
    }
}
