//! A project's terminals: `attach`, `logs`, `send`.

use crate::cli::{Address, Logs, Selector, Send};
use crate::error::{Exit, failed, usage};
use crate::events::Event;
use crate::fleet::Fleet;
use crate::names::nearest;
use crate::operations::{self, WINDOW};
use crate::sessions::{Pane, Panes, Tmux};
use crate::supervision::has_children;
use crate::ui::{Ui, list};

/// What the harness's own terminal is called in an address, unless an agent is called so.
const HARNESS: &str = "harness";

/// Shows a terminal in this one: returns only where that fails.
pub(crate) fn attach(fleet: &Fleet, address: &Address) -> anyhow::Result<()> {
    let tmux = fleet.tmux()?;
    let panes = panes(fleet, &tmux, address)?;
    let window = match &address.agent {
        Some(_) => Some(meant(panes, address)?.window),
        // The whole session: its windows are a key away.
        None => agents(&panes).first().map(|pane| pane.window.clone()),
    };
    Err(tmux.attach(address.project.as_str(), window.as_deref()))
}

/// Prints what terminals show; several of them under a line with each one's name.
pub(crate) fn logs(fleet: &Fleet, wanted: &Logs, ui: &Ui) -> anyhow::Result<Exit> {
    let tmux = fleet.tmux()?;
    let addresses = addresses(fleet, wanted.addresses.clone(), &wanted.selector)?;
    let several = addresses.len() > 1;
    let mut outcomes = Vec::new();
    for address in addresses {
        let print = || -> anyhow::Result<()> {
            let panes = panes(fleet, &tmux, &address)?;
            let has_agents = !agents(&panes).is_empty();
            // Of several projects, all that each has to show is meant.
            let shown = match (several, &address.agent) {
                (true, None) => panes
                    .into_iter()
                    .filter(|pane| !has_agents || pane.name != WINDOW)
                    .collect(),
                (false, _) | (true, Some(_)) => vec![meant(panes, &address)?],
            };
            for pane in shown {
                if several {
                    ui.result(format!("==> {}/{} <==", pane.session, pane.name));
                }
                ui.result(tmux.capture(&pane.pane, wanted.lines)?.trim_end());
            }
            Ok(())
        };
        outcomes.push(print());
    }
    Ok(finish_silently(outcomes, ui))
}

/// Types a text into terminals.
pub(crate) fn send(fleet: &Fleet, wanted: &Send, ui: &Ui) -> anyhow::Result<Exit> {
    let tmux = fleet.tmux()?;
    let [words @ .., text] = wanted.words.as_slice() else {
        return Err(usage("there is nothing to type").into());
    };
    // What comes after a name may begin with a dash anyway; a `--` before it is what careful people write.
    let words = words.strip_suffix(&["--".to_owned()]).unwrap_or(words);
    let named: Result<Vec<Address>, String> = words.iter().map(|word| word.parse()).collect();
    let named = named.map_err(|why| {
        usage(why).hint("quote a text that has blanks: `fleet send demo \"two words\"`")
    })?;
    if named.is_empty() && !wanted.selector.is_given() {
        return Err(usage("no project is named, or no text is given")
            .hint("`fleet send NAME/AGENT TEXT`")
            .into());
    }
    let mut outcomes = Vec::new();
    for address in addresses(fleet, named, &wanted.selector)? {
        let send = || {
            let pane = meant(panes(fleet, &tmux, &address)?, &address)?;
            refuse_dead(&pane, &address)?;
            tmux.send_text(&pane.pane, text)?;
            let project = &address.project;
            ui.status(if pane.name == WINDOW {
                format!("typed it into `{project}`")
            } else {
                format!("typed it into `{project}/{}`", pane.name)
            });
            Ok(())
        };
        let sent = send();
        fleet.record(&[sending(fleet, &address, text, &sent)], ui);
        outcomes.push(sent);
    }
    Ok(finish_silently(outcomes, ui))
}

/// Says who typed something into which terminal: not what.
fn sending(fleet: &Fleet, address: &Address, text: &str, sent: &anyhow::Result<()>) -> Event {
    let agent = address.agent.as_ref();
    Event {
        after: agent.map(|agent| format!("to {agent}")),
        outcome: operations::outcome(sent.as_ref().err()),
        ..fleet
            .asked_without("send", Some(text))
            .of(address.project.as_str())
    }
}

/// Returns the terminals that are named, and those of the projects that are selected.
fn addresses(
    fleet: &Fleet,
    named: Vec<Address>,
    selector: &Selector,
) -> anyhow::Result<Vec<Address>> {
    let mut addresses = named;
    if addresses.is_empty() || selector.is_given() {
        let selected = super::chosen(fleet, &[], selector)?;
        addresses.extend(selected.into_iter().map(|project| Address {
            project: project.name.clone(),
            agent: None,
        }));
    }
    Ok(addresses)
}

fn finish_silently(outcomes: Vec<anyhow::Result<()>>, ui: &Ui) -> Exit {
    let codes: Vec<Exit> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(()) => Exit::Done,
            Err(error) => ui.fail(&error),
        })
        .collect();
    super::outcomes::common(&codes)
}

fn panes(fleet: &Fleet, tmux: &Tmux, address: &Address) -> anyhow::Result<Vec<Pane>> {
    let name = &address.project;
    let all = match tmux.panes()? {
        Panes::NotRunning => Vec::new(),
        Panes::Running { panes, .. } => panes,
    };
    let own: Vec<Pane> = all
        .into_iter()
        .filter(|pane| pane.session == name.as_str())
        .collect();
    if own.is_empty() {
        // A session may be there of what fleet.toml has no more.
        fleet.registry.project(name)?;
        let hint = format!("`fleet start {name}` starts it; `fleet status {name}` tells how it is");
        return Err(failed(format!("`{name}` has no terminal: it does not run"))
            .hint(hint)
            .into());
    }
    Ok(own)
}

/// Refuses to type where nobody reads: a tender without a child only keeps the last screen.
fn refuse_dead(pane: &Pane, address: &Address) -> anyhow::Result<()> {
    if has_children(pane.pid) {
        return Ok(());
    }
    let project = &address.project;
    Err(failed(format!("nothing runs in this terminal of `{project}` any more"))
        .hint(format!("`fleet status {project}` and `fleet logs {project}` tell how it ended; `fleet start {project}` tries again"))
        .into())
}

/// Picks the terminal that is meant: the agent's that is named, else the only agent's, else the harness's own.
fn meant(panes: Vec<Pane>, address: &Address) -> anyhow::Result<Pane> {
    let project = &address.project;
    let agents = agents(&panes);
    let names = || agents.iter().map(|pane| pane.name.as_str());
    let shown = || list(names().map(|name| format!("{project}/{name}")));
    let found = match &address.agent {
        Some(agent) => {
            let named = agents
                .iter()
                .copied()
                .find(|pane| pane.name == agent.as_str());
            let own = panes
                .iter()
                .find(|pane| pane.name == WINDOW && agent.as_str() == HARNESS);
            named.or(own).ok_or_else(|| {
                let fault = usage(format!("`{project}` has no agent `{agent}`"));
                match nearest(agent.as_str(), names()) {
                    Some(near) => fault.hint(format!("did you mean `{project}/{near}`?")),
                    None if agents.is_empty() => {
                        fault.hint(format!("it has one terminal: `{project}`"))
                    }
                    None => fault.hint(format!("it has {}", shown())),
                }
            })?
        }
        None => match agents.as_slice() {
            [] => panes
                .first()
                .ok_or_else(|| failed(format!("`{project}` has no terminal")))?,
            [only] => only,
            [_, _, ..] => {
                return Err(usage(format!("`{project}` has more than one agent"))
                    .hint(format!(
                        "name one: {}; `{project}/{HARNESS}` is the harness's own terminal",
                        shown()
                    ))
                    .into());
            }
        },
    };
    Ok(found.clone())
}

/// Returns the agents' terminals: the windows that the harness has opened beside its own.
fn agents(panes: &[Pane]) -> Vec<&Pane> {
    panes.iter().filter(|pane| pane.name != WINDOW).collect()
}
