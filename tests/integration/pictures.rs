//! The pictures in docs/: what a terminal really shows of a fleet in which not all is well. `.ci/regenerate` makes them;
//! the test compares their words, ages and process ids aside.

mod screen;

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

/// How wide the terminal is.
const WIDTH: &str = "100";

/// What a command prints after which the picture is taken.
const END: &str = "=== end of the picture ===";

/// A command and where its picture is kept.
struct Picture {
    file: &'static str,
    command: &'static str,
    /// How many lines the terminal has; those that stay empty at the end are not drawn.
    height: &'static str,
    /// What stands on the screen when the picture is taken, of a command that goes on until somebody leaves it; `None`: it
    /// is over.
    until: Option<&'static str>,
}

const PICTURES: [Picture; 3] = [
    Picture {
        file: "docs/status.svg",
        command: "fleet status",
        height: "60",
        until: None,
    },
    Picture {
        file: "docs/why.svg",
        command: "fleet why ingest",
        height: "60",
        until: None,
    },
    Picture {
        file: "docs/top.svg",
        command: "fleet top",
        height: "24",
        // The end of what is read of a project after the first look.
        until: Some("brought back when it dies"),
    },
];

/// What the projects of the pictures run: the second argument says how it goes. What is broken works until it is told of that.
const HARNESS: &str = r#"echo "$1: at work"
case "$2" in
flaky) echo "error: the index is 3 revisions behind"; exit 7 ;;
broken)
    [ -e "$HOME/told" ] || { read -r line < "$HOME/tell"; : > "$HOME/told"; }
    echo "error: no such table: orders"; exit 1 ;;
done) exit 0 ;;
*) while read -r line; do echo "heard: $line"; done ;;
esac
"#;

/// A fleet with a project in most of the states that there are.
fn fleet() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(sandbox.root(), &["init", "--quiet", "harness"]);
    let newer = HARNESS.replace("at work", "hard at work");
    let sandbox = sandbox.script("v0.1.0", HARNESS).script("v0.2.0", &newer);
    let harness = sandbox.root().join("harness");
    sandbox.write(
        "fleet/fleet.toml",
        &format!(
            "[fleet]\nname = \"home\"\ndefault_harness = \"house\"\n\n[harnesses.house]\nurl = \"{}\"\ndefault_ref = \"v0.1.0\"\n",
            harness.display()
        ),
    );
    let names = ["atlas", "blog", "ingest", "invoices", "notes", "search"];
    let sandbox = sandbox.projects(&names, "v0.1.0");
    let heals = |more: &str| format!("watch = \"heal\"\n{more}");
    sandbox.set("atlas", &heals(""));
    sandbox.set("blog", &heals(""));
    let few = "restart = { give_up_after = 2, backoff = \"10ms\" }";
    sandbox.set("ingest", &heals(&format!("args = [\"broken\"]\n{few}")));
    sandbox.set("invoices", "args = [\"done\"]");
    let slow = "restart = { backoff = \"5m\" }";
    sandbox.set("search", &heals(&format!("args = [\"flaky\"]\n{slow}")));
    nix::unistd::mkfifo(&sandbox.at("home/tell"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["atlas", "blog", "ingest", "invoices", "search"] {
        // Those that die at once may be told by the start itself.
        sandbox.fleet(&["start", name]);
    }
    sandbox.fleet(&["update", "atlas", "v0.2.0"]).succeeded();
    sandbox.wait_for_screen("ingest", "at work");
    // Not by `fleet send`: its line in the trail may come before those of the deaths, or among them.
    std::fs::write(sandbox.at("home/tell"), "go\n").unwrap();
    sandbox.wait_until_is("ingest", "parked");
    sandbox.wait_until_is("invoices", "finished");
    sandbox.wait_for("`search` to wait for its next life", || {
        sandbox.status("search")["next"].is_string()
    });
    sandbox.wait_until_is("blog", "up");
    sandbox
}

/// What a terminal of its own shows of a command: the text of the screen, with its colours.
fn shown(sandbox: &Sandbox, picture: &Picture) -> String {
    let file = Path::new(picture.file).file_name().expect("it is a file");
    let socket = sandbox.root().join(file);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_fleet"));
    let arguments = picture.command.strip_prefix("fleet").expect("it is ours");
    let script = format!("{}{arguments}; echo '{END}'; cat", program.display());
    let mut tmux = sandbox.command("tmux", &sandbox.directory());
    tmux.arg("-S").arg(&socket).args(["-f", "/dev/null"]);
    tmux.args(["new-session", "-d", "-x", WIDTH]);
    tmux.args(["-y", picture.height, "sh", "-c"]);
    sandbox.output(tmux.arg(script)).succeeded();
    let capture = || {
        sandbox
            .tmux_at(&socket, &["capture-pane", "-e", "-p"])
            .stdout
    };
    let until = picture.until.unwrap_or(END);
    let mut text = String::new();
    sandbox.wait_for(until, || {
        // While it is drawn, the next look shows something else.
        let before = std::mem::replace(&mut text, capture());
        before == text && screen::words(&text).contains(until)
    });
    sandbox.tmux_at(&socket, &["kill-server"]).succeeded();
    let text = text.split(END).next().unwrap_or_default();
    let home = sandbox.root().to_string_lossy();
    text.trim_end()
        .replace(&*home, "~")
        .replace(&format!("{} (", sandbox.user()), "ada (")
        + "\n"
}

/// The words of a screen that are the same every time: not its numbers, and not where its lines end.
fn sameness(screen: &str) -> String {
    let is_number = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let number = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        number.parse::<f64>().is_ok() || matches!(word, "ms" | "s" | "min" | "h" | "age" | "ago")
    };
    let words = screen.split_whitespace().filter(|word| !is_number(word));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_pictures_show_what_the_program_shows() {
    let sandbox = fleet();
    let mut wrong = Vec::new();
    for picture in &PICTURES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(picture.file);
        let new = screen::picture(picture.command, &shown(&sandbox, picture));
        let mut old = fs::read_to_string(&path).unwrap_or_default();
        // Where nothing but ages has changed, the file stays as it is.
        let looks = |svg: &str| svg.replace(|letter: char| letter.is_ascii_hexdigit(), "");
        if std::env::var_os("UPDATE_DOCS").is_some() && looks(&old) != looks(&new) {
            fs::write(&path, &new).expect("the documents can be written");
            old.clone_from(&new);
        }
        let words = |svg: &str| sameness(&sandbox.normalise(&screen::words_of(svg)));
        if words(&old) != words(&new) {
            wrong.push(format!(
                "{} is old, type `.ci/regenerate`; it should say\n{}",
                picture.file,
                words(&new)
            ));
        }
    }
    sandbox.fleet(&["stop", "--all"]).succeeded();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
