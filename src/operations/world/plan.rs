//! A plan as people read it and as a file keeps it: the same world always makes the same bytes.

use std::fmt;

use serde::Serialize;

use crate::fleet::Fleet;
use crate::names::{Name, fingerprint};
use crate::ui::Ui;

use super::diff::{Deed, Difference, Remedy, differences};
use super::facts::World;

/// The version of the file and of the JSON.
const SCHEMA: u32 = 1;

/// What would have to be done for the world to be as fleet.toml and the operator's wishes say.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WorldPlan {
    schema: u32,
    /// The version of the program.
    program: &'static str,
    fleet: String,
    /// The fleet's place, in short.
    identity: String,
    /// Of everything that the plan rests on.
    fingerprint: String,
    #[serde(skip)]
    facts: Vec<(String, String)>,
    pub(crate) projects: Vec<ProjectPlan>,
    /// Sessions on the fleet's tmux server that are no project's: nothing is done about them.
    pub(crate) strangers: Vec<String>,
    #[serde(skip)]
    socket: String,
}

/// What would have to be done about one project.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProjectPlan {
    pub(crate) name: Name,
    pub(crate) differences: Vec<Difference>,
}

impl WorldPlan {
    /// Plans. Looks at everything, and changes nothing; asks no network.
    pub(crate) fn make(fleet: &Fleet, ui: &Ui) -> anyhow::Result<Self> {
        let world = World::look(fleet, ui)?;
        let registry = std::fs::read(fleet.root.join(crate::registry::FILE))?;
        let mut facts = vec![("fleet.toml".to_owned(), fingerprint(&registry))];
        for (name, found) in &world.projects {
            let text = serde_json::to_vec(found)?;
            facts.push((format!("project {name}"), fingerprint(&text)));
        }
        let all = format!("{facts:?}{:?}", world.strangers);
        let projects = world.projects.into_iter().map(|(name, facts)| {
            let differences = differences(&name, &facts);
            ProjectPlan { name, differences }
        });
        Ok(Self {
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION"),
            fleet: fleet.registry.fleet.name.to_string(),
            identity: fingerprint(fleet.root.as_os_str().as_encoded_bytes()),
            fingerprint: fingerprint(all.as_bytes()),
            facts,
            projects: projects.filter(|it| !it.differences.is_empty()).collect(),
            strangers: world.strangers.into_iter().collect(),
            socket: fleet.tmux()?.socket().display().to_string(),
        })
    }

    /// Tells whether everything is as it should be.
    pub(crate) fn is_empty(&self) -> bool {
        self.projects.is_empty() && self.strangers.is_empty()
    }

    /// Returns the projects about which `apply` does something of a kind.
    pub(crate) fn to_do(&self, deed: Deed) -> Vec<Name> {
        let is_meant = |it: &&ProjectPlan| it.differences.iter().any(|it| it.deed() == Some(deed));
        let meant = self.projects.iter().filter(is_meant);
        meant.map(|it| it.name.clone()).collect()
    }

    /// Counts what can be done, what cannot, and what is the operator's.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let mut counts = [0, 0, self.strangers.len()];
        for difference in self.projects.iter().flat_map(|it| &it.differences) {
            match difference.remedy {
                Remedy::Apply { .. } => counts[0] += 1,
                Remedy::Cannot { .. } => counts[1] += 1,
                Remedy::Yours { .. } => counts[2] += 1,
            }
        }
        counts
    }

    /// Returns the file of a plan: what it rests on, and what it says.
    pub(crate) fn file(&self) -> String {
        let mut text = format!(
            "fleet plan {SCHEMA}\nprogram {}\nfleet {} {}\nfingerprint {}\n",
            self.program, self.fleet, self.identity, self.fingerprint
        );
        for (what, fingerprint) in &self.facts {
            text.push_str(&format!("{what} {fingerprint}\n"));
        }
        format!("{text}\n{self}\n")
    }
}

impl fmt::Display for WorldPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("everything is as fleet.toml and your wishes say");
        }
        let mut gap = "";
        for ProjectPlan { name, differences } in &self.projects {
            write!(f, "{gap}{name}")?;
            for difference in differences {
                write!(f, "\n{difference}")?;
            }
            gap = "\n\n";
        }
        for session in &self.strangers {
            let session = session.escape_debug();
            write!(
                f,
                "{gap}session {session}\n  - runs on the fleet's tmux server\n  ? registered, or ended; yours to do: \
                 tmux -S {} attach -t ={session}",
                self.socket
            )?;
            gap = "\n\n";
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is, should, remedy } = self;
        writeln!(f, "  - {is}")?;
        match remedy {
            Remedy::Apply { command, .. } => write!(f, "  + {should}: {command}"),
            Remedy::Cannot { because } => write!(f, "  ! {should}; cannot be done: {because}"),
            Remedy::Yours { command } => write!(f, "  ? {should}; yours to do: {command}"),
        }
    }
}
