//! Git's configuration, read as text: libgit2 would open what it includes, wherever that is.

use std::path::{Path, PathBuf};

use crate::names::plain_path;

use super::super::config_text::ConfigText;
use super::Searcher;
use super::marks::{is_named_after, is_the_word, words};
use super::read;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) subsection: String,
    /// Empty for the section's own line.
    pub(super) key: String,
    pub(super) value: String,
}

/// How many files may include each other.
const DEEPEST: usize = 10;

/// Where a configuration is.
pub(super) struct Site<'a> {
    /// Nothing outside of these is read: the work tree and the git directories.
    pub(super) within: &'a [PathBuf],
    pub(super) work_tree: Option<&'a Path>,
}

/// Looks over a configuration and what it includes inside the repository; returns the places of hooks that it names.
pub(super) fn search(
    searcher: &mut Searcher<'_>,
    place: &str,
    file: &Path,
    site: &Site<'_>,
    depth: usize,
) -> Vec<PathBuf> {
    let text = match read::text(file) {
        Ok(text) => text,
        Err(error) => {
            searcher.unread(place, error.to_string());
            return Vec::new();
        }
    };
    searcher.lines(place, &text);
    let mut hooks = Vec::new();
    for setting in settings(&text) {
        look(searcher, place, &setting, file, site);
        let value = read::path(setting.value.as_bytes());
        match (setting.section.as_str(), setting.key.as_str()) {
            ("include" | "includeif", "path") if depth < DEEPEST => {
                let from = file.parent().unwrap_or(file);
                let included = plain_path(&from.join(value));
                if is_within(site, &included) && included.symlink_metadata().is_ok() {
                    let place = format!("{place} includes {}", setting.value);
                    let more = search(searcher, &place, &included, site, depth + 1);
                    hooks.extend(more);
                }
            }
            ("core", "hookspath") => {
                let from = site.work_tree.unwrap_or(file.parent().unwrap_or(file));
                let place = plain_path(&from.join(value));
                if is_within(site, &place) {
                    hooks.push(place);
                }
            }
            _ => {}
        }
    }
    hooks
}

fn is_within(site: &Site<'_>, path: &Path) -> bool {
    site.within.iter().any(|top| path.starts_with(top))
}

/// Looks over one setting, which [`Searcher::lines`] has seen as text.
fn look(searcher: &mut Searcher<'_>, place: &str, setting: &Setting, file: &Path, site: &Site<'_>) {
    let name = setting.name();
    let place = format!("{place}: {name}");
    searcher.found.looked.settings += u64::from(!setting.key.is_empty());
    let text = format!("{name} = {}", setting.value);
    let text = text.as_bytes();
    let names_a_thing = matches!(setting.section.as_str(), "remote" | "branch");
    if is_named_after(setting.section.as_bytes()) || is_named_after(setting.key.as_bytes()) {
        let why = "a setting of git's that is named after the program";
        return searcher.trace(place, text, why);
    }
    if names_a_thing && is_the_word(setting.subsection.as_bytes()) {
        let why = "a remote or branch that is named after the program";
        return searcher.trace(place, text, why);
    }
    if let Some(hit) = searcher.marks.spoken(setting.value.as_bytes()) {
        return searcher.trace(place, text, hit.why);
    }
    if setting.value.contains("../")
        && let Some(from) = setting.is_relative_to(file, site)
    {
        searcher.leads_to(&place, from, setting.value.as_bytes());
    }
    // A quoted value is another text than its line.
    searcher.text(&place, setting.value.as_bytes());
    let without_paths = searcher.without_places(text);
    if words(&without_paths).next().is_some() {
        searcher.mention(place, text, "the configuration says the word");
    }
}

impl Setting {
    /// Returns where a relative path in it begins; `None` where that is not on this machine.
    fn is_relative_to<'a>(&self, file: &'a Path, site: &Site<'a>) -> Option<&'a Path> {
        match (self.section.as_str(), self.key.as_str()) {
            ("include" | "includeif", _) | ("core", "worktree") => file.parent(),
            // Relative to where the project itself was cloned from.
            ("submodule", _) => None,
            _ => site.work_tree,
        }
    }

    fn name(&self) -> String {
        let parts = [&self.section, &self.subsection, &self.key];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

/// Reads all settings of a text, and a section's own line as one without a key. What is no configuration is passed over:
/// as a text it has been looked at.
pub(super) fn settings(text: &[u8]) -> Vec<Setting> {
    let text = ConfigText::parse_despite_mistakes(text);
    let shown = |bytes: &Option<Vec<u8>>| bytes.as_deref().map_or_else(String::new, read::shown);
    let entries = text.entries().iter().map(|entry| Setting {
        section: entry.section.clone(),
        subsection: shown(&entry.subsection),
        key: entry.key.clone(),
        value: shown(&entry.value),
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let settings = settings(text.as_bytes());
        let shown = settings.iter().filter(|it| !it.key.is_empty());
        shown
            .map(|it| format!("{}={}", it.name(), it.value))
            .collect()
    }

    #[test]
    fn settings_are_read_as_git_reads_them() {
        let text = "[core]\n\tbare = false ; no\n[Remote \"a \\\"b\\\" ]c\"] url = \"/x y\\\\z\" # why\n\
                    [old.Style]\nflag\n[alias]\n  long = one \\\ntwo\n# fleet = no\n[broken\nkey = kept\n";
        assert_eq!(
            read(text),
            [
                "core.bare=false",
                "remote.a \"b\" ]c.url=/x y\\z",
                "old.style.flag=",
                "alias.long=one two",
                "alias.key=kept"
            ]
        );
    }

    #[test]
    fn noise_is_passed_over() {
        for text in [
            "[", "[\"", "[a \"b", "[a \"b\\", "=", "\\", "[a]b\\", "\0\x1b[",
        ] {
            settings(text.as_bytes());
        }
    }
}
