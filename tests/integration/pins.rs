//! What is said of pins: every word made by git, every fact against what git says of it, in every shape that a
//! repository may have.

mod bad;
mod moved;
mod shapes;
mod strays;
mod unreadable;
mod upstream;
mod witness;
mod words;

use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// A fleet with a project `demo`, and where that is.
pub(crate) struct Pinned {
    pub(crate) sandbox: Sandbox,
    pub(crate) project: PathBuf,
}

impl Pinned {
    /// A project at v0.1.0 of a harness that has v0.2.0 and v0.3.0 as well.
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new()
            .harness(["v0.1.0", "v0.2.0", "v0.3.0"])
            .project("demo", "v0.1.0");
        // git refuses to fetch submodules from paths, which is where all is here.
        let config = sandbox.read("home/.gitconfig");
        let config = format!("{config}[protocol \"file\"]\n\tallow = always\n");
        sandbox.write("home/.gitconfig", &config);
        let project = sandbox.project_at("demo");
        Self { sandbox, project }
    }

    /// Makes a place outside of the fleet from which the project can be cloned, and returns it.
    pub(crate) fn published(&self) -> PathBuf {
        let published = self.sandbox.at("published.git");
        let (from, to) = (self.project.to_str(), published.to_str());
        let (from, to) = (from.expect("it is UTF-8"), to.expect("it is UTF-8"));
        let clone = ["clone", "--quiet", "--bare", from, to];
        self.sandbox.git(self.sandbox.root(), &clone);
        published
    }

    pub(crate) fn engine(&self) -> PathBuf {
        self.project.join("engine")
    }

    /// Runs git in the project.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.project, arguments)
    }

    /// Runs git in the engine.
    pub(crate) fn engine_git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.engine(), arguments)
    }

    /// The commit of a version.
    pub(crate) fn commit(&self, version: &str) -> String {
        let revision = format!("{version}^{{commit}}");
        let harness = self.sandbox.at("harness");
        self.sandbox.git(&harness, &["rev-parse", &revision])
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let place = self.project.join(path);
        std::fs::write(&place, text).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    }

    /// Says in fleet.toml that the project is elsewhere.
    pub(crate) fn is_at(&mut self, place: &Path, branch: &str) {
        let registry = self.sandbox.read("fleet/fleet.toml");
        let lines = registry.lines().map(|line| match line {
            line if line.starts_with("location = ") => {
                format!("location = \"{}\"\n", place.display())
            }
            line if line.starts_with("branch = ") => format!("branch = \"{branch}\"\n"),
            line => format!("{line}\n"),
        });
        self.sandbox
            .write("fleet/fleet.toml", &lines.collect::<String>());
        self.project = place.to_owned();
    }
}
