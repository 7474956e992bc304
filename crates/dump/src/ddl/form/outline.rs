//! CREATE OUTLINE.

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::TokenKind;

/// How a statement that an outline is bound to begins. The server keeps it, and runs nothing.
const BOUND: [&str; 7] = ["SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "WITH"];

/// Checks CREATE OUTLINE, which names a statement, or the ID of a statement and a hint.
pub(super) fn check(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["CREATE"])?;
    sql.eat(&["FORMAT"]);
    sql.expect(&["OUTLINE"])?;
    sql.expect_name(name)?;
    sql.expect(&["ON"])?;
    if sql.peek().is_some_and(|token| token.kind == TokenKind::Literal) {
        sql.take();
        sql.expect(&["USING", "HINT"])?;
        return sql.end(); // hints are no tokens
    }
    while sql.eat_sign(b'(') {}
    if !sql.eat_any(&BOUND) {
        return Err(sql.unexpected());
    }
    Ok(())
}
