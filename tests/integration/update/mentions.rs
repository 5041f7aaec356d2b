//! A project never knows of a fleet: nothing that was written into it says the word.

use std::fs;

use super::one_project;

#[test]
fn nothing_in_a_project_ever_mentions_a_fleet() {
    let sandbox = one_project();
    let project = sandbox.project_at("demo");
    let words = ["clone", "--quiet", "--mirror", "harness", "copy.git"];
    sandbox.git(sandbox.root(), &words);
    sandbox.fleet(&["start", "demo"]).succeeded();
    for line in [
        "update demo v0.2.0",
        "update demo v0.3.0 --restart",
        "restart demo",
        "disable demo",
        "enable demo",
        "status",
        "harness set-url lines ../copy.git",
        "update demo v0.1.0",
        "stop demo",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        sandbox.fleet(&words).succeeded();
    }
    let mentions: Vec<String> = walkdir::WalkDir::new(&project)
        .into_iter()
        .map(|entry| entry.expect("the sandbox is ours"))
        .filter(|entry| {
            let bytes = match entry.file_type() {
                kind if kind.is_file() => fs::read(entry.path()).expect("the sandbox is ours"),
                kind if kind.is_symlink() => fs::read_link(entry.path())
                    .expect("it is a link")
                    .into_os_string()
                    .into_encoded_bytes(),
                _ => Vec::new(),
            };
            says_fleet(&bytes) || says_fleet(entry.file_name().as_encoded_bytes())
        })
        .map(|entry| entry.path().display().to_string())
        .collect();
    assert!(mentions.is_empty(), "{mentions:#?}");
    // Objects are compressed: git has to say what is in them.
    for repository in [project.clone(), project.join("engine")] {
        let all = ["cat-file", "--batch", "--batch-all-objects", "--unordered"];
        let objects = sandbox.output(sandbox.command("git", &repository).args(all));
        assert!(!says_fleet(objects.succeeded().stdout.as_bytes()));
        let log = sandbox.git(
            &repository,
            &[
                "log",
                "--all",
                "--reflog",
                "--walk-reflogs",
                "--format=%gd %gn %ge %gs %B %N",
            ],
        );
        assert!(!says_fleet(log.as_bytes()), "{log}");
        assert!(!says_fleet(
            sandbox
                .git(&repository, &["config", "--local", "--list"])
                .as_bytes()
        ));
    }
}

fn says_fleet(bytes: &[u8]) -> bool {
    bytes
        .to_ascii_lowercase()
        .windows(5)
        .any(|window| window == b"fleet")
}
