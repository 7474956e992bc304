//! The body of stored code: one statement, or one block. Within a block, a `;` ends a statement. Outside a block, it
//! ends the code, and the text after it would run immediately.
//!
//! A block begins only where every server sees one. If another word were mistaken for the beginning of a block, a `;`
//! that ends the code would pass. If a block is overlooked, valid code is refused, which is harmless.

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::TokenKind;

/// Open blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Block,
    If,
    Case,
    /// A CASE within an expression.
    CaseValue,
    Loop,
    While,
    For,
    Repeat,
    /// A REPEAT after its UNTIL.
    Until,
}

/// Checks the rest of a statement as the body of code.
pub(super) fn check(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    let mut open: Vec<Open> = Vec::new();
    let mut starts = true;
    if sql.peek().is_none() {
        return Err(sql.expected("a statement"));
    }
    while let Some(token) = sql.peek() {
        if token.is_sign(b';') {
            sql.take();
            if open.is_empty() {
                return sql.end(); // a `;` at the very end is harmless
            }
            starts = true;
        } else if starts {
            starts = statement(sql, &mut open)?;
        } else {
            starts = within(sql, &mut open);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(sql.expected("END")) }
}

/// Takes the first token of a statement. Returns whether another statement begins after it.
fn statement(sql: &mut Reader<'_>, open: &mut Vec<Open>) -> Result<bool, Refusal> {
    let top = open.last().copied();
    let is_label = sql.peek().is_some_and(|token| token.is_name())
        && sql.peek_at(1).is_some_and(|next| next.is_sign(b':'))
        && !sql.peek_at(2).is_some_and(|next| next.is_sign(b'='));
    if is_label {
        sql.take();
        sql.take();
        return Ok(true);
    }
    if sql.eat(&["BEGIN"]) {
        open.push(Open::Block);
        return Ok(true);
    }
    if sql.eat(&["LOOP"]) {
        open.push(Open::Loop);
        return Ok(true);
    }
    if sql.eat(&["REPEAT"]) {
        open.push(Open::Repeat);
        return Ok(true);
    }
    if matches!(top, Some(Open::If | Open::Case)) && sql.eat(&["ELSE"]) {
        return Ok(true);
    }
    if sql.eat(&["END"]) {
        return end(sql, open).map(|()| false);
    }
    if sql.eat(&["DECLARE"]) {
        return handler(sql);
    }
    if sql.eat(&["IF"]) {
        open.push(Open::If);
    } else if sql.eat(&["CASE"]) {
        open.push(Open::Case);
    } else if sql.eat(&["WHILE"]) {
        open.push(Open::While);
    } else if sql.eat(&["FOR"]) {
        open.push(Open::For);
    } else if top == Some(Open::Repeat) && sql.eat(&["UNTIL"]) {
        open.pop();
        open.push(Open::Until);
    } else {
        sql.take();
    }
    Ok(false)
}

/// Takes a token that is not the first of a statement. Returns whether a statement begins after it.
fn within(sql: &mut Reader<'_>, open: &mut Vec<Open>) -> bool {
    let top = open.last().copied();
    // After a dot or `@`, a keyword is a name.
    let is_name = sql.last().is_some_and(|last| last.is_sign(b'.') || last.is_sign(b'@'));
    let Some(token) = sql.take() else { return false };
    if is_name {
        return false;
    }
    match top {
        Some(Open::If | Open::Case) if token.is_word("THEN") => return true,
        Some(Open::While | Open::For) if token.is_word("DO") => return true,
        Some(Open::For) if token.is_word("LOOP") => return true,
        Some(Open::CaseValue) if token.is_word("END") => {
            open.pop();
        }
        Some(Open::Until) if token.is_word("END") && sql.eat(&["REPEAT"]) => {
            open.pop();
            label(sql);
        }
        _ if token.is_word("CASE") => open.push(Open::CaseValue),
        _ => {}
    }
    false
}

/// Reads what follows an END.
fn end(sql: &mut Reader<'_>, open: &mut Vec<Open>) -> Result<(), Refusal> {
    let fits = match open.pop() {
        Some(Open::Block) => true,
        Some(Open::If) => sql.eat(&["IF"]),
        Some(Open::Case) => sql.eat(&["CASE"]),
        Some(Open::Loop) => sql.eat(&["LOOP"]),
        Some(Open::While) => sql.eat(&["WHILE"]),
        Some(Open::For) => sql.eat_any(&["FOR", "LOOP"]),
        Some(Open::CaseValue | Open::Repeat | Open::Until) | None => false,
    };
    if !fits {
        return Err(Refusal("an END ends nothing that was begun".to_owned()));
    }
    label(sql);
    match sql.peek() {
        None => Ok(()),
        Some(next) if next.is_sign(b';') => Ok(()),
        Some(_) => Err(sql.unexpected()),
    }
}

fn label(sql: &mut Reader<'_>) {
    if sql.peek().is_some_and(|token| token.is_name()) {
        sql.take();
    }
}

/// Reads what follows DECLARE when it declares a handler. Returns whether the handler's statement begins.
fn handler(sql: &mut Reader<'_>) -> Result<bool, Refusal> {
    if !sql.eat_any(&["CONTINUE", "EXIT", "UNDO"]) {
        return Ok(false);
    }
    if !sql.eat(&["HANDLER", "FOR"]) {
        return Ok(false); // a variable of that name
    }
    loop {
        if sql.eat(&["SQLSTATE"]) {
            sql.eat(&["VALUE"]);
            if !sql.take().is_some_and(|state| state.kind == TokenKind::Literal) {
                return Err(Refusal("SQLSTATE has no value".to_owned()));
            }
        } else if !sql.eat(&["NOT", "FOUND"]) && !sql.take().is_some_and(|condition| condition.is_name()) {
            return Err(Refusal("a handler has no condition".to_owned()));
        }
        if !sql.eat_sign(b',') {
            return Ok(true);
        }
    }
}
