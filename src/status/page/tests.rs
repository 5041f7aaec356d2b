use super::*;
use crate::pins::PinWord;
use crate::status::ProjectReport;
use crate::status::fixture::{project, report};
use crate::ui::width;

const NOW: i64 = 10_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn aged(number: usize, verdict: Verdict, seconds: i64) -> ProjectReport {
    let mut project = project(number, verdict, "");
    project.since = Timestamp::from_second(NOW - seconds).ok();
    project.reason = None;
    project
}

fn laid_out(report: &Report, columns: usize, lines: usize) -> (Vec<String>, Option<Duration>) {
    let shown = Shown {
        report,
        asked: &[],
        is_whole: true,
        trouble: None,
    };
    let page = page(&shown, now(), Size { columns, lines });
    let plain = page.lines.iter().map(|line| {
        let line = anstream::adapter::strip_str(line).to_string();
        assert!(width(&line) <= columns, "{line}");
        line
    });
    let plain: Vec<String> = plain.collect();
    assert!(plain.len() <= lines, "{plain:#?}");
    (plain, page.next)
}

#[test]
fn all_is_shown_where_it_has_room() {
    let report = report(vec![aged(0, Verdict::Up, 5), aged(1, Verdict::Crashed, 70)]);
    assert_eq!(
        laid_out(&report, 60, 10).0,
        [
            "test  2 projects: 1 crashed, 1 up",
            "",
            "NAME  STATE    FOR  PIN  REF",
            "p00   up       5s   ok   v1",
            "p01   crashed  1m   ok   v1",
        ]
    );
}

#[test]
fn where_it_has_none_the_worst_are_shown_and_the_others_counted() {
    let mut projects: Vec<ProjectReport> = (0..20)
        .map(|number| aged(number, Verdict::Up, 100))
        .collect();
    projects[13].verdict = Verdict::Parked;
    projects[13].reason = Some("died too often, and said a lot of it before that".to_owned());
    projects[17].verdict = Verdict::Degraded;
    projects[5].pin.word = PinWord::Behind;
    assert_eq!(
        laid_out(&report(projects), 60, 11).0,
        [
            "test  20 projects: 1 parked, 1 degraded, 18 up; pins: 1 beh…",
            "",
            "NAME  STATE     FOR  PIN     REF",
            "p13   parked    1m   ok      v1",
            "    died too often, and said a lot of it before that",
            "p17   degraded  1m   ok      v1",
            "p05   up        1m   behind  v1",
            "    pinned at nothing, fleet.toml wants nothing",
            "17 more: 17 up",
            "",
            "hint: `fleet update p05` moves it to what fleet.toml wants",
        ]
    );
}

#[test]
fn no_page_is_larger_than_its_terminal() {
    let mut projects: Vec<ProjectReport> = (0..30)
        .map(|number| aged(number, Verdict::Crashed, 1))
        .collect();
    for project in &mut projects {
        project.reason = Some("漢字 and 🦀 and e\u{301}, again and again. ".repeat(9));
        project.next = Some(format!("`fleet start {}` tries again", project.name));
    }
    let report = report(projects);
    for columns in [1, 5, 20, 40, 60, 61, 80, 120, 200] {
        for lines in [1, 2, 3, 4, 5, 8, 24, 50] {
            laid_out(&report, columns, lines);
        }
    }
}

#[test]
fn the_next_look_is_when_an_age_changes() {
    let next = |seconds: i64| {
        let report = report(vec![aged(0, Verdict::Up, seconds)]);
        laid_out(&report, 80, 24).1.unwrap() - SLACK
    };
    assert_eq!(next(5), Duration::from_secs(1));
    assert_eq!(next(59), Duration::from_secs(1));
    assert_eq!(next(61), Duration::from_secs(59));
    assert_eq!(next(3600), Duration::from_secs(3600));
    // The clock was set back: nothing has passed until it is there again.
    assert_eq!(next(-100), Duration::from_secs(101));
    let mut ageless = aged(0, Verdict::Down, 0);
    ageless.since = None;
    assert_eq!(laid_out(&report(vec![ageless]), 80, 24).1, None);
}

#[test]
fn what_is_not_shown_wakes_nobody() {
    let mut projects: Vec<ProjectReport> =
        (0..20).map(|number| aged(number, Verdict::Up, 5)).collect();
    projects[0].verdict = Verdict::Parked;
    projects[0].since = Timestamp::from_second(NOW - 7200).ok();
    let (lines, next) = laid_out(&report(projects), 80, 5);
    assert_eq!(lines[3], "p00   parked  2h   ok   v1");
    assert_eq!(next, Some(Duration::from_secs(3600) + SLACK));
}

#[test]
fn a_restart_that_is_due_is_counted_down() {
    let mut waits = aged(0, Verdict::Crashed, 120);
    waits.due = Timestamp::from_second(NOW + 20).ok();
    let (lines, next) = laid_out(&report(vec![waits]), 80, 24);
    assert!(lines.concat().contains("restart due in 20 s"), "{lines:#?}");
    assert_eq!(next, Some(Duration::from_secs(1) + SLACK));
    // From two minutes on it is told in minutes, and nothing is drawn again for a second less.
    let next = |left: i64| {
        let mut waits = aged(0, Verdict::Crashed, 3 * 3600);
        waits.due = Timestamp::from_second(NOW + left).ok();
        laid_out(&report(vec![waits]), 80, 24).1.unwrap() - SLACK
    };
    assert_eq!(next(250), Duration::from_secs(40));
    assert_eq!(next(130), Duration::from_secs(10));
    assert_eq!(next(119), Duration::from_secs(1));
}
