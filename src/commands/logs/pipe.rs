//! The pipe from a terminal to a recorder, laid by whoever follows.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use crate::error::{failed, timed_out};
use crate::fleet::Fleet;
use crate::recording::{Series, Settings, Watch};
use crate::sessions::{Pane, Piped};
use crate::supervision::wait_readable;
use crate::ui::Ui;

/// How long a recorder may take to begin.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What is to be piped where.
pub(super) struct Wanted<'a> {
    pub(super) pane: &'a Pane,
    pub(super) series: &'a Series,
    pub(super) settings: &'a Settings,
    /// How many lines that were shown before are wanted, and whether in colours.
    pub(super) lines: usize,
    pub(super) color: bool,
}

/// Has a recorder started for a terminal, and waits until it has begun; returns what was shown before. `None` where
/// somebody has laid a pipe by hand, which is said.
pub(super) fn lay(
    fleet: &Fleet,
    name: &str,
    wanted: &Wanted<'_>,
    ui: &Ui,
) -> anyhow::Result<Option<String>> {
    let recorder = fleet.recorder(wanted.settings)?;
    let mut watch = Watch::new()?;
    watch.recorded(&wanted.settings.directory)?;
    let tmux = fleet.tmux()?;
    let pane = &wanted.pane.pane;
    let shown = match tmux.pipe(pane, &recorder, wanted.lines, wanted.color)? {
        Piped::Shows(shown) => shown,
        Piped::Foreign => {
            let socket = tmux.socket().display();
            let fault = failed(format!(
                "cannot follow `{name}`: its terminal has a pipe already, which somebody has laid by hand"
            ));
            let hint = format!("`tmux -S {socket} pipe-pane -t {pane}` takes it away");
            ui.fail(&fault.hint(hint).into());
            return Ok(None);
        }
    };
    let deadline = Instant::now() + PATIENCE;
    while !wanted.series.is_written() {
        if !wait_readable(&[watch.as_fd()], Some(deadline))?[0] {
            let hint = format!("`fleet logs {name}` shows what stands in its terminal");
            return Err(timed_out(format!("the recorder of `{name}` has not begun"))
                .hint(hint)
                .into());
        }
        watch.changes()?;
    }
    Ok(Some(shown))
}
