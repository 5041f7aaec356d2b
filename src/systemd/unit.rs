//! The text of a service's unit, as systemd.syntax(7) and systemd.service(5) demand it.

use std::fmt::Write as _;

/// A service that runs one program and keeps it running.
#[derive(Clone, Debug)]
pub(crate) struct ServiceUnit {
    /// What it is, for people.
    pub(crate) description: String,
    /// The program, for which [`is_program_path`] holds, and its arguments.
    pub(crate) argv: Vec<String>,
    /// Variables for it.
    pub(crate) environment: Vec<(String, String)>,
}

/// Tells whether systemd would run a program at this path: it must be absolute, and allows neither quotes nor backslashes
/// nor control characters in it, however they are written.
pub(crate) fn is_program_path(path: &str) -> bool {
    let is_odd = |c: char| matches!(c, '"' | '\'' | '\\') || c.is_control();
    path.starts_with('/') && !path.contains(is_odd)
}

impl ServiceUnit {
    /// Writes the unit's file.
    ///
    /// Ending the program ends nothing that it has started, nor does the kernel's killing something for want of memory.
    /// What the program refuses (3) or cannot read (2) it would refuse again: it is not started again for that.
    pub(crate) fn text(&self) -> String {
        let mut words = self.argv.iter();
        let program = words.next().map_or_else(String::new, |word| quoted(word));
        let command = words.fold(program, |line, word| {
            // In arguments, a dollar sign begins a variable.
            line + " " + &quoted(word).replace('$', "$$")
        });
        let mut text = format!(
            "[Unit]\nDescription={}\n\n[Service]\nType=exec\nExecStart={command}\n",
            self.description.replace('%', "%%"),
        );
        for (name, value) in &self.environment {
            let setting = quoted(&format!("{name}={value}"));
            writeln!(text, "Environment={setting}").expect("a String takes any text");
        }
        text.push_str(
            "Restart=on-failure\nRestartSec=5s\nRestartPreventExitStatus=2 3\nKillMode=process\nOOMPolicy=continue\n\n\
             [Install]\nWantedBy=default.target\n",
        );
        text
    }
}

/// Writes a word so that systemd reads it as it is: in quotes, C-like escapes inside, and no specifiers.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' => text.push_str("%%"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if c.is_ascii_control() => {
                write!(text, "\\x{:02x}", u32::from(c)).expect("a String takes any text");
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one line's value back by the rules of systemd.syntax(7): specifiers first, then quotes and escapes, then
    /// variables, in every word but the first.
    fn read_back(value: &str, has_variables: bool) -> Vec<String> {
        let mut words = Vec::new();
        let mut chars = value.chars().peekable();
        while chars.peek().is_some() {
            assert_eq!(
                chars.next(),
                Some('"'),
                "a word without quotes in {value:?}"
            );
            let mut word = String::new();
            loop {
                match chars.next().expect("quotes are closed") {
                    '"' => break,
                    '\\' => match chars.next().expect("an escape has a character") {
                        'n' => word.push('\n'),
                        't' => word.push('\t'),
                        'x' => {
                            let digits: String = chars.by_ref().take(2).collect();
                            word.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                        }
                        c => {
                            assert!(matches!(c, '"' | '\\'), "\\{c}");
                            word.push(c);
                        }
                    },
                    '%' => {
                        assert_eq!(chars.next(), Some('%'), "a specifier in {value:?}");
                        word.push('%');
                    }
                    '$' if has_variables && !words.is_empty() => {
                        assert_eq!(chars.next(), Some('$'), "a variable in {value:?}");
                        word.push('$');
                    }
                    c => {
                        assert!(!c.is_ascii_control(), "{c:?} as it is in {value:?}");
                        word.push(c);
                    }
                }
            }
            words.push(word);
            assert!(matches!(chars.next(), None | Some(' ')), "{value:?}");
        }
        words
    }

    #[track_caller]
    fn case(directory: &str) {
        let argv = ["/opt/$x %d/fleet", "--fleet", directory, "watch"].map(str::to_owned);
        let unit = ServiceUnit {
            description: "d".to_owned(),
            argv: argv.to_vec(),
            environment: vec![("PATH".to_owned(), directory.to_owned())],
        };
        let text = unit.text();
        let value = |key: &str| {
            let mut found = text.lines().filter_map(|line| line.strip_prefix(key));
            let value = found.next().unwrap_or_else(|| panic!("no {key} in {text}"));
            assert_eq!(found.next(), None, "{text}");
            value
        };
        assert_eq!(read_back(value("ExecStart="), true), argv, "{text}");
        assert_eq!(
            read_back(value("Environment="), false),
            [format!("PATH={directory}")],
            "{text}"
        );
        assert_eq!(text.lines().count(), 15, "{text}");
    }

    #[test]
    fn hostile_names_are_read_back_as_they_are() {
        for directory in [
            "/plain",
            "/two words",
            "/a%h%%b",
            "/$HOME${HOME}$$",
            "/\"quoted\" 'too'",
            "/back\\slash\\",
            "/line\nExecStart=/bin/sh\n",
            "/\t\u{1}\u{7f}\r",
            "/# ; not a comment",
            "/ü🦀",
            "",
        ] {
            case(directory);
        }
        // Every text of a few hostile characters, in an order that is the same every time.
        let hostile: Vec<char> = "\"'\\%$ \n;#x{}@-+!:=\u{1}ü".chars().collect();
        let mut seed = 1_u64;
        for _ in 0..5000 {
            let mut text = String::from("/");
            for _ in 0..8 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(seed >> 33).expect("31 bits") % hostile.len();
                text.push(hostile[at]);
            }
            case(&text);
        }
    }

    #[test]
    fn only_a_plain_absolute_path_is_a_program() {
        assert!(is_program_path("/opt/two words/$x%/fleet"));
        for bad in [
            "fleet", "./fleet", "/a\"b", "/a'b", "/a\\b", "/a\nb", "/a\u{7f}", "",
        ] {
            assert!(!is_program_path(bad), "{bad:?}");
        }
    }
}
