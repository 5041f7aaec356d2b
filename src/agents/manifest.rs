//! agents.toml, read strictly.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Fault, usage};
use crate::files;
use crate::names::{Name, Odd, Restart, RestartOn, RestartText};

/// The manifest's place in a project.
pub(super) const MANIFEST_FILE: &str = "agents.toml";

/// How many restarts within a window may be asked for: each of its deaths is kept in a file.
const MOST_RESTARTS: u32 = 1000;

/// The agents of a project, in the order of the file.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) agents: Vec<Agent>,
}

/// One agent, as its project wants it.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) name: Name,
    /// The program and its arguments; never empty.
    pub(super) command: Vec<String>,
    /// Where `command` is written: its line number and the line, without a comment.
    pub(super) written: (usize, String),
    /// What it is told first: a file, relative to the project.
    pub(super) prompt: Option<String>,
    pub(super) watch: Watch,
    /// When it is started again, if it is.
    pub(super) restart: Restart,
    /// Where it runs, relative to the project.
    pub(super) cwd: String,
    /// Added to the environment that `agents up` was given.
    pub(super) env: BTreeMap<String, String>,
}

/// What happens when an agent's process ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Watch {
    /// It is started again, whatever its exit.
    Heal,
    /// It is left as it is.
    #[default]
    Off,
}

/// The file as it may be written. The descriptions of the keys are those of docs/agents-toml.md.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    agents: BTreeMap<Name, WrittenAgent>,
}

/// One agent: a program with a terminal of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenAgent {
    /// The program and its arguments. No shell reads them: for one, write `["sh", "-c", "..."]`. A program with a `/` in it
    /// is looked for from `cwd`, any other on `PATH`.
    #[schemars(with = "Vec<String>")]
    command: Spanned<Vec<String>>,
    /// A file with what the agent is told first; relative to the project. Default: none.
    #[schemars(with = "Option<String>")]
    prompt: Option<Spanned<String>>,
    /// `"heal"`: it is started again whenever it ends, with whatever exit: an agent that was told to quit is still wanted.
    /// `"off"`: it is left as it is. Default: `"off"`.
    #[serde(default)]
    watch: Watch,
    /// When it is started again, with `watch = "heal"`: a table, see below. Default: see below.
    #[schemars(with = "Option<RestartText>")]
    restart: Option<Spanned<RestartText>>,
    /// The directory it runs in; relative to the project. Default: `"."`.
    #[schemars(with = "Option<String>")]
    cwd: Option<Spanned<String>>,
    /// Variables for it, added to the environment that `agents up` was given. Not for secrets: this file is in the
    /// repository. Default: `{}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    env: BTreeMap<Spanned<String>, String>,
}

impl Manifest {
    /// Reads a project's agents.toml.
    pub(super) fn load(project: &Path) -> anyhow::Result<Self> {
        let path = project.join(MANIFEST_FILE);
        let text = files::read_if_there(&path)?.ok_or_else(|| {
            usage(format!("there is no `{}`", path.display())).hint(
                "write one that lists the agents: `[agents.builder]` and `command = [\"claude\"]`",
            )
        })?;
        Self::parse(&text)
    }

    /// Reads the text of an agents.toml; errors say the line.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let written: Written =
            toml::from_str(text).map_err(|error| unreadable(MANIFEST_FILE, text, &error))?;
        if written.agents.is_empty() {
            return Err(usage(format!("`{MANIFEST_FILE}` lists no agents"))
                .hint("add one: `[agents.builder]` and below it `command = [\"claude\"]`")
                .into());
        }
        let mut agents = written.agents.into_iter().collect::<Vec<_>>();
        agents.sort_by_key(|(_, agent)| agent.command.span().start);
        let agents = agents
            .into_iter()
            .map(|(name, agent)| agent.checked(name, text))
            .collect::<Result<_, _>>()?;
        Ok(Self { agents })
    }
}

impl WrittenAgent {
    fn checked(self, name: Name, text: &str) -> Result<Agent, Fault> {
        let command = self.command.get_ref();
        if command.first().is_none_or(String::is_empty) {
            let why = "`command` names no program";
            return Err(refusal(text, self.command.span(), why));
        }
        if command.iter().any(|argument| argument.contains('\0')) {
            let why = "an argument cannot contain a NUL character";
            return Err(refusal(text, self.command.span(), why));
        }
        for (key, value) in [("prompt", &self.prompt), ("cwd", &self.cwd)] {
            if let Some(value) = value.as_ref().filter(|value| !is_a_path(value.get_ref())) {
                let why = format!("`{key}` names no file or directory");
                return Err(refusal(text, value.span(), &why));
            }
        }
        for (variable, value) in &self.env {
            check_variable(variable.get_ref(), value)
                .map_err(|why| refusal(text, variable.span(), &why))?;
        }
        let restart = self.restart.as_ref();
        if let Some(why) = restart.and_then(|restart| cannot_be(restart.get_ref())) {
            let span = self.restart.map_or(0..0, |restart| restart.span());
            return Err(refusal(text, span, &why));
        }
        Ok(Agent {
            name,
            written: line(text, &self.command.span()),
            command: self.command.into_inner(),
            prompt: self.prompt.map(Spanned::into_inner),
            watch: self.watch,
            restart: self.restart.map_or_else(default_restart, |restart| {
                restart.into_inner().over(&default_restart())
            }),
            cwd: self.cwd.map_or_else(|| ".".to_owned(), Spanned::into_inner),
            env: self
                .env
                .into_iter()
                .map(|(variable, value)| (variable.into_inner(), value))
                .collect(),
        })
    }
}

/// When an agent is started again where nobody says: whatever its exit, since one that was told to quit is still wanted.
fn default_restart() -> Restart {
    Restart {
        on: RestartOn::Always,
        ..Restart::DEFAULT
    }
}

/// Returns why a `restart` table has no meaning, where it has none.
fn cannot_be(written: &RestartText) -> Option<String> {
    let restart = written.over(&default_restart());
    if restart.give_up_after > MOST_RESTARTS {
        return Some(format!("`give_up_after` is more than {MOST_RESTARTS}"));
    }
    if restart.window.is_zero() {
        return Some("`window` is no time at all".to_owned());
    }
    (restart.backoff > restart.backoff_max).then(|| {
        let longest = restart.backoff_max.as_millis();
        format!("`backoff` is longer than `backoff_max`, which is {longest} ms")
    })
}

fn is_a_path(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

fn check_variable(name: &str, value: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
        return Err(format!("`{}` cannot be a variable", name.escape_debug()));
    }
    if name == "TMUX" || name == "TMUX_PANE" || name.starts_with("TENDED_") {
        return Err(format!(
            "`{name}` is not yours to set: it says where the agent runs"
        ));
    }
    Ok(())
}

/// Returns the number of the line where something is written, and the line without what stands behind it, such as a comment.
fn line(text: &str, span: &Range<usize>) -> (usize, String) {
    let before = &text[..span.start];
    let number = before.matches('\n').count();
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    // What goes on in further lines ends behind this one.
    let written = line.get(..span.end - begin).unwrap_or(line);
    (number + 1, written.trim().to_owned())
}

/// Says in which line of a file the parser found what.
pub(super) fn unreadable(file: &str, text: &str, error: &toml::de::Error) -> Fault {
    let odd = Odd::of(error.message());
    let (number, _) = line(text, &error.span().unwrap_or(0..0));
    let fault =
        usage(format!("cannot read `{file}`")).because(anyhow!("line {number}: {}", odd.what));
    match odd.hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

fn refusal(text: &str, span: Range<usize>, why: &str) -> Fault {
    let (number, _) = line(text, &span);
    usage(format!("cannot use `{MANIFEST_FILE}`")).because(anyhow!("line {number}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_one_of_the_types() {
        let schema = schemars::schema_for!(Written).to_value();
        crate::reference::is_up_to_date("docs/agents-toml.md", "agents.toml", &schema);
    }

    #[track_caller]
    fn refused(text: &str, why: &str) {
        let error = Manifest::parse(text).unwrap_err();
        assert_eq!(crate::error::exit_of(&error), crate::error::Exit::Usage);
        let said = format!("{error:#}");
        assert!(said.contains(why), "{said}");
    }

    #[test]
    fn agents_keep_the_order_of_the_file() {
        let text = r#"
            [agents.writer]
            command = ["claude", "--model", "x"]
            prompt = "prompts/writer.md"
            watch = "heal"
            restart = { backoff = "2s", give_up_after = 3 }
            cwd = "docs"
            env = { RUST_LOG = "info" }

            [agents.builder]
            command = ["sh"]
        "#;
        let agents = Manifest::parse(text).unwrap().agents;
        let names: Vec<_> = agents.iter().map(|agent| agent.name.as_str()).collect();
        assert_eq!(names, ["writer", "builder"]);
        assert_eq!(agents[0].command, ["claude", "--model", "x"]);
        assert_eq!(agents[0].prompt.as_deref(), Some("prompts/writer.md"));
        assert_eq!(
            (agents[0].watch, agents[1].watch),
            (Watch::Heal, Watch::Off)
        );
        assert_eq!(agents[0].restart.give_up_after, 3);
        assert_eq!(agents[0].restart.backoff.as_secs(), 2);
        assert_eq!(agents[0].restart.on, RestartOn::Always);
        assert_eq!(agents[1].restart, default_restart());
        assert_eq!((&*agents[0].cwd, &*agents[1].cwd), ("docs", "."));
        assert_eq!(agents[0].env["RUST_LOG"], "info");
        assert_eq!(
            agents[0].written,
            (3, "command = [\"claude\", \"--model\", \"x\"]".to_owned())
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        let smallest = "[agents.a]\ncommand = [\"x\"]\n";
        refused(&format!("{smallest}wake = 3\n"), "line 3");
        refused(&format!("{smallest}wake = 3\n"), "unknown key `wake`");
        refused(&format!("{smallest}watch = \"always\"\n"), "line 3");
        let heals = format!("{smallest}watch = \"heal\"\n");
        for (restart, why) in [
            ("{ tries = 3 }", "unknown key `tries`"),
            ("{ backoff = 3 }", "it must be"),
            ("{ backoff = \"3\" }", "`3` is not a length of time"),
            ("{ window = \"25h\" }", "longer than a day"),
            ("{ on = \"never\" }", "unknown value `never`"),
            ("{ give_up_after = -1 }", "invalid value"),
            ("{ give_up_after = 1001 }", "more than 1000"),
            ("{ window = \"0s\" }", "no time at all"),
            (
                "{ backoff = \"6m\" }",
                "longer than `backoff_max`, which is 300000 ms",
            ),
        ] {
            refused(&format!("{heals}restart = {restart}\n"), why);
            refused(&format!("{heals}restart = {restart}\n"), "line 4");
        }
        refused(&format!("{smallest}prompt = \"\"\n"), "line 3: `prompt`");
        refused(&format!("{smallest}cwd = \"\"\n"), "line 3: `cwd`");
        refused(
            &format!("{smallest}env.TENDED_0 = \"\"\n"),
            "line 3: `TENDED_0`",
        );
        refused(
            &format!("{smallest}env = {{ \"a=b\" = \"\" }}\n"),
            "line 3: `a=b`",
        );
        refused("[agents.a]\ncommand = []\n", "line 2: `command`");
        refused("[agents.a]\ncommand = \"x\"\n", "line 2");
        refused("[agents.a]\n", "`command` is missing");
        refused(
            "[agents.\"a b\"]\ncommand = [\"x\"]\n",
            "`a b` is not a name",
        );
        refused("[agent.a]\n", "unknown key `agent`");
        refused("", "lists no agents");
    }
}
