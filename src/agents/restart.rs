//! `agents restart`: asks the run to start one agent anew.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;

use super::changes::Changes;
use super::project::Project;
use super::terminal::{known, running};
use super::{prepare, seat};
use crate::error::{Exit, failed, timed_out};
use crate::files::write_json;
use crate::names::Name;
use crate::supervision::{Phase, State};
use crate::ui::Ui;

/// How long an agent may take to end and to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts an agent anew and waits until it runs.
pub(super) fn restart(ui: &Ui, project: &Project, name: &Name) -> anyhow::Result<Exit> {
    let run = running(project)?;
    let name = known(&run, name)?;
    // The run checks this too; here there is somebody to tell.
    prepare::one(project, name)?;
    let before = State::read(&project.state(name))?.map(|state| state.tender);
    let changes = Changes::of([project.states()])?;
    let held = run.process.open()?.context("the run has just ended")?;
    write_json(&project.requests().join(name.as_str()), &Timestamp::now())?;
    ui.waiting(format!("waiting for `{name}` to end and begin anew"));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let state = State::read(&project.state(name))?;
        if let Some(state) = state.filter(|state| state.answers_start(before.as_ref())) {
            return tell(ui, name, &state);
        }
        if held.wait(Instant::now())? || Instant::now() >= deadline {
            return Err(timed_out(format!("`{name}` has not been started anew"))
                .hint("look at it: `agents status`")
                .into());
        }
        changes.wait([held.as_fd()], Some(deadline))?;
    }
}

fn tell(ui: &Ui, name: &Name, state: &State) -> anyhow::Result<Exit> {
    match state.phase {
        Phase::Starting | Phase::Running | Phase::Waiting | Phase::Finished => {
            let pid = state.life.as_ref().map_or(0, |life| life.process.pid);
            ui.result(format!("restarted `{name}` (pid {pid})"));
            Ok(Exit::Done)
        }
        Phase::Stopping | Phase::Down | Phase::Crashed | Phase::Lost | Phase::Parked => {
            let fault = failed(format!("`{name}` was started anew and does not run"));
            Err(match seat::reason(state) {
                Some(why) => fault.because(anyhow::anyhow!(why)),
                None => fault,
            }
            .into())
        }
    }
}
