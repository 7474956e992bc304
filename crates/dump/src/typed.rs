//! The documents of a piece that their texts do not restore, and their replacement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::document::Node;
use crate::weight::Weights;

/// The maximum number of queried paths: documents with long arrays have more.
const PATHS_MOST: usize = 64;

/// Values in documents that may be of a type that only functions store: their paths, by column position.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    columns: BTreeMap<usize, Suspected>,
    /// The size groups of all documents of a column, suspected or not.
    weights: BTreeMap<usize, Weights>,
}

/// The suspected values of a column.
#[derive(Debug)]
pub(crate) enum Suspected {
    /// The values at these paths.
    At {
        paths: BTreeSet<String>,
        /// Whether all of them are numbers that take more space as DECIMALs.
        by_weight: bool,
    },
    /// There are too many paths, or a document that could not be parsed.
    Anywhere,
}

impl Suspects {
    /// Adds the suspected values of a document.
    pub(crate) fn add(&mut self, place: usize, text: &[u8]) {
        let new = || Suspected::At { paths: BTreeSet::new(), by_weight: true };
        let of_column = self.columns.entry(place).or_insert_with(new);
        let Suspected::At { paths, by_weight } = of_column else { return };
        let Some(document) = Node::read(text) else {
            *of_column = Suspected::Anywhere;
            return;
        };
        document.each(&mut "$".to_owned(), &mut |path, value| {
            if value.is_suspect() {
                *by_weight &= value.is_heavier_as_decimal();
                if paths.len() <= PATHS_MOST && !paths.contains(path) {
                    paths.insert(path.to_owned());
                }
            }
        });
        if paths.len() > PATHS_MOST {
            *of_column = Suspected::Anywhere;
        }
    }

    /// Counts a document of a column.
    pub(crate) fn weigh(&mut self, place: usize, text: &[u8]) {
        self.weights.entry(place).or_default().add(text);
    }

    /// Returns the size groups of the documents of a column.
    pub(crate) fn weights(&self, place: usize) -> Option<&Weights> {
        self.weights.get(&place)
    }

    /// Returns whether nothing is suspected.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns the columns with their suspected values.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, &Suspected)> {
        self.columns.iter().map(|(place, suspected)| (*place, suspected))
    }
}

/// The documents of a piece that are written as expressions instead of texts, by column position and text.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    documents: BTreeMap<usize, HashMap<Vec<u8>, Vec<u8>>>,
    /// How many values they are.
    rows: u64,
}

impl Typed {
    /// Adds the document of a row. Returns whether all rows with that text have the same document.
    pub(crate) fn add(&mut self, place: usize, text: &[u8], literal: &[u8]) -> bool {
        self.rows += 1;
        let known = self.documents.entry(place).or_default().entry(text.to_vec());
        *known.or_insert_with(|| literal.to_vec()) == literal
    }

    /// Returns the expression for a document, if it is not written as its text.
    pub(crate) fn literal(&self, place: usize, text: &[u8]) -> Option<&[u8]> {
        if self.documents.is_empty() {
            return None;
        }
        self.documents.get(&place)?.get(text).map(Vec::as_slice)
    }

    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Returns the number of values of the piece that are written as expressions.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::{Suspected, Suspects};

    #[test]
    fn numbers_with_fractions_and_texts_like_dates_are_queried_up_to_a_limit() {
        let mut suspects = Suspects::default();
        suspects.add(3, br#"{"a": 1.5, "b": 2, "c": "2026-01-31", "d": "x"}"#);
        suspects.add(3, br#"{"a": 2.5, "e": [7, 1e20]}"#);
        let [(3, Suspected::At { paths, by_weight: false })] = &suspects.columns().collect::<Vec<_>>()[..]
        else {
            panic!("{suspects:?}")
        };
        assert_eq!(paths.iter().collect::<Vec<_>>(), ["$.\"a\"", "$.\"c\"", "$.\"e\"[1]"]);
        suspects.add(3, format!("[{}0.5]", "0.5,".repeat(100)).as_bytes());
        assert!(matches!(suspects.columns().next(), Some((3, Suspected::Anywhere))));
    }
}
