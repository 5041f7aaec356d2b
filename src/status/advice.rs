//! Next steps: for all that need the same one, one hint.

use super::{ProjectReport, Report, Verdict};
use crate::names::{Name, shell_word};
use crate::pins::PinWord;

/// How many hints there are at most: the worst first.
const MOST: usize = 5;
/// How many projects a command names.
const NAMED: usize = 6;

/// A command for one project, which may do for others as well, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// With [`SLOT`] where the project's name is.
    command: String,
    does: String,
    /// The verdict that it is for, and no pin word.
    verdict: Option<Verdict>,
}

/// What stands for a project's name.
const SLOT: char = '\0';

/// The projects of one step.
struct Group<'a> {
    step: Step,
    names: Vec<&'a Name>,
}

/// Returns what to type next, a line each. `is_whole` says that the report is of all projects of the fleet. What the
/// notices say already is not said again.
pub(crate) fn hints(report: &Report, is_whole: bool, notices: &[String]) -> Vec<String> {
    let mut projects: Vec<&ProjectReport> = report.projects.iter().collect();
    projects.sort_by_key(|project| (project.verdict, project.pin.word));
    let is_one = projects.len() == 1;
    let mut groups: Vec<Group<'_>> = Vec::new();
    // What is wrong with what runs comes before what is wrong with its pin.
    for steps in [of_verdict, of_pin] {
        for project in &projects {
            let is_told = report
                .incidents
                .iter()
                .any(|incident| incident.projects.contains(&project.name));
            let Some(step) = steps(project) else {
                continue;
            };
            // That a project may not be started is no trouble, unless it was asked about.
            let is_trouble = project.verdict != Verdict::Disabled || is_one;
            if step.verdict.is_some() && (is_told || !is_trouble) {
                continue;
            }
            match groups.iter_mut().find(|group| group.step == step) {
                Some(group) => group.names.push(&project.name),
                None => groups.push(Group {
                    step,
                    names: vec![&project.name],
                }),
            }
        }
    }
    let is_news = |group: &Group<'_>| {
        let command = format!(
            "`{}`",
            group.step.command.split('`').next().unwrap_or_default()
        );
        !notices.iter().any(|notice| notice.contains(&command))
    };
    let groups = groups.iter().filter(|group| is_news(group)).take(MOST);
    groups.map(|group| group.line(report, is_whole)).collect()
}

/// Returns the step that a verdict asks for.
fn of_verdict(project: &ProjectReport) -> Option<Step> {
    // Such as "`fleet start demo` tries again".
    let (command, does) = project.advice()?.strip_prefix('`')?.split_once("` ")?;
    let name = project.name.as_str();
    let slot = SLOT.to_string();
    let words = command
        .split(' ')
        .map(|word| match word.strip_prefix(name) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => slot.clone() + rest,
            Some(_) | None => word.to_owned(),
        });
    Some(Step {
        command: words.collect::<Vec<_>>().join(" "),
        does: does.to_owned(),
        verdict: Some(project.verdict),
    })
}

/// Returns the step that a pin word asks for, where there is only one.
fn of_pin(project: &ProjectReport) -> Option<Step> {
    if !project.enabled || project.verdict == Verdict::Missing {
        return None;
    }
    let git = |command: &str| {
        let place = shell_word(&project.location.to_string_lossy());
        format!("git -C {place} {command}")
    };
    let (command, does) = match project.pin.word {
        PinWord::Ok | PinWord::Unknown => return None,
        PinWord::Interrupted => (
            format!("fleet update {SLOT}"),
            "completes what was interrupted, or takes it back",
        ),
        PinWord::Lost => (format!("fleet why {SLOT}"), "says what is left of it"),
        // A start fills it.
        PinWord::Missing => (
            format!("fleet start {SLOT}"),
            "fills the engine and starts it",
        ),
        PinWord::Dirty => (git("diff --submodule=diff"), "shows what has changed"),
        PinWord::Moved => (
            format!("fleet why {SLOT}"),
            "says where the engine is, and where it should be",
        ),
        PinWord::Staged => (git("diff --cached --submodule"), "shows what is staged"),
        PinWord::Behind => (
            format!("fleet update {SLOT}"),
            "moves it to what fleet.toml wants",
        ),
        PinWord::Skew => (format!("fleet restart {SLOT}"), "has it run what is pinned"),
    };
    Some(Step {
        command,
        does: does.to_owned(),
        verdict: None,
    })
}

impl Group<'_> {
    fn line(&self, report: &Report, is_whole: bool) -> String {
        let Step { command, does, .. } = &self.step;
        let (who, more) = self.who(report, is_whole);
        let words = command
            .split(' ')
            .map(|word| match word.strip_prefix(SLOT) {
                None => word.to_owned(),
                Some("") => who.clone(),
                Some(rest) => {
                    let names = self.names.iter().take(NAMED);
                    let words = names.map(|name| format!("{name}{rest}"));
                    words.collect::<Vec<_>>().join(" ")
                }
            });
        let command = words.collect::<Vec<_>>().join(" ");
        let does = match self.names.len() {
            1 => does.clone(),
            _ => of_several(does),
        };
        format!("`{command}` {does}{more}")
    }

    /// Names the projects, or says what they and no others are; and how many are left out, where that cannot be said.
    fn who(&self, report: &Report, is_whole: bool) -> (String, String) {
        let names: Vec<&str> = self.names.iter().map(|name| name.as_str()).collect();
        if let (Some(verdict), true) = (self.step.verdict, is_whole && names.len() > 2) {
            let alike = report.projects.iter();
            let alike = alike.filter(|project| project.verdict == verdict).count();
            let word = verdict.word();
            if alike == names.len() && shell_word(word) == word {
                return (format!("--state {word}"), String::new());
            }
        }
        let shown = names[..names.len().min(NAMED)].join(" ");
        match names.len().saturating_sub(NAMED) {
            0 => (shown, String::new()),
            more => (shown, format!("; {more} more need the same")),
        }
    }
}

/// Makes a sentence about one a sentence about several.
fn of_several(does: &str) -> String {
    let words = does.split(' ').map(|word| match word {
        "it" => "them",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
