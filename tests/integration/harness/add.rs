//! `fleet harness add`.

use crate::sandbox::{Sandbox, assert_same};

/// A fleet with a harness `lines`, and another repository at `other` that is one too.
fn two_harnesses() -> Sandbox {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    sandbox.git(sandbox.root(), &["clone", "--quiet", "harness", "other"]);
    sandbox
}

#[test]
fn a_harness_is_looked_at_and_then_registered() {
    let sandbox = two_harnesses();
    let text = sandbox.read("fleet/fleet.toml");
    insta::assert_snapshot!(sandbox.run("harness add runner ../other --dry-run"), @r#"
    fleet.toml, [harnesses.runner]:
      write url = "$ROOT/other"
    --- stderr
    warning: `$ROOT/other` is a place on this machine: clones of its projects work nowhere else
    --- exit code 0
    "#);
    assert_eq!(sandbox.read("fleet/fleet.toml"), text);
    assert_eq!(sandbox.mirrors(), [] as [&str; 0]);
    insta::assert_snapshot!(sandbox.run("harness add runner ../other -m trial"), @r"
    --- stderr
    warning: `$ROOT/other` is a place on this machine: clones of its projects work nowhere else
    added `runner`: new projects get v0.2.0
    hint: `fleet create NAME --harness runner` makes a project with it
    hint: `fleet harness probe runner v0.2.0` tries it in a throw-away project
    --- exit code 0
    ");
    let url = sandbox.at("other").display().to_string();
    let added = format!("{text}\n[harnesses.runner]\nurl = \"{url}\"\n");
    assert_eq!(sandbox.read("fleet/fleet.toml"), added);
    assert_eq!(sandbox.mirrors(), ["runner"]);
    insta::assert_snapshot!(sandbox.run("harness add runner ../other"), @r"
    --- stderr
    the harness `runner` is in fleet.toml already
    --- exit code 0
    ");
    assert_eq!(sandbox.read("fleet/fleet.toml"), added);
    sandbox
        .fleet(&["create", "demo", "--harness", "runner"])
        .succeeded();
    sandbox.is_whole(&sandbox.project_at("demo"));
    let trail = sandbox.json(&["history", "--json"]);
    let event = trail
        .as_array()
        .expect("events")
        .iter()
        .find(|it| it["what"] == "harness add");
    let event = event.expect("it was written down");
    assert_eq!(
        (&event["why"], &event["project"]),
        (&"trial".into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_its_repository_does_not_say_is_written_down() {
    let sandbox = two_harnesses();
    let other = sandbox.at("other");
    for tag in ["v0.1.0", "v0.2.0"] {
        sandbox.git(&other, &["tag", "--delete", tag]);
    }
    sandbox.git(&other, &["branch", "--move", "trunk"]);
    let words = [
        "harness",
        "add",
        "runner",
        "../other",
        "--path",
        "vendor/engine",
    ];
    sandbox.fleet(&words).succeeded();
    let text = sandbox.read("fleet/fleet.toml");
    assert!(
        text.ends_with("path = \"vendor/engine\"\ndefault_ref = \"trunk\"\n"),
        "{text}"
    );
    sandbox
        .fleet(&["create", "demo", "--harness", "runner"])
        .succeeded();
    let words = [
        "harness",
        "add",
        "runner",
        "../other",
        "--path",
        "elsewhere",
    ];
    sandbox.fleet(&words).exited(3);
}

#[test]
fn what_cannot_be_used_leaves_neither_an_entry_nor_a_copy() {
    let sandbox = two_harnesses();
    let other = sandbox.at("other");
    sandbox.git(sandbox.root(), &["init", "--quiet", "--bare", "empty"]);
    let before = sandbox.world();
    let refused = |line: &str, code: i32| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = sandbox.fleet(&words);
        said.exited(code);
        assert_same(&before, &sandbox.world());
        assert_eq!(sandbox.mirrors(), [] as [&str; 0], "{line}");
        sandbox.normalise(&said.stderr)
    };
    insta::assert_snapshot!(refused("harness add lines ../other", 3), @r"
    error: there is a harness `lines` already: it comes from `$ROOT/harness`
    hint: `fleet harness set-url lines $ROOT/other` if it has moved
    hint: or choose another name
    ");
    insta::assert_snapshot!(refused("harness add agents ../other", 3), @r"
    error: there is a harness `agents` already: it is built in
    hint: `fleet harness set-url agents $ROOT/other` if it has moved
    hint: or choose another name
    ");
    insta::assert_snapshot!(refused("harness add again ../harness/", 3), @r"
    error: the harness `lines` comes from `$ROOT/harness` already
    hint: `fleet create NAME --harness lines` uses it
    ");
    insta::assert_snapshot!(refused("harness add runner ../nothing", 3), @r"
    error: cannot add `runner`
      because: there is nothing at `$ROOT/nothing`
    hint: name a repository: its URL, or its path on this machine
    ");
    insta::assert_snapshot!(refused("harness add runner ../empty", 3), @r"
    error: cannot add `runner`
      because: harness `runner` has neither a tag nor a branch to begin with
    hint: `--default-ref REF` names the version that new projects get
    ");
    insta::assert_snapshot!(refused("harness add runner ../other --default-ref v9", 3), @r"
    error: cannot add `runner`
      because: harness `runner` has no version `v9`
    hint: its newest is `v0.2.0`; it has `v0.2.0` and `v0.1.0`
    hint: `--default-ref REF` names the version that new projects get
    ");
    refused("harness add runner ../other --path ../out", 3);
    refused("harness add runner ../home", 1);
    for (manifest, said) in [
        (None, "harness `runner` has no `harness.toml`"),
        (Some("[harness]\nname = \"x\"\nprotocol = 2\n"), "protocol"),
        (Some("[harness\n"), "cannot read `harness.toml`"),
        (
            Some("[harness]\nname = \"x\"\nprotocol = 1\n[commands]\nstart = []\n"),
            "start",
        ),
    ] {
        match manifest {
            Some(text) => sandbox.write("other/harness.toml", text),
            None => std::fs::remove_file(other.join("harness.toml")).expect("it is there"),
        }
        sandbox.git(&other, &["add", "--all"]);
        sandbox.git(&other, &["commit", "--quiet", "--message", "Break it"]);
        sandbox.git(&other, &["tag", "--force", "v0.3.0"]);
        let stderr = refused("harness add runner ../other", 3);
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

/// F14: words that could be taken for something else.
#[test]
fn what_is_no_place_is_refused_before_anything_runs() {
    let sandbox = two_harnesses();
    let before = sandbox.world();
    let touch = format!("touch {}", sandbox.at("tmp/ran").display());
    for url in [
        "--upload-pack=x",
        &format!("ext::sh -c '{touch}'"),
        &format!("--upload-pack={touch}"),
        &format!("ssh://-oProxyCommand={touch}/x"),
        &format!("fd::7,{touch}"),
        "https://ada:secret@example.org/x",
        "https://example.org/a\nb",
        "https://exam\u{202e}ple.org/x",
        "",
        "\u{9b}31m",
    ] {
        for verb in ["add", "set-url"] {
            for dashes in [&[][..], &["--"]] {
                let words = [&["harness", verb, "lines"], dashes, &[url]].concat();
                sandbox.fleet(&words).exited(2);
            }
        }
    }
    for name in ["../x", "-x", "a b", "a\nb", "", "\u{430}gents"] {
        sandbox
            .fleet(&["harness", "add", "--", name, "../other"])
            .exited(2);
    }
    assert_same(&before, &sandbox.world());
    assert!(!sandbox.at("tmp/ran").exists());
    assert_eq!(sandbox.mirrors(), [] as [&str; 0]);
}

/// F2: many at once.
#[test]
fn one_of_many_that_add_the_same_does_it() {
    let sandbox = two_harnesses();
    let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
        let add = |name: &'static str| {
            let sandbox = &sandbox;
            scope.spawn(move || sandbox.fleet(&["harness", "add", name, "../other"]).code)
        };
        let begun: Vec<_> = ["a", "b", "c", "d"].map(add).into();
        begun
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    let text = sandbox.read("fleet/fleet.toml");
    let added = codes.iter().filter(|code| **code == Some(0)).count();
    assert_eq!(text.matches("/other\"").count(), added, "{codes:?}\n{text}");
    assert_eq!(added, 1, "{codes:?}\n{text}");
    assert_eq!(sandbox.mirrors().len(), 1);
}
