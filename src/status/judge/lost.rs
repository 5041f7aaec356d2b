//! Runs that were lost by no fault of their own: what with, as far as that can be told, and how they come back.

use super::Judgement;
use crate::status::Verdict;
use crate::status::facts::{Loss, ProcessFacts, Terminal};
use crate::supervision::{Liveness, State};

/// Judges a run whose tender has gone without a word of an end.
pub(super) fn judge_vanished(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    let (loss, cause) = if state.tender.boot != facts.now.boot {
        let cause = "the machine was restarted while it ran";
        (Some(Loss::Machine), cause.to_owned())
    } else {
        match &facts.terminal {
            Terminal::ServerGone => (
                Some(Loss::Server),
                "its tmux server has gone, and its tender with it".to_owned(),
            ),
            // A session that is closed lets its tender write so: only SIGKILL leaves no word.
            Terminal::There | Terminal::SessionGone => {
                let cause = "its tender has gone without a word, as after SIGKILL";
                (Some(Loss::Tender), cause.to_owned())
            }
            Terminal::Unknown(why) => (
                None,
                format!("its tender has gone without a word, and {why}"),
            ),
        }
    };
    let left = match facts.process {
        Liveness::Alive => "; its process is still there",
        Liveness::Gone => "",
        Liveness::Unknown => "; cannot tell whether its process is still there",
    };
    Judgement {
        loss,
        ..Judgement::new(Verdict::Crashed, None)
            .because(format!("{cause}{left}"))
            .then(way_back(name, loss, facts))
    }
}

/// Judges a run that ended because its terminal closed.
pub(super) fn judge_lost(name: &str, state: &State, facts: &ProcessFacts) -> Judgement {
    let told = state.reason.as_deref().unwrap_or("it was ended");
    let (loss, cause) = if state.tender.boot != facts.now.boot {
        (Some(Loss::Machine), "the machine was restarted".to_owned())
    } else {
        match &facts.terminal {
            Terminal::ServerGone => (Some(Loss::Server), "its tmux server has gone".to_owned()),
            Terminal::SessionGone => {
                let known = state.lost_to().unwrap_or("its session was killed");
                (Some(Loss::Session), known.to_owned())
            }
            Terminal::There => (Some(Loss::Session), told.to_owned()),
            Terminal::Unknown(why) => (None, format!("{told}, and {why}")),
        }
    };
    Judgement {
        loss,
        ..Judgement::new(Verdict::Crashed, Some(state.since))
            .because(cause)
            .then(way_back(name, loss, facts))
    }
}

/// Says how a run that was lost comes back.
fn way_back(name: &str, loss: Option<Loss>, facts: &ProcessFacts) -> String {
    let (is_common, is_healed) = match loss {
        Some(Loss::Machine | Loss::Server) => (true, true),
        Some(Loss::Session | Loss::Tender) => (false, facts.heals),
        None => (false, false),
    };
    if !facts.enabled {
        format!("`fleet enable {name}` allows it to start")
    } else if facts.guardian && is_healed && facts.brake {
        "`fleet go` lets the guardian bring it back".to_owned()
    } else if facts.guardian && is_healed {
        "the guardian brings it back".to_owned()
    } else if is_common && facts.brake {
        "`fleet go`, then `fleet boot` brings it back".to_owned()
    } else if is_common {
        "`fleet boot` brings it back".to_owned()
    } else {
        format!("`fleet start {name}` starts it again")
    }
}
