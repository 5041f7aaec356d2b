//! `fleet why`.

use super::records::print_json;
use crate::cli;
use crate::fleet::Fleet;
use crate::status;
use crate::ui::Ui;

/// Prints why the projects that are meant are as they are, one after the other.
///
/// JSON is one object where one project is named, and an array where several could be meant: its shape does not hang on how
/// many there are.
pub(crate) fn why(fleet: &Fleet, wanted: &cli::Why, ui: &Ui) -> anyhow::Result<()> {
    let projects = super::chosen(fleet, &wanted.names, &wanted.selector)?;
    let mut answers = Vec::new();
    for project in projects {
        ui.waiting(format!("looking at `{}`", project.name));
        answers.push(status::why(fleet, &project.name)?);
    }
    if wanted.json {
        return match &answers[..] {
            [only] if wanted.names.len() == 1 && !wanted.selector.is_given() => {
                print_json(only, ui)
            }
            _ => print_json(&answers, ui),
        };
    }
    if answers.is_empty() {
        super::say_none_is_chosen(fleet, &wanted.selector.registered, ui);
    }
    for (number, why) in answers.iter().enumerate() {
        if number > 0 {
            ui.result("");
        }
        ui.result(status::sheet(why));
    }
    Ok(())
}
