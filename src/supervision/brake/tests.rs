//! When the brake is on, and for what.

use crate::supervision::deaths::{LARGEST, append, deaths_file, earlier_deaths_file, record_death};
use crate::supervision::write_desired;

use super::*;

struct Fleet {
    directory: tempfile::TempDir,
}

impl Fleet {
    fn new(projects: usize) -> Self {
        let fleet = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(fleet.shared().join("desired")).unwrap();
        for project in 0..projects {
            fleet.wish(project, Want::Up);
        }
        fleet
    }

    fn shared(&self) -> &Path {
        self.directory.path()
    }

    fn wish(&self, project: usize, want: Want) {
        let file = self.shared().join("desired").join(format!("p{project}"));
        write_desired(&file, want).unwrap();
    }

    fn dies(&self, project: usize) {
        self.died(project, &When::now());
    }

    fn died(&self, project: usize, when: &When) {
        record_death(self.shared(), &format!("p{project}"), when).unwrap();
    }

    #[track_caller]
    fn holds(&self, reason: Option<&str>) {
        let found = consider(self.shared()).unwrap();
        assert_eq!(found.map(|found| found.reason).as_deref(), reason);
    }
}

#[test]
fn what_ended_with_the_machine_says_nothing_against_bringing_it_back() {
    let fleet = Fleet::new(3);
    let earlier = When {
        boot: "another".to_owned(),
        ..When::now()
    };
    for project in 0..3 {
        fleet.died(project, &earlier);
    }
    fleet.holds(None);
    fleet.dies(0);
    fleet.dies(1);
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn more_than_half_of_at_least_three_engage_it() {
    let fleet = Fleet::new(4);
    fleet.dies(0);
    fleet.dies(0);
    fleet.dies(1);
    fleet.holds(None);
    fleet.dies(2);
    fleet.holds(Some("3 of 4 projects died within a minute"));
    let found = engaged(fleet.shared()).unwrap().unwrap();
    assert_eq!(found.projects, ["p0", "p1", "p2"]);
    // While more die of the same, it says so.
    fleet.dies(3);
    fleet.holds(Some("4 of 4 projects died within a minute"));
    assert_eq!(engaged(fleet.shared()).unwrap().unwrap().since, found.since);
    let small = Fleet::new(2);
    small.dies(0);
    small.dies(1);
    small.holds(None);
}

#[test]
fn who_was_stopped_neither_died_nor_counts() {
    let fleet = Fleet::new(5);
    fleet.wish(3, Want::Down);
    for project in [0, 1, 3] {
        fleet.dies(project);
    }
    fleet.holds(None);
    fleet.wish(4, Want::Down);
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn it_stays_on_until_it_is_released_and_then_old_deaths_are_over() {
    let fleet = Fleet::new(3);
    assert_eq!(release(fleet.shared()).unwrap(), None);
    fleet.dies(0);
    fleet.dies(1);
    fleet.holds(Some("2 of 3 projects died within a minute"));
    fleet.wish(0, Want::Down);
    fleet.holds(Some("2 of 3 projects died within a minute"));
    fleet.wish(0, Want::Up);
    assert!(release(fleet.shared()).unwrap().is_some());
    fleet.holds(None);
    assert_eq!(engaged(fleet.shared()).unwrap(), None);
    fleet.dies(0);
    fleet.holds(None);
    fleet.dies(1);
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn deaths_of_long_ago_do_not_count_whatever_the_calendar_says() {
    let fleet = Fleet::new(3);
    let now = When::now();
    let ago = |seconds: f64, hours: i64| When {
        at: now.at + jiff::SignedDuration::from_hours(hours),
        uptime: now.uptime - seconds,
        boot: now.boot.clone(),
    };
    fleet.died(0, &ago(61.0, 0));
    fleet.died(1, &ago(70.0, 8760));
    fleet.holds(None);
    fleet.died(0, &ago(50.0, -8760));
    fleet.died(1, &ago(40.0, 8760));
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn an_earlier_boot_whose_clock_was_ahead_neither_engages_nor_disables_it() {
    let fleet = Fleet::new(3);
    let mut ahead = When::now().after(Duration::from_secs(365 * 24 * 3600));
    ahead.boot = "another".to_owned();
    fleet.died(0, &ahead);
    fleet.died(1, &ahead);
    fleet.holds(None);
    let off = Brake {
        version: VERSION,
        engaged: None,
        released: Some(ahead),
    };
    write_json(&brake_file(fleet.shared()), &off).unwrap();
    fleet.dies(0);
    fleet.dies(1);
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn torn_lines_are_nobodys_death_and_spoil_no_other() {
    let fleet = Fleet::new(3);
    fleet.dies(0);
    append(&deaths_file(fleet.shared()), b"{\"name\":\"p2\",\"wh").unwrap();
    fleet.dies(1);
    append(&deaths_file(fleet.shared()), b"\xff\xfe{}\n[]\n").unwrap();
    let names: Vec<String> = deaths(fleet.shared())
        .unwrap()
        .into_iter()
        .map(|death| death.name)
        .collect();
    assert_eq!(names, ["p0", "p1"]);
}

#[test]
fn the_file_of_deaths_does_not_grow_without_end_and_forgets_none_that_counts() {
    let fleet = Fleet::new(3);
    let long_ago = When {
        uptime: -1e6,
        ..When::now()
    };
    fleet.dies(0);
    let filling = " ".repeat(usize::try_from(LARGEST).unwrap() - 1000);
    append(&deaths_file(fleet.shared()), filling.as_bytes()).unwrap();
    for _ in 0..20 {
        fleet.died(2, &long_ago);
    }
    assert!(earlier_deaths_file(fleet.shared()).exists());
    assert!(fs::metadata(deaths_file(fleet.shared())).unwrap().len() < 10_000);
    let fleet = Fleet::new(3);
    fleet.dies(0);
    fs::rename(
        deaths_file(fleet.shared()),
        earlier_deaths_file(fleet.shared()),
    )
    .unwrap();
    fleet.dies(1);
    fleet.holds(Some("2 of 3 projects died within a minute"));
}

#[test]
fn a_brake_that_cannot_be_read_is_an_error_until_it_is_released() {
    let fleet = Fleet::new(3);
    fs::write(brake_file(fleet.shared()), "{").unwrap();
    assert!(engaged(fleet.shared()).is_err());
    assert!(consider(fleet.shared()).is_err());
    release(fleet.shared()).unwrap();
    assert_eq!(engaged(fleet.shared()).unwrap(), None);
}
