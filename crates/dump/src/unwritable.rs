//! Reasons why a value can't be written as a literal that restores it.

/// Why no literal restores a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unwritable {
    /// A number in a document has more digits than a DOUBLE.
    NumberTooLong { number: String },
    /// A DOUBLE in a document, an array or a map that the server misreads in every spelling.
    NumberUnspelt { number: String },
    /// An empty array of arrays, which the server does not accept as text.
    EmptyNested,
    /// The key of a map is the text `null`, which the server mistakes for NULL.
    KeyNamedNull,
    /// A text that is not valid UTF-8.
    NotText,
    /// A document contains values that a function stored, of a type without a literal; or the same text represents
    /// several documents.
    FromFunction,
    /// The server printed an unexpected text for this type.
    NotUnderstood,
}

impl Unwritable {
    /// Returns the ID of the problem that explains it.
    pub(crate) fn problem_id(&self) -> &'static str {
        match self {
            Self::NumberTooLong { .. } => "dump-json-number-too-long",
            Self::NumberUnspelt { .. } => "dump-number-misread",
            Self::EmptyNested => "dump-array-empty-nested",
            Self::KeyNamedNull => "dump-map-key-null",
            Self::NotText => "dump-text-not-utf8",
            Self::FromFunction => "dump-json-from-function",
            Self::NotUnderstood => "dump-value-not-understood",
        }
    }

    /// Returns the affected number, if there is one.
    pub(crate) fn number(&self) -> &str {
        match self {
            Self::NumberTooLong { number } | Self::NumberUnspelt { number } => number,
            _ => "",
        }
    }
}
