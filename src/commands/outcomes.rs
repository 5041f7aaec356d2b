//! How it went with each of several projects, and the exit code of all of them.

use crate::error::Exit;
use crate::fleet::Fleet;
use crate::names::Name;
use crate::operations::{Command, Outcome};
use crate::ui::Ui;

/// Tells the trail what a command did to `names`, and the user how it went; returns the exit code. A dry run did nothing,
/// and has the exit code that the command would have.
pub(super) fn conclude(
    fleet: &Fleet,
    command: &Command,
    names: &[Name],
    is_dry: bool,
    done: anyhow::Result<Vec<Outcome>>,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    if !is_dry {
        command.record(fleet, names, &done, ui);
    }
    let outcomes = done?;
    // A dry run has outcomes of those only that it would leave: the others would be done.
    let would_do = is_dry && !outcomes.is_empty() && outcomes.len() < names.len();
    let exit = finish(outcomes, ui);
    Ok(match would_do {
        true => common(&[Exit::Done, exit]),
        false => exit,
    })
}

/// Says how it went, project by project, and returns the exit code: the common one, or "mixed".
pub(super) fn finish(outcomes: Vec<Outcome>, ui: &Ui) -> Exit {
    let mut codes = Vec::new();
    for outcome in outcomes {
        match outcome.result {
            Ok(done) => {
                ui.status(done);
                codes.push(Exit::Done);
            }
            Err(error) => codes.push(ui.fail(&error)),
        }
    }
    ui.end_progress();
    common(&codes)
}

/// Returns the exit code that stands for several.
pub(super) fn common(codes: &[Exit]) -> Exit {
    match codes {
        [] => Exit::Done,
        [first, rest @ ..] if rest.iter().all(|code| code == first) => *first,
        _ if codes.contains(&Exit::Done) => Exit::Mixed,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_stands_for_all_where_they_agree() {
        use Exit::{Done, Failed, Mixed, Refused};
        assert_eq!(common(&[]), Done);
        assert_eq!(common(&[Refused, Refused]), Refused);
        assert_eq!(common(&[Done, Refused]), Mixed);
        assert_eq!(common(&[Failed, Refused]), Failed);
    }
}
