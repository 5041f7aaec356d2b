//! The loop: sleeps until there is a key, a signal or news, and draws the screen again.

use std::io::{BufWriter, Stdout, stdin, stdout};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use nix::errno::Errno;
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::read;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::cli::Registered;
use crate::error::Exit;
use crate::fleet::Fleet;
use crate::supervision::wait_readable;
use crate::ui::{Guard, Manner};

use super::age::next_change;
use super::control::press;
use super::draw::{Pen, draw};
use super::follow::Follow;
use super::keys::Keys;
use super::learn::learn;
use super::model::{Model, Wanted};
use super::news::{Letters, News, Post, bell, post};
use super::{looker, work};

/// The signals that are answered between two drawings.
const HEARD: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGTSTP,
    Signal::SIGCONT,
    Signal::SIGWINCH,
];

/// How long what follows an Escape may take, for both to be one key.
const ESCAPE: Duration = Duration::from_millis(30);

/// How the screen ended.
pub(super) struct Ended {
    pub(super) exit: Exit,
    /// The command line that was still being carried out.
    pub(super) running: Option<String>,
}

/// Shows a fleet until it is left.
pub(super) fn run(fleet: Fleet, wanted: &Registered) -> anyhow::Result<Ended> {
    let heard: SigSet = HEARD.into_iter().collect();
    // Before any thread begins: each would have to do the same.
    heard.thread_block().context("cannot block signals")?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let signals = SignalFd::with_flags(&heard, flags).context("cannot read signals")?;
    let (post, letters) = post()?;
    let asked = Arc::new(bell()?);
    begin_to_look(&fleet.root, fleet.patience, wanted, &asked, &post)?;
    let screen = Guard::take(stdout(), Some(stdin()), Manner::Used)?;
    let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(stdout())));
    let mut live = Live {
        root: fleet.root.clone(),
        fleet: Arc::new(fleet),
        model: Model::default(),
        follow: Follow::default(),
        keys: Keys::default(),
        escape: None,
        exit: None,
        has_colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        terminal: terminal.context("cannot draw")?,
        screen,
        signals,
        letters,
        post,
        asked,
    };
    let exit = live.go_on()?;
    drop(live.screen);
    Ok(Ended {
        exit,
        running: live.model.running,
    })
}

fn begin_to_look(
    root: &std::path::Path,
    patience: Duration,
    wanted: &Registered,
    asked: &Arc<EventFd>,
    post: &Post,
) -> anyhow::Result<()> {
    let fleet = Fleet::open(root.to_owned(), patience)?;
    let wanted = Registered {
        label: wanted.label.clone(),
        harness: wanted.harness.clone(),
    };
    let (asked, post) = (Arc::clone(asked), post.clone());
    let look = move || looker::look(fleet, &wanted, &asked, &post);
    let thread = std::thread::Builder::new().spawn(look);
    thread.context("cannot start a thread").map(drop)
}

/// All that the loop goes on with.
pub(super) struct Live {
    pub(super) root: PathBuf,
    /// As it was last valid.
    pub(super) fleet: Arc<Fleet>,
    pub(super) model: Model,
    pub(super) follow: Follow,
    keys: Keys,
    /// When a lone Escape is a key.
    escape: Option<Instant>,
    /// How to end, once that is asked for.
    pub(super) exit: Option<Exit>,
    has_colours: bool,
    pub(super) terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    pub(super) screen: Guard,
    signals: SignalFd,
    letters: Letters,
    pub(super) post: Post,
    pub(super) asked: Arc<EventFd>,
}

/// What can be read after a sleep.
struct Ready {
    keys: bool,
    signals: bool,
    letters: bool,
    printed: bool,
}

impl Live {
    fn go_on(&mut self) -> anyhow::Result<Exit> {
        loop {
            let pen = Pen {
                has_colours: self.has_colours,
                now: Timestamp::now(),
            };
            let model = &mut self.model;
            let drawn = self.terminal.draw(|frame| draw(frame, model, pen));
            drawn.context("cannot draw")?;
            self.fetch()?;
            let ready = self.sleep()?;
            if ready.signals {
                self.hear_signals()?;
            }
            if ready.letters {
                for news in self.letters.take() {
                    learn(&mut self.model, &mut self.follow, &mut self.fleet, news);
                }
            }
            if ready.printed {
                self.follow.has_more();
            }
            self.hear_keys(ready.keys)?;
            if let Some(exit) = self.exit {
                return Ok(exit);
            }
        }
    }

    /// Sleeps until there is something to do.
    fn sleep(&self) -> anyhow::Result<Ready> {
        let input = stdin();
        let mut waited: Vec<BorrowedFd<'_>> =
            vec![input.as_fd(), self.signals.as_fd(), self.letters.as_fd()];
        waited.extend(self.follow.descriptor());
        let ages = self.next_age().map(|left| Instant::now() + left);
        let deadlines = [ages, self.escape, self.follow.deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        let ready = wait_readable(&waited, deadline).context("cannot wait for keys")?;
        Ok(Ready {
            keys: ready[0],
            signals: ready[1],
            letters: ready[2],
            printed: ready.get(3) == Some(&true),
        })
    }

    /// Returns in how long an age that is shown changes.
    fn next_age(&self) -> Option<Duration> {
        let model = &self.model;
        let shown = model.shown();
        let rows = shown.iter().skip(model.first_row).take(model.rows);
        let since = rows.clone().filter_map(|project| project.since);
        let current = model.current();
        let beside = current.and_then(|project| project.process.since);
        let rollout = model
            .report
            .as_ref()
            .and_then(|it| it.rollout.as_ref()?.until);
        let due = rows.filter_map(|project| project.due).chain(rollout);
        next_change(since.chain(beside), due, Timestamp::now())
    }

    fn hear_signals(&mut self) -> anyhow::Result<()> {
        while let Ok(Some(information)) = self.signals.read_signal() {
            let number = i32::try_from(information.ssi_signo).unwrap_or_default();
            match Signal::try_from(number) {
                Ok(Signal::SIGTSTP) => self.suspend()?,
                Ok(Signal::SIGCONT) => self.take_again()?,
                // It is drawn anew in any case, in the size that the terminal has then.
                Ok(Signal::SIGWINCH) => {}
                Ok(_) | Err(_) => self.exit = Some(Exit::Interrupted),
            }
        }
        Ok(())
    }

    fn hear_keys(&mut self, is_there: bool) -> anyhow::Result<()> {
        let mut heard = Vec::new();
        if is_there {
            let mut buffer = [0; 4096];
            match read(stdin(), &mut buffer) {
                // Nobody is there any more.
                Ok(0) | Err(Errno::EIO) => self.exit = Some(Exit::Interrupted),
                Ok(length) => heard = self.keys.take(&buffer[..length]),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(errno) => return Err(errno).context("cannot read keys"),
            }
            self.escape = self.keys.has_begun().then(|| Instant::now() + ESCAPE);
        } else if self.escape.is_some_and(|escape| escape <= Instant::now()) {
            heard = self.keys.give_up();
            self.escape = None;
        }
        for key in heard {
            if let Some(wish) = press(&mut self.model, &key) {
                self.grant(wish)?;
            }
        }
        Ok(())
    }

    /// Fetches what is shown of the selected project, where it is time to.
    fn fetch(&mut self) -> anyhow::Result<()> {
        self.follow.follow(self.model.wanted());
        let Some(wanted) = self.follow.due(Instant::now()) else {
            return Ok(());
        };
        let fleet = Arc::clone(&self.fleet);
        self.post.have(move || match wanted {
            Wanted::Lines(name, place) => {
                let (lines, terminal) = work::lines(&fleet, &name, place);
                News::Lines(name, place, lines, terminal)
            }
            Wanted::History(name) => {
                let history = work::history(&fleet, &name);
                News::History(name, history)
            }
        })
    }

    /// Stops, as any program does at Ctrl-Z, until it is continued.
    pub(super) fn suspend(&mut self) -> anyhow::Result<()> {
        self.screen.suspend()?;
        self.terminal.clear().context("cannot draw")
    }

    /// Takes the terminal over again, in which anything may stand now.
    pub(super) fn take_again(&mut self) -> anyhow::Result<()> {
        self.screen.retake()?;
        self.terminal.clear().context("cannot draw")
    }
}
