//! What the verbs share or only look at: which projects are meant, records, terminals, and how it went.

mod boot;
mod outcomes;
mod records;
mod select;
mod terminals;

pub(crate) use boot::boot;
pub(crate) use outcomes::finish;
pub(crate) use records::{get, list, print_json, set_enabled, validate};
pub(crate) use select::{chosen, say_none_is_chosen, split_update};
pub(crate) use terminals::{attach, logs, send};
