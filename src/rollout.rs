//! A roll-out that is not over: on disk before anything of it is changed, so that it can be gone on with, or taken back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Advise as _;
use crate::files::{self, Durability};
use crate::names::{CommitId, Name, Ref, shell_word};
use crate::supervision::{Liveness, Process, VERSION, When, read_record};

/// What goes on with one.
pub(crate) const RESUME: &str = "fleet update --resume";
/// What takes one back.
pub(crate) const BACK_OUT: &str = "fleet update --back-out";

/// Versions that reach a fleet wave by wave. The one process that carries it out replaces the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RollOut {
    /// [`VERSION`] of who wrote it.
    pub(crate) version: u32,
    /// When it began.
    pub(crate) began: When,
    /// Who carries it out, or did until it was interrupted.
    pub(crate) process: Process,
    /// What it goes to, for people.
    pub(crate) target: String,
    /// How many seconds each wave must stay up.
    pub(crate) soak: f64,
    /// What the operator gave as a reason.
    pub(crate) why: Option<String>,
    /// The operator wants all of it taken back.
    #[serde(default)]
    pub(crate) is_taken_back: bool,
    /// The waves, in their order.
    pub(crate) waves: Vec<Wave>,
}

/// Projects that move together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wave {
    /// How far it is.
    pub(crate) stage: Stage,
    /// Since when it is there; `None` before it has begun.
    pub(crate) since: Option<When>,
    /// The projects.
    pub(crate) members: Vec<Member>,
}

/// How far a wave is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Its turn has not come.
    Planned,
    /// Its projects are moved and restarted.
    Moving,
    /// Its projects have to stay up.
    Soaking,
    /// It keeps the new version.
    Healthy,
    /// It failed, or is not wanted: its projects go back.
    BackingOut,
    /// They are back.
    BackedOut,
}

/// One project of a wave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// The project.
    pub(crate) name: Name,
    /// Where it was when it was looked at.
    pub(crate) location: PathBuf,
    /// What it was at: the registry's ref, and the commit that it pinned.
    pub(crate) from: Pin,
    /// The commit that the registry had for that ref.
    pub(crate) registered: Option<CommitId>,
    /// Where it goes.
    pub(crate) to: Pin,
    /// Whether it ran when its wave began; until then, when it was looked at.
    pub(crate) ran: bool,
    /// The operator's wish, as it stood on disk when it had been moved: who changes it afterwards has taken it over.
    #[serde(default)]
    pub(crate) wish: Option<String>,
    /// What the operator did with it meanwhile.
    #[serde(default)]
    pub(crate) own: Option<Own>,
    /// Why it is not moved after all: it was refused when its turn came.
    #[serde(default)]
    pub(crate) left_out: Option<String>,
    /// What was wrong with it at the new version.
    #[serde(default)]
    pub(crate) failure: Option<String>,
}

/// A version of a harness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    /// As it is written into the registry.
    pub(crate) reference: Ref,
    /// What it stands for.
    pub(crate) commit: CommitId,
}

/// What an operator did with a project while a roll-out was about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Own {
    /// It is not registered any more.
    Removed,
    /// Its pin, its entry's pin or its place is another one.
    Moved,
    /// It was disabled.
    Disabled,
    /// It was stopped.
    Stopped,
    /// It was started or restarted.
    Started,
}

impl Own {
    /// Says what was done, after the project's name.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Removed => "was removed meanwhile",
            Self::Moved => "was moved by hand meanwhile",
            Self::Disabled => "is disabled",
            Self::Stopped => "was stopped meanwhile",
            Self::Started => "was started by hand meanwhile",
        }
    }

    /// Tells whether its pin is the operator's business now.
    pub(crate) fn has_the_pin(self) -> bool {
        match self {
            Self::Removed | Self::Moved => true,
            Self::Disabled | Self::Stopped | Self::Started => false,
        }
    }
}

impl Stage {
    /// Says how far a wave is.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Planned => "has not begun",
            Self::Moving => "is being moved",
            Self::Soaking => "soaks",
            Self::Healthy => "is healthy",
            Self::BackingOut => "goes back",
            Self::BackedOut => "has gone back",
        }
    }

    /// Tells whether projects of such a wave may be at the new version.
    pub(crate) fn may_have_moved(self) -> bool {
        match self {
            Self::Planned | Self::BackedOut => false,
            Self::Moving | Self::Soaking | Self::Healthy | Self::BackingOut => true,
        }
    }
}

impl Member {
    /// Tells whether the roll-out still moves it.
    pub(crate) fn takes_part(&self) -> bool {
        self.left_out.is_none() && !self.own.is_some_and(Own::has_the_pin)
    }

    /// Tells whether the roll-out judges by it: it ran, and nobody has taken it over.
    pub(crate) fn is_judged(&self) -> bool {
        self.ran && self.left_out.is_none() && self.own.is_none()
    }

    /// Says from what to what, such as `v0.1.0 -> v0.2.0`.
    pub(crate) fn change(&self) -> String {
        format!("{} -> {}", self.before(), self.shown(&self.to))
    }

    /// Says what it was at, such as `v0.1.0`.
    pub(crate) fn before(&self) -> &str {
        self.shown(&self.from)
    }

    /// Names one of its versions; one ref for both would say nothing.
    fn shown<'a>(&self, pin: &'a Pin) -> &'a str {
        let is_same = self.from.reference == self.to.reference;
        let is_a_commit = pin.reference.as_str() == pin.commit.as_str();
        if is_same || is_a_commit {
            pin.commit.short()
        } else {
            pin.reference.as_str()
        }
    }
}

impl RollOut {
    /// Returns the file of a fleet's roll-out, given its runtime directory.
    fn file(runtime: &Path) -> PathBuf {
        runtime.join("rollout.json")
    }

    /// Reads the one that is not over, if there is one.
    pub(crate) fn read(runtime: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::file(runtime);
        let read = read_record(&path, "roll-out");
        read.hint(|| {
            let path = shell_word(&path.display().to_string());
            format!("a newer version may have written it; `rm -r {path}` gives the roll-out up as it stands")
        })
    }

    /// Writes it down, surviving a power cut.
    pub(crate) fn write(&self, runtime: &Path) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        files::replace(&Self::file(runtime), &bytes, 0o600, Durability::Synced)
    }

    /// Ends it: all of it is done, or taken back.
    pub(crate) fn end(runtime: &Path) -> anyhow::Result<()> {
        files::remove_if_there(&Self::file(runtime))
    }

    /// Makes one that has not begun.
    pub(crate) fn new(
        process: Process,
        target: String,
        soak: Duration,
        waves: Vec<Vec<Member>>,
    ) -> Self {
        let wave = |members| Wave {
            stage: Stage::Planned,
            since: None,
            members,
        };
        Self {
            version: VERSION,
            began: When::now(),
            process,
            target,
            soak: soak.as_secs_f64(),
            why: None,
            is_taken_back: false,
            waves: waves.into_iter().map(wave).collect(),
        }
    }

    /// Returns how long each wave must stay up.
    pub(crate) fn soak(&self) -> Duration {
        Duration::try_from_secs_f64(self.soak).unwrap_or_default()
    }

    /// Tells whether somebody carries it out now; what cannot be told is no interruption.
    pub(crate) fn is_under_way(&self) -> bool {
        self.process.liveness() != Liveness::Gone
    }

    /// Returns the place of the wave that it is about now: the first that is not healthy, or else the last.
    pub(crate) fn current(&self) -> usize {
        let is_open = |wave: &Wave| wave.stage != Stage::Healthy;
        let open = self.waves.iter().position(is_open);
        open.unwrap_or(self.waves.len().saturating_sub(1))
    }

    /// Names a wave for people: `wave 2 of 4`.
    pub(crate) fn wave_name(&self, place: usize) -> String {
        format!("wave {} of {}", place + 1, self.waves.len())
    }

    /// Returns a project's wave and what is known of it there.
    pub(crate) fn member(&self, name: &Name) -> Option<(usize, &Member)> {
        let mut all = self.waves.iter().enumerate();
        all.find_map(|(place, wave)| {
            let member = wave.members.iter().find(|member| member.name == *name)?;
            Some((place, member))
        })
    }
}

#[cfg(test)]
mod tests;
