//! The registry alone: `list`, `get`, `validate`, `enable`, `disable`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::select::registered;
use crate::cli::List;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{Change, Outcome};
use crate::registry::{Edit, Project, Registry, Watch};
use crate::ui::{Table, Ui, count};

/// Prints a table or JSON of projects, as registered.
pub(crate) fn list(fleet: &Fleet, wanted: &List, ui: &Ui) -> anyhow::Result<()> {
    let projects = registered(fleet, &wanted.selector)?;
    if wanted.json {
        let records: Vec<Value> = projects.into_iter().map(record).collect();
        return print_json(&records, ui);
    }
    if projects.is_empty() {
        super::say_none_is_chosen(fleet, &wanted.selector, ui);
        return Ok(());
    }
    let mut table = Table::new([
        "name", "harness", "ref", "location", "labels", "watch", "enabled",
    ]);
    for project in projects {
        let shown = project
            .location
            .strip_prefix(&fleet.root)
            .unwrap_or(&project.location);
        table.row([
            project.name.to_string(),
            project.harness.to_string(),
            project.reference.to_string(),
            shown.display().to_string(),
            project.labels.join(", "),
            if project.watch == Watch::Heal {
                "heal".to_owned()
            } else {
                String::new()
            },
            if project.enabled {
                String::new()
            } else {
                "no".to_owned()
            },
        ]);
    }
    ui.result(table);
    Ok(())
}

/// Prints one project's record, with where each value comes from if that is wanted.
pub(crate) fn get(
    fleet: &Fleet,
    name: &Name,
    origin: bool,
    as_json: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    let project = fleet.registry.project(name)?;
    if as_json {
        return print_json(&record(project), ui);
    }
    let mut table = Table::new(["key", "value", "origin"]);
    for setting in fleet.registry.origins(name) {
        let from = if origin {
            setting.origin.to_string()
        } else {
            String::new()
        };
        table.row([setting.key.to_owned(), setting.value, from]);
    }
    ui.result(table);
    Ok(())
}

/// Says of a fleet.toml that is not valid, to who goes on with the last one that was, what is wrong with it.
pub(crate) fn last_valid_counts(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() > 1 {
        // It says which file the problems are in; each of them says that as well.
        lines.remove(0);
    }
    let problems = lines.join("; ");
    format!("the last valid fleet.toml counts: {problems}; `fleet validate` tells more")
}

/// Checks the registry: every problem at once. Warnings do not make it invalid.
pub(crate) fn validate(root: &Path, ui: &Ui) -> anyhow::Result<()> {
    let registry = Registry::load(root)?;
    for warning in &registry.warnings {
        ui.warn(warning);
    }
    ui.status(format!(
        "{} is valid: {}",
        registry.path.display(),
        count(registry.projects.len(), "project")
    ));
    if let Some(operator) = &registry.operator {
        let contact = operator.contact.as_ref();
        let contact = contact.map_or_else(String::new, |contact| format!(", {contact}"));
        ui.status(format!("operated by {operator}{contact}"));
    }
    Ok(())
}

/// Allows projects to be started, or forbids it.
pub(super) fn set_enabled(
    fleet: &Fleet,
    names: &[Name],
    enabled: bool,
    dry_run: bool,
    ui: &Ui,
) -> anyhow::Result<Vec<Outcome>> {
    let word = if enabled { "enabled" } else { "disabled" };
    let mut edit = (!dry_run).then(|| fleet.edit(ui)).transpose()?;
    let registry = edit.as_ref().map_or(&fleet.registry, Edit::registry);
    let mut changed = Vec::new();
    for name in names {
        if registry.project(name)?.enabled != enabled {
            changed.push(name.clone());
        }
    }
    if let Some(edit) = &mut edit {
        edit.set_enabled(&changed, enabled)?;
    }
    if let Some(edit) = edit {
        edit.save()?;
    }
    let mut outcomes = Vec::new();
    for name in names {
        let done = if !changed.contains(name) {
            format!("`{name}` is {word} already")
        } else if dry_run {
            ui.result(format!(
                "{name}:\n  write enabled = {enabled} into fleet.toml"
            ));
            continue;
        } else {
            format!("{word} `{name}`")
        };
        let change = changed.contains(name).then(|| Change {
            before: Some((!enabled).to_string()),
            after: Some(enabled.to_string()),
        });
        outcomes.push(Outcome::new(name.clone(), Ok(done)).changing(change));
    }
    Ok(outcomes)
}

fn record(project: &Project) -> Value {
    let env: Map<String, Value> = project
        .env
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let restart = &project.restart;
    json!({
        "name": project.name,
        "harness": project.harness,
        "ref": project.reference,
        "commit": project.commit,
        "location": project.location,
        "branch": project.branch,
        "enabled": project.enabled,
        "watch": project.watch,
        "labels": project.labels,
        "stop_grace": project.stop_grace.as_secs_f64(),
        "env": env,
        "env_file": project.env_file,
        "args": project.args,
        "restart": {
            "on": restart.on,
            "backoff": restart.backoff.as_secs_f64(),
            "backoff_max": restart.backoff_max.as_secs_f64(),
            "give_up_after": restart.give_up_after,
            "window": restart.window.as_secs_f64(),
            "healthy_after": restart.healthy_after.as_secs_f64(),
        },
        "after": project.after,
        "log": project.log,
    })
}

/// Prints a value as JSON for machines, indented for people.
pub(crate) fn print_json(value: &impl serde::Serialize, ui: &Ui) -> anyhow::Result<()> {
    ui.result(harmless(&serde_json::to_string_pretty(value)?));
    Ok(())
}

/// Writes what a terminal could take for an order, or show as something else, as JSON escapes.
fn harmless(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        let is_shown = c == '\n' || c.is_ascii_graphic() || c == ' ' || !shows_otherwise(c);
        if is_shown {
            plain.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                plain += &format!("\\u{unit:04x}");
            }
        }
    }
    plain
}

fn shows_otherwise(c: char) -> bool {
    c.escape_debug().next() == Some('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_on_a_terminal_gives_it_no_orders() {
        let value = json!({ "a\u{202e}": "é \u{9b}31m \" \\ \u{e0001}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let plain = harmless(&text);
        assert_eq!(
            plain,
            "{\n  \"a\\u202e\": \"é \\u009b31m \\\" \\\\ \\udb40\\udc01\"\n}"
        );
        assert_eq!(serde_json::from_str::<Value>(&plain).unwrap(), value);
    }
}
