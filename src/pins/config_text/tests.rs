use std::fs;

use super::*;
use crate::pins::fixture::git;

const TEXTS: [&str; 9] = [
    "[submodule \"engine\"]\n\tpath = engine\n\turl = /old\n",
    "# top\r\n[Submodule \"engine\"]\r\n  PATH=engine ; c\r\n  Url\t=  \"/o\\\"ld\" # here\r\n[other]\r\n\tx\r\n",
    "\u{feff}[submodule.engine]path=engine\nurl=/a\\\nb # c\n",
    "[submodule \"engine\"] url = \"a \" b \t; c\n\n",
    "[submodule \"engine\"]\nurl = /last",
    "[submodule \"engine\"]\n  url =\n[a]\nb = \"#\"\n",
    "[submodule \"engine\"]\nbool\nurl = a\\tb\\\\c \"d ; e\"\n",
    "[remote \"origin\"]\n\turl = /x\n[submodule \"engine\"]\n\tignore = all\n\turl = a#b\n",
    "[submodule \"a \\\"b\\\\\"]\nurl = z\n[submodule \"engine\"]\nurl = ./y",
];

fn asked(directory: &std::path::Path, key: &str) -> String {
    git(directory, &["config", "-f", "file", "--get", key])
}

#[test]
fn a_value_is_read_as_git_reads_it_and_changed_alone() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    for text in TEXTS {
        fs::write(place.join("file"), text).unwrap();
        let read = ConfigText::parse(text.as_bytes()).unwrap();
        let entry = read.all("submodule", "engine", "url")[0];
        let value = String::from_utf8(entry.value.clone().unwrap()).unwrap();
        assert_eq!(asked(place, "submodule.engine.url"), value + "\n", "{text}");
        let others = git(place, &["config", "-f", "file", "--list"]);
        for new in ["/new", "https://example.org/x y;z#\"q\\.git"] {
            let changed = read.with_value(entry, new);
            fs::write(place.join("file"), &changed).unwrap();
            assert_eq!(
                asked(place, "submodule.engine.url"),
                format!("{new}\n"),
                "{text}"
            );
            let differing = |list: &str| -> Vec<String> {
                let lines = list.lines().map(str::to_owned);
                lines
                    .filter(|it| !it.starts_with("submodule.engine.url="))
                    .collect()
            };
            let now = git(place, &["config", "-f", "file", "--list"]);
            assert_eq!(differing(&now), differing(&others), "{text}");
            let (front, back) = (&text[..entry.place.start], &text[entry.place.end..]);
            assert!(changed.starts_with(front.as_bytes()) && changed.ends_with(back.as_bytes()));
        }
    }
}

#[test]
fn what_git_does_not_read_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    for (text, line) in [
        ("[a]\nb = \"c\n", 2),
        ("[a\n", 1),
        ("[a]\n\nb c\n", 3),
        ("[a \"b]\n", 1),
        ("[a]\nb = \\x\n", 2),
        ("[a]\n?\n", 2),
    ] {
        fs::write(directory.path().join("file"), text).unwrap();
        let listed = std::process::Command::new("git")
            .args(["config", "-f", "file", "--list"])
            .current_dir(directory.path())
            .output();
        assert!(!listed.unwrap().status.success(), "{text}");
        let near = ConfigText::parse(text.as_bytes()).unwrap_err();
        assert!(near == line || near == line + 1, "{text}: {near}");
    }
}

/// Texts that are broken in odd places: never a panic, and no edit that touches another value.
#[test]
fn noise_is_refused_or_changed_in_one_place() {
    const BITS: [&[u8]; 16] = [
        b"[",
        b"]",
        b"\"",
        b"\\",
        b"\n",
        b"\r\n",
        b"=",
        b"#",
        b";",
        b" ",
        b"\t",
        b"url",
        b"\xff",
        b"\0",
        b"[submodule \"engine\"]",
        b"\xef\xbb\xbf",
    ];
    let mut seed = 0x5eed_u64;
    let mut below = |limit: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % limit.max(1) as u64).unwrap()
    };
    let mut changed = 0;
    for _ in 0..20_000 {
        let mut text = TEXTS[below(TEXTS.len())].as_bytes().to_vec();
        for _ in 0..=below(3) {
            let at = below(text.len());
            let end = (at + below(6)).min(text.len());
            text.splice(at..end, BITS[below(BITS.len())].iter().copied());
        }
        let Ok(read) = ConfigText::parse(&text) else {
            continue;
        };
        let found = read.all("submodule", "engine", "url");
        let Some(entry) = found.iter().find(|entry| entry.value.is_some()) else {
            continue;
        };
        let new = read.with_value(entry, "/new place");
        let again = ConfigText::parse(&new).unwrap();
        let others = |read: &ConfigText| -> Vec<_> {
            let all = read.entries.iter();
            all.map(|it| {
                (
                    it.section.clone(),
                    it.subsection.clone(),
                    it.key.clone(),
                    it.value.clone(),
                )
            })
            .collect()
        };
        let place = read.entries.iter().position(|it| it == *entry).unwrap();
        let mut expected = others(&read);
        expected[place].3 = Some(b"/new place".to_vec());
        assert_eq!(others(&again), expected, "{}", text.escape_ascii());
        changed += 1;
    }
    assert!(changed > 2000, "{changed}");
}

#[test]
fn values_are_what_git_says_they_are() {
    let text = "\u{feff}# a comment\n[submodule \"a \\\"b\\\\\"]\n\tPath = engine ; why\n\turl = \"../x;y\" \\\n  z  \n\
                [core]\n\tbare\n[Remote.Origin]\r\n\turl = one\r\n url = two\n";
    let config = ConfigText::parse_until_mistake(text.as_bytes());
    let said = |key: &str| config.get(key).unwrap();
    assert_eq!(said("submodule.a \"b\\.path"), "engine");
    assert_eq!(said("submodule.a \"b\\.url"), "../x;y   z");
    assert_eq!(said("core.bare"), "true");
    assert_eq!(said("remote.origin.url"), "two");
    assert_eq!(
        config.subsections("submodule", "path"),
        [("a \"b\\".into(), "engine".into())]
    );
    assert_eq!(
        config.subsections("remote", "url"),
        [("origin".into(), "two".into())]
    );
}

#[test]
fn what_follows_a_mistake_is_not_read_unless_it_is_to_be() {
    let keys = |config: &ConfigText| -> Vec<String> {
        let entries = config.entries().iter().filter(|it| !it.key.is_empty());
        entries
            .map(|it| format!("{}.{}", it.section, it.key))
            .collect()
    };
    for broken in ["[a", "[a \"b", "[a]\n= x\n", "[a]\nb = \"c\n", "[a]\n\\"] {
        let config = ConfigText::parse_until_mistake(broken.as_bytes());
        assert_eq!(keys(&config), [] as [&str; 0], "{broken}");
    }
    let text = b"[a]\nb = 1\n[c\nd = \"\n= 3\n[e]f = 2\n";
    let config = ConfigText::parse_until_mistake(text);
    assert_eq!(config.get("a.b").unwrap(), "1");
    assert_eq!(keys(&config), ["a.b"]);
    let config = ConfigText::parse_despite_mistakes(text);
    assert_eq!(keys(&config), ["a.b", "e.f"]);
}
