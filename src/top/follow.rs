//! What is shown of the selected project: fetched when it is first wanted, and again when something says that there is
//! more, at most once a second.
//!
//! That a terminal has printed is told by the kernel: whoever writes to a terminal changes its file, and that can be waited
//! for like any other change (inotify). tmux is asked only then. Between two looks nobody listens, so what prints without
//! end costs one look a second, and what is silent nothing.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::inotify::AddWatchFlags;

use crate::files::Watched;

use super::model::Wanted;

/// How long lies between two looks at the same.
const PAUSE: Duration = Duration::from_secs(1);

/// What is followed.
#[derive(Default)]
pub(super) struct Follow {
    wanted: Option<Wanted>,
    /// Whether there is more to see than was fetched.
    has_more: bool,
    /// Whether it is being fetched.
    is_out: bool,
    /// When it was last fetched.
    last: Option<Instant>,
    terminal: Option<(PathBuf, Watched)>,
}

impl Follow {
    /// Follows something, or something else, or nothing. What is new is fetched at once.
    pub(super) fn follow(&mut self, wanted: Option<Wanted>) {
        if self.wanted != wanted {
            *self = Self {
                has_more: wanted.is_some(),
                wanted,
                ..Self::default()
            };
        }
    }

    /// Says that there may be more to see.
    pub(super) fn has_more(&mut self) {
        self.has_more = self.wanted.is_some();
    }

    /// Returns what is to be fetched now, if anything is.
    pub(super) fn due(&mut self, now: Instant) -> Option<Wanted> {
        let is_early = self.last.is_some_and(|last| last + PAUSE > now);
        if !self.has_more || self.is_out || is_early {
            return None;
        }
        // What is printed from here on may not be in what is fetched.
        if let Some((_, watched)) = &self.terminal {
            let _ = watched.events();
        }
        (self.has_more, self.is_out, self.last) = (false, true, Some(now));
        self.wanted.clone()
    }

    /// Says that something was fetched, and which terminal it is from; `false` where that is wanted no more.
    pub(super) fn fetched(&mut self, wanted: &Wanted, terminal: Option<PathBuf>) -> bool {
        if self.wanted.as_ref() != Some(wanted) {
            return false;
        }
        self.is_out = false;
        let is_known = match (&self.terminal, &terminal) {
            (Some((known, _)), Some(new)) => known == new,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_known {
            self.terminal = terminal.and_then(|path| listen(&path).map(|it| (path, it)));
            // What was printed before anybody listened is not missed.
            self.has_more |= self.terminal.is_some();
        }
        true
    }

    /// Returns when it is next to be fetched.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if !self.has_more || self.is_out {
            return None;
        }
        Some(self.last.map_or_else(Instant::now, |last| last + PAUSE))
    }

    /// Can be read when a terminal has printed; nothing where that is known already.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        let (_, watched) = self.terminal.as_ref()?;
        (!self.has_more && !self.is_out).then(|| watched.as_fd())
    }
}

/// Listens to a terminal; `None` where the machine does not let us: then what is new is seen when something else changes.
fn listen(terminal: &Path) -> Option<Watched> {
    let watched = Watched::nothing().ok()?;
    watched.add(terminal, AddWatchFlags::IN_MODIFY).ok()?;
    Some(watched)
}

#[cfg(test)]
mod tests {
    use nix::pty::openpty;
    use nix::unistd::{ttyname, write};

    use super::*;
    use crate::supervision::wait_readable;

    fn lines(place: usize) -> Wanted {
        Wanted::Lines("demo".parse().unwrap(), place)
    }

    #[test]
    fn what_prints_is_fetched_once_a_second_and_what_is_silent_never() {
        let pty = openpty(None, None).unwrap();
        let terminal = ttyname(&pty.slave).unwrap();
        let mut follow = Follow::default();
        assert_eq!(
            (follow.due(Instant::now()), follow.deadline()),
            (None, None)
        );

        follow.follow(Some(lines(0)));
        let start = Instant::now();
        assert_eq!(follow.due(start), Some(lines(0)));
        assert_eq!(follow.due(start + 9 * PAUSE), None, "it is on its way");
        assert!(follow.fetched(&lines(0), Some(terminal.clone())));
        // Somebody may have printed before it was listened to.
        assert_eq!(follow.due(start), None);
        assert_eq!(follow.due(start + PAUSE), Some(lines(0)));
        assert!(follow.fetched(&lines(0), Some(terminal.clone())));
        assert_eq!(follow.deadline(), None, "nothing was printed");

        write(&pty.slave, b"hello\n").unwrap();
        let listens = [follow.descriptor().unwrap()];
        let soon = Some(Instant::now() + Duration::from_secs(20));
        assert_eq!(wait_readable(&listens, soon).unwrap(), [true]);
        follow.has_more();
        assert!(follow.descriptor().is_none(), "it is known already");
        assert_eq!(follow.deadline(), Some(start + 2 * PAUSE));
        assert_eq!(follow.due(start + 2 * PAUSE), Some(lines(0)));

        follow.follow(Some(lines(1)));
        assert!(!follow.fetched(&lines(0), None), "it is wanted no more");
        assert_eq!(follow.due(start), Some(lines(1)), "at once");
    }
}
