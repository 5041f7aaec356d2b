//! Which version of its harness a project runs: mirrors, submodules, and the five facts. All of git is here.
//!
//! libgit2 does what is local; the `git` program does what reaches a remote, signs, or fills nested submodules.

mod build;
mod changes;
mod check;
mod clean;
mod commit;
mod dirty;
mod engine;
mod facts;
mod fill;
mod filters;
#[cfg(test)]
mod fixture;
mod folders;
mod git;
mod hostile;
mod identity;
mod index_file;
mod layout;
mod mirror;
mod mirror_refs;
mod nested;
mod project_index;
mod remembered;
mod repin;
mod repository;
mod restore;
mod settle;
mod swap;
mod traces;
mod untracked;
mod vendored;
mod versions;
mod word;

pub(crate) use build::{Built, NewFile, NewRepository, build};
pub(crate) use check::check;
pub(crate) use facts::{Depth, Facts, is_lost, read};
pub(crate) use fill::fill;
pub(crate) use mirror::Mirror;
pub(crate) use mirror_refs::{Kind, Resolved};
pub(crate) use repin::{Move, Ready, carry_out, is_untouched};
pub(crate) use repository::{current_branch, enclosing_repository, ignores, tracks};
pub(crate) use settle::{Settled, settle};
pub(crate) use traces::{
    Found, Looked, Marks, Search, Seen, Telltales, Unread, search as search_traces,
};
pub(crate) use untracked::untracked;
pub(crate) use vendored::{file_at, head_file};
pub(crate) use word::{PinWord, word};
