//! What the verbs share or only look at: which projects are meant, records, terminals, and how it went.

mod adopt;
mod audit;
mod boot;
mod generated;
mod harness;
mod history;
mod moved;
mod outcomes;
mod paths;
mod plan;
mod records;
mod remove;
mod rollout;
mod select;
mod status;
mod terminals;
mod update;
mod why;

pub(crate) use adopt::adopt;
pub(crate) use audit::audit;
pub(crate) use boot::boot;
pub(crate) use generated::{completions, man, schema};
pub(crate) use harness::harness;
pub(crate) use history::{history, told};
pub(crate) use outcomes::conclude;
pub(crate) use paths::absolute;
pub(crate) use plan::{apply, plan};
pub(crate) use records::{get, list, print_json, set_enabled, validate};
pub(crate) use remove::remove;
pub(crate) use select::{chosen, chosen_names, registered, say_none_is_chosen, stoppable};
pub(crate) use status::status;
pub(crate) use terminals::{attach, logs, send};
pub(crate) use update::{rollback, update};
pub(crate) use why::why;
