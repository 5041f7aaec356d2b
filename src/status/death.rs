//! Deaths: what is compared to find that many have one cause.

use jiff::Timestamp;

use super::Verdict;
use super::facts::Loss;
use super::judge::{Judgement, said_of_it, tells_of};
use crate::names::{CommitId, Name};
use crate::registry::Project;
use crate::supervision::{Phase, State};

/// What incidents are made of: one project's death.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Death {
    pub(crate) project: Name,
    pub(crate) harness: Name,
    pub(crate) verdict: Verdict,
    /// Whether its next life comes by itself, or when the brake is released.
    pub(crate) waits: bool,
    /// What its next life waits for, beside the time.
    pub(crate) held: Option<String>,
    /// What it was lost with, where it had no part in its death.
    pub(crate) loss: Option<Loss>,
    /// When, where that is known.
    pub(crate) at: Option<Timestamp>,
    /// How it ended, without what differs from project to project.
    pub(crate) how: String,
    /// What deaths of the same cause have in common; empty where there is nothing to compare.
    pub(crate) signature: String,
    /// The harness's commit that it ran.
    pub(crate) commit: Option<String>,
    /// The commit that it is to run: what fleet.toml's ref stands for.
    pub(crate) wanted: Option<CommitId>,
}

impl Death {
    /// Returns the death of a project that is dead, whether or not it is to come back.
    pub(super) fn of(project: &Project, judged: &Judgement, state: Option<&State>) -> Option<Self> {
        match judged.verdict {
            Verdict::Crashed | Verdict::Parked => {}
            Verdict::Up
            | Verdict::UpByHand
            | Verdict::Starting
            | Verdict::Down
            | Verdict::Finished
            | Verdict::Disabled
            | Verdict::Degraded
            | Verdict::Missing
            | Verdict::Unknown => return None,
        }
        let state = state?;
        // What the last life ended with says nothing of one that was lost.
        let exit = state.last_exit.as_ref().filter(|_| judged.loss.is_none());
        let waits = state.phase == Phase::Waiting && judged.loss.is_none();
        // What a wait is for is no part of how it ended.
        let told = state.reason.clone().filter(|_| !waits);
        let untold = exit.filter(|exit| !tells_of(told.as_deref(), exit));
        let ended = untold.map(|exit| match said_of_it(exit) {
            Some(line) => format!("{exit}: {line}"),
            None => exit.to_string(),
        });
        let parts = [told, ended, exit.and_then(|exit| exit.oom.clone())];
        Some(Self {
            project: project.name.clone(),
            harness: project.harness.clone(),
            verdict: judged.verdict,
            waits,
            held: state.reason.clone().filter(|_| waits),
            loss: judged.loss,
            at: exit.map(|exit| exit.at).or(judged.since),
            how: match judged.loss {
                // Whether its tender had the time to write of it makes no difference to what happened.
                Some(Loss::Server) => "its tmux server has gone".to_owned(),
                Some(Loss::Machine) => "the machine was restarted".to_owned(),
                Some(Loss::Session | Loss::Tender) => judged.reason.clone().unwrap_or_default(),
                None => parts.into_iter().flatten().collect::<Vec<_>>().join("; "),
            },
            signature: exit.map_or_else(String::new, |exit| exit.signature.clone()),
            commit: exit.and_then(|exit| exit.commit.clone()),
            wanted: project.commit.clone(),
        })
    }
}

/// Returns how all of them ended, as far as that is the same.
pub(super) fn end_of_all<'a>(deaths: impl Iterator<Item = &'a Death> + Clone) -> Option<&'a str> {
    let how = common(deaths.clone().map(|death| &*death.how));
    let signature = || common(deaths.map(|death| &*death.signature));
    how.or_else(signature).filter(|how| !how.is_empty())
}

/// Returns what all values are, if they are the same.
pub(super) fn common<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values = values.into_iter();
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}
