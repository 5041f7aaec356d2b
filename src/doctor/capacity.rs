//! What there is only so much of: watches, open files, terminals, processes, space.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use etcetera::{BaseStrategy as _, choose_base_strategy};
use nix::sys::statvfs::statvfs;

use crate::sessions::Tmux;
use crate::ui::count;

use super::finding::{Finding, or_ok};
use super::ground::{Ground, Server};

/// What is watched of a project by the guardian or a live screen, and beside all projects.
const WATCHES_EACH: u64 = 10;
const WATCHES_MORE: u64 = 100;
const INSTANCES: u64 = 16;

/// Below this there is hardly room for a commit, and below that for a clone.
const FULL: u64 = 50 << 20;
const NEARLY_FULL: u64 = 500 << 20;
const FEW_INODES: u64 = 2000;

pub(super) fn inotify(ground: &Ground) -> Vec<Finding> {
    let projects = ground
        .any_fleet()
        .map_or(0, |fleet| fleet.registry.projects.len());
    let needed = WATCHES_MORE + WATCHES_EACH * projects as u64;
    let limits = [
        ("max_user_watches", needed),
        ("max_user_instances", INSTANCES),
    ];
    let known = limits.map(|(name, needed)| {
        (
            name,
            number_in(&format!("/proc/sys/fs/inotify/{name}")),
            needed,
        )
    });
    let found = known
        .iter()
        .filter_map(|(name, limit, needed)| scarce(name, (*limit)?, *needed));
    let said = known
        .iter()
        .filter_map(|(name, limit, _)| Some(format!("{name} {}", (*limit)?)));
    let said: Vec<String> = said.collect();
    or_ok(found.collect(), said.join(", "), "/proc/sys/fs/inotify")
}

fn scarce(name: &str, limit: u64, needed: u64) -> Option<Finding> {
    let finding = || {
        Finding::warning(
            format!(
                "{name} is {limit}: {needed} may be needed, and a guardian that cannot watch ends"
            ),
            format!("/proc/sys/fs/inotify/{name}"),
            format!("`sudo sysctl fs.inotify.{name}={}`", needed * 2),
        )
    };
    (limit < needed).then(finding)
}

fn number_in(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

pub(super) fn limits(ground: &Ground) -> Vec<Finding> {
    let fleet = ground.fleet();
    let most = fleet.registry.fleet.max_running;
    let source = "ulimit -n, ulimit -u, kernel.pty.max";
    let running = match ground.server() {
        Server::Running { panes, .. } => panes.len(),
        Server::NotRunning | Server::Silent { .. } => 0,
    };
    let room = fleet.tmux().and_then(|tmux: Tmux| tmux.room());
    let room = match room {
        Ok(room) => room,
        Err(error) => {
            let remedy = "`ulimit -a` shows the limits";
            return vec![Finding::unknown(format!("{error:#}"), source, remedy)];
        }
    };
    let all = room.terminals().saturating_add(running);
    if all >= most {
        let evidence = if room.terminals() == usize::MAX {
            "nothing limits how many may run".to_owned()
        } else {
            format!("room for {all} terminals; max_running is {most}")
        };
        return vec![Finding::ok(evidence, source)];
    }
    vec![Finding::warning(
        format!(
            "room for {all} terminals, and max_running is {most}: starts beyond that are refused"
        ),
        source,
        format!(
            "set `max_running = {all}` in fleet.toml, or raise the limit: `ulimit -Hn`, `ulimit -Hu`"
        ),
    )]
}

pub(super) fn disk(ground: &Ground) -> Vec<Finding> {
    let mut systems: BTreeMap<u64, PathBuf> = BTreeMap::new();
    for place in places(ground) {
        let existing = place.ancestors().find(|path| path.exists());
        if let Some(existing) = existing
            && let Ok(found) = fs::metadata(existing)
        {
            systems
                .entry(found.dev())
                .or_insert_with(|| existing.to_owned());
        }
    }
    let mut found = Vec::new();
    let mut said = Vec::new();
    for place in systems.into_values() {
        let shown = place.display().to_string();
        let remedy = format!(
            "`df -h {shown}` and `df -i {shown}` show it; `fleet doctor` tells how large the trash is"
        );
        let system = match statvfs(&place) {
            Ok(system) => system,
            Err(error) => {
                found.push(Finding::unknown(
                    format!("cannot look: {error}"),
                    shown,
                    remedy,
                ));
                continue;
            }
        };
        let free = system.blocks_available() * system.fragment_size();
        // Some file systems count no inodes.
        let inodes = (system.files() > 0).then(|| system.files_available());
        let finding = space(free, inodes, &shown, &remedy);
        if finding.is_told() {
            found.push(finding);
        } else {
            said.push(format!("{} in {shown}", finding.evidence));
        }
    }
    or_ok(found, said.join("; "), "statvfs")
}

fn space(free: u64, inodes: Option<u64>, place: &str, remedy: &str) -> Finding {
    let few = inodes.is_some_and(|free| free < FEW_INODES);
    let inodes = inodes.map_or_else(String::new, |free| format!(", {free} inodes"));
    let evidence = format!("{} free{inodes}", size(free));
    if free < FULL || few {
        Finding::wrong(evidence, place, remedy)
    } else if free < NEARLY_FULL {
        Finding::warning(evidence, place, remedy)
    } else {
        Finding::ok(evidence, place)
    }
}

fn places(ground: &Ground) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(fleet) = ground.any_fleet() {
        places.extend([fleet.root.clone(), fleet.registry.fleet.projects.clone()]);
    }
    if let Ok(strategy) = choose_base_strategy() {
        places.extend([strategy.cache_dir(), strategy.data_dir()]);
        places.extend(strategy.state_dir());
    }
    places
}

/// Writes bytes for people: `1.5 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    units.iter().find(|(_, one)| bytes >= *one).map_or_else(
        || count(bytes as usize, "byte"),
        |(unit, one)| format!("{:.1} {unit}", bytes as f64 / *one as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_a_warning_and_a_full_one_is_wrong() {
        let verdict = |free, inodes| space(free, inodes, "/", "`df`").verdict;
        assert_eq!(verdict(1 << 30, Some(1 << 20)), Verdict::Ok);
        assert_eq!(verdict(1 << 30, None), Verdict::Ok);
        assert_eq!(verdict(100 << 20, None), Verdict::Warning);
        assert_eq!(verdict(10 << 20, None), Verdict::Wrong);
        assert_eq!(verdict(1 << 30, Some(7)), Verdict::Wrong);
    }

    #[test]
    fn too_few_watches_are_told_with_the_number_that_will_do() {
        assert!(scarce("max_user_watches", 8192, 1100).is_none());
        let found = scarce("max_user_watches", 100, 1100).unwrap();
        assert_eq!(
            found.remedy.unwrap(),
            "`sudo sysctl fs.inotify.max_user_watches=2200`"
        );
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit() {
        assert_eq!(size(12), "12 bytes");
        assert_eq!(size(3 << 29), "1.5 GiB");
    }
}
