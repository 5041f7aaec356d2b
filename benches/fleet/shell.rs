//! What people do without `fleet`: loops in a shell. Each is one script, so that starting the shell counts once.
//!
//! The scripts run in the world's root: `projects/` are the fleet's projects, `shell/` are the scripts' own copies.

use std::path::Path;

/// Ends the sessions that [`start`] made.
///
/// A server that is about to end refuses new sessions: the next run gets a socket of its own.
pub(crate) const END: &str =
    "tmux -S shell.socket kill-server; mv shell.socket ended.socket 2> /dev/null || true";

/// Makes one project.
pub(crate) fn create(run: usize) -> String {
    format!(
        "set -e
        git init --quiet new/{run}
        cd new/{run}
        git -c protocol.file.allow=always submodule --quiet add \"$OLDPWD/harness\" engine
        git -C engine checkout --quiet v0.1.0
        git add engine
        git commit --quiet --message 'Add the harness'"
    )
}

/// Moves the pins of the first `count` projects.
pub(crate) fn update(count: usize, version: &str, fetch: bool) -> String {
    let fetch = if fetch {
        "git -C shell/$name/engine fetch --quiet --tags origin"
    } else {
        ":"
    };
    format!(
        "set -e
        for name in {names}; do
            {fetch}
            git -C shell/$name/engine checkout --quiet {version}
            git -C shell/$name add engine
            git -C shell/$name commit --quiet --message 'Move the harness to {version}'
        done",
        names = names(count)
    )
}

/// Starts the first `count` projects, without anything that looks after them.
pub(crate) fn start(count: usize) -> String {
    format!(
        "set -e
        for name in {names}; do
            tmux -S shell.socket -f /dev/null new-session -d -s $name -c \"$PWD/shell/$name\" sh engine/run.sh
        done",
        names = names(count)
    )
}

/// Shows pin, drift, changes and session of the first `count` projects.
pub(crate) fn status(count: usize, socket: &Path) -> String {
    format!(
        "for name in {names}; do
            git -C projects/$name submodule status
            git -C projects/$name status --porcelain
            tmux -S '{socket}' has-session -t =$name 2> /dev/null || echo down
        done",
        names = names(count),
        socket = socket.display()
    )
}

fn names(count: usize) -> String {
    let names: Vec<String> = (0..count).map(super::world::name).collect();
    names.join(" ")
}
