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

/// Checks the statement that changes a user: it locks the account, or sets what its connections require or their
/// number.
pub(super) fn check_change(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["ALTER", "USER"])?;
    account(&mut sql, name)?;
    if sql.eat(&["REQUIRE"]) {
        requirement(&mut sql)?;
    } else if sql.eat(&["WITH"]) {
        limits(&mut sql)?;
    } else {
        sql.expect(&["ACCOUNT", "LOCK"])?;
    }
    sql.end()
}

/// Takes what the TLS of connections must have.
fn requirement(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    if sql.eat_any(&["SSL", "X509"]) {
        return Ok(());
    }
    loop {
        if !sql.eat_any(&["CIPHER", "ISSUER", "SUBJECT"]) {
            return Err(sql.expected("CIPHER, ISSUER or SUBJECT"));
        }
        let refusal = sql.unexpected();
        let token = sql.take().filter(|token| token.kind == TokenKind::Literal);
        // seekdb puts the text unescaped into a statement of its own.
        match token.and_then(|token| text(&token)) {
            Some(text) if !text.contains(['\'', '\\']) => {}
            _ => return Err(refusal),
        }
        if !sql.eat(&["AND"]) {
            return Ok(());
        }
    }
}

/// Takes the limits of an account.
fn limits(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    loop {
        if !sql.eat_any(&["MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS"]) {
            return Err(sql.expected("MAX_CONNECTIONS_PER_HOUR or MAX_USER_CONNECTIONS"));
        }
        // The account may open no connection.
        if sql.last().is_some_and(|word| word.is_word("MAX_USER_CONNECTIONS")) {
            sql.eat_sign(b'-');
        }
        let is_number = |token: &Token<'_>| token.text.iter().all(u8::is_ascii_digit);
        if !sql.peek().as_ref().is_some_and(is_number) {
            return Err(sql.expected("a number"));
        }
        sql.take();
        if sql.peek().is_none() {
            return Ok(());
        }
    }
}

/// Checks the statement that gives an account privileges or roles.
pub(super) fn check_grant(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    if sql.eat(&["SET", "DEFAULT", "ROLE"]) {
        // MariaDB says FOR, OceanBase and seekdb say TO, after several roles.
        if !default_roles(&mut sql)? {
            until(&mut sql, "FOR")?;
        }
    } else {
        sql.expect(&["GRANT"])?;
        until(&mut sql, "TO")?;
    }
    account(&mut sql, name)?;
    rest(&mut sql)
}

/// Takes roles of OceanBase and seekdb and TO, if that is what comes next. Returns whether it was.
fn default_roles(sql: &mut Reader<'_>) -> Result<bool, Refusal> {
    let is_with_host = sql.peek_at(1).is_some_and(|token| token.is_sign(b'@'));
    if !is_with_host {
        return Ok(false);
    }
    loop {
        for part in 0..3 {
            let fits = |token: &Token<'_>| match part {
                1 => token.is_sign(b'@'),
                _ => token.kind == TokenKind::Name,
            };
            if !sql.peek().as_ref().is_some_and(fits) {
                return Err(sql.expected("a role"));
            }
            sql.take();
        }
        if !sql.eat_sign(b',') {
            return sql.expect(&["TO"]).map(|()| true);
        }
    }
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
            || is_minus(sql)
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

/// Returns whether a minus comes next that is part of a number: an account with `MAX_USER_CONNECTIONS -1` may open no
/// connection.
fn is_minus(sql: &Reader<'_>) -> bool {
    let is_number = |token: Token<'_>| token.kind == TokenKind::Word && token.text[0].is_ascii_digit();
    sql.peek().is_some_and(|token| token.is_sign(b'-'))
        && sql.last().is_some_and(|word| word.is_word("MAX_USER_CONNECTIONS"))
        && sql.peek_at(1).is_some_and(is_number)
}
