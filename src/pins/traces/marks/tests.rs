//! What counts, and what does not.

use super::*;

fn telltales() -> Telltales {
    Telltales {
        root: "/home/ada/fleet".into(),
        own_files: vec!["fleet.toml", ".fleet"],
        secrets: vec![
            ("fleet-tender".to_owned(), "the tender"),
            ("fleet-home-0123456789abcdef".to_owned(), "the socket"),
        ],
        mark: "TENDED_",
        variables: vec!["FLEET_DIR"],
        verbs: vec!["update".to_owned()],
        ..Telltales::default()
    }
}

fn certain(text: &str) -> Vec<String> {
    let marks = Marks::new(telltales());
    let own = marks.places_of(Path::new("/home/ada/fleet/projects/demo"));
    let hits = marks.certain(text.as_bytes(), &own);
    assert!(hits.is_empty() || !marks.is_silent(text.as_bytes()));
    let shown = hits.into_iter().map(|hit| text[hit.at].to_owned());
    shown.collect()
}

#[test]
fn the_fleets_directory_counts_and_the_projects_own_does_not() {
    for text in [
        "/home/ada/fleet",
        "see /home/ada/fleet.",
        "x=/home/ada/fleet/fleet.toml",
        "file:///home/ada/fleet/.fleet/socket",
        "\"/home/ada/fleet/projects/other\"",
        "/home/ada/fleet/projects/demo-2/x",
        "/home/ada/fleet/projects",
        "é /home/ada/fleet/",
    ] {
        assert_eq!(certain(text), ["/home/ada/fleet"], "{text}");
    }
    for text in [
        "/home/ada/fleet/projects/demo",
        "worktree = /home/ada/fleet/projects/demo/engine",
        "in /home/ada/fleet/projects/demo.",
        "/home/ada/fleets/x",
        "/home/ada/fleet.git",
        "/home/ada/fleet-2",
        "/mnt/home/ada/fleeting /srv/home/ada/fleet-x",
        "/srv2/home/ada/fleeté",
        "x/home/ada/fleet",
    ] {
        assert_eq!(certain(text), [""; 0], "{text}");
    }
}

#[test]
fn in_a_directory_that_is_shared_only_the_fleets_own_files_count() {
    let marks = Marks::new(Telltales {
        is_shared: true,
        ..telltales()
    });
    let count = |text: &str| marks.certain(text.as_bytes(), &[]).len();
    assert_eq!(count("/home/ada/fleet/notes /home/ada/fleet"), 0);
    assert_eq!(count("/home/ada/fleet/fleet.toml"), 1);
    assert_eq!(count("/home/ada/fleet/.fleet/state/demo.json"), 1);
    assert_eq!(count("/home/ada/fleet/.fleet.bak"), 0);
}

#[test]
fn names_that_only_the_program_has_count_as_whole_words() {
    assert_eq!(certain("exec fleet-tender x"), ["fleet-tender"]);
    assert_eq!(
        certain("/tmp/tmux-0/fleet-home-0123456789abcdef,1,0").len(),
        1
    );
    assert_eq!(certain("TENDED_1=ab"), ["TENDED_"]);
    for text in ["fleet-tenders", "a-fleet-tender", "TENDED_BY", "ATTENDED_"] {
        assert_eq!(certain(text), [""; 0], "{text}");
    }
}

#[test]
fn a_place_is_told_once_by_its_longest_name() {
    let marks = Marks::new(Telltales {
        secrets: vec![("/home/ada/fleet/.fleet/s".to_owned(), "the socket")],
        ..telltales()
    });
    assert_eq!(marks.certain(b"/home/ada/fleet/.fleet/s", &[]).len(), 1);
}

#[test]
fn what_the_program_would_say_is_told_from_what_people_say() {
    let marks = Marks::new(telltales());
    let spoken = |text: &str| marks.spoken(text.as_bytes()).is_some();
    for text in [
        "fleet update demo",
        "run `fleet update`",
        "export FLEET_DIR",
        "Move it\n\nFleet-Project: demo",
        "fleet: moved",
        "x\nfleet: moved",
        "as in fleet.toml",
    ] {
        assert!(spoken(text), "{text}");
    }
    for text in [
        "Add the fleet updates page",
        "our fleet: twelve ships",
        "the whole fleet updated",
        "fleeting",
        "MY_FLEET_DIRECTORY",
        ".fleet/settings.json",
    ] {
        assert!(!spoken(text), "{text}");
    }
}

#[test]
fn the_word_is_a_word() {
    let found = |text: &str| words(text.as_bytes()).count();
    assert_eq!(found("Fleet, fleet-x fleet_y the/fleet"), 4);
    assert_eq!(found("fleeting Fleetwood afleet"), 0);
}
