//! SET: session variables, user variables, names, and the passwords of backups.

use super::Session;
use crate::error::SqlError;
use crate::sql::engine;
use crate::sql::token::TokenKind;
use crate::sql::{Cursor, Token, Value};
use crate::world::TenantId;

impl Session {
    pub(super) fn set(&mut self, text: &str, tokens: &[Token]) -> Result<(), SqlError> {
        let mut cursor = Cursor::new(text, tokens);
        cursor.expect_words("SET")?;
        if cursor.words("ENCRYPTION") {
            return self.set_encryption(&mut cursor);
        }
        if cursor.words("DECRYPTION") {
            return self.set_decryption(&mut cursor);
        }
        if cursor.words("PASSWORD") {
            return self.set_password(&mut cursor);
        }
        if cursor.words("TRANSACTION")
            || cursor.words("SESSION TRANSACTION")
            || cursor.words("GLOBAL TRANSACTION")
        {
            return Ok(());
        }
        for assignment in split(&tokens[1..]) {
            self.assign(text, assignment)?;
        }
        Ok(())
    }

    fn assign(&mut self, text: &str, tokens: &[Token]) -> Result<(), SqlError> {
        let mut rest = tokens;
        if rest
            .first()
            .is_some_and(|token| ["SESSION", "GLOBAL", "LOCAL"].iter().any(|word| token.is_word(word)))
            && rest.get(1).is_some_and(Token::is_name)
        {
            rest = &rest[1..];
        }
        let Some((name, value)) = rest.split_first() else { return Err(SqlError::syntax(text)) };
        if name.is_word("NAMES") || name.is_word("CHARSET") || name.is_word("CHARACTER") {
            return self.set_names(rest);
        }
        let Some((sign, value)) = value.split_first() else { return Err(SqlError::syntax(&name.value)) };
        if !(sign.is_symbol("=") || sign.is_symbol(":=")) || value.is_empty() {
            return Err(SqlError::syntax(&sign.value));
        }
        match name.kind {
            TokenKind::Variable => {
                let value = self.evaluate(text, value)?;
                self.user_variables.insert(name.value.to_lowercase(), value);
                Ok(())
            }
            TokenKind::System | TokenKind::Word | TokenKind::Quoted => {
                let lower = name.value.to_lowercase();
                let variable = lower.trim_start_matches("session.").trim_start_matches("global.");
                if value.len() == 1 && value[0].is_word("DEFAULT") {
                    self.variables.unset(variable);
                    return Ok(());
                }
                let value = self.evaluate(text, value)?;
                self.variables.set(variable, value.render(0))
            }
            _ => Err(SqlError::syntax(&name.value)),
        }
    }

    fn set_names(&mut self, tokens: &[Token]) -> Result<(), SqlError> {
        let charset = tokens.get(if tokens[0].is_word("CHARACTER") { 2 } else { 1 });
        let Some(charset) = charset else { return Err(SqlError::syntax("NAMES")) };
        for name in ["character_set_client", "character_set_connection", "character_set_results"] {
            self.variables.set(name, Some(charset.value.to_lowercase()))?;
        }
        if let Some(at) = tokens.iter().position(|token| token.is_word("COLLATE"))
            && let Some(collation) = tokens.get(at + 1)
        {
            self.variables.set("collation_connection", Some(collation.value.clone()))?;
        }
        Ok(())
    }

    /// Returns the value of an expression; a bare word is a text.
    fn evaluate(&self, text: &str, tokens: &[Token]) -> Result<Value, SqlError> {
        if let [token] = tokens
            && token.kind == TokenKind::Word
            && !["NULL", "TRUE", "FALSE"].iter().any(|word| token.is_word(word))
        {
            return Ok(Value::Text(token.value.clone()));
        }
        let (start, end) = (tokens[0].start, tokens[tokens.len() - 1].end);
        let select = Token { kind: TokenKind::Word, value: "SELECT".to_owned(), start, end: start };
        let query: Vec<Token> = std::iter::once(select).chain(tokens.iter().cloned()).collect();
        debug_assert!(start <= end, "tokens stand in their order");
        let answer = self.query(&query, |env| engine::run(text, &query, env))?;
        let cell = answer.rows.first().and_then(|row| row.first()).cloned().flatten();
        Ok(cell.map_or(Value::Null, |text| text.parse().map_or(Value::Text(text), Value::Int)))
    }

    /// `ENCRYPTION ON IDENTIFIED BY 'pw' ONLY`, or `ENCRYPTION OFF`.
    fn set_encryption(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SqlError> {
        if cursor.words("OFF") {
            self.ties.encryption = None;
            return cursor.end();
        }
        cursor.expect_words("ON")?;
        cursor.expect_words("IDENTIFIED BY")?;
        let password = cursor.string()?;
        cursor.words("ONLY");
        cursor.end()?;
        self.ties.encryption = Some(password).filter(|password| !password.is_empty());
        Ok(())
    }

    /// `DECRYPTION IDENTIFIED BY 'p1'[, 'p2']`.
    fn set_decryption(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SqlError> {
        cursor.expect_words("IDENTIFIED BY")?;
        let passwords = cursor.names()?;
        cursor.end()?;
        if self.tenant != TenantId::SYS {
            return Err(SqlError::new(4007, "non-sys tenant set decryption is not supported"));
        }
        self.ties.decryption = passwords;
        Ok(())
    }

    /// `PASSWORD [FOR user] = PASSWORD('pw') | 'pw'`.
    fn set_password(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SqlError> {
        let user = if cursor.words("FOR") { cursor.name()? } else { self.user.clone() };
        if !cursor.symbol("=") {
            return Err(cursor.syntax());
        }
        let is_call = cursor.words("PASSWORD") && cursor.symbol("(");
        let password = cursor.string()?;
        if is_call {
            cursor.symbol(")");
        }
        self.change_password(&user, &password)
    }
}

/// Splits a SET at its commas into assignments.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|token| {
            depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
            depth == 0 && token.is_symbol(",")
        })
        .collect()
}
