//! `agents`: see the library's [`fleet::run_agents`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet::run_agents()
}
