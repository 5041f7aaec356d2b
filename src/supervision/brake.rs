//! The brake: when most of a fleet dies at once, nothing comes back for a second time until the operator says so.
//!
//! Two files in the fleet's runtime directory: `deaths`, to which each death is appended as a line, and `brake`, which
//! says why it is on, and when it was last taken off.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::unit::{check_version, read_desired};
use super::{VERSION, Want, When};
use crate::files::{self, Durability, Lock};

/// Deaths so close to each other may have one cause.
const AT_ONCE: Duration = Duration::from_secs(60);
/// With fewer projects than this, most of them dying is no sign of anything.
const FEWEST: usize = 3;
/// How large the file of deaths may become before another one is begun.
const LARGEST: u64 = 256 * 1024;
/// How long whoever puts the brake on or off waits for another one that does.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the brake is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Engaged {
    /// Since when.
    pub(crate) since: When,
    /// What happened, for people: `12 of 20 projects died within a minute`.
    pub(crate) reason: String,
    /// Whose deaths it was.
    pub(crate) projects: Vec<String>,
}

/// The file of the brake.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Brake {
    version: u32,
    engaged: Option<Engaged>,
    /// Deaths before this count no more.
    released: Option<When>,
}

/// A line of the file of deaths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Death {
    name: String,
    when: When,
}

/// Returns why the brake is on; `None` where it is off. `shared` is the fleet's runtime directory.
pub(crate) fn engaged(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    Ok(read(shared)?.engaged)
}

/// Puts the brake on if more than half of at least three projects have died within the last minute; returns why it is
/// on, whoever put it there.
pub(crate) fn consider(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    let now = When::now();
    let found = read(shared)?;
    if found.engaged.is_some() || reason(shared, &found, &now)?.is_none() {
        return Ok(found.engaged);
    }
    let _lock = lock(shared)?;
    // Another one may have put it on meanwhile, or the operator taken it off.
    let mut brake = read(shared)?;
    if brake.engaged.is_none() {
        brake.engaged = reason(shared, &brake, &now)?;
        if brake.engaged.is_some() {
            write(shared, &brake)?;
        }
    }
    Ok(brake.engaged)
}

/// Takes the brake off: deaths before this moment count no more. Returns what it was on for.
///
/// Tenders that it holds go on once they are told to look.
pub(crate) fn release(shared: &Path) -> anyhow::Result<Option<Engaged>> {
    let _lock = lock(shared)?;
    // What cannot be read is written anew: the operator has said what is to be.
    let engaged = read(shared).ok().and_then(|brake| brake.engaged);
    write(
        shared,
        &Brake {
            version: VERSION,
            engaged: None,
            released: Some(When::now()),
        },
    )?;
    Ok(engaged)
}

/// Appends a death to those that are counted. For whoever saw it: a unit's tender, or else the guardian.
pub(crate) fn record_death(shared: &Path, name: &str, when: &When) -> anyhow::Result<()> {
    let path = deaths_file(shared);
    let death = Death {
        name: name.to_owned(),
        when: when.clone(),
    };
    // One write, so that lines of several writers stand one after another. The line break before it parts it from one
    // that was cut off.
    let line = format!(
        "\n{}\n",
        serde_json::to_string(&death).context("cannot write a death as JSON")?
    );
    let length = append(&path, line.as_bytes())
        .with_context(|| format!("cannot append to `{}`", path.display()))?;
    if length > LARGEST {
        begin_another(shared, &path)?;
    }
    Ok(())
}

/// Returns the file's length after it.
fn append(path: &Path, line: &[u8]) -> io::Result<u64> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(line)?;
    Ok(file.metadata()?.len())
}

fn begin_another(shared: &Path, path: &Path) -> anyhow::Result<()> {
    // Who comes second would move the new file over the old one.
    let Some(_lock) = Lock::try_take(&lock_file(shared))? else {
        return Ok(());
    };
    let is_large = fs::metadata(path).is_ok_and(|found| found.len() > LARGEST);
    if is_large {
        fs::rename(path, earlier_deaths_file(shared))
            .with_context(|| format!("cannot rename `{}`", path.display()))?;
    }
    Ok(())
}

/// Returns why the brake should be on, if it should.
fn reason(shared: &Path, brake: &Brake, now: &When) -> anyhow::Result<Option<Engaged>> {
    let dead = recent(&deaths(shared)?, brake.released.as_ref(), now);
    // Half of the fewest is more than one: the wishes of a large fleet are not read for a single crash loop.
    if dead.len() * 2 <= FEWEST {
        return Ok(None);
    }
    Ok(conclude(&wanted(shared)?, &dead, now))
}

/// Returns who has died lately, and since the brake was last taken off.
fn recent(deaths: &[Death], released: Option<&When>, now: &When) -> BTreeSet<String> {
    let longest = released.map_or(f64::INFINITY, |released| released.age_at(now));
    deaths
        .iter()
        .filter(|death| {
            let age = death.when.age_at(now);
            age <= AT_ONCE.as_secs_f64() && age < longest
        })
        .map(|death| death.name.clone())
        .collect()
}

fn conclude(wanted: &BTreeSet<String>, dead: &BTreeSet<String>, now: &When) -> Option<Engaged> {
    let projects: Vec<String> = wanted.intersection(dead).cloned().collect();
    let is_most = wanted.len() >= FEWEST && projects.len() * 2 > wanted.len();
    is_most.then(|| Engaged {
        since: now.clone(),
        reason: format!(
            "{} of {} projects died within a minute",
            projects.len(),
            wanted.len()
        ),
        projects,
    })
}

/// Returns which projects the operator wants up.
fn wanted(shared: &Path) -> anyhow::Result<BTreeSet<String>> {
    let directory = shared.join("desired");
    let entries = fs::read_dir(&directory)
        .with_context(|| format!("cannot read `{}`", directory.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries.filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // A file that is being written beside the real one begins with a dot; what cannot be read is no wish.
        let wish = read_desired(&entry.path()).ok().flatten();
        if !name.starts_with('.') && wish.is_some_and(|wish| wish.want == Want::Up) {
            names.insert(name);
        }
    }
    Ok(names)
}

/// Returns the latest deaths, oldest first. A line that was cut off is nobody's death.
fn deaths(shared: &Path) -> anyhow::Result<Vec<Death>> {
    let mut text = tail(&deaths_file(shared), LARGEST)?;
    if (text.len() as u64) < LARGEST {
        let left = LARGEST - text.len() as u64;
        text = tail(&earlier_deaths_file(shared), left)? + "\n" + &text;
    }
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Returns the end of a file; nothing where there is none.
fn tail(path: &Path, most: u64) -> anyhow::Result<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

fn read(shared: &Path) -> anyhow::Result<Brake> {
    let path = brake_file(shared);
    let Some(text) = files::read_if_there(&path)? else {
        return Ok(Brake {
            version: VERSION,
            engaged: None,
            released: None,
        });
    };
    check_version(&text)
        .and_then(|()| Ok(serde_json::from_str(&text)?))
        .with_context(|| format!("cannot read the brake `{}`", path.display()))
}

fn write(shared: &Path, brake: &Brake) -> anyhow::Result<()> {
    let bytes = serde_json::to_vec_pretty(brake).context("cannot write the brake as JSON")?;
    files::replace(&brake_file(shared), &bytes, 0o600, Durability::Cached)
}

fn lock(shared: &Path) -> anyhow::Result<Lock> {
    Lock::take(&lock_file(shared), PATIENCE, || ())
}

fn lock_file(shared: &Path) -> PathBuf {
    shared.join("locks").join(".brake")
}

fn brake_file(shared: &Path) -> PathBuf {
    shared.join("brake")
}

fn deaths_file(shared: &Path) -> PathBuf {
    shared.join("deaths")
}

fn earlier_deaths_file(shared: &Path) -> PathBuf {
    shared.join("deaths.1")
}

#[cfg(test)]
mod tests {
    use super::super::write_desired;
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
}
