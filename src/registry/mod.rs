//! fleet.toml: the record of which projects exist, read strictly and edited in place.
//!
//! Reading finds all problems at once, each with its line; editing changes the bytes of one value and no others.
//! Whoever wants to know what the file means starts at [`Registry`]; how it may be written is in `text.rs`.

mod change;
mod check;
mod cut;
mod edit;
mod load;
mod locate;
mod order;
mod origin;
mod places;
mod problem;
mod recover;
mod restart;
mod schema;
mod size;
mod splice;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod values;

pub(crate) use change::{NewHarness, NewProject};
pub(crate) use check::{ENGINE, STOP_GRACE};
pub(crate) use edit::Edit;
pub(crate) use load::{EMBEDDED, FILE, Harness, Project, Registry};
pub(crate) use problem::{Invalid, Problem};
pub(crate) use schema::{new_registry_text, schema};
pub(crate) use values::Watch;
