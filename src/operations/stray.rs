//! What still runs under a name that fleet.toml has no more: taken out or renamed by hand. It can be stopped, and with
//! that it is gone.

use crate::error::{Fault, refused};
use crate::files;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::supervision::{Liveness, State};

/// Tells whether something is left of a name that is not registered: a session, or what a tender wrote. Where tmux does not
/// answer, a session cannot be told.
pub(crate) fn is_stray(fleet: &Fleet, name: &Name) -> bool {
    let has_session = || {
        let panes = fleet.tmux().and_then(|tmux| tmux.panes());
        panes.is_ok_and(|panes| panes.sessions().contains(name.as_str()))
    };
    !fleet.registry.projects.contains_key(name)
        && (fleet.unit_files(name).state.exists() || has_session())
}

/// Forgets a name that is not registered, once nothing of it runs: a later project of that name must not inherit it.
pub(crate) fn forget(fleet: &Fleet, name: &Name) -> anyhow::Result<()> {
    let own = fleet.unit_files(name);
    [own.unit, own.desired, own.state, fleet.probe_file(name)]
        .iter()
        .try_for_each(|file| files::remove_if_there(file))
}

/// Returns the name that is not registered under which this fleet runs a project, given the process that holds it.
fn name_of(fleet: &Fleet, holder: i32) -> Option<Name> {
    let states = std::fs::read_dir(fleet.runtime("state")).ok()?;
    let names = states.flatten().filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        file.strip_suffix(".json")?.parse::<Name>().ok()
    });
    let mut strays = names.filter(|name| !fleet.registry.projects.contains_key(name));
    strays.find(|name| {
        let state = State::read(&fleet.unit_files(name).state).ok().flatten();
        state.is_some_and(|state| {
            state.tender.pid == holder && state.tender_liveness() == Liveness::Alive
        })
    })
}

/// Says who runs a project, where the process that holds it is not its own tender: this fleet, under another name, or
/// somebody else. `already` and `hint` are for the latter.
pub(super) fn held(fleet: &Fleet, name: &Name, holder: i32, already: &str, hint: &str) -> Fault {
    match name_of(fleet, holder) {
        Some(other) => refused(format!(
            "`{name}` is run by process {holder} under the name `{other}`, which fleet.toml has no more"
        ))
        .hint(format!("`fleet stop {other}` ends it")),
        None => refused(format!(
            "`{name}` is run by process {holder}{already}, not by this fleet"
        ))
        .hint(format!("{hint}: `ps -fp {holder}` shows it")),
    }
}
