//! Every text that the code of this crate names is in the catalogue.

use std::fs;
use std::path::{Path, PathBuf};

use model::text::{has_line, has_problem};

/// The code before the ID of a text.
const MAKERS: [&str; 9] = [
    "Note::new(",
    "Text::new(",
    "Problem::new(",
    "Problem::refused(",
    "Problem::invalid(",
    "Problem::not_found(",
    "Problem::conflict(",
    "Problem::outside(",
    "Problem::internal(",
];

#[test]
fn every_text_that_is_named_has_words() {
    let mut named = 0;
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).expect("a file of ours");
        for maker in MAKERS {
            for (place, _) in text.match_indices(maker) {
                let arguments = text[place + maker.len()..].split([')', ';']).next().unwrap_or_default();
                let Some(name) = arguments.split('"').nth(1) else { continue }; // not a literal
                let is_made_up = name.contains('{');
                assert!(is_made_up || has_line(name) || has_problem(name), "{}: `{name}`", file.display());
                named += 1;
            }
        }
    }
    assert!(named > 80, "only {named} were found: the search is broken");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}
