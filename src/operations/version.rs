//! Which commit a ref of a harness stands for, and whether it may be used.

use crate::error::{Fault, failed, refused};
use crate::fleet::{Fleet, is_among};
use crate::names::{CommitId, Name, Ref, nearest};
use crate::pins::{Kind, Mirror, Resolved};
use crate::registry::Project;
use crate::ui::list;

/// A version that may be used.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    /// The version.
    pub(super) chosen: Chosen,
    /// Whether it was asked for by a tag.
    pub(super) is_tag: bool,
    /// Whether that is a tag which the remote no longer has.
    pub(super) is_gone: bool,
}

/// A version that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// As it was asked for; a commit in full, for its beginning may come to mean several.
    pub(crate) reference: Ref,
    /// What it stands for.
    pub(crate) commit: CommitId,
}

/// Chooses a version of a harness: the one asked for, else the registry's default, else the newest tag.
///
/// The network is asked only where the mirror cannot know: a branch, or a ref it has never seen.
pub(super) fn choose(
    fleet: &Fleet,
    harness: &Name,
    mirror: &Mirror,
    asked: Option<&Ref>,
) -> anyhow::Result<Chosen> {
    let settings = fleet.registry.harness(harness)?;
    let reference = match asked.or(settings.default_ref.as_ref()) {
        Some(reference) => reference.clone(),
        None => newest(harness, mirror)?,
    };
    let resolved = resolve_now(mirror, &reference)?;
    let admitted = admit(fleet, harness, mirror, &reference, resolved, false)?;
    Ok(admitted.chosen)
}

/// Chooses a version that is only to be tried: what the registry forbids may be. Returns also why it is forbidden.
pub(super) fn choose_for_trial(
    fleet: &Fleet,
    harness: &Name,
    mirror: &Mirror,
    reference: &Ref,
) -> anyhow::Result<(Chosen, Option<anyhow::Error>)> {
    let Some(found) = resolve_now(mirror, reference)? else {
        return Err(unknown(harness, mirror, reference)?.into());
    };
    refuse_moved(fleet, harness, reference, &found)?;
    let bad = refuse_bad(fleet, harness, reference, &found.commit).err();
    let chosen = Chosen {
        reference: reference.clone(),
        commit: found.commit,
    };
    Ok((chosen, bad))
}

fn resolve_now(mirror: &Mirror, reference: &Ref) -> anyhow::Result<Option<Resolved>> {
    let resolved = mirror.resolve(reference)?;
    if resolved
        .as_ref()
        .is_some_and(|found| found.kind != Kind::Branch)
    {
        return Ok(resolved);
    }
    mirror.fetch()?;
    mirror.resolve(reference)
}

/// Refuses a version that does not exist, that the registry forbids, or whose tag has moved.
pub(super) fn admit(
    fleet: &Fleet,
    harness: &Name,
    mirror: &Mirror,
    reference: &Ref,
    resolved: Option<Resolved>,
    accept_moved: bool,
) -> anyhow::Result<Admitted> {
    let Some(found) = resolved else {
        return Err(unknown(harness, mirror, reference)?.into());
    };
    let (kind, is_gone) = (found.kind, found.is_gone);
    let moved = found.moved.as_ref().filter(|_| accept_moved);
    let commit = moved.unwrap_or(&found.commit).clone();
    refuse_bad(fleet, harness, reference, &commit)?;
    if !accept_moved {
        refuse_moved(fleet, harness, reference, &found)?;
    }
    let reference = match kind {
        Kind::Commit => Ref::of_commit(&commit),
        Kind::Tag | Kind::Branch => reference.clone(),
    };
    Ok(Admitted {
        chosen: Chosen { reference, commit },
        is_tag: kind == Kind::Tag,
        is_gone,
    })
}

/// Says that there is no such version, and which there are.
pub(super) fn unknown(harness: &Name, mirror: &Mirror, reference: &Ref) -> anyhow::Result<Fault> {
    let tags = mirror.tags()?;
    let branches = mirror.branches()?;
    let known = tags.iter().map(|tag| tag.to_string());
    let known: Vec<String> = known
        .chain(branches.iter().map(|it| it.to_string()))
        .collect();
    let mut fault = refused(format!("harness `{harness}` has no version `{reference}`"));
    if let Some(near) = slip(reference.as_str(), &known) {
        fault = fault.hint(format!("did you mean `{near}`?"));
    }
    Ok(match tags.first() {
        Some(newest) => fault.hint(format!(
            "its newest is `{newest}`; it has {}",
            list(tags.iter().take(5))
        )),
        None => fault.hint(format!(
            "it has no tags; its branches are {}",
            list(branches)
        )),
    })
}

/// Returns the version that was probably meant. One with another number is another version, and no slip of the hand.
fn slip<'a>(typed: &str, known: &'a [String]) -> Option<&'a str> {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let same = known.iter().filter(|one| digits(one) == digits(typed));
    nearest(typed, same.map(String::as_str))
}

/// Refuses a version that the registry forbids, by whatever name.
pub(super) fn refuse_bad(
    fleet: &Fleet,
    harness: &Name,
    reference: &Ref,
    commit: &CommitId,
) -> anyhow::Result<()> {
    let bad = fleet.bad_refs_of(fleet.registry.harness(harness)?);
    match bad.among(reference, &[Some(commit)]) {
        None => Ok(()),
        Some(bad) => Err(refused(is_among(reference, bad, harness))
            .hint("choose another version, or edit fleet.toml")
            .into()),
    }
}

/// Fails where a project follows a tag that is not what it was when the project was set to it.
///
/// For others it may have been accepted already; each project is asked about by itself.
pub(super) fn refuse_moved_for(
    project: &Project,
    wanted: &Ref,
    admitted: &Admitted,
    accept_moved: bool,
) -> Result<(), Fault> {
    let after = &admitted.chosen.commit;
    let before = project.commit.as_ref().filter(|before| *before != after);
    match before {
        Some(before) if admitted.is_tag && !accept_moved && project.reference == *wanted => {
            Err(moved(&project.harness, wanted, before, after, false))
        }
        Some(_) | None => Ok(()),
    }
}

/// Fails where a tag is not what it was when the mirror first saw it, or is another than all projects of the fleet that
/// follow it say.
fn refuse_moved(
    fleet: &Fleet,
    harness: &Name,
    reference: &Ref,
    found: &Resolved,
) -> Result<(), Fault> {
    let seen = registered(fleet, harness, reference);
    let is_other = found.kind == Kind::Tag && !seen.is_empty() && !seen.contains(&&found.commit);
    if found.moved.is_none() && !is_other {
        return Ok(());
    }
    let before = seen.first().copied().unwrap_or(&found.commit);
    let after = found.moved.as_ref().unwrap_or(&found.commit);
    let is_seen = found.moved.is_some();
    Err(moved(harness, reference, before, after, is_seen))
}

/// Says that a tag has moved; where only fleet.toml says so, and the mirror did not see it, that may be wrong.
fn moved(
    harness: &Name,
    reference: &Ref,
    before: &CommitId,
    after: &CommitId,
    is_seen: bool,
) -> Fault {
    let (before, after) = (before.short(), after.short());
    let otherwise = if is_seen {
        ""
    } else {
        ", or `ref` in fleet.toml was edited without its `commit`"
    };
    refused(format!(
        "tag `{reference}` of harness `{harness}` has moved from {before} to {after}{otherwise}"
    ))
    .hint(format!(
        "find out why; then name the commit you mean, or follow the tag: `fleet update NAME {reference} --accept-moved-tag`"
    ))
}

/// Returns what a ref stood for when projects of the fleet were set to it.
fn registered<'a>(fleet: &'a Fleet, harness: &Name, reference: &Ref) -> Vec<&'a CommitId> {
    let same = |project: &&Project| project.harness == *harness && project.reference == *reference;
    fleet
        .registry
        .projects
        .values()
        .filter(same)
        .filter_map(|project| project.commit.as_ref())
        .collect()
}

fn newest(harness: &Name, mirror: &Mirror) -> anyhow::Result<Ref> {
    let newest = mirror.tags()?.into_iter().next().ok_or_else(|| {
        failed(format!("harness `{harness}` has no tags"))
            .hint("name a branch or a commit with `--ref REF`")
    })?;
    newest.parse().map_err(|why: String| failed(why).into())
}
