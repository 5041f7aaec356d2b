//! What the mirror says of the registered version, and fleet.toml of bad ones.

use super::evidence::Evidence;
use super::facts::Facts;
use crate::fleet::warning_of;
use crate::names::{CommitId, Ref};
use crate::pins::{Mirror, Upstream};

/// Tells both.
pub(super) fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    let project = evidence.project;
    match evidence.world.fleet.known_mirror(&project.harness) {
        None => facts.absent("a mirror of its harness", "the cache"),
        Some(mirror) => mirrored(evidence, &mirror, facts),
    }
    if let Some(bad) = &evidence.report.pin.bad {
        let says = warning_of(
            &project.harness,
            bad,
            evidence.report.pin.bad_use,
            &[&project.name],
        );
        facts.add("pin", says, "fleet.toml");
    }
}

fn mirrored(evidence: &Evidence<'_>, mirror: &Mirror, facts: &mut Facts) {
    let project = evidence.project;
    let source = match mirror.fetched() {
        Some(_) => "its mirror, last fetched",
        None => "its mirror, last fetched nobody knows when",
    };
    let Some(commit) = &project.commit else {
        return facts.cannot_tell("pin", "fleet.toml names no commit to look for", source);
    };
    match mirror.says(&project.reference, commit) {
        Err(error) => facts.cannot_tell("pin", format!("{error:#}"), source),
        Ok(upstream) => {
            let says = said(
                &project.reference,
                &upstream,
                mirror.contains(commit),
                commit,
            );
            facts.add_since("pin", format!("upstream: {says}"), source, mirror.fetched());
        }
    }
}

fn said(reference: &Ref, upstream: &Upstream, is_there: bool, commit: &CommitId) -> String {
    let says = match upstream {
        Upstream::Same => format!("{reference} is still {}", commit.short()),
        Upstream::TagMoved(now) => {
            format!("the tag {reference} has moved to {}", now.short())
        }
        Upstream::TagGone => format!("the tag {reference} has been deleted"),
        Upstream::BranchAt(now) => {
            format!("the branch {reference} is at {} now", now.short())
        }
        Upstream::Another(other) => format!("{reference} is {}, and always was", other.short()),
        Upstream::NoRef => format!("there is no {reference}"),
    };
    match is_there {
        true => says,
        false => format!("{says}; {} was never seen there", commit.short()),
    }
}
