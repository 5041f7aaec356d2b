//! `fleet logs --last-crash`: what stood on the screen when a project last crashed.

use jiff::Timestamp;

use crate::cli::Address;
use crate::error::{failed, usage};
use crate::fleet::Fleet;
use crate::supervision::{Crash, LastExit};
use crate::ui::{Ui, ago, seconds};

/// Prints it, under a line that says how it ended, when, and at which commit.
pub(super) fn print(
    fleet: &Fleet,
    address: &Address,
    several: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    let name = &address.project;
    if let Some(agent) = &address.agent {
        return Err(usage("the last crash is kept of whole projects only")
            .hint(format!(
                "`fleet logs {name}/{agent}` shows how an agent's last lives ended"
            ))
            .into());
    }
    let Some(crash) = Crash::read(&fleet.crash_file(name))? else {
        fleet.registry.project(name)?;
        return Err(
            failed(format!("`{name}` has not crashed yet, as far as is known"))
                .hint(format!(
                    "`fleet why {name}` tells how it is; `fleet logs {name}` shows its terminal"
                ))
                .into(),
        );
    };
    if several {
        ui.result(format!("==> {name} <=="));
    }
    ui.result(headline(&crash, Timestamp::now()));
    if crash.screen.is_empty() {
        ui.status("nobody saw its screen: it had gone, or was written over by the next life");
        return Ok(());
    }
    ui.result("");
    for line in &crash.screen {
        ui.result(line);
    }
    Ok(())
}

/// How it ended, when, and what it ran.
fn headline(crash: &Crash, now: Timestamp) -> String {
    let LastExit {
        at,
        uptime,
        commit,
        oom,
        ..
    } = &crash.exit;
    let (name, exit, lived) = (&crash.name, &crash.exit, seconds(*uptime));
    let when = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let age = ago(now.duration_since(*at).try_into().unwrap_or_default());
    let mut text = format!("`{name}` ended with {exit} after {lived}, at {when}, {age} ago");
    if let Some(commit) = commit {
        text += &format!(", at commit {}", commit.get(..12).unwrap_or(commit));
    }
    if let Some(oom) = oom {
        text += &format!("; {oom}");
    }
    text
}
