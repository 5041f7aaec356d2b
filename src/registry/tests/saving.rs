//! Saving: who waits, who wins, and what is left on disk.

use std::fs;
use std::time::Duration;

use super::editing::{COMMIT, Home, name, new_project, pin};
use super::*;
use crate::error::{Exit, exit_of};
use crate::registry::edit::Saved;

#[test]
fn an_edit_that_changes_nothing_leaves_the_file_alone() {
    let home = Home::new(&format!(
        "[projects.demo]\nharness = 'agents'\nref = 'v0.2.0'\ncommit = '{COMMIT}'\nlocation = 'x'\n"
    ));
    let before = fs::metadata(home.root().join(FILE)).unwrap();
    let mut edit = home.edit();
    pin(&mut edit);
    assert_eq!(edit.save().unwrap(), Saved::Unchanged);
    let after = fs::metadata(home.root().join(FILE)).unwrap();
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
}

#[test]
fn a_hand_edit_made_meanwhile_survives() {
    let home = Home::new("[projects.demo]\nharness = 'agents'\nref = 'v1'\nlocation = 'x'\n");
    let mut edit = home.edit();
    pin(&mut edit);
    let by_hand =
        "# mine\n[projects.demo]\nharness = 'agents'\nref = 'v1' # mine\nlocation = 'y'\n";
    fs::write(home.root().join(FILE), by_hand).unwrap();
    assert_eq!(edit.save().unwrap(), Saved::Written);
    assert_eq!(
        home.text(),
        format!(
            "# mine\n[projects.demo]\nharness = 'agents'\nref = \"v0.2.0\" # mine\ncommit = \"{COMMIT}\"\n\
             location = 'y'\n"
        )
    );
    let mut edit = home.edit();
    edit.set_enabled(&[name("demo")], false).unwrap();
    fs::write(home.root().join(FILE), "[projects.demo]\nharness =").unwrap();
    let error = edit.save().unwrap_err();
    assert_eq!(exit_of(&error), Exit::Usage);
    assert_eq!(home.text(), "[projects.demo]\nharness =");
}

#[test]
fn edits_wait_for_each_other_and_none_is_lost() {
    let home = Home::new("[fleet]\n");
    let known = Registry::load(home.root()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..10 {
            let (root, known) = (home.root(), &known);
            scope.spawn(move || {
                let mut edit = Edit::open(known, Duration::from_secs(30), || {}).unwrap();
                edit.add_project(&new_project(root, &format!("p{number}")))
                    .unwrap();
                edit.save().unwrap();
            });
        }
    });
    assert_eq!(Registry::load(home.root()).unwrap().projects.len(), 10);
    let held = home.edit();
    let mut said = false;
    let error = Edit::open(&known, Duration::from_millis(5), || said = true).unwrap_err();
    assert_eq!((said, exit_of(&error)), (true, Exit::TimedOut));
    drop(held);
}

#[test]
fn what_is_refused_leaves_the_file_as_it_was() {
    let before = "[projects.demo]\nharness = 'agents'\nref = 'v1'\nlocation = 'projects/demo'\n";
    let home = Home::new(before);
    let mut edit = home.edit();
    let mut taken = new_project(home.root(), "demo");
    let error = edit.add_project(&taken).unwrap_err();
    assert_eq!(exit_of(&error), Exit::Refused);
    taken.name = name("other");
    let error = edit.add_project(&taken).unwrap_err();
    assert_eq!(exit_of(&error), Exit::Refused);
    assert_eq!(
        format!("{error:#}"),
        format!(
            "no project can be at `{}`: `demo` is there",
            taken.location.display()
        )
    );
    for location in [
        ".fleet/x",
        "x/.git",
        ".",
        "a\nb",
        "a\0b",
        "projects",
        "projects/demo/x",
    ] {
        taken.location = home.root().join(location);
        let error = edit.add_project(&taken).unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused, "{location:?}");
    }
    let error = edit.set_enabled(&[name("dmeo")], false).unwrap_err();
    assert_eq!(exit_of(&error), Exit::Usage);
    assert_eq!(
        crate::error::hints(&error),
        ["did you mean `demo`?", "`fleet list` shows the projects"]
    );
    assert!(edit.remove_project(&name("none")).is_err());
    assert_eq!(edit.save().unwrap(), Saved::Unchanged);
    assert_eq!(home.text(), before);
}

#[test]
fn a_link_stays_a_link_and_a_mode_stays_a_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new("");
    let real = home.root().join("dotfiles/real.toml");
    fs::create_dir(home.root().join("dotfiles")).unwrap();
    fs::write(&real, "[fleet]\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    let link = home.root().join(FILE);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("dotfiles/real.toml", &link).unwrap();
    let mut edit = home.edit();
    edit.add_project(&new_project(home.root(), "new")).unwrap();
    edit.save().unwrap();
    assert!(link.is_symlink());
    let mode = fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(home.text().contains("[projects.new]"));
    assert_eq!(
        fs::read_dir(home.root().join("dotfiles")).unwrap().count(),
        1
    );
}

#[test]
fn a_directory_that_is_no_fleet_gets_nothing_written() {
    let directory = tempfile::tempdir().unwrap();
    let known = Registry::parse("[fleet]\n", directory.path()).unwrap();
    let error = Edit::open(&known, Duration::ZERO, || {}).unwrap_err();
    assert_eq!(exit_of(&error), Exit::Usage);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
