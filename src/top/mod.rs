//! `fleet top`: the live screen.
//!
//! `model.rs` is what is on the screen, as data; `control.rs` says what a key changes of it, and `draw/` what it looks
//! like. None of them knows a terminal, a file or a clock. `live.rs` is the loop around them: it sleeps until a key, a
//! signal, or news from one of the threads that look (`looker.rs`) and work (`work.rs`). Whatever changes something is
//! carried out by this very program, run as a command.

mod age;
mod control;
mod draw;
mod errand;
#[cfg(test)]
mod fixture;
mod follow;
mod grant;
mod help;
mod keys;
mod learn;
mod live;
mod looker;
mod model;
mod news;
mod order;
mod text;
mod work;

use std::io::IsTerminal as _;

use crate::cli::Top;
use crate::error::{Exit, usage};
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Shows the fleet until the operator leaves it.
pub(crate) fn top(fleet: Fleet, wanted: &Top, ui: &Ui) -> anyhow::Result<Exit> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let is_dumb = std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb");
    if !is_terminal || is_dumb {
        return Err(usage("`fleet top` needs a terminal")
            .hint("`fleet status` shows the same, once; `fleet status --watch` again whenever something changes")
            .into());
    }
    // Names that nobody has are refused before the screen is taken.
    crate::commands::registered(&fleet, &wanted.selector)?;
    let ended = live::run(fleet, &wanted.selector)?;
    if let Some(line) = ended.running {
        ui.hint(format!(
            "`{line}` goes on; `fleet history` will tell how it went"
        ));
    }
    Ok(ended.exit)
}
