//! What a harness prints to a terminal is never obeyed by the one of who reads it.

use super::*;

/// Everything that is dangerous or confusing to print: titles, the clipboard, answers that are typed, other screens,
/// character sets, what is hidden; between words that must be seen.
const WILD: &[u8] = b"first\x1b]0;title\x07 \x1b]52;c;aGVsbG8=\x1b\\\x1b[6n\x1b[c\x1bP$q\"p\x1b\\\x1b[?1000h\x1b[21t\
    \x1b(0\x0e\x1b[8mhidden\x1b[0m \x1b[31mred\x1b[0m \xc2\x9b1m\xc2\x9dx \xff\xfelast\n";

#[track_caller]
fn is_plain(text: &str) {
    assert!(text.contains("last"), "{text:?}");
    assert!(text.contains("red") && text.contains("first"), "{text:?}");
    let bad = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(bad), "{text:?}");
    assert!(
        !text.contains("title") && !text.contains("aGVsbG8"),
        "{text:?}"
    );
}

fn wild() -> Sandbox {
    let sandbox = registered(&["log = true"]);
    let text = sandbox
        .read("harness/run.sh")
        .replace("sh) eval", "wild) cat wild ;;\n sh) eval");
    let sandbox = sandbox.script("v2", &text);
    sandbox.fleet(&["update", "demo", "v2"]).succeeded();
    fs::write(sandbox.place("demo").join("wild"), WILD).unwrap();
    sandbox.fleet(&["start", "demo"]).succeeded();
    sandbox.wait_for_screen("demo", "demo is up");
    sandbox
}

#[test]
fn no_sequence_of_it_is_printed_by_any_way_of_looking() {
    let sandbox = wild();
    let follower = Follower::of(&sandbox, &["demo"]);
    follower.wait_for("demo is up");
    tell(&sandbox, "demo", "wild");
    is_plain(&follower.wait_for("last"));
    drop(follower);
    is_plain(&sandbox.fleet(&["logs", "demo", "--kept"]).stdout);
    assert!(!sandbox.fleet(&["logs", "demo"]).stdout.contains('\u{1b}'));
    // On disk it is as it came.
    let raw = fs::read(&files(&sandbox, "logs/demo")[0]).unwrap();
    assert!(String::from_utf8_lossy(&raw).contains("\u{1b}]52;c;aGVsbG8="));
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn colours_come_through_where_they_are_asked_for_and_nothing_else() {
    let sandbox = wild();
    tell(&sandbox, "demo", "wild");
    sandbox.wait_for_screen("demo", "last");
    for arguments in [
        &["logs", "demo", "--kept", "--color"][..],
        &["logs", "demo", "--color"],
    ] {
        let said = sandbox.fleet(arguments).stdout;
        let line = said.lines().find(|line| line.contains("last")).unwrap();
        let red = line.find("\u{1b}[31m").expect("it is red");
        assert!(
            line[red..].starts_with("\u{1b}[31mred\u{1b}[0m"),
            "{line:?}"
        );
        let others = line.split('\u{1b}').skip(1).filter(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && !"[;:".contains(c));
            !rest.starts_with('[') || end.is_none_or(|end| !rest[end..].starts_with('m'))
        });
        assert_eq!(others.count(), 0, "{line:?}");
        assert!(
            line.ends_with("last") || line.ends_with("\u{1b}[0m"),
            "{line:?}"
        );
    }
    sandbox.fleet(&["stop", "demo"]).succeeded();
}

#[test]
fn a_windows_name_of_several_lines_hides_nothing_and_pretends_nothing() {
    let sandbox = running(&["log = true"]);
    let pid = std::process::id();
    let name = format!("one\n{pid} 1 0 @0 %0 {pid} $9 5 other two");
    let made = ["new-window", "-d", "-t", "=demo:", "-n", &name, "cat"];
    sandbox.fleet_tmux(&made).succeeded();
    sandbox.wait_for("its recorder", || sandbox.running("record ").len() == 2);
    sandbox.fleet(&["logs", "demo/harness"]).succeeded();
    let checks = sandbox.fleet(&["doctor", "--json"]).stdout;
    assert!(!checks.contains("`other`") && !checks.contains("cannot read"));
    sandbox.fleet(&["stop", "demo"]).succeeded();
    sandbox.wait_for("all recorders to end", || {
        sandbox.running("record ").is_empty()
    });
}
