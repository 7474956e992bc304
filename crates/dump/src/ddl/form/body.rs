//! The body of stored code: one statement, or one block. Within a block, a `;` ends a statement. Outside a block, it
//! ends the code, and the text after it would run immediately.
//!
//! A block begins only where every server sees one. If another word were mistaken for the beginning of a block, a `;`
//! that ends the code would pass. If a block is overlooked, valid code is refused, which is harmless.
//!
//! The blocks of Oracle are read only in code with that `sql_mode`. Their words are syntax errors for other servers.

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::TokenKind;

/// Open blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Block,
    /// The declarations before the BEGIN of a block (Oracle).
    Declarations,
    /// A block after its EXCEPTION (Oracle).
    Exceptions,
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
pub(super) fn check(sql: &mut Reader<'_>, is_oracle: bool) -> Result<(), Refusal> {
    check_in(sql, Vec::new(), is_oracle)
}

/// Checks the rest of a statement as the declarations and the block of a routine of Oracle, after its AS or IS.
pub(super) fn check_declared(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    check_in(sql, vec![Open::Declarations], true)
}

fn check_in(sql: &mut Reader<'_>, mut open: Vec<Open>, is_oracle: bool) -> Result<(), Refusal> {
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
            starts = statement(sql, &mut open, is_oracle)?;
        } else {
            starts = within(sql, &mut open, is_oracle);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(sql.expected("END")) }
}

/// Takes the first token of a statement. Returns whether another statement begins after it.
fn statement(sql: &mut Reader<'_>, open: &mut Vec<Open>, is_oracle: bool) -> Result<bool, Refusal> {
    let top = open.last().copied();
    if top == Some(Open::Declarations) {
        let begins = sql.eat(&["BEGIN"]);
        if begins {
            open.pop();
            open.push(Open::Block);
        } else if sql.peek().is_some_and(|token| token.is_word("END")) {
            return Err(sql.unexpected());
        } else {
            sql.take();
        }
        return Ok(begins);
    }
    if is_oracle && let Some(starts) = of_oracle(sql, open)? {
        return Ok(starts);
    }
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
        return end(sql, open, is_oracle).map(|()| false);
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

/// Takes the first words of a statement that only Oracle's mode has. Returns whether a statement begins after them.
fn of_oracle(sql: &mut Reader<'_>, open: &mut Vec<Open>) -> Result<Option<bool>, Refusal> {
    let is_sign = |place: usize, sign: u8| sql.peek_at(place).is_some_and(|token| token.is_sign(sign));
    if is_sign(0, b'<') && is_sign(1, b'<') && is_sign(3, b'>') && is_sign(4, b'>') {
        for _ in 0..5 {
            sql.take();
        }
        return Ok(Some(true)); // a label
    }
    if sql.eat(&["DECLARE"]) {
        // Another server would read `DECLARE BEGIN` as a variable.
        if sql.peek().is_some_and(|token| token.is_word("BEGIN")) {
            return Err(sql.unexpected());
        }
        open.push(Open::Declarations);
        return Ok(Some(true));
    }
    if open.last() == Some(&Open::Block) && sql.eat(&["EXCEPTION", "WHEN"]) {
        open.pop();
        open.push(Open::Exceptions);
        return Ok(Some(false));
    }
    Ok(None)
}

/// Takes a token that is not the first of a statement. Returns whether a statement begins after it.
fn within(sql: &mut Reader<'_>, open: &mut Vec<Open>, is_oracle: bool) -> bool {
    let top = open.last().copied();
    // After a dot or `@`, a keyword is a name.
    let is_name = sql.last().is_some_and(|last| last.is_sign(b'.') || last.is_sign(b'@'));
    let Some(token) = sql.take() else { return false };
    if is_name {
        return false;
    }
    match top {
        Some(Open::If | Open::Case | Open::Exceptions) if token.is_word("THEN") => return true,
        Some(Open::While | Open::For) if token.is_word("DO") => return true,
        Some(Open::For) if token.is_word("LOOP") => return true,
        Some(Open::While) if is_oracle && token.is_word("LOOP") => return true,
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
fn end(sql: &mut Reader<'_>, open: &mut Vec<Open>, is_oracle: bool) -> Result<(), Refusal> {
    let fits = match open.pop() {
        Some(Open::Block | Open::Exceptions) => true,
        Some(Open::If) => sql.eat(&["IF"]),
        Some(Open::Case) => sql.eat(&["CASE"]),
        Some(Open::Loop) => sql.eat(&["LOOP"]),
        Some(Open::While) => sql.eat_any(if is_oracle { &["LOOP"] } else { &["WHILE"] }),
        Some(Open::For) => sql.eat_any(&["FOR", "LOOP"]),
        Some(Open::CaseValue | Open::Declarations | Open::Repeat | Open::Until) | None => false,
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
