//! Every message of an error or a hint that the sources hold, found by reading them as Rust.
//!
//! What counts: what `failed`, `usage`, `refused`, `timed_out` and `interrupted` are given; `bail!`, `anyhow!` and
//! `ensure!`; `context` and `with_context`; `hint`, of failures, of problems in a file and of the terminal; problems of
//! fleet.toml; and texts in an `Err`, with which words that people type are refused. A text may be put together before:
//! local variables, constants, functions and branches are followed ([`super::texts`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprMethodCall, ItemFn, ItemMod, Macro, Token};

use super::texts::{Scope, Texts};

/// What a message is to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// An error with this exit code of its own.
    Error(u8),
    /// What stands before another error, whose exit code it keeps.
    Context,
    /// What stands behind another error: its cause.
    Because,
    /// Something to type that belongs to no one error.
    Hint,
}

/// A message in the sources.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Below `src`.
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) kind: Kind,
    /// With `{name}` for what is put in.
    pub(super) text: String,
    pub(super) hints: Vec<String>,
}

/// What was found, and where a text could not be followed.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) messages: Vec<Message>,
    pub(super) unknown: Vec<String>,
    /// Functions that make a message of what they are given: where, their name, which argument, and of what kind.
    helpers: BTreeSet<(PathBuf, String, usize, Kind)>,
}

/// Reads all sources of the programs, without their tests.
pub(super) fn read() -> Found {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut parsed = BTreeMap::new();
    for path in rust_files(&root) {
        let text = fs::read_to_string(&path).expect("a source");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let name = path.strip_prefix(&root).expect("it is below it").to_owned();
        parsed.insert(name, file);
    }
    let texts = Texts::of(&parsed);
    let mut found = Found::default();
    // Once more as long as more helpers come to light: those that are called by helpers.
    loop {
        let known = found.helpers.len();
        found.messages.clear();
        found.unknown.clear();
        for (name, file) in &parsed {
            let mut reader = Reader {
                file: name,
                texts: &texts,
                scopes: Vec::new(),
                named: vec![BTreeMap::new()],
                found: &mut found,
            };
            reader.visit_file(file);
        }
        if found.helpers.len() == known {
            return found;
        }
    }
}

fn rust_files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_owned();
            // What failures are made of has no message of its own.
            if ["tests", "fixture", "error"].iter().any(|one| name == *one) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// Tells whether an item is there for tests only.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && list.is_ok_and(|list| list.tokens.to_string() == "test"))
    })
}

/// Returns the arguments of a macro that takes expressions.
pub(super) fn arguments(it: &Macro) -> Vec<Expr> {
    it.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        .map(|list| list.into_iter().collect())
        .unwrap_or_default()
}

struct Reader<'a> {
    file: &'a Path,
    texts: &'a Texts,
    scopes: Vec<Scope>,
    /// Per function: the messages that a local variable holds, for hints that are added later.
    named: Vec<BTreeMap<String, Vec<usize>>>,
    found: &'a mut Found,
}

impl Reader<'_> {
    fn add(&mut self, kind: Kind, expression: &Expr) {
        if self.is_handed_on(kind, expression) {
            return;
        }
        for text in self.resolve(expression) {
            self.found.messages.push(Message {
                file: self.file.to_owned(),
                line: expression.span().start().line,
                kind,
                text,
                hints: Vec::new(),
            });
        }
    }

    /// Notes that a function makes a message of its parameter; the messages are what its callers give. A variable that is
    /// no parameter holds an error that was told of before.
    fn is_handed_on(&mut self, kind: Kind, expression: &Expr) -> bool {
        let Some(name) = Texts::variable(expression) else {
            return false;
        };
        let Some(scope) = self.scopes.last() else {
            return false;
        };
        if scope.is_variable(&name) || self.texts.is_constant(&name) {
            return false;
        }
        if let Some(position) = scope.position(&name) {
            let subject = self.subject();
            let helper = (subject, scope.name.clone(), position, kind);
            self.found.helpers.insert(helper);
        }
        true
    }

    /// The folder at the top, within which helpers are called.
    fn subject(&self) -> PathBuf {
        self.file.iter().next().expect("it has a name").into()
    }

    fn call_of_helper(&mut self, name: &str, arguments: &[&Expr], from: usize) {
        let subject = self.subject();
        let helpers: Vec<(usize, Kind)> = self
            .found
            .helpers
            .iter()
            .filter(|(place, function, ..)| *place == subject && function == name)
            .map(|(.., position, kind)| (*position, *kind))
            .collect();
        for (position, kind) in &helpers {
            let Some(argument) = arguments.get(*position) else {
                continue;
            };
            // A hint belongs to the message that the same call makes.
            if *kind == Kind::Hint {
                self.advise(argument, argument, from);
            } else {
                self.add(*kind, argument);
            }
        }
    }

    fn resolve(&mut self, expression: &Expr) -> Vec<String> {
        let found = self
            .texts
            .of_expression(expression, &self.scopes, self.file);
        // What holds no text of its own hands on what somebody else has said.
        if found.is_none() && Texts::holds_text(expression) {
            let line = expression.span().start().line;
            let unknown = format!("{}:{line}", self.file.display());
            self.found.unknown.push(unknown);
        }
        found.unwrap_or_default()
    }

    /// Adds hints to the messages that stand before it in a chain of calls; by itself it is one.
    fn advise(&mut self, receiver: &Expr, advice: &Expr, from: usize) {
        let named = match receiver {
            Expr::Path(path) => path.path.get_ident().and_then(|name| {
                let scope = self.named.last().expect("there is one");
                scope.get(&name.to_string()).cloned()
            }),
            _ => None,
        };
        let indices = named.unwrap_or_else(|| (from..self.found.messages.len()).collect());
        let indices: Vec<usize> = indices
            .into_iter()
            .filter(|index| self.found.messages[*index].kind != Kind::Hint)
            .collect();
        if indices.is_empty() || self.is_handed_on(Kind::Hint, advice) {
            self.add(Kind::Hint, advice);
            return;
        }
        let hints = self.resolve(advice);
        for index in indices {
            self.found.messages[index]
                .hints
                .extend(hints.iter().cloned());
        }
    }
}

/// Returns the exit code of what a function of `error.rs` makes.
fn exit_of(function: &str) -> Option<u8> {
    Some(match function {
        "failed" => 1,
        "usage" => 2,
        "refused" => 3,
        "timed_out" => 6,
        "interrupted" => 130,
        _ => return None,
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, it: &'ast ItemMod) {
        if !is_test(&it.attrs) {
            visit::visit_item_mod(self, it);
        }
    }

    fn visit_item_fn(&mut self, it: &'ast ItemFn) {
        if !is_test(&it.attrs) {
            self.scopes.push(Scope::of(&it.sig, &it.block));
            self.named.push(BTreeMap::new());
            visit::visit_item_fn(self, it);
            self.named.pop();
            self.scopes.pop();
        }
    }

    fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
        self.scopes.push(Scope::of(&it.sig, &it.block));
        self.named.push(BTreeMap::new());
        visit::visit_impl_item_fn(self, it);
        self.named.pop();
        self.scopes.pop();
    }

    fn visit_local(&mut self, it: &'ast syn::Local) {
        let from = self.found.messages.len();
        visit::visit_local(self, it);
        if let syn::Pat::Ident(name) = &it.pat {
            let made = (from..self.found.messages.len()).collect();
            let scope = self.named.last_mut().expect("there is one");
            scope.insert(name.ident.to_string(), made);
        }
    }

    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        let from = self.found.messages.len();
        visit::visit_expr_call(self, it);
        let Expr::Path(function) = &*it.func else {
            return;
        };
        let names: Vec<String> = function
            .path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match (names.as_slice(), it.args.first()) {
            (["error", name] | [name], Some(text)) if exit_of(name).is_some() => {
                let exit = exit_of(name).expect("it was just asked");
                let is_local = self.scopes.last().is_some_and(|it| it.is_variable(name));
                // A closure of the same name says why a word is none.
                let kind = if is_local {
                    Kind::Because
                } else {
                    Kind::Error(exit)
                };
                self.add(kind, text);
            }
            (["anyhow", "Error", "msg"], Some(text)) => self.add(Kind::Error(1), text),
            (["Problem", "at"], _) => self.add(Kind::Error(2), &it.args[2]),
            (["Err"], Some(text)) if Texts::is_text(text) => self.add(Kind::Because, text),
            ([.., name], _) => {
                let given: Vec<&Expr> = it.args.iter().collect();
                self.call_of_helper(name, &given, from);
            }
            _ => {}
        }
    }

    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        let from = self.found.messages.len();
        self.visit_expr(&it.receiver);
        let own = self.found.messages.len();
        it.args.iter().for_each(|one| self.visit_expr(one));
        if it.method == "because" {
            let causes = self.found.messages[own..].iter_mut();
            causes.for_each(|cause| cause.kind = Kind::Because);
        }
        let Some(argument) = it.args.first() else {
            return;
        };
        match it.method.to_string().as_str() {
            "context" | "with_context" => self.add(Kind::Context, argument),
            "hint" => self.advise(&it.receiver, argument, from),
            "ok_or" | "ok_or_else" | "map_err" if Texts::is_text(argument) => {
                self.add(Kind::Because, argument);
            }
            name => {
                let given: Vec<&Expr> = std::iter::once(&*it.receiver).chain(&it.args).collect();
                self.call_of_helper(name, &given, from);
            }
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let name = it.path.segments.last().expect("a name").ident.to_string();
        let given = arguments(it);
        for one in &given {
            self.visit_expr(one);
        }
        let whole = |it: &Macro| {
            Expr::Macro(syn::ExprMacro {
                attrs: Vec::new(),
                mac: it.clone(),
            })
        };
        match name.as_str() {
            "bail" | "anyhow" => self.add(Kind::Error(1), &whole(it)),
            "ensure" => self.add(Kind::Error(1), &whole(it)),
            _ => {}
        }
    }
}
