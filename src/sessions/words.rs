//! How words are written so that tmux takes them for what they are.

use std::path::Path;

use anyhow::Context as _;

/// Names a session so that tmux takes no other for it: a bare name would match as a prefix. Ids are exact already.
pub(super) fn exactly(session: &str) -> String {
    if session.starts_with('$') {
        session.to_owned()
    } else {
        format!("={session}")
    }
}

/// Writes a path so that tmux, which expands formats in it, gives it back as it is.
pub(super) fn literal(path: &Path) -> anyhow::Result<String> {
    let text = path
        .to_str()
        .with_context(|| format!("tmux needs UTF-8, which `{}` is not", path.display()))?;
    Ok(text.replace('#', "##"))
}

/// Escapes one word for the command line of the tmux program, where a last `;` ends a command.
pub(super) fn word_of_call(word: &str) -> String {
    word.strip_suffix(';')
        .map_or_else(|| word.to_owned(), |rest| format!("{rest}\\;"))
}

/// Writes the words of one call as a line of a script, every word in double quotes.
pub(super) fn script_line<W: AsRef<str>>(words: &[W]) -> String {
    let mut line = String::new();
    for word in words {
        line.push('"');
        for c in word.as_ref().chars() {
            match c {
                '"' | '\\' | '$' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                c => line.push(c),
            }
        }
        line.push_str("\" ");
    }
    line.push('\n');
    line
}
