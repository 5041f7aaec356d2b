//! Which version of its harness a project runs: mirrors, submodules, and the five facts. All of git is here.
//!
//! libgit2 does what is local; the `git` program does what reaches a remote, signs, or fills nested submodules.

mod build;
mod candidate;
mod changes;
mod check;
mod clean;
mod commit;
mod config_text;
mod cure;
mod dirty;
mod engine;
mod facts;
mod fill;
mod filters;
#[cfg(test)]
mod fixture;
mod folders;
mod git;
mod gitmodules;
mod history;
mod hostile;
mod identity;
mod index_file;
mod layout;
mod mirror;
mod mirror_refs;
mod mirror_versions;
mod nested;
mod only_here;
mod project_index;
mod remembered;
mod repin;
mod repository;
mod restore;
mod settle;
mod signs;
mod swap;
mod traces;
mod untracked;
mod upstream;
mod urls;
mod vendored;
mod versions;
mod whence;
mod word;

pub(crate) use build::{Built, NewFile, NewRepository, build, build_scratch};
pub(crate) use candidate::{Candidate, Submodule, Unfit, candidate};
pub(crate) use check::check;
pub(crate) use cure::cure;
pub(crate) use facts::{Depth, Facts, is_lost, read};
pub(crate) use fill::fill;
pub(crate) use gitmodules::submodule_url;
pub(crate) use history::{Previous, previous};
pub(crate) use mirror::Mirror;
pub(crate) use mirror_refs::{Fetched, Kind, Resolved};
pub(crate) use mirror_versions::{Version, Versions};
pub(crate) use only_here::{Hindrance, OnlyHere, only_here};
pub(crate) use repin::{Move, Ready, carry_out, is_untouched};
pub(crate) use repository::{borrows_from, current_branch, enclosing_repository, ignores, tracks};
pub(crate) use settle::{Settled, settle};
pub(crate) use signs::signs;
pub(crate) use traces::{
    Found, Looked, Marks, Search, Seen, Telltales, Unread, search as search_traces,
};
pub(crate) use untracked::untracked;
pub(crate) use upstream::Upstream;
pub(crate) use urls::same_place;
pub(crate) use vendored::{file_at, head_file};
pub(crate) use whence::{Whence, change_whence, look_whence, point_to, settle_whence};
pub(crate) use word::{PinWord, word};
