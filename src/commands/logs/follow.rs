//! `fleet logs -f`: what terminals print, as it comes, until somebody ends it.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::stat::{SFlag, fstat};

use super::followed::Followed;
use super::{kept, meant_of};
use crate::cli::{Address, Logs};
use crate::commands::terminals::panes;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::recording::{Watch, make_private};
use crate::supervision::wait_readable;
use crate::ui::Ui;

/// How many older lines are printed where nobody says.
const LINES: usize = 10;

/// How long a line that is not done is waited for before it is printed as it is: a question has no end.
const QUIET: Duration = Duration::from_millis(500);

/// Prints what the terminals print. Returns only where nobody reads it any more, or where nothing can be followed.
pub(super) fn follow(
    fleet: &Fleet,
    addresses: &[Address],
    several: bool,
    wanted: &Logs,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    fleet.make_runtime()?;
    let mut watch = Watch::new()?;
    watch.replaced(&fleet.runtime("state"))?;
    let mut all = Vec::new();
    for address in addresses {
        for window in windows(fleet, address, several)? {
            all.push(Followed::new(fleet, address, window, wanted)?);
        }
    }
    for followed in &all {
        for directory in followed.directories() {
            make_private(directory)?;
            watch.recorded(directory)?;
        }
    }
    if let [_, _, ..] = all.as_slice() {
        let widest = all.iter().map(Followed::width).max().unwrap_or(0);
        all.iter_mut()
            .for_each(|followed| followed.show_name(widest));
    }
    let lines = wanted.lines.unwrap_or(LINES);
    for followed in &mut all {
        if !followed.begin(lines, ui)? {
            return Ok(Exit::Done);
        }
    }
    go_on(&mut all, &mut watch, ui)
}

/// Returns the windows that an address means; `None` where that is to be seen once it runs.
fn windows(fleet: &Fleet, address: &Address, several: bool) -> anyhow::Result<Vec<Option<String>>> {
    let tmux = fleet.tmux()?;
    let meant = panes(fleet, &tmux, address).map(|panes| meant_of(panes, address, several));
    if let Ok(meant) = meant {
        return Ok(meant?.into_iter().map(|pane| Some(pane.name)).collect());
    }
    // It does not run: what is kept of it, or its next life, is meant.
    if let Some(kept) = kept::series(fleet, address, several)? {
        return Ok(kept.into_iter().map(|kept| Some(kept.window())).collect());
    }
    fleet.registry.project(&address.project)?;
    let named = address.agent.as_ref().map(ToString::to_string);
    Ok(vec![named])
}

fn go_on(all: &mut [Followed<'_>], watch: &mut Watch, ui: &Ui) -> anyhow::Result<Exit> {
    let stdout = io::stdout();
    // Of a pipe it is seen at once when its reader goes; a terminal would be readable when somebody types.
    let kind = fstat(&stdout).map_or(0, |found| found.st_mode & SFlag::S_IFMT.bits());
    let is_pipe = kind == SFlag::S_IFIFO.bits();
    loop {
        let mut deadline: Option<Instant> = None;
        for followed in all.iter_mut() {
            let Some(has_more_to_say) = followed.print_new(ui)? else {
                return Ok(Exit::Done);
            };
            let quiet = has_more_to_say.then(|| Instant::now() + QUIET);
            for next in [quiet, followed.look_again_at()].into_iter().flatten() {
                deadline = Some(deadline.map_or(next, |first| first.min(next)));
            }
        }
        if all.iter().all(Followed::is_over) {
            return Ok(Exit::Failed);
        }
        let mut waited: Vec<BorrowedFd<'_>> = vec![watch.as_fd()];
        waited.extend(is_pipe.then(|| stdout.as_fd()));
        let ready = wait_readable(&waited, deadline).context("cannot wait for output")?;
        if ready.get(1) == Some(&true) {
            return Ok(Exit::Done);
        }
        let is_quiet = !ready[0];
        let changes = watch.changes()?;
        for followed in all.iter_mut() {
            if is_quiet && !followed.print_rest(ui) {
                return Ok(Exit::Done);
            }
            if !followed.look(&changes, ui)? {
                return Ok(Exit::Done);
            }
        }
    }
}
