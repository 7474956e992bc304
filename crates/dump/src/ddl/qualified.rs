//! Names of databases in statements that create tables, views and code.
//!
//! `x.y` is either a table of a database or a column of a table. The position decides: in a list of tables, after words
//! that precede objects, in statements other than queries, or before a bracket, `x` is a database; elsewhere it is a
//! table, an alias or a variable that the statement also names. Other cases are not guessed.

mod around;
mod objects;
mod position;
mod scan;
mod texts;
mod unknown;
mod verb;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_code;

use std::collections::{BTreeMap, BTreeSet};

use oceanbase::statement::identifier;

pub(crate) use self::position::OF_SEQUENCES;
use crate::ddl::qualified::scan::{Found, Scan};
use crate::ddl::qualify::unescaped;
use crate::ddl::token::{Quoting, Token, TokenKind, tokens, tokens_of};

/// A statement in which names of databases are recognized.
pub(crate) struct Qualified<'t>(Found<'t>);

impl<'t> Qualified<'t> {
    /// Reads a statement as the server printed it: all names are quoted.
    pub(crate) fn read(sql: &'t [u8], is_database: impl Fn(&str) -> bool) -> Self {
        let is_name = |token: &Token<'_>| token.kind == TokenKind::Name;
        Self(Scan::new(tokens(sql), is_database, is_name, false).read())
    }

    /// Reads code as a user typed it.
    pub(crate) fn read_code(sql: &'t [u8], quoting: Quoting, is_database: impl Fn(&str) -> bool) -> Self {
        Self(Scan::new(tokens_of(sql, quoting), is_database, Token::is_name, true).read())
    }

    /// Returns the names that may be those of databases, or of something else, each with the text around it.
    pub(crate) fn unclear(&self) -> &BTreeMap<String, String> {
        &self.0.unclear
    }

    /// Returns the text around the first statement that runs a text from elsewhere, which may name any database.
    pub(crate) fn runs_unknown(&self) -> Option<&str> {
        self.0.runs_unknown.as_deref()
    }

    /// Returns the names that certainly or possibly stand for databases, each with the text around it.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        let mut names = self.0.unclear.clone();
        for place in self.0.databases.keys() {
            let around = self.0.around.get(place).cloned().unwrap_or_default();
            names.extend(self.0.tokens[*place].name().map(|name| (name, around)));
        }
        names
    }

    /// Returns the statement without the names of databases.
    pub(crate) fn without(&self) -> Vec<u8> {
        let skipped: BTreeSet<usize> = self.0.databases.iter().flat_map(|(name, dot)| *name..=*dot).collect();
        let kept = self.0.tokens.iter().enumerate().filter(|(place, _)| !skipped.contains(place));
        kept.flat_map(|(_, token)| token.text.iter().copied()).collect()
    }

    /// Returns the statement with other names of databases, by the old ones.
    pub(crate) fn renamed(&self, names: &BTreeMap<String, String>) -> Vec<u8> {
        let mut sql = Vec::new();
        for (place, token) in self.0.tokens.iter().enumerate() {
            let old = if self.0.databases.contains_key(&place) { token.name() } else { None };
            match old.and_then(|old| names.get(&old)) {
                Some(new) => sql.extend_from_slice(identifier(new).as_bytes()),
                None if token.kind == TokenKind::Hint => sql.extend(renamed_hint(token.text, names)),
                None => sql.extend_from_slice(token.text),
            }
        }
        sql
    }
}

/// Returns a hint with other names of databases. In hints, a name before a dot is always a database: they never name
/// columns.
fn renamed_hint(hint: &[u8], names: &BTreeMap<String, String>) -> Vec<u8> {
    let (begin, end) = (HINT_BEGIN, hint.len() - HINT_END);
    let inner = tokens(&hint[begin..end]);
    let mut renamed = hint[..begin].to_vec();
    for (place, token) in inner.iter().enumerate() {
        let is_first = place == 0 || !inner[place - 1].is_sign(b'.');
        let is_qualifier = is_first && inner.get(place + 1).is_some_and(|next| next.is_sign(b'.'));
        // OceanBase prints names in hints between `"`.
        let quoted = token.kind == TokenKind::Literal;
        let old = if quoted { String::from_utf8(unquoted(token.text)).ok() } else { token.name() };
        match old.filter(|_| is_qualifier).and_then(|old| names.get(&old)) {
            Some(new) if quoted => renamed.extend(format!("\"{}\"", new.replace('"', "\"\"")).into_bytes()),
            Some(new) => renamed.extend_from_slice(identifier(new).as_bytes()),
            None => renamed.extend_from_slice(token.text),
        }
    }
    renamed.extend_from_slice(&hint[end..]);
    renamed
}

/// How long `/*+` is.
const HINT_BEGIN: usize = 3;

/// How long `*/` is.
const HINT_END: usize = 2;

fn unquoted(text: &[u8]) -> Vec<u8> {
    unescaped(&text[1..text.len() - 1], text[0])
}
