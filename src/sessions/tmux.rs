//! Calls to a tmux server. The only file that names `tmux_interface`.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tmux_interface::{
    AttachSession, CapturePane, KillSession, KillWindow, ListPanes, NewSession as NewSessionCall,
    NewWindow as NewWindowCall, SelectWindow, SendKeys, SetOption, SourceFile, StartServer,
    SwitchClient, Tmux as TmuxCall, TmuxCommand,
};

use super::answers::{complaint, is_ending, is_gone, nobody_listens};
use super::panes::{self, Panes};
use super::words::{exactly, literal, script_line, word_of_call};
use crate::command::{self, Answer};
use crate::error::{Advise as _, failed};

/// How long tmux may take to answer. A healthy server answers in milliseconds; one that is stopped or at its limit of
/// file descriptors never does.
const DEADLINE: Duration = Duration::from_secs(5);

/// What a server's environment holds: what terminals need. The rest belongs to each session.
const SERVER_ENVIRONMENT: [&str; 9] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMUX_TMPDIR",
    "USER",
    "XDG_RUNTIME_DIR",
];

/// A tmux server, running or not, named by its socket.
#[derive(Clone, Debug)]
pub(crate) struct Tmux {
    socket: PathBuf,
    configuration: Option<PathBuf>,
}

/// A session to be made, with one window.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its first window.
    pub(crate) window: NewWindow<'a>,
}

/// A window to be made. tmux reports neither a missing directory nor a missing program: check both before.
#[derive(Debug)]
pub(crate) struct NewWindow<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Where its program starts.
    pub(crate) directory: &'a Path,
    /// Variables for its program: no secrets, since they are arguments of tmux.
    pub(crate) environment: Vec<(String, String)>,
    /// The program, as an absolute path, and at least one argument: tmux would give a lone word to a shell.
    pub(crate) argv: Vec<String>,
}

impl Tmux {
    /// Names the server that listens at `socket`; whether one does is not asked.
    pub(crate) fn at(socket: PathBuf) -> Self {
        Self {
            socket,
            configuration: None,
        }
    }

    /// Has a server that is started by a later call read this file instead of the user's configuration.
    pub(crate) fn configured_by(mut self, configuration: PathBuf) -> Self {
        self.configuration = Some(configuration);
        self
    }

    /// Returns the server's socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Lists every pane of every session, in one call.
    pub(crate) fn panes(&self) -> anyhow::Result<Panes> {
        let is_there = self.socket.try_exists();
        if !is_there.with_context(|| format!("cannot look at `{}`", self.socket.display()))? {
            return Ok(Panes::NotRunning);
        }
        let answer = self.ask([ListPanes::new().all().format(panes::FORMAT).build()])?;
        if answer.status.success() {
            return panes::parse(&answer.stdout);
        }
        // A server without a session is about to end.
        if nobody_listens(&answer) || is_gone(&answer) {
            Ok(Panes::NotRunning)
        } else {
            Err(complaint(&answer))
        }
    }

    /// Makes sessions, and the server if there is none, in one call. Whether their programs run is for others to say.
    pub(crate) fn new_sessions(&self, sessions: &[NewSession<'_>]) -> anyhow::Result<()> {
        let calls = sessions.iter().map(|session| {
            let window = &session.window;
            let call = NewSessionCall::new()
                .detached()
                .session_name(session.name)
                .window_name(window.name)
                // A terminal that nobody has attached to yet has to have some size.
                .width(200)
                .height(50)
                .start_directory(literal(window.directory)?);
            let call = window
                .environment
                .iter()
                .fold(call, |call, (name, value)| call.environment(name, value));
            with_program(call.build(), window)
        });
        self.source(
            &calls.collect::<anyhow::Result<Vec<_>>>()?,
            Some(StartServer::new().build()),
        )
    }

    /// Makes windows in a session of a running server, in one call.
    pub(crate) fn new_windows(
        &self,
        session: &str,
        windows: &[NewWindow<'_>],
    ) -> anyhow::Result<()> {
        let calls = windows.iter().map(|window| {
            let call = NewWindowCall::new()
                .detached()
                .target_window(format!("{}:", exactly(session)))
                .window_name(window.name)
                .start_directory(literal(window.directory)?);
            let mut call = call.build();
            for (name, value) in &window.environment {
                call.push_option("-e", format!("{name}={value}"));
            }
            with_program(call, window)
        });
        self.source(&calls.collect::<anyhow::Result<Vec<_>>>()?, None)
    }

    /// Ends a session; its programs get SIGHUP. Nothing to do where there is no such session.
    pub(crate) fn kill_session(&self, session: &str) -> anyhow::Result<()> {
        self.unless_gone([KillSession::new().target_session(exactly(session)).build()])
    }

    /// Ends a window, given its id. Nothing to do where there is no such window.
    pub(crate) fn kill_window(&self, window: &str) -> anyhow::Result<()> {
        self.unless_gone([KillWindow::new().target_window(window).build()])
    }

    /// Sets an option of a window, given its id.
    pub(crate) fn set_window_option(
        &self,
        window: &str,
        option: &str,
        value: &str,
    ) -> anyhow::Result<()> {
        let call = SetOption::new()
            .window()
            .target_pane(window)
            .option(option)
            .value(value);
        self.demand([call.build()]).map(drop)
    }

    /// Returns what a pane shows, with up to `lines` lines that have scrolled away before it.
    pub(crate) fn capture(&self, pane: &str, lines: usize) -> anyhow::Result<String> {
        let call = CapturePane::new()
            .stdout()
            .join()
            .start_line(format!("-{lines}"))
            .target_pane(pane);
        Ok(self.demand([call.build()])?.stdout)
    }

    /// Types a text into a pane, as if by hand, and then Enter.
    pub(crate) fn send_text(&self, pane: &str, text: &str) -> anyhow::Result<()> {
        let typed = SendKeys::new()
            .disable_lookup()
            .target_pane(pane)
            .key("--")
            .key(text);
        let enter = SendKeys::new().target_pane(pane).key("Enter");
        self.demand([typed.build(), enter.build()]).map(drop)
    }

    /// Shows a session, on one of its windows, in this terminal: returns only when that fails.
    pub(crate) fn attach(&self, session: &str, window: Option<&str>) -> anyhow::Error {
        let inside = super::of_environment().is_some_and(|(here, _)| here.socket == self.socket);
        let mut calls = Vec::new();
        if inside {
            calls.push(SwitchClient::new().target_session(exactly(session)).build());
        } else {
            calls.push(
                AttachSession::new()
                    .target_session(exactly(session))
                    .build(),
            );
        }
        if let Some(window) = window {
            calls.push(SelectWindow::new().target_window(window).build());
        }
        let mut call = match self.call(calls) {
            Ok(call) => call,
            Err(error) => return error,
        };
        // tmux refuses to nest while TMUX is set, but another server's session inside this one is what was asked for.
        // Inside the same server it tells which client is to switch.
        if inside {
            call.envs(
                ["TMUX", "TMUX_PANE"]
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            );
        }
        anyhow!(call.exec()).context("cannot run `tmux`")
    }

    /// Runs many calls as one, through a script: a message to the server holds 16 KiB only.
    fn source(
        &self,
        calls: &[TmuxCommand<'_>],
        first: Option<TmuxCommand<'_>>,
    ) -> anyhow::Result<()> {
        let script: String = calls
            .iter()
            .map(|call| script_line(&call.to_vec()))
            .collect();
        let mut file =
            tempfile::NamedTempFile::new().context("cannot make a file for tmux's commands")?;
        std::io::Write::write_all(&mut file, script.as_bytes())
            .context("cannot write tmux's commands")?;
        let path = file
            .path()
            .to_str()
            .ok_or_else(|| anyhow!("the temporary directory's name is not UTF-8"))?;
        let ask = || {
            let first = first.clone().into_iter();
            self.ask(first.chain([SourceFile::new().path(path).build()]))
        };
        let mut answer = ask()?;
        if first.is_some() && is_ending(&answer) {
            // The server that was met has ended since, with its last session; the next one is our own.
            answer = ask()?;
        }
        if answer.status.success() {
            Ok(())
        } else {
            Err(complaint(&answer))
        }
    }

    fn unless_gone<'a>(
        &self,
        calls: impl IntoIterator<Item = TmuxCommand<'a>>,
    ) -> anyhow::Result<()> {
        let answer = self.ask(calls)?;
        let gone = nobody_listens(&answer) || is_gone(&answer);
        if answer.status.success() || gone {
            Ok(())
        } else {
            Err(complaint(&answer))
        }
    }

    fn demand<'a>(
        &self,
        calls: impl IntoIterator<Item = TmuxCommand<'a>>,
    ) -> anyhow::Result<Answer> {
        let answer = self.ask(calls)?;
        if answer.status.success() {
            Ok(answer)
        } else {
            Err(complaint(&answer))
        }
    }

    fn ask<'a>(&self, calls: impl IntoIterator<Item = TmuxCommand<'a>>) -> anyhow::Result<Answer> {
        command::run(self.call(calls)?, DEADLINE).hint(|| {
            format!(
                "look whether the server hangs: `tmux -S {} ls`",
                self.socket.display()
            )
        })
    }

    /// Builds one call of the tmux program: its commands, parted by `;`.
    fn call<'a>(
        &self,
        calls: impl IntoIterator<Item = TmuxCommand<'a>>,
    ) -> anyhow::Result<Command> {
        let utf8 = |path: &Path| {
            path.to_str()
                .map(str::to_owned)
                .ok_or_else(|| anyhow!("tmux needs UTF-8, which `{}` is not", path.display()))
        };
        let mut tmux = TmuxCall::new()
            .force_utf8()
            .socket_path(utf8(&self.socket)?);
        if let Some(configuration) = &self.configuration {
            tmux = tmux.file(utf8(configuration)?);
        }
        let mut call = Command::new(program()?);
        call.args(tmux.build().to_vec().iter().skip(1).map(AsRef::as_ref));
        for (place, one) in calls.into_iter().enumerate() {
            if place > 0 {
                call.arg(";");
            }
            call.args(one.to_vec().iter().map(|word| word_of_call(word)));
        }
        // The server that this call may start inherits what is here; nothing of the caller's run may leak into it.
        let kept = SERVER_ENVIRONMENT
            .iter()
            .filter_map(|name| Some((*name, std::env::var_os(name)?)));
        call.env_clear().envs(kept).env(
            "TERM",
            std::env::var_os("TERM").unwrap_or_else(|| "xterm".into()),
        );
        // A server at its limit of file descriptors does not fail, it hangs: let it have all that may be had.
        // SAFETY: both calls are async-signal-safe and touch nothing of the parent's.
        unsafe { call.pre_exec(|| raise_file_limit().map_err(Into::into)) };
        Ok(call)
    }
}

/// Returns the tmux program's path.
fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|directory| directory.join("tmux"))
        .find(|file| file.is_file());
    Ok(found.ok_or_else(|| {
        failed("`tmux` is not on PATH").hint("install tmux 3.2 or newer: README.md says how")
    })?)
}

/// Lets this process open as many files as it may ever.
pub(crate) fn raise_file_limit() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
}

fn with_program<'a>(
    mut call: TmuxCommand<'a>,
    window: &NewWindow<'_>,
) -> anyhow::Result<TmuxCommand<'a>> {
    anyhow::ensure!(
        window.argv.len() > 1,
        "a window's program needs an argument, or tmux gives it to a shell"
    );
    for word in &window.argv {
        call.push_param(word.clone());
    }
    Ok(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_nobody_made_is_no_server() {
        let directory = tempfile::tempdir().unwrap();
        let tmux = Tmux::at(directory.path().join("socket"));
        assert_eq!(tmux.panes().unwrap(), Panes::NotRunning);
        tmux.kill_session("demo").unwrap();
    }

    #[test]
    fn sessions_are_made_typed_into_read_and_ended() {
        let directory = tempfile::tempdir().unwrap();
        let odd = directory.path().join("a #{pid} $HOME \"'; directory");
        std::fs::create_dir(&odd).unwrap();
        let tmux = Tmux::at(directory.path().join("socket")).configured_by("/dev/null".into());
        let window = |script: &str| NewWindow {
            name: "main",
            directory: &odd,
            environment: vec![("GREETING".to_owned(), "a;\"b\" $c".to_owned())],
            argv: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        };
        let script = "echo \"in $PWD, $GREETING;\"; exec cat";
        tmux.new_sessions(&[
            NewSession {
                name: "demo",
                window: window(script),
            },
            NewSession {
                name: "demo-2",
                window: window("exec cat"),
            },
        ])
        .unwrap();
        tmux.new_windows("demo", &[window("exec cat")]).unwrap();
        let Panes::Running { panes, .. } = tmux.panes().unwrap() else {
            panic!("it runs")
        };
        assert_eq!(
            panes.iter().filter(|pane| pane.session == "demo").count(),
            2
        );
        tmux.send_text(&panes[0].pane, "-l typed; \"here\";")
            .unwrap();
        let mut shown = String::new();
        for _ in 0..2000 {
            shown = tmux.capture(&panes[0].pane, 100).unwrap();
            if shown.matches("here").count() == 2 {
                break;
            }
        }
        assert!(
            shown.contains(&format!("in {}, a;\"b\" $c;", odd.display())),
            "{shown}"
        );
        assert!(shown.contains("-l typed; \"here\";\n-l typed"), "{shown}");
        tmux.kill_session("demo").unwrap();
        let Panes::Running { panes, .. } = tmux.panes().unwrap() else {
            panic!("it runs")
        };
        assert!(panes.iter().all(|pane| pane.session == "demo-2"));
        tmux.kill_session("demo-2").unwrap();
        assert_eq!(tmux.panes().unwrap(), Panes::NotRunning);
    }
}
