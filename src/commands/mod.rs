//! What the verbs share or only look at: which projects are meant, records, terminals, and how it went.

mod boot;
mod history;
mod outcomes;
mod records;
mod select;
mod terminals;
mod why;

pub(crate) use boot::boot;
pub(crate) use history::history;
pub(crate) use outcomes::conclude;
pub(crate) use records::{get, list, print_json, set_enabled, validate};
pub(crate) use select::{chosen, say_none_is_chosen, split_update};
pub(crate) use terminals::{attach, logs, send};
pub(crate) use why::why;
