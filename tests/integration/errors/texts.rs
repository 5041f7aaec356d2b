//! What a text is when the program runs, as far as the sources say it: with `{name}` for what is only known then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Block, Expr, File, ItemConst, Lit, Macro, Pat, Signature, Stmt};

use super::sources::{arguments, is_test};

/// How many steps (a variable, a function, a constant) one text may be put together in.
const DEEPEST: usize = 6;

/// The constants and functions that texts are made with.
pub(super) struct Texts {
    constants: BTreeMap<String, Vec<(PathBuf, Expr)>>,
    functions: BTreeMap<String, Vec<(PathBuf, Scope)>>,
    /// What the fields of a name are given in a file.
    fields: BTreeMap<(PathBuf, String), Vec<Expr>>,
}

/// A function, with what its local variables are.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) name: String,
    parameters: Vec<String>,
    variables: BTreeMap<String, Vec<Expr>>,
    body: Block,
}

impl Scope {
    pub(super) fn of(signature: &Signature, body: &Block) -> Self {
        let mut variables = Variables::default();
        variables.visit_block(body);
        let parameters = signature.inputs.iter().map(|input| match input {
            syn::FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(name) => name.ident.to_string(),
                _ => String::new(),
            },
            syn::FnArg::Receiver(_) => "self".to_owned(),
        });
        Self {
            name: signature.ident.to_string(),
            parameters: parameters.collect(),
            variables: variables.0,
            body: body.clone(),
        }
    }
}

impl Scope {
    /// Tells whether a name is given a value in the function.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    /// Returns what a name was last given before it is used.
    fn value(&self, name: &str, used: &Expr) -> Option<&Expr> {
        let line = |one: &Expr| one.span().start().line;
        let before = |one: &&Expr| line(one) <= line(used);
        let values = self.variables.get(name)?;
        values.iter().rfind(before).or(values.last())
    }

    /// Returns which of the function's parameters a name is.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|one| one == name)
    }
}

#[derive(Default)]
struct Variables(BTreeMap<String, Vec<Expr>>);

impl<'ast> Visit<'ast> for Variables {
    fn visit_local(&mut self, it: &'ast syn::Local) {
        visit::visit_local(self, it);
        let pattern = match &it.pat {
            Pat::Type(typed) => &typed.pat,
            pattern => pattern,
        };
        if let (Pat::Ident(name), Some(value)) = (pattern, &it.init) {
            let values = self.0.entry(name.ident.to_string()).or_default();
            values.push((*value.expr).clone());
        }
    }
}

struct Items<'a> {
    file: &'a Path,
    texts: &'a mut Texts,
}

impl Items<'_> {
    fn function(&mut self, signature: &Signature, body: &Block) {
        let all = self.texts.functions.entry(signature.ident.to_string());
        all.or_default()
            .push((self.file.to_owned(), Scope::of(signature, body)));
    }
}

impl<'ast> Visit<'ast> for Items<'_> {
    fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
        if !is_test(&it.attrs) {
            visit::visit_item_mod(self, it);
        }
    }

    fn visit_field_value(&mut self, it: &'ast syn::FieldValue) {
        visit::visit_field_value(self, it);
        if let syn::Member::Named(name) = &it.member {
            let place = (self.file.to_owned(), name.to_string());
            let values = self.texts.fields.entry(place).or_default();
            values.push(it.expr.clone());
        }
    }

    fn visit_item_const(&mut self, it: &'ast ItemConst) {
        let all = self.texts.constants.entry(it.ident.to_string());
        all.or_default()
            .push((self.file.to_owned(), (*it.expr).clone()));
    }

    fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
        self.function(&it.sig, &it.block);
        visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
        self.function(&it.sig, &it.block);
        visit::visit_impl_item_fn(self, it);
    }
}

impl Texts {
    pub(super) fn of(files: &BTreeMap<PathBuf, File>) -> Self {
        let mut texts = Self {
            constants: BTreeMap::new(),
            functions: BTreeMap::new(),
            fields: BTreeMap::new(),
        };
        for (file, parsed) in files {
            Items {
                file,
                texts: &mut texts,
            }
            .visit_file(parsed);
        }
        texts
    }

    /// Tells whether an expression is a text at the first glance: a literal or a `format!`, or a closure that is one.
    pub(super) fn is_text(expression: &Expr) -> bool {
        match expression {
            Expr::Lit(lit) => matches!(lit.lit, Lit::Str(_)),
            Expr::Macro(it) => it.mac.path.is_ident("format"),
            Expr::Closure(it) => Self::is_text(&it.body),
            Expr::MethodCall(it) => {
                is_conversion(&it.method.to_string()) && Self::is_text(&it.receiver)
            }
            Expr::Block(it) => {
                matches!(it.block.stmts.last(), Some(Stmt::Expr(last, None)) if Self::is_text(last))
            }
            _ => false,
        }
    }

    /// Tells whether there is a text somewhere in an expression, or a call that may return one.
    pub(super) fn holds_text(it: &Expr) -> bool {
        struct Search(bool);
        impl<'ast> Visit<'ast> for Search {
            fn visit_expr_method_call(&mut self, it: &'ast syn::ExprMethodCall) {
                // What a text is cut or joined at is no message.
                let name = it.method.to_string();
                self.visit_expr(&it.receiver);
                if !["join", "split"].contains(&name.as_str()) && !name.starts_with("trim") {
                    it.args.iter().for_each(|one| self.visit_expr(one));
                }
            }
            fn visit_lit_str(&mut self, _: &'ast syn::LitStr) {
                self.0 = true;
            }
            fn visit_macro(&mut self, it: &'ast Macro) {
                arguments(it).iter().for_each(|one| self.visit_expr(one));
            }
        }
        let mut search = Search(false);
        search.visit_expr(it);
        search.0
    }

    /// Tells whether a name is a constant.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name)
    }

    /// Returns the name, where an expression is nothing but a variable, or what is made of it without changing it.
    pub(super) fn variable(it: &Expr) -> Option<String> {
        match it {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Reference(it) => Self::variable(&it.expr),
            Expr::Closure(it) => Self::variable(&it.body),
            Expr::MethodCall(it) if is_conversion(&it.method.to_string()) => {
                Self::variable(&it.receiver)
            }
            Expr::Macro(it) if it.mac.path.segments.last()?.ident == "anyhow" => {
                match arguments(&it.mac).as_slice() {
                    [only] => Self::variable(only),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns what an expression may be; `None` where that cannot be told.
    pub(super) fn of_expression(
        &self,
        expression: &Expr,
        scopes: &[Scope],
        file: &Path,
    ) -> Option<Vec<String>> {
        let found = self.texts(expression, scopes.last(), file, 0)?;
        (!found.is_empty()).then_some(found)
    }

    fn texts(
        &self,
        it: &Expr,
        scope: Option<&Scope>,
        file: &Path,
        depth: usize,
    ) -> Option<Vec<String>> {
        if depth > DEEPEST {
            return None;
        }
        let again = |it: &Expr| self.texts(it, scope, file, depth + 1);
        let all = |them: Vec<&Expr>| {
            let found: Option<Vec<_>> = them.into_iter().map(again).collect();
            found.map(|lists| lists.concat())
        };
        match it {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(vec![text.value()]),
                _ => None,
            },
            Expr::Macro(it) => self.of_macro(&it.mac, scope, file, depth),
            Expr::Paren(it) => again(&it.expr),
            Expr::Reference(it) => again(&it.expr),
            Expr::Try(it) => again(&it.expr),
            Expr::Closure(it) => again(&it.body),
            Expr::Block(it) => self.of_block(&it.block, scope, file, depth),
            Expr::Return(it) => again(it.expr.as_ref()?),
            Expr::If(it) => {
                let mut found = self.of_block(&it.then_branch, scope, file, depth)?;
                found.extend(again(&it.else_branch.as_ref()?.1)?);
                Some(found)
            }
            Expr::Match(it) => all(it.arms.iter().map(|arm| &*arm.body).collect()),
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                if is_conversion(&name) {
                    return again(&call.receiver);
                }
                match (name.as_str(), call.args.len()) {
                    ("unwrap_or_default", 0) => again(&call.receiver),
                    ("unwrap_or" | "unwrap_or_else", 1) => {
                        let mut found = again(&call.receiver)?;
                        found.extend(again(&call.args[0])?);
                        Some(found)
                    }
                    ("map_or" | "map_or_else", 2) => all(call.args.iter().collect()),
                    ("map" | "and_then", 1) => again(&call.args[0]),
                    _ => self.of_function(&name, file, depth),
                }
            }
            Expr::Call(call) => {
                let Expr::Path(function) = &*call.func else {
                    return None;
                };
                let name = function.path.segments.last()?.ident.to_string();
                match name.as_str() {
                    "Some" | "from" | "Ok" => again(call.args.first()?),
                    _ => self.of_function(&name, file, depth),
                }
            }
            Expr::Path(path) => {
                let name = path.path.segments.last()?.ident.to_string();
                if name == "None" {
                    return Some(Vec::new());
                }
                if let Some(value) = scope.and_then(|scope| scope.value(&name, it)) {
                    return again(value);
                }
                let value = pick(self.constants.get(&name)?, file)?;
                self.texts(value, None, file, depth + 1)
            }
            Expr::Field(field) => match &field.member {
                syn::Member::Named(name) => {
                    let values = self.fields.get(&(file.to_owned(), name.to_string()))?;
                    let texts = values
                        .iter()
                        .map(|one| self.texts(one, None, file, depth + 1));
                    Some(texts.flatten().flatten().collect())
                }
                syn::Member::Unnamed(_) => None,
            },
            _ => None,
        }
    }

    fn of_function(&self, name: &str, file: &Path, depth: usize) -> Option<Vec<String>> {
        let scope = pick(self.functions.get(name)?, file)?;
        let mut returned = Returned(Vec::new());
        returned.visit_block(&scope.body);
        let mut found = self.of_block(&scope.body, Some(scope), file, depth + 1)?;
        for one in returned.0 {
            found.extend(self.texts(&one, Some(scope), file, depth + 1)?);
        }
        Some(found)
    }

    fn of_block(
        &self,
        block: &Block,
        scope: Option<&Scope>,
        file: &Path,
        depth: usize,
    ) -> Option<Vec<String>> {
        match block.stmts.last()? {
            Stmt::Expr(Expr::Return(_), _) => Some(Vec::new()),
            Stmt::Expr(last, _) => self.texts(last, scope, file, depth + 1),
            Stmt::Macro(it) => self.of_macro(&it.mac, scope, file, depth),
            _ => None,
        }
    }

    fn of_macro(
        &self,
        it: &Macro,
        scope: Option<&Scope>,
        file: &Path,
        depth: usize,
    ) -> Option<Vec<String>> {
        let given = arguments(it);
        let given = match it.path.segments.last()?.ident.to_string().as_str() {
            "format" | "bail" | "anyhow" => given.as_slice(),
            "ensure" => given.get(1..)?,
            "concat" => {
                let parts: Option<Vec<_>> = given
                    .iter()
                    .map(|part| self.texts(part, scope, file, depth + 1)?.pop())
                    .collect();
                return Some(vec![parts?.concat()]);
            }
            _ => return None,
        };
        let Expr::Lit(syn::ExprLit {
            lit: Lit::Str(format),
            ..
        }) = given.first()?
        else {
            return None;
        };
        Some(vec![filled(&format.value(), &given[1..])])
    }
}

/// Returns the one of this name: that of the file, else the only one.
fn pick<'a, T>(all: &'a [(PathBuf, T)], file: &Path) -> Option<&'a T> {
    let here = all.iter().find(|(one, _)| one == file);
    let beside = || {
        all.iter()
            .find(|(one, _)| one.iter().next() == file.iter().next())
    };
    match (here.or_else(beside), all) {
        (Some((_, it)), _) | (None, [(_, it)]) => Some(it),
        _ => None,
    }
}

struct Returned(Vec<Expr>);

impl<'ast> Visit<'ast> for Returned {
    fn visit_expr_return(&mut self, it: &'ast syn::ExprReturn) {
        self.0.extend(it.expr.as_deref().cloned());
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
}

fn is_conversion(method: &str) -> bool {
    [
        "to_owned",
        "to_string",
        "into",
        "as_str",
        "clone",
        "trim_end",
        "as_ref",
    ]
    .contains(&method)
}

/// Writes the names of what is put in into a text: `{}` with `path.display()` becomes `{path}`.
fn filled(format: &str, given: &[Expr]) -> String {
    let (named, placed): (Vec<&Expr>, Vec<&Expr>) =
        given.iter().partition(|one| matches!(one, Expr::Assign(_)));
    let mut placed = placed.into_iter();
    let (mut text, mut rest) = (String::new(), format);
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            text.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        let (inside, after) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        let (name, how) = inside.split_once(':').unwrap_or((inside, ""));
        let how = if how.contains('?') { ":?" } else { "" };
        let name = match name {
            "" => placed.next().map_or("?".to_owned(), name_of),
            name => {
                let found = named.iter().find_map(|one| match one {
                    Expr::Assign(it) if name_of(&it.left) == name => Some(name_of(&it.right)),
                    _ => None,
                });
                found.unwrap_or_else(|| name.to_owned())
            }
        };
        text.push_str(&format!("{{{name}{how}}}"));
        rest = after;
    }
    text + rest
}

/// Returns a word for a value: the last name in it.
fn name_of(it: &Expr) -> String {
    match it {
        Expr::Path(path) => {
            let last = path.path.segments.last();
            last.map_or("?".to_owned(), |last| last.ident.to_string().to_lowercase())
        }
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => name.to_string(),
            syn::Member::Unnamed(_) => name_of(&field.base),
        },
        Expr::MethodCall(call) => match &*call.receiver {
            Expr::Path(path) if path.path.is_ident("self") => call.method.to_string(),
            receiver => name_of(receiver),
        },
        Expr::Call(call) => {
            let function = name_of(&call.func);
            match call.args.first() {
                Some(first) if function != "count" => name_of(first),
                _ => match call.args.get(1) {
                    Some(Expr::Lit(lit)) => match &lit.lit {
                        Lit::Str(text) => format!("{}s", text.value()),
                        _ => function,
                    },
                    _ => function,
                },
            }
        }
        Expr::Reference(it) => name_of(&it.expr),
        Expr::Unary(it) => name_of(&it.expr),
        Expr::Paren(it) => name_of(&it.expr),
        Expr::Try(it) => name_of(&it.expr),
        Expr::Index(it) => name_of(&it.expr),
        Expr::Cast(it) => name_of(&it.expr),
        _ => "..".to_owned(),
    }
}
