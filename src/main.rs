//! `fleet`: see the library's [`fleet::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet::run()
}
