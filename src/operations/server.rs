//! The fleet's tmux server: started where it outlives the login, and put on record.

use crate::fleet::Fleet;
use crate::server::ServerRecord;
use crate::sessions::{Home, NewSession, Served, Tmux};
use crate::supervision::Process;
use crate::systemd::Scope;
use crate::ui::Ui;

/// Makes sessions on the fleet's server, in one call, and starts that if there is none. The lock of the server is held by
/// the caller.
pub(super) fn make_sessions(
    fleet: &Fleet,
    tmux: &Tmux,
    sessions: &[NewSession<'_>],
    ui: &Ui,
) -> anyhow::Result<()> {
    let mut outlives_logins = None;
    let served = tmux.new_sessions(sessions, || {
        let scope = Scope::for_child(fleet.systemd_name())?;
        outlives_logins = scope.outlives_logins;
        Ok(scope)
    });
    if let Err(error) = record(fleet, &served) {
        // What runs, runs: a lost record is no reason to call it not started.
        ui.warn(format!("{error:#}"));
    }
    warn(&served.home, outlives_logins, ui);
    served.made
}

/// Puts the server on record, unless it is there.
fn record(fleet: &Fleet, served: &Served) -> anyhow::Result<()> {
    let Some((pid, since)) = served.server else {
        return Ok(());
    };
    // An unreadable record is replaced: it says nothing to anybody.
    let known = fleet.server_record().ok().flatten();
    if known.is_some_and(|known| Some(known.process) == Process::of(pid)) {
        return Ok(());
    }
    match ServerRecord::of(pid, since, served.home.clone()) {
        Some(record) => fleet.record_server_process(&record),
        None => Ok(()),
    }
}

/// Says what a server that has just been started will not outlive.
fn warn(home: &Home, outlives_logins: Option<bool>, ui: &Ui) {
    match home {
        Home::Scope { .. } if outlives_logins == Some(false) => {
            ui.warn("the tmux server of this fleet ends when you log out of the last login");
            ui.hint("`loginctl enable-linger` lets it run on");
        }
        Home::Direct {
            why,
            was_refused: true,
        } => {
            ui.warn(format!(
                "the tmux server of this fleet has no scope of its own and may end with this login: {why}"
            ));
        }
        Home::Scope { .. } | Home::Direct { .. } | Home::Met => {}
    }
}
