//! Calls to a tmux server. The only file that names `tmux_interface`.

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tmux_interface::{
    AttachSession, CapturePane, DisplayMessage, KillSession, KillWindow, ListPanes,
    NewSession as NewSessionCall, NewWindow as NewWindowCall, SelectWindow, SendKeys, SetOption,
    SourceFile, StartServer, SwitchClient, Tmux as TmuxCall, TmuxCommand,
};

use super::answers::{complaint, is_gone, nobody_listens};
use super::limits::Room;
use super::listener::{is_stopped, listener, way_out};
use super::panes::{self, Panes};
use super::recorder::Recorder;
use super::version;
use super::words::{exactly, literal, script_line, word_of_call};
use crate::command::{self, Answer};
use crate::error::{Advise as _, failed};
use crate::files::Lock;
use crate::systemd::{Form, Scope};

/// How long tmux may take to answer. A healthy server answers in milliseconds; one that is stopped or at its limit of
/// file descriptors never does.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long it may take where the last call had no answer: what needs several answers is not to wait for each.
const DEADLINE_ONCE_SILENT: Duration = Duration::from_secs(1);

/// Whether the last call of this process had no answer in time.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

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
    /// What records it and all its later windows, if anything does.
    pub(crate) recorder: Option<&'a Recorder>,
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

    /// Returns the process that listens at the socket, without asking it; and whether a signal has stopped it.
    pub(crate) fn listener(&self) -> Option<(i32, bool)> {
        let pid = listener(&self.socket)?;
        Some((pid, is_stopped(pid)))
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

    /// Looks how many more terminals this server has room for, or one that is started now. Fails where none can be
    /// started, for want of a tmux program that is new enough.
    pub(crate) fn room(&self) -> anyhow::Result<Room> {
        let server = listener(&self.socket);
        if server.is_none() {
            version::check(&program()?)?;
        }
        Ok(Room::of(server))
    }

    /// Returns the script that makes these sessions.
    pub(super) fn sessions_script(sessions: &[NewSession<'_>]) -> anyhow::Result<Script> {
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
        // A recorder follows its session in one go, so that nothing is printed between the two.
        let mut script = Vec::new();
        for (session, call) in sessions.iter().zip(calls) {
            script.push(call?);
            let target = format!("{}:", exactly(session.name));
            let recorder = session.recorder.map(|recorder| recorder.calls(&target));
            script.extend(recorder.into_iter().flatten().map(|words| of_words(&words)));
        }
        Script::of(&script)
    }

    /// Has a running server carry out several calls in one go, and returns what they print.
    pub(super) fn have(&self, calls: &[&[&str]]) -> anyhow::Result<String> {
        Ok(self
            .demand(calls.iter().map(|words| of_words(words)))?
            .stdout)
    }

    /// Makes windows in a session of a running server, in one call.
    ///
    /// Refused, all of them, where there is not room for all.
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
        let script = Script::of(&calls.collect::<anyhow::Result<Vec<_>>>()?)?;
        let answer = self.with_room_for(windows.len(), || self.ask([script.call()]))?;
        if answer.status.success() {
            Ok(())
        } else {
            Err(complaint(&answer))
        }
    }

    /// Makes terminals where there is room for them. Nobody else takes it meanwhile: two who both saw the last of it
    /// would take it twice.
    pub(super) fn with_room_for<T>(
        &self,
        terminals: usize,
        make: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let directory = self.socket.parent().unwrap_or(Path::new("/"));
        let _claim = Lock::take(directory, DEADLINE, || ())?;
        let room = self.room()?;
        if room.terminals() < terminals {
            return Err(room.refusal().into());
        }
        make()
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

    /// The same as [`Self::capture`], with the colours as sequences.
    pub(crate) fn capture_with_colours(&self, pane: &str, lines: usize) -> anyhow::Result<String> {
        let first = format!("-{lines}");
        self.have(&[&["capture-pane", "-p", "-J", "-e", "-S", &first, "-t", pane]])
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
        if !inside && !std::io::stdin().is_terminal() {
            return failed("cannot show a terminal: standard input is none").into();
        }
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
            Ok(call) => prepared(call),
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

    /// Has the server that runs say who it is, and run a script. Starts none.
    pub(super) fn have_run(&self, script: &Script) -> anyhow::Result<Answer> {
        self.ask([who(), script.call()])
    }

    /// The same, of a server that is started if there is none: in a scope, where there is one to be had.
    pub(super) fn start_and_run(
        &self,
        script: &Script,
        scope: Option<(&Scope, &Form)>,
    ) -> anyhow::Result<Answer> {
        // In one call: a server without a session ends at once.
        let mut call = self.call([StartServer::new().build(), who(), script.call()])?;
        if let Some((scope, form)) = scope {
            call = inside(scope, form, &call);
        }
        self.answer(prepared(call))
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
        self.answer(prepared(self.call(calls)?))
    }

    fn answer(&self, call: Command) -> anyhow::Result<Answer> {
        let deadline = if IS_SILENT.load(Ordering::Relaxed) {
            DEADLINE_ONCE_SILENT
        } else {
            DEADLINE
        };
        let answer = command::run(call, deadline);
        IS_SILENT.store(answer.is_err(), Ordering::Relaxed);
        answer.hint(|| way_out(&self.socket))
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
        Ok(call)
    }
}

/// Has a call, and the server that it may start, open as many files as may be: a server at its limit does not fail, it
/// hangs.
fn prepared(mut call: Command) -> Command {
    // SAFETY: both calls are async-signal-safe and touch nothing of the parent's.
    unsafe { call.pre_exec(|| raise_file_limit().map_err(Into::into)) };
    call
}

/// Puts a call into a scope: the same program, arguments and environment.
fn inside(scope: &Scope, form: &Form, call: &Command) -> Command {
    let words = scope.words(form);
    let mut outer = Command::new(&words[0]);
    outer
        .args(&words[1..])
        .arg(call.get_program())
        .args(call.get_args())
        .env_clear()
        .envs(
            call.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .envs(scope.variable());
    outer
}

/// Has a server say who it is, as [`super::Served::read`] reads it.
fn who<'a>() -> TmuxCommand<'a> {
    DisplayMessage::new()
        .print()
        .message("#{pid} #{start_time}")
        .build()
}

/// Many calls of tmux in a file: a message to the server holds 16 KiB only.
#[derive(Debug)]
pub(super) struct Script {
    path: String,
    /// Removes the file when dropped.
    _file: tempfile::NamedTempFile,
}

impl Script {
    fn of(calls: &[TmuxCommand<'_>]) -> anyhow::Result<Self> {
        let text: String = calls
            .iter()
            .map(|call| script_line(&call.to_vec()))
            .collect();
        let mut file =
            tempfile::NamedTempFile::new().context("cannot make a file for tmux's commands")?;
        std::io::Write::write_all(&mut file, text.as_bytes())
            .context("cannot write tmux's commands")?;
        let path = file.path().to_str();
        Ok(Self {
            path: path
                .ok_or_else(|| anyhow!("the temporary directory's name is not UTF-8"))?
                .to_owned(),
            _file: file,
        })
    }

    fn call(&self) -> TmuxCommand<'_> {
        SourceFile::new().path(self.path.as_str()).build()
    }
}

/// Returns a call that prints what the terminal shows in which it runs, with up to `lines` lines that have scrolled away
/// before it: for programs of the pane's own, which know the server and the pane from their environment.
pub(crate) fn capture_of_own(lines: usize) -> anyhow::Result<Vec<String>> {
    let first = format!("-{lines}");
    let words = [
        &*program_as_text()?,
        "-u",
        "capture-pane",
        "-p",
        "-J",
        "-S",
        &first,
    ];
    Ok(words.map(str::to_owned).to_vec())
}

/// Returns a call that prints the alternate screen of the terminal in which it runs, and nothing where that shows its
/// usual one.
pub(crate) fn alternate_of_own() -> anyhow::Result<Vec<String>> {
    let program = program_as_text()?;
    let words = [
        &*program,
        "-u",
        "if-shell",
        "-F",
        "#{alternate_on}",
        "capture-pane -p -J",
    ];
    Ok(words.map(str::to_owned).to_vec())
}

pub(super) fn program_as_text() -> anyhow::Result<String> {
    let program = program()?.into_os_string().into_string();
    program.map_err(|path| anyhow!("`{}` is not UTF-8", path.display()))
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

/// Makes a call of its words.
fn of_words<'a>(words: &[impl AsRef<str>]) -> TmuxCommand<'a> {
    let mut words = words.iter().map(|word| word.as_ref().to_owned());
    let mut call = TmuxCommand::new_full(words.next().unwrap_or_default());
    for word in words {
        call.push_param(word);
    }
    call
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
        let sessions = [
            NewSession {
                name: "demo",
                window: window(script),
                recorder: None,
            },
            NewSession {
                name: "demo-2",
                window: window("exec cat"),
                recorder: None,
            },
        ];
        tmux.new_sessions(&sessions, || Err(String::new()))
            .made
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
