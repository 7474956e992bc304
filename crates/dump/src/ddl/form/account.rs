//! CREATE USER, CREATE ROLE, ALTER USER and GRANT. The only account in a statement is the one that it is stored
//! under.

use oceanbase::catalog::PUBLIC_ROLE;

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::qualify::unescaped;
use crate::ddl::token::{Token, TokenKind};

/// Checks the statement that creates a user or role.
pub(super) fn check_creation(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    if !sql.eat(&["CREATE", "USER"]) {
        sql.expect(&["CREATE", "ROLE"])?;
    }
    sql.eat(&["IF", "NOT", "EXISTS"]);
    account(&mut sql, name)?;
    rest(&mut sql)
}

/// Checks the statement that changes a user.
pub(super) fn check_change(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["ALTER", "USER"])?;
    account(&mut sql, name)?;
    rest(&mut sql)
}

/// Checks the statement that gives an account privileges or roles.
pub(super) fn check_grant(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    if sql.eat(&["SET", "DEFAULT", "ROLE"]) {
        until(&mut sql, "FOR")?;
    } else {
        sql.expect(&["GRANT"])?;
        until(&mut sql, "TO")?;
    }
    account(&mut sql, name)?;
    rest(&mut sql)
}

/// Takes the privileges or roles, up to and including the word before the account.
fn until(sql: &mut Reader<'_>, word: &str) -> Result<(), Refusal> {
    while !sql.eat(&[word]) {
        match sql.peek() {
            None => return Err(sql.expected(word)),
            Some(token) if token.is_sign(b'(') => sql.group(&[])?,
            Some(_) => drop(sql.take()),
        }
    }
    Ok(())
}

/// Takes the account, which must come next: `'user'@'host'`, `'user'` for any host, or a role of MariaDB.
fn account(sql: &mut Reader<'_>, name: &str) -> Result<(), Refusal> {
    let expected = sql.expected(name);
    let Some(user) = sql.take().and_then(|token| text(&token)) else { return Err(expected) };
    let host = if sql.eat_sign(b'@') { sql.take().and_then(|token| text(&token)) } else { None };
    let spelled = |host: &str| {
        format!("{}@{}", oceanbase::statement::literal(&user), oceanbase::statement::literal(host))
    };
    let fits = match &host {
        Some(host) => spelled(host) == name,
        None => {
            let is_role = oceanbase::statement::literal(&user) == name || user == name && name == PUBLIC_ROLE;
            is_role || ["%", ""].iter().any(|host| spelled(host) == name)
        }
    };
    if fits { Ok(()) } else { Err(expected) }
}

fn text(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Literal => {
            let inner = unescaped(token.text.get(1..token.text.len() - 1)?, token.text[0]);
            String::from_utf8(inner).ok()
        }
        _ => token.name(),
    }
}

/// Reads the options of the account, to the end. A comma would begin another account.
fn rest(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    while let Some(token) = sql.peek() {
        let belongs = matches!(token.kind, TokenKind::Word | TokenKind::Literal | TokenKind::Name)
            || token.is_sign(b'=')
            || token.is_sign(b'@')
            || token.is_sign(b'.');
        if !belongs {
            return Err(sql.unexpected());
        }
        sql.take();
    }
    Ok(())
}
