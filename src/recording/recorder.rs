//! The recorder: a small process that a terminal's server starts for one terminal, and which writes down what that prints
//! until it is closed.

use std::io;
use std::os::fd::{AsRawFd as _, RawFd};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::socket::{Shutdown, shutdown};

use super::series::{HARNESS_WINDOW, Series};
use super::settings::Settings;
use super::writer::Writer;
use crate::error::usage;
use crate::files::Lock;

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// How long the recorder of an earlier life may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many windows of one project may have one name.
const MOST: usize = 50;

/// Writes down what comes on standard input, until that ends. The arguments are the file of its settings and the
/// window's name, which may have come as several words; its first letter only makes it a word and is not of it.
pub(crate) fn record(arguments: &[String]) -> anyhow::Result<()> {
    let [settings, name @ ..] = arguments else {
        return Err(usage("a recorder needs the file of its settings and a window's name").into());
    };
    let settings = Settings::read(Path::new(settings))?;
    let name = name.join(" ");
    let window = name.get(1..).unwrap_or_default();
    let (_lock, series) = claim(&Series::of(&settings.directory, window))?;
    let shown = match window {
        HARNESS_WINDOW => settings.project.clone(),
        window => format!("{}/{window}", settings.project),
    };
    let is_kept = settings.total.is_some();
    let followers = series.followers();
    let mut writer = Writer::open(series, settings);
    if is_kept {
        writer.say(&format!("recording of `{shown}` begins"));
        copy(&mut writer)?;
        writer.say(&format!("recording of `{shown}` ends"));
        return Ok(());
    }
    // Waiting in the kernel for the last follower to let go, however it ends, and telling the one place that sleeps.
    let input = io::stdin().as_raw_fd();
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || end_after(&followers, input))
        .context("cannot start a thread")?;
    let copied = copy(&mut writer);
    writer.remove();
    copied
}

/// Takes the first series of this name that no other terminal has.
fn claim(series: &Series) -> anyhow::Result<(Lock, Series)> {
    // The recorder of an earlier life may still have its last bytes to write.
    if let Ok(lock) = Lock::take(&series.lock(), PATIENCE, || ()) {
        return Ok((lock, series.clone()));
    }
    for number in 2..=MOST {
        let another = series.another(number);
        if let Some(lock) = Lock::try_take(&another.lock())? {
            return Ok((lock, another));
        }
    }
    anyhow::bail!("too many windows have one name")
}

fn copy(writer: &mut Writer) -> anyhow::Result<()> {
    let mut piece = [0; PIECE];
    loop {
        match nix::unistd::read(io::stdin(), &mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => writer.write(&piece[..length]),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).context("cannot read what the terminal prints"),
        }
    }
}

/// Ends the input once nobody follows any more.
fn end_after(followers: &Path, input: RawFd) {
    // Held until this process has ended: who follows next waits for that, and finds nothing half removed.
    let alone = Lock::wait(followers);
    // Where the lock cannot be waited for, nobody would ever end this. What is no socket cannot be shut down, and ends
    // with its terminal.
    let _ = shutdown(input, Shutdown::Read);
    std::mem::forget(alone);
}
