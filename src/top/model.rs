//! What is on the screen, as data: everything that is drawn, and everything that keys change.

use std::collections::BTreeSet;

use crate::names::Name;
use crate::status::{ProjectReport, Report};
use crate::ui::Sheet;

use super::errand::{Errand, Outcome};
use super::order::{Sort, ordered};

/// What is shown of the selected project beside the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Facts,
    Lines,
    History,
}

impl Tab {
    pub(super) const ALL: [Self; 3] = [Self::Facts, Self::Lines, Self::History];

    /// Returns what it is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Lines => "last lines",
            Self::History => "history",
        }
    }

    /// Returns the one so many further, round and round.
    pub(super) fn further(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// What lies over the table and hears the keys.
#[derive(Debug, Default)]
pub(super) enum Open {
    /// Nothing: the table itself.
    #[default]
    Table,
    /// The filter is typed; what it was before comes back with Escape, and what was selected.
    Filter {
        before: String,
        selected: Option<Name>,
    },
    /// A version is asked for.
    Asking(Asking),
    /// A plan, to be confirmed.
    Plan(Plan),
    /// Something large, to be read.
    Large(Large),
}

/// Which version some projects are to be updated to.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) names: Vec<Name>,
    pub(super) typed: String,
    pub(super) restarts: bool,
    /// The versions that are known, and what there is to say of each; or why there are none. Nothing: still looked for.
    pub(super) versions: Option<Result<Vec<(String, String)>, String>>,
    /// Which of those that begin with what is typed is chosen; nothing: what is typed counts.
    pub(super) chosen: Option<usize>,
}

impl Asking {
    /// Returns the versions with what is typed in them.
    pub(super) fn offered(&self) -> Vec<&(String, String)> {
        let all = match &self.versions {
            Some(Ok(all)) => all.as_slice(),
            Some(Err(_)) | None => &[],
        };
        all.iter()
            .filter(|(name, _)| name.contains(self.typed.trim()))
            .collect()
    }

    /// Returns the version that is meant; none is the registered one.
    pub(super) fn meant(&self) -> Option<String> {
        let chosen = self
            .chosen
            .and_then(|place| self.offered().get(place).map(|it| it.0.clone()));
        let typed = Some(self.typed.trim().to_owned()).filter(|typed| !typed.is_empty());
        chosen.or(typed)
    }
}

/// What a command would do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) errand: Errand,
    /// What its dry run said; nothing while that is waited for.
    pub(super) told: Option<Outcome>,
    pub(super) scroll: usize,
}

/// Something large.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) of: Text,
    /// How many lines are above, or, at the end of what grows, below.
    pub(super) scroll: usize,
}

/// A text that is read in the large.
#[derive(Debug)]
pub(super) enum Text {
    /// What is shown of the selected project.
    Tab,
    /// Why a project is as it is; nothing while that is looked for.
    Why(Name, Option<Result<Sheet, String>>),
    /// What concerns more than one project.
    Notices,
    /// The keys.
    Help,
}

/// What the terminals of a project show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// What its terminals are called.
    pub(super) terminals: Vec<String>,
    /// Which of them this is.
    pub(super) place: usize,
    pub(super) lines: Vec<String>,
    /// Why there are none.
    pub(super) trouble: Option<String>,
}

/// One line of the trail: when, what, details, who.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) at: String,
    pub(super) what: String,
    pub(super) details: String,
    pub(super) who: String,
    pub(super) mood: crate::ui::Mood,
}

/// What has to be fetched for what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Lines(Name, usize),
    History(Name),
}

/// The screen.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// What is true; nothing before it was first looked at.
    pub(super) report: Option<Report>,
    /// How many projects fleet.toml has, those that were not chosen to be shown included.
    pub(super) registered: usize,
    /// Why what is true could not be found out the last time.
    pub(super) trouble: Option<String>,
    pub(super) selected: Option<Name>,
    /// Where the selected project stood when it was last seen.
    pub(super) place: usize,
    pub(super) marked: BTreeSet<Name>,
    pub(super) filter: String,
    pub(super) sort: Sort,
    pub(super) is_reversed: bool,
    pub(super) tab: Tab,
    pub(super) open: Open,
    /// Which of several terminals of the selected project is looked at.
    pub(super) terminal: usize,
    pub(super) lines: Option<(Name, Lines)>,
    pub(super) history: Option<(Name, Result<Vec<Happened>, String>)>,
    /// The command line that is being carried out.
    pub(super) running: Option<String>,
    /// How the last one went, until it is dismissed.
    pub(super) outcome: Option<Outcome>,
    /// How far the outcome is scrolled.
    pub(super) outcome_scroll: usize,
    /// A word to the operator, until the next key.
    pub(super) word: Option<String>,
    /// How many rows the table had when it was last drawn, and the first of them.
    pub(super) rows: usize,
    pub(super) first_row: usize,
    /// Whether the selected project was shown beside the table when it was last drawn.
    pub(super) has_panel: bool,
    /// How many lines a large text was last drawn in, and how far it can be scrolled.
    pub(super) page: usize,
    pub(super) most_scroll: usize,
}

impl Model {
    /// Returns the projects, in no order that matters.
    pub(super) fn projects(&self) -> &[ProjectReport] {
        self.report
            .as_ref()
            .map_or(&[], |report| report.projects.as_slice())
    }

    /// Returns the projects that are shown, in their order.
    pub(super) fn shown(&self) -> Vec<&ProjectReport> {
        let projects = self.projects();
        ordered(projects, &self.filter, self.sort, self.is_reversed)
            .into_iter()
            .map(|place| &projects[place])
            .collect()
    }

    /// Returns the selected project.
    pub(super) fn current(&self) -> Option<&ProjectReport> {
        let selected = self.selected.as_ref()?;
        self.projects().iter().find(|it| it.name == *selected)
    }

    /// Takes in what is true now. The selection stays on its project, wherever that stands now.
    pub(super) fn learn(&mut self, report: Report) {
        self.marked
            .retain(|name| report.projects.iter().any(|it| it.name == *name));
        self.report = Some(report);
        self.settle();
    }

    /// Moves the selection to a project that is shown: to its neighbour, where its own is not.
    pub(super) fn settle(&mut self) {
        let names: Vec<Name> = self.shown().into_iter().map(|it| it.name.clone()).collect();
        let found = names
            .iter()
            .position(|name| Some(name) == self.selected.as_ref());
        let Some(last) = names.len().checked_sub(1) else {
            self.selected = None;
            return;
        };
        self.place = found.unwrap_or(self.place.min(last));
        if found.is_none() {
            self.terminal = 0;
        }
        self.selected = names.into_iter().nth(self.place);
    }

    /// Moves the selection by so many rows, as far as there are rows.
    pub(super) fn go(&mut self, by: isize) {
        let last = self.shown().len().saturating_sub(1);
        self.go_to(self.place.saturating_add_signed(by).min(last));
    }

    /// Selects the project at a place.
    pub(super) fn go_to(&mut self, place: usize) {
        let shown = self.shown();
        let place = place.min(shown.len().saturating_sub(1));
        let name = shown.get(place).map(|it| it.name.clone());
        self.terminal = 0;
        self.place = place;
        self.selected = name;
    }

    /// Returns what a command is about: the marked projects, or the selected one.
    pub(super) fn meant(&self) -> Vec<Name> {
        if self.marked.is_empty() {
            self.current()
                .map(|it| it.name.clone())
                .into_iter()
                .collect()
        } else {
            self.marked.iter().cloned().collect()
        }
    }

    /// Returns what has to be fetched for what is shown.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let is_large = matches!(&self.open, Open::Large(large) if matches!(large.of, Text::Tab));
        if !is_large && !self.has_panel {
            return None;
        }
        let name = self.current()?.name.clone();
        match self.tab {
            Tab::Facts => None,
            Tab::Lines => Some(Wanted::Lines(name, self.terminal)),
            Tab::History => Some(Wanted::History(name)),
        }
    }

    /// Tells whether the outcome of a command lies over the table: one that a line has room for does not.
    pub(super) fn has_outcome_open(&self) -> bool {
        let is_long = |outcome: &Outcome| !outcome.is_good() || outcome.said.lines().count() > 1;
        matches!(self.open, Open::Table) && self.outcome.as_ref().is_some_and(is_long)
    }
}
