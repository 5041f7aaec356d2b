//! The repositories of a project: its own, and those of its submodules, checked out or not.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use git2::Oid;
use walkdir::WalkDir;

use crate::names::plain_path;

use super::super::layout::Layout;
use super::Searcher;
use super::config::{self, Site};
use super::git_directory::{self, Directory};
use super::history::{self, History};
use super::objects::Objects;
use super::read;
use super::refs::{self, Refs};
use super::tracked::{self, Files};

/// How deep submodules may be in each other.
const DEEPEST: usize = 16;

/// The repositories that were looked over already, by their git directories.
type Done = HashSet<PathBuf>;

/// One repository of a project.
struct Repository<'a> {
    layout: Layout,
    work_tree: Option<&'a Path>,
    /// What places in the work tree begin with: empty, or the submodule's path with a slash.
    prefix: String,
    /// What places in the git directory begin with.
    place: String,
    /// Where the harness is; `None` for a submodule.
    engine: Option<&'a str>,
}

/// Looks over every repository of a project.
pub(super) fn search(searcher: &mut Searcher<'_>, project: &Path, engine: &str) {
    let layout = match Layout::find(project) {
        Ok(Some(layout)) => layout,
        Ok(None) if project.is_dir() => return searcher.unread(".", "it is no repository"),
        Ok(None) => return searcher.unread(".", "there is nothing"),
        Err(why) => return searcher.unread(".git", why),
    };
    let repository = Repository {
        layout,
        work_tree: Some(project),
        prefix: String::new(),
        place: ".git".to_owned(),
        engine: Some(engine),
    };
    look(searcher, &repository, &mut Done::new(), 0);
}

fn look(searcher: &mut Searcher<'_>, repository: &Repository<'_>, done: &mut Done, depth: usize) {
    let layout = &repository.layout;
    let canonical = layout.git_directory.canonicalize();
    if !done.insert(canonical.unwrap_or_else(|_| layout.git_directory.clone())) {
        return;
    }
    if depth > DEEPEST {
        return searcher.unread(&repository.place, "too many submodules in each other");
    }
    searcher.found.looked.repositories += 1;
    let objects = match Objects::open(layout) {
        Ok(objects) => Some(objects),
        Err(why) => {
            searcher.unread(format!("{}/objects", repository.place), why);
            None
        }
    };
    git_file(searcher, repository);
    let (names, logged) = git_directories(searcher, repository);
    for name in names.keys() {
        refs::judge(
            searcher,
            &repository.place,
            name,
            repository.engine.is_none(),
        );
    }
    searcher.found.looked.refs += names.len() as u64;
    if let Some(objects) = &objects {
        commits(searcher, repository, objects, &names, logged);
    }
    let files = Files {
        layout,
        objects: objects.as_ref(),
        work_tree: repository.work_tree,
        prefix: &repository.prefix,
    };
    let submodules = tracked::search(searcher, &files);
    modules_file(searcher, repository);
    for path in submodules {
        submodule(searcher, repository, &path, done, depth);
    }
    kept_away(searcher, repository, done, depth);
}

/// A `.git` that is a file says where the git directory is.
fn git_file(searcher: &mut Searcher<'_>, repository: &Repository<'_>) {
    let Some(work_tree) = repository.work_tree else {
        return;
    };
    if let Ok(text) = read::text(&work_tree.join(".git")) {
        let place = format!("{}.git", repository.prefix);
        searcher.lines(&place, &text);
        let target = text.strip_prefix(b"gitdir: ").unwrap_or_default();
        searcher.leads_to(&place, work_tree, target.trim_ascii_end());
    }
}

/// Looks over the files of the git directory, and of the one that it shares with other work trees. Returns all refs, and
/// the commits that reflogs name.
fn git_directories(
    searcher: &mut Searcher<'_>,
    repository: &Repository<'_>,
) -> (Refs, HashSet<Oid>) {
    let Layout {
        git_directory,
        common,
    } = &repository.layout;
    let mut within = vec![git_directory.clone(), common.clone()];
    within.extend(repository.work_tree.map(Path::to_owned));
    let mut paths = vec![common];
    if plain_path(git_directory) != plain_path(common)
        && !plain_path(git_directory).starts_with(plain_path(common))
    {
        paths.push(git_directory);
    }
    let (mut names, mut logged) = (Refs::new(), HashSet::new());
    for path in paths {
        let directory = Directory {
            path,
            place: &repository.place,
            site: Site {
                within: &within,
                work_tree: repository.work_tree,
            },
            is_harness: repository.engine.is_none(),
        };
        logged.extend(git_directory::search(searcher, &directory));
        names.extend(refs::read_all(searcher, &repository.place, path));
    }
    (names, logged)
}

fn commits(
    searcher: &mut Searcher<'_>,
    repository: &Repository<'_>,
    objects: &Objects,
    names: &Refs,
    mut logged: HashSet<Oid>,
) {
    if repository.layout.common.join("reftable").is_dir() {
        searcher.unread(&repository.place, "its refs are kept in reftables");
    }
    // A broken HEAD is told of where its tree is looked for; one without a branch may be all that names a commit.
    let head = repository.layout.head().ok().and_then(|head| head.commit);
    logged.extend(head);
    for name in ["ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD"] {
        let file = repository.layout.git_directory.join(name);
        if file.is_file() {
            let place = format!("{}/{name}", repository.place);
            logged.extend(refs::value(searcher, &place, &file));
        }
    }
    let history = History {
        objects,
        place: &repository.place,
        engine: repository.engine,
        shallow: shallow(&repository.layout),
    };
    let tips = names.values().flatten().copied().collect();
    history::search(searcher, &history, tips, &logged);
    for (name, target) in names {
        if let Some(target) = target.filter(|_| name.starts_with(b"refs/notes/")) {
            history::notes(searcher, &history, name, target);
        }
    }
}

fn shallow(layout: &Layout) -> HashSet<Oid> {
    let text = read::text(&layout.common.join("shallow")).unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| Oid::from_str(std::str::from_utf8(line).ok()?).ok())
        .collect()
}

/// `.gitmodules` is written by the program, and read by git as configuration.
fn modules_file(searcher: &mut Searcher<'_>, repository: &Repository<'_>) {
    let (Some(work_tree), Some(_)) = (repository.work_tree, repository.engine) else {
        return;
    };
    let file = work_tree.join(".gitmodules");
    if file.symlink_metadata().is_ok_and(|met| met.is_file()) {
        let within = [work_tree.to_owned()];
        let site = Site {
            within: &within,
            work_tree: Some(work_tree),
        };
        config::search(searcher, ".gitmodules", &file, &site, 0);
    }
}

/// Looks over a submodule that is checked out.
fn submodule(
    searcher: &mut Searcher<'_>,
    above: &Repository<'_>,
    path: &[u8],
    done: &mut Done,
    depth: usize,
) {
    let prefix = format!("{}{}/", above.prefix, read::shown(path));
    let Some(work_tree) = above.work_tree else {
        return;
    };
    let path = read::path(path);
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let mut folder = work_tree.to_owned();
    for part in path.iter() {
        folder.push(part);
        if !is_plain || folder.is_symlink() {
            return searcher.unread(prefix, "the submodule's place is a link, or outside");
        }
    }
    match Layout::find(&folder) {
        // Nothing is checked out.
        Ok(None) => {}
        Err(why) => searcher.unread(prefix, why),
        Ok(Some(layout)) => {
            let place = format!("{prefix}.git");
            let repository = Repository {
                layout,
                work_tree: Some(&folder),
                prefix,
                place,
                engine: None,
            };
            look(searcher, &repository, done, depth + 1);
        }
    }
}

/// Looks over the git directories of submodules that are not checked out.
fn kept_away(
    searcher: &mut Searcher<'_>,
    repository: &Repository<'_>,
    done: &mut Done,
    depth: usize,
) {
    let common = &repository.layout.common;
    let mut walk = WalkDir::new(common.join("modules")).into_iter();
    while let Some(entry) = walk.next() {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        let name = path.strip_prefix(common).unwrap_or(path);
        let name = read::shown(name.as_os_str().as_encoded_bytes());
        let place = format!("{}/{name}", repository.place);
        // One that lacks the rest is damaged, and may say all the same what it knows.
        if !path.join("objects").is_dir() {
            if !entry.file_type().is_dir() {
                git_directory::other(searcher, &place, path, entry.file_name().to_str());
            }
            continue;
        }
        walk.skip_current_dir();
        let repository = Repository {
            layout: Layout {
                git_directory: path.to_owned(),
                common: path.to_owned(),
            },
            work_tree: None,
            prefix: format!("{place}: "),
            place,
            engine: None,
        };
        look(searcher, &repository, done, depth + 1);
    }
}
