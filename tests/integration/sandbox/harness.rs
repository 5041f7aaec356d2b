//! A small real harness, and projects that use it.

use super::Sandbox;

impl Sandbox {
    /// A fleet at `fleet/` with a harness `lines`, released as each of `versions`; the first is its default.
    pub(crate) fn harness<const N: usize>(self, versions: [&str; N]) -> Self {
        self.git(&self.root, &["init", "--quiet", "harness"]);
        for version in versions {
            self.release(version);
        }
        self.write(
            "fleet/fleet.toml",
            &format!(
                "[fleet]\nname = \"test\"\ndefault_harness = \"lines\"\n\n[harnesses.lines]\nurl = \"{}\"\ndefault_ref = \"{}\"\n",
                self.root.join("harness").display(),
                versions.first().expect("a harness has a version"),
            ),
        );
        self
    }

    /// Commits and tags the next version of the harness that [`Self::harness`] made. It says its version and its
    /// project's name, then answers each line that it is sent, until it is ended.
    pub(crate) fn release(&self, version: &str) {
        let harness = self.root.join("harness");
        self.write(
            "harness/harness.toml",
            "[harness]\nname = \"lines\"\nprotocol = 1\nsummary = \"says what it is told\"\n\n\
             [commands]\nstart = [\"sh\", \"{engine}/run.sh\", \"{name}\"]\n",
        );
        self.write(
            "harness/run.sh",
            &format!(
                "echo \"lines {version}: $1 is up\"\nwhile read -r line; do echo \"heard: $line\"; done\n"
            ),
        );
        self.git(&harness, &["add", "--all"]);
        self.git(
            &harness,
            &[
                "commit",
                "--quiet",
                "--message",
                &format!("Release {version}"),
            ],
        );
        self.git(&harness, &["tag", version]);
    }

    /// Creates a project in the fleet that [`Self::harness`] made.
    pub(crate) fn project(self, name: &str, reference: &str) -> Self {
        self.fleet(&["create", name, "--ref", reference])
            .succeeded();
        self
    }

    /// Creates several, one after the other.
    pub(crate) fn projects(self, names: &[impl AsRef<str>], reference: &str) -> Self {
        names.iter().fold(self, |sandbox, name| {
            sandbox.project(name.as_ref(), reference)
        })
    }
}

impl Sandbox {
    /// Commits whatever is in the harness's directory and tags it.
    pub(crate) fn release_as_it_is(&self, version: &str) {
        let harness = self.root.join("harness");
        let message = format!("Release {version}");
        self.git(&harness, &["add", "--all"]);
        self.git(
            &harness,
            &["commit", "--quiet", "--allow-empty", "--message", &message],
        );
        self.git(&harness, &["tag", version]);
    }
}
