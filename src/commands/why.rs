//! `fleet why`.

use super::records::print_json;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::status;
use crate::ui::Ui;

/// Prints why a project is as it is.
pub(crate) fn why(fleet: &Fleet, name: &Name, as_json: bool, ui: &Ui) -> anyhow::Result<()> {
    ui.waiting(format!("looking at `{name}`"));
    let why = status::why(fleet, name)?;
    if as_json {
        return print_json(&why, ui);
    }
    ui.result(status::sheet(&why));
    Ok(())
}
