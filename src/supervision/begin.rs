//! The beginning of a tender: alone on its unit, alone in its directory, and nothing left of an earlier life.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::end::{Last, Order};
use super::locks::holders;
use super::memory::{Counters, Counts};
use super::policy;
use super::process::{Liveness, Process};
use super::procfs::with_ancestors;
use super::signals::Signals;
use super::spawn;
use super::sweep::Sweep;
use super::tend::Tender;
use super::terminal::Terminal;
use super::trail::Trail;
use super::{Life, Phase, State, Unit, When};
use crate::files::Lock;

/// Tends the unit in a file until it is to end.
///
/// Fails, without a word in the unit's state, where that cannot be read or another tender is alive on it.
pub(super) fn tend(unit_file: &Path) -> anyhow::Result<()> {
    let signals = Signals::block()?;
    nix::sys::prctl::set_child_subreaper(true).context("cannot adopt orphans")?;
    let unit = Unit::read(unit_file)?;
    let previous = State::read(&unit.state);
    let me = Process::me().context("cannot read this process in `/proc`")?;
    if let Ok(Some(previous)) = &previous {
        refuse_a_second(previous, &me)?;
    }
    let life = marked_life(&unit, &me)?;
    let mut tender = Tender {
        unit_file: unit_file.to_owned(),
        state: State {
            server: server(),
            place: super::state::place(&unit.state),
            ..State::new(&unit.name, me)
        },
        life,
        signals,
        terminal: Terminal::open(),
        owner: None,
        before_life: None,
        is_frozen: false,
        claim: None,
        between: None,
        listening: None,
        counters: Counters::find(),
        counts: Counts::default(),
        trail: Trail::default(),
        unit,
    };
    let has_owner = tender.hold_owner()?;
    match tender.prepare(previous) {
        _ if !has_owner => tender.stop(Order::OwnerGone),
        Ok(()) => tender.run(),
        Err(last) => tender.stay(last),
    }
    Ok(())
}

fn refuse_a_second(previous: &State, me: &Process) -> anyhow::Result<()> {
    let other = &previous.tender;
    match other.liveness() {
        Liveness::Alive if other != me => {
            bail!(
                "another tender, process {}, has `{}`",
                other.pid,
                previous.name
            )
        }
        Liveness::Unknown => bail!(
            "cannot tell whether another tender, process {}, has `{}`",
            other.pid,
            previous.name
        ),
        Liveness::Alive | Liveness::Gone => Ok(()),
    }
}

/// Returns the terminal's server, as the terminal's own variable names it: `SOCKET,SERVER_PID,SESSION_NUMBER`.
fn server() -> Option<Process> {
    let value = std::env::var("TMUX").ok()?;
    Process::of(value.rsplit(',').nth(1)?.parse().ok()?)
}

fn marked_life(unit: &Unit, me: &Process) -> anyhow::Result<Life> {
    Ok(Life {
        mark: spawn::new_mark()?,
        variable: spawn::mark_variable(&spawn::environment(&unit.environment)),
        process: me.clone(),
        since: Timestamp::now(),
        commit: unit.commit.clone(),
        runner: unit.runner.clone(),
    })
}

impl Tender {
    /// Gets hold of the owner, if there is to be one; `false` where it has gone already.
    fn hold_owner(&mut self) -> anyhow::Result<bool> {
        let Some(owner) = &self.unit.owner else {
            return Ok(true);
        };
        self.owner = owner
            .open()
            .with_context(|| format!("cannot watch process {}", owner.pid))?;
        Ok(self.owner.is_some())
    }

    /// Makes true what must be true before any life.
    fn prepare(&mut self, previous: anyhow::Result<Option<State>>) -> Result<(), Last> {
        let previous = previous.map_err(|error| Last::parked(format!("{error:#}")))?;
        if let Some(previous) = previous.as_ref().filter(|_| self.unit.keeps_history) {
            policy::count_loss(&self.unit.policy, &mut self.state, previous, &When::now());
        }
        self.end_previous(previous)?;
        // From here on the mark is on disk: whatever the first life starts can be found without this tender.
        self.record(Phase::Starting, None, self.life.clone())
            .map_err(|error| Last::parked(format!("{error:#}")))?;
        let directory = &self.unit.directory;
        std::env::set_current_dir(directory).map_err(|error| {
            Last::parked(format!("cannot work in `{}`: {error}", directory.display()))
        })?;
        self.claim()
    }

    /// Ends what the life of an earlier tender left behind, before its mark is forgotten.
    fn end_previous(&mut self, previous: Option<State>) -> Result<(), Last> {
        let Some(previous) = previous else {
            return Ok(());
        };
        let Some(life) = previous
            .life
            .clone()
            .filter(|_| previous.may_have_left_something())
        else {
            return Ok(());
        };
        let grace = Duration::try_from_secs_f64(self.unit.stop_grace).unwrap_or_default();
        if Sweep::of(&life).finds_nothing() {
            return Ok(());
        }
        let reason = Some("ending what its last life left behind".to_owned());
        self.record(Phase::Starting, reason, life.clone())
            .map_err(|error| Last::parked(format!("{error:#}")))?;
        let swept = Sweep::of(&life)
            .hurried_by(self.signals.hang_up())
            .end(grace);
        if swept.left.is_empty() {
            return Ok(());
        }
        // The mark of what is left must stay on record.
        self.life = life;
        Err(Last::not_ended(&swept))
    }

    /// Takes the unit's directory for this tender, unless who it works for has it.
    fn claim(&mut self) -> Result<(), Last> {
        let Some(directory) = &self.unit.claim else {
            return Ok(());
        };
        if !directory.is_dir() {
            let reason = format!("there is no directory `{}`", directory.display());
            return Err(Last::parked(reason));
        }
        let taken =
            Lock::try_take(directory).map_err(|error| Last::parked(format!("{error:#}")))?;
        if taken.is_some() {
            self.claim = taken;
            return Ok(());
        }
        let holder = holders([&**directory])
            .ok()
            .and_then(|holders| holders.get(directory).copied());
        let owner = self.unit.owner.as_ref().map(|owner| owner.pid);
        let ours = [Some(self.state.tender.pid), owner];
        let mut superiors = ours.into_iter().flatten().flat_map(with_ancestors);
        let mut reason = format!("another run holds `{}`", directory.display());
        match holder {
            Some(pid) if superiors.any(|superior| superior == pid) => return Ok(()),
            Some(pid) => reason += &format!(" (process {pid})"),
            None => {}
        }
        Err(Last::parked(reason))
    }
}
