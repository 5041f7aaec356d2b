//! What `why` says of the registered version upstream: as of the last fetch, and how long ago that was.

use serde_json::Value;

use super::Pinned;

/// What is said of upstream, and since when it has been known.
#[track_caller]
fn upstream(pinned: &Pinned) -> (String, Value) {
    let said = pinned.sandbox.fleet(&["why", "demo", "--json"]);
    let why: Value = serde_json::from_str(&said.succeeded().stdout).expect("it is JSON");
    let facts = why["facts"].as_array().expect("there are facts");
    let found = facts.iter().find_map(|fact| {
        let says = fact["says"].as_str()?.strip_prefix("upstream: ")?;
        Some((says.to_owned(), fact["since"].clone()))
    });
    found.unwrap_or_else(|| (why["absent"].to_string(), Value::Null))
}

#[test]
fn what_the_mirror_says_is_told_with_its_age() {
    let pinned = Pinned::new();
    let harness = pinned.sandbox.at("harness");
    let git = |arguments: &[&str]| pinned.sandbox.git(&harness, arguments);
    let short = |version: &str| pinned.commit(version)[..8].to_owned();
    let (first, third) = (short("v0.1.0"), short("v0.3.0"));
    let (says, since) = upstream(&pinned);
    assert_eq!(says, format!("v0.1.0 is still {first}"));
    assert!(since.is_string());
    // Until somebody fetches, nobody knows.
    git(&["tag", "--force", "v0.1.0", "v0.3.0"]);
    assert_eq!(upstream(&pinned), (says, since.clone()));
    pinned.sandbox.fleet(&["harness", "fetch"]).succeeded();
    let (says, fetched) = upstream(&pinned);
    assert_eq!(says, format!("the tag v0.1.0 has moved to {third}"));
    assert!(fetched.as_str() > since.as_str(), "{fetched} {since}");
    // The pin is as good as it was.
    assert_eq!(pinned.sandbox.status("demo")["pin"]["word"], "ok");
    git(&["tag", "--delete", "v0.1.0"]);
    pinned.sandbox.fleet(&["harness", "fetch"]).succeeded();
    assert_eq!(upstream(&pinned).0, "the tag v0.1.0 has been deleted");
}

#[test]
fn a_branch_that_went_on_and_a_ref_that_never_was() {
    let pinned = Pinned::new();
    pinned
        .sandbox
        .fleet(&["update", "demo", "main"])
        .succeeded();
    let at = pinned
        .sandbox
        .git(&pinned.sandbox.at("harness"), &["rev-parse", "main"]);
    assert_eq!(upstream(&pinned).0, format!("main is still {}", &at[..8]));
    pinned.sandbox.release("v0.4.0");
    pinned.sandbox.fleet(&["harness", "fetch"]).succeeded();
    let now = pinned.commit("v0.4.0");
    assert_eq!(
        upstream(&pinned).0,
        format!("the branch main is at {} now", &now[..8])
    );
    let registry = pinned.sandbox.read("fleet/fleet.toml");
    let registry = registry.replace("ref = \"main\"", "ref = \"never\"");
    pinned
        .sandbox
        .write("fleet/fleet.toml", &registry.replace(&at, &"0".repeat(40)));
    let (says, _) = upstream(&pinned);
    assert_eq!(says, "there is no never; 00000000 was never seen there");
}

#[test]
fn without_a_mirror_it_is_looked_for_and_not_found() {
    let pinned = Pinned::new();
    std::fs::remove_dir_all(pinned.sandbox.at("home/.cache/fleet")).unwrap();
    let (absent, _) = upstream(&pinned);
    assert!(absent.contains("a mirror of its harness"), "{absent}");
    assert!(!pinned.sandbox.at("home/.cache/fleet").exists());
}
