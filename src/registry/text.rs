//! fleet.toml as it may be written: the types behind reading it, and behind its JSON schema and its reference.
//!
//! The description of a key is what editors show and what docs/fleet-registry.md says. It ends with `Default: ...`, where
//! there is one, and with `Takes effect: ...`: with what a change begins to count.

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
    /// What the fleet is called. Default: the name of its directory. Takes effect: at once.
    pub(super) name: Option<Name>,
    /// Where `fleet create` puts new projects: relative to this file, absolute, or `~/...`. Default: `"projects"`.
    /// Takes effect: with the next `fleet create`.
    pub(super) projects: Option<Place>,
    /// The harness that `fleet create` uses when none is named. Default: `"agents"`. Takes effect: with the next
    /// `fleet create`.
    pub(super) default_harness: Option<Name>,
    /// How many projects are started at once: the next follow when those run. Default: `8`. Takes effect: with the
    /// next start.
    pub(super) max_parallel_starts: Option<Count>,
    /// How many projects may run: a start beyond it is refused, and what runs already goes on. Default: `200`.
    /// Takes effect: with the next start.
    pub(super) max_running: Option<Count>,
    /// How long a file of kept output may become, where a project has `log = true`: `512KB`, `10MB`, `1GB`, each unit
    /// 1024 times the one before; at least `64KB`. Default: `"10MB"`. Takes effect: with the next start.
    pub(super) log_max_size: Option<Size>,
    /// How many such files are kept of each terminal. Default: `5`. Takes effect: with the next start.
    pub(super) log_files: Option<Count>,
    /// How much all kept output of the fleet may take; the oldest goes first. Not less than `log_max_size`.
    /// Default: `"1GB"`. Takes effect: with the next start.
    pub(super) log_total: Option<Size>,
}

/// Who operates the fleet: told to the trail (`fleet history`), and to no project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Operator")]
pub(super) struct OperatorText {
    /// What they are called: a line of 1 to 200 characters. Takes effect: at once.
    pub(super) name: OneLine,
    /// Whether they are a person, or a program that decides by itself. Default: `"human"`. Takes effect: at once.
    pub(super) role: Option<Role>,
    /// Where they can be asked: an address, a number, a URL; a line of 1 to 200 characters. Default: nowhere. Takes
    /// effect: at once.
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
    /// Where it is cloned from: `https://`, `ssh://`, `host:path`, or an absolute path (then only this machine can clone
    /// its projects); never with a password in it. Default: none; every harness but the built-in `agents` needs one.
    /// Takes effect: with the next fetch; `fleet harness set-url` changes it in the projects too.
    pub(super) url: Option<HarnessUrl>,
    /// Where it is mounted inside a project: a plain relative path. Default: `"engine"`. Takes effect: at once; the
    /// projects that there are must have it there.
    pub(super) path: Option<EnginePath>,
    /// The ref that `fleet create` pins when none is named. Default: the newest tag. Takes effect: with the next
    /// `fleet create`.
    pub(super) default_ref: Option<Ref>,
    /// Versions that are refused for new pins and warned about wherever they are in use. Default: `[]`. Takes effect: at
    /// once.
    #[serde(default)]
    pub(super) bad_refs: Vec<Ref>,
}

/// A project: a git repository registered under a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Project")]
pub(super) struct ProjectText {
    /// The harness it runs: a name of `[harnesses]`, or `agents`. Takes effect: at once; nothing moves a project from one
    /// harness to another.
    pub(super) harness: Name,
    /// The tag, branch or commit of the harness that you asked for. Takes effect: `fleet update` sets it and moves the
    /// pin; edited by hand, with `fleet update NAME REF`.
    #[serde(rename = "ref")]
    pub(super) reference: Ref,
    /// The commit that `ref` stood for when it was set: a tag that moves later is seen. Default: none; `fleet create`,
    /// `adopt` and `update` write it. Takes effect: with the next `fleet update NAME`, which moves the pin there.
    pub(super) commit: Option<CommitId>,
    /// Where the project is: relative to this file, absolute, or `~/...`. Two projects are never in one place, and none
    /// is inside `.fleet/` or a `.git`. Takes effect: at once; nothing is moved.
    pub(super) location: Place,
    /// The branch that moves of the pin are committed to. Default: none, any branch will do; `fleet create` and `adopt`
    /// write it. Takes effect: with the next `fleet update`.
    pub(super) branch: Option<Ref>,
    /// Whether it may be started. `false`: nothing starts it; what runs goes on, without healing, and `fleet stop` works
    /// as ever. Default: `true`. Takes effect: at once.
    pub(super) enabled: Option<bool>,
    /// `"heal"`: it is started again when it dies. `"off"`: it is left as it died. Default: `"off"`. Takes effect: with
    /// the next life, as by `fleet restart NAME`.
    pub(super) watch: Option<Watch>,
    /// Words to select projects by, as in `fleet status --label research`; no white space or comma in them. Default: `[]`.
    /// Takes effect: at once.
    pub(super) labels: Option<Vec<Label>>,
    /// How long a stop may take before what is left is killed: `500ms`, `10s`, `2m`; at most a day. Default: `"10s"`.
    /// Takes effect: with the next life.
    pub(super) stop_grace: Option<Time>,
    /// Variables for the harness. This file is committed: no secrets here, see `env_file`. Default: `{}`. Takes effect:
    /// with the next life.
    pub(super) env: Option<BTreeMap<EnvironmentName, Argument>>,
    /// A file of mode 0600 with further variables, one `NAME=value` per line: the place for secrets. Default: none.
    /// Takes effect: with the next life.
    pub(super) env_file: Option<Place>,
    /// What `{args}` in the harness's commands becomes. Default: `[]`. Takes effect: with the next life.
    pub(super) args: Option<Vec<Argument>>,
    /// When it comes back after a death, where `watch` is `"heal"`: a table, see below. Default: see below. Takes effect:
    /// with the next life.
    pub(super) restart: Option<RestartText>,
    /// Projects that are started before it where several are started together. Default: `[]`. Takes effect: with the next
    /// start.
    pub(super) after: Option<Vec<Name>>,
    /// Whether what its terminals print is kept on disk. Default: `false`. Takes effect: with the next
    /// start.
    pub(super) log: Option<bool>,
}
