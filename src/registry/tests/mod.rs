//! Whole registries: what is taken, what is refused, and what is said.

use std::path::Path;

use super::origin::Origin;
use super::problem::Problem;
use super::*;
use crate::names::{Name, Restart};

mod editing;
mod noise;
mod refusals;
mod saving;

const ROOT: &str = "/fleet/home";

fn parse(text: &str) -> Result<Registry, Vec<Problem>> {
    Registry::parse(text, Path::new(ROOT))
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let problems = parse(text).expect_err("it should be refused");
    let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

const DEMO: &str = "[projects.demo]\nharness = 'agents'\nref = 'v1'\nlocation = 'demo'\n";

fn demo_with(line: &str) -> String {
    format!("{DEMO}{line}\n")
}

#[test]
fn defaults_are_filled_in() {
    let registry = parse(DEMO).unwrap();
    let demo = registry.project(&"demo".parse().unwrap()).unwrap();
    assert_eq!(registry.fleet.name.as_str(), "home");
    assert_eq!(registry.fleet.projects, Path::new("/fleet/home/projects"));
    assert_eq!(registry.fleet.default_harness.as_str(), EMBEDDED);
    let harness = registry.harness(&demo.harness).unwrap();
    assert_eq!((harness.path.as_str(), &harness.url), ("engine", &None));
    assert_eq!(demo.location, Path::new("/fleet/home/demo"));
    assert_eq!((demo.enabled, demo.watch), (true, Watch::Off));
    assert_eq!(demo.stop_grace.as_secs(), 10);
    assert!(demo.labels.is_empty() && demo.args.is_empty() && demo.env.is_empty());
    assert!(demo.restart == Restart::DEFAULT && demo.after.is_empty());
    let limits = (
        registry.fleet.max_parallel_starts,
        registry.fleet.max_running,
    );
    assert_eq!(limits, (8, 200));
}

#[test]
fn a_fleet_is_named_after_its_directory_as_far_as_that_is_a_name() {
    for (directory, expected) in [
        ("home", "home"),
        ("my fleet.d", "my-fleet-d"),
        ("-x-", "x"),
        ("été", "t"),
        ("界", "fleet"),
        ("", "fleet"),
    ] {
        let registry = Registry::parse("[fleet]", &Path::new("/").join(directory)).unwrap();
        assert_eq!(registry.fleet.name.as_str(), expected, "{directory}");
    }
}

#[test]
fn a_bad_ref_in_use_is_a_warning() {
    let registry = parse(&format!(
        "{DEMO}[harnesses.agents]\ndefault_ref = 'v0'\nbad_refs = ['v0', 'v1']\n"
    ))
    .unwrap();
    let warnings: Vec<String> = registry.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "fleet.toml:6:15: `v0` is one of the bad refs of `agents`",
            "fleet.toml:3:7: `v1` is one of the bad refs of `agents` (`fleet update demo REF` moves it to another)",
        ]
    );
}

#[test]
fn projects_are_parted_into_waves_by_what_they_come_after() {
    let project =
        |name: &str, after: &str| DEMO.replace("demo", name) + &format!("after = {after}\n");
    let text = [
        project("a", "['b']"),
        project("b", "['c', 'd']"),
        project("c", "['d']"),
        project("d", "[]"),
        project("e", "['c']"),
        project("f", "[]"),
    ];
    let registry = parse(&text.concat()).unwrap();
    let waves = |names: &str| -> String {
        let names: Vec<Name> = names
            .chars()
            .map(|c| c.to_string().parse().unwrap())
            .collect();
        let waves = registry.in_order(&names);
        let joined = |wave: Vec<Name>| wave.iter().map(Name::as_str).collect::<String>();
        waves.into_iter().map(joined).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(waves("fedcba"), "df c be a");
    assert_eq!(waves("ab"), "b a");
    // Who is not started holds nobody up.
    assert_eq!(waves("acf"), "acf");
    assert_eq!(waves(""), "");
}

#[test]
fn any_line_ends_and_a_byte_order_mark_are_taken() {
    let text = format!("\u{feff}{}", DEMO.replace('\n', "\r\n"));
    assert_eq!(parse(&text).unwrap().projects.len(), 1);
    refused(
        &(text + "colur = 1\r\n"),
        &[
            "fleet.toml:5:1: unknown key `colur` in `[projects.demo]` (known there: after, args, branch, commit, enabled, \
           env, env_file, harness, labels, location, log, ref, restart, stop_grace, watch)",
        ],
    );
}

#[test]
fn ten_thousand_projects_load_and_are_edited() {
    let mut text = String::new();
    for number in 0..10_000 {
        text += &DEMO.replace("demo", &format!("p{number}"));
    }
    let registry = parse(&text).unwrap();
    assert_eq!(registry.projects.len(), 10_000);
    let name = "p9999".parse().unwrap();
    assert_eq!(
        registry.origins(&name)[1].origin,
        Origin::File { line: 39_999 }
    );
    let problems = parse(&text.replace("ref = 'v1'", "ref = '-v1'")).unwrap_err();
    assert_eq!(problems.len(), 50);
}

#[test]
fn every_value_says_where_it_comes_from() {
    let registry = parse(&format!(
        "\u{feff}[harnesses.agents]\npath = 'vendor/engine'\n{}[projects.demo.env]\nA = 'b\"'\n{}",
        demo_with(
            "stop_grace = '90000ms'\nlabels = ['a', 'b']\nafter = ['two']\n\
                   restart = { give_up_after = 3, backoff_max = '20m' }"
        ),
        DEMO.replace("demo", "two")
    ))
    .unwrap();
    let lines: Vec<String> = registry
        .origins(&"demo".parse().unwrap())
        .into_iter()
        .map(|setting| format!("{} = {} <- {}", setting.key, setting.value, setting.origin))
        .collect();
    assert_eq!(
        lines,
        [
            "harness = agents <- fleet.toml:4",
            "ref = v1 <- fleet.toml:5",
            "commit =  <- default",
            "location = /fleet/home/demo <- fleet.toml:6",
            "branch =  <- default",
            "enabled = true <- default",
            "watch = off <- default",
            "labels = [\"a\", \"b\"] <- fleet.toml:8",
            "stop_grace = 90s <- fleet.toml:7",
            "env = { A = 'b\"' } <- fleet.toml:11",
            "env_file =  <- default",
            "args = [] <- default",
            "restart.on = failure <- default",
            "restart.backoff = 1s <- default",
            "restart.backoff_max = 20m <- fleet.toml:10",
            "restart.give_up_after = 3 <- fleet.toml:10",
            "restart.window = 1h <- default",
            "restart.healthy_after = 10m <- default",
            "after = [\"two\"] <- fleet.toml:9",
            "log = false <- default",
            "path = vendor/engine <- harness agents",
            "url =  <- default",
        ]
    );
    assert_eq!(registry.origins(&"none".parse().unwrap()), []);
}
