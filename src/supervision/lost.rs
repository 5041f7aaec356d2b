//! Units whose tender has gone without an end that anybody wanted.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;

use super::client::WITHOUT_TENDER;
use super::{Liveness, Phase, Process, State, sweep};

impl State {
    /// Tells whether the terminal's server that the tender was in has gone, given the one that answers now, if any does.
    /// To be asked of tenders of this boot.
    pub(crate) fn has_lost_server(&self, answering: Option<&Process>) -> bool {
        match &self.server {
            Some(server) => server.liveness() == Liveness::Gone,
            // It is not on record: a tender is younger than its server, whatever the clock said meanwhile.
            None => answering.is_none_or(|server| server.started > self.tender.started),
        }
    }

    /// Gives a unit up whose tender has gone, after ending what that left behind.
    ///
    /// A state's one writer is its tender. Where that is certainly dead, whoever holds the unit's command lock may take
    /// its place for this one change: nobody can begin another tender meanwhile. Fails where the tender may be alive.
    pub(crate) fn park_without_tender(mut self, path: &Path, reason: &str) -> anyhow::Result<()> {
        if self.tender_liveness() != Liveness::Gone {
            bail!("`{}` has a tender, which alone may park it", self.name);
        }
        let life = self
            .life
            .as_ref()
            .filter(|_| self.may_have_left_something());
        let swept = life.map(|life| sweep::end_life(life, WITHOUT_TENDER));
        let left = swept.map_or_else(Vec::new, |swept| swept.left);
        self.phase = Phase::Parked;
        self.since = Timestamp::now();
        self.due = None;
        self.reason = Some(if left.is_empty() {
            reason.to_owned()
        } else {
            let left: Vec<String> = left.iter().map(i32::to_string).collect();
            format!("{reason}; cannot end what it started: {}", left.join(", "))
        });
        self.write(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_gone_by_its_process_and_by_no_clock() {
        let here = Process::me().unwrap();
        let mut gone = here.clone();
        gone.started -= 1;
        let mut lost = State::new("demo", here.clone());
        lost.since = Timestamp::MAX;
        lost.server = Some(here.clone());
        assert!(!lost.has_lost_server(Some(&here)));
        assert!(!lost.has_lost_server(None));
        lost.server = Some(gone);
        assert!(lost.has_lost_server(Some(&here)));
        (lost.server, lost.tender) = (None, here.clone());
        assert!(lost.has_lost_server(None));
        assert!(!lost.has_lost_server(Some(&here)));
        lost.tender.started -= 1;
        assert!(lost.has_lost_server(Some(&here)));
    }
}
