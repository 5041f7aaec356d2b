//! F15: what a harness's repository calls its versions reaches no terminal as it is.

use crate::sandbox::Sandbox;

const NAMES: [&str; 4] = ["v9\u{202e}0.1", "v9\u{9b}31m", "v9\u{200b}", "v9\u{e0041}"];

#[test]
fn names_that_would_deceive_are_counted_and_not_shown() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let harness = sandbox.at("harness");
    for name in NAMES {
        sandbox.git(&harness, &["tag", name]);
        sandbox.git(&harness, &["branch", &format!("b{name}")]);
    }
    for words in [
        &["harness", "fetch"][..],
        &["harness", "refs"],
        &["harness", "refs", "--all"],
        &["harness", "refs", "--json"],
        &["harness", "list"],
        &["harness", "list", "--json"],
        &["update", "demo", "nothing"],
        &["create", "new", "--ref", "nothing"],
    ] {
        let said = sandbox.fleet(words).text();
        let odd: Vec<char> = said
            .chars()
            .filter(|c| !(*c == '\n' || (' '..='~').contains(c)))
            .collect();
        assert_eq!(odd, [], "{words:?}: {said}");
    }
    let said = sandbox.json(&["harness", "refs", "lines", "--json"]);
    assert_eq!(said["harnesses"][0]["nameless"], 8);
    let said = sandbox.fleet(&["harness", "refs", "lines"]);
    assert!(
        said.stderr
            .contains("8 refs with a name that nobody could type"),
        "{}",
        said.text()
    );
}
