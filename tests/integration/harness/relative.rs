//! `fleet harness set-url` where `.gitmodules` says where the harness is from the project's own place.

use crate::sandbox::Sandbox;

#[test]
fn a_relative_url_stays_while_it_leads_there() {
    let sandbox = Sandbox::new().harness(["v0.1.0"]).project("demo", "v0.1.0");
    let project = sandbox.project_at("demo");
    let url = sandbox.copy_harness("places/copy.git");
    let origin = sandbox.at("places/demo.git").display().to_string();
    sandbox.git(
        sandbox.root(),
        &["clone", "--quiet", "--bare", "fleet/projects/demo", &origin],
    );
    sandbox.git(&project, &["remote", "add", "origin", &origin]);
    let words = [
        "config",
        "--file",
        ".gitmodules",
        "submodule.engine.url",
        "../copy.git",
    ];
    sandbox.git(&project, &words);
    sandbox.git(
        &project,
        &["commit", "--quiet", "--all", "--message", "Relative"],
    );
    let head = sandbox.git(&project, &["rev-parse", "HEAD"]);
    insta::assert_snapshot!(sandbox.run("harness set-url lines ../places/copy.git"), @r"
    --- stderr
    warning: `$ROOT/places/copy.git` is a place on this machine: clones of its projects work nowhere else
    `demo`: git's configuration names $ROOT/places/copy.git now
    fleet.toml: `lines` comes from $ROOT/places/copy.git
    --- exit code 0
    ");
    assert_eq!(sandbox.git(&project, &["rev-parse", "HEAD"]), head);
    assert_eq!(
        sandbox.git(&project, &["config", "submodule.engine.url"]),
        url
    );
    let config = sandbox.read("fleet/projects/demo/.git/config");
    sandbox.git(&project, &["submodule", "--quiet", "sync"]);
    assert_eq!(sandbox.read("fleet/projects/demo/.git/config"), config);
    // Where it leads somewhere else, it is replaced.
    let third = sandbox.copy_harness("third.git");
    sandbox
        .fleet(&["harness", "set-url", "lines", &third])
        .succeeded();
    let said = sandbox.git(
        &project,
        &["config", "--file", ".gitmodules", "submodule.engine.url"],
    );
    assert_eq!(said, third);
    sandbox.is_whole(&project);
}
