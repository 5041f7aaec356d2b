//! From an agent of agents.toml to a unit that a tender can run; every check that can be made before anything starts.

use std::collections::BTreeMap;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::manifest::{Agent, MANIFEST_FILE, Manifest, Watch};
use super::project::Project;
use super::runner::{Delivery, Runner};
use crate::error::{failed, usage};
use crate::files::{self, Durability};
use crate::names::Name;
use crate::sessions::{alternate_of_own, capture_of_own};
use crate::supervision::{Policy, Process, Unit, VERSION, find_program};

/// Seconds that an agent has to end once it is asked to: less than whoever stops this run is likely to grant.
pub(super) const GRACE: f64 = 5.0;

/// How many lines that have scrolled away are looked at for what a dead agent said last.
const HEARD: usize = 50;

/// Linux takes no longer argument.
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// tmux takes no longer message, and some of it is not ours.
const LONGEST_TYPED: usize = 12 * 1024;

/// An agent that can be started.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) name: Name,
    pub(super) unit: Unit,
    /// What is typed into its terminal whenever it has been started.
    pub(super) typed: Option<String>,
    /// What it reads as its standard input.
    stdin: Option<String>,
    /// What a line above its terminal says before its state.
    pub(super) title: Option<String>,
}

/// Reads what the project wants and checks that all of it can be started.
pub(super) fn all(project: &Project) -> anyhow::Result<Vec<Prepared>> {
    let runner = Runner::load(&project.root)?;
    Manifest::load(&project.root)?
        .agents
        .into_iter()
        .map(|agent| prepare(project, &runner, agent))
        .collect()
}

/// The same for one agent.
pub(super) fn one(project: &Project, name: &Name) -> anyhow::Result<Prepared> {
    let runner = Runner::load(&project.root)?;
    let agents = Manifest::load(&project.root)?.agents;
    let agent = agents
        .into_iter()
        .find(|agent| agent.name == *name)
        .ok_or_else(|| {
            usage(format!("`{MANIFEST_FILE}` lists no agent `{name}`"))
                .hint("`agents status` shows those that there are")
        })?;
    prepare(project, &runner, agent)
}

fn prepare(project: &Project, runner: &Runner, agent: Agent) -> anyhow::Result<Prepared> {
    let directory = directory(project, &agent)?;
    let environment = environment(&agent);
    let program = program(project, &agent, &directory, &environment)?;
    let mut start = vec![utf8(&program)?];
    start.extend_from_slice(&agent.command[1..]);
    let (mut typed, mut stdin) = (None, None);
    if let Some(text) = prompt(project, runner, &agent)? {
        match runner.delivery {
            Delivery::Argument => start.push(text),
            Delivery::Typed => typed = Some(text.trim_end().to_owned()),
            Delivery::Stdin => {
                // A terminal has a keyboard for its standard input, and a file only where a shell puts it there.
                let file = utf8(&project.prompt(&agent.name))?;
                let shell = ["/bin/sh", "-c", "exec \"$@\" <\"$0\""].map(str::to_owned);
                start = shell.into_iter().chain([file]).chain(start).collect();
                stdin = Some(text);
            }
        }
    }
    let title = runner.pane_title.then(|| {
        let version = runner.version.as_deref().unwrap_or("none");
        format!("{} | harness {version}", agent.name)
    });
    let unit = Unit {
        version: VERSION,
        name: agent.name.to_string(),
        directory,
        claim: None,
        start,
        stop: Vec::new(),
        environment,
        policy: policy(&agent),
        stop_grace: GRACE,
        desired: project.desired(&agent.name),
        state: project.state(&agent.name),
        spawn_lock: None,
        owner: Some(Process::me().context("cannot tell this process from others")?),
        refresh: None,
        commit: None,
        runner: env!("CARGO_PKG_VERSION").to_owned(),
        again: format!("agents restart {}", agent.name),
        keeps_history: false,
        capture: capture_of_own(HEARD)?,
        capture_alternate: alternate_of_own()?,
        crash: None,
        recorded: None,
        shared: None,
    };
    Ok(Prepared {
        name: agent.name,
        unit,
        typed,
        stdin,
        title,
    })
}

impl Prepared {
    /// Writes the files that its tender and its process read.
    pub(super) fn write(&self, project: &Project) -> anyhow::Result<PathBuf> {
        if let Some(text) = &self.stdin {
            let path = project.prompt(&self.name);
            files::replace(&path, text.as_bytes(), 0o600, Durability::Cached)?;
        }
        let path = project.unit(&self.name);
        self.unit.write(&path)?;
        Ok(path)
    }
}

fn policy(agent: &Agent) -> Policy {
    Policy {
        heal: match agent.watch {
            Watch::Heal => true,
            Watch::Off => false,
        },
        restart: agent.restart.clone(),
    }
}

fn directory(project: &Project, agent: &Agent) -> anyhow::Result<PathBuf> {
    let path = project.root.join(&agent.cwd);
    if path.is_dir() {
        return Ok(path.canonicalize()?);
    }
    Err(failed(format!(
        "the directory `{}` of agent `{}` is not there",
        agent.cwd, agent.name
    ))
    .hint(format!(
        "make it, or change `cwd` in `{}`",
        in_manifest(project)
    ))
    .into())
}

/// What `agents` itself was given, and what agents.toml adds. The terminal's own variables are its tender's to say.
fn environment(agent: &Agent) -> BTreeMap<String, String> {
    // A variable that is not UTF-8 cannot be handed on in a file of text.
    let given = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !OF_TERMINAL.contains(&name.as_str()));
    given.chain(agent.env.clone()).collect()
}

/// The variables that say which terminal this is.
pub(super) const OF_TERMINAL: [&str; 3] = ["TERM", "TMUX", "TMUX_PANE"];

fn program(
    project: &Project,
    agent: &Agent,
    directory: &Path,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<PathBuf> {
    let wanted = &agent.command[0];
    let search = environment.get("PATH").map_or("", String::as_str);
    if let Some(found) = find_program(wanted, search, directory) {
        return Ok(found);
    }
    let what = if wanted.contains('/') {
        format!("`{wanted}` is not a program")
    } else {
        format!("`{wanted}` is not on PATH")
    };
    let (line, written) = &agent.written;
    Err(failed(what)
        .hint(format!(
            "install it, or choose another command for agent `{}`: line {line} of `{}`, now `{written}`",
            agent.name,
            in_manifest(project)
        ))
        .into())
}

fn in_manifest(project: &Project) -> String {
    project.root.join(MANIFEST_FILE).display().to_string()
}

/// Returns the agreement and the agent's own prompt as one text; none where there is neither.
fn prompt(project: &Project, runner: &Runner, agent: &Agent) -> anyhow::Result<Option<String>> {
    let own = agent
        .prompt
        .as_deref()
        .map(|file| read_prompt(project, agent, file))
        .transpose()?;
    let parts: Vec<&str> = [&runner.agreement, &own]
        .into_iter()
        .filter_map(|part| part.as_deref().map(str::trim_end))
        .collect();
    // An agent that is given no prompt of its own is some other program: an agreement would be noise to it.
    if own.is_none() {
        return Ok(None);
    }
    let text = parts.join("\n\n") + "\n";
    check_length(runner, agent, &text)?;
    Ok(Some(text))
}

fn read_prompt(project: &Project, agent: &Agent, file: &str) -> anyhow::Result<String> {
    let path = project.root.join(file);
    // Opening a pipe would wait for its writer.
    let is_odd =
        std::fs::metadata(&path).is_ok_and(|found| found.file_type().is_fifo() || found.is_dir());
    let read = if is_odd {
        Err(anyhow!("it is not a file"))
    } else {
        std::fs::read_to_string(&path).map_err(Into::into)
    };
    read.map_err(|why| {
        failed(format!(
            "cannot read the prompt `{file}` of agent `{}`",
            agent.name
        ))
        .because(why)
        .hint(format!(
            "write it, or change `prompt` in `{}`",
            in_manifest(project)
        ))
        .into()
    })
}

fn check_length(runner: &Runner, agent: &Agent, text: &str) -> anyhow::Result<()> {
    let most = match runner.delivery {
        Delivery::Argument => LONGEST_ARGUMENT,
        Delivery::Typed => LONGEST_TYPED,
        Delivery::Stdin => usize::MAX,
    };
    if text.len() <= most && (runner.delivery == Delivery::Stdin || !text.contains('\0')) {
        return Ok(());
    }
    Err(failed(format!(
        "the prompt of agent `{}` cannot be handed over",
        agent.name
    ))
    .because(anyhow!(
        "it has {} bytes; at most {most} without a NUL can be given to a program this way",
        text.len()
    ))
    .hint("put the details into files, and let the prompt name them")
    .into())
}

pub(super) fn utf8(path: &Path) -> anyhow::Result<String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| anyhow!("`{}` is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(agents: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in [("agents.toml", agents)].iter().chain(files) {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = Project::find(Some(directory.path())).unwrap();
        (directory, project)
    }

    const WITH_PROMPT: &str = "[agents.a]\ncommand = [\"sh\", \"-x\"]\nprompt = \"p.md\"\n";

    fn start(agents: &str, files: &[(&str, &str)]) -> Vec<String> {
        let (_directory, project) = project(agents, files);
        all(&project).unwrap().remove(0).unit.start
    }

    #[test]
    fn the_prompt_is_the_last_argument() {
        let start = start(WITH_PROMPT, &[("p.md", "do it\n\n")]);
        assert!(
            start[0].starts_with('/') && start[0].ends_with("/sh"),
            "{}",
            start[0]
        );
        assert_eq!(start[1..], ["-x", "do it\n"]);
    }

    #[test]
    fn the_agreement_comes_before_the_prompt_and_only_there() {
        let runner = "protocol = 1\nversion = \"1\"\nagreement = \"we.md\"\npane_title = true\n";
        let files = [
            ("p.md", "do it"),
            ("engine/runner.toml", runner),
            ("engine/we.md", "be kind\n"),
        ];
        assert_eq!(start(WITH_PROMPT, &files)[2], "be kind\n\ndo it\n");
        assert_eq!(start("[agents.a]\ncommand = [\"sh\"]\n", &files).len(), 1);
        let (_directory, project) = project(WITH_PROMPT, &files);
        let title = all(&project).unwrap().remove(0).title;
        assert_eq!(title.as_deref(), Some("a | harness 1"));
    }

    #[test]
    fn the_prompt_can_be_the_standard_input_or_typed() {
        let with = |way: &str| format!("protocol = 1\nversion = \"1\"\nprompt = \"{way}\"\n");
        let (_directory, first) = project(
            WITH_PROMPT,
            &[("p.md", "do it"), ("engine/runner.toml", &with("stdin"))],
        );
        let prepared = all(&first).unwrap().remove(0);
        assert_eq!(prepared.unit.start[..2], ["/bin/sh", "-c"]);
        assert_eq!(prepared.stdin.as_deref(), Some("do it\n"));
        let (_directory, second) = project(
            WITH_PROMPT,
            &[("p.md", "do it"), ("engine/runner.toml", &with("typed"))],
        );
        let prepared = all(&second).unwrap().remove(0);
        assert_eq!(prepared.unit.start.len(), 2);
        assert_eq!(prepared.typed.as_deref(), Some("do it"));
    }

    #[track_caller]
    fn refused(agents: &str, what: &str, hint: &str) {
        let (_directory, project) = project(agents, &[("not-a-program", "")]);
        let error = all(&project).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        let hints = crate::error::hints(&error).join("\n");
        assert!(hints.contains(hint), "{hints}");
    }

    #[test]
    fn what_is_missing_is_said_before_anything_starts() {
        refused(
            "[agents.a]\n\ncommand = [\"no-such-agent\"]\n",
            "`no-such-agent` is not on PATH",
            "line 3 of",
        );
        refused(
            "[agents.a]\ncommand = [\"no-such-agent\", \"-x\"]  # any\n",
            "not on PATH",
            "now `command = [\"no-such-agent\", \"-x\"]`",
        );
        refused(
            "[agents.a]\ncommand = [\"./not-a-program\"]\n",
            "`./not-a-program` is not a program",
            "agent `a`",
        );
        refused(
            "[agents.a]\ncommand = [\"sh\"]\ncwd = \"gone\"\n",
            "the directory `gone` of agent `a` is not there",
            "`cwd`",
        );
        refused(WITH_PROMPT, "cannot read the prompt `p.md`", "`prompt`");
    }
}
