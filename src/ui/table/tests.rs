use super::*;

fn shown(table: &Table, room: impl Into<Option<usize>>) -> String {
    let room = room.into();
    let laid_out = table.laid_out(room);
    let lines = laid_out.rows.into_iter().flatten();
    let lines: Vec<String> = [laid_out.header].into_iter().chain(lines).collect();
    let shown = anstream::adapter::strip_str(&lines.join("\n")).to_string();
    for line in shown.lines() {
        assert!(room.is_none_or(|room| width(line) <= room), "{line}");
        assert_eq!(line, line.trim_end());
    }
    shown
}

fn row<const N: usize>(cells: [&str; N]) -> [String; N] {
    cells.map(str::to_owned)
}

#[test]
fn who_uses_it_stands_below_its_row_too_but_not_beside_other_prose() {
    let mut table = Table::new(["version", "who"]);
    table.row(row(["v0.1.0", "ada, bob, carl and others"]));
    assert_eq!(
        shown(&table, 30),
        "VERSION\nv0.1.0\n    ada, bob, carl and others"
    );
    let mut table = Table::new(["details", "who"]);
    table.row(row(["a long story of many words", "root"]));
    assert_eq!(
        shown(&table, 30),
        "DETAILS                   WHO\na long story of many      root\nwords"
    );
}

#[test]
fn columns_that_nobody_fills_disappear() {
    let mut table = Table::new(["name", "reason", "pin"]);
    table.row(row(["demo", "", "ok"]));
    table.row(row(["a-longer-one", "", "behind"]));
    assert_eq!(
        shown(&table, None),
        "NAME          PIN\ndemo          ok\na-longer-one  behind"
    );
}

#[test]
fn a_colour_takes_no_room_and_goes_away_with_its_text() {
    let mut table = Table::new(["name", "state"]);
    let cell = |text: &str, mood| (text.to_owned(), mood);
    table.moody_row([cell("demo", Mood::Odd), cell("up", Mood::Good)]);
    table.moody_row([cell("other", Mood::Quiet), cell("", Mood::Bad)]);
    assert_eq!(shown(&table, None), "NAME   STATE\ndemo   up\nother");
    let coloured = table.laid_out(None).rows;
    assert_eq!(
        coloured[0],
        ["\u{1b}[33mdemo\u{1b}[0m   \u{1b}[32mup\u{1b}[0m"]
    );
    assert_eq!(coloured[1], ["\u{1b}[2mother\u{1b}[0m"]);
}

#[test]
fn a_reason_without_room_stands_below_its_row() {
    let mut table = Table::new(["name", "state", "reason"]);
    table.row(row([
        "demo",
        "crashed",
        "exit status 7 after 0.1 s: no such table",
    ]));
    table.row(row(["other", "up", ""]));
    assert_eq!(
        shown(&table, 36),
        "NAME   STATE\ndemo   crashed\n    exit status 7 after 0.1 s: no\n    such table\nother  up"
    );
    assert_eq!(
        shown(&table, 52),
        "NAME   STATE    REASON\ndemo   crashed  exit status 7 after 0.1 s: no such\n                table\nother  up"
    );
    assert_eq!(
        shown(&table, None),
        "NAME   STATE    REASON\ndemo   crashed  exit status 7 after 0.1 s: no such table\nother  up"
    );
}

#[test]
fn brief_prose_is_cut_after_its_last_line() {
    let mut table = Table::new(["name", "reason"]).brief(2);
    table.row(row([
        "demo",
        "one two three four five six seven eight nine ten",
    ]));
    assert_eq!(
        shown(&table, 20),
        "NAME\ndemo\n    one two three\n    four five six s…"
    );
    assert!(shown(&table, None).ends_with("nine ten"));
}

#[test]
fn what_does_not_fit_at_all_is_cut_where_it_is_widest() {
    let mut table = Table::new(["name", "state", "ref", "reason"]);
    table.row(row([
        "a-name-of-many-letters",
        "up (by hand)",
        "feature/x",
        "why",
    ]));
    assert_eq!(
        shown(&table, 30),
        "NAME       STATE      REF\na-name-o…  up (by h…  feature…\n    why"
    );
    for room in 1..80 {
        let laid_out = table.laid_out(Some(room));
        assert_eq!(laid_out.rows.len(), 1, "{room}");
    }
}

#[test]
fn wide_letters_keep_the_columns_where_they_are() {
    let mut table = Table::new(["name", "location", "state"]);
    table.row(row(["a", "/srv/漢字/é", "up"]));
    table.row(row(["b", "/srv/plain", "down"]));
    assert_eq!(
        shown(&table, None),
        "NAME  LOCATION     STATE\na     /srv/漢字/é  up\nb     /srv/plain   down"
    );
}

#[test]
fn what_a_terminal_would_obey_is_not_in_a_cell() {
    let mut table = Table::new(["name"]);
    table.row(row(["a\x1b]0;gone\x07\nb"]));
    assert_eq!(table.laid_out(None).rows, [["a\u{FFFD}]0;gone\u{FFFD} b"]]);
}
