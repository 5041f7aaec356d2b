//! `fleet harness add`: a harness is copied and looked at, and then written into fleet.toml.

use anyhow::Context as _;

use crate::error::{Advise as _, refused};
use crate::fleet::Fleet;
use crate::names::{HarnessUrl, Name, Ref};
use crate::operations::Change;
use crate::pins::Mirror;
use crate::registry::{ENGINE, FILE, NewHarness, Registry};
use crate::ui::Ui;

use super::{Copied, Source, print_edit, refuse_taken, usable, warn_of_path};

/// A harness that is to be added.
#[derive(Clone, Debug)]
pub(crate) struct Addition {
    /// What to call it.
    pub(crate) name: Name,
    /// Where it comes from.
    pub(crate) url: HarnessUrl,
    /// Where it is mounted in projects, if not where all are.
    pub(crate) path: Option<String>,
    /// What new projects get, if not the newest tag.
    pub(crate) default_ref: Option<Ref>,
}

/// Adds a harness that can be used, or says what would be written. `None`: it is there already.
///
/// What fails leaves neither an entry nor a copy.
pub(crate) fn add_harness(
    fleet: &Fleet,
    wanted: &Addition,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Option<Change>> {
    let name = &wanted.name;
    let new = NewHarness {
        name: name.clone(),
        url: wanted.url.clone(),
        path: wanted.path.clone().unwrap_or_else(|| ENGINE.to_owned()),
        default_ref: wanted.default_ref.clone(),
    };
    if is_there(&fleet.registry, &new)? {
        ui.status(format!("the harness `{name}` is in {FILE} already"));
        return Ok(None);
    }
    refuse_taken(&fleet.registry, name, &new.url)?;
    // What the registry would not take is refused before anything is copied.
    fleet.edit(ui)?.add_harness(&new)?;
    let copied =
        Copied::make(name, &new.url, ui).with_context(|| format!("cannot add `{name}`"))?;
    let added = copied.keep_if(
        |mirror| {
            let (new, first) = complete(fleet, new, mirror)?;
            if dry_run {
                print_edit(name, &lines(&new), ui);
                return Ok((new, first));
            }
            let mut edit = fleet.edit(ui)?;
            // Another command may have been first meanwhile.
            if !is_there(edit.registry(), &new)? {
                refuse_taken(edit.registry(), name, &new.url)?;
                edit.add_harness(&new)?;
                edit.save()?;
            }
            Ok((new, first))
        },
        |_| !dry_run,
    );
    let (new, first) = added.with_context(|| format!("cannot add `{name}`"))?;
    warn_of_path(&new.url, ui);
    if dry_run {
        return Ok(None);
    }
    ui.status(format!("added `{name}`: new projects get {first}"));
    ui.hint(format!(
        "`fleet create NAME --harness {name}` makes a project with it"
    ));
    ui.hint(format!(
        "`fleet harness probe {name} {first}` tries it in a throw-away project"
    ));
    Ok(Some(Change {
        before: None,
        after: Some(format!("{name} from {}", new.url)),
    }))
}

/// Tells whether the very harness is registered; refuses another one of its name.
fn is_there(registry: &Registry, new: &NewHarness) -> anyhow::Result<bool> {
    let name = &new.name;
    let Some(known) = registry.harnesses.get(name) else {
        return Ok(false);
    };
    if known.url.as_ref() != Some(&new.url) {
        let from = match &known.url {
            Some(url) => format!("comes from `{url}`"),
            None => "is built in".to_owned(),
        };
        return Err(
            refused(format!("there is a harness `{name}` already: it {from}"))
                .hint(format!(
                    "`fleet harness set-url {name} {}` if it has moved",
                    new.url
                ))
                .hint("or choose another name")
                .into(),
        );
    }
    let is_default = new.default_ref.is_none() || new.default_ref == known.default_ref;
    if known.path != new.path || !is_default {
        return Err(refused(format!(
            "the harness `{name}` is in {FILE} with other settings"
        ))
        .hint(format!("edit `[harnesses.{name}]` there"))
        .into());
    }
    Ok(true)
}

/// Looks whether the harness can be used, and writes down what its repository does not say by its tags.
fn complete(fleet: &Fleet, new: NewHarness, mirror: &Mirror) -> anyhow::Result<(NewHarness, Ref)> {
    let (first, source) = usable(fleet, &new.name, mirror, new.default_ref.as_ref())
        .hint(|| "`--default-ref REF` names the version that new projects get".to_owned())?;
    let default_ref = match source {
        Source::Asked | Source::Branch => Some(first.clone()),
        Source::NewestTag => None,
    };
    Ok((NewHarness { default_ref, ..new }, first))
}

fn lines(new: &NewHarness) -> Vec<String> {
    let mut lines = vec![format!("url = \"{}\"", new.url)];
    if new.path != ENGINE {
        lines.push(format!("path = \"{}\"", new.path));
    }
    if let Some(reference) = &new.default_ref {
        lines.push(format!("default_ref = \"{reference}\""));
    }
    lines
}
