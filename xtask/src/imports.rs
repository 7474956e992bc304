//! The imports between the files of a crate, from `use` items and paths. Re-exports are followed to the file that
//! defines the name. Code that is only for tests does not count.
//!
//! A re-export is not an import of the file that contains it: the import goes from the file that uses the name to the
//! file that defines it. Names that macros create, and globs of other crates, are not found.

use std::collections::{BTreeMap, BTreeSet};

/// The maximum number of re-exports in a row that are followed.
const HOPS_MAX: usize = 16;

/// The files of one crate, and what each imports.
pub(crate) struct Imports {
    /// By file: the files that it imports.
    pub(crate) of: BTreeMap<String, BTreeSet<String>>,
}

/// The names and paths in a file.
#[derive(Default)]
struct Module {
    parent: Option<String>,
    children: BTreeMap<String, String>,
    /// The names that `use` items import, each with its path.
    names: BTreeMap<String, Vec<String>>,
    /// The paths that `use` items import without a name: traits.
    unnamed: Vec<Vec<String>>,
    globs: Vec<Vec<String>>,
    defined: BTreeSet<String>,
    /// The paths outside `use` items.
    paths: Vec<Vec<String>>,
}

/// The target of a path.
enum Found {
    Module(String),
    Item(String),
}

impl Imports {
    /// Reads a crate from its root, such as `src/lib.rs`; `text` returns the contents of a file, or none if it does not
    /// exist.
    pub(crate) fn read(root: &str, text: impl Fn(&str) -> Option<String>) -> Self {
        let mut modules: BTreeMap<String, Module> = BTreeMap::new();
        let mut waiting = vec![(root.to_owned(), None)];
        while let Some((file, parent)) = waiting.pop() {
            let Some(source) = text(&file) else { continue };
            let tokens = without_tests(&tokens(&source));
            let mut module = Module { parent, ..Module::default() };
            read_items(&tokens, &mut module);
            let folder = folder_of(&file, root);
            for (name, path) in &mut module.children {
                let alone = format!("{folder}/{name}.rs");
                *path = if text(&alone).is_some() { alone } else { format!("{folder}/{name}/mod.rs") };
                waiting.push((path.clone(), Some(file.clone())));
            }
            modules.insert(file, module);
        }
        let of = modules.iter().map(|(file, module)| (file.clone(), imported(&modules, root, file, module)));
        Self { of: of.collect() }
    }

    /// Returns the circles: groups of files that each reach each other.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let reached: BTreeMap<&String, BTreeSet<&String>> =
            self.of.keys().map(|file| (file, self.reached_from(file))).collect();
        let mut circles: Vec<BTreeSet<String>> = Vec::new();
        for (file, all) in &reached {
            if !all.contains(file) || circles.iter().any(|circle| circle.contains(*file)) {
                continue;
            }
            let mutual = all.iter().filter(|other| reached[*other].contains(file));
            circles.push(mutual.map(|other| (*other).clone()).collect());
        }
        circles
    }

    fn reached_from(&self, file: &String) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&String> = self.of[file].iter().collect();
        while let Some(next) = waiting.pop() {
            if reached.insert(next) {
                waiting.extend(self.of.get(next).into_iter().flatten());
            }
        }
        reached
    }
}

/// The folder of a file's child modules.
fn folder_of(file: &str, root: &str) -> String {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    if file == root || name == "mod.rs" {
        folder.to_owned()
    } else {
        format!("{folder}/{}", name.trim_end_matches(".rs"))
    }
}

fn imported(modules: &BTreeMap<String, Module>, root: &str, file: &str, module: &Module) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for path in module.paths.iter().chain(&module.unnamed) {
        let is_name_only = path.len() == 1;
        let is_known = module.names.contains_key(&path[0]) || !is_name_only;
        if !is_known {
            continue;
        }
        match resolve(modules, root, file, path, 0) {
            Some(Found::Module(found) | Found::Item(found)) if found != file => drop(files.insert(found)),
            _ => {}
        }
    }
    files
}

/// Follows a path from a file; none if it leads to another crate.
fn resolve(
    modules: &BTreeMap<String, Module>,
    root: &str,
    from: &str,
    path: &[String],
    hops: usize,
) -> Option<Found> {
    if hops > HOPS_MAX {
        return None;
    }
    let mut at = from.to_owned();
    for (place, segment) in path.iter().enumerate() {
        let module = modules.get(&at)?;
        match segment.as_str() {
            "crate" if place == 0 => at = root.to_owned(),
            "self" => {}
            "super" => at = module.parent.clone()?,
            name => {
                if let Some(child) = module.children.get(name) {
                    at.clone_from(child);
                    continue;
                }
                if let Some(passed_on) = module.names.get(name) {
                    // A name of another crate, imported under its own name, has no file in this crate.
                    if passed_on[0] == *name && !is_within(module, &passed_on[0]) {
                        return None;
                    }
                    match resolve(modules, root, &at, passed_on, hops + 1)? {
                        Found::Module(found) => at = found,
                        item @ Found::Item(_) => return Some(item),
                    }
                    continue;
                }
                if module.defined.contains(name) {
                    return Some(Found::Item(at));
                }
                for glob in &module.globs {
                    if let Some(Found::Module(found)) = resolve(modules, root, &at, glob, hops + 1)
                        && modules.get(&found).is_some_and(|module| module.defined.contains(name))
                    {
                        return Some(Found::Item(found));
                    }
                }
                return (place > 0).then_some(Found::Item(at));
            }
        }
    }
    Some(Found::Module(at))
}

fn is_within(module: &Module, first: &str) -> bool {
    ["crate", "self", "super"].contains(&first) || module.children.contains_key(first)
}

/// Splits a source into names, `::`, and single characters. Comments are left out; a literal becomes `"`.
fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |place: usize| text.get(place).copied().unwrap_or('\0');
    let (mut tokens, mut i) = (Vec::new(), 0);
    while i < text.len() {
        let c = text[i];
        if c.is_whitespace() {
            i += 1;
        } else if c == '/' && at(i + 1) == '/' {
            while i < text.len() && text[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            i += 2;
            let mut depth = 1;
            while i < text.len() && depth > 0 {
                match (text[i], at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
            }
        } else if let Some(end) = literal_end(&text, i) {
            tokens.push("\"".to_owned());
            i = end;
        } else if c.is_alphanumeric() || c == '_' {
            let begin = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            tokens.push(text[begin..i].iter().collect());
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push("::".to_owned());
            i += 2;
        } else {
            tokens.push(c.to_string());
            i += 1;
        }
    }
    tokens
}

/// Returns the end of the string or character literal that begins here.
fn literal_end(text: &[char], begin: usize) -> Option<usize> {
    let at = |place: usize| text.get(place).copied().unwrap_or('\0');
    let mut i = begin;
    while ['b', 'c', 'r'].contains(&at(i)) && i < begin + 2 {
        i += 1;
    }
    let is_raw = text[begin..i].contains(&'r');
    let hashes = (i..).take_while(|place| at(*place) == '#').count();
    if at(i + hashes) == '"' && (is_raw || hashes == 0) {
        i += hashes + 1;
        while i < text.len() {
            if text[i] == '"' && (1..=hashes).all(|hash| at(i + hash) == '#') {
                return Some(i + hashes + 1);
            }
            i += if text[i] == '\\' && !is_raw { 2 } else { 1 };
        }
        return Some(i);
    }
    // A character, not a lifetime.
    if at(i) == '\'' && (i == begin || at(begin) == 'b') {
        if at(i + 1) == '\\' {
            return (i + 3..text.len()).find(|place| text[*place] == '\'').map(|place| place + 1);
        }
        return (at(i + 2) == '\'').then_some(i + 3);
    }
    None
}

/// Removes the items after `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        if tokens[i..].iter().map(String::as_str).take(TEST.len()).eq(TEST) {
            i = item_end(tokens, i + TEST.len());
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    kept
}

/// Returns the end of the item that begins here, including its attributes.
fn item_end(tokens: &[String], begin: usize) -> usize {
    let (mut depth, mut i, mut had_body) = (0_usize, begin, false);
    while i < tokens.len() {
        match tokens[i].as_str() {
            ";" if depth == 0 => return i + 1,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                had_body |= depth == 0 && tokens[i] == "}";
            }
            _ => {}
        }
        i += 1;
        if had_body && depth == 0 {
            return if tokens.get(i).is_some_and(|token| token == ";") { i + 1 } else { i };
        }
    }
    i
}

fn read_items(tokens: &[String], module: &mut Module) {
    const DEFINES: [&str; 9] =
        ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"];
    let token = |place: usize| tokens.get(place).map_or("", String::as_str);
    let mut i = 0;
    while i < tokens.len() {
        match token(i) {
            "use" if token(i + 1) != "<" => {
                let end = (i..tokens.len()).find(|place| tokens[*place] == ";").unwrap_or(tokens.len());
                read_use(&tokens[i + 1..end], module);
                i = end + 1;
            }
            "mod" if token(i + 2) == ";" => {
                module.children.insert(token(i + 1).to_owned(), String::new());
                i += 3;
            }
            "const" if ["fn", "unsafe", "async"].contains(&token(i + 1)) => i += 1,
            word if DEFINES.contains(&word) && is_name(token(i + 1)) => {
                module.defined.insert(token(i + 1).to_owned());
                i += 2;
            }
            "macro_rules" => {
                module.defined.insert(token(i + 2).to_owned());
                i += 3;
            }
            word if is_name(word) && (i == 0 || !["::", "."].contains(&token(i - 1))) => {
                let mut path = vec![word.to_owned()];
                while token(i + 1) == "::" && is_name(token(i + 2)) {
                    path.push(token(i + 2).to_owned());
                    i += 2;
                }
                module.paths.push(path);
                i += 1;
            }
            _ => i += 1,
        }
    }
}

fn is_name(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// Reads the tokens between `use` and its semicolon.
fn read_use(tokens: &[String], module: &mut Module) {
    let mut stack: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    let mut alias = None;
    let mut i = 0;
    while i <= tokens.len() {
        match tokens.get(i).map_or(",", String::as_str) {
            "{" => {
                stack.push(std::mem::replace(&mut before, path.clone()));
                path.clone_from(&before);
            }
            "as" => {
                alias = tokens.get(i + 1).cloned();
                i += 1;
            }
            "::" => {}
            end @ ("," | "}") => {
                if path.len() > before.len() {
                    note_use(std::mem::take(&mut path), alias.take().as_deref(), module);
                }
                if end == "}" {
                    before = stack.pop().unwrap_or_default();
                    path.clear();
                    path.clone_from(&before);
                } else {
                    path.clone_from(&before);
                }
            }
            name => path.push(name.to_owned()),
        }
        i += 1;
    }
}

fn note_use(mut path: Vec<String>, alias: Option<&str>, module: &mut Module) {
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    match (path.last().map(String::as_str), alias) {
        (Some("*"), _) => {
            path.pop();
            module.globs.push(path);
        }
        (_, Some("_")) => module.unnamed.push(path),
        (_, Some(name)) | (Some(name), None) => drop(module.names.insert(name.to_owned(), path)),
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Imports;

    fn read(files: &[(&str, &str)]) -> Imports {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        Imports::read("src/lib.rs", |file| files.get(file).map(|text| (*text).to_owned()))
    }

    fn of(imports: &Imports, file: &str) -> Vec<String> {
        imports.of[file].iter().cloned().collect()
    }

    #[test]
    fn a_re_export_leads_to_the_file_that_defines_the_name_and_is_not_an_import() {
        let imports = read(&[
            ("src/lib.rs", "mod a; mod b; pub use a::A; use a::deep;"),
            ("src/a/mod.rs", "pub mod deep; pub(crate) use deep::A;"),
            ("src/a/deep.rs", "pub(crate) struct A; fn f() {}"),
            ("src/b.rs", "use crate::{A as Other, deep}; fn g(_: Other) { deep::f() }"),
        ]);
        assert_eq!(of(&imports, "src/b.rs"), ["src/a/deep.rs"]);
        assert!(of(&imports, "src/a/mod.rs").is_empty() && of(&imports, "src/lib.rs").is_empty());
        assert!(imports.circles().is_empty());
    }

    #[test]
    fn a_circle_of_three_is_found_through_every_kind_of_path() {
        let imports = read(&[
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use std::fmt; fn f() { crate::b::g() }"),
            ("src/b.rs", "pub fn g() { super::c::h::<u8>() }"),
            ("src/c.rs", "mod inner; use crate::a::{self, X as _}; pub fn h<T>() { inner::i() }"),
            ("src/c/inner.rs", "pub fn i() -> char { '\"' }"),
        ]);
        let circles = imports.circles();
        assert_eq!(circles.len(), 1);
        assert_eq!(circles[0].iter().collect::<Vec<_>>(), ["src/a.rs", "src/b.rs", "src/c.rs"]);
    }

    #[test]
    fn test_code_and_comments_are_not_imports() {
        let imports = read(&[
            ("src/lib.rs", "mod a; mod b; #[cfg(test)] mod testing;"),
            (
                "src/a.rs",
                "pub(crate) struct A; #[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::b::{B};",
            ),
            (
                "src/b.rs",
                "/* crate::a /* nested */ crate::a::A */ // crate::a::A\n const S: &str = r#\"crate::a::A \"\"#; \
                 const Q: char = '\\''; fn f<'a>(_: &'a str) -> &'static str { \"crate::a::A\" }",
            ),
            ("src/testing.rs", "use crate::a::A;"),
        ]);
        assert!(imports.of.values().all(std::collections::BTreeSet::is_empty), "{:?}", imports.of);
        assert!(!imports.of.contains_key("src/testing.rs"));
    }
}
