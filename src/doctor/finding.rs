//! What a check has found: a verdict, what was seen and where, what to type about it, and what `--fix` may do.

use jiff::Timestamp;
use serde::Serialize;

use super::fix::Fix;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and is worth a look.
    Warning,
    /// It cannot be told.
    Unknown,
    /// Not as it should be.
    Wrong,
}

impl Verdict {
    /// Returns its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that a check has seen.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// How it is.
    pub(super) verdict: Verdict,
    /// The project, harness or file that it is about, where there are several.
    pub(super) about: Option<String>,
    /// What was seen.
    pub(super) evidence: String,
    /// Where it was seen.
    pub(super) source: String,
    /// Since when it is so, where that is known.
    pub(super) since: Option<Timestamp>,
    /// What to type; of what is ok: what could be done.
    pub(super) remedy: Option<String>,
    /// What `--fix` does about it.
    pub(super) fix: Option<Fix>,
}

impl Finding {
    fn new(verdict: Verdict, evidence: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            verdict,
            about: None,
            evidence: evidence.into(),
            source: source.into(),
            since: None,
            remedy: None,
            fix: None,
        }
    }

    /// All is well.
    pub(super) fn ok(evidence: impl Into<String>, source: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, evidence, source)
    }

    /// Nothing is wrong, and yet something is worth saying each time, with what could be done.
    pub(super) fn note(
        evidence: impl Into<String>,
        source: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::ok(evidence, source).remedied(remedy)
    }

    /// It works, and is worth a look.
    pub(super) fn warning(
        evidence: impl Into<String>,
        source: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Warning, evidence, source).remedied(remedy)
    }

    /// It is not as it should be.
    pub(super) fn wrong(
        evidence: impl Into<String>,
        source: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Wrong, evidence, source).remedied(remedy)
    }

    /// It cannot be told.
    pub(super) fn unknown(
        evidence: impl Into<String>,
        source: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Verdict::Unknown, evidence, source).remedied(remedy)
    }

    /// Says which project, harness or file it is about.
    pub(super) fn of(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// Says since when it is so.
    pub(super) fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    /// Says what `--fix` does about it.
    pub(super) fn fixed_by(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Tells whether it is shown where all is well: it says what could be done.
    pub(super) fn is_told(&self) -> bool {
        self.verdict != Verdict::Ok || self.remedy.is_some()
    }

    fn remedied(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Says of several things that they are well, where nothing was found.
pub(super) fn or_ok(
    found: Vec<Finding>,
    evidence: impl Into<String>,
    source: impl Into<String>,
) -> Vec<Finding> {
    if found.is_empty() {
        vec![Finding::ok(evidence, source)]
    } else {
        found
    }
}
