//! runner.toml of the harness in `engine/`: how its version wants agents to be run.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Advise as _, refused, usage};
use crate::files;

use super::manifest::unreadable;

/// Where a project's harness is, and the file in it.
const RUNNER_FILE: &str = "engine/runner.toml";

/// The protocol that this program knows.
pub(crate) const PROTOCOL: u32 = 1;

/// How agents are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Runner {
    /// The harness's version; none without a harness.
    pub(super) version: Option<String>,
    pub(super) delivery: Delivery,
    /// The text that comes before every agent's prompt.
    pub(super) agreement: Option<String>,
    /// Whether a line above each agent's terminal says who it is.
    pub(super) pane_title: bool,
}

/// How an agent gets its prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Delivery {
    /// As its last argument.
    #[default]
    Argument,
    /// As its standard input, which ends with it.
    Stdin,
    /// Typed into its terminal.
    Typed,
}

#[derive(Deserialize)]
struct AnyProtocol {
    protocol: u32,
}

/// What lies between a version of the harness `agents` and the program of that name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    // Looked at before the rest is read.
    /// `1`; `agents` refuses another.
    #[serde(rename = "protocol")]
    _protocol: u32,
    /// The harness's version, as shown.
    version: String,
    /// How an agent gets its prompt: as its last argument, as its standard input, or typed into its terminal. Default:
    /// `"argument"`.
    #[serde(default)]
    prompt: Delivery,
    /// A file of the harness that comes before every agent's prompt. Default: none.
    agreement: Option<String>,
    /// Whether a line above each agent's terminal says its name, this version and its state. Default: `false`.
    #[serde(default)]
    pane_title: bool,
}

impl Runner {
    /// Reads what the project's harness says; a project without one gets what this program does by itself.
    pub(super) fn load(project: &Path) -> anyhow::Result<Self> {
        let Some(text) = files::read_if_there(&project.join(RUNNER_FILE))? else {
            return Ok(Self::without_harness());
        };
        let (mut runner, agreement) = Self::parse(&text)?;
        if let Some(file) = agreement {
            let path = project.join("engine").join(&file);
            let text = std::fs::read_to_string(&path).with_context(|| {
                format!("cannot read the agreement `engine/{file}` of `{RUNNER_FILE}`")
            })?;
            runner.agreement = Some(text);
        }
        Ok(runner)
    }

    fn without_harness() -> Self {
        Self {
            version: None,
            delivery: Delivery::Argument,
            agreement: None,
            pane_title: false,
        }
    }

    fn parse(text: &str) -> anyhow::Result<(Self, Option<String>)> {
        let said = |error: toml::de::Error| unreadable(RUNNER_FILE, text, &error);
        // Another protocol's keys would only be "unknown" here: the number is looked at first.
        let any: AnyProtocol = toml::from_str(text).map_err(said)?;
        if any.protocol != PROTOCOL {
            return Err(refused(format!(
                "`{RUNNER_FILE}` speaks protocol {}, and this `agents` knows protocol {PROTOCOL} only",
                any.protocol
            )))
            .hint(|| "install a newer `agents`, or use another version of the harness".to_owned());
        }
        let written: Written = toml::from_str(text).map_err(said)?;
        check_version(&written.version)?;
        let agreement = written.agreement;
        if let Some(path) = agreement.as_deref() {
            check_path(path)?;
        }
        let runner = Self {
            version: Some(written.version),
            delivery: written.prompt,
            agreement: None,
            pane_title: written.pane_title,
        };
        Ok((runner, agreement))
    }
}

/// The version is shown in a terminal's frame, where tmux would expand `#`.
fn check_version(version: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    if !version.is_empty() && version.len() <= 40 && version.chars().all(plain) {
        return Ok(());
    }
    let why = anyhow!("`{}` is not a version", version.escape_debug());
    Err(usage(format!("cannot use `{RUNNER_FILE}`"))
        .because(why)
        .into())
}

/// The agreement is the harness's own file: it must not be a way to show an agent some other file.
fn check_path(path: &str) -> anyhow::Result<()> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.split('/').all(plain) {
        return Ok(());
    }
    let why = anyhow!(
        "the agreement `{}` is not a plain path",
        path.escape_debug()
    );
    Err(usage(format!("cannot use `{RUNNER_FILE}`"))
        .because(why)
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_of};

    const RELEASES: [&str; 2] = [
        include_str!("../harness/embedded/v0.1.0/runner.toml"),
        include_str!("../harness/embedded/v0.2.0/runner.toml"),
    ];

    #[test]
    fn the_reference_is_the_one_of_the_types() {
        let schema = schemars::schema_for!(Written).to_value();
        crate::reference::is_up_to_date("docs/harness-toml.md", "runner.toml", &schema);
    }

    #[test]
    fn the_released_harnesses_are_understood() {
        let [old, new] = RELEASES.map(|text| Runner::parse(text).unwrap());
        assert_eq!(old.0.version.as_deref(), Some("0.1.0"));
        assert_eq!(
            (old.0.delivery, old.0.pane_title, old.1),
            (Delivery::Argument, false, None)
        );
        assert_eq!(new.0.version.as_deref(), Some("0.2.0"));
        assert!(new.0.pane_title);
        assert_eq!(new.1.as_deref(), Some("prompts/agreement.md"));
    }

    #[test]
    fn another_protocol_is_refused_and_nothing_is_guessed() {
        let error = Runner::parse("protocol = 2\nnew = 1\n").unwrap_err();
        assert_eq!(exit_of(&error), Exit::Refused);
        assert!(error.to_string().contains("speaks protocol 2"), "{error}");
        for (text, why) in [
            ("", "`protocol` is missing"),
            ("protocol = 1\n", "`version` is missing"),
            ("protocol = 1\nversion = \"1\"\nx = 1\n", "line 3"),
            ("protocol = 1\nversion = \"#(id)\"\n", "is not a version"),
            (
                "protocol = 1\nversion = \"1\"\nprompt = \"mail\"\n",
                "line 3",
            ),
            (
                "protocol = 1\nversion = \"1\"\nagreement = \"../x\"\n",
                "not a plain path",
            ),
        ] {
            let error = Runner::parse(text).unwrap_err();
            assert_eq!(exit_of(&error), Exit::Usage);
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }

    #[test]
    fn a_project_without_a_harness_is_run_as_it_is() {
        let project = tempfile::tempdir().unwrap();
        let runner = Runner::load(project.path()).unwrap();
        assert_eq!(runner, Runner::without_harness());
    }
}
