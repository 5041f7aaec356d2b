//! What a tmux server lists.

use std::collections::BTreeSet;

use anyhow::Context as _;

/// What [`parse`] reads, one pane in a line. Spaces part the fields: tmux may turn a tab into `_`. Only the last two can
/// hold a space, and the length of the first of these is told. A window that is made with several lines for its name
/// keeps them: they would be lines of the listing, and could tell of a pane that there is not.
pub(super) const FORMAT: &str = "#{pid} #{start_time} #{window_index} #{window_id} #{pane_id} #{pane_pid} #{session_id} #{n:session_name} \
                                 #{session_name} #{s/\n/ /:window_name}";

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Panes {
    /// Nobody listens at the socket.
    NotRunning,
    /// The server's process, its start (seconds since the epoch), and every pane.
    Running {
        pid: i32,
        since: i64,
        panes: Vec<Pane>,
    },
}

impl Panes {
    /// Returns the names of the sessions.
    pub(crate) fn sessions(self) -> BTreeSet<String> {
        match self {
            Self::NotRunning => BTreeSet::new(),
            Self::Running { panes, .. } => panes.into_iter().map(|pane| pane.session).collect(),
        }
    }
}

/// One pane of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    /// The session's name.
    pub(crate) session: String,
    /// The session's id, such as `$2`.
    pub(crate) session_id: String,
    /// The window's place in its session.
    pub(crate) index: u32,
    /// The window's id, such as `@3`: an exact target.
    pub(crate) window: String,
    /// The pane's id, such as `%4`: an exact target.
    pub(crate) pane: String,
    /// The process that the pane was made with.
    pub(crate) pid: i32,
    /// The window's name.
    pub(crate) name: String,
}

impl Pane {
    /// Returns whether it is in a session, given its name or id.
    pub(crate) fn is_in(&self, session: &str) -> bool {
        self.session == session || self.session_id == session
    }
}

/// Reads a listing in [`FORMAT`].
pub(super) fn parse(listing: &str) -> anyhow::Result<Panes> {
    let mut server = None;
    let mut panes = Vec::new();
    for line in listing.lines() {
        let pane =
            parse_pane(line).with_context(|| format!("cannot read what tmux lists: `{line}`"))?;
        server = Some((pane.0, pane.1));
        panes.push(pane.2);
    }
    let (pid, since) = server.context("tmux runs without a session")?;
    Ok(Panes::Running { pid, since, panes })
}

fn parse_pane(line: &str) -> Option<(i32, i64, Pane)> {
    let mut fields = line.splitn(9, ' ');
    let mut next = || fields.next().map(str::to_owned);
    let (pid, since) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let mut pane = Pane {
        index: next()?.parse().ok()?,
        window: next()?,
        pane: next()?,
        pid: next()?.parse().ok()?,
        session_id: next()?,
        session: String::new(),
        name: String::new(),
    };
    let length = next()?.parse().ok()?;
    let names = next()?;
    let (session, name) = part(&names, length)?;
    (pane.session, pane.name) = (session.to_owned(), name.to_owned());
    Some((pid, since, pane))
}

/// Parts the name of a session from that of its window. Where tmux has written the letters of another language in its
/// own way, the length does not lead to a space, and the first space has to do.
fn part(names: &str, length: usize) -> Option<(&str, &str)> {
    let (session, rest) = names.split_at_checked(length)?;
    match rest.strip_prefix(' ') {
        Some(name) => Some((session, name)),
        None => names.split_once(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_with_spaces_in_a_windows_name() {
        let listing = "7 1700000000 0 @0 %0 12 $1 4 demo harness\n7 1700000000 1 @3 %5 13 $1 4 demo two words\n";
        let Panes::Running {
            pid: 7,
            since: 1_700_000_000,
            panes,
        } = parse(listing).unwrap()
        else {
            panic!("it runs");
        };
        assert_eq!(
            (
                panes[1].name.as_str(),
                panes[1].window.as_str(),
                panes[1].pid
            ),
            ("two words", "@3", 13)
        );
        assert!(parse("nonsense\n").is_err());
        assert_eq!(part("my own one two", 6), Some(("my own", "one two")));
        assert_eq!(part("m__n one two", 6), Some(("m__n", "one two")));
        assert_eq!(part("m", 6), None);
    }
}
