//! A cursor over the tokens of one statement, for the grammars.

use super::token::{Token, TokenKind};
use crate::error::SqlError;

/// A position in a statement.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    pub(crate) fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += usize::from(token.is_some());
        token
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Consumes all the given words, or none.
    pub(crate) fn words(&mut self, words: &str) -> bool {
        let mut at = self.at;
        for word in words.split(' ') {
            if !self.tokens.get(at).is_some_and(|token| token.is_word(word)) {
                return false;
            }
            at += 1;
        }
        self.at = at;
        true
    }

    pub(crate) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect_words(&mut self, words: &str) -> Result<(), SqlError> {
        if self.words(words) { Ok(()) } else { Err(self.syntax()) }
    }

    /// Reads a name: bare, in backquotes, or as a string.
    pub(crate) fn name(&mut self) -> Result<String, SqlError> {
        match self.peek() {
            Some(token) if token.is_name() || token.kind == TokenKind::Text => {
                self.at += 1;
                Ok(token.value.clone())
            }
            _ => Err(self.syntax()),
        }
    }

    pub(crate) fn string(&mut self) -> Result<String, SqlError> {
        match self.peek() {
            Some(token) if token.kind == TokenKind::Text => {
                self.at += 1;
                Ok(token.value.clone())
            }
            _ => Err(self.syntax()),
        }
    }

    pub(crate) fn number(&mut self) -> Result<i64, SqlError> {
        let number = self.peek().filter(|token| token.kind == TokenKind::Number);
        match number.and_then(|token| token.value.parse().ok()) {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => Err(self.syntax()),
        }
    }

    /// `a, b, c`.
    pub(crate) fn names(&mut self) -> Result<Vec<String>, SqlError> {
        let mut names = vec![self.name()?];
        while self.symbol(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// `[=] 'text'`.
    pub(crate) fn assigned_string(&mut self) -> Result<String, SqlError> {
        self.symbol("=");
        self.string()
    }

    pub(crate) fn end(&self) -> Result<(), SqlError> {
        if self.is_at_end() { Ok(()) } else { Err(self.syntax()) }
    }

    /// Returns a syntax error at the current token.
    pub(crate) fn syntax(&self) -> SqlError {
        SqlError::syntax(self.peek().map_or("", |token| &self.text[token.start.min(self.text.len())..]))
    }
}
