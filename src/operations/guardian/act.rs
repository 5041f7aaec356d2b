//! What is done about those that were lost.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::events::Event;
use crate::files::Lock;
use crate::names::Name;
use crate::supervision::{self, When, chance};
use crate::ui::seconds;

use super::super::bring_back::{self, Decision, Facts};
use super::Guardian;
use super::outcome::WHO;

/// The stack of a thread that only waits for a lock.
const SMALL_STACK: usize = 64 * 1024;

impl Guardian<'_> {
    /// Does what is due. What a command works on is left to that, and looked at again afterwards.
    pub(super) fn act(&mut self) {
        let due: Vec<Name> = self
            .wards
            .iter()
            .filter(|(_, ward)| ward.is_due())
            .map(|(name, _)| name.clone())
            .collect();
        let mut locks = Vec::new();
        for name in due {
            // Most have been stopped: those need no lock.
            if self.settle(&name, false)
                && let Some(lock) = self.lock(&name)
            {
                locks.push((name, lock));
            }
        }
        if locks.is_empty() {
            return;
        }
        // What was read before a lock is stale after it: a stop that came between wins.
        self.reload();
        let mut ready: Vec<Name> = locks.iter().map(|(name, _)| name.clone()).collect();
        ready.retain(|name| self.settle(name, true));
        self.bring_back(&ready);
        // A line that says what is waited for would wake this process again and again.
        self.ui.end_progress();
        drop(locks);
    }

    /// Decides about one project; returns whether it is to be brought back now. What is to be written is written only
    /// where its lock is held.
    fn settle(&mut self, name: &Name, is_locked: bool) -> bool {
        let project = self.fleet.registry.projects.get(name);
        let Some((project, ward)) = project.zip(self.wards.get(name)) else {
            return false;
        };
        let facts = Facts::read(&self.fleet, project);
        let now = When::now();
        // What has waited for its time is not to begin another wait.
        let has_waited = ward.due.is_some();
        let decision = bring_back::decide(&facts, ward.cause, &now, chance());
        self.note_loss(name, &facts, &decision, &now);
        match decision {
            Decision::Up | Decision::Down(_) => self.close(name),
            Decision::Leave(why) => return self.leave(name, &why, is_locked),
            Decision::Wait { because, until } if !has_waited => {
                let wait = until.left_at(&now);
                self.delay(name, wait);
                let seconds = seconds(wait.as_secs_f64());
                self.say_once(name, format!("`{name}` comes back in {seconds}: {because}"));
            }
            Decision::Wait { .. } => return self.unless_braked(name),
            Decision::Bring { is_first: true, .. } => return true,
            Decision::Bring {
                is_first: false, ..
            } => return self.unless_braked(name),
            Decision::Park(reason) if is_locked => self.park(name, facts, &reason),
            Decision::Park(_) => return true,
        }
        false
    }

    /// Notes why a project was lost; where that was a death, it is counted, once.
    fn note_loss(&mut self, name: &Name, facts: &Facts, decision: &Decision, now: &When) {
        let (Some(because), Some(ward)) = (decision.because(), self.wards.get_mut(name)) else {
            return;
        };
        ward.because = because.to_owned();
        // What a start or a restart has not begun yet has not died.
        let is_death = ward.cause.is_none() && facts.is_lost() && facts.had_a_life();
        if is_death && !std::mem::replace(&mut ward.is_counted, true) {
            self.count_death(name, now);
        }
    }

    /// Leaves a project to its operator; returns whether it is to be looked at once more with its lock held: a start that
    /// is under way looks the same, and only without one is it worth a word.
    fn leave(&mut self, name: &Name, why: &str, is_locked: bool) -> bool {
        let left = format!("left `{name}`: {why}");
        let said = self.wards.get(name).and_then(|ward| ward.said.as_ref());
        if !is_locked && said != Some(&left) {
            return true;
        }
        self.close(name);
        self.say_once(name, left);
        false
    }

    /// Nothing is to be done about a project until something changes.
    pub(super) fn close(&mut self, name: &Name) {
        if let Some(ward) = self.wards.get_mut(name) {
            ward.close();
        }
    }

    /// Looks at a project again after this time.
    fn delay(&mut self, name: &Name, time: Duration) {
        if let Some(ward) = self.wards.get_mut(name) {
            ward.due = Some(Instant::now() + time);
        }
    }

    /// Counts a death that no tender was left to count, and puts the brake on where there have been many.
    fn count_death(&mut self, name: &Name, now: &When) {
        let shared = self.fleet.runtime("");
        let counted = supervision::record_death(&shared, name.as_str(), now)
            .and_then(|()| supervision::consider_brake(&shared));
        match counted {
            Ok(_) => {
                self.trouble.remove("deaths");
            }
            Err(error) => self.complain("deaths", format!("cannot count a death: {error:#}")),
        }
    }

    fn unless_braked(&mut self, name: &Name) -> bool {
        let engaged = match supervision::brake(&self.fleet.runtime("")) {
            Ok(engaged) => engaged.map(|engaged| engaged.reason),
            // Who cannot tell must not act.
            Err(error) => Some(format!("{error:#}")),
        };
        let Some(reason) = engaged else {
            return true;
        };
        self.is_braked = true;
        if let Some(ward) = self.wards.get_mut(name) {
            ward.is_braked = true;
        }
        self.say_once(
            name,
            format!("held `{name}`: the brake is on: {reason}; `fleet go` lets it come back"),
        );
        false
    }

    /// Locks a project; where a command has it, a thread waits for that and wakes the guardian.
    fn lock(&mut self, name: &Name) -> Option<Lock> {
        let path = self.fleet.command_lock(name);
        let taken = Lock::try_take(&path).and_then(|lock| match lock {
            Some(lock) => Ok(Some(lock)),
            None => self.wait_for_lock(name, path).map(|()| None),
        });
        taken.unwrap_or_else(|error| {
            self.has_failed(name, &error);
            None
        })
    }

    fn wait_for_lock(&mut self, name: &Name, path: PathBuf) -> anyhow::Result<()> {
        let sender = self.sleeper.sender()?;
        let message = name.to_string();
        std::thread::Builder::new()
            .stack_size(SMALL_STACK)
            .spawn(move || {
                // A lock that cannot be had says so when it is asked for again. Who reads the message may have gone.
                drop(Lock::wait(&path));
                let _ = sender.send(message.as_bytes());
            })
            .context("cannot make a thread")?;
        if let Some(ward) = self.wards.get_mut(name) {
            ward.is_locked = true;
        }
        Ok(())
    }

    /// The command that had a project's lock has ended.
    pub(super) fn lock_is_free(&mut self, name: &str) {
        let Ok(name) = name.parse::<Name>() else {
            return;
        };
        if let Some(ward) = self.wards.get_mut(&name) {
            ward.is_locked = false;
        }
        self.look_at(&name);
    }

    fn park(&mut self, name: &Name, facts: Facts, reason: &str) {
        let parked = match facts.state() {
            Some(state) => {
                let path = self.fleet.unit_files(name).state;
                state.clone().park_without_tender(&path, reason)
            }
            None => return,
        };
        match parked {
            Ok(()) => {
                self.ui.status(format!("parked `{name}`: {reason}"));
                self.record(vec![Event {
                    after: Some("parked".to_owned()),
                    why: Some(reason.to_owned()),
                    ..Event::new(WHO, "parked").of(name.as_str())
                }]);
                self.close(name);
            }
            Err(error) => self.has_failed(name, &error),
        }
    }

    /// Brings projects back whose locks are held, all together.
    fn bring_back(&mut self, names: &[Name]) {
        if names.is_empty() {
            return;
        }
        match bring_back::bring_back(&self.fleet, names, self.ui) {
            Ok(brought) => {
                for refused in brought.refused {
                    self.has_refused(refused);
                }
                for tried in brought.tried {
                    self.has_tried(tried);
                }
            }
            Err(error) => {
                for name in names {
                    self.has_failed(name, &error);
                }
            }
        }
    }
}
