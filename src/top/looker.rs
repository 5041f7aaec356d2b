//! The thread that looks at the fleet, whenever something has changed.

use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::eventfd::EventFd;

use crate::cli::Registered;
use crate::commands::registered;
use crate::fleet::Fleet;
use crate::status::{Depth, Pins, Report, Watching, Woken, collect_again};
use crate::supervision::wait_readable;
use crate::ui::count;

use super::news::{News, Post};

/// While it is told how long something still takes, that is reckoned anew this often.
const WHILE_TELLING: Duration = Duration::from_secs(10);

/// Looks at the fleet for as long as the program runs. `asked` is rung to have everything looked at anew.
pub(super) fn look(fleet: Fleet, wanted: &Registered, asked: &EventFd, post: &Post) {
    let mut fleet = Arc::new(fleet);
    let mut pins = Pins::default();
    let mut trouble = None;
    // Begun before the first look: what changes meanwhile is not missed.
    let mut watching = Watching::new(&fleet);
    loop {
        let looked = collect(&fleet, wanted, &mut pins);
        let until = match &looked {
            Ok(report) if tells_what_is_left(report) => Some(Instant::now() + WHILE_TELLING),
            Ok(_) | Err(_) => None,
        };
        let notice = trouble.clone().or_else(|| blindness(&watching));
        let looked = looked.map_err(|error| format!("{error:#}"));
        post.send(News::Looked(Arc::clone(&fleet), Box::new(looked), notice));
        let woken = match &mut watching {
            Ok(watching) => watching.wait(until, &[asked.as_fd()]),
            Err(_) => wait_readable(&[asked.as_fd()], None)
                .map(|_| Woken::Other)
                .map_err(Into::into),
        };
        let is_registry_new = match (&woken, &watching) {
            (Ok(Woken::Due), _) => false,
            (Ok(Woken::Changed), Ok(watching)) => {
                if watching.places_changed() {
                    pins.forget();
                }
                watching.registry_changed()
            }
            (Ok(Woken::Other | Woken::Changed) | Err(_), _) => {
                let _ = asked.read();
                pins.forget();
                true
            }
        };
        if let Err(error) = woken {
            watching = Err(error);
        } else if watching.is_err() {
            watching = Watching::new(&fleet);
        }
        if is_registry_new {
            trouble = match Fleet::open(fleet.root.clone(), fleet.patience) {
                Ok(opened) => {
                    fleet = Arc::new(opened);
                    None
                }
                Err(error) => Some(format!("{error:#}; `fleet validate` tells more")),
            };
        }
    }
}

/// Says what changes unseen.
fn blindness(watching: &anyhow::Result<Watching>) -> Option<String> {
    match watching {
        Err(error) => Some(format!(
            "changes are not seen: {error:#}; Ctrl-L looks again"
        )),
        Ok(watching) if watching.unwatched() > 0 => Some(format!(
            "changes are not seen in {}: `sysctl fs.inotify.max_user_watches` says how many may be; Ctrl-L looks again",
            count(watching.unwatched(), "directory")
        )),
        Ok(_) => None,
    }
}

fn collect(fleet: &Fleet, wanted: &Registered, pins: &mut Pins) -> anyhow::Result<Report> {
    let projects = registered(fleet, wanted)?;
    collect_again(fleet, &projects, Depth::Files, pins)
}

/// Tells whether it says anywhere how long something still takes: that gets wrong by itself.
fn tells_what_is_left(report: &Report) -> bool {
    let is_due = report.projects.iter().any(|it| it.due().is_some());
    let rollout = report.rollout.as_ref();
    is_due || rollout.is_some_and(|rollout| rollout.left.is_some())
}
