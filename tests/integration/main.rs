//! The programs, from outside: the built binaries with real git and real tmux, each test in a sandbox of its own.

mod agents;
mod architecture;
mod boot;
mod concurrency;
mod crash;
mod create;
mod documents;
mod faults;
mod guardian;
mod healing;
mod init;
mod registry;
mod remove;
mod sandbox;
mod start;
mod status;
mod stop;
mod strangers;
mod tender;
mod terminals;
mod update;
