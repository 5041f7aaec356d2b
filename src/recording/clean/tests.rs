use super::*;

fn lines(cleaner: &mut Cleaner, bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    cleaner.feed(bytes, &mut |line| lines.push(line));
    lines.extend(cleaner.rest());
    lines
}

#[track_caller]
fn case(sent: &[u8], expected: &[&str]) {
    assert_eq!(lines(&mut Cleaner::new(false), sent), expected);
    // However it is cut.
    let mut cleaner = Cleaner::new(false);
    let mut found = Vec::new();
    for byte in sent {
        cleaner.feed(&[*byte], &mut |line| found.push(line));
    }
    found.extend(cleaner.rest());
    assert_eq!(found, expected);
}

#[test]
fn text_stays_and_lines_end_as_on_a_terminal() {
    case(b"one\r\ntwo  \r\n\r\nthree", &["one", "two", "", "three"]);
    case("Größe 日本 ✓\n".as_bytes(), &["Größe 日本 ✓"]);
    case(b"a\tb\n", &["a       b"]);
    case(b"\xff\xfebad\n", &["\u{fffd}\u{fffd}bad"]);
}

#[test]
fn what_is_written_over_is_gone() {
    case(b"10%\r20%\r\x1b[K100% done\n", &["100% done"]);
    case(b"abc\x08X\n", &["abX"]);
    case(b"hello\rj\n", &["jello"]);
    case(b"gone\x1b[2K\rhere\n", &["here"]);
    case(b"a\x1b[3Cb\n", &["a   b"]);
}

#[test]
fn no_sequence_comes_through() {
    case(b"\x1b[31mred\x1b[0m\n", &["red"]);
    case(b"\x1b]0;title\x07a\x1b]52;c;aGk=\x1b\\b\n", &["ab"]);
    case(b"\x1bPq#0~~\x1b\\a\x1b_x\x1b\\b\x1b^y\x1b\\c\n", &["abc"]);
    case(b"\x1b(0a\x1b=\x1b>\x1b7b\x1b8\n", &["ab"]);
    case("a\u{9b}31mb\u{9d}c\n".as_bytes(), &["a31mbc"]);
    case(b"\x07\x00\x7fa\x05\n", &["a"]);
    case(b"\x1b[9999999999999999999999Ca\n", &[" a"]);
    case(b"\x1b]0;never ended\nnext\n", &["", "next"]);
    case(b"\x1b[31\x18mx\n", &["mx"]);
}

#[test]
fn a_screen_becomes_the_lines_that_were_painted() {
    case(
        b"\x1b[?1049h\x1b[2J\x1b[1;1Hhead\x1b[3;5Hbody\x1b[?1049l",
        &["head", "    body"],
    );
}

#[test]
fn colours_are_kept_where_they_are_wanted_and_nothing_else() {
    let mut cleaner = Cleaner::new(true);
    assert_eq!(
        lines(
            &mut cleaner,
            b"a\x1b[1;31mred\x1b]0;t\x07\x1b[>4m\x1b[?25l\nstill\x1b[0m not\n"
        ),
        [
            "a\u{1b}[1;31mred\u{1b}[0m",
            "\u{1b}[1;31mstill\u{1b}[0m not"
        ]
    );
    assert_eq!(
        lines(&mut cleaner, b"\x1b[38;2;1;2;3mx\x1b[mx\n"),
        ["\u{1b}[38;2;1;2;3mx\u{1b}[0mx"]
    );
}

#[test]
fn nothing_grows_without_end() {
    let mut cleaner = Cleaner::new(true);
    let mut longest = 0;
    for _ in 0..100 {
        cleaner.feed(&[b'x'; 4096], &mut |line| longest = longest.max(line.len()));
        cleaner.feed(b"\x1b[31m\x1b[1m", &mut |_| {});
    }
    assert!(longest > 0);
    assert!(cleaner.line.is_bounded());
    cleaner.feed(b"\x1bP", &mut |_| {});
    for _ in 0..=TEXT / 4096 {
        cleaner.feed(&[b'x'; 4096], &mut |_| {});
    }
    assert!(matches!(cleaner.state, State::Ground));
}
