//! fleet.toml as it may be written: the types behind reading it, and behind its JSON schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::size::Size;
use super::values::{Argument, Count, EnginePath, EnvironmentName, Label, Place, Watch};
use crate::names::{CommitId, HarnessUrl, Name, OneLine, Operator, Ref, RestartText, Role, Time};

/// The registry of a fleet: which projects exist, where, with which harness, at which ref, enabled or not.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "fleet.toml")]
pub(super) struct FileText {
    /// The fleet itself.
    #[serde(default)]
    pub(super) fleet: FleetText,
    /// Who operates the fleet: told to the trail, and to no project.
    pub(super) operator: Option<OperatorText>,
    /// The harnesses that projects may use, by name. `agents` is built in and needs no table.
    #[serde(default)]
    pub(super) harnesses: BTreeMap<Name, HarnessText>,
    /// The projects, by name.
    #[serde(default)]
    pub(super) projects: BTreeMap<Name, ProjectText>,
}

/// The fleet itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fleet")]
pub(super) struct FleetText {
    /// What the fleet is called. Default: the name of its directory.
    pub(super) name: Option<Name>,
    /// Where `fleet create` puts new projects: relative to this file, absolute, or `~/...`. Default: `projects`.
    pub(super) projects: Option<Place>,
    /// The harness that `fleet create` uses when none is named. Default: `agents`.
    pub(super) default_harness: Option<Name>,
    /// How many projects are started at once: the next follow when those run. Default: `8`.
    pub(super) max_parallel_starts: Option<Count>,
    /// How many projects may run: a start beyond it is refused. Default: `200`.
    pub(super) max_running: Option<Count>,
    /// How long a file of kept output may become, where a project has `log = true`: `512KB`, `10MB`, `1GB`. Default: `10MB`.
    pub(super) log_max_size: Option<Size>,
    /// How many such files are kept of each terminal. Default: `5`.
    pub(super) log_files: Option<Count>,
    /// How much all kept output of the fleet may take; the oldest goes first. Default: `1GB`.
    pub(super) log_total: Option<Size>,
}

/// Who operates the fleet: told to the trail (`fleet history`), and to no project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Operator")]
pub(super) struct OperatorText {
    /// What they are called.
    pub(super) name: OneLine,
    /// Whether they are a person, or a program that decides by itself. Default: `human`.
    pub(super) role: Option<Role>,
    /// Where they can be asked: an address, a number, a URL.
    pub(super) contact: Option<OneLine>,
}

impl OperatorText {
    /// Fills in what holds without being written.
    pub(super) fn settled(self) -> Operator {
        Operator {
            name: self.name,
            role: self.role.unwrap_or_default(),
            contact: self.contact,
        }
    }
}

/// A harness: a git repository that says how to run a project's agents.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Harness")]
pub(super) struct HarnessText {
    /// Where it is cloned from. Every harness but the built-in `agents` needs one.
    pub(super) url: Option<HarnessUrl>,
    /// Where it is mounted inside a project. Default: `engine`.
    pub(super) path: Option<EnginePath>,
    /// The ref that `fleet create` uses when none is named.
    pub(super) default_ref: Option<Ref>,
    /// Refs that are refused for new pins and warned about where they are in use.
    #[serde(default)]
    pub(super) bad_refs: Vec<Ref>,
}

/// A project: a git repository registered under a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Project")]
pub(super) struct ProjectText {
    /// The harness it runs: a name of `[harnesses]`, or `agents`.
    pub(super) harness: Name,
    /// The tag, branch or commit of the harness that it is pinned to.
    #[serde(rename = "ref")]
    pub(super) reference: Ref,
    /// The commit that `ref` stood for when it was set. Written by fleet.
    pub(super) commit: Option<CommitId>,
    /// Where the project is: relative to this file, absolute, or `~/...`.
    pub(super) location: Place,
    /// The branch that moves of the pin are committed to. Written by fleet.
    pub(super) branch: Option<Ref>,
    /// Whether it may be started. Default: `true`.
    pub(super) enabled: Option<bool>,
    /// Whether it is started again when it dies. Default: `off`.
    pub(super) watch: Option<Watch>,
    /// Words to select projects by.
    pub(super) labels: Option<Vec<Label>>,
    /// How long a stop may take before what is left is killed: `500ms`, `10s`, `2m`. Default: `10s`.
    pub(super) stop_grace: Option<Time>,
    /// Variables for the harness. Never secrets: see `env_file`.
    pub(super) env: Option<BTreeMap<EnvironmentName, Argument>>,
    /// A file of mode 0600 with further variables, one `NAME=value` per line.
    pub(super) env_file: Option<Place>,
    /// What `{args}` in the harness's commands becomes.
    pub(super) args: Option<Vec<Argument>>,
    /// When it comes back after a death, where `watch` is `heal`.
    pub(super) restart: Option<RestartText>,
    /// Projects that are started before it where several are started together.
    pub(super) after: Option<Vec<Name>>,
    /// Whether what its terminals print is kept on disk. Default: `false`.
    pub(super) log: Option<bool>,
}
