//! A harness that vendors other repositories itself.

use std::fs;

use super::{fills, moves, refuses};
use crate::pins::Pinned;

/// A harness whose v0.4.0 and v0.5.0 vendor another repository at different commits.
fn nested(settings: &[&str]) -> Pinned {
    let pinned = Pinned::new();
    let sandbox = &pinned.sandbox;
    let (library, harness) = (sandbox.at("library"), sandbox.at("harness"));
    sandbox.git(sandbox.root(), &["init", "--quiet", "library"]);
    for (version, text) in [("v0.4.0", "one\n"), ("v0.5.0", "two\n")] {
        sandbox.write("library/file", text);
        sandbox.git(&library, &["add", "--all"]);
        sandbox.git(&library, &["commit", "--quiet", "--message", version]);
        let url = library.to_str().unwrap();
        if version == "v0.4.0" {
            sandbox.git(&harness, &["submodule", "--quiet", "add", url, "library"]);
            for setting in settings {
                sandbox.git(&harness, &["config", "-f", ".gitmodules", setting, "all"]);
            }
        } else {
            sandbox.git(&harness.join("library"), &["pull", "--quiet"]);
        }
        // That `ignore` is no reason to commit nothing.
        sandbox.git(&harness, &["add", "--force", "--all", "."]);
        let library = sandbox.git(&harness.join("library"), &["rev-parse", "HEAD"]);
        let entry = format!("160000,{library},library");
        sandbox.git(&harness, &["update-index", "--cacheinfo", &entry]);
        sandbox.release_as_it_is(version);
    }
    pinned
}

#[test]
fn a_harness_with_submodules_of_its_own() {
    for settings in [&[][..], &["submodule.library.ignore"]] {
        let pinned = nested(settings);
        moves(&pinned, "v0.4.0");
        let file = pinned.engine().join("library/file");
        assert_eq!(fs::read_to_string(&file).unwrap(), "one\n");
        // A changed file of the inner one is a change of the harness, whatever git was told to ignore.
        fs::write(&file, "mine\n").unwrap();
        pinned.assert_word("dirty", None);
        refuses(&pinned, &["cannot update `demo`"]);
        let library = pinned.engine().join("library");
        pinned
            .sandbox
            .git(&library, &["checkout", "--quiet", "file"]);
        pinned.assert_word("ok", None);
        // So is another commit.
        pinned
            .sandbox
            .git(&library, &["checkout", "--quiet", "--detach"]);
        pinned.sandbox.git(
            &library,
            &["commit", "--quiet", "--allow-empty", "--message", "mine"],
        );
        pinned.assert_word("dirty", None);
        refuses(&pinned, &["cannot update `demo`"]);
        pinned
            .sandbox
            .git(&library, &["checkout", "--quiet", "HEAD~1"]);
        moves(&pinned, "v0.5.0");
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
        fills(&pinned);
        assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
    }
}
