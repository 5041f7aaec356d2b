//! What becomes of news: the screen shows it, where somebody still wants it.

use std::sync::Arc;

use crate::fleet::Fleet;

use super::errand::{Errand, Outcome};
use super::follow::Follow;
use super::model::{Model, Open, Text, Wanted};
use super::news::News;

/// Puts news where they belong. The fleet is replaced by the one that was last valid.
pub(super) fn learn(model: &mut Model, follow: &mut Follow, fleet: &mut Arc<Fleet>, news: News) {
    match news {
        News::Looked(opened, looked, notice) => {
            model.registered = opened.registry.projects.len();
            *fleet = opened;
            model.trouble = notice;
            match *looked {
                Ok(report) => model.learn(report),
                Err(error) => model.trouble = Some(error),
            }
            follow.has_more();
        }
        News::Planned(errand, told) => plan_is_known(model, &errand, told),
        News::Done(outcome) => {
            model.running = None;
            model.outcome = Some(outcome);
            model.outcome_scroll = 0;
            follow.has_more();
        }
        News::Why(name, why) => {
            if let Open::Large(large) = &mut model.open
                && let Text::Why(asked, known) = &mut large.of
                && *asked == name
            {
                *known = Some(*why);
            }
        }
        News::Versions(names, versions) => {
            if let Open::Asking(asking) = &mut model.open
                && asking.names == names
            {
                asking.versions = Some(versions);
            }
        }
        News::Lines(name, place, lines, terminal) => {
            let wanted = Wanted::Lines(name.clone(), place);
            if follow.fetched(&wanted, terminal) {
                model.lines = Some((name, lines));
            }
        }
        News::History(name, history) => {
            let wanted = Wanted::History(name.clone());
            if follow.fetched(&wanted, None) {
                model.history = Some((name, history));
            }
        }
    }
}

/// Shows a plan to who still waits for it.
fn plan_is_known(model: &mut Model, errand: &Errand, told: Outcome) {
    if let Open::Plan(plan) = &mut model.open
        && plan.errand == *errand
        && plan.told.is_none()
    {
        plan.told = Some(told);
    }
}
