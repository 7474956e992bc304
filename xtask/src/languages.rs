//! Checks that README and the operator's pages exist in English and in Chinese, with the same headings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The English and the Chinese README.
const README: (&str, &str) = ("README.md", "README.zh-CN.md");

/// The folders of the operator's pages in English and in Chinese.
const PAGES: (&str, &str) = ("docs/operate", "docs/zh/operate");

/// Compares the pages of both languages.
///
/// # Errors
/// When a page cannot be read.
pub(crate) fn check(root: &Path, findings: &mut Vec<String>) -> Result<()> {
    same_headings(&root.join(README.0), &root.join(README.1), findings)?;
    let (english, chinese) = (root.join(PAGES.0), root.join(PAGES.1));
    let (of_english, of_chinese) = (pages(&english)?, pages(&chinese)?);
    for page in of_english.union(&of_chinese) {
        let (left, right) = (english.join(page), chinese.join(page));
        if !of_chinese.contains(page) {
            findings.push(format!("{}: missing; {} exists", right.display(), left.display()));
        } else if !of_english.contains(page) {
            findings.push(format!("{}: missing; {} exists", left.display(), right.display()));
        } else {
            same_headings(&left, &right, findings)?;
        }
    }
    Ok(())
}

fn same_headings(english: &Path, chinese: &Path, findings: &mut Vec<String>) -> Result<()> {
    let (of_english, of_chinese) = (headings(&read(english)?), headings(&read(chinese)?));
    if of_english != of_chinese {
        let shown = |levels: &[usize]| levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        findings.push(format!(
            "{} has headings of the levels {}, {} has {}",
            english.display(),
            shown(&of_english),
            chinese.display(),
            shown(&of_chinese)
        ));
    }
    Ok(())
}

/// Returns the levels of the headings of a Markdown text, in order. Code blocks have none.
fn headings(text: &str) -> Vec<usize> {
    let mut levels = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with('#') {
            levels.push(line.chars().take_while(|letter| *letter == '#').count());
        }
    }
    levels
}

/// Returns the paths of the Markdown files below a folder, relative to it.
fn pages(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let entries = fs::read_dir(&next).with_context(|| format!("read {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.insert(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::headings;

    #[test]
    fn headings_are_counted_outside_code_blocks_only() {
        let text = "# A\n\n```sh\n# a comment\n```\n## B\ntext # no heading\n   ```\n# code\n   ```\n### C\n";
        assert_eq!(headings(text), [1, 2, 3]);
    }
}
