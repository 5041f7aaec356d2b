//! The index file, read in place: gitformat-index(5), versions 2 to 4.
//!
//! libgit2 hashes the whole file and copies every entry before the first question can be asked.

use std::ffi::CStr;
use std::ops::ControlFlow;
use std::path::Path;

use git2::Oid;

use super::layout::read_if_there;

/// What is said of an index that shares its entries with another file.
pub(super) const IS_SPLIT: &str = "the index is split";

/// What is said of an index that holds whole folders as one entry.
pub(super) const IS_SPARSE: &str = "the index is sparse";

/// The bytes of an index file.
#[derive(Debug)]
pub(super) struct IndexFile(Vec<u8>);

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) path: &'a CStr,
    pub(super) id: Oid,
    pub(super) mode: u32,
    /// 0, or the side of a conflict.
    pub(super) stage: u16,
    pub(super) is_assumed_valid: bool,
    pub(super) is_skipped: bool,
    pub(super) is_only_intended: bool,
    pub(super) stat: Stat,
}

/// What the index remembers of a file, each in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    pub(super) inode: u32,
    pub(super) size: u32,
}

/// What follows the entries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extensions {
    /// The tree that the entries make, if they are unchanged since it was written.
    pub(super) tree: Option<Oid>,
}

impl Entry<'_> {
    /// Tells whether it is in a conflict, or git was told something of it.
    pub(super) fn has_flags(&self) -> bool {
        self.stage != 0 || self.is_assumed_valid || self.is_skipped || self.is_only_intended
    }
}

/// What is staged of a submodule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Staged {
    /// The commit.
    pub(super) pinned: Option<Oid>,
    /// The tree that the whole index makes, where it says so.
    pub(super) tree: Option<Oid>,
}

const SKIP_WORKTREE: u16 = 0x4000;
const INTENT_TO_ADD: u16 = 0x2000;

impl IndexFile {
    /// Reads the index of a git directory; `None` if it has none yet.
    pub(super) fn read(git_directory: &Path) -> Result<Option<Self>, String> {
        Ok(read_if_there(&git_directory.join("index"))?.map(Self))
    }

    /// Shows every entry in order, until told to stop; the extensions are only known at the end.
    pub(super) fn walk<F>(&self, mut visit: F) -> Result<Option<Extensions>, String>
    where
        F: FnMut(Entry<'_>) -> ControlFlow<()>,
    {
        self.parse(&mut visit)
            .unwrap_or_else(|| Err("the index is cut off or broken".to_owned()))
    }

    /// Fails where the index as a whole is not one that can be read in place.
    pub(super) fn check(&self) -> Result<(), String> {
        self.walk(|_| ControlFlow::Continue(())).map(drop)
    }

    /// Returns what is staged at the path of a submodule, or what is wrong with the index as a whole.
    pub(super) fn staged(&self, path: &str) -> Result<Staged, String> {
        let mut pinned = None;
        let extensions = self.walk(|entry| {
            if entry.stage == 0
                && entry.mode == 0o160_000
                && entry.path.to_bytes() == path.as_bytes()
            {
                pinned = Some(entry.id);
            }
            ControlFlow::Continue(())
        })?;
        let tree = extensions.and_then(|extensions| extensions.tree);
        Ok(Staged { pinned, tree })
    }

    /// `None` means that the bytes end too early.
    fn parse<F>(&self, visit: &mut F) -> Option<Result<Option<Extensions>, String>>
    where
        F: FnMut(Entry<'_>) -> ControlFlow<()>,
    {
        let all = self.0.as_slice();
        // The last 20 bytes are a checksum, or zeros.
        let bytes = all.get(..all.len().checked_sub(20)?)?;
        if bytes.get(..4)? != b"DIRC" {
            return Some(Err("the index is no index".to_owned()));
        }
        let version = number(bytes, 4)?;
        if !(2..=4).contains(&version) {
            return Some(Err(format!("the index has the unknown version {version}")));
        }
        let count = number(bytes, 8)?;
        let mut at = 12;
        // Version 4 writes only how a path differs from the one before.
        let mut path: Vec<u8> = Vec::new();
        for _ in 0..count {
            let start = at;
            let flags = short(bytes, at + 60)?;
            let mut extended = 0;
            at += 62;
            if flags & 0x4000 != 0 {
                extended = short(bytes, at)?;
                at += 2;
            }
            let name = if version == 4 {
                let (dropped, used) = varint(bytes.get(at..)?)?;
                at += used;
                let rest = CStr::from_bytes_until_nul(bytes.get(at..)?).ok()?;
                at += rest.count_bytes() + 1;
                path.pop();
                path.truncate(path.len().checked_sub(dropped)?);
                path.extend_from_slice(rest.to_bytes_with_nul());
                CStr::from_bytes_until_nul(&path).ok()?
            } else {
                let name = CStr::from_bytes_until_nul(bytes.get(at..)?).ok()?;
                at += name.count_bytes();
                at = start + (at - start + 8) / 8 * 8;
                name
            };
            let entry = Entry {
                path: name,
                id: Oid::from_bytes(bytes.get(start + 40..start + 60)?).ok()?,
                mode: number(bytes, start + 24)?,
                stage: flags >> 12 & 3,
                is_assumed_valid: flags & 0x8000 != 0,
                is_skipped: extended & SKIP_WORKTREE != 0,
                is_only_intended: extended & INTENT_TO_ADD != 0,
                stat: Stat {
                    changed: (number(bytes, start)?, number(bytes, start + 4)?),
                    modified: (number(bytes, start + 8)?, number(bytes, start + 12)?),
                    inode: number(bytes, start + 20)?,
                    size: number(bytes, start + 36)?,
                },
            };
            if visit(entry).is_break() {
                return Some(Ok(None));
            }
        }
        extensions(bytes.get(at..)?).map(|found| found.map(Some))
    }
}

fn extensions(mut bytes: &[u8]) -> Option<Result<Extensions, String>> {
    let mut found = Extensions::default();
    while !bytes.is_empty() {
        let name = bytes.get(..4)?;
        let size = usize::try_from(number(bytes, 4)?).ok()?;
        let body = bytes.get(8..8 + size)?;
        match name {
            b"link" => return Some(Err(IS_SPLIT.to_owned())),
            b"sdir" => return Some(Err(IS_SPARSE.to_owned())),
            b"TREE" => found.tree = root(body),
            // git refuses what it does not know in small letters, and skips the rest.
            _ if name[0].is_ascii_lowercase() => {
                let name = name.escape_ascii();
                return Some(Err(format!("the index has the unknown extension `{name}`")));
            }
            _ => {}
        }
        bytes = &bytes[8 + size..];
    }
    Some(Ok(found))
}

/// Reads the first entry of the tree cache: an empty path, a count (negative: out of date), the id.
fn root(body: &[u8]) -> Option<Oid> {
    let rest = body.strip_prefix(b"\0")?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    if rest.starts_with(b"-") {
        return None;
    }
    Oid::from_bytes(rest.get(end + 1..end + 21)?).ok()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Reads a number of the kind that packs use for offsets; with the count of its bytes.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (used, byte) in bytes.iter().enumerate().take(8) {
        value = value.checked_shl(7)? | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, used + 1));
        }
        value += 1;
    }
    None
}
