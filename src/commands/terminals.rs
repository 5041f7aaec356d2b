//! A project's terminals: which one is meant, `attach` and `send`.

use crate::cli::{Address, Selector, Send};
use crate::error::{Advise as _, Exit, failed, usage};
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
    let project = &address.project;
    Err(tmux.attach(project.as_str(), window.as_deref()))
        .hint(|| format!("`fleet logs {project}` prints what it shows"))
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
    let named = named.map_err(|why| usage(why).hint(quote(words)))?;
    if named.is_empty() && !wanted.selector.is_given() {
        return Err(usage("no project is named, or no text is given")
            .hint("`fleet send NAME/AGENT TEXT`")
            .into());
    }
    // A text without its quotes looks like projects: nothing of it is typed anywhere.
    for address in named.iter().filter(|_| named.len() > 1) {
        let known = fleet.registry.project(&address.project);
        known.hint(|| quote(words))?;
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

/// Tells those how to write it whose text has blanks.
fn quote(words: &[String]) -> String {
    let first = words.first().map_or("NAME", String::as_str);
    format!("quote a text that has blanks: `fleet send {first} \"two words\"`")
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
pub(super) fn addresses(
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

pub(super) fn finish_silently(outcomes: Vec<anyhow::Result<()>>, ui: &Ui) -> Exit {
    let codes: Vec<Exit> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(()) => Exit::Done,
            Err(error) => ui.fail(&error),
        })
        .collect();
    super::outcomes::common(&codes)
}

pub(super) fn panes(fleet: &Fleet, tmux: &Tmux, address: &Address) -> anyhow::Result<Vec<Pane>> {
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

/// Picks the terminal that is meant.
pub(super) fn meant(panes: Vec<Pane>, address: &Address) -> anyhow::Result<Pane> {
    let names: Vec<&str> = panes.iter().map(|pane| pane.name.as_str()).collect();
    let place = pick(&names, address)?;
    Ok(panes[place].clone())
}

/// Picks the window that is meant: the agent's that is named, else the only agent's, else the harness's own. Returns its
/// place.
pub(super) fn pick(windows: &[&str], address: &Address) -> anyhow::Result<usize> {
    let project = &address.project;
    let is_agent = |window: &&&str| **window != WINDOW;
    let agents = || windows.iter().filter(is_agent).copied();
    let shown = || list(agents().map(|name| format!("{project}/{name}")));
    let place = |wanted: &str| windows.iter().position(|window| *window == wanted);
    let Some(agent) = &address.agent else {
        let mut names = agents();
        let only = match (names.next(), names.next()) {
            (None, _) => 0,
            (Some(only), None) => place(only).unwrap_or(0),
            (Some(_), Some(_)) => {
                return Err(usage(format!("`{project}` has more than one agent"))
                    .hint(format!(
                        "name one: {}; `{project}/{HARNESS}` is the harness's own terminal",
                        shown()
                    ))
                    .into());
            }
        };
        return Ok(only);
    };
    let own = || place(WINDOW).filter(|_| agent.as_str() == HARNESS);
    Ok(place(agent.as_str()).or_else(own).ok_or_else(|| {
        let fault = usage(format!("`{project}` has no agent `{agent}`"));
        match nearest(agent.as_str(), agents()) {
            Some(near) => fault.hint(format!("did you mean `{project}/{near}`?")),
            None if agents().next().is_none() => {
                fault.hint(format!("it has one terminal: `{project}`"))
            }
            None => fault.hint(format!("it has {}", shown())),
        }
    })?)
}

/// Returns the agents' terminals: the windows that the harness has opened beside its own.
pub(super) fn agents(panes: &[Pane]) -> Vec<&Pane> {
    panes.iter().filter(|pane| pane.name != WINDOW).collect()
}
