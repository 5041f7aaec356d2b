//! Keys of what lies over the table: the filter, a question, a plan, what is large, how a command went.

use crate::names::Name;

use super::super::errand::{Errand, Verb};
use super::super::keys::Key;
use super::super::model::{Asking, Model, Open, Tab, Text};
use super::{Wish, agent, motion, next_terminal, plan};

pub(super) fn on_filter(model: &mut Model, key: &Key) {
    match key {
        Key::Enter => model.open = Open::Table,
        Key::Escape => {
            if let Open::Filter { before, selected } = std::mem::take(&mut model.open) {
                (model.filter, model.selected) = (before, selected);
            }
            model.settle();
        }
        Key::Up => model.go(-1),
        Key::Down => model.go(1),
        other => {
            edit(&mut model.filter, other);
            let is_shown = |name: &Name| model.shown().iter().any(|it| it.name == *name);
            // The first that matches is what is looked for.
            match model.selected.as_ref().is_some_and(is_shown) {
                true => model.settle(),
                false => model.go_to(0),
            }
        }
    }
}

/// Edits a line of text.
fn edit(text: &mut String, key: &Key) {
    match key {
        Key::Char(c) => text.push(*c),
        Key::Pasted(pasted) => text.extend(pasted.chars().filter(|c| !c.is_control())),
        Key::Backspace => drop(text.pop()),
        Key::Control('u') => text.clear(),
        Key::Control('w') => {
            let kept = text.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
            text.truncate(kept);
        }
        _ => {}
    }
}

/// What became of a question.
pub(super) enum Answered {
    NotYet,
    Never,
    With(Errand),
}

pub(super) fn on_asking(asking: &mut Asking, key: &Key) -> Answered {
    let last = asking.offered().len().checked_sub(1);
    match key {
        Key::Escape => return Answered::Never,
        Key::Enter => {
            return Answered::With(Errand {
                verb: Verb::Update,
                names: asking.names.clone(),
                reference: asking.meant(),
                restarts: asking.restarts,
            });
        }
        Key::Tab => asking.restarts = !asking.restarts,
        Key::Down => {
            let next = asking.chosen.map_or(0, |chosen| chosen + 1);
            asking.chosen = last.map(|last| next.min(last));
        }
        // Above the first one is what was typed.
        Key::Up => asking.chosen = asking.chosen.and_then(|chosen| chosen.checked_sub(1)),
        other => {
            asking.chosen = None;
            edit(&mut asking.typed, other);
        }
    }
    Answered::NotYet
}

pub(super) fn after_asking(model: &mut Model, answered: Answered) -> Option<Wish> {
    match answered {
        Answered::NotYet => None,
        Answered::Never => {
            model.open = Open::Table;
            None
        }
        Answered::With(errand) => plan(model, errand),
    }
}

pub(super) fn on_plan(model: &mut Model, key: &Key) -> Option<Wish> {
    let page = model.page;
    let most = model.most_scroll;
    let Open::Plan(plan) = &mut model.open else {
        return None;
    };
    if let Some(by) = motion(key, page) {
        plan.scroll = plan.scroll.saturating_add_signed(by).min(most);
        return None;
    }
    match key {
        Key::Escape | Key::Char('q') => model.open = Open::Table,
        // An Enter too many must not confirm what nobody has read.
        Key::Char('y') | Key::Enter => {
            let told = plan.told.as_ref()?;
            let errand = plan.errand.clone();
            let may_be_done = told.may_be_done();
            model.open = Open::Table;
            if !may_be_done {
                return None;
            }
            model.outcome = None;
            model.outcome_scroll = 0;
            model.running = Some(errand.line());
            return Some(Wish::CarryOut(errand));
        }
        _ => {}
    }
    None
}

pub(super) fn on_large(model: &mut Model, key: &Key) -> Option<Wish> {
    let (page, most) = (model.page, model.most_scroll);
    let Open::Large(large) = &mut model.open else {
        return None;
    };
    let is_tab = matches!(large.of, Text::Tab);
    // What grows is read from its end: up is further away from it.
    let is_from_end = is_tab && model.tab == Tab::Lines;
    if let Some(by) = motion(key, page) {
        let by = if is_from_end { by.saturating_neg() } else { by };
        large.scroll = large.scroll.saturating_add_signed(by).min(most);
        return None;
    }
    let tab = match key {
        Key::Escape | Key::Char('q') | Key::Enter => {
            model.open = Open::Table;
            return None;
        }
        Key::Char('?') if matches!(large.of, Text::Help) => {
            model.open = Open::Table;
            return None;
        }
        Key::Left if is_tab => {
            model.terminal = model.terminal.saturating_sub(1);
            return None;
        }
        Key::Right if is_tab => {
            next_terminal(model);
            return None;
        }
        Key::Char('a') if is_tab => {
            let name = model.selected.clone()?;
            return Some(Wish::Attach(name, agent(model)));
        }
        Key::Tab => model.tab.further(1),
        Key::BackTab => model.tab.further(2),
        Key::Char('1') => Tab::Facts,
        Key::Char('2') => Tab::Lines,
        Key::Char('3') => Tab::History,
        _ => return None,
    };
    if is_tab {
        large.scroll = 0;
        model.tab = tab;
    }
    None
}

pub(super) fn on_outcome(model: &mut Model, key: &Key) -> Option<Wish> {
    if let Some(by) = motion(key, model.page) {
        let scroll = model.outcome_scroll.saturating_add_signed(by);
        model.outcome_scroll = scroll.min(model.most_scroll);
        return None;
    }
    if matches!(key, Key::Escape | Key::Enter | Key::Char('q')) {
        model.outcome = None;
        model.outcome_scroll = 0;
    }
    None
}
