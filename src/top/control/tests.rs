//! Which key does what.

use super::super::errand::Outcome;
use super::super::fixture::{four, pressed, project, report};
use super::super::model::{Lines, Wanted};
use super::super::order::Sort;
use super::*;
use crate::status::Verdict;

fn selected(model: &Model) -> &str {
    model.selected.as_ref().unwrap().as_str()
}

fn shown(model: &Model) -> Vec<&str> {
    let shown = model.shown().into_iter();
    shown.map(|project| project.name.as_str()).collect()
}

fn outcome(code: i32, said: &str) -> Outcome {
    Outcome {
        line: "fleet start ada".to_owned(),
        code: Some(code),
        said: said.to_owned(),
    }
}

/// Lets the plan that is asked for be told.
fn tell(model: &mut Model, code: i32) {
    let Open::Plan(plan) = &mut model.open else {
        panic!("no plan is asked for");
    };
    plan.told = Some(outcome(code, "ada:\n  start it"));
}

#[test]
fn what_is_wrong_stands_first_and_the_order_can_be_another() {
    let mut model = four();
    assert_eq!(shown(&model), ["bob", "carl", "ada", "dora"]);
    for (sort, names) in [
        (Sort::Name, ["ada", "bob", "carl", "dora"]),
        (Sort::Age, ["ada", "bob", "carl", "dora"]),
        (Sort::Pin, ["ada", "bob", "carl", "dora"]),
        (Sort::Ref, ["ada", "bob", "carl", "dora"]),
        (Sort::State, ["bob", "carl", "ada", "dora"]),
    ] {
        pressed(&mut model, "o");
        assert_eq!((model.sort, shown(&model)), (sort, names.to_vec()));
    }
    pressed(&mut model, "oO");
    assert_eq!(shown(&model), ["dora", "carl", "bob", "ada"]);
}

#[test]
fn the_selection_stays_on_its_project_wherever_that_goes() {
    let mut model = four();
    assert_eq!(selected(&model), "bob");
    pressed(&mut model, "jj");
    assert_eq!(selected(&model), "ada");
    pressed(&mut model, "O");
    assert_eq!(selected(&model), "ada");
    model.learn(report(vec![
        project("ada", Verdict::Crashed, None),
        project("bob", Verdict::Up, None),
        project("carl", Verdict::Up, None),
    ]));
    assert_eq!(selected(&model), "ada");
    // What has gone leaves the selection to what stands where it stood.
    model.learn(report(vec![
        project("bob", Verdict::Up, None),
        project("carl", Verdict::Up, None),
    ]));
    assert_eq!(selected(&model), "carl");
    model.learn(report(Vec::new()));
    assert_eq!(model.selected, None);
    assert_eq!(pressed(&mut model, "s w\r"), None);
}

#[test]
fn motion_ends_at_the_ends() {
    let mut model = four();
    for (keys, name) in [
        ("k", "bob"),
        ("\x1b[B", "carl"),
        ("G", "dora"),
        ("j", "dora"),
        ("g", "bob"),
        ("\x1b[6~", "dora"),
        ("\x1b[5~", "bob"),
    ] {
        pressed(&mut model, keys);
        assert_eq!(selected(&model), name, "after {keys:?}");
    }
}

#[test]
fn a_filter_is_over_all_that_is_said_of_a_project() {
    let mut model = four();
    for (text, names) in [
        ("/BOB", &["bob"][..]),
        ("/table", &["bob"]),
        ("/parked", &["bob"]),
        ("/lines up", &["ada", "dora"]),
        ("/research", &["bob", "carl", "ada", "dora"]),
        ("/nobody", &[]),
    ] {
        pressed(&mut model, text);
        assert_eq!(shown(&model), names, "after {text}");
        pressed(&mut model, "\x1b");
        assert_eq!(shown(&model).len(), 4, "Escape while typing is as before");
    }
    pressed(&mut model, "/dora\r");
    assert_eq!((selected(&model), shown(&model).len()), ("dora", 1));
    pressed(&mut model, "\x1b");
    assert_eq!((selected(&model), shown(&model).len()), ("dora", 4));
    pressed(&mut model, "/xy\x7f\x7fada\x1b[200~\rq\x1b[201~");
    assert_eq!(model.filter, "adaq", "what is pasted is text");
}

#[test]
fn a_command_is_shown_before_it_is_carried_out() {
    for (key, line) in [
        ("s", "fleet start bob"),
        ("x", "fleet stop bob"),
        ("S", "fleet stop bob"),
        ("r", "fleet restart bob"),
        ("e", "fleet enable bob"),
        ("d", "fleet disable bob"),
    ] {
        let mut model = four();
        let Some(Wish::Plan(errand)) = pressed(&mut model, key) else {
            panic!("`{key}` asks for no plan");
        };
        assert_eq!(errand.line(), line);
        assert_eq!(pressed(&mut model, "y\r"), None, "nobody has read it");
        tell(&mut model, 0);
        assert_eq!(pressed(&mut model, "y"), Some(Wish::CarryOut(errand)));
        assert_eq!(model.running.as_deref(), Some(line));
    }
}

#[test]
fn what_is_not_confirmed_is_not_done() {
    for (key, code) in [("\x1b", 0), ("q", 0), ("y", 3), ("\r", 2)] {
        let mut model = four();
        pressed(&mut model, "s");
        tell(&mut model, code);
        assert_eq!(pressed(&mut model, key), None);
        assert!(matches!(model.open, Open::Table));
        assert_eq!(model.running, None);
    }
}

#[test]
fn one_command_is_carried_out_after_the_other() {
    let mut model = four();
    model.running = Some("fleet stop ada".to_owned());
    assert_eq!(pressed(&mut model, "s"), None);
    assert!(model.word.as_ref().unwrap().contains("`fleet stop ada`"));
    pressed(&mut model, "j");
    assert_eq!((selected(&model), &model.word), ("carl", &None));
    assert!(matches!(pressed(&mut model, "w"), Some(Wish::Why(_))));
}

#[test]
fn commands_are_about_the_marked_projects() {
    let mut model = four();
    pressed(&mut model, "  ");
    assert_eq!(selected(&model), "ada");
    let Some(Wish::Plan(errand)) = pressed(&mut model, "x") else {
        panic!("no plan");
    };
    assert_eq!(errand.line(), "fleet stop bob carl");
    pressed(&mut model, "\x1b\x1b");
    assert!(model.marked.is_empty());
    pressed(&mut model, "/up\r*");
    assert_eq!(model.marked.len(), 2);
    pressed(&mut model, "*");
    assert!(model.marked.is_empty());
}

#[test]
fn an_update_asks_for_the_version() {
    let mut model = four();
    let names = vec!["bob".parse().unwrap()];
    assert_eq!(pressed(&mut model, "u"), Some(Wish::Versions(names)));
    let Open::Asking(asking) = &mut model.open else {
        panic!("nothing is asked");
    };
    let version = |name: &str| (name.to_owned(), String::new());
    asking.versions = Some(Ok(["v0.2.0", "v0.1.0", "main"].map(version).into()));
    let line = |wish| match wish {
        Some(Wish::Plan(errand)) => errand.line(),
        other => panic!("no plan, but {other:?}"),
    };
    assert_eq!(line(pressed(&mut model, "\r")), "fleet update bob");
    for (keys, expected) in [
        ("v0.9\r", "fleet update bob v0.9"),
        ("\x1b[B\r", "fleet update bob v0.2.0"),
        ("0.1\x1b[B\x1b[B\r", "fleet update bob v0.1.0"),
        ("\x1b[B\x1b[B\x1b[A\x1b[A\r", "fleet update bob"),
        ("\t\x1b[B\r", "fleet update bob v0.2.0 --restart"),
    ] {
        pressed(&mut model, "\x1bu");
        if let Open::Asking(asking) = &mut model.open {
            asking.versions = Some(Ok(["v0.2.0", "v0.1.0", "main"].map(version).into()));
        }
        assert_eq!(line(pressed(&mut model, keys)), expected);
    }
    pressed(&mut model, "\x1bu\x1b");
    assert!(matches!(model.open, Open::Table));
}

#[test]
fn how_a_command_went_is_shown_until_it_is_dismissed() {
    let mut model = four();
    model.outcome = Some(outcome(1, "error: cannot\nhint: type this"));
    assert!(model.has_outcome_open());
    assert_eq!(pressed(&mut model, "s"), None, "the keys are its own");
    pressed(&mut model, "\x1b");
    assert_eq!(model.outcome, None);
    // One line needs no window, and stands in nobody's way.
    model.outcome = Some(outcome(0, "started `ada`"));
    assert!(!model.has_outcome_open());
    assert!(matches!(pressed(&mut model, "s"), Some(Wish::Plan(_))));
    // Where something else is open it waits.
    model.outcome = Some(outcome(1, "error: cannot"));
    assert!(!model.has_outcome_open());
    pressed(&mut model, "\x1b");
    assert!(model.has_outcome_open());
}

#[test]
fn only_what_is_looked_at_is_fetched() {
    let mut model = four();
    let bob = || "bob".parse().unwrap();
    assert_eq!(model.wanted(), None, "facts are known already");
    pressed(&mut model, "2");
    assert_eq!(model.wanted(), Some(Wanted::Lines(bob(), 0)));
    pressed(&mut model, "\t");
    assert_eq!(model.wanted(), Some(Wanted::History(bob())));
    model.has_panel = false;
    assert_eq!(model.wanted(), None);
    pressed(&mut model, "\r");
    assert_eq!(model.wanted(), Some(Wanted::History(bob())));
    pressed(&mut model, "\r\x1b[Z\x1b[Z");
    assert_eq!(model.tab, Tab::Facts);
}

#[test]
fn the_terminals_of_a_project_can_be_chosen() {
    let mut model = four();
    pressed(&mut model, "2");
    let terminals = ["one", "two", "harness"].map(str::to_owned).into();
    let bob: Name = "bob".parse().unwrap();
    let lines = Lines {
        terminals,
        ..Lines::default()
    };
    model.lines = Some((bob.clone(), lines));
    pressed(&mut model, "\x1b[C\x1b[C\x1b[C");
    assert_eq!(model.terminal, 2);
    pressed(&mut model, "\x1b[D");
    assert_eq!(model.wanted(), Some(Wanted::Lines(bob.clone(), 1)));
    let attach = Some(Wish::Attach(bob, Some("one".to_owned())));
    assert_eq!(pressed(&mut model, "a"), attach, "what is shown is meant");
    pressed(&mut model, "j");
    assert_eq!(model.terminal, 0);
}

#[test]
fn it_can_be_left_from_everywhere_and_q_closes_what_is_open() {
    for keys in ["", "/x", "u", "s", "?", "w", "\r"] {
        let mut model = four();
        pressed(&mut model, keys);
        assert_eq!(pressed(&mut model, "\x03"), Some(Wish::Leave));
        assert_eq!(pressed(&mut model, "\x1a"), Some(Wish::Suspend));
    }
    let mut model = four();
    assert_eq!(pressed(&mut model, "?q"), None);
    assert_eq!(pressed(&mut model, "q"), Some(Wish::Leave));
}
