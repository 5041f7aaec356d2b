//! What a key does: a change of the model, and at most one wish for what only the program around it can do.

mod over;

use crate::names::Name;

use super::errand::{Errand, Verb};
use super::keys::Key;
use super::model::{Asking, Large, Model, Open, Plan, Tab, Text};
use over::{after_asking, on_asking, on_filter, on_large, on_outcome, on_plan};

/// What the program is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Leave,
    Suspend,
    /// Look at everything again.
    LookAnew,
    /// Find out what a command would do.
    Plan(Errand),
    /// Do it.
    CarryOut(Errand),
    Attach(Name, Option<String>),
    Why(Name),
    /// Find out which versions there are of the harnesses of these projects.
    Versions(Vec<Name>),
}

/// Does what a key says.
pub(super) fn press(model: &mut Model, key: &Key) -> Option<Wish> {
    model.word = None;
    match key {
        Key::Control('c') => return Some(Wish::Leave),
        Key::Control('z') => return Some(Wish::Suspend),
        Key::Control('l') => return Some(Wish::LookAnew),
        _ => {}
    }
    if model.has_outcome_open() {
        return on_outcome(model, key);
    }
    match &mut model.open {
        Open::Table => on_table(model, key),
        Open::Filter { .. } => {
            on_filter(model, key);
            None
        }
        Open::Asking(asking) => {
            let wish = on_asking(asking, key);
            after_asking(model, wish)
        }
        Open::Plan(_) => on_plan(model, key),
        Open::Large(_) => on_large(model, key),
    }
}

/// Moves the selection, or a text: the same keys everywhere.
fn motion(key: &Key, page: usize) -> Option<isize> {
    let page = isize::try_from(page.max(2) - 1).unwrap_or(1);
    Some(match key {
        Key::Up | Key::Char('k') | Key::Control('p') => -1,
        Key::Down | Key::Char('j') | Key::Control('n') => 1,
        Key::PageUp | Key::Control('b') => -page,
        Key::PageDown | Key::Control('f') => page,
        Key::Home | Key::Char('g') => isize::MIN,
        Key::End | Key::Char('G') => isize::MAX,
        _ => return None,
    })
}

fn on_table(model: &mut Model, key: &Key) -> Option<Wish> {
    if let Some(by) = motion(key, model.rows) {
        model.go(by);
        return None;
    }
    match key {
        Key::Char('q') => return Some(Wish::Leave),
        Key::Escape => step_back(model),
        Key::Char('?') => open_large(model, Text::Help),
        Key::Char('n') => open_large(model, Text::Notices),
        Key::Char('/') => {
            model.open = Open::Filter {
                before: model.filter.clone(),
                selected: model.selected.clone(),
            };
        }
        Key::Char('o') => {
            model.sort = model.sort.next();
            model.settle();
        }
        Key::Char('O') => {
            model.is_reversed = !model.is_reversed;
            model.settle();
        }
        Key::Tab => model.tab = model.tab.further(1),
        Key::BackTab => model.tab = model.tab.further(2),
        Key::Char('1') => model.tab = Tab::Facts,
        Key::Char('2') => model.tab = Tab::Lines,
        Key::Char('3') => model.tab = Tab::History,
        Key::Left => model.terminal = model.terminal.saturating_sub(1),
        Key::Right => next_terminal(model),
        Key::Char('*') => mark_all(model),
        _ => return on_project(model, key),
    }
    None
}

/// Does what is about the selected project, or the marked ones.
fn on_project(model: &mut Model, key: &Key) -> Option<Wish> {
    let name = model.current()?.name.clone();
    let verb = match key {
        Key::Char(' ') => {
            if !model.marked.remove(&name) {
                model.marked.insert(name);
            }
            model.go(1);
            return None;
        }
        Key::Enter => {
            open_large(model, Text::Tab);
            return None;
        }
        Key::Char('l') => {
            model.tab = Tab::Lines;
            open_large(model, Text::Tab);
            return None;
        }
        Key::Char('w') => {
            open_large(model, Text::Why(name.clone(), None));
            return Some(Wish::Why(name));
        }
        Key::Char('a') => return Some(Wish::Attach(name, agent(model))),
        Key::Char('s') => Verb::Start,
        Key::Char('x' | 'S') => Verb::Stop,
        Key::Char('r') => Verb::Restart,
        Key::Char('u') => Verb::Update,
        Key::Char('e') => Verb::Enable,
        Key::Char('d') => Verb::Disable,
        _ => return None,
    };
    if let Some(line) = &model.running {
        model.word = Some(format!("`{line}` is not done yet: one after the other"));
        return None;
    }
    let names = model.meant();
    if verb == Verb::Update {
        model.open = Open::Asking(Asking {
            names: names.clone(),
            typed: String::new(),
            restarts: false,
            versions: None,
            chosen: None,
        });
        return Some(Wish::Versions(names));
    }
    plan(model, Errand::of(verb, names))
}

/// Asks for the plan of an errand.
fn plan(model: &mut Model, errand: Errand) -> Option<Wish> {
    model.open = Open::Plan(Plan {
        errand: errand.clone(),
        told: None,
        scroll: 0,
    });
    Some(Wish::Plan(errand))
}

/// Takes back one thing: the last outcome, the filter, the marks.
fn step_back(model: &mut Model) {
    if model.outcome.take().is_some() {
        return;
    }
    if model.filter.is_empty() {
        model.marked.clear();
    } else {
        model.filter.clear();
        model.settle();
    }
}

fn mark_all(model: &mut Model) {
    let shown: Vec<Name> = model
        .shown()
        .into_iter()
        .map(|it| it.name.clone())
        .collect();
    if shown.iter().all(|name| model.marked.contains(name)) {
        model.marked.clear();
    } else {
        model.marked.extend(shown);
    }
}

fn next_terminal(model: &mut Model) {
    let last = match &model.lines {
        Some((name, lines)) if Some(name) == model.selected.as_ref() => lines.terminals.len(),
        Some(_) | None => 1,
    };
    model.terminal = (model.terminal + 1).min(last.saturating_sub(1));
}

/// Returns the agent whose terminal is looked at.
fn agent(model: &Model) -> Option<String> {
    let (name, lines) = model.lines.as_ref()?;
    if model.tab != Tab::Lines || Some(name) != model.selected.as_ref() || lines.terminals.len() < 2
    {
        return None;
    }
    lines.terminals.get(lines.place).cloned()
}

fn open_large(model: &mut Model, of: Text) {
    model.open = Open::Large(Large { of, scroll: 0 });
}

#[cfg(test)]
mod tests;
