//! What is refused, and what is said then.

use std::fs;

use super::*;

#[test]
fn a_second_run_is_refused_however_it_is_begun() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    let pid = project.status()["pid"].to_string();
    for arguments in [&["up"][..], &["up", "--wait"]] {
        let said = project.said(3, arguments);
        assert!(
            said.stderr
                .contains(&format!("already running (pid {pid})")),
            "{}",
            said.stderr
        );
    }
    let link = project.sandbox.root().join("link");
    std::os::unix::fs::symlink(project.directory(), &link).unwrap();
    project.said(3, &["up", "--project", link.to_str().unwrap()]);
    assert_eq!(project.agent("one")["state"], "running");
    project.end();
}

#[test]
fn a_run_works_inside_its_supervisors_claim_and_in_nobody_elses() {
    let project = Project::new("[agents.a]\ncommand = [\"true\"]\n");
    let claim = fs::File::open(project.directory()).unwrap();
    let _held = nix::fcntl::Flock::lock(claim, nix::fcntl::FlockArg::LockExclusive).unwrap();
    // This test is the parent of the one, and not of what a tmux server starts.
    ended(project.foreground()).succeeded();
    project.in_tmux("agents up --wait 2> said; echo $? > code");
    project.wait_until("it returns", || {
        project
            .read("code")
            .is_some_and(|code| code.ends_with('\n'))
    });
    assert_eq!(project.read("code").unwrap(), "3\n");
    let refusal = format!("already running (pid {})", std::process::id());
    assert!(project.read("said").unwrap().contains(&refusal));
}

#[test]
fn a_missing_program_is_said_before_anything_starts() {
    let project = Project::new(&format!(
        "[agents.one]\n{WAITS}\n[agents.builder]\ncommand = [\"claude\"]\n"
    ));
    let bin = project.sandbox.root().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["sh", "tmux"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path)
            .map(|directory| directory.join(program))
            .find(|path| path.exists());
        std::os::unix::fs::symlink(found.unwrap(), bin.join(program)).unwrap();
    }
    for arguments in [&["up"][..], &["up", "--wait"]] {
        let mut command = project.command(arguments);
        let said = project.sandbox.output(command.env("PATH", &bin));
        said.exited(1);
        assert_eq!(
            said.stderr,
            format!(
                "error: `claude` is not on PATH\nhint: install it, or choose another command for agent `builder`: \
                 line 5 of `{}`, now `command = [\"claude\"]`\n",
                project.directory().join("agents.toml").display()
            )
        );
    }
    assert!(project.sandbox.processes().is_empty());
}

#[test]
fn a_wrong_agents_toml_is_refused_with_its_line() {
    let project = Project::new("[agents.one]\ncommand = [\"cat\"]\nwake = 60\n");
    for verb in ["up", "status"] {
        let said = project.said(2, &[verb]);
        assert!(said.stderr.contains("line 3"), "{}", said.stderr);
        assert!(
            said.stderr.contains("unknown key `wake`"),
            "{}",
            said.stderr
        );
    }
    fs::remove_file(project.directory().join("agents.toml")).unwrap();
    let said = project.said(2, &["up"]);
    assert!(
        said.stderr.contains("there is no `agents.toml`"),
        "{}",
        said.stderr
    );
}

#[test]
fn down_does_not_deny_a_run_from_before_the_project_was_moved() {
    let project = Project::new(&two_agents());
    project.said(0, &["up"]);
    let pid = project.status()["pid"].to_string();
    let moved = project.sandbox.root().join("moved");
    fs::rename(project.directory(), &moved).unwrap();
    let said = project.sandbox.agents(&moved, &["down"]);
    said.exited(3);
    assert!(
        said.stderr.contains(&format!("`kill {pid}` ends it")),
        "{}",
        said.stderr
    );
    send(pid.parse::<i32>().unwrap(), Signal::SIGTERM);
    project.nothing_is_left();
    project.sandbox.agents(&moved, &["up"]).exited(0);
    project.sandbox.agents(&moved, &["down"]).exited(0);
    project.nothing_is_left();
}
