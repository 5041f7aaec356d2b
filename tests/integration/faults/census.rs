//! Counts, while a fault happens, how many lives have processes in one tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::sandbox::environment;

/// A thread that looks at the system's processes again and again, and knows nothing of fleet but that each life's
/// processes carry a mark of their own in their environment.
pub(super) struct Census {
    is_over: Arc<AtomicBool>,
    counted: Option<JoinHandle<Counted>>,
}

/// What was counted.
pub(super) struct Counted {
    /// Two lives whose processes were there at the same moment.
    pub(super) beside_each_other: Vec<String>,
    /// The lives that were seen, by their marks: the first process that was seen of each.
    pub(super) lives: BTreeMap<String, String>,
}

impl Census {
    /// Begins to count in a directory.
    pub(super) fn of(place: &Path) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (place, end) = (place.to_owned(), Arc::clone(&is_over));
        let counted = std::thread::spawn(move || count(&place, &end));
        Self {
            is_over,
            counted: Some(counted),
        }
    }

    /// Ends; fails the test if two lives were there at once, or not so many in all.
    #[track_caller]
    pub(super) fn end(mut self, lives: usize) {
        self.is_over.store(true, Ordering::Relaxed);
        let counted = self.counted.take().expect("it is ended once").join();
        let counted = counted.expect("the count does not fail");
        assert_eq!(counted.beside_each_other, [""; 0]);
        assert_eq!(counted.lives.len(), lives, "{:#?}", counted.lives);
    }
}

impl Drop for Census {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn count(place: &Path, is_over: &AtomicBool) -> Counted {
    let mut counted = Counted {
        beside_each_other: Vec::new(),
        lives: BTreeMap::new(),
    };
    while !is_over.load(Ordering::Relaxed) {
        let mut now: BTreeMap<String, (i32, String)> = BTreeMap::new();
        for pid in pids() {
            if let Some(mark) = mark(pid, place) {
                now.insert(mark, (pid, start(pid)));
            }
        }
        for (mark, (pid, _)) in &now {
            let first = || {
                let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                format!(
                    "{pid}: {}",
                    String::from_utf8_lossy(&words).replace('\0', " ")
                )
            };
            counted.lives.entry(mark.clone()).or_insert_with(first);
        }
        // One look takes a while: only what is still there after the look was there together with the rest.
        now.retain(|_, (pid, started)| mark(*pid, place).is_some() && start(*pid) == *started);
        if now.len() > 1 {
            counted.beside_each_other.push(format!("{now:?}"));
        }
    }
    counted
}

fn pids() -> Vec<i32> {
    fs::read_dir("/proc")
        .expect("the tests run on Linux")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The outermost mark of a process that works in the directory; tenders work there too, and have none of their own.
fn mark(pid: i32, place: &Path) -> Option<String> {
    let directory = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    if !directory.starts_with(place) {
        return None;
    }
    environment(pid)
        .split(|&byte| byte == 0)
        .filter_map(|variable| std::str::from_utf8(variable).ok())
        .find_map(|variable| variable.strip_prefix("TENDED_1="))
        .map(str::to_owned)
}

fn start(pid: i32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split(' ').nth(20).unwrap_or_default().to_owned()
}
