//! A terminal's screen as a picture that is readable on light and on dark pages.

use std::fmt::Write as _;

/// The height of a line, and where the first one stands.
const LINE: usize = 20;
const TOP: usize = 50;
/// The width of a letter, in tenths.
const LETTER: usize = 84;
const MARGIN: usize = 20;

/// The colours of the terminal's palette, as they are called in the style below.
const PALETTE: [&str; 8] = ["k", "r", "g", "y", "b", "m", "c", "w"];

const STYLE: &str = "\
text { font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 14px; white-space: pre; fill: #24292f }
.page { fill: #ffffff; stroke: #d0d7de }
.k { fill: #57606a } .r { fill: #cf222e } .g { fill: #116329 } .y { fill: #7d4e00 }
.b { fill: #0550ae } .m { fill: #8250df } .c { fill: #1b7c83 } .w { fill: #57606a }
.bold { font-weight: 700 } .dim { opacity: 0.7 } .italic { font-style: italic } .line { text-decoration: underline }
.mark { font-weight: 700; text-decoration: underline }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117; stroke: #30363d }
.k { fill: #8b949e } .r { fill: #ff7b72 } .g { fill: #56d364 } .y { fill: #e3b341 }
.b { fill: #79c0ff } .m { fill: #d2a8ff } .c { fill: #56d4dd } .w { fill: #c9d1d9 }
}
";

/// Text and how it looks: names of the style's classes.
type Run = (Vec<&'static str>, String);

/// Draws what a terminal shows, with its colours, below the command that made it.
pub(super) fn picture(command: &str, screen: &str) -> String {
    let lines: Vec<Vec<Run>> = lines(screen);
    let length = |runs: &Vec<Run>| runs.iter().map(|(_, text)| text.chars().count()).sum();
    let widest: usize = lines.iter().map(length).max().unwrap_or(0);
    let width = 2 * MARGIN + widest.max(command.len() + 2) * LETTER / 10;
    let height = TOP + LINE * (lines.len() + 1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{command}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        width - 1,
        height - 1
    );
    let first = vec![
        (vec!["dim"], "$ ".to_owned()),
        (vec!["bold"], command.to_owned()),
    ];
    for (number, runs) in std::iter::once(&first).chain(&lines).enumerate() {
        let _ = write!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{}\" xml:space=\"preserve\">",
            TOP - LINE + LINE * number
        );
        let mut column = 0;
        for (classes, text) in runs {
            for part in parts(text) {
                let _ = write!(svg, "<tspan x=\"{}\"", place_of(column));
                if !classes.is_empty() {
                    let _ = write!(svg, " class=\"{}\"", classes.join(" "));
                }
                let _ = write!(svg, ">{}</tspan>", escaped(part));
                column += part.chars().count();
            }
        }
        svg.push_str("</text>\n");
    }
    svg + "</svg>\n"
}

/// Where a column of the terminal stands. What is aligned there is so in every font, since each part of a line says it.
fn place_of(column: usize) -> String {
    let tenths = MARGIN * 10 + column * LETTER;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Takes a text apart behind each gap of several spaces.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(gap) = rest.find("  ") {
        let end = rest[gap..].find(|letter| letter != ' ');
        let Some(end) = end else { break };
        let (part, behind) = rest.split_at(gap + end);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

#[test]
fn a_line_is_taken_apart_behind_its_gaps() {
    assert_eq!(parts("  a b   c"), ["  ", "a b   ", "c"]);
    assert_eq!((parts("a"), parts("a  ")), (vec!["a"], vec!["a  "]));
    assert_eq!(place_of(3), "45.2");
}

/// The words of a picture, without how they look.
pub(super) fn words_of(svg: &str) -> String {
    let mut words = String::new();
    for line in svg.lines().filter(|line| line.starts_with("<text ")) {
        let mut inside = false;
        for letter in line.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => words.push(letter),
                _ => {}
            }
        }
        words.push('\n');
    }
    words
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// The words on a screen, without how they look.
pub(super) fn words(screen: &str) -> String {
    lines(screen)
        .iter()
        .map(|runs| {
            let line: String = runs.iter().map(|(_, text)| text.as_str()).collect();
            line + "\n"
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Takes a screen's text apart. How it looks goes on from line to line.
fn lines(screen: &str) -> Vec<Vec<Run>> {
    let mut looks = Looks::default();
    screen.lines().map(|line| runs(line, &mut looks)).collect()
}

fn runs(line: &str, looks: &mut Looks) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut parts = line.trim_end().split("\x1b[");
    if let Some(text) = parts.next().filter(|text| !text.is_empty()) {
        runs.push((looks.classes(), text.to_owned()));
    }
    for part in parts {
        let Some((codes, text)) = part.split_once('m') else {
            continue;
        };
        looks.change(codes);
        if !text.is_empty() {
            runs.push((looks.classes(), text.to_owned()));
        }
    }
    runs
}

/// A colour of the larger palettes: the first sixteen are the small one; no others are drawn.
fn palette(codes: &mut impl Iterator<Item = usize>) -> Option<&'static str> {
    match codes.next() {
        Some(5) => codes
            .next()
            .filter(|number| *number < 16)
            .map(|number| PALETTE[number % 8]),
        Some(2) => codes.nth(2).and(None),
        Some(_) | None => None,
    }
}

#[derive(Default)]
struct Looks {
    colour: Option<&'static str>,
    effects: Vec<&'static str>,
}

impl Looks {
    /// Takes over the codes of one sequence, such as `1;31`.
    fn change(&mut self, codes: &str) {
        let mut codes = codes.split(';').map(|code| code.parse().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.effects.push("bold"),
                2 => self.effects.push("dim"),
                3 => self.effects.push("italic"),
                4 => self.effects.push("line"),
                7 => self.effects.push("mark"),
                22 => self.effects.retain(|it| !matches!(*it, "bold" | "dim")),
                23 => self.effects.retain(|it| *it != "italic"),
                24 => self.effects.retain(|it| *it != "line"),
                27 => self.effects.retain(|it| *it != "mark"),
                30..=37 => self.colour = Some(PALETTE[code - 30]),
                90..=97 => self.colour = Some(PALETTE[code - 90]),
                38 => self.colour = palette(&mut codes),
                // A background is felt, and not drawn.
                40..=47 | 100..=107 => self.effects.push("mark"),
                48 => {
                    palette(&mut codes);
                    self.effects.push("mark");
                }
                49 => self.effects.retain(|it| *it != "mark"),
                39 => self.colour = None,
                _ => {}
            }
        }
    }

    fn classes(&self) -> Vec<&'static str> {
        self.colour.iter().chain(&self.effects).copied().collect()
    }
}

#[test]
fn a_screen_is_drawn_with_its_colours_and_read_again_without() {
    let svg = picture("x", "a \x1b[1m\x1b[31mb<\x1b[0m c\n\x1b[38;5;2md\x1b[39m");
    assert!(
        svg.contains(
            "<tspan x=\"20.0\">a </tspan><tspan x=\"36.8\" class=\"r bold\">b&lt;</tspan><tspan x=\"53.6\"> c</tspan></text>"
        ),
        "{svg}"
    );
    assert!(
        svg.contains("<tspan x=\"20.0\" class=\"g\">d</tspan></text>"),
        "{svg}"
    );
    assert_eq!(words_of(&svg), "$ x\na b< c\nd\n");
    assert_eq!(words("a \x1b[1mb\x1b[0m\n"), "a b\n");
}
