//! What a harness finds in its environment: what the operator had at `start`, by an allow-list, and the registry's own.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::error::{Advise as _, refused, usage};
use crate::files;
use crate::registry::Project;

/// Variables that are handed on. Secrets are not among them: those belong in an `env_file`.
const KEPT: [&str; 27] = [
    "COLORTERM",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NO_COLOR",
    "NO_PROXY",
    "PATH",
    "SHELL",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "TMUX_TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Families of variables that are handed on.
const KEPT_PREFIXES: [&str; 2] = ["LC_", "NIX_"];

/// An environment.
pub(super) type Environment = BTreeMap<String, String>;

/// Records what is handed on of this process's environment. The directory of this program is on its PATH, last: the
/// other programs that come with it are there.
pub(super) fn record() -> Environment {
    let mut recorded =
        kept(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
    if let Some(own) = std::env::current_exe()
        .ok()
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::to_str)
    {
        let path = recorded.entry("PATH".to_owned()).or_default();
        if !path.split(':').any(|directory| directory == own) {
            path.push(':');
            path.push_str(own);
        }
    }
    recorded
}

/// Keeps of an environment what is handed on.
pub(super) fn kept(variables: impl IntoIterator<Item = (String, String)>) -> Environment {
    let is_kept = |name: &str| {
        KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    variables
        .into_iter()
        .filter(|(name, _)| is_kept(name))
        .collect()
}

/// Puts a project's own variables over recorded ones: the registry's `env`, then its `env_file`.
pub(super) fn of_project(recorded: Environment, project: &Project) -> anyhow::Result<Environment> {
    let mut environment = recorded;
    environment.extend(project.env.clone());
    if let Some(path) = &project.env_file {
        environment.extend(read_file(path)?);
    }
    Ok(environment)
}

/// Fails where a project could not be given what its env_file says.
pub(crate) fn check_env_file(path: &Path) -> anyhow::Result<()> {
    read_file(path).map(drop)
}

fn read_file(path: &Path) -> anyhow::Result<Environment> {
    let context = || format!("cannot read the env_file `{}`", path.display());
    let mode = std::fs::metadata(path)
        .with_context(context)
        .hint(|| "write it, or correct `env_file` in fleet.toml".to_owned())?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(
            refused(format!("others may read the env_file `{}`", path.display()))
                .hint(format!("`chmod 600 {}`", path.display()))
                .into(),
        );
    }
    let text = files::open_plain(path, OpenOptions::new().read(true))
        .and_then(io::read_to_string)
        .with_context(context)?;
    parse(&text).map_err(|line| {
        usage(format!(
            "line {line} of the env_file `{}` is not NAME=VALUE",
            path.display()
        ))
        .into()
    })
}

/// Reads lines of `NAME=VALUE`; blank lines and those that begin with `#` say nothing. Fails with a line's number.
fn parse(text: &str) -> Result<Environment, usize> {
    let mut environment = Environment::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .strip_prefix("export ")
            .unwrap_or(line)
            .split_once('=')
            .ok_or(place + 1)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(is_name)
        {
            return Err(place + 1);
        }
        let quoted = ['"', '\'']
            .iter()
            .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        environment.insert(name.to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_is_lines_of_name_and_value() {
        let read = parse("# a comment\nA=1\n\nexport B=\"two words\"\nC='x=y'\nD=\n").unwrap();
        let expected = [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "")];
        assert_eq!(
            read,
            expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
        assert_eq!(parse("A=1\nnonsense\n"), Err(2));
        assert_eq!(parse("1A=1\n"), Err(1));
        assert_eq!(parse("=1\n"), Err(1));
    }

    #[test]
    fn what_is_not_on_the_list_is_not_handed_on() {
        let given = [
            ("PATH", "/bin"),
            ("SECRET", "x"),
            ("LC_ALL", "C"),
            ("TMUX", "y"),
        ];
        let kept = kept(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["LC_ALL", "PATH"]);
    }
}
