//! The statements of code, by what their names stand for.

use crate::ddl::token::{Token, TokenKind};

/// What a statement does with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Creates an object.
    Create,
    /// Deletes rows of tables that stand before or after FROM.
    Delete,
    /// Explains a statement or describes a table.
    Explain,
    /// Grants or revokes privileges.
    Grant,
    /// Names objects and nothing else.
    Names,
    /// Shows objects.
    Show,
    /// Changes rows of the tables that follow it.
    Update,
    /// Any other: its words decide.
    Other,
}

/// Words that begin a statement whose names are objects, without conditions.
const OF_NAMES: [&str; 8] = ["ALTER", "CALL", "CHECK", "DROP", "OPTIMIZE", "PURGE", "RENAME", "USE"];

/// Words that begin such a statement before certain others.
const OF_TABLES: [(&str, &[&str]); 7] = [
    ("CACHE", &["INDEX"]),
    ("CHECKSUM", &["TABLE", "TABLES"]),
    ("FLASHBACK", &["DATABASE", "TABLE"]),
    ("FLUSH", &["LOCAL", "NO_WRITE_TO_BINLOG", "TABLE", "TABLES"]),
    ("LOAD", &["DATA", "INDEX", "XML"]),
    ("LOCK", &["TABLE", "TABLES"]),
    ("REPAIR", &["LOCAL", "NO_WRITE_TO_BINLOG", "TABLE", "TABLES", "VIEW"]),
];

/// Words that begin other statements.
const OTHERS: [&str; 37] = [
    "BEGIN",
    "CASE",
    "CLOSE",
    "COMMIT",
    "DEALLOCATE",
    "DECLARE",
    "DO",
    "EXECUTE",
    "FETCH",
    "FOR",
    "GET",
    "IF",
    "INSERT",
    "ITERATE",
    "KILL",
    "LEAVE",
    "LOOP",
    "NULL",
    "OPEN",
    "PREPARE",
    "RAISE",
    "RELEASE",
    "REPEAT",
    "REPLACE",
    "RESIGNAL",
    "RETURN",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SIGNAL",
    "START",
    "VALUES",
    "WHILE",
    "WITH",
    "XA",
    "GOTO",
];

impl Verb {
    /// Returns the statement that begins with a word before `next`; `None` if none does. `is_handler` tells whether the
    /// word begins a statement about a handler of a table.
    pub(super) fn of(word: &Token<'_>, next: Option<Token<'_>>, is_handler: bool) -> Option<Self> {
        if word.kind != TokenKind::Word {
            return None;
        }
        let is_call = next.is_some_and(|next| next.is_sign(b'('));
        let before = |words: &[&str]| next.is_some_and(|next| next.is_any(words));
        let is_of_tables = |(first, words): &(&str, &[&str])| word.is_word(first) && before(words);
        if word.is_word("CREATE") {
            return Some(Self::Create);
        }
        if word.is_any(&["ANALYZE", "DESC", "DESCRIBE", "EXPLAIN"]) {
            return Some(Self::Explain);
        }
        if word.is_any(&["GRANT", "REVOKE"]) {
            return Some(Self::Grant);
        }
        if word.is_word("SHOW") {
            return Some(Self::Show);
        }
        if word.is_word("DELETE") {
            return Some(Self::Delete);
        }
        if word.is_word("UPDATE") {
            return Some(Self::Update);
        }
        // TRUNCATE is also a function.
        let is_named = word.is_any(&OF_NAMES) || word.is_word("TRUNCATE") && !is_call || is_handler;
        if is_named || OF_TABLES.iter().any(is_of_tables) {
            return Some(Self::Names);
        }
        // The type SET stands before brackets.
        let is_type = word.is_word("SET") && is_call;
        (word.is_any(&OTHERS) && !is_type).then_some(Self::Other)
    }

    /// Returns whether the names of this statement are objects, up to words that decide otherwise.
    pub(super) fn names_objects(self) -> bool {
        !matches!(self, Self::Update | Self::Other)
    }
}
