//! `fleet harness fetch`: what is new where harnesses come from.

use crate::fleet::Fleet;
use crate::names::Name;
use crate::parallel::in_as_many_threads;
use crate::pins::Fetched;
use crate::ui::Ui;

/// What a fetch brought.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// There was no copy; now there is one, and its newest tag, if it has tags, is this.
    Copied(Option<String>),
    /// What has changed since the last fetch.
    Changed(Fetched),
}

/// Fetches harnesses, all at once: each waits for another machine.
pub(crate) fn fetch_harnesses(fleet: &Fleet, names: &[Name], ui: &Ui) -> Vec<anyhow::Result<News>> {
    let counting = ui.counting("fetching", names.len());
    in_as_many_threads(names.len(), names, |name| {
        let _one = counting.on(name);
        if let Some(known) = fleet.known_mirror(name) {
            return known.fetch().map(News::Changed);
        }
        let newest = fleet.mirror(name)?.tags()?.into_iter().next();
        Ok(News::Copied(newest))
    })
}
