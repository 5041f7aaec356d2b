//! One terminal that is followed: through the end of its project's lives, and into the next ones.

mod recorder;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

use self::recorder::PATIENCE;
use super::standing::Standing;
use super::{cleaned, kept};
use crate::cli::{Address, Logs};
use crate::commands::terminals::meant;
use crate::files::Lock;
use crate::fleet::Fleet;
use crate::operations::WINDOW;
use crate::recording::{Changes, Cleaner, Reader, Series, Settings};
use crate::sessions::{Pane, Panes};
use crate::ui::Ui;

/// How much is written down for followers only, of which each reads as fast as it can.
const MAX_SIZE: u64 = 2 << 20;
const FILES: usize = 2;

/// A terminal, and how far it was read.
pub(super) struct Followed<'a> {
    fleet: &'a Fleet,
    address: Address,
    /// `None`: the one that is meant once it runs.
    window: Option<String>,
    /// The terminal that was looked at last.
    pane: Option<String>,
    /// What stands before each line.
    prefix: String,
    color: bool,
    cleaner: Cleaner,
    reader: Option<Reader>,
    /// Held while this follows what nobody keeps: the recorder ends with the last of them.
    _follows: Option<Lock>,
    standing: Standing,
    kept: PathBuf,
    passing: PathBuf,
}

impl<'a> Followed<'a> {
    pub(super) fn new(
        fleet: &'a Fleet,
        address: &Address,
        window: Option<String>,
        wanted: &Logs,
    ) -> anyhow::Result<Self> {
        let name = &address.project;
        Ok(Self {
            fleet,
            address: address.clone(),
            window,
            pane: None,
            prefix: String::new(),
            color: wanted.color,
            cleaner: Cleaner::new(wanted.color),
            reader: None,
            _follows: None,
            standing: Standing::searching(),
            kept: fleet.logs_of(name),
            passing: fleet.runtime("follow").join(name.as_str()),
        })
    }

    /// Returns the directories in which it shows that something comes.
    pub(super) fn directories(&self) -> [&Path; 2] {
        [&self.kept, &self.passing]
    }

    /// How wide its name is.
    pub(super) fn width(&self) -> usize {
        self.name().len()
    }

    /// Has each line begin with the terminal's name.
    pub(super) fn show_name(&mut self, width: usize) {
        self.prefix = format!("{:width$} | ", self.name());
    }

    fn name(&self) -> String {
        let project = &self.address.project;
        match self.window.as_deref() {
            None | Some(WINDOW) => project.to_string(),
            Some(window) => format!("{project}/{window}"),
        }
    }

    /// Prints the last lines, and begins to follow; `false` where nobody reads.
    pub(super) fn begin(&mut self, lines: usize, ui: &Ui) -> anyhow::Result<bool> {
        if !self.attach(Some(lines), ui)? {
            return Ok(false);
        }
        if self.is_waiting() {
            // What was kept of earlier lives is what there is to see meanwhile.
            let window = self.window.as_deref().unwrap_or(WINDOW);
            let series = Series::of(&self.kept, window);
            let reader =
                Reader::at_the_last(series, lines).context("cannot read what was recorded")?;
            if !self.begin_with(reader, lines, ui)? {
                return Ok(false);
            }
            ui.status(format!("`{}` does not run: waiting for it", self.name()));
        }
        Ok(true)
    }

    /// Prints what has come. Returns whether a line has begun that is not done; `None` where nobody reads.
    pub(super) fn print_new(&mut self, ui: &Ui) -> anyhow::Result<Option<bool>> {
        let Some(reader) = &mut self.reader else {
            return Ok(Some(false));
        };
        while let Some(piece) = reader.read().context("cannot read what was recorded")? {
            let mut text = String::new();
            let mut add = |line: String| text += &format!("{}{line}\n", self.prefix);
            if piece.has_gap {
                add("[some output is missing here: it was read too slowly]".to_owned());
            }
            self.cleaner.feed(&piece.bytes, &mut add);
            if !text.is_empty() && ui.stream(&text).is_err() {
                return Ok(None);
            }
        }
        Ok(Some(self.cleaner.has_begun()))
    }

    /// Prints a line that is not done; `false` where nobody reads.
    pub(super) fn print_rest(&mut self, ui: &Ui) -> bool {
        let rest = self.cleaner.rest();
        rest.is_none_or(|line| self.print([line], ui))
    }

    fn print(&self, lines: impl IntoIterator<Item = String>, ui: &Ui) -> bool {
        let mut text = String::new();
        for line in lines {
            text += &format!("{}{line}\n", self.prefix);
        }
        ui.stream(&text).is_ok()
    }

    fn is_waiting(&self) -> bool {
        matches!(self.standing, Standing::Waiting { .. })
    }

    /// Tells whether it cannot be followed any more.
    pub(super) fn is_over(&self) -> bool {
        self.standing == Standing::Over
    }

    /// Returns when to look for its terminal again, where nobody will say that it is there.
    pub(super) fn look_again_at(&self) -> Option<Instant> {
        self.standing.look_again_at()
    }

    /// Looks whether its terminal has gone, or has come; `false` where nobody reads.
    pub(super) fn look(&mut self, changes: &Changes, ui: &Ui) -> anyhow::Result<bool> {
        let state = self.fleet.unit_files(&self.address.project).state;
        let has_state_changed = changes.is_lost || changes.replaced.contains(&state);
        match self.standing {
            Standing::Over => return Ok(true),
            Standing::Live => {
                let reader = self.reader.as_ref();
                let is_live = reader.is_some_and(|reader| reader.series().is_written());
                if is_live || !(changes.is_recorder || changes.is_lost) {
                    return Ok(true);
                }
                if self.print_new(ui)?.is_none() || !self.print_rest(ui) {
                    return Ok(false);
                }
                self.standing = Standing::searching();
                ui.status(format!(
                    "`{}`: its terminal has closed; waiting for the next",
                    self.name()
                ));
            }
            Standing::Waiting { search_until } => {
                if has_state_changed {
                    self.standing = Standing::searching();
                }
                let is_searched = search_until.is_some_and(|until| Instant::now() < until);
                if !(has_state_changed || changes.is_recorder || is_searched) {
                    return Ok(true);
                }
            }
        }
        self.attach(None, ui)
    }

    /// Takes note that there is a terminal whose output comes.
    fn is_live_now(&mut self, is_first: bool, ui: &Ui) {
        if !is_first && self.is_waiting() {
            ui.status(format!("`{}` goes on with a new terminal", self.name()));
        }
        self.standing = Standing::Live;
    }

    /// Begins to follow its terminal, if there is one. `lines`: how many older ones are printed; `None`: all that came
    /// since. `false` where nobody reads.
    fn attach(&mut self, lines: Option<usize>, ui: &Ui) -> anyhow::Result<bool> {
        let window = self.window.clone();
        let series = |window: &str| Series::of(&self.kept, window);
        // Where a recorder keeps it, tmux need not be asked.
        if let Some(kept) = window.as_deref().map(series).filter(Series::is_written) {
            return self.read_kept(kept, lines, ui);
        }
        let Some(pane) = self.pane()? else {
            return Ok(true);
        };
        self.window = Some(pane.name.clone());
        let kept = Series::of(&self.kept, &pane.name);
        if kept.is_written() {
            return self.read_kept(kept, lines, ui);
        }
        let project = self.fleet.registry.projects.get(&self.address.project);
        match project.and_then(|project| self.fleet.recording(project)) {
            // It was recorded from its start, and the recorder has gone.
            Some(settings) if settings.file().exists() => {
                self.record_again(&pane, &kept, &settings, ui)?;
                self.read_kept(kept, lines, ui)
            }
            Some(_) | None => self.read_passing(&pane, lines, ui),
        }
    }

    fn read_kept(&mut self, series: Series, lines: Option<usize>, ui: &Ui) -> anyhow::Result<bool> {
        if self.is_over() {
            return Ok(true);
        }
        self.standing = Standing::Live;
        if self
            .reader
            .as_ref()
            .is_some_and(|reader| *reader.series() == series)
        {
            return Ok(true);
        }
        match lines {
            Some(lines) => self.begin_with(
                Reader::at_the_last(series, lines).context("cannot read what was recorded")?,
                lines,
                ui,
            ),
            None => {
                self.reader = Some(Reader::at_the_beginning(series));
                Ok(true)
            }
        }
    }

    fn begin_with(&mut self, mut reader: Reader, lines: usize, ui: &Ui) -> anyhow::Result<bool> {
        let last = kept::read_last(&mut reader, &mut self.cleaner, lines)?;
        self.reader = Some(reader);
        Ok(self.print(last, ui))
    }

    /// Reads what is written down for followers only, and has that done if nobody does yet.
    fn read_passing(&mut self, pane: &Pane, lines: Option<usize>, ui: &Ui) -> anyhow::Result<bool> {
        let name = self.address.project.as_str();
        let settings = Settings::new(name, self.passing.clone(), MAX_SIZE, FILES);
        settings.write()?;
        let series = Series::of(&self.passing, &pane.name);
        self._follows = None;
        // Two who begin at the same time must not take the terminal from each other.
        let _alone = Lock::take(&self.passing.join(".begin"), PATIENCE, || ())?;
        self._follows = Some(Lock::share(&series.followers())?);
        let reader = Reader::at_the_end(series.clone())?;
        let most = lines.unwrap_or(super::LINES);
        let shown = if series.is_written() {
            self.screen(pane, most)?
        } else {
            self.pipe(pane, &series, &settings, most, ui)?
        };
        if self.is_over() {
            return Ok(true);
        }
        self.is_live_now(lines.is_some(), ui);
        self.reader = Some(reader);
        let shown = cleaned(shown.trim_end(), self.color);
        let first = shown.len().saturating_sub(most);
        Ok(self.print(shown.into_iter().skip(first), ui))
    }

    fn screen(&self, pane: &Pane, lines: usize) -> anyhow::Result<String> {
        let tmux = self.fleet.tmux()?;
        if self.color {
            tmux.capture_with_colours(&pane.pane, lines)
        } else {
            tmux.capture(&pane.pane, lines)
        }
    }

    /// Looks for its terminal. Where there is no session, the next one begins with a change of the state.
    fn pane(&mut self) -> anyhow::Result<Option<Pane>> {
        let project = &self.address.project;
        let own: Vec<Pane> = match self.fleet.tmux()?.panes()? {
            Panes::NotRunning => Vec::new(),
            Panes::Running { panes, .. } => panes
                .into_iter()
                .filter(|pane| pane.session == project.as_str())
                .collect(),
        };
        match &self.window {
            _ if own.is_empty() => {
                self.standing = Standing::Waiting { search_until: None };
                Ok(None)
            }
            Some(window) => Ok(own.into_iter().find(|pane| pane.name == *window)),
            None => meant(own, &self.address).map(Some),
        }
    }
}
