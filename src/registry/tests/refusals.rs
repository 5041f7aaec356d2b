//! What is refused, and in which words.

use super::*;

#[test]
fn everything_wrong_is_told_at_once() {
    refused(
        r#"
colour = "red"
[fleet]
nmae = "home"
max_running = 0
[operator]
mail = "x"
[harnesses.other]
bad_refs = ["-x"]
path = "../x"
[projects.demo]
harnes = "agents"
ref = 3
restart = { on = "failure", bakcoff = "1s" }
env = { "A=B" = "x", C = 1 }
stop_grace = "soon"
[projects."a.b"]
harness = "agents"
[projects.two]
harness = "othr"
ref = "v1"
location = ".fleet/x"
[projects.three]
harness = "agent"
ref = "v1"
location = "p"
[projects.four]
harness = "agents"
ref = "v1"
location = "./p"
watch = "on"
"#,
        &[
            "fleet.toml:2:1: unknown key `colour` at the top (known there: fleet, harnesses, operator, projects)",
            "fleet.toml:4:1: unknown key `nmae` in `[fleet]` (did you mean `name`?)",
            "fleet.toml:5:15: `fleet.max_running`: it must be 1 to 100000, not 0",
            "fleet.toml:6:2: `[operator]` has no `name`",
            "fleet.toml:7:1: unknown key `mail` in `[operator]` (known there: contact, name, role)",
            "fleet.toml:8:12: `[harnesses.other]` has no `url` (only the built-in `agents` needs none)",
            "fleet.toml:9:12: `harnesses.other.bad_refs`: `-x` is not a ref: it begins with `-`",
            "fleet.toml:10:8: `harnesses.other.path`: `../x` is not a path inside a project: parts of ASCII \
             letters, digits, `.`, `_` and `-` joined by `/`, a letter, digit or `_` first in each",
            "fleet.toml:11:11: `[projects.demo]` has no `harness`",
            "fleet.toml:11:11: `[projects.demo]` has no `location`",
            "fleet.toml:12:1: unknown key `harnes` in `[projects.demo]` (did you mean `harness`?)",
            "fleet.toml:13:7: `projects.demo.ref`: it must be a text in quotes, and is the number `3`",
            "fleet.toml:14:29: unknown key `bakcoff` in `[projects.demo.restart]` (did you mean `backoff`?)",
            "fleet.toml:15:9: `projects.demo.env.A=B`: `A=B` is not the name of a variable: ASCII letters, digits \
             and `_`, no digit first",
            "fleet.toml:15:26: `projects.demo.env.C`: it must be a text in quotes, and is the number `1`",
            "fleet.toml:16:14: `projects.demo.stop_grace`: `soon` is not a length of time: write `500ms`, `10s` or \
             `2m`",
            "fleet.toml:17:11: in `[projects]`: `a.b` is not a name: 1 to 64 ASCII letters, digits, `-` and `_`, a \
             letter or digit first",
            "fleet.toml:20:11: there is no harness `othr` (did you mean `other`?)",
            "fleet.toml:22:12: no project can be at `/fleet/home/.fleet/x`: it is inside the fleet's own `.fleet/`",
            "fleet.toml:24:11: there is no harness `agent` (did you mean `agents`?)",
            "fleet.toml:26:12: `four` and `three` are in one place",
            "fleet.toml:31:9: `projects.four.watch`: unknown value `on` (known there: heal, off)",
        ],
    );
}

#[test]
fn a_key_of_a_later_feature_is_refused_as_such() {
    for (text, key) in [
        ("[fleet.on]\nparked = []", "on"),
        ("[harnesses.agents]\npreset = 'x'", "preset"),
        ("[harnesses.agents.commands]\nstart = ['x']", "commands"),
    ] {
        let problems = parse(text).unwrap_err();
        let [problem] = &problems[..] else {
            panic!("{problems:?}")
        };
        assert_eq!(problem.message, format!("`{key}` is not built yet"));
        assert_eq!(problem.hint, None);
    }
    for (line, key) in [("on.success = []", "on"), ("hold = true", "hold")] {
        refused(
            &demo_with(line),
            &[&format!("fleet.toml:5:1: `{key}` is not built yet")],
        );
    }
}

#[test]
fn what_is_not_a_plain_value_is_refused_with_its_line() {
    for line in [
        r#"commit = "v1""#,
        r#"commit = "0123456789ABCDEF0123456789abcdef01234567""#,
        r#"branch = "-x""#,
        r#"branch = "a..b""#,
        r#"enabled = "yes""#,
        r#"watch = "Heal""#,
        r#"labels = "x""#,
        r#"labels = ["a b"]"#,
        r#"stop_grace = 10"#,
        r#"stop_grace = "10""#,
        r#"env = ["A=b"]"#,
        r#"env = { A = "a\u0000b" }"#,
        r#"env = { "A B" = "" }"#,
        r#"env = { "" = "" }"#,
        r#"env_file = "a\u0000b""#,
        r#"env_file = """#,
        r#"args = ["a\u0000b"]"#,
        r#"args = [1]"#,
        r#"after = "x""#,
        r#"after = ["-x"]"#,
        r#"restart = "always""#,
        r#"restart = { on = "success" }"#,
        r#"restart = { backoff = "1" }"#,
        r#"restart = { backoff = 1 }"#,
        r#"restart = { backoff = "2s", backoff_max = "1s" }"#,
        r#"restart = { backoff = "6m" }"#,
        r#"restart = { backoff_max = "500ms" }"#,
        r#"restart = { backoff_max = "25h" }"#,
        r#"restart = { give_up_after = -1 }"#,
        r#"restart = { give_up_after = 1001 }"#,
        r#"restart = { window = "0s" }"#,
        r#"restart = { healthy_after = "long" }"#,
    ] {
        let problems = parse(&demo_with(line)).expect_err(line);
        assert_eq!(
            (problems.len(), problems[0].line),
            (1, 5),
            "{line}: {problems:?}"
        );
        let key = line.split(' ').next().unwrap();
        assert!(problems[0].message.contains(key), "{line}: {problems:?}");
    }
}

#[test]
fn how_many_is_at_least_one() {
    for key in ["max_parallel_starts", "max_running"] {
        for value in ["0", "-1", "100001", "'8'", "8.0"] {
            let text = format!("[fleet]\n{key} = {value}\n");
            let problems = parse(&text).expect_err(&text);
            assert_eq!((problems.len(), problems[0].line), (1, 2), "{problems:?}");
            assert!(problems[0].message.contains(key), "{problems:?}");
        }
    }
}

#[test]
fn a_key_in_a_restart_table_is_known_by_its_nearest_however_the_table_is_written() {
    for (lines, line) in [
        ("restart.windwo = '1h'", 5),
        ("[projects.demo.restart]\nwindwo = '1h'", 6),
        ("restart = { on = 'always', windwo = '1h' }", 5),
    ] {
        let problems = parse(&demo_with(lines)).unwrap_err();
        let [problem] = &problems[..] else {
            panic!("{problems:?}")
        };
        let message = "unknown key `windwo` in `[projects.demo.restart]`";
        assert_eq!((problem.line, &*problem.message), (line, message));
        assert_eq!(problem.hint.as_deref(), Some("did you mean `window`?"));
    }
    refused(
        &demo_with("restart.x = 1"),
        &[
            "fleet.toml:5:9: unknown key `x` in `[projects.demo.restart]` (known there: backoff, backoff_max, \
             give_up_after, healthy_after, on, window)",
        ],
    );
}

#[test]
fn what_contradicts_itself_in_a_restart_table_is_told_with_what_would_help() {
    refused(
        &demo_with("restart = { backoff = '6m', window = '0s', give_up_after = 1001 }"),
        &[
            "fleet.toml:5:23: `projects.demo.restart.backoff`: `backoff` is longer than `backoff_max` (`backoff_max` is 5m \
             where nobody says)",
            "fleet.toml:5:38: `projects.demo.restart.window`: no death is within no time (`give_up_after` says how \
             many are too many)",
            "fleet.toml:5:60: `projects.demo.restart.give_up_after`: it must be 0 to 1000 (a shorter `window` forgets \
             earlier)",
        ],
    );
}

#[test]
fn nobody_comes_after_who_is_not_there_or_after_itself() {
    let project = |name: &str, after: &str| {
        format!(
            "[projects.{name}]\nharness = 'agents'\nref = 'v1'\nlocation = '{name}'\nafter = {after}\n"
        )
    };
    let text = [
        project("zero", "['zero']"),
        project("one", "['three']"),
        project("two", "['one']"),
        project("three", "[\n  'zero',\n  'two',\n  'ingset',\n]"),
        project("four", "['one', 'ingest', 'unread']"),
        project("ingest", "[]"),
        "[projects.unread]\nlocation = 3\n".to_owned(),
    ]
    .concat();
    refused(
        &text,
        &[
            "fleet.toml:5:9: `zero` would wait for itself: zero after zero",
            "fleet.toml:10:9: `one` would wait for itself: one after three after two after one",
            "fleet.toml:23:3: there is no project `ingset` (did you mean `ingest`?)",
            "fleet.toml:35:11: `[projects.unread]` has no `harness`",
            "fleet.toml:35:11: `[projects.unread]` has no `ref`",
            "fleet.toml:36:12: `projects.unread.location`: it must be a text in quotes, and is the number `3`",
        ],
    );
}

#[test]
fn no_name_ref_url_or_place_gets_through_that_means_something_else() {
    let long = "x".repeat(300);
    for name in [
        "--upload-pack=x",
        "a;b",
        "..",
        ".",
        "=x",
        "%1",
        "a:b",
        "a\\nb",
        "a\\u0000b",
        "dеmo",
        "",
        &long,
    ] {
        let text =
            format!("[projects.\"{name}\"]\nharness = 'agents'\nref = 'v1'\nlocation = 'x'\n");
        assert_eq!(parse(&text).expect_err(name)[0].line, 1);
        let text = format!("[harnesses.\"{name}\"]\nurl = '/x'\n");
        assert_eq!(parse(&text).expect_err(name)[0].line, 1);
        let text = format!("[fleet]\nname = \"{name}\"\n");
        assert_eq!(parse(&text).expect_err(name)[0].line, 2);
    }
    for reference in [
        "--upload-pack=x",
        "a..b",
        "a b",
        "a\\nb",
        "a\\u0000b",
        "",
        "@{-1}",
        "a:b",
        &long,
    ] {
        let text =
            format!("[projects.x]\nharness = 'agents'\nref = \"{reference}\"\nlocation = 'x'\n");
        assert_eq!(parse(&text).expect_err(reference)[0].line, 3);
    }
    for url in [
        "--upload-pack=x",
        "ext::sh -c x",
        "a;b",
        "..",
        "a\\nb",
        "/a\\u0000b",
        "",
    ] {
        let text = format!("[harnesses.x]\nurl = \"{url}\"\n");
        assert_eq!(parse(&text).expect_err(url)[0].line, 2);
    }
    for path in [
        "..", "a/../b", "/x", ".git", "x/.git", "", ".", "a\\nb", "--x", &long,
    ] {
        let text = format!("[harnesses.agents]\npath = \"{path}\"\n");
        assert_eq!(parse(&text).expect_err(path)[0].line, 2);
    }
    for place in [
        "",
        "a\\nb",
        "a\\u0000b",
        "~root",
        ".fleet",
        ".fleet/x",
        "x/../.fleet/x",
        ".git/x",
        "x/.git",
        ".",
        "..",
        "/",
        "../home",
        &long,
    ] {
        let text =
            format!("[projects.x]\nharness = 'agents'\nref = 'v1'\nlocation = \"{place}\"\n");
        assert_eq!(parse(&text).expect_err(place)[0].line, 4, "{place}");
    }
}

#[test]
fn two_projects_never_share_a_directory_however_it_is_spelt() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("real/demo")).unwrap();
    std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
    let project = |name, location| {
        format!("[projects.{name}]\nharness = 'agents'\nref = 'v1'\nlocation = '{location}'\n")
    };
    for location in [
        "real/demo",
        "link/demo",
        "real/x/../demo",
        "./real//demo/",
        "link/../real/demo",
    ] {
        let text = project("one", "real/demo") + &project("two", location);
        let problems = Registry::parse(&text, directory.path()).expect_err(location);
        assert_eq!(
            problems[0].to_string(),
            "fleet.toml:8:12: `one` and `two` are in one place"
        );
    }
    let text = project("one", "real/demo") + &project("two", "real/demo2");
    assert!(Registry::parse(&text, directory.path()).is_ok());
}

#[test]
fn several_syntax_errors_are_told_at_once() {
    refused(
        "[fleet]\nname = \"home\n\n[projects.demo\n[projects.demo]\nref = \nref = 'v1'\nref = 'v2'\n",
        &[
            "fleet.toml:2:13: invalid basic string, expected `\"`",
            "fleet.toml:4:15: unclosed table, expected `]`",
            "fleet.toml:6:7: there is no value",
            "fleet.toml:7:1: `ref` is there twice",
            "fleet.toml:8:1: `ref` is there twice",
        ],
    );
}

#[test]
fn a_file_that_is_no_registry_is_a_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let case = |expected: &str| {
        let error = Registry::load(directory.path()).unwrap_err();
        assert_eq!(crate::error::exit_of(&error), crate::error::Exit::Usage);
        let text = error
            .to_string()
            .replace(directory.path().to_str().unwrap(), "DIR");
        assert_eq!(text, expected);
    };
    case("there is no `DIR/fleet.toml`");
    std::fs::write(&path, "").unwrap();
    case(
        "`DIR/fleet.toml` is not valid\nfleet.toml:1:1: there is nothing in this file (a fleet without projects has \
         at least a line `[fleet]`)",
    );
    std::fs::write(&path, b"[fleet]\n# \xc3\xa9\xff\n").unwrap();
    case("`DIR/fleet.toml` is not valid\nfleet.toml:2:4: this is not UTF-8 text");
    std::fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    case("cannot read `DIR/fleet.toml`: it is not a regular file");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    case("cannot read `DIR/fleet.toml`: it is a directory");
}
