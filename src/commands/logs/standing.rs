//! Whether something comes from a terminal that is followed.

use std::time::{Duration, Instant};

/// A harness opens its windows after its start, and tmux tells nobody of them: so often, and so long after the last
/// change of its state, they are looked for.
const AGAIN: Duration = Duration::from_millis(200);
const SEARCH: Duration = Duration::from_secs(30);

/// Whether something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A recorder writes.
    Live,
    /// There is no terminal; until then one is looked for again.
    Waiting { search_until: Option<Instant> },
    /// It cannot be followed.
    Over,
}

impl Standing {
    /// There is no terminal, and one may come that nobody tells of.
    pub(super) fn searching() -> Self {
        Self::Waiting {
            search_until: Some(Instant::now() + SEARCH),
        }
    }

    /// Returns when to look for a terminal again, where nobody will say that it is there.
    pub(super) fn look_again_at(self) -> Option<Instant> {
        let now = Instant::now();
        match self {
            Self::Waiting {
                search_until: Some(until),
            } => (now < until).then(|| now + AGAIN),
            Self::Waiting { search_until: None } | Self::Live | Self::Over => None,
        }
    }
}
