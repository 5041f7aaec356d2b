//! How it is told: what is well in a line for each group, what is not in full.

use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;

use crate::ui::{Sheet, ago, count};

use super::check::{Check, Group};
use super::finding::{Finding, Verdict};
use super::fix::Fix;
use super::run::Checked;

/// The version of the JSON's format.
const SCHEMA: u32 = 1;

/// How wide the verdicts are.
const LABEL: usize = 11;

/// What `fleet doctor --json` prints. Fields may be added and never change their meaning.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    schema: u32,
    /// The fleet's name; null outside of any, and where fleet.toml cannot be used.
    fleet: Option<&'a str>,
    root: Option<&'a Path>,
    checks: Vec<CheckReport<'a>>,
    /// What `--fix` has done.
    fixed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CheckReport<'a> {
    group: Group,
    check: &'static str,
    /// The worst of its findings.
    verdict: Verdict,
    findings: Vec<FindingReport<'a>>,
}

#[derive(Debug, Serialize)]
struct FindingReport<'a> {
    verdict: Verdict,
    /// The project, harness or file, where there are several.
    about: Option<&'a str>,
    evidence: &'a str,
    /// Where that was seen.
    source: &'a str,
    since: Option<Timestamp>,
    /// What to type; of what is ok: what could be done.
    remedy: Option<&'a str>,
    /// What `--fix` does about it; null where it does nothing.
    fix: Option<String>,
}

impl<'a> Report<'a> {
    /// Reports what was found, and what was done before.
    pub(super) fn new(checked: &'a Checked, fixed: Vec<String>) -> Self {
        let checks = checked.checks.iter().map(|(check, findings)| CheckReport {
            group: check.group,
            check: check.name,
            verdict: Checked::verdict(findings),
            findings: findings.iter().map(FindingReport::new).collect(),
        });
        Self {
            schema: SCHEMA,
            fleet: checked.fleet.as_deref(),
            root: checked.root.as_deref(),
            checks: checks.collect(),
            fixed,
        }
    }
}

impl<'a> FindingReport<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            verdict: finding.verdict,
            about: finding.about.as_deref(),
            evidence: &finding.evidence,
            source: &finding.source,
            since: finding.since,
            remedy: finding.remedy.as_deref(),
            fix: finding.fix.as_ref().map(Fix::text),
        }
    }
}

/// Writes what `--fix` would do.
pub(super) fn plan(plan: &[(Fix, String)]) -> String {
    if plan.is_empty() {
        return "there is nothing that --fix would do".to_owned();
    }
    let lines = plan
        .iter()
        .map(|(fix, why)| format!("would {} (because: {why})", fix.text()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes it for people; `all` shows what is well, too.
pub(super) fn sheet(checked: &Checked, all: bool) -> Sheet {
    let mut sheet = Sheet::default();
    let now = Timestamp::now();
    for group in Group::ALL {
        let checks: Vec<_> = checked.of(group).collect();
        if checks.is_empty() {
            continue;
        }
        let counted = counted(
            checks
                .iter()
                .map(|(_, findings)| Checked::verdict(findings)),
        );
        sheet.line(format!("{}: {counted}", group.word()));
        let mut told: Vec<(Vec<&str>, &Finding)> = Vec::new();
        for (check, findings) in checks {
            for finding in findings.iter().filter(|finding| all || finding.is_told()) {
                tell(&mut told, check, finding);
            }
        }
        for (names, finding) in told {
            add(&mut sheet, &names, finding, now);
        }
    }
    sheet.line("");
    sheet.line(summary(checked));
    sheet
}

/// Adds a finding, or only the name of its check where another one has found the very same.
fn tell<'a>(told: &mut Vec<(Vec<&'a str>, &'a Finding)>, check: &'a Check, finding: &'a Finding) {
    let is_same = |other: &&Finding| {
        other.verdict == finding.verdict
            && other.evidence == finding.evidence
            && other.remedy == finding.remedy
            && other.about == finding.about
            && other.source == finding.source
    };
    let same = told.iter_mut().find(|(_, other)| is_same(other));
    match same {
        Some((names, _)) if !names.contains(&check.name) => names.push(check.name),
        Some(_) => {}
        None => told.push((vec![check.name], finding)),
    }
}

fn add(sheet: &mut Sheet, names: &[&str], finding: &Finding, now: Timestamp) {
    let about = finding
        .about
        .as_ref()
        .map_or_else(String::new, |about| format!(" `{about}`"));
    let age = finding.since.map_or_else(String::new, |since| {
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        format!(", for {}", ago(age))
    });
    let text = format!("{}{about}: {}{age}", names.join(", "), finding.evidence);
    sheet.note(label(finding), text, &*finding.source);
    if let Some(remedy) = &finding.remedy {
        let by = if finding.fix.is_some() {
            "--fix does it"
        } else {
            ""
        };
        sheet.note("", format!("-> {remedy}"), by);
    }
}

/// A verdict, as wide as a label is; its colour says it once more.
fn label(finding: &Finding) -> String {
    let (word, colour) = match (finding.verdict, finding.is_told()) {
        (Verdict::Ok, false) => ("ok", AnsiColor::Green),
        (Verdict::Ok, true) => ("note", AnsiColor::Cyan),
        (Verdict::Warning | Verdict::Unknown, _) => (finding.verdict.word(), AnsiColor::Yellow),
        (Verdict::Wrong, _) => (finding.verdict.word(), AnsiColor::Red),
    };
    let style: Style = colour.on_default();
    let padding = " ".repeat(LABEL - 2 - word.len());
    format!("  {style}{word}{style:#}{padding}")
}

/// Writes `9 checks ok`, or `7 checks ok, 1 warning, 1 wrong`.
fn counted(verdicts: impl Iterator<Item = Verdict>) -> String {
    let verdicts: Vec<Verdict> = verdicts.collect();
    let number = |wanted: Verdict| {
        verdicts
            .iter()
            .filter(|verdict| **verdict == wanted)
            .count()
    };
    let others = [
        (Verdict::Warning, "with a warning"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Wrong, "wrong"),
    ];
    let mut parts = vec![format!("{} ok", count(number(Verdict::Ok), "check"))];
    for (verdict, word) in others {
        let many = number(verdict);
        if many > 0 {
            parts.push(format!("{many} {word}"));
        }
    }
    parts.join(", ")
}

fn summary(checked: &Checked) -> String {
    let counted = counted(
        checked
            .checks
            .iter()
            .map(|(_, findings)| Checked::verdict(findings)),
    );
    let fixable = super::fix::plan(checked.findings()).len();
    match fixable {
        0 => counted,
        some => format!(
            "{counted}; `fleet doctor --fix` does {}",
            count(some, "thing")
        ),
    }
}
