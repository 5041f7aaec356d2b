//! F5: many deaths, each answered once.

use super::*;

const UNITS: usize = 20;
const ROUNDS: usize = 3;

/// Says its process id, and whether it ever met another of its name.
const ALONE: &str = "exec 9> $NAME.lock; flock --nonblock 9 || echo $NAME >> twice; echo $$ >> $NAME.lives; echo up; exec sleep 86433";

#[test]
fn each_of_many_kills_is_answered_once_and_each_exit_told_exactly() {
    let bench = Bench::new();
    let names: Vec<String> = (0..UNITS).map(|number| format!("u{number}")).collect();
    for name in &names {
        let mut unit = bench.unit_named(name, ALONE);
        unit["environment"]["NAME"] = json!(name);
        unit["policy"] = policy(20, 1000);
        unit["shared"] = Value::Null;
        bench.start_named(&unit);
    }
    let lives = |name: &str| bench.lines(&format!("{name}.lives"));
    for round in 1..=ROUNDS {
        for name in &names {
            wait_for("a life", || (lives(name).len() == round).then_some(()));
            bench.wait_of(name, "its record", |state| {
                state["phase"] == "running" && state["restarts"] == round - 1
            });
        }
        for name in &names {
            let pid: i32 = lives(name).last().unwrap().parse().unwrap();
            signal(&json!(pid), Signal::SIGKILL);
        }
    }
    for name in &names {
        let state = bench.wait_of(name, "its last life", |state| {
            state["phase"] == "running" && state["restarts"] == ROUNDS
        });
        wait_for("its line", || {
            (lives(name).len() == ROUNDS + 1).then_some(())
        });
        assert_eq!(state["last_exit"]["signal"], 9);
        assert_eq!(state["last_exit"]["code"], Value::Null);
        assert_eq!(state["streak"], ROUNDS);
        assert_eq!(
            state["life"]["process"]["pid"].to_string(),
            *lives(name).last().unwrap()
        );
    }
    assert_eq!(bench.lines("twice"), [""; 0]);
    assert_eq!(bench.living().len(), UNITS);
}
