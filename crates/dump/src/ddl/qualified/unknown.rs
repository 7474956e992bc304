//! Code that runs a text from elsewhere: from a user variable that another routine or the session sets, or by the name
//! of a statement that they prepare. The text may name any database.

use std::collections::BTreeSet;

use super::scan::Scan;
use super::verb::Verb;
use crate::ddl::token::{Token, TokenKind};

/// Keywords that may stand directly before the `@` of a variable.
const BEFORE_VARIABLES: [&str; 8] = ["BY", "FROM", "IMMEDIATE", "INTO", "RETURN", "SELECT", "SET", "WHEN"];

impl<'t, D: Fn(&str) -> bool, N: Fn(&Token<'t>) -> bool> Scan<'t, D, N> {
    /// Returns the position of the first statement that runs a text from elsewhere.
    pub(super) fn runs_unknown(&self) -> Option<usize> {
        let mut prepared: BTreeSet<String> = BTreeSet::new();
        for at in 0..self.solid.len() {
            if self.is_word(at, "PREPARE") && self.is_word(at + 2, "FROM") {
                prepared.extend(self.lower(at + 1));
                if self.has_unknown(at + 3, self.end(at)) {
                    return Some(at);
                }
            }
            if !self.is_word(at, "EXECUTE") {
                continue;
            }
            if self.is_word(at + 1, "IMMEDIATE") {
                let is_behind = |&place: &usize| self.is_word(place, "USING") || self.is_word(place, "INTO");
                let end = (at..self.end(at)).find(is_behind).unwrap_or_else(|| self.end(at));
                if self.has_unknown(at + 2, end) {
                    return Some(at);
                }
            } else if self.starts.contains(&at)
                && self.lower(at + 1).is_some_and(|name| !prepared.contains(&name))
            {
                return Some(at);
            }
        }
        None
    }

    /// Returns whether a variable between these positions, or one that its value comes from, is set elsewhere.
    fn has_unknown(&self, from: usize, to: usize) -> bool {
        let mut waiting: Vec<String> = (from..to).filter_map(|at| self.variable(at)).collect();
        let mut known: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if !known.insert(name.clone()) {
                continue;
            }
            let mut places =
                (0..self.solid.len()).filter(|&at| self.variable(at).as_ref() == Some(&name)).peekable();
            // A routine that reads the variable first gets the value of its caller.
            if !places.peek().is_some_and(|&at| self.is_assigned(at)) {
                return true;
            }
            for at in places.filter(|&at| self.is_assigned(at)) {
                waiting.extend((self.begin_of(at)..self.end(at)).filter_map(|at| self.variable(at)));
            }
        }
        false
    }

    /// Returns the name of the user variable whose `@` is at this position, in lower case.
    pub(super) fn variable(&self, at: usize) -> Option<String> {
        let is_at = |at: usize| self.token(at).is_some_and(|token| token.is_sign(b'@'));
        if !is_at(at) || is_at(at + 1) || at.checked_sub(1).is_some_and(is_at) {
            return None;
        }
        // In `user@host`, nothing separates the `@` from the user.
        let before = self.solid[at].checked_sub(1).map(|place| self.tokens[place]);
        let joined = [TokenKind::Name, TokenKind::Word, TokenKind::Literal];
        let is_host =
            before.is_some_and(|before| joined.contains(&before.kind) && !before.is_any(&BEFORE_VARIABLES));
        if is_host { None } else { self.lower(at + 1) }
    }

    /// Returns whether the statement sets the variable whose `@` is at this position.
    pub(super) fn is_assigned(&self, at: usize) -> bool {
        let sign = |at: usize, sign: u8| self.token(at).is_some_and(|token| token.is_sign(sign));
        if sign(at + 2, b':') && sign(at + 3, b'=') {
            return true;
        }
        let start = self.begin_of(at);
        let count = |bracket: u8| (start..at).filter(|&at| sign(at, bracket)).count();
        let is_target = at == start + 1 || at.checked_sub(1).is_some_and(|before| sign(before, b','));
        if self.is_word(start, "SET") && is_target && sign(at + 2, b'=') && count(b'(') == count(b')') {
            return true;
        }
        if self.is_word(start, "GET") && sign(at + 2, b'=') {
            return true;
        }
        // Only names and commas separate it from INTO.
        let mut place = at;
        while let Some(before) = place.checked_sub(1).filter(|&before| before >= start) {
            if self.is_word(before, "INTO") {
                return true;
            }
            let is_part = sign(before, b',')
                || sign(before, b'@')
                || self.token(before).is_some_and(|token| token.is_name());
            let is_new = sign(before, b',') || before == at || sign(place, b',') || sign(before, b'@');
            if !is_part || !is_new {
                return false;
            }
            place = before;
        }
        false
    }

    /// Returns whether the statement at this position sets a user variable.
    pub(super) fn sets_variable(&self, at: usize) -> bool {
        (self.begin_of(at)..self.end(at)).any(|at| self.variable(at).is_some() && self.is_assigned(at))
    }

    /// Returns where the statement at this position begins.
    fn begin_of(&self, at: usize) -> usize {
        let real = |start: &&usize| **start <= at && self.is_real(**start);
        self.starts.iter().rev().find(real).copied().unwrap_or_default()
    }

    /// Returns where the statement at this position ends.
    fn end(&self, at: usize) -> usize {
        let real = |start: &&usize| **start > at && self.is_real(**start);
        let next = self.starts.iter().find(real).copied().unwrap_or(self.solid.len());
        let is_end = |&place: &usize| self.token(place).is_some_and(|token| token.is_sign(b';'));
        (at..next).find(is_end).unwrap_or(next)
    }

    /// Returns whether a statement really begins at a start. After THEN or ELSE, it may also be a value.
    fn is_real(&self, start: usize) -> bool {
        let is_after_end = start.checked_sub(1).and_then(|before| self.token(before));
        let is_verb =
            self.token(start).is_some_and(|token| Verb::of(&token, self.token(start + 1), false).is_some());
        is_verb || is_after_end.is_some_and(|before| before.is_sign(b';'))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.token(at).is_some_and(|token| token.is_word(word))
    }

    /// Returns the name at a position, in lower case.
    fn lower(&self, at: usize) -> Option<String> {
        let token = self.token(at)?;
        let quoted =
            || (token.kind == TokenKind::Literal).then(|| String::from_utf8_lossy(token.text).into_owned());
        let name = token.name().or_else(quoted)?;
        Some(name.trim_matches(['\'', '"']).to_lowercase())
    }
}
