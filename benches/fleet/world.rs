//! The synthetic fleet, in a temporary directory with an environment of its own.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

const VERSIONS: [&str; 5] = ["v0.1.0", "v0.2.0", "v0.3.0", "v0.4.0", "v0.5.0"];

/// The directory with all in it; ends what runs there when dropped.
pub(crate) struct World {
    root: PathBuf,
    /// The registry without projects.
    head: String,
    /// The record of the template, as `fleet create` wrote it.
    record: String,
    _directory: TempDir,
}

/// The name of a project.
pub(crate) fn name(number: usize) -> String {
    format!("project-{number:03}")
}

impl World {
    /// Makes a harness and `size` projects, each twice: for the fleet and for the shell.
    pub(crate) fn new(size: usize) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("b")
            .tempdir_in("/tmp")
            .expect("/tmp is writable");
        let root = directory.path().canonicalize().expect("it was just made");
        let head = format!(
            "[fleet]\nname = \"bench\"\ndefault_harness = \"bench\"\n\n\
             [harnesses.bench]\nurl = \"{}\"\ndefault_ref = \"v0.1.0\"\n",
            root.join("harness").display()
        );
        let mut world = Self {
            root,
            head,
            record: String::new(),
            _directory: directory,
        };
        world.prepare();
        let template = world.template();
        for number in 0..size {
            world.copy_template(&template, "projects", number);
            world.copy_template(&template, "shell", number);
        }
        world.refresh_indices();
        world
    }

    /// Makes the first `count` projects those of the registry.
    pub(crate) fn register(&self, count: usize) {
        let records: String = (0..count)
            .map(|number| "\n".to_owned() + &self.record.replace("template", &name(number)))
            .collect();
        write(
            &self.root.join("fleet.toml"),
            &format!("{}{records}", self.head),
        );
    }

    /// Runs `fleet`, which must succeed, and returns how long it took.
    pub(crate) fn fleet(&self, arguments: &[&str]) -> Duration {
        self.time(self.command(env!("CARGO_BIN_EXE_fleet")).args(arguments))
    }

    /// Runs a script, which must succeed, and returns how long it took.
    pub(crate) fn shell(&self, script: &str) -> Duration {
        self.time(self.command("sh").args(["-c", script]))
    }

    /// How many bytes of the disk each of `count` new projects in a directory has taken; what has several names counts
    /// once, and what the mirror has had before not at all.
    pub(crate) fn disk(&self, below: &str, count: usize) -> u64 {
        let files = |directory: PathBuf| {
            let entries = walkdir::WalkDir::new(directory).into_iter();
            entries.filter_map(|entry| entry.ok()?.metadata().ok())
        };
        let mirrors = files(self.root.join("home/.cache"));
        let mut known: HashSet<u64> = mirrors.map(|met| met.ino()).collect();
        let directory = fs::read_dir(self.root.join(below)).expect("it was made");
        let is_new = |name: &str| name.starts_with("new-") || name.parse::<usize>().is_ok();
        let projects = directory.filter_map(|entry| {
            let entry = entry.ok()?;
            is_new(entry.file_name().to_str()?).then(|| entry.path())
        });
        let all = projects
            .flat_map(files)
            .filter(|met| known.insert(met.ino()));
        all.map(|met| met.blocks() * 512).sum::<u64>() / count as u64
    }

    /// The socket of the fleet's own tmux server.
    pub(crate) fn socket(&self) -> PathBuf {
        walkdir::WalkDir::new(&self.root)
            .into_iter()
            .filter_entry(|entry| {
                !matches!(
                    entry.file_name().to_str(),
                    Some("projects" | "shell" | "new")
                )
            })
            .filter_map(Result::ok)
            .find(|entry| entry.file_type().is_socket() && entry.file_name() != "shell.socket")
            .expect("the fleet's server runs")
            .into_path()
    }

    fn prepare(&self) {
        for below in ["home", "run", "tmux", "new"] {
            fs::create_dir(self.root.join(below)).expect("the root is empty");
        }
        write(
            &self.root.join("home/.gitconfig"),
            "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n",
        );
        self.shell("git init --quiet harness");
        for (number, version) in VERSIONS.iter().enumerate() {
            self.release(number, version);
        }
        self.register(0);
    }

    /// About 200 files, of which every version changes a tenth.
    fn release(&self, number: usize, version: &str) {
        let harness = self.root.join("harness");
        write(
            &harness.join("harness.toml"),
            "[harness]\nname = \"bench\"\nprotocol = 1\nsummary = \"waits\"\n\n\
             [commands]\nstart = [\"sh\", \"{engine}/run.sh\"]\n",
        );
        write(&harness.join("run.sh"), "while read -r line; do :; done\n");
        for file in 0..200 {
            let changed = file % 10 == number;
            if number == 0 || changed {
                let path = harness.join(format!("part-{}/file-{file}.txt", file % 20));
                write(&path, &format!("{version}, file {file}\n").repeat(50));
            }
        }
        self.shell(&format!(
            "cd harness && git add --all && git commit --quiet --message {version} && git tag {version}"
        ));
    }

    /// One project made by `fleet create`, with five files of its own; it is moved out of the fleet.
    fn template(&mut self) -> PathBuf {
        self.fleet(&["create", "template", "--ref", "v0.1.0"]);
        let text = fs::read_to_string(self.root.join("fleet.toml")).expect("it was just written");
        let start = text
            .find("[projects.template]")
            .expect("`create` registers");
        self.record = text[start..].to_owned();
        let template = self.root.join("template");
        fs::rename(self.root.join("projects/template"), &template).expect("it was just created");
        for file in 0..5 {
            write(
                &template.join(format!("own-{file}.txt")),
                "of the project itself\n",
            );
        }
        self.shell("cd template && git add --all && git commit --quiet --message 'Add files'");
        template
    }

    fn copy_template(&self, template: &Path, below: &str, number: usize) {
        let copy = self.root.join(below).join(name(number));
        for entry in walkdir::WalkDir::new(template) {
            let entry = entry.expect("the template can be read");
            let inside = entry.path().strip_prefix(template).expect("it is below it");
            let to = copy.join(inside);
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to).expect("the root is ours");
            } else if inside
                .components()
                .any(|part| part.as_os_str() == "objects")
            {
                fs::hard_link(entry.path(), &to).expect("it is the same file system");
            } else {
                copy_as_old(entry.path(), &to);
            }
        }
    }

    /// The copies have other inodes than the indices say: what git would find out at every look, it writes down once.
    /// And the shell's copies know all versions, as they would after their first fetch.
    fn refresh_indices(&self) {
        self.shell(
            "for project in shell/*; do git -C $project/engine fetch --quiet --tags origin; done
            for project in projects/* shell/*; do
                git -C $project/engine update-index --refresh
                git -C $project update-index --refresh
            done",
        );
    }

    fn time(&self, command: &mut Command) -> Duration {
        let start = Instant::now();
        let output = command.output().expect("it can be run");
        let time = start.elapsed();
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        time
    }

    fn command(&self, program: &str) -> Command {
        let home = self.root.join("home");
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("PATH is set"))
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", self.root.join("run"))
            .env("TMUX_TMPDIR", self.root.join("tmux"))
            .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !self.record.is_empty() {
            self.register(super::MANY);
        }
        // Nothing may run, which is fine: there is nobody left to tell about the rest.
        let fleet = self
            .command(env!("CARGO_BIN_EXE_fleet"))
            .args(["stop", "--all"])
            .output();
        let shell = self.command("sh").args(["-c", super::shell::END]).output();
        drop((fleet, shell));
    }
}

/// Copies a file and makes the copy an hour old, so that no index entry is too young to be trusted.
fn copy_as_old(from: &Path, to: &Path) {
    fs::copy(from, to).expect("the root is ours");
    let copy = fs::File::options()
        .write(true)
        .open(to)
        .expect("it was just made");
    copy.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .expect("it is ours");
}

fn write(path: &Path, text: &str) {
    let parent = path.parent().expect("it is in a directory");
    fs::create_dir_all(parent).expect("the root is ours");
    fs::write(path, text).expect("the root is ours");
}
