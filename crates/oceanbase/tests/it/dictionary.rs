//! The dictionary knows every error that the simulator can return: its numbers are read from the simulator's source,
//! so that a new one is detected here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::cluster::Address;
use model::text::Language;
use oceanbase::error::problem_of_result;
use regex::Regex;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the simulator's folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_error_number_of_the_simulator_has_a_text_with_a_fix() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/src"), &mut files);
    // A number is listed in the table of texts, or where an error is created.
    let pattern =
        Regex::new(r#"(?:SqlError::(?:new|plain)\(|code: |^\s+\()([0-9]{4})\b"#).expect("a pattern");
    let mut numbers = BTreeSet::new();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("text");
        let found = text.lines().filter_map(|line| pattern.captures(line)?[1].parse::<u64>().ok());
        numbers.extend(found.filter(|number| (4_000..10_000).contains(number)));
    }
    assert!(numbers.len() > 50 && numbers.contains(&9040), "the pattern finds them: {numbers:?}");
    let address = Address { host: "127.0.0.1".into(), port: 2881 };
    for number in numbers {
        let text = problem_of_result(number, "", &address).expect("it is a failure").text;
        assert_ne!(text.id, "database-error", "{number} is not in the dictionary");
        for language in [Language::En, Language::Zh] {
            let words = [Some(text.message(language)), text.action(language)];
            assert!(
                words.iter().all(|words| words.as_ref().is_some_and(|words| !words.contains('{'))),
                "{number}: {words:?}"
            );
        }
    }
}
