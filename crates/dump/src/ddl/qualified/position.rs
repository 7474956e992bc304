//! The words that decide what the names around them stand for.

use crate::ddl::token::Token;

/// Words that are followed by the name of a table or routine.
const BEFORE_OBJECTS: [&str; 14] = [
    "CALL",
    "DELAYED",
    "EXISTS",
    "HIGH_PRIORITY",
    "IGNORE",
    "INSERT",
    "INTO",
    "LOW_PRIORITY",
    "OVERWRITE",
    "REFERENCES",
    "REPLACE",
    "TABLE",
    "TRUNCATE",
    "VIEW",
];

/// Functions whose first argument is the name of a sequence.
pub(crate) const OF_SEQUENCES: [&str; 3] = ["LASTVAL", "NEXTVAL", "SETVAL"];

/// Words that end the list of tables.
pub(super) const AFTER_TABLES: [&str; 13] = [
    "EXCEPT",
    "FOR",
    "GROUP",
    "HAVING",
    "INTERSECT",
    "INTO",
    "LIMIT",
    "ORDER",
    "SET",
    "UNION",
    "VALUES",
    "WHERE",
    "WINDOW",
];

/// Returns whether a table or routine follows a token.
pub(super) fn is_after_object_word(before: Option<Token<'_>>) -> bool {
    before.is_some_and(|before| before.is_any(&BEFORE_OBJECTS))
}
