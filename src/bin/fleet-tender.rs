//! `fleet-tender`: see the library's [`fleet::tend`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet::tend()
}
