//! CREATE VIEW.

use crate::ddl::form::reader::{Reader, Refusal};

/// Words that write the rows of a query somewhere.
const REFUSED: [&str; 4] = ["DUMPFILE", "INFILE", "INTO", "OUTFILE"];

/// The beginning of a query, except a bracket.
const QUERY: [&str; 4] = ["SELECT", "TABLE", "VALUES", "WITH"];

/// Checks CREATE VIEW.
pub(super) fn check(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["CREATE"])?;
    if sql.eat(&["ALGORITHM"]) {
        sql.eat_sign(b'=');
        if !sql.eat_any(&["UNDEFINED", "MERGE", "TEMPTABLE"]) {
            return Err(sql.unexpected());
        }
    }
    super::code::definer(&mut sql)?;
    if sql.eat(&["SQL", "SECURITY"]) && !sql.eat_any(&["DEFINER", "INVOKER"]) {
        return Err(sql.unexpected());
    }
    sql.expect(&["VIEW"])?;
    sql.expect_name(name)?;
    if sql.peek().is_some_and(|token| token.is_sign(b'(')) {
        sql.group(&QUERY)?;
    }
    sql.expect(&["AS"])?;
    if !sql.peek().is_some_and(|first| first.is_sign(b'(') || first.is_any(&QUERY)) {
        return Err(sql.unexpected());
    }
    let mut depth = 0_usize;
    while let Some(token) = sql.peek() {
        sql.refuse(&REFUSED)?;
        if token.is_sign(b'(') {
            depth += 1;
        } else if token.is_sign(b')') {
            depth = depth.checked_sub(1).ok_or_else(|| sql.unexpected())?;
        }
        sql.take();
    }
    if depth == 0 { Ok(()) } else { Err(sql.expected(")")) }
}
