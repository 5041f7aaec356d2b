use std::fs;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc;

use super::*;
use crate::files::write_json;
use crate::supervision::{Phase, Process, State};

const SOON: Duration = Duration::from_secs(20);

/// A fleet of one project, whose repositories are only what is read of them.
fn fleet() -> (tempfile::TempDir, Fleet) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    fs::write(
        root.join("fleet.toml"),
        "[fleet]\nname = \"home\"\n[harnesses.agents]\ndefault_ref = \"v1\"\n\
         [projects.demo]\nharness = \"agents\"\nref = \"v1\"\nlocation = \"demo\"\n",
    )
    .unwrap();
    for repository in ["demo", "demo/engine"] {
        let git = root.join(repository).join(".git");
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    }
    let fleet = Fleet::open(root, Duration::ZERO).unwrap();
    fleet.make_runtime().unwrap();
    (directory, fleet)
}

fn wait(watching: &mut Watching) -> Woken {
    watching.wait(Some(Instant::now() + SOON), &[]).unwrap()
}

/// Whatever has happened until now is told and done with.
fn calm(watching: &mut Watching) {
    while watching
        .wait(Some(Instant::now() + 2 * QUIET), &[])
        .unwrap()
        == Woken::Changed
    {}
}

/// Replaces a file as git and fleet do.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("lock");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, path).unwrap();
}

fn write_state(fleet: &Fleet, tender: &Child) {
    let pid = i32::try_from(tender.id()).unwrap();
    let state = State {
        phase: Phase::Running,
        ..State::new("demo", Process::of(pid).unwrap())
    };
    let name = "demo".parse().unwrap();
    write_json(&fleet.unit_files(&name).state, &state).unwrap();
}

fn sleeper() -> Child {
    Command::new("sleep").arg("60").spawn().unwrap()
}

#[test]
fn a_wait_ends_at_its_moment_and_not_for_what_does_not_count() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    fs::write(fleet.runtime("events.jsonl"), "{}\n").unwrap();
    fs::write(fleet.runtime("state/.demo.json.1"), "{").unwrap();
    fs::write(fleet.root.join("demo/.git/index.lock"), "").unwrap();
    fs::write(fleet.root.join("demo/README.md"), "").unwrap();
    let until = Instant::now() + Duration::from_millis(30);
    assert_eq!(watching.wait(Some(until), &[]).unwrap(), Woken::Due);
    assert!(Instant::now() >= until);
}

#[test]
fn whatever_a_status_is_made_of_ends_a_wait() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let root = fleet.root.clone();
    let files = [
        fleet.runtime("state/demo.json"),
        fleet.runtime("desired/demo"),
        fleet.runtime("probes/demo.json"),
        fleet.runtime("journal/demo.json"),
        fleet.runtime("brake"),
        fleet.runtime("rollout.json"),
        fleet.runtime("server.json"),
        root.join("demo/.git/HEAD"),
        root.join("demo/.git/index"),
        root.join("demo/.git/packed-refs"),
        root.join("demo/engine/.git/HEAD"),
        root.join("demo/engine/.git/index"),
    ];
    for file in files {
        replace(&file, "ref: refs/heads/main\n");
        assert_eq!(wait(&mut watching), Woken::Changed, "{}", file.display());
        assert!(!watching.registry_changed());
        calm(&mut watching);
    }
    fs::remove_file(fleet.runtime("brake")).unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
}

#[test]
fn a_branch_is_followed_to_where_it_is() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let git = fleet.root.join("demo/.git");
    replace(&git.join("refs/heads/other"), "x");
    let until = Instant::now() + Duration::from_millis(30);
    assert_eq!(watching.wait(Some(until), &[]).unwrap(), Woken::Due);
    replace(&git.join("HEAD"), "ref: refs/heads/deep/other\n");
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    // Its directory is not there yet.
    fs::create_dir(git.join("refs/heads/deep")).unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    replace(&git.join("refs/heads/deep/other"), "x");
    assert_eq!(wait(&mut watching), Woken::Changed);
}

#[test]
fn a_project_that_goes_and_comes_is_followed() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let (place, elsewhere): (PathBuf, PathBuf) = (fleet.root.join("demo"), fleet.root.join("away"));
    fs::rename(&place, &elsewhere).unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    fs::rename(&elsewhere, &place).unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    replace(&place.join(".git/index"), "x");
    assert_eq!(wait(&mut watching), Woken::Changed);
}

#[test]
fn a_changed_registry_is_told_as_such_and_followed() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let file = fleet.root.join("fleet.toml");
    let text = fs::read_to_string(&file).unwrap();
    // Half of what somebody writes in place.
    fs::write(&file, "[fleet").unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    assert!(watching.registry_changed());
    replace(&file, &text.replace("\"demo\"", "\"other\""));
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    fs::create_dir(fleet.root.join("other")).unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    assert!(!watching.registry_changed());
}

#[test]
fn a_runtime_directory_that_is_made_anew_is_followed() {
    let (_directory, fleet) = fleet();
    fs::remove_dir_all(fleet.runtime("")).unwrap();
    let mut watching = Watching::new(&fleet).unwrap();
    for _ in 0..2 {
        fleet.make_runtime().unwrap();
        assert_eq!(wait(&mut watching), Woken::Changed);
        calm(&mut watching);
        replace(&fleet.runtime("state/demo.json"), "{}");
        assert_eq!(wait(&mut watching), Woken::Changed);
        fs::remove_dir_all(fleet.runtime("")).unwrap();
        assert_eq!(wait(&mut watching), Woken::Changed);
        calm(&mut watching);
    }
}

#[test]
fn a_tender_that_ends_without_a_word_ends_a_wait_once() {
    let (_directory, fleet) = fleet();
    let mut tender = sleeper();
    write_state(&fleet, &tender);
    let mut watching = Watching::new(&fleet).unwrap();
    tender.kill().unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    // It is a zombie still.
    let until = Instant::now() + Duration::from_millis(30);
    assert_eq!(watching.wait(Some(until), &[]).unwrap(), Woken::Due);
    tender.wait().unwrap();
    // The next one is held as soon as it has written of itself.
    let mut tender = sleeper();
    write_state(&fleet, &tender);
    assert_eq!(wait(&mut watching), Woken::Changed);
    calm(&mut watching);
    tender.kill().unwrap();
    assert_eq!(wait(&mut watching), Woken::Changed);
    tender.wait().unwrap();
}

#[test]
fn another_descriptor_ends_a_wait_and_no_change_is_lost() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"x").unwrap();
    replace(&fleet.runtime("brake"), "x");
    let until = Some(Instant::now() + SOON);
    assert_eq!(
        watching.wait(until, &[reader.as_fd()]).unwrap(),
        Woken::Other
    );
    assert_eq!(wait(&mut watching), Woken::Changed);
}

/// What cannot be counted exactly is bounded: a change every millisecond, and few looks.
#[test]
fn bursts_are_folded() {
    let (_directory, fleet) = fleet();
    let mut watching = Watching::new(&fleet).unwrap();
    let (done, is_done) = mpsc::channel();
    let writer = std::thread::spawn(move || {
        let mut written = 0;
        while is_done.try_recv().is_err() {
            replace(&fleet.runtime("desired/demo"), "{}");
            written += 1;
        }
        written
    });
    let looks = 10;
    for _ in 0..looks {
        assert_eq!(wait(&mut watching), Woken::Changed);
    }
    done.send(()).unwrap();
    let written: u32 = writer.join().unwrap();
    assert!(written > looks, "{written} changes, {looks} looks");
}
