//! The text around a name, to find it in code.

use crate::ddl::token::{Token, TokenKind};

/// How many tokens are shown before and after the name.
const SHOWN_TOKENS: usize = 12;

/// How many characters are shown.
const SHOWN_MOST_CHARACTERS: usize = 120;

/// Returns the part of its statement around a token, in one line. `solid` are the places of the tokens that are no
/// blanks, and `starts` and `at` are places among these. Texts that are not the token itself are not shown: they may
/// be secrets.
pub(super) fn around(tokens: &[Token<'_>], solid: &[usize], starts: &[usize], at: usize) -> String {
    let statement = starts.iter().rev().find(|&&start| start <= at).copied().unwrap_or_default();
    let first = statement.max(at.saturating_sub(SHOWN_TOKENS));
    let is_end = |&next: &usize| tokens[solid[next]].is_sign(b';');
    let end = (at..solid.len().min(at + SHOWN_TOKENS)).find(is_end);
    let last = end.unwrap_or(solid.len().min(at + SHOWN_TOKENS));
    let mut text = String::new();
    for (place, token) in tokens.iter().enumerate().take(solid[last - 1] + 1).skip(solid[first]) {
        match token.kind {
            _ if token.is_blank() => text.push(' '),
            TokenKind::Literal if place != solid[at] => text.push_str("'…'"),
            _ => text.push_str(&String::from_utf8_lossy(token.text)),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut shown: String = words.join(" ").chars().take(SHOWN_MOST_CHARACTERS).collect();
    if first > statement {
        shown.insert(0, '…');
    }
    shown
}
