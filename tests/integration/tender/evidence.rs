//! What is on record of a death, and the terminal after it.

use super::*;

fn said(state: &Value) -> Vec<&str> {
    let said = state["last_exit"]["said"].as_array().unwrap();
    said.iter().map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn a_final_death_leaves_its_last_words_and_a_signature() {
    let bench = Bench::new();
    let mut unit = bench.unit(
        "i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done; printf '\\033[1mport 8080 is taken'; exit 7",
    );
    unit["policy"]["heal"] = json!(false);
    bench.start(&unit);
    let state = bench.wait_for_phase("crashed");
    let said = said(&state);
    assert_eq!(said.len(), 10);
    assert_eq!(said[8..], ["line 29", "port 8080 is taken"]);
    assert_eq!(
        state["last_exit"]["signature"],
        "exit status 7: port # is taken"
    );
    assert_eq!(state["last_exit"]["commit"], "0123abcd");
}

#[test]
fn what_was_said_before_an_immediate_restart_is_heard_beside_the_next_life() {
    let bench = Bench::new();
    let unit = bench.unit("echo life $(wc -l < lives); echo x >> lives; exec cat");
    fs::write(bench.path("lives"), "").unwrap();
    let session = bench.start(&unit);
    bench.wait_for_screen(&session, "life 0");
    let state = bench.wait_for_phase("running");
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = wait_for("its last words", || {
        bench
            .state()
            .filter(|state| !state["last_exit"].is_null() && !said(state).is_empty())
    });
    assert_eq!(said(&state), ["life 0"]);
    assert_eq!(state["last_exit"]["signature"], "SIGKILL: life #");
    let screen = bench.wait_for_screen(&session, "life 1");
    assert!(
        screen.contains(" UTC] `demo` ended with SIGKILL after "),
        "{screen}"
    );
    // A terminal that is full of the next life says nothing of this one.
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_phase("running");
    assert_eq!(state["last_exit"]["signal"], 9);
}

#[test]
fn a_typed_ctrl_c_is_a_death_like_any_other() {
    let bench = Bench::new();
    let session = bench.start(&bench.unit("echo begun >> lives; echo ready; exec cat"));
    bench.wait_for_screen(&session, "ready");
    bench.wait_for_phase("running");
    bench.tmux(&["send-keys", "-t", &session, "C-c"]);
    let state = bench.wait_for_restarts(1);
    assert_eq!(state["last_exit"]["signal"], 2);
    bench.wait_for_lines("lives", 2);
}

#[test]
fn a_terminal_is_sane_after_a_death() {
    let bench = Bench::new();
    // All that a program may switch on, on the alternate screen, with the keyboard raw.
    let wild = "stty raw -echo; printf 'before\\r\\n\\033[?1049h\\033[?1000h\\033[?1003h\\033[?1006h\\033[?2004h\\033[?1h\\033=\\033[?25l\\033[2;4r\\033(0\\033[4h\\033[?7l\\033[41m\\033[3;3Hwild'; \
                echo begun >> lives; until [ -e die ]; do sleep 0.02; done; exit 7";
    let mut unit = bench.unit(wild);
    unit["policy"]["heal"] = json!(false);
    let session = bench.start(&unit);
    bench.wait_for_lines("lives", 1);
    let flags = "#{alternate_on} #{mouse_any_flag} #{mouse_sgr_flag} #{cursor_flag} #{insert_flag} #{keypad_cursor_flag} #{keypad_flag} #{wrap_flag} #{scroll_region_upper} #{scroll_region_lower}";
    let look = || {
        let shown = bench.tmux(&["display-message", "-p", "-t", &session, flags]);
        shown.trim().to_owned()
    };
    wait_for("the wild state", || {
        (look() == "1 1 1 0 1 1 1 0 1 3").then_some(())
    });
    fs::write(bench.path("die"), "").unwrap();
    let state = bench.wait_for_phase("crashed");
    // What it said was heard before its screen went.
    assert_eq!(said(&state).last().map(|line| line.trim()), Some("wild"));
    let screen = bench.wait_for_screen(&session, "demo again");
    assert!(!screen.contains("wild"), "{screen}");
    assert!(screen.starts_with("before\n"), "{screen}");
    let lower = bench.tmux(&["display-message", "-p", "-t", &session, "#{pane_height}"]);
    let lower: i32 = lower.trim().parse().unwrap();
    assert_eq!(look(), format!("0 0 0 1 0 0 0 1 0 {}", lower - 1));
    let styled = bench.tmux(&["capture-pane", "-p", "-e", "-t", &session]);
    assert!(!styled.contains("\u{1b}[41m"), "{styled:?}");
    let of_life = state["tender"]["pid"].as_i64().unwrap();
    let modes = Command::new("stty")
        .args(["-a", "-F"])
        .arg(format!("/proc/{of_life}/fd/0"))
        .output()
        .unwrap();
    let modes = String::from_utf8(modes.stdout).unwrap();
    assert!(
        modes.contains(" echo ") && modes.contains(" icanon"),
        "{modes}"
    );
}

/// F9, F22: a terminal that takes nothing.
#[test]
fn a_frozen_terminal_delays_no_restart() {
    let bench = Bench::new();
    let flood = "echo begun >> lives; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done";
    let mut unit = bench.unit(flood);
    unit["policy"] = policy(1, 10);
    bench.start(&unit);
    let state = bench.wait_for_phase("running");
    let server: i32 = bench
        .tmux(&["display-message", "-p", "#{pid}"])
        .trim()
        .parse()
        .unwrap();
    signal(&json!(server), Signal::SIGSTOP);
    let writer = format!("/proc/{}/wchan", state["life"]["process"]["pid"]);
    wait_for("a full terminal", || {
        let place = fs::read_to_string(&writer).unwrap_or_default();
        (place.contains("tty") || place.contains("wait_woken") || place == "0").then_some(())
    });
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    let state = bench.wait_for_restarts(1);
    assert_eq!(state["last_exit"]["signal"], 9);
    bench.wait_for_lines("lives", 2);
    signal(&state["life"]["process"]["pid"], Signal::SIGKILL);
    // This one waits for the terminal's answer, in vain, for a second.
    let state = bench.wait_for_restarts(2);
    assert_eq!(said(&state), [""; 0]);
    // Its own stop is not delayed either.
    bench.wish("down");
    let asked = Stopwatch::start();
    bench.tell();
    bench.wait_for_phase("down");
    asked.assert_within(Duration::from_millis(2500));
    signal(&json!(server), Signal::SIGCONT);
}
