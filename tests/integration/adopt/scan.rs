//! `fleet adopt --scan`: what could be adopted is found, and nothing keeps the search from ending.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use insta::assert_snapshot;
use nix::sys::stat::Mode;

use super::stamped;
use crate::sandbox::{Sandbox, Stopwatch, assert_same};

#[test]
fn what_could_be_adopted_is_listed_and_nothing_is_done() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.vendoring("src/one", "v0.1.0");
    sandbox.vendoring("src/deep/below/demo", "v0.1.0");
    sandbox.vendoring("src/node_modules/hidden", "v0.1.0");
    let stranger = sandbox.vendoring("src/stranger", "v0.1.0");
    let url = "https://git.example.invalid/x";
    for arguments in [
        vec!["config", "-f", ".gitmodules", "submodule.engine.url", url],
        vec!["config", "submodule.engine.url", url],
        vec!["-C", "engine", "config", "remote.origin.url", url],
    ] {
        sandbox.git(&stranger, &arguments);
    }
    sandbox.git(&sandbox.at("src"), &["init", "--quiet", "nothing"]);
    sandbox.write("src/broken/.git", "nonsense");
    let before = (sandbox.world(), stamped(&sandbox.at("src")));
    assert_snapshot!(sandbox.run_narrow("adopt --scan ../src"), @r"
    PATH  NAME  HARNESS  REF  PIN  REASON
    broken  cannot read the repository `$ROOT/src/broken`: `$ROOT/src/broken/.git` is no git file; `git -C $ROOT/src/broken status` says more
    deep/below/demo  demo-2  lines  v0.1.0  <commit>
    one  one  lines  v0.1.0  <commit>
    stranger  `$ROOT/src/stranger` has a harness that fleet.toml does not know: https://git.example.invalid/x; `fleet harness add x https://git.example.invalid/x` adds it; then adopt again
    --- stderr
    2 can be adopted; 4 repositories with a harness, 1 without, in 8 directories
    hint: `fleet adopt $ROOT/src/deep/below/demo --name demo-2`
    hint: `fleet adopt $ROOT/src/one`
    --- exit code 0
    ");
    let said = sandbox.fleet(&["adopt", "--scan", "projects", "--json"]);
    let found: serde_json::Value =
        serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
    assert_eq!(found["schema"], 1);
    assert_eq!(found["complete"], true);
    let row = &found["repositories"][0];
    assert_eq!(
        (&row["name"], &row["registered"], &row["ref"]),
        (&"demo".into(), &true.into(), &"v0.1.0".into())
    );
    assert_same(&before.0, &sandbox.world());
    assert_eq!(before.1, stamped(&sandbox.at("src")));
    // What is proposed works.
    for line in [
        "adopt ../src/deep/below/demo --name demo-2",
        "adopt ../src/one",
    ] {
        sandbox
            .fleet(&line.split(' ').collect::<Vec<_>>())
            .succeeded();
    }
    let said = sandbox.fleet(&["adopt", "--scan", "../src"]);
    assert!(
        said.succeeded().stderr.starts_with("0 can be adopted"),
        "{}",
        said.text()
    );
    sandbox.fleet(&["adopt", "--scan", "../nowhere"]).exited(3);
}

/// F14: links in circles, pipes in the place of git's files, and directories that nobody may enter.
#[test]
fn a_hostile_tree_ends_the_scan_no_later() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    sandbox.vendoring("src/good", "v0.1.0");
    let src = sandbox.at("src");
    symlink(&src, src.join("again")).expect("it is ours");
    symlink(sandbox.at("harness"), src.join("link")).expect("it is ours");
    symlink("loop", src.join("loop")).expect("it is ours");
    for (place, file) in [
        ("pipe", ".git"),
        ("head", ".git/HEAD"),
        ("config", ".git/config"),
        ("modules", ".gitmodules"),
    ] {
        if place != "pipe" {
            sandbox.vendoring(&format!("src/{place}"), "v0.1.0");
        }
        let file = src.join(place).join(file);
        let _ = fs::remove_file(&file);
        fs::create_dir_all(file.parent().expect("it has one")).expect("it is ours");
        nix::unistd::mkfifo(&file, Mode::S_IRWXU).expect("it is ours");
    }
    // A loose object that never ends.
    let slow = sandbox.vendoring("src/object", "v0.1.0");
    let head = sandbox.git(&slow, &["rev-parse", "HEAD"]);
    let object = slow.join(".git/objects").join(&head[..2]).join(&head[2..]);
    fs::remove_file(&object).expect("it is ours");
    nix::unistd::mkfifo(&object, Mode::S_IRWXU).expect("it is ours");
    for odd in ["a\nb", "c;d", "$(touch ran)", "=e", "-f", "g'h"] {
        sandbox.vendoring(&format!("src/{odd}"), "v0.1.0");
    }
    for number in 0..10_000 {
        let below = format!("src/many/{}/{}", number / 100, number % 100);
        fs::create_dir_all(sandbox.at(&below)).expect("it is ours");
    }
    let deep = (0..200).fold(src.join("many"), |path, _| path.join("d"));
    fs::create_dir_all(deep).expect("it is ours");
    fs::create_dir(src.join("closed")).expect("it is ours");
    fs::set_permissions(src.join("closed"), fs::Permissions::from_mode(0o000)).expect("it is ours");
    let began = Stopwatch::start();
    let said = sandbox.fleet(&["adopt", "--scan", "../src", "--json"]);
    // One repository keeps its reader waiting, for five seconds; all else is quick.
    began.assert_within(Duration::from_secs(20));
    let found: serde_json::Value =
        serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
    let rows = found["repositories"].as_array().expect("it is a list");
    let free: Vec<&str> = rows
        .iter()
        .filter(|row| row["reason"].is_null())
        .filter_map(|row| row["name"].as_str())
        .collect();
    assert_eq!(
        free,
        ["touch-ran", "f", "e", "c-d", "g-h", "good"],
        "{rows:#?}"
    );
    let stuck = rows.iter().filter(|row| !row["reason"].is_null()).count();
    assert_eq!(stuck, 6, "{rows:#?}");
    // Nothing is closed to root.
    let closed = u64::from(!nix::unistd::geteuid().is_root());
    assert_eq!(found["unreadable"].as_u64(), Some(closed));
    assert!(found["directories"].as_u64() > Some(10_000));
    assert!(!sandbox.at("fleet/ran").exists() && !sandbox.at("ran").exists());
}
