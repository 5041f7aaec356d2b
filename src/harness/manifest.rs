//! harness.toml, read strictly.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Fault, usage};
use crate::names::{Name, Odd};

use super::path::PlainPath;
use super::placeholder::{self, Places};

/// The manifest's place in a harness repository.
pub(crate) const MANIFEST_FILE: &str = "harness.toml";

/// The protocol that this program knows.
const PROTOCOL: u32 = 1;

/// How a harness says to run a project.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// What it calls itself.
    pub(crate) name: Name,
    /// What it does, in a line; may be empty.
    pub(crate) summary: String,
    /// What to run.
    pub(crate) commands: Commands,
    /// The files a new project gets where it has none of that name: each with its source in the harness repository.
    pub(crate) scaffold: BTreeMap<PlainPath, PlainPath>,
}

/// Argument lists, run in the project's root, with placeholders for [`Manifest::expand`]. Empty: not offered.
#[derive(Clone, Debug)]
pub(crate) struct Commands {
    /// Run once per harness commit, before the first start with it.
    pub(crate) prepare: Vec<String>,
    /// Runs the project; never empty.
    pub(crate) start: Vec<String>,
    /// Asks the project to end.
    pub(crate) stop: Vec<String>,
    /// Exits 0 where the project is healthy.
    pub(crate) status: Vec<String>,
    /// How long `start` lives.
    pub(crate) mode: Mode,
}

/// What the life of the `start` command means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// The project runs while `start` does.
    #[default]
    Foreground,
    /// `start` returns, and what it made lives on. Refused by [`Manifest::parse`] so far.
    Detached,
}

/// The file as it may be written. The descriptions of the keys are those of docs/harness-toml.md.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    harness: WrittenHarness,
    commands: WrittenCommands,
    /// The files that a new project gets where it has none of that name: on the left its place in the project, on the right
    /// its source in the harness. Both are plain relative paths: without `..`, not into `.git`, and not `.gitmodules`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, PlainPath>")]
    scaffold: BTreeMap<PlainPath, PlainPath>,
}

/// The harness itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenHarness {
    /// What it calls itself.
    name: Name,
    // Checked before the rest is read.
    /// The version of these rules; there is only `1`. A reader that does not know it refuses the harness.
    #[serde(rename = "protocol")]
    _protocol: u32,
    /// What it does, in a line. Default: `""`.
    #[serde(default)]
    summary: String,
}

type Command = Spanned<Vec<Spanned<String>>>;

/// What to run: lists of a program and its arguments. No shell reads them. They run in the project's root, so a program with
/// a `/` in it is looked for from there; any other on `PATH`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenCommands {
    /// Run once per commit of the harness, before anything is moved to it or started with it: to build or to install
    /// something into `{cache}`. Default: `[]`.
    #[schemars(with = "Option<Vec<String>>")]
    prepare: Option<Command>,
    /// Runs the project. Its life is the project's: when it ends, the project has ended, exit status 0 meaning that the work
    /// is done.
    #[schemars(with = "Vec<String>")]
    start: Command,
    /// Asks the project to end; run first when it is to stop. What is left of it then gets SIGTERM, and SIGKILL when its
    /// grace is over. Default: `[]`, signals only.
    #[schemars(with = "Option<Vec<String>>")]
    stop: Option<Command>,
    /// Exits 0 when the project is healthy. Run only when somebody asks. Default: `[]`, nobody can ask.
    #[schemars(with = "Option<Vec<String>>")]
    status: Option<Command>,
    #[schemars(skip)]
    resume: Option<Command>,
    #[schemars(skip)]
    run_id: Option<Command>,
    /// `"foreground"`: the project runs while `start` does. Default: `"foreground"`.
    #[schemars(with = "Option<String>")]
    mode: Option<Spanned<Mode>>,
}

impl Manifest {
    /// Reads a manifest's text. Every error says the line; it is the harness's author who must act on it.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        // The protocol is looked at first: another protocol's keys would only be "unknown" here.
        check_protocol(text)?;
        let written: Written = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        Ok(Self {
            commands: written.commands.checked(text)?,
            name: written.harness.name,
            summary: written.harness.summary,
            scaffold: written.scaffold,
        })
    }

    /// Replaces the placeholders of one of its commands; nothing else expands.
    pub(crate) fn expand(command: &[String], places: &Places) -> Vec<String> {
        placeholder::expand(command, places)
    }
}

impl WrittenCommands {
    fn checked(self, text: &str) -> Result<Commands, Fault> {
        for (key, command) in [("resume", &self.resume), ("run_id", &self.run_id)] {
            if let Some(command) = command.as_ref().filter(|it| !it.get_ref().is_empty()) {
                return Err(refusal(
                    text,
                    command.span(),
                    &format!("`{key}` is not built yet"),
                ));
            }
        }
        let mode = match self.mode {
            None => Mode::Foreground,
            Some(mode) => match mode.get_ref() {
                Mode::Foreground => Mode::Foreground,
                Mode::Detached => {
                    let why = "the mode `detached` is not built yet";
                    return Err(refusal(text, mode.span(), why));
                }
            },
        };
        if self.start.get_ref().is_empty() {
            let why = "`start` is empty: it says how the project runs";
            return Err(refusal(text, self.start.span(), why));
        }
        Ok(Commands {
            prepare: command(self.prepare, text)?,
            start: command(Some(self.start), text)?,
            stop: command(self.stop, text)?,
            status: command(self.status, text)?,
            mode,
        })
    }
}

fn command(written: Option<Command>, text: &str) -> Result<Vec<String>, Fault> {
    let written = written.map(Spanned::into_inner).unwrap_or_default();
    for (place, argument) in written.iter().enumerate() {
        let value = argument.get_ref();
        let checked = if place == 0 && (value.is_empty() || value == "{args}") {
            Err(format!("`{value}` is not a program"))
        } else if value.contains('\0') {
            Err("an argument cannot contain a NUL character".to_owned())
        } else {
            placeholder::check(value)
        };
        checked.map_err(|why| refusal(text, argument.span(), &why))?;
    }
    Ok(written.into_iter().map(Spanned::into_inner).collect())
}

fn check_protocol(text: &str) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Any {
        harness: AnyHarness,
    }
    #[derive(Deserialize)]
    struct AnyHarness {
        protocol: Spanned<u32>,
    }
    // What is not even this much is told by the full reading.
    let Ok(any) = toml::from_str::<Any>(text) else {
        return Ok(());
    };
    let protocol = any.harness.protocol;
    if *protocol.get_ref() == PROTOCOL {
        return Ok(());
    }
    let why = format!(
        "its protocol is {}, and this program knows protocol {PROTOCOL} only",
        protocol.get_ref()
    );
    Err(refusal(text, protocol.span(), &why)
        .hint("use another version of the harness, or install a newer version of this program"))
}

fn unreadable(text: &str, error: &toml::de::Error) -> Fault {
    let odd = Odd::of(error.message());
    let line = line(text, &error.span().unwrap_or(0..0));
    let fault = usage(format!("cannot read `{MANIFEST_FILE}`"))
        .because(anyhow::anyhow!("line {line}: {}", odd.what));
    match odd.hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

fn line(text: &str, span: &Range<usize>) -> usize {
    text[..span.start].matches('\n').count() + 1
}

fn refusal(text: &str, span: Range<usize>, why: &str) -> Fault {
    let line = line(text, &span);
    usage(format!("cannot use `{MANIFEST_FILE}`")).because(anyhow::anyhow!("line {line}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_the_one_of_the_types() {
        let schema = schemars::schema_for!(Written).to_value();
        crate::reference::is_up_to_date("docs/harness-toml.md", "harness.toml", &schema);
    }

    const SMALLEST: &str = "[harness]\nname = \"x\"\nprotocol = 1\n[commands]\nstart = [\"run\"]\n";

    #[track_caller]
    fn refused(text: &str, why: &str) {
        let error = Manifest::parse(text).unwrap_err();
        assert_eq!(crate::error::exit_of(&error), crate::error::Exit::Usage);
        let said = format!("{error:#}");
        assert!(said.contains(why), "{said}");
    }

    #[test]
    fn the_smallest_manifest_has_a_start_command_only() {
        let manifest = Manifest::parse(SMALLEST).unwrap();
        assert_eq!(manifest.name.as_str(), "x");
        assert_eq!(manifest.commands.start, ["run"]);
        assert_eq!(manifest.commands.mode, Mode::Foreground);
        assert!(manifest.commands.stop.is_empty() && manifest.scaffold.is_empty());
    }

    #[test]
    fn every_key_is_read() {
        let manifest = Manifest::parse(
            r#"
            [harness]
            name = "agents"
            protocol = 1
            summary = "runs agents"
            [commands]
            prepare = ["make", "-C", "{engine}"]
            start = ["{engine}/run", "{args}"]
            resume = []
            run_id = []
            stop = ["a"]
            status = ["b"]
            mode = "foreground"
            [scaffold]
            "prompts/x.md" = "templates/x.md"
            "#,
        )
        .unwrap();
        assert_eq!(manifest.summary, "runs agents");
        assert_eq!(manifest.commands.prepare, ["make", "-C", "{engine}"]);
        assert_eq!(manifest.commands.stop, ["a"]);
        assert_eq!(manifest.commands.status, ["b"]);
        let (file, template) = manifest.scaffold.first_key_value().unwrap();
        assert_eq!(
            (file.as_str(), template.as_str()),
            ("prompts/x.md", "templates/x.md")
        );
    }

    #[test]
    fn what_is_unknown_is_refused_with_its_line() {
        refused(&format!("{SMALLEST}strat = []\n"), "line 6");
        refused(&format!("{SMALLEST}strat = []\n"), "unknown key `strat`");
        refused(&format!("{SMALLEST}stop = \"a b\"\n"), "line 6");
        refused(&format!("{SMALLEST}stop = [\"{{home}}\"]\n"), "line 6");
        refused("[harness]\nname = \"../x\"\nprotocol = 1\n", "line 2");
        refused("x", "line 1");
        refused(
            &format!("{SMALLEST}[scaffold]\n\"../x\" = \"y\"\n"),
            "a part of it is empty, `.` or `..`",
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        let start = |value: &str| SMALLEST.replace("[\"run\"]", value);
        refused(&start("[]"), "line 5: `start` is empty");
        refused(&start("[\"\"]"), "line 5: `` is not a program");
        refused(&start("[\"{args}\"]"), "line 5: `{args}` is not a program");
        refused(&start("[\"a\\u0000\"]"), "NUL");
    }

    #[test]
    fn another_protocol_is_refused_before_its_keys_are() {
        let text = "[harness]\nname = \"x\"\nprotocol = 2\nnew = true\n";
        refused(text, "line 3: its protocol is 2");
    }

    #[test]
    fn what_is_not_built_yet_says_so() {
        refused(
            &format!("{SMALLEST}mode = \"detached\"\n"),
            "line 6: the mode `detached` is not built yet",
        );
        for key in ["resume", "run_id"] {
            let why = format!("line 6: `{key}` is not built yet");
            refused(&format!("{SMALLEST}{key} = [\"a\"]\n"), &why);
        }
        refused(
            &format!("{SMALLEST}stop = [\"a\", \"{{run}}\"]\n"),
            "line 6: `{run}` is not built yet",
        );
    }
}
