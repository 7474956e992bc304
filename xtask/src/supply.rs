//! The dependencies: licences, sources and versions of every package in the program, and their known vulnerabilities if
//! the list can be reached. This does the work of `cargo deny`, whose build takes longer than all our checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The allowed licences. A package with a choice of licences needs one of these.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The allowed source of packages.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The forbidden packages, and why.
const BANNED: &[(&str, &str)] = &[
    ("aws-lc-sys", "one cryptographic library is enough, and ring is there"),
    ("native-tls", "one TLS is enough, and rustls is there"),
    ("openssl", "one TLS is enough, and rustls is there"),
    ("openssl-sys", "one TLS is enough, and rustls is there"),
];

/// The packages of which dependencies need two versions. Each costs build time and size, so a new one needs a review.
const TWICE: &[&str] = &[
    "base64",
    "bit-vec",
    "block-buffer",
    "chacha20",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "getrandom",
    "hashbrown",
    "hkdf",
    "hmac",
    "hybrid-array",
    "nom",
    "rand",
    "rand_core",
    "sha1",
    "sha2",
    "spin",
    "syn",
    "synstructure",
    "thiserror",
    "thiserror-impl",
    "toml",
    "tower-http",
];

/// Cargo's messages about a build.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

/// Checks every package that is built for this machine, and adds the findings.
///
/// # Errors
/// When Cargo does not report what is built.
pub(crate) fn check(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    judge(&packages(root)?, findings);
    advisories(root, findings);
    Ok(())
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let host = said(Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names its host")?;
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    let text = said(cargo.current_dir(root))?;
    let metadata: Metadata = serde_json::from_str(&text).context("read what Cargo says")?;
    let built: BTreeSet<String> = metadata.resolve.nodes.into_iter().map(|node| node.id).collect();
    Ok(metadata.packages.into_iter().filter(|package| built.contains(&package.id)).collect())
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn judge(packages: &[Package], findings: &mut Vec<String>) {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Package { name, version, license, source, .. } in packages {
        versions.entry(name).or_default().push(version);
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| banned == name) {
            findings.push(format!("{name} {version} is banned: {why}"));
        }
        let Some(source) = source else { continue }; // one of ours
        if source != SOURCE {
            findings.push(format!("{name} {version} comes from {source}"));
        }
        let licence = license.as_deref().unwrap_or_default();
        if !is_allowed(licence) {
            findings.push(format!("{name} {version} has a licence that is not allowed: `{licence}`"));
        }
    }
    for (name, versions) in versions {
        if versions.len() > 1 && !TWICE.contains(&name) {
            findings.push(format!("{name} is built in versions {}", versions.join(" and ")));
        }
    }
}

/// Returns whether allowed licences fulfil the expression. `AND` binds more strongly than `OR`; a slash is an old form
/// of `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    if expression.is_empty() {
        return false;
    }
    if let Some(parts) = split(expression, " OR ") {
        return parts.into_iter().any(is_allowed);
    }
    if let Some(parts) = split(expression, " AND ") {
        return parts.into_iter().all(is_allowed);
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner),
        None => LICENCES.contains(&expression),
    }
}

/// Splits an expression at a word outside parentheses; none if it does not contain the word there.
fn split<'a>(expression: &'a str, word: &str) -> Option<Vec<&'a str>> {
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (place, sign) in expression.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && place >= begin && expression[place..].starts_with(word) => {
                parts.push(&expression[begin..place]);
                begin = place + word.len();
            }
            _ => {}
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(&expression[begin..]);
    Some(parts)
}

/// Asks `cargo deny` for known vulnerabilities, if it is installed and its list can be reached. Otherwise prints that
/// they were not checked.
fn advisories(root: &Path, findings: &mut Vec<String>) {
    let asked = Command::new("cargo").args(["deny", "--version"]).output();
    if !asked.is_ok_and(|output| output.status.success()) {
        println!(
            "advisories: NOT CHECKED (cargo-deny is not installed; `cargo install cargo-deny` to check them)"
        );
        return;
    }
    let checked = Command::new("cargo").args(["deny", "check", "advisories"]).current_dir(root).output();
    match checked {
        Ok(output) if output.status.success() => println!("advisories: checked"),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            if text.contains("failed to fetch advisory database") {
                println!("advisories: NOT CHECKED (their list cannot be reached)");
            } else {
                findings.push(format!("advisories: {}", text.trim()));
            }
        }
        Err(error) => println!("advisories: NOT CHECKED ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Package, SOURCE, is_allowed, judge};

    #[test]
    fn a_licence_is_allowed_when_one_of_ours_fulfils_it() {
        let cases = [
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 / MIT", true),
            ("Apache-2.0 OR GPL-2.0-only", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("(MIT AND GPL-3.0-only) OR AGPL-3.0", false),
            ("GPL-3.0-only", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(is_allowed(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_foreign_banned_or_there_twice_is_found() {
        let package = |name: &str, version: &str, license: &str, source: Option<&str>| Package {
            id: format!("{name} {version}"),
            name: name.into(),
            version: version.into(),
            license: Some(license.into()),
            source: source.map(str::to_owned),
        };
        let good = [
            package("serde", "1.0.0", "MIT", Some(SOURCE)),
            package("syn", "2.0.0", "MIT", Some(SOURCE)),
            package("syn", "3.0.0", "MIT", Some(SOURCE)),
            package("model", "0.1.0", "Apache-2.0", None),
        ];
        let mut findings = Vec::new();
        judge(&good, &mut findings);
        assert_eq!(findings, Vec::<String>::new());
        let bad = [
            package("a", "1.0.0", "MIT", Some("git+https://example.org/a")),
            package("b", "1.0.0", "AGPL-3.0", Some(SOURCE)),
            package("openssl", "0.10.0", "Apache-2.0", Some(SOURCE)),
            package("serde", "1.0.0", "MIT", Some(SOURCE)),
            package("serde", "2.0.0", "MIT", Some(SOURCE)),
        ];
        judge(&bad, &mut findings);
        assert_eq!(findings.len(), 4, "{findings:?}");
    }
}
