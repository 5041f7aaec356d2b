//! Every verdict and its sentence.

use serde_json::json;

use super::*;
use crate::status::facts::Terminal;
use crate::supervision::{VERSION, When};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A moment of this boot, so many seconds after its begin.
fn moment(uptime: f64) -> When {
    When {
        at: at(1000 + uptime as i64),
        uptime,
        boot: "this".to_owned(),
    }
}

/// A state as a tender writes it: what it does not mention is as it is where nobody wrote of it.
fn state(phase: Phase) -> State {
    let process = json!({"pid": 7, "started": 1, "boot": "this"});
    let state = json!({
        "version": VERSION, "name": "demo", "tender": process, "phase": phase, "since": at(100), "reason": null,
        "life": {
            "mark": "m", "variable": "V", "process": process, "since": at(100), "commit": null, "runner": "0",
        },
        "restarts": 0, "deaths": [],
        "last_exit": {"code": 7, "signal": null, "at": at(100), "uptime": 0.12, "killed": 0},
    });
    serde_json::from_value(state).unwrap()
}

fn facts(state: Option<State>, tender: Liveness, process: Liveness) -> ProcessFacts {
    let desired = json!({"version": VERSION, "want": "up", "since": at(50)});
    let desired = serde_json::from_value(desired).unwrap();
    ProcessFacts {
        directory: true,
        enabled: true,
        desired,
        state: Ok(state),
        tender,
        process,
        stranger: None,
        now: moment(200.0),
        heals: false,
        terminal: Terminal::SessionGone,
        healthy: None,
        brake: false,
        guardian: false,
    }
}

#[track_caller]
fn case(facts: &ProcessFacts, verdict: Verdict, reason: Option<&str>) {
    let judged = judge("demo", facts);
    assert_eq!(
        (judged.verdict, judged.reason.as_deref()),
        (verdict, reason)
    );
}

#[test]
fn a_living_tender_is_believed() {
    use Liveness::{Alive, Gone};
    case(
        &facts(Some(state(Phase::Running)), Alive, Alive),
        Verdict::Up,
        None,
    );
    case(
        &facts(Some(state(Phase::Running)), Alive, Gone),
        Verdict::Starting,
        Some("its process has just ended"),
    );
    case(
        &facts(Some(state(Phase::Crashed)), Alive, Gone),
        Verdict::Crashed,
        Some("exit status 7 after 0.1 s"),
    );
    case(
        &facts(Some(state(Phase::Finished)), Alive, Gone),
        Verdict::Finished,
        Some("exit status 7 after 0.1 s"),
    );
}

#[track_caller]
fn comes_back(facts: &ProcessFacts, loss: Option<Loss>, reason: &str, next: &str) {
    let judged = judge("demo", facts);
    assert_eq!(
        (
            judged.verdict,
            judged.loss,
            judged.reason.as_deref(),
            judged.next.as_deref()
        ),
        (Verdict::Crashed, loss, Some(reason), Some(next))
    );
}

#[test]
fn a_tender_that_vanished_is_a_crash_with_its_cause() {
    use Liveness::{Alive, Gone, Unknown};
    for phase in [
        Phase::Starting,
        Phase::Running,
        Phase::Waiting,
        Phase::Stopping,
    ] {
        let told = facts(Some(state(phase)), Gone, Gone);
        let cause = "its tender has gone without a word, as after SIGKILL";
        let next = "`fleet start demo` starts it again";
        comes_back(&told, Some(Loss::Tender), cause, next);
    }
    let mut told = facts(Some(state(Phase::Running)), Gone, Gone);
    told.process = Alive;
    comes_back(
        &told,
        Some(Loss::Tender),
        "its tender has gone without a word, as after SIGKILL; its process is still there",
        "`fleet start demo` starts it again",
    );
    told.process = Unknown;
    told.terminal = Terminal::Unknown("tmux does not answer".to_owned());
    comes_back(
        &told,
        None,
        "its tender has gone without a word, and tmux does not answer; cannot tell whether its process is still there",
        "`fleet start demo` starts it again",
    );
    told.process = Gone;
    told.terminal = Terminal::ServerGone;
    comes_back(
        &told,
        Some(Loss::Server),
        "its tmux server has gone, and its tender with it",
        "`fleet boot` brings it back",
    );
    told.now.boot = "another".to_owned();
    comes_back(
        &told,
        Some(Loss::Machine),
        "the machine was restarted while it ran",
        "`fleet boot` brings it back",
    );
}

#[test]
fn a_lost_terminal_is_told_from_a_killed_session() {
    use Liveness::Gone;
    let mut lost = state(Phase::Lost);
    lost.reason = Some("its terminal went away".to_owned());
    let mut told = facts(Some(lost), Gone, Gone);
    let again = "`fleet start demo` starts it again";
    comes_back(&told, Some(Loss::Session), "its session was killed", again);
    assert_eq!(judge("demo", &told).since, Some(at(100)));
    told.terminal = Terminal::There;
    comes_back(&told, Some(Loss::Session), "its terminal went away", again);
    told.terminal = Terminal::Unknown("tmux does not answer".to_owned());
    comes_back(
        &told,
        None,
        "its terminal went away, and tmux does not answer",
        again,
    );
    told.terminal = Terminal::ServerGone;
    let boot = "`fleet boot` brings it back";
    comes_back(&told, Some(Loss::Server), "its tmux server has gone", boot);
    told.now.boot = "another".to_owned();
    comes_back(
        &told,
        Some(Loss::Machine),
        "the machine was restarted",
        boot,
    );
}

#[test]
fn a_guardian_brings_back_what_it_may() {
    use Liveness::Gone;
    let mut told = facts(Some(state(Phase::Running)), Gone, Gone);
    let next = |told: &ProcessFacts| judge("demo", told).next.unwrap();
    told.guardian = true;
    // A single tender: only where it is to be healed.
    assert_eq!(next(&told), "`fleet start demo` starts it again");
    told.heals = true;
    assert_eq!(next(&told), "the guardian brings it back");
    told.heals = false;
    told.terminal = Terminal::ServerGone;
    assert_eq!(next(&told), "the guardian brings it back");
    told.brake = true;
    assert_eq!(next(&told), "`fleet go` lets the guardian bring it back");
    told.guardian = false;
    assert_eq!(next(&told), "`fleet go`, then `fleet boot` brings it back");
    told.enabled = false;
    assert_eq!(next(&told), "`fleet enable demo` allows it to start");
}

#[test]
fn a_wait_says_what_for_and_how_long() {
    use Liveness::{Alive, Gone};
    let mut waiting = state(Phase::Waiting);
    let exit = waiting.last_exit.as_mut().unwrap();
    exit.said = vec![
        "starting".to_owned(),
        "error: no such table: jobs  ".to_owned(),
        String::new(),
    ];
    waiting.due = Some(moment(204.2));
    let mut told = facts(Some(waiting), Alive, Gone);
    let reason = "exit status 7 after 0.1 s: no such table: jobs";
    comes_back(&told, None, reason, "restart due in 4.2 s");
    told.now = moment(204.3);
    comes_back(&told, None, reason, "restart is due now");
    told.brake = true;
    comes_back(&told, None, reason, "`fleet go` lets it go on");
    let waiting = told.state.as_mut().unwrap().as_mut().unwrap();
    waiting.due = None;
    waiting.reason = Some("held by the brake".to_owned());
    waiting.last_exit.as_mut().unwrap().said = vec!["é".repeat(100)];
    let short = format!(
        "held by the brake; exit status 7 after 0.1 s: {}…",
        "é".repeat(59)
    );
    comes_back(&told, None, &short, "`fleet go` lets it go on");
}

#[test]
fn memory_that_ran_out_is_part_of_the_reason() {
    let mut died = state(Phase::Crashed);
    let exit = died.last_exit.as_mut().unwrap();
    (exit.code, exit.signal) = (None, Some(9));
    exit.oom = Some("the kernel killed it for want of memory".to_owned());
    case(
        &facts(Some(died), Liveness::Alive, Liveness::Gone),
        Verdict::Crashed,
        Some("SIGKILL after 0.1 s; the kernel killed it for want of memory"),
    );
}

#[test]
fn what_ended_unasked_says_why_it_is_down() {
    let mut told_to_end = state(Phase::Down);
    told_to_end.reason = Some("its tender was told to end by SIGTERM".to_owned());
    let mut told = facts(Some(told_to_end), Liveness::Gone, Liveness::Gone);
    case(
        &told,
        Verdict::Down,
        Some("its tender was told to end by SIGTERM"),
    );
    told.desired.as_mut().unwrap().want = Want::Down;
    case(&told, Verdict::Down, None);
}

#[test]
fn what_was_stopped_is_down_though_nobody_was_left_to_write_it() {
    use Liveness::{Alive, Gone};
    let mut told = facts(Some(state(Phase::Crashed)), Gone, Gone);
    told.desired.as_mut().unwrap().want = Want::Down;
    case(&told, Verdict::Down, None);
    told.process = Alive;
    case(&told, Verdict::Crashed, Some("exit status 7 after 0.1 s"));
}

#[test]
fn what_cannot_be_told_is_unknown() {
    let mut told = facts(
        Some(state(Phase::Running)),
        Liveness::Unknown,
        Liveness::Unknown,
    );
    case(
        &told,
        Verdict::Unknown,
        Some("cannot tell whether its tender, process 7, lives"),
    );
    told.state = Err("cannot read it".to_owned());
    case(&told, Verdict::Unknown, Some("cannot read it"));
}

#[test]
fn who_is_not_ours_is_by_hand_and_who_may_not_is_disabled() {
    let mut told = facts(None, Liveness::Gone, Liveness::Gone);
    case(
        &told,
        Verdict::Down,
        Some("was asked to start, but never did"),
    );
    told.stranger = Some(99);
    case(&told, Verdict::UpByHand, Some("process 99 runs it"));
    told.stranger = None;
    told.enabled = false;
    case(&told, Verdict::Disabled, None);
    told.directory = false;
    case(&told, Verdict::Missing, Some("its directory is not there"));
}

#[test]
fn a_restart_that_is_owed_is_told_however_far_the_old_life_has_ended() {
    for tender in [Liveness::Alive, Liveness::Gone] {
        let mut facts = facts(Some(state(Phase::Down)), tender, Liveness::Gone);
        let desired = json!({"version": VERSION, "want": "down", "since": at(50), "restart": true});
        facts.desired = serde_json::from_value(desired).unwrap();
        case(&facts, Verdict::Down, Some("its restart was interrupted"));
    }
}
