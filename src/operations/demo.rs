//! The demo project's own files: its agents are real programs that need no network.

use crate::pins::NewFile;

/// Returns the files that the demo project has besides its harness's.
pub(super) fn files() -> Vec<NewFile> {
    let file = |path: &str, mode, bytes: &[u8]| NewFile {
        path: path.into(),
        mode,
        bytes: bytes.to_vec(),
    };
    vec![
        file("README.md", 0o644, include_bytes!("demo/README.md")),
        file("agents.toml", 0o644, include_bytes!("demo/agents.toml")),
        file(
            "bin/librarian.sh",
            0o755,
            include_bytes!("demo/librarian.sh"),
        ),
        file("bin/scribe.sh", 0o755, include_bytes!("demo/scribe.sh")),
    ]
}
