//! `fleet status`: once, or for as long as somebody looks.

use std::time::Instant;

use jiff::Timestamp;

use crate::cli;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::health;
use crate::registry::Project;
use crate::status::{self, Depth, ProjectReport, Report, Shown, Watching, Woken};
use crate::ui::{Heard, Screen, Ui, count};

/// Shows the status of the projects that are meant; all of them where nobody says which.
pub(crate) fn status(fleet: Fleet, wanted: &cli::Status, ui: &Ui) -> anyhow::Result<Exit> {
    if wanted.watch {
        return watch(fleet, wanted);
    }
    if wanted.probe {
        for (name, error) in health::probe(&fleet, &projects(&fleet, wanted)?, ui)? {
            ui.warn(format!("cannot ask the harness of `{name}`: {error:#}"));
        }
    }
    let report = look(&fleet, wanted)?;
    if wanted.json {
        super::print_json(&report, ui)?;
    } else if report.projects.is_empty() {
        super::say_none_is_chosen(&fleet, &wanted.selector.registered, ui);
    } else {
        print(&fleet, wanted, &report, ui);
    }
    let is_well = report.projects.iter().all(ProjectReport::is_well);
    Ok(match wanted.check && !is_well {
        true => Exit::Found,
        false => Exit::Done,
    })
}

fn print(fleet: &Fleet, wanted: &cli::Status, report: &Report, ui: &Ui) {
    let now = Timestamp::now();
    ui.result(status::table(report, &wanted.names, now));
    ui.status(format!("\n{}", status::summary(report)));
    let notices = status::notices(report, now);
    for notice in &notices {
        ui.warn(notice);
    }
    for hint in status::hints(report, is_whole(fleet, report), &notices) {
        ui.hint(hint);
    }
}

fn is_whole(fleet: &Fleet, report: &Report) -> bool {
    report.projects.len() == fleet.registry.projects.len()
}

fn projects<'a>(fleet: &'a Fleet, wanted: &cli::Status) -> anyhow::Result<Vec<&'a Project>> {
    if wanted.names.is_empty() && !wanted.selector.is_given() {
        return Ok(fleet.registry.projects.values().collect());
    }
    super::chosen(fleet, &wanted.names, &wanted.selector)
}

fn look(fleet: &Fleet, wanted: &cli::Status) -> anyhow::Result<Report> {
    let depth = match wanted.fast {
        true => Depth::Fast,
        false => Depth::Files,
    };
    status::collect(fleet, &projects(fleet, wanted)?, depth)
}

/// Shows it until somebody leaves. What cannot be looked at any more is told above what was true before.
fn watch(mut fleet: Fleet, wanted: &cli::Status) -> anyhow::Result<Exit> {
    // What changes after this is heard of, so the first look comes later.
    let mut watching = Watching::new(&fleet)?;
    let mut report = look(&fleet, wanted)?;
    // What is wrong with fleet.toml, for as long as it is; and what the last look failed at.
    let mut invalid: Option<String> = None;
    let mut trouble = None;
    let keys = std::io::stdin();
    let mut screen = Screen::enter()?;
    loop {
        let trouble_now = trouble.clone().or_else(|| invalid.clone());
        let trouble_now = trouble_now.or_else(|| unwatched(&watching));
        let shown = Shown {
            report: &report,
            asked: &wanted.names,
            is_whole: is_whole(&fleet, &report),
            trouble: trouble_now.as_deref(),
        };
        let page = status::page(&shown, Timestamp::now(), screen.size());
        screen.show(&page.lines)?;
        let until = page.next.map(|next| Instant::now() + next);
        match watching.wait(until, &screen.descriptors(&keys))? {
            Woken::Due => {}
            Woken::Changed => {
                if watching.registry_changed() {
                    invalid = fleet
                        .reload()
                        .err()
                        .map(|error| super::last_valid_counts(&error));
                }
                match look(&fleet, wanted) {
                    Ok(found) => (report, trouble) = (found, None),
                    Err(error) => trouble = Some(format!("this was true before: {error:#}")),
                }
            }
            Woken::Other => match screen.heard()? {
                None | Some(Heard::Redraw) => {}
                Some(Heard::Leave) => return Ok(Exit::Done),
                Some(Heard::End(signal)) => {
                    screen.end_by(signal)?;
                    return Ok(Exit::Interrupted);
                }
            },
        }
    }
}

fn unwatched(watching: &Watching) -> Option<String> {
    let number = watching.unwatched();
    (number > 0).then(|| {
        format!(
            "changes of pins go unseen in {}: the machine allows to watch no more; \
             `sysctl fs.inotify.max_user_watches` shows how many",
            count(number, "directory")
        )
    })
}
