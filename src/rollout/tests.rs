use super::*;

fn member(name: &str) -> Member {
    let pin = |reference: &str, commit: &str| Pin {
        reference: reference.parse().unwrap(),
        commit: commit.repeat(40).parse().unwrap(),
    };
    Member {
        name: name.parse().unwrap(),
        location: PathBuf::from("/projects").join(name),
        from: pin("v1", "1"),
        registered: None,
        to: pin("v2", "2"),
        ran: true,
        wish: None,
        own: None,
        left_out: None,
        failure: None,
    }
}

fn rollout() -> RollOut {
    let waves = vec![vec![member("a")], vec![member("b")]];
    let soak = Duration::from_millis(1500);
    RollOut::new(Process::me().unwrap(), "v2".to_owned(), soak, waves)
}

#[test]
fn it_is_read_as_it_was_written_until_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(RollOut::read(directory.path()).unwrap(), None);
    let written = rollout();
    written.write(directory.path()).unwrap();
    assert_eq!(RollOut::read(directory.path()).unwrap(), Some(written));
    RollOut::end(directory.path()).unwrap();
    RollOut::end(directory.path()).unwrap();
    assert_eq!(RollOut::read(directory.path()).unwrap(), None);
}

#[test]
fn one_of_another_version_is_an_error_that_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(RollOut::file(directory.path()), "{\"version\": 99}").unwrap();
    let error = RollOut::read(directory.path()).unwrap_err();
    assert!(crate::error::hints(&error)[0].contains("gives the roll-out up"));
}

#[test]
fn it_is_about_the_first_wave_that_is_not_healthy() {
    let mut rollout = rollout();
    assert_eq!(rollout.wave_name(rollout.current()), "wave 1 of 2");
    rollout.waves[0].stage = Stage::Healthy;
    assert_eq!(rollout.wave_name(rollout.current()), "wave 2 of 2");
    rollout.waves[1].stage = Stage::Healthy;
    assert_eq!(rollout.wave_name(rollout.current()), "wave 2 of 2");
    assert!(rollout.is_under_way());
    rollout.process.started += 1;
    assert!(!rollout.is_under_way());
}

#[test]
fn who_has_taken_a_project_over_says_whether_its_pin_is_theirs() {
    for (own, takes_part) in [
        (Own::Removed, false),
        (Own::Moved, false),
        (Own::Disabled, true),
        (Own::Stopped, true),
        (Own::Started, true),
    ] {
        let own = Some(own);
        let member = Member { own, ..member("a") };
        assert_eq!(
            (member.takes_part(), member.is_judged()),
            (takes_part, false)
        );
    }
    assert!(member("a").is_judged());
}
