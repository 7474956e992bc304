//! Names of databases in texts of code, which nothing can rename: statements that the code puts together, and
//! arguments.

use super::scan::Scan;
use crate::ddl::token::{Token, TokenKind, tokens};

/// Words of code that runs statements out of texts.
const RUNS_TEXT: [&str; 2] = ["EXECUTE", "PREPARE"];

/// Databases and functions by which code finds out the names of databases.
const TELLS_NAMES: [&str; 6] =
    ["DATABASE", "INFORMATION_SCHEMA", "MYSQL", "OCEANBASE", "PERFORMANCE_SCHEMA", "SCHEMA"];

/// Words before the name of a database.
const BEFORE_DATABASES: [&str; 3] = ["DATABASE", "SCHEMA", "USE"];

impl<'t, D: Fn(&str) -> bool, N: Fn(&Token<'t>) -> bool> Scan<'t, D, N> {
    /// Finds names of databases in texts that may be run as code, here or by another routine that reads them from a user
    /// variable, or that are compared with names, and in comments for some servers, each with the position of the text.
    pub(super) fn texts(&self) -> Vec<(String, usize)> {
        let has = |words: &[&str]| self.solid.iter().any(|&place| self.tokens[place].is_any(words));
        let (runs_text, tells_names) = (has(&RUNS_TEXT), has(&TELLS_NAMES));
        let texts = self.solid.iter().map(|&place| &self.tokens[place]);
        let joins_names = texts.filter_map(inner).any(|text| matches!(text.first(), Some(b'.' | b'`')));
        let mut found = Vec::new();
        for (at, &place) in self.solid.iter().enumerate() {
            let token = &self.tokens[place];
            if token.kind == TokenKind::Executable {
                let pieces = tokens(&token.text[2..token.text.len() - 2]);
                found.extend(self.named(&pieces, false).map(|name| (name, at)));
                continue;
            }
            let Some(text) = inner(token) else { continue };
            let begun = self.starts.iter().rev().find(|&&start| start <= at);
            let begun = begun.and_then(|&start| self.token(start));
            let is_argument = begun.is_some_and(|verb| verb.is_any(&["CALL", "SHOW"]));
            if runs_text || is_argument || self.sets_variable(at) {
                let pieces = tokens(text);
                found.extend(self.named(&pieces, joins_names).map(|name| (name, at)));
            }
            let whole = String::from_utf8_lossy(text).trim_matches('`').to_owned();
            if (runs_text || is_argument || tells_names) && (self.is_database)(&whole) {
                found.push((whole, at));
            }
        }
        found
    }

    /// Returns the names of databases in the statement of a text: before a dot, after certain words, or at the end if
    /// another text continues it.
    fn named<'s>(&'s self, pieces: &'s [Token<'s>], continues: bool) -> impl Iterator<Item = String> + 's {
        let solid: Vec<&Token<'s>> = pieces.iter().filter(|token| !token.is_blank()).collect();
        let is_named = move |at: usize| {
            let is_last = at + 1 == solid.len() && continues;
            let is_joined = solid.get(at + 1).is_some_and(|next| next.is_sign(b'.'));
            let is_after = at.checked_sub(1).is_some_and(|before| solid[before].is_any(&BEFORE_DATABASES));
            let name = solid[at].name().filter(|name| (self.is_database)(name));
            name.filter(|_| is_last || is_joined || is_after)
        };
        let count = pieces.iter().filter(|token| !token.is_blank()).count();
        (0..count).filter_map(is_named)
    }
}

/// Returns the content of a text.
fn inner<'t>(token: &Token<'t>) -> Option<&'t [u8]> {
    (token.kind == TokenKind::Literal).then(|| &token.text[1..token.text.len() - 1])
}
