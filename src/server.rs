//! The fleet's tmux server, on record: which process it is, since when, and how it was started.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::write_json;
use crate::sessions::Home;
use crate::supervision::{Liveness, Process, VERSION, read_record};

/// What `.fleet/server.json` says: the server that the last start used. It may have ended since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerRecord {
    version: u32,
    /// The server.
    pub(crate) process: Process,
    /// Its start, by the calendar.
    pub(crate) since: Timestamp,
    /// How it was started.
    pub(crate) home: Home,
}

/// What has become of the server on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It still runs.
    Same,
    /// It has ended, and another one runs.
    Another,
    /// It has ended, and none runs.
    Gone,
    /// It cannot be told. Nothing may be done because of it.
    Unknown,
}

impl ServerRecord {
    /// Describes a server that runs, `since` in seconds since the epoch; `None` where it has ended already.
    pub(crate) fn of(pid: i32, since: i64, home: Home) -> Option<Self> {
        Some(Self {
            version: VERSION,
            process: Process::of(pid)?,
            since: Timestamp::from_second(since).ok()?,
            home,
        })
    }

    /// Reads a record; `None` where no server has been started yet.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        read_record(path, "record of the server")
    }

    /// Writes it.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_json(path, self)
    }

    /// Judges it by its process, and by the process that answers at the fleet's socket now, if any does.
    pub(crate) fn standing(&self, answering: Option<i32>) -> Standing {
        match (self.process.liveness(), answering) {
            (_, Some(pid)) if pid != self.process.pid => Standing::Another,
            (Liveness::Alive, _) => Standing::Same,
            (Liveness::Gone, None) => Standing::Gone,
            // The same id, and another start: ids are used again.
            (Liveness::Gone, Some(_)) => Standing::Another,
            (Liveness::Unknown, _) => Standing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mine() -> ServerRecord {
        let me = i32::try_from(std::process::id()).unwrap();
        ServerRecord::of(me, 1_700_000_000, Home::Met).unwrap()
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.json");
        assert_eq!(ServerRecord::read(&path).unwrap(), None);
        for home in [
            Home::Met,
            Home::Scope {
                unit: "fleet-x.scope".to_owned(),
                outlives_oom: true,
            },
            Home::Direct {
                why: "no reason".to_owned(),
                was_refused: false,
            },
        ] {
            let record = ServerRecord { home, ..mine() };
            record.write(&path).unwrap();
            assert_eq!(ServerRecord::read(&path).unwrap(), Some(record));
        }
        std::fs::write(&path, "{}").unwrap();
        assert!(ServerRecord::read(&path).is_err());
    }

    #[test]
    fn a_server_is_the_same_only_with_its_pid_and_its_start() {
        let record = mine();
        let pid = record.process.pid;
        assert_eq!(record.standing(Some(pid)), Standing::Same);
        assert_eq!(record.standing(Some(pid + 1)), Standing::Another);
        // It runs, and its socket has been taken away.
        assert_eq!(record.standing(None), Standing::Same);
        let mut earlier = record;
        earlier.process.started -= 1;
        assert_eq!(earlier.standing(Some(pid)), Standing::Another);
        assert_eq!(earlier.standing(None), Standing::Gone);
    }
}
