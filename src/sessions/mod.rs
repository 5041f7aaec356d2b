//! Terminals: tmux servers, their sessions and windows.
//!
//! Only this folder talks to tmux, always on a socket that the caller names, always with a deadline, and never through
//! a name that tmux could read as a prefix.

mod address;
mod answers;
mod limits;
mod listener;
mod panes;
mod recorder;
mod scope;
mod tmux;
mod version;
mod words;

pub(crate) use address::{of_environment, socket_directory};
pub(crate) use panes::{Pane, Panes};
pub(crate) use recorder::{Piped, Recorder};
pub(crate) use scope::{Home, Served};
pub(crate) use tmux::{
    NewSession, NewWindow, Tmux, alternate_of_own, capture_of_own, raise_file_limit,
};
