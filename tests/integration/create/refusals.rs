//! What `fleet create` refuses, and that it then leaves everything as it was.

use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{Output, Sandbox, assert_same};

/// Runs a command that must be refused, and returns what it said.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Output {
    let before = sandbox.tree(sandbox.root());
    let output = sandbox.fleet(arguments);
    output.exited(code);
    let mut after = sandbox.tree(sandbox.root());
    let own = [
        "fleet/.fleet",
        "home/.cache",
        "home/.local",
        "output",
        "tmp",
    ];
    let mut before = before;
    for tree in [&mut before, &mut after] {
        tree.retain(|path, _| !own.iter().any(|own| path.starts_with(own)));
    }
    assert_same(&before, &after);
    assert!(!sandbox.at("ran").exists(), "something was executed");
    output
}

/// What one word of the command line is refused with.
fn words(sandbox: &Sandbox, line: &str, code: i32) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    sandbox.normalise(&refused(sandbox, &words, code).stderr)
}

#[test]
fn a_version_that_is_not_there_names_the_newest() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0", "v0.10.0"]);
    insta::assert_snapshot!(words(&sandbox, "create demo --ref v9", 3), @r"
    error: harness `lines` has no version `v9`
    hint: its newest is `v0.10.0`; it has `v0.10.0`, `v0.2.0` and `v0.1.0`
    ");
    insta::assert_snapshot!(words(&sandbox, "create demo --harness lnes", 2), @r"
    error: there is no harness `lnes` in `fleet.toml`
    hint: did you mean `lines`?
    hint: `fleet harness list` shows them, `fleet harness add lnes URL` adds one
    ");
}

#[test]
fn a_bad_version_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0", "v0.2.0"]);
    let registry = sandbox.read("fleet/fleet.toml");
    sandbox.write(
        "fleet/fleet.toml",
        &format!("{registry}bad_refs = [\"v0.2.0\"]\n"),
    );
    insta::assert_snapshot!(words(&sandbox, "create demo --ref v0.2.0", 3), @r"
    error: `v0.2.0` is among the `bad_refs` of harness `lines`
    hint: choose another version, or edit fleet.toml
    ");
    let bad = sandbox.git(&sandbox.at("harness"), &["rev-parse", "v0.2.0"]);
    insta::assert_snapshot!(words(&sandbox, &format!("create demo --ref {bad}"), 3), @r"
    error: `<commit>` is among the `bad_refs` of harness `lines`, as `v0.2.0`
    hint: choose another version, or edit fleet.toml
    ");
    sandbox
        .fleet(&["create", "demo", "--ref", "v0.1.0"])
        .succeeded();
}

#[test]
fn a_name_or_place_that_is_taken_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.write("places/file", "");
    fs::create_dir(sandbox.at("places/empty")).expect("it is ours");
    symlink("nowhere", sandbox.at("places/dangling")).expect("it is ours");
    insta::assert_snapshot!(words(&sandbox, "create demo", 3), @r"
    error: `demo` is registered already, at $ROOT/fleet/projects/demo
    hint: `fleet status demo` shows it; choose another name for a new project
    ");
    insta::assert_snapshot!(words(&sandbox, "create demo --location ../places/x", 3), @r"
    error: `demo` is registered already, at $ROOT/fleet/projects/demo
    hint: `fleet status demo` shows it; choose another name for a new project
    ");
    insta::assert_snapshot!(words(&sandbox, "create new --location ../places/file", 3), @r"
    error: cannot put a project at $ROOT/places/file: something is there already
    hint: choose another place with `--location PATH`
    ");
    insta::assert_snapshot!(words(&sandbox, "create new --location ../places/empty", 3), @r"
    error: cannot put a project at $ROOT/places/empty: something is there already
    hint: choose another place with `--location PATH`
    ");
    insta::assert_snapshot!(words(&sandbox, "create new --location ../places/dangling", 3), @r"
    error: cannot put a project at $ROOT/places/dangling: something is there already
    hint: choose another place with `--location PATH`
    ");
    insta::assert_snapshot!(words(&sandbox, "create new --location projects/demo", 3), @r"
    error: cannot put a project at $ROOT/fleet/projects/demo: something is there already
    hint: choose another place with `--location PATH`
    hint: or register what is there: `fleet adopt $ROOT/fleet/projects/demo`
    ");
}

#[test]
fn a_place_inside_something_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    sandbox.write("places/repository/file", "");
    sandbox.git(&sandbox.at("places/repository"), &["init", "--quiet"]);
    for (place, why) in [
        ("projects/demo/inner", "it is inside the project `demo`"),
        (
            "projects/demo/engine/inner",
            "it is inside the project `demo`",
        ),
        ("projects", "something is there already"),
        ("../places/repository/new", "inside the repository"),
        ("../places/repository/.git/new", ".git"),
        (".git/new", ".git"),
        (".fleet/new", ".fleet"),
        (".", "something is there already"),
        ("..", "something is there already"),
        ("/", ""),
        ("../harness/new", "inside the repository"),
    ] {
        let said = refused(&sandbox, &["create", "new", "--location", place], 3);
        assert!(said.stderr.contains(why), "{place}: {}", said.stderr);
    }
}

#[test]
fn a_place_with_tracked_files_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let fleet = sandbox.directory();
    sandbox.write("fleet/kept/notes.md", "");
    sandbox.git(&fleet, &["init", "--quiet"]);
    sandbox.git(&fleet, &["add", "--all"]);
    sandbox.git(&fleet, &["commit", "--quiet", "--message", "Keep notes"]);
    fs::remove_dir_all(fleet.join("kept")).expect("it is ours");
    let said = refused(&sandbox, &["create", "new", "--location", "kept"], 3);
    assert!(
        said.stderr.contains("files are tracked there"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_link_does_not_hide_where_a_place_really_is() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    fs::create_dir(sandbox.at("places")).expect("it is ours");
    for (link, target) in [
        ("places/project", "fleet/projects/demo"),
        ("places/git", "fleet/projects/demo/.git"),
        ("places/runtime", "fleet/.fleet"),
    ] {
        symlink(sandbox.at(target), sandbox.at(link)).expect("it is ours");
        let place = sandbox.at(link).join("new");
        let place = place.to_str().expect("it is text");
        refused(&sandbox, &["create", "new", "--location", place], 3);
    }
    symlink(sandbox.at("home"), sandbox.at("places/home")).expect("it is ours");
    let place = sandbox.at("places/home/new");
    sandbox
        .fleet(&[
            "create",
            "new",
            "--location",
            place.to_str().expect("it is text"),
        ])
        .succeeded();
    sandbox.is_whole(&sandbox.at("home/new"));
    insta::assert_snapshot!(sandbox.run("list"), @r"
    NAME  HARNESS  REF     LOCATION
    demo  lines    v0.1.0  projects/demo
    new   lines    v0.1.0  $ROOT/home/new
    --- exit code 0
    ");
}

#[test]
fn a_name_that_is_no_plain_word_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let long = "a".repeat(300);
    for name in [
        "..",
        ".",
        "",
        "a;b",
        "a/b",
        "/a",
        "--x",
        "-x",
        "=x",
        "%1",
        "a:b",
        "a b",
        "a\nb",
        "a.b",
        ".git",
        "$(touch ran)",
        "demо",
        "é",
        "a\u{202e}b",
        long.as_str(),
    ] {
        refused(&sandbox, &["create", name], 2);
    }
    insta::assert_snapshot!(words(&sandbox, "create a;b", 2), @r"
    error: `a;b` is not a name: 1 to 64 ASCII letters, digits, `-` and `_`, a letter or digit first
    hint: `fleet create --help` shows what it takes
    ");
}

#[test]
fn a_ref_that_git_could_take_for_something_else_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let long = "a".repeat(300);
    for reference in [
        "--upload-pack=touch ran",
        "-x",
        "ext::sh -c touch% ran",
        "a..b",
        "..",
        "a b",
        "a\nb",
        "",
        "@{u}",
        "a^{tree}",
        "a~1",
        ":/x",
        "HEAD:file",
    ] {
        refused(
            &sandbox,
            &["create", "demo", &format!("--ref={reference}")],
            2,
        );
    }
    for reference in ["refs/heads/nope", long.as_str(), "v0.1.0.lock.x"] {
        let code = sandbox.fleet(&["create", "demo", "--ref", reference]).code;
        assert!(matches!(code, Some(2 | 3)), "{reference}: {code:?}");
    }
    insta::assert_snapshot!(words(&sandbox, "create demo --ref=a..b", 2), @r"
    error: `--ref`: `a..b` is not a ref: git does not allow such a name
    hint: `fleet create --help` shows what it takes
    ");
}

#[test]
fn a_url_that_would_run_something_is_refused() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]);
    let ran = sandbox.at("ran");
    for url in [
        format!("ext::sh -c touch% {}", ran.display()),
        format!("--upload-pack=touch {}", ran.display()),
        "-x".to_owned(),
        "fd::3".to_owned(),
        "../harness".to_owned(),
        "https://user:secret@example.org/x.git".to_owned(),
        format!("ssh://-oProxyCommand=touch {}/x", ran.display()),
        format!("-oProxyCommand=touch {}:x", ran.display()),
    ] {
        sandbox.write(
            "fleet/fleet.toml",
            &format!("[fleet]\n[harnesses.bad]\nurl = \"{url}\"\n"),
        );
        let said = refused(&sandbox, &["create", "demo", "--harness", "bad"], 2);
        assert!(said.stderr.contains("fleet.toml:3:7"), "{}", said.stderr);
    }
}
