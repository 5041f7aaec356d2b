//! What keeps the tmux server, and brings the fleet back: systemd, where there is one.

use crate::operations::Fact;
use crate::supervision::{Want, read_desired};

use super::finding::{Finding, or_ok};
use super::fix::Fix;
use super::ground::Ground;

pub(super) fn lives_on(ground: &Ground) -> Vec<Finding> {
    let report = match ground.service() {
        Ok(report) => report,
        Err(why) => return vec![unanswered(why)],
    };
    let fact = report.facts().iter().find(|fact| fact.fact == "server");
    let Some(fact) = fact else {
        return Vec::new();
    };
    vec![of_fact(fact)]
}

fn unanswered(why: &str) -> Finding {
    Finding::unknown(why, "systemd", "`fleet service status` tells more")
}

fn of_fact(fact: &Fact) -> Finding {
    let finding = match (fact.well, &fact.hint) {
        (Some(false), Some(hint)) => Finding::warning(&fact.value, &fact.source, hint),
        (Some(_) | None, _) => Finding::ok(&fact.value, &fact.source),
    };
    finding.since(fact.since)
}

pub(super) fn service(ground: &Ground) -> Vec<Finding> {
    let report = match ground.service() {
        Ok(report) => report,
        Err(why) => return vec![unanswered(why)],
    };
    let get = |name: &str| report.facts().iter().find(|fact| fact.fact == name);
    let has_manager = get("manager").is_some_and(|fact| fact.well == Some(true));
    let Some(installed) = get("installed").filter(|fact| fact.well == Some(true)) else {
        let source = get("installed").map_or("systemd", |fact| &fact.source);
        let evidence = "not installed: it is optional";
        return vec![match has_manager && wants_something_up(ground) {
            true => Finding::note(
                format!("{evidence}; after a reboot nothing brings the fleet back"),
                source,
                "`fleet service install` has the machine do it",
            ),
            false => Finding::ok(evidence, source),
        }];
    };
    let is_wrong = |name: &str| get(name).filter(|fact| fact.well == Some(false));
    let mut found = Vec::new();
    for name in ["runs", "enabled", "active", "stale", "former", "lingers"] {
        let Some(fact) = is_wrong(name) else { continue };
        let hint = fact
            .hint
            .clone()
            .unwrap_or_else(|| "`fleet service install`".to_owned());
        let finding = Finding::wrong(format!("{name}: {}", fact.value), &fact.source, hint);
        found.push(match name {
            "runs" if has_manager => finding.fixed_by(Fix::Service),
            _ => finding,
        });
    }
    or_ok(
        found,
        "installed, and runs this program for this fleet",
        &installed.source,
    )
}

fn wants_something_up(ground: &Ground) -> bool {
    let fleet = ground.fleet();
    fleet.registry.projects.values().any(|project| {
        let desired = read_desired(&fleet.unit_files(&project.name).desired);
        project.enabled && desired.is_ok_and(|it| it.is_some_and(|it| it.want == Want::Up))
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_server_that_ends_with_the_last_login_is_a_warning_and_one_that_nobody_can_tell_is_none() {
        let fact = |well: Option<bool>| Fact {
            fact: "server",
            value: "pid 7, in a login's session: ends with the last login".to_owned(),
            since: None,
            well,
            source: "/proc/7/cgroup".to_owned(),
            hint: (well == Some(false)).then(|| "`loginctl enable-linger`".to_owned()),
        };
        assert_eq!(of_fact(&fact(Some(false))).verdict, Verdict::Warning);
        assert_eq!(of_fact(&fact(Some(true))).verdict, Verdict::Ok);
        assert_eq!(of_fact(&fact(None)).verdict, Verdict::Ok);
    }
}
