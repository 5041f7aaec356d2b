//! Errors of TOML itself, in words that name what is there.

use toml::de::Error;

use super::problem::{MOST, Problem};

/// Turns the parser's errors into problems, the first of each line.
pub(super) fn syntax(text: &str, errors: &[Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let problem = Problem::at(text, &span, message(text, error));
        // What follows an error on its own line is mostly its consequence.
        if problems.last().is_none_or(|last| last.line != problem.line) {
            problems.push(problem);
        }
        if problems.len() == MOST {
            break;
        }
    }
    problems
}

fn message(text: &str, error: &Error) -> String {
    let span = error.span().unwrap_or(0..0);
    match error.message() {
        "duplicate key" => {
            let key = text.get(span).unwrap_or_default();
            format!("`{}` is there twice", key.escape_debug())
        }
        unquoted if unquoted.starts_with("string values must be quoted") => {
            let rest = text.get(span.start..).unwrap_or_default();
            let rest = rest.trim_start_matches([' ', '\t', '\r']);
            if rest.is_empty() || rest.starts_with(['\n', '#']) {
                "there is no value".to_owned()
            } else {
                "a text needs quotes around it".to_owned()
            }
        }
        message => message.to_owned(),
    }
}
