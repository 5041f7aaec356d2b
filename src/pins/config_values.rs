//! The text of a git configuration, read as it stands: no file that it includes, no variable of the environment.
//!
//! `.gitmodules` comes from strangers, and git itself follows no `include` in it; libgit2 would.

use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use super::layout::read_if_there;

/// More than this no person writes: what is longer is not read.
const LONGEST: usize = 1 << 20;

/// The values of a configuration, in their order.
#[derive(Debug, Default)]
pub(super) struct ConfigValues(Vec<(String, String)>);

impl ConfigValues {
    /// Reads a file; one that is not there says nothing. Never waits.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let bytes = read_if_there(path)?.unwrap_or_default();
        if bytes.len() > LONGEST {
            return Err(format!("`{}` is too long to be read", path.display()));
        }
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Reads a text up to its end, or to what git would call a mistake.
    fn parse(text: &str) -> Self {
        let mut found = Vec::new();
        let mut section = String::new();
        let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
        loop {
            rest_of_blank(&mut rest);
            match rest.peek() {
                None => break,
                Some('#' | ';') => rest.by_ref().take_while(|c| *c != '\n').for_each(drop),
                Some('[') => match section_of(&mut rest) {
                    Some(name) => section = name,
                    None => break,
                },
                Some(_) => match entry_of(&mut rest) {
                    Some((key, value)) => found.push((format!("{section}.{key}"), value)),
                    None => break,
                },
            }
        }
        Self(found)
    }

    /// Returns the last value of a key, as git does: `section.name` or `section.SUBSECTION.name`, small letters but for
    /// the subsection.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let mut all = self.0.iter().rev();
        all.find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the subsections with a key, each once, in their order; with the key's value there.
    pub(super) fn subsections(&self, section: &str, key: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for (known, value) in &self.0 {
            let name = known
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.'))
                .and_then(|rest| rest.strip_suffix(key))
                .and_then(|rest| rest.strip_suffix('.'));
            let Some(name) = name else { continue };
            match found.iter_mut().find(|(other, _)| *other == name) {
                Some(earlier) => earlier.1 = value,
                None => found.push((name, value)),
            }
        }
        found
    }
}

fn rest_of_blank(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

/// Reads `[section]`, `[section "SUBSECTION"]` or the old `[section.subsection]`.
fn section_of(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'[')?;
    let mut name = String::new();
    loop {
        match rest.next()? {
            ']' => return Some(name),
            c if c.is_ascii_alphanumeric() || c == '-' || c == '.' => {
                name.push(c.to_ascii_lowercase());
            }
            ' ' | '\t' => break,
            _ => return None,
        }
    }
    while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    rest.next_if_eq(&'"')?;
    name.push('.');
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => name.push(rest.next()?),
            '\n' => return None,
            c => name.push(c),
        }
    }
    rest.next_if_eq(&']')?;
    Some(name)
}

/// Reads `key = value`, or a `key` alone, which is true.
fn entry_of(rest: &mut Peekable<Chars<'_>>) -> Option<(String, String)> {
    let mut key = String::new();
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '-') {
        key.push(c.to_ascii_lowercase());
    }
    while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_key {
        return None;
    }
    match rest.peek() {
        Some('=') => rest.next(),
        None | Some('\n' | '\r' | '#' | ';') => return Some((key, "true".to_owned())),
        Some(_) => return None,
    };
    value_of(rest).map(|value| (key, value))
}

fn value_of(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let (mut value, mut kept, mut is_quoted) = (String::new(), 0, false);
    while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    while let Some(c) = rest.next() {
        match c {
            '\n' if is_quoted => return None,
            '\n' => break,
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => {
                rest.by_ref().take_while(|c| *c != '\n').for_each(drop);
                break;
            }
            '\\' => match rest.next()? {
                '\n' => continue,
                '\r' => {
                    rest.next_if_eq(&'\n')?;
                    continue;
                }
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'b' => value.push('\u{8}'),
                c @ ('"' | '\\') => value.push(c),
                _ => return None,
            },
            c => value.push(c),
        }
        // Blanks at the end do not count, unless they are quoted.
        if is_quoted || !c.is_whitespace() {
            kept = value.len();
        }
    }
    value.truncate(kept);
    (!is_quoted).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_git_says_they_are() {
        let text = "\u{feff}# a comment\n[submodule \"a \\\"b\\\\\"]\n\tPath = engine ; why\n\turl = \"../x;y\" \\\n  z  \n\
                    [core]\n\tbare\n[Remote.Origin]\r\n\turl = one\r\n url = two\n";
        let config = ConfigValues::parse(text);
        assert_eq!(config.get("submodule.a \"b\\.path"), Some("engine"));
        assert_eq!(config.get("submodule.a \"b\\.url"), Some("../x;y   z"));
        assert_eq!(config.get("core.bare"), Some("true"));
        assert_eq!(config.get("remote.origin.url"), Some("two"));
        assert_eq!(
            config.subsections("submodule", "path"),
            [("a \"b\\", "engine")]
        );
        assert_eq!(config.subsections("remote", "url"), [("origin", "two")]);
    }

    #[test]
    fn what_follows_a_mistake_is_not_read() {
        for broken in ["[a", "[a \"b", "[a]\n= x\n", "[a]\nb = \"c\n", "[a]\n\\"] {
            assert!(ConfigValues::parse(broken).0.is_empty(), "{broken}");
        }
        let config = ConfigValues::parse("[a]\nb = 1\n[c");
        assert_eq!(config.get("a.b"), Some("1"));
    }
}
