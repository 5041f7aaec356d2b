//! What follows from which facts.

use super::super::facts::{Facts, Run};
use super::{Deed, Difference, Remedy, differences};
use crate::names::{CommitId, Name};
use crate::pins::PinWord;

fn commit(digit: &str) -> CommitId {
    digit.repeat(40).parse().unwrap()
}

fn facts() -> Facts {
    let pinned = Some(commit("1"));
    Facts {
        location: "projects/demo".to_owned(),
        is_there: true,
        is_busy: false,
        interrupted: None,
        word: PinWord::Ok,
        reference: "v0.1.0".parse().unwrap(),
        wanted: pinned.clone(),
        stands_for: pinned.clone(),
        head: pinned.clone(),
        index: pinned.clone(),
        checkout: pinned.clone(),
        running: None,
        trouble: None,
        refusal: None,
        run: Run::AsWanted,
    }
}

fn found(facts: &Facts) -> Vec<Difference> {
    let name: Name = "demo".parse().unwrap();
    differences(&name, facts)
}

fn shown(facts: &Facts) -> String {
    let lines: Vec<String> = found(facts).iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn lost(refusal: Option<&str>) -> Run {
    Run::Lost {
        because: "its tmux server has gone".to_owned(),
        refusal: refusal.map(str::to_owned),
    }
}

#[test]
fn what_is_as_it_should_be_says_nothing() {
    assert_eq!(found(&facts()), []);
}

#[test]
fn a_pin_that_is_not_where_fleet_toml_says_is_moved_there() {
    let behind = Facts {
        word: PinWord::Behind,
        head: Some(commit("2")),
        ..facts()
    };
    assert_eq!(
        shown(&behind),
        "  - pinned at 22222222\n  + pinned at v0.1.0 (11111111): fleet update demo"
    );
    for word in [PinWord::Behind, PinWord::Moved, PinWord::Staged] {
        let facts = Facts { word, ..facts() };
        assert_eq!(found(&facts)[0].deed(), Some(Deed::Move), "{word}");
        let refused = Facts {
            refusal: Some("work could be lost".to_owned()),
            ..facts
        };
        assert_eq!(
            found(&refused)[0].remedy,
            Remedy::Cannot {
                because: "work could be lost".to_owned()
            },
            "{word}"
        );
    }
}

#[test]
fn a_registry_without_a_commit_asks_for_what_its_ref_stands_for() {
    let unknown = Facts {
        word: PinWord::Unknown,
        wanted: None,
        ..facts()
    };
    assert_eq!(found(&unknown)[0].deed(), Some(Deed::Move));
    let unreadable = Facts {
        trouble: Some("the index is split".to_owned()),
        ..unknown
    };
    assert_eq!(found(&unreadable)[0].deed(), None);
}

#[test]
fn a_ref_that_was_edited_by_hand_is_told_and_left() {
    let edited = Facts {
        stands_for: Some(commit("3")),
        ..facts()
    };
    assert_eq!(
        shown(&edited),
        "  - fleet.toml has v0.1.0 with the commit 11111111\n  ? v0.1.0 stands for 33333333; yours to do: \
         fleet update demo v0.1.0 --accept-moved-tag"
    );
}

#[test]
fn what_was_lost_comes_back_and_what_has_ended_is_the_operators() {
    let run = |run: Run| found(&Facts { run, ..facts() });
    assert_eq!(run(lost(None))[0].deed(), Some(Deed::Start));
    assert_eq!(run(lost(Some("the brake is on")))[0].deed(), None);
    assert_eq!(run(Run::Unwanted)[0].deed(), Some(Deed::Stop));
    let ended = run(Run::Ended("it has crashed: exit status 7".to_owned()));
    assert_eq!(
        ended[0].remedy,
        Remedy::Yours {
            command: "fleet start demo".to_owned()
        }
    );
}

#[test]
fn skew_is_named_and_nothing_is_restarted() {
    let skew = Facts {
        word: PinWord::Skew,
        running: Some(commit("2")),
        ..facts()
    };
    assert_eq!(
        shown(&skew),
        "  - runs 22222222, pinned at 11111111\n  ? runs what is pinned; yours to do: fleet restart demo"
    );
}

#[test]
fn what_is_half_made_is_repaired_before_anything_else_is_said() {
    let all = Facts {
        interrupted: Some("move the pin".to_owned()),
        word: PinWord::Behind,
        run: lost(None),
        ..facts()
    };
    assert_eq!(found(&all).len(), 1);
    assert_eq!(found(&all)[0].deed(), Some(Deed::Repair));
    let busy = Facts {
        is_busy: true,
        ..all
    };
    assert_eq!(found(&busy)[0].deed(), None);
}

#[test]
fn a_missing_engine_is_filled_before_it_runs() {
    let missing = Facts {
        word: PinWord::Missing,
        checkout: None,
        run: lost(None),
        ..facts()
    };
    let deeds: Vec<_> = found(&missing).iter().map(Difference::deed).collect();
    assert_eq!(deeds, [Some(Deed::Fill), Some(Deed::Start)]);
    assert!(Deed::Fill < Deed::Start && Deed::Repair < Deed::Move);
    let unpinned = Facts {
        head: None,
        ..missing
    };
    assert_eq!(found(&unpinned)[0].deed(), None);
}

#[test]
fn nothing_is_done_where_there_is_nothing() {
    let gone = Facts {
        is_there: false,
        run: lost(None),
        ..facts()
    };
    assert_eq!(
        shown(&gone),
        "  - nothing is at projects/demo\n  ! its repository; cannot be done: put it back, or correct its `location` in \
         fleet.toml"
    );
}
