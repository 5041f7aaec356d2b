//! The thread that looks at the fleet, whenever something has changed.

use std::os::fd::AsFd as _;
use std::sync::Arc;

use nix::sys::eventfd::EventFd;

use crate::cli::Registered;
use crate::commands::{last_valid_counts, registered};
use crate::fleet::Fleet;
use crate::status::{Depth, Pins, Report, Watching, Woken, collect_again};
use crate::supervision::wait_readable;
use crate::ui::count;

use super::news::{News, Post};

/// Looks at the fleet for as long as the program runs. `asked` is rung to have everything looked at anew.
pub(super) fn look(fleet: Fleet, wanted: &Registered, asked: &EventFd, post: &Post) {
    let mut fleet = Arc::new(fleet);
    let mut pins = Pins::default();
    let mut trouble = None;
    // Begun before the first look: what changes meanwhile is not missed.
    let mut watching = Watching::new(&fleet);
    loop {
        let looked = collect(&fleet, wanted, &mut pins);
        let notice = trouble.clone().or_else(|| blindness(&watching));
        let looked = looked.map_err(|error| format!("{error:#}"));
        post.send(News::Looked(Arc::clone(&fleet), Box::new(looked), notice));
        let woken = match &mut watching {
            Ok(watching) => watching.wait(None, &[asked.as_fd()]),
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
                Err(error) => Some(last_valid_counts(&error)),
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
