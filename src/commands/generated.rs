//! What is generated from the types: schemas, completions, manual pages.

use std::io::{ErrorKind, IsTerminal as _};
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::manual::{self, Page};
use super::paths::absolute;
use crate::cli::{self, Completions, Man, Schema, Schematic};
use crate::completing;
use crate::error::usage;
use crate::files::{self, Durability};
use crate::names::nearest;
use crate::registry;
use crate::status::Report;
use crate::ui::{Ui, count};

/// Prints a JSON schema.
pub(crate) fn schema(wanted: &Schema, ui: &Ui) -> anyhow::Result<()> {
    match wanted.of {
        Schematic::Registry => super::print_json(&registry::schema(), ui),
        Schematic::Status => super::print_json(&Report::json_schema(), ui),
    }
}

/// Prints what a shell reads at its start.
pub(crate) fn completions(wanted: &Completions, ui: &Ui) {
    ui.result(completing::script(wanted.shell, "fleet").trim_end());
}

/// Shows a page of the manual, prints it for other programs, or writes all of them. `agents` is the other program's
/// command line.
pub(crate) fn man(wanted: &Man, agents: clap::Command, ui: &Ui) -> anyhow::Result<()> {
    let version = format!("fleet {}", env!("CARGO_PKG_VERSION"));
    let mut pages = manual::pages(cli::command(), &version, &["agents"])?;
    pages.extend(manual::pages(agents, &version, &["fleet"])?);
    if let Some(directory) = &wanted.dir {
        return write(&pages, &absolute(directory)?, ui);
    }
    let page = page(&pages, &wanted.page)?;
    if std::io::stdout().is_terminal() {
        return show(page, ui);
    }
    ui.result(page.roff.trim_end());
    Ok(())
}

/// Finds a page: of a command of `fleet`, or of `agents` where that word comes first.
fn page<'p>(pages: &'p [Page], words: &[String]) -> anyhow::Result<&'p Page> {
    let typed = words.join("-");
    let of_fleet = ["fleet", &typed].join("-");
    let name = match typed.as_str() {
        "" => "fleet",
        _ if pages.iter().any(|page| page.name == typed) => &typed,
        _ => &of_fleet,
    };
    let found = pages.iter().find(|page| page.name == name);
    Ok(found.ok_or_else(|| {
        let fault = usage(format!("there is no page `{name}`"));
        match nearest(name, pages.iter().map(|page| &*page.name)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint("`fleet --help` shows the commands"),
        }
    })?)
}

fn write(pages: &[Page], directory: &Path, ui: &Ui) -> anyhow::Result<()> {
    let cannot = || format!("cannot make `{}`", directory.display());
    std::fs::create_dir_all(directory).with_context(cannot)?;
    for page in pages {
        let path = directory.join(format!("{}.1", page.name));
        files::replace(&path, page.roff.as_bytes(), 0o644, Durability::Cached)?;
    }
    let written = count(pages.len(), "page");
    ui.status(format!("wrote {written} into {}", directory.display()));
    Ok(())
}

/// Shows a page as `man` shows all others; as plain text where there is no `man`.
fn show(page: &Page, ui: &Ui) -> anyhow::Result<()> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let file = directory.path().join(format!("{}.1", page.name));
    std::fs::write(&file, &page.roff)
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    match Command::new("man").arg("-l").arg(&file).status() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ui.result(page.plain.trim_end());
            Ok(())
        }
        Err(error) => Err(error).context("cannot run `man`"),
    }
}
