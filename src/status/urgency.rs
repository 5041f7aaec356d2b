//! Which projects want to be looked at first: the same order wherever projects are ordered by how they are.

use super::{ProjectReport, Verdict};
use crate::pins::PinWord;
use crate::supervision::Want;

/// Orders projects, the most urgent first: what is wrong with what runs or should run, then with the pin, then what is as it
/// should be; within each as their verdicts are ordered, and their pins. Of what is disabled nothing is expected.
pub(crate) fn urgency(project: &ProjectReport) -> (u8, Verdict, PinWord) {
    let is_pinned = project.pin.word == PinWord::Ok && project.pin.bad.is_none();
    let group = match project.verdict {
        Verdict::Parked | Verdict::Crashed | Verdict::Missing => 0,
        Verdict::Unknown | Verdict::Degraded | Verdict::Starting => 1,
        Verdict::Down if project.desired == Some(Want::Up) => 1,
        Verdict::Up | Verdict::UpByHand | Verdict::Finished | Verdict::Down if !is_pinned => 2,
        Verdict::Up | Verdict::UpByHand | Verdict::Finished | Verdict::Down => 3,
        Verdict::Disabled => 3,
    };
    (group, project.verdict, project.pin.word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::fixture::project;

    #[test]
    fn what_wants_to_be_looked_at_comes_first() {
        let one = |verdict, pin| {
            let mut project = project(0, verdict, "");
            project.pin.word = pin;
            project
        };
        let mut wanted = one(Verdict::Down, PinWord::Ok);
        wanted.desired = Some(Want::Up);
        let in_order = [
            one(Verdict::Parked, PinWord::Ok),
            one(Verdict::Crashed, PinWord::Ok),
            one(Verdict::Missing, PinWord::Missing),
            one(Verdict::Unknown, PinWord::Ok),
            one(Verdict::Starting, PinWord::Ok),
            wanted,
            one(Verdict::Up, PinWord::Behind),
            one(Verdict::Down, PinWord::Behind),
            one(Verdict::Up, PinWord::Ok),
            one(Verdict::Finished, PinWord::Ok),
            one(Verdict::Down, PinWord::Ok),
            one(Verdict::Disabled, PinWord::Behind),
        ];
        assert!(in_order.is_sorted_by_key(urgency));
    }
}
