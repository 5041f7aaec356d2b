//! A version reaches many projects wave by wave: each wave is moved, restarted, and judged before the next one begins. A
//! wave that fails goes back to where it was, and the roll-out ends there. Every step is on disk before it is made, so
//! that whoever is cut off can be gone on with, or taken back.

mod back_out;
mod begin;
mod brake;
mod carrier;
mod judge;
mod moving;
mod own;
mod resume;
mod soak;
mod wave;
mod waves;

pub(crate) use begin::{Wanted, roll_out};
pub(crate) use carrier::How;
pub(crate) use resume::{back_out, resume};
