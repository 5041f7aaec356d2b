//! Plans: what a command would do to one project, as data.

use std::fmt;

use crate::files::Lock;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::ui::Ui;

use super::step::Step;

/// What is to be done to one project. What `--dry-run` prints is what would be carried out.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The project.
    pub(crate) project: Name,
    /// The steps, in order. None: it is as it should be.
    pub(crate) steps: Vec<Step>,
    /// What to say where there is nothing to do, or when it is done.
    pub(crate) done: String,
}

impl Plan {
    /// Makes a plan.
    pub(crate) fn new(project: &Name, steps: Vec<Step>, done: impl Into<String>) -> Self {
        Self {
            project: project.clone(),
            steps,
            done: done.into(),
        }
    }

    /// Makes a plan of no steps: it says why there is nothing to do.
    pub(crate) fn nothing(project: &Name, why: impl Into<String>) -> Self {
        Self::new(project, Vec::new(), why)
    }

    /// Tells whether it starts the project.
    pub(super) fn starts(&self) -> bool {
        self.steps.contains(&Step::Start)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str(&self.done);
        }
        write!(f, "{}:", self.project)?;
        for step in &self.steps {
            write!(f, "\n  {step}")?;
        }
        Ok(())
    }
}

/// How it went with one project.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The project.
    pub(crate) project: Name,
    /// What was done, or why not.
    pub(crate) result: anyhow::Result<String>,
    /// What it changed, for the trail; `None` where there was nothing to do, or nothing was begun.
    pub(crate) change: Option<Change>,
    /// Whether it was restarted as well, where the command was about something else.
    pub(crate) is_restarted: bool,
}

/// What was before a change, and what is after it, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Before; `None` where there was nothing.
    pub(crate) before: Option<String>,
    /// After, be it that nothing came of it; `None` where there is nothing any more.
    pub(crate) after: Option<String>,
}

impl Outcome {
    /// Makes an outcome that has changed nothing yet.
    pub(crate) fn new(project: Name, result: anyhow::Result<String>) -> Self {
        Self {
            project,
            result,
            change: None,
            is_restarted: false,
        }
    }

    /// Adds what was changed, if anything was.
    pub(crate) fn changing(self, change: Option<Change>) -> Self {
        Self { change, ..self }
    }
}

/// Prints plans instead of carrying them out.
pub(super) fn print<'a>(plans: impl IntoIterator<Item = &'a Plan>, ui: &Ui) {
    for plan in plans {
        ui.result(plan);
    }
}

/// Parts what can be done from what was refused or failed, keeping both.
pub(super) fn part<T>(
    looked: impl IntoIterator<Item = (Name, anyhow::Result<T>)>,
) -> (Vec<T>, Vec<Outcome>) {
    let (mut plans, mut outcomes) = (Vec::new(), Vec::new());
    for (project, result) in looked {
        match result {
            Ok(plan) => plans.push(plan),
            Err(error) => outcomes.push(Outcome::new(project, Err(error))),
        }
    }
    (plans, outcomes)
}

/// Projects that no other command changes while this is kept.
pub(super) struct Locked {
    /// Those that are locked, in the order of their names.
    pub(super) names: Vec<Name>,
    /// Those that could not be locked in time.
    pub(super) outcomes: Vec<Outcome>,
    /// What keeps the others out.
    pub(super) locks: Vec<Lock>,
}

/// Locks projects in the order of their names, so that two commands never wait for each other, and reads the registry
/// again: what was read before a lock is stale after it.
pub(super) fn lock_all(fleet: &mut Fleet, names: &[Name], ui: &Ui) -> anyhow::Result<Locked> {
    fleet.make_runtime()?;
    let mut sorted = names.to_vec();
    sorted.sort();
    let locked: Vec<_> = sorted
        .into_iter()
        .map(|name| {
            let lock = fleet.lock_only(&name, ui).map(|lock| (name.clone(), lock));
            (name, lock)
        })
        .collect();
    let (held, outcomes) = part(locked);
    fleet.reload()?;
    let (names, locks) = held.into_iter().unzip();
    Ok(Locked {
        names,
        outcomes,
        locks,
    })
}
