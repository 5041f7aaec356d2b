//! The programs, from outside: the built binaries with real git and real tmux, each test in a sandbox of its own.
//!
//! The faults that are injected, and where:
//!
//! - F1, a command is killed between any two of its steps: [`crash`], and what settles it there without the command:
//!   `crash::doctor`; for random moments: [`soak`]. What `prepare` runs:
//!   `start::prepare::what_a_killed_one_*`.
//! - F2, many commands at once on one registry: [`concurrency`], `start::at_once`, `harness::add::one_of_many_*`,
//!   `adopt::of_ten_*`, `remove::trash::of_ten_*`.
//! - F3, a disk that is full, read-only or broken: `crash::*::where_a_call_fails_*`, `crash::registry`,
//!   `history::damage`, `logs::limits::a_full_disk_*`.
//! - F4, a registry that was edited by hand, or is garbage: [`registry`], `registry::editing`; thousands of them in
//!   the unit tests of `registry`.
//! - F5, a harness is killed: `tender::storm`, `tender::backoff`, `healing::a_killed_harness_*`, `healing::loops`.
//! - F6, a tender is killed: `faults::tenders`, `healing::agents`, `healing::after_a_killed_tender_*`,
//!   `tender::after_a_killed_tender_*`, `guardian::alone`, `stop::without`.
//! - F7, the tmux server is killed: `faults::server`, `guardian::server`, `boot`,
//!   `tender::when_the_terminals_server_is_killed_*`, `healing::agents::a_killed_server_*`; told as one
//!   incident: [`incidents`].
//! - F8, the machine is restarted, and process ids are used again: `faults::reboot`, `status::unknown`, [`service`].
//! - F9, a harness that does not behave: `tender::hostile`, `stop::hard`, `tender::evidence`,
//!   `tender::a_stop_leaves_nothing_*`, `start::prepare::of_what_prints_*`, `probe::one_that_does_not_behave_*`; what is
//!   started while all is ended: `stop::without::windows_*`.
//! - F10, a stop at a bad moment: `faults::stops`, `tender::backoff`, `healing::loops`, `stop::restart`,
//!   `start::prepare::ctrl_c_*`, `probe::ctrl_c_*`.
//! - F11, an engine in which work could be lost: `update::engine`, `update::refusals`, `rollback::refusals`,
//!   `pins::shapes`, `pins::unreadable`, `harness::set_url::a_project_*`.
//! - F12, what the user has changed and not committed: `update::work_that_is_staged_*`,
//!   `rollback::work_that_is_staged_*`, `crash::update`, `crash::rollback`, `pins::shapes`,
//!   `harness::set_url::the_users_work_*`.
//! - F13, a remote that moves, lies or is gone: `update::upstream`, `update::several`, `pins::upstream`,
//!   `harness::what_is_new_*`.
//! - F14, words that could be taken for something else: `create::refusals`, `adopt::refusals`, `adopt::scan`,
//!   `harness::add`; the unit tests of `names`.
//! - F15, a hostile harness: `create::hostile`, `harness::hostile`, `adopt::hostile`, `audit::hostile`.
//! - F16, the clock jumps: `tender::clock`.
//! - F17, a roll-out that fails or is interrupted: [`rollout`], `crash::rollout`.
//! - F18, a trace of the fleet in a project: after every command that writes into one, and at the end of every test, in
//!   `sandbox::audited`; what that is worth: [`audit`]. Also `update::mentions`,
//!   `start::environment::what_a_harness_is_told_*`, `start::prepare::it_runs_in_a_project_of_its_own`.
//! - F19, a user's own tmux server: `strangers::a_users_own_*`, `strangers::a_fleets_command_*`,
//!   `server::a_users_own_*`, `probe::what_runs_beside_it_*`.
//! - F22, what cannot be read, or does not answer in time: `status::load`, `status::unknown`, `status::pins`,
//!   `pins::unreadable`, `why::unknown`, `boot::a_frozen_server_*`, `stop::hard::a_frozen_*`, `start::room::a_start_that_meets_*`,
//!   `doctor::hard`, `doctor::server::a_server_that_stands_still_*`.
//! - F23, limits of the machine: `start::limits`, `start::room`; those of terminals and processes in the unit tests of
//!   `sessions`.
//! - F24, a directory or program that is not there: `start::refusals`.
//! - F25, a long time: [`soak`].
//! - F26, the programs are replaced: `strangers::installed`.
//! - F27, somebody else runs the project: [`strangers`], `strangers::copies`, `start::refusals::a_run_by_hand_*`,
//!   `guardian::survives::a_project_that_is_run_by_hand_*`.

mod adopt;
mod agents;
mod architecture;
mod audit;
mod boot;
mod concurrency;
mod crash;
mod create;
mod doctor;
mod documents;
mod errors;
mod faults;
mod guardian;
mod harness;
mod healing;
mod hints;
mod history;
mod incidents;
mod init;
mod logs;
mod pictures;
mod pins;
mod plan;
mod probe;
mod registry;
mod remove;
mod rollback;
mod rollout;
mod sandbox;
mod server;
mod service;
mod shell;
mod soak;
mod start;
mod status;
mod stop;
mod strangers;
mod tender;
mod terminals;
mod top;
mod update;
mod why;
