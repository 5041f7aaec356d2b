//! The manual: one page for each command of both programs, made from their command lines.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// What the whole is called, in the middle of each page's first line.
const MANUAL: &str = "Fleet Manual";

/// One page.
pub(super) struct Page {
    /// What it is called: `fleet-harness-add`.
    pub(super) name: String,
    /// Its text, as troff reads it.
    pub(super) roff: String,
    /// The same for who has no `man`.
    pub(super) plain: String,
}

/// Returns the pages of a program: its own, then those of its commands.
pub(super) fn pages(program: Command, version: &str, others: &[&str]) -> anyhow::Result<Vec<Page>> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    add(&program, version, others, &mut pages)?;
    Ok(pages)
}

fn add(
    command: &Command,
    version: &str,
    see_also: &[&str],
    pages: &mut Vec<Page>,
) -> anyhow::Result<()> {
    let name = name_of(command);
    pages.push(Page {
        roff: page(command, version, see_also)?,
        plain: command.clone().render_long_help().to_string(),
        name: name.clone(),
    });
    let below = command.get_subcommands().filter(|one| !one.is_hide_set());
    for one in below {
        add(one, version, &[&name], pages)?;
    }
    Ok(())
}

fn name_of(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command, version: &str, see_also: &[&str]) -> io::Result<String> {
    let man = Man::new(command.clone());
    let name = name_of(command).to_uppercase();
    // Without a date: the same program has the same pages. Nothing is parted or stretched, so that commands stay whole.
    let mut text =
        format!(".TH \"{name}\" 1 \"\" \"{version}\" \"{MANUAL}\"\n.nh\n.ad l\n").into_bytes();
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_subcommands().any(|one| !one.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    sections(&after(command)).to_writer(&mut text)?;
    related(see_also).to_writer(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Writes how it is typed, in the words of its help.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (place, line) in usage.lines().map(str::trim).enumerate() {
        if place > 0 {
            roff.control("br", []);
        }
        match line.strip_prefix(name) {
            Some(rest) => roff.text([bold(name), roman(rest)]),
            None => roff.text([roman(line)]),
        };
    }
    roff
}

fn after(command: &Command) -> String {
    let after = command.get_after_long_help();
    let after = after.or_else(|| command.get_after_help());
    after.map(ToString::to_string).unwrap_or_default()
}

/// Writes what stands below a help: a line at the margin that ends in a colon is a title, what follows is kept as it is.
fn sections(after: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_open = false;
    for line in after.lines().filter(|line| !line.trim().is_empty()) {
        match line.strip_suffix(':') {
            Some(title) if !line.starts_with(' ') => {
                close(&mut roff, is_open);
                roff.control("SH", [title.to_uppercase().as_str()]);
                roff.control("nf", []);
                is_open = true;
            }
            Some(_) | None => {
                roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
        }
    }
    close(&mut roff, is_open);
    roff
}

fn close(roff: &mut Roff, is_open: bool) {
    if is_open {
        roff.control("fi", []);
    }
}

fn related(names: &[&str]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let mut words = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            words.push(roman(", "));
        }
        words.push(bold(*name));
        words.push(roman("(1)"));
    }
    roff.text(words);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_a_help_becomes_sections_of_its_own() {
        let text = sections("Examples:\n  fleet get demo\n\nExit codes:\n  0  done").to_roff();
        assert_eq!(
            text,
            ".SH EXAMPLES\n.nf\nfleet get demo\n.fi\n.SH \"EXIT CODES\"\n.nf\n0  done\n.fi\n"
        );
    }

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let inner = Command::new("inner").about("Inner");
        let program = Command::new("tool")
            .about("Tool")
            .subcommand(Command::new("outer").about("Outer").subcommand(inner))
            .subcommand(Command::new("_hidden").hide(true));
        let pages = pages(program, "tool 1", &["other"]).unwrap();
        let names: Vec<&str> = pages.iter().map(|page| &*page.name).collect();
        assert_eq!(names, ["tool", "tool-outer", "tool-outer-inner"]);
        assert!(pages[2].roff.contains("\\fBtool outer inner\\fR"));
    }
}
