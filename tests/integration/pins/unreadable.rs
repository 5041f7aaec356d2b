//! F22: formats that only git reads are named, and never guessed at; what each command does about them.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use super::Pinned;
use crate::sandbox::assert_same;

/// Fails unless the word is `unknown`, for this reason; what changes a pin or runs it refuses, with this cure, and what
/// does neither still works; nothing is touched.
#[track_caller]
fn is_unknown(pinned: &Pinned, reason: &str, cure: Option<&str>) {
    pinned.assert_word("unknown", None);
    let status = pinned.sandbox.status("demo");
    assert!(
        status["pin"]["reason"].to_string().contains(reason),
        "{status:#}"
    );
    assert_eq!(status["verdict"], "down");
    let told = pinned.sandbox.fleet(&["why", "demo"]);
    assert!(told.succeeded().stdout.contains(reason), "{}", told.text());
    let knows = |text: &str| cure.is_none_or(|cure| text.contains(cure));
    assert!(knows(&told.stdout), "{}", told.text());
    let before = pinned.sandbox.tree(&pinned.project);
    for command in [
        &["start", "demo"][..],
        &["restart", "demo"],
        &["update", "demo", "v0.2.0"],
        &["update", "demo"],
    ] {
        let said = pinned.sandbox.fleet(command);
        said.exited(3);
        assert!(said.stderr.contains(reason), "{}", said.text());
        let has_hint = said.stderr.contains("\nhint: ") && said.stderr.contains("`git -C ");
        assert!(has_hint && knows(&said.stderr), "{}", said.text());
    }
    for command in ["stop", "disable", "enable"] {
        pinned.sandbox.fleet(&[command, "demo"]).succeeded();
    }
    pinned.sandbox.fleet(&["status", "--check"]).exited(5);
    assert_same(&before, &pinned.sandbox.tree(&pinned.project));
}

/// What the hint said was done: the pin can be moved.
#[track_caller]
fn is_cured(pinned: &Pinned) {
    pinned.assert_word("ok", None);
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.2.0"])
        .succeeded();
    pinned.sandbox.is_whole(&pinned.project);
    pinned.assert_word("ok", None);
}

#[test]
fn a_split_index() {
    for inside in ["", "engine"] {
        let pinned = Pinned::new();
        let directory = pinned.project.join(inside);
        pinned
            .sandbox
            .git(&directory, &["update-index", "--split-index"]);
        let cure = ["update-index", "--no-split-index"];
        is_unknown(&pinned, "the index is split", Some(&cure.join(" ")));
        pinned.sandbox.git(&directory, &cure);
        is_cured(&pinned);
    }
}

/// Makes a harness with two folders, and moves the project to it.
fn with_folders(pinned: &Pinned) {
    for folder in ["kept", "dropped"] {
        pinned
            .sandbox
            .write(&format!("harness/{folder}/file"), "text\n");
    }
    pinned.sandbox.release_as_it_is("v0.4.0");
    pinned
        .sandbox
        .fleet(&["update", "demo", "v0.4.0"])
        .succeeded();
}

#[test]
fn a_sparse_index() {
    for inside in ["", "engine"] {
        let pinned = Pinned::new();
        with_folders(&pinned);
        let directory = pinned.project.join(inside);
        if inside.is_empty() {
            for folder in ["kept", "dropped"] {
                std::fs::create_dir(directory.join(folder)).unwrap();
                pinned.write(&format!("{folder}/file"), "text\n");
            }
            pinned.git(&["add", "kept", "dropped"]);
            pinned.git(&["commit", "--quiet", "--message", "folders"]);
        }
        let sparse = ["sparse-checkout", "set", "--cone", "--sparse-index", "kept"];
        pinned.sandbox.git(&directory, &sparse);
        let cure = ["sparse-checkout", "reapply", "--no-sparse-index"];
        is_unknown(&pinned, "the index is sparse", Some(&cure.join(" ")));
        pinned.sandbox.git(&directory, &cure);
        assert!(!directory.join("dropped").exists());
        if inside == "engine" {
            // All of it can be read, and what is not checked out is not to be taken for deleted.
            pinned.assert_word("ok", None);
            let said = pinned.sandbox.fleet(&["update", "demo", "v0.2.0"]);
            said.exited(3);
            assert!(
                said.stderr.contains("(a sparse checkout)"),
                "{}",
                said.stderr
            );
            assert!(
                said.stderr.contains("engine sparse-checkout disable`"),
                "{}",
                said.stderr
            );
            pinned
                .sandbox
                .git(&directory, &["sparse-checkout", "disable"]);
        }
        is_cured(&pinned);
        assert!(!directory.join("dropped").exists());
    }
}

/// F11: work that git was told not to see.
#[test]
fn a_changed_file_that_git_was_told_to_overlook() {
    for flag in ["assume-unchanged", "skip-worktree"] {
        let pinned = Pinned::new();
        let told = format!("--{flag}");
        pinned.engine_git(&["update-index", &told, "run.sh"]);
        pinned
            .sandbox
            .fleet(&["update", "demo", "v0.2.0"])
            .succeeded();
        pinned.engine_git(&["update-index", &told, "run.sh"]);
        pinned.write("engine/run.sh", "mine\n");
        let said = pinned.sandbox.fleet(&["update", "demo", "v0.1.0"]);
        said.exited(3);
        let cure = format!("update-index --no-{flag} -- 'run.sh'");
        assert!(said.stderr.contains(&cure), "{}", said.stderr);
        let file = pinned.sandbox.read("fleet/projects/demo/engine/run.sh");
        assert_eq!(file, "mine\n");
    }
}

/// A git that knows reftables, which came with 2.45: not every machine has one, and the first one may be older.
fn git_of_reftables() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut gits = std::env::split_paths(&path).map(|directory| directory.join("git"));
    gits.find(|git| {
        let asked = Command::new(git).args(["refs", "migrate", "-h"]).output();
        asked.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("--ref-format"))
    })
}

#[test]
fn reftables() {
    let Some(git) = git_of_reftables() else {
        return;
    };
    for inside in ["", "engine"] {
        let pinned = Pinned::new();
        let directory = pinned.project.join(inside);
        let logs = ["rev-parse", "--path-format=absolute", "--git-path", "logs"];
        // No git of the time migrates reflogs; there may be none.
        let _ = std::fs::remove_dir_all(pinned.sandbox.git(&directory, &logs));
        let migrate = |format: &str| {
            let mut git = pinned.sandbox.command(git.to_str().unwrap(), &directory);
            git.args(["refs", "migrate"])
                .arg(format!("--ref-format={format}"));
            pinned.sandbox.output(&mut git).succeeded();
        };
        migrate("reftable");
        let cure = "refs migrate --ref-format=files";
        is_unknown(&pinned, "keeps its refs in reftables", Some(cure));
        migrate("files");
        is_cured(&pinned);
    }
}

/// A link leads to another repository, which is nobody's submodule: git refuses it, and it must not be moved.
#[test]
fn a_symbolic_link_in_place_of_the_engine() {
    let pinned = Pinned::new();
    let elsewhere = pinned.sandbox.at("elsewhere");
    let harness = pinned.sandbox.at("harness");
    let clone = elsewhere.to_str().unwrap();
    pinned.sandbox.git(
        &harness,
        &["clone", "--quiet", "--branch", "v0.1.0", ".", clone],
    );
    std::fs::remove_dir_all(pinned.engine()).unwrap();
    symlink(&elsewhere, pinned.engine()).unwrap();
    let before = pinned.sandbox.tree(&elsewhere);
    is_unknown(&pinned, "engine` is a symbolic link", None);
    assert_same(&before, &pinned.sandbox.tree(&elsewhere));
    std::fs::remove_file(pinned.engine()).unwrap();
    pinned.git(&["submodule", "--quiet", "update", "--init", "engine"]);
    is_cured(&pinned);
}

#[test]
fn sha256() {
    for inside in ["", "engine"] {
        let pinned = Pinned::new();
        let directory = pinned.project.join(inside);
        std::fs::remove_dir_all(&directory).unwrap();
        std::fs::create_dir(&directory).unwrap();
        pinned
            .sandbox
            .git(&directory, &["init", "--quiet", "--object-format=sha256"]);
        is_unknown(&pinned, "uses sha256", None);
        pinned.sandbox.git(
            &directory,
            &["commit", "--quiet", "--allow-empty", "--message", "x"],
        );
        is_unknown(&pinned, "uses sha256", None);
    }
}
