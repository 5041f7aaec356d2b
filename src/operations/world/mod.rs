//! `fleet plan` and `fleet apply`: fleet.toml and the operator's wishes against the world.
//!
//! What is true is read by [`facts`]; what follows from it is a pure function, [`diff`]; what can be done is done by the
//! operations that the verbs are, in `apply.rs`. Nothing is ever started that nobody has asked to start.

mod apply;
mod diff;
mod facts;
mod plan;

pub(crate) use apply::{Asked, apply};
pub(crate) use plan::WorldPlan;
