//! Checks rules that the compiler does not check. Each rule is a function; `check` runs them all and lists every
//! finding.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The crates of this workspace that a crate may use (design: "the one direction").
///
/// A crate that is not in the table may use none of them.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("engine", &[]),
    ("oceanbase", &["model"]),
    ("storage", &["model"]),
    ("dump", &["model", "oceanbase", "storage"]),
    ("metadata", &["model", "engine"]),
    ("control", &["model", "engine", "oceanbase", "storage", "dump", "metadata"]),
    ("api", &["model", "control"]),
    ("app", &["model", "engine", "oceanbase", "storage", "dump", "metadata", "control", "api"]),
    ("sim", &[]),
    ("xtask", &[]),
];

/// The crates that tests may use in addition: the servers of `xtask`, the simulator of clusters, the engine's test kit.
const TEST_EDGES: &[(&str, &[&str])] = &[
    ("oceanbase", &["sim", "xtask"]),
    ("storage", &["xtask"]),
    ("dump", &["sim", "xtask"]),
    ("metadata", &["xtask"]),
    ("control", &["sim", "xtask"]),
    ("api", &["sim", "xtask"]),
    ("app", &["sim", "xtask"]),
    ("sim", &["xtask"]),
];

/// The maximum number of lines in a file; a longer file contains more than one topic.
const MOST_LINES: usize = 500;

/// Runs every rule.
///
/// # Errors
/// Fails with the list of all findings.
pub fn check(root: &Path) -> Result<()> {
    let mut findings = Vec::new();
    crate_edges(root, &mut findings)?;
    for file in rust_files(root)? {
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        file_length(&name, &text, &mut findings);
        module_document(&name, &text, &mut findings);
    }
    forgotten_tests(root, &mut findings)?;
    named_tests(root, &mut findings)?;
    crate::rooms::check(root, &mut findings);
    crate::supply::check(root, &mut findings)?;
    crate::languages::check(root, &mut findings)?;
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} findings:\n{}", findings.len(), findings.join("\n"))
}

/// Checks that every dependency between our crates is in the table.
fn crate_edges(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let ours: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for &(name, allowed) in EDGES {
        let folder = if name == "xtask" { root.join("xtask") } else { root.join("crates").join(name) };
        let file = folder.join("Cargo.toml");
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let manifest: BTreeMap<String, toml::Value> = toml::from_str(&text)?;
        let for_tests = TEST_EDGES.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, edges)| edges);
        for (table, extra) in
            [("dependencies", &[][..]), ("build-dependencies", &[]), ("dev-dependencies", for_tests)]
        {
            let Some(toml::Value::Table(dependencies)) = manifest.get(table) else { continue };
            for dependency in dependencies.keys().map(String::as_str).filter(|d| ours.contains(d)) {
                if !allowed.contains(&dependency) && !extra.contains(&dependency) && dependency != name {
                    findings
                        .push(format!("crates/{name}: `{dependency}` in [{table}] is no edge of the design"));
                }
            }
        }
    }
    Ok(())
}

fn file_length(name: &str, text: &str, findings: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > MOST_LINES {
        findings.push(format!("{name}: {lines} lines, at most {MOST_LINES}: split it by noun"));
    }
}

fn module_document(name: &str, text: &str, findings: &mut Vec<String>) {
    if !text.trim_start().starts_with("//!") {
        findings.push(format!("{name}: does not begin with a `//!` sentence that says what it is"));
    }
}

/// Checks that every file next to a `tests/it/main.rs` is a module of it; otherwise its tests never run.
fn forgotten_tests(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    for main in rust_files(root)?.into_iter().filter(|file| file.ends_with("tests/it/main.rs")) {
        let text = fs::read_to_string(&main)?;
        let folder = main.parent().expect("a file lies in a folder");
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let module = path.is_dir() && path.join("mod.rs").exists()
                || path.extension().is_some_and(|extension| extension == "rs");
            if module && stem != "main" && !text.contains(&format!("mod {stem};")) {
                findings.push(format!("{}: not a module of main.rs, so it never runs", path.display()));
            }
        }
    }
    Ok(())
}

/// The documents that name the tests of a promise, as `crate::name_of_the_test`.
const PROMISES: &[&str] = &["docs/physical-traps.md"];

/// Checks that the tests in these documents exist: a promise whose test was renamed or deleted is not tested.
fn named_tests(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    let mut code: BTreeMap<String, String> = BTreeMap::new();
    for document in PROMISES {
        let text = fs::read_to_string(root.join(document)).with_context(|| format!("read {document}"))?;
        for named in text.split('`').skip(1).step_by(2) {
            let Some((of, test)) = named.split_once("::") else { continue };
            if !code.contains_key(of) {
                let files = rust_files(root)?
                    .into_iter()
                    .filter(|file| file.starts_with(root.join("crates").join(of)));
                let all = files.map(fs::read_to_string).collect::<std::io::Result<String>>()?;
                code.insert(of.to_owned(), all);
            }
            if !code[of].contains(&format!("fn {test}(")) {
                findings.push(format!("{document}: there is no test {test} in the crate {of}"));
            }
        }
    }
    Ok(())
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = ["crates", "xtask", "bench"].iter().map(|name| root.join(name)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn this_workspace_is_tidy() {
        if let Err(findings) = check(&crate::workspace_root()) {
            panic!("{findings}");
        }
    }
}
