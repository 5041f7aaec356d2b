//! The recorder of a terminal that is followed: started where there is none.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use super::{Followed, Standing};
use crate::error::{failed, timed_out};
use crate::files::Lock;
use crate::recording::{Series, Settings, Watch};
use crate::sessions::{Pane, Piped};
use crate::supervision::wait_readable;
use crate::ui::Ui;

/// How long a recorder may take to begin.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long one may take that was started with its terminal, before another is started in its place.
const SOON: Duration = Duration::from_secs(2);

impl Followed<'_> {
    /// Has a recorder started that keeps what a terminal prints, where the one that was there has gone.
    pub(super) fn record_again(
        &mut self,
        pane: &Pane,
        series: &Series,
        settings: &Settings,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        // Two must not take the terminal from each other's recorders.
        let begin = settings.directory.join(".begin");
        let _alone = Lock::take(&begin, PATIENCE * 2, || ())?;
        let is_new = self.pane.replace(pane.pane.clone()).as_ref() != Some(&pane.pane);
        // The one that a new terminal is made with may be about to begin.
        if is_new && self.fleet.tmux()?.is_recorded(&pane.pane)? {
            has_begun(series, watched(settings)?, SOON)?;
        }
        if !series.is_written() {
            self.pipe(pane, series, settings, 0, ui)?;
        }
        Ok(())
    }

    /// Has a recorder started for a terminal, and waits until it has begun; returns what was shown before.
    pub(super) fn pipe(
        &mut self,
        pane: &Pane,
        series: &Series,
        settings: &Settings,
        lines: usize,
        ui: &Ui,
    ) -> anyhow::Result<String> {
        let recorder = self.fleet.recorder(settings)?;
        let watch = watched(settings)?;
        let tmux = self.fleet.tmux()?;
        let shown = match tmux.pipe(&pane.pane, &recorder, lines, self.color)? {
            Piped::Shows(shown) => shown,
            Piped::Foreign => {
                self.standing = Standing::Over;
                let socket = tmux.socket().display();
                let fault = failed(format!(
                    "cannot follow `{}`: its terminal has a pipe already, which somebody has laid by hand",
                    self.name()
                ));
                ui.fail(
                    &fault
                        .hint(format!(
                            "`tmux -S {socket} pipe-pane -t {}` takes it away",
                            pane.pane
                        ))
                        .into(),
                );
                return Ok(String::new());
            }
        };
        if !has_begun(series, watch, PATIENCE)? {
            let name = self.name();
            return Err(timed_out(format!("the recorder of `{name}` has not begun"))
                .hint(format!(
                    "`fleet logs {name}` shows what stands in its terminal"
                ))
                .into());
        }
        Ok(shown)
    }
}

fn watched(settings: &Settings) -> anyhow::Result<Watch> {
    let mut watch = Watch::new()?;
    watch.recorded(&settings.directory)?;
    Ok(watch)
}

/// Waits until a recorder writes a series; returns whether one does.
fn has_begun(series: &Series, mut watch: Watch, patience: Duration) -> anyhow::Result<bool> {
    let deadline = Instant::now() + patience;
    while !series.is_written() {
        if !wait_readable(&[watch.as_fd()], Some(deadline))?[0] {
            return Ok(series.is_written());
        }
        watch.changes()?;
    }
    Ok(true)
}
