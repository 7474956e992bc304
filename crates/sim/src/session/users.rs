//! Users of a tenant: CREATE USER, GRANT and SHOW GRANTS.

use super::Session;
use crate::error::SqlError;
use crate::sql::Cursor;
use crate::world::tenant::User;

impl Session {
    /// `CREATE USER u [IDENTIFIED BY 'pw']`.
    pub(super) fn create_user(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let if_not_exists = c.words("IF NOT EXISTS");
        let name = user_name(c)?;
        let password = if c.words("IDENTIFIED BY") { c.string()? } else { String::new() };
        self.process.with(self.cluster, |cluster| {
            let Some(tenant) = cluster.tenants.get_mut(&self.tenant) else {
                return Err(SqlError::plain(5160));
            };
            if tenant.users.contains_key(&name) && !if_not_exists {
                return Err(SqlError {
                    code: 5264,
                    number: 1396,
                    state: "HY000",
                    message: format!("Operation CREATE USER failed for '{name}'@'%'"),
                    gap: false,
                });
            }
            tenant.users.entry(name).or_insert(User { password, grants: vec!["USAGE ON *.*".to_owned()] });
            Ok(())
        })
    }

    /// `GRANT p [, p] ON x.y TO u`.
    pub(super) fn grant(&self, c: &mut Cursor<'_>) -> Result<(), SqlError> {
        let mut grant = String::new();
        while let Some(token) = c.peek().filter(|token| !token.is_word("TO")) {
            let glued =
                token.is_symbol(".") || token.is_symbol(",") || grant.ends_with('.') || grant.is_empty();
            if !glued {
                grant.push(' ');
            }
            grant.push_str(&token.value.to_uppercase());
            c.next();
        }
        c.expect_words("TO")?;
        let name = user_name(c)?;
        self.process.with(self.cluster, |cluster| {
            let user = cluster.tenants.get_mut(&self.tenant).and_then(|tenant| tenant.users.get_mut(&name));
            let user = user.ok_or_else(|| SqlError {
                code: 5034,
                number: 1410,
                state: "42000",
                message: "You are not allowed to create a user with GRANT".to_owned(),
                gap: false,
            })?;
            user.grants.push(grant);
            Ok(())
        })
    }

    pub(super) fn change_password(&self, user: &str, password: &str) -> Result<(), SqlError> {
        self.process.with(self.cluster, |cluster| {
            let found = cluster.tenants.get_mut(&self.tenant).and_then(|tenant| tenant.users.get_mut(user));
            found
                .map(|found| password.clone_into(&mut found.password))
                .ok_or_else(|| SqlError::gap("SET PASSWORD"))
        })
    }

    /// Returns the rows of `SHOW GRANTS`.
    pub(super) fn grants(&self) -> Vec<String> {
        self.process.with(self.cluster, |cluster| {
            let user = cluster.tenants.get(&self.tenant).and_then(|tenant| tenant.users.get(&self.user));
            let grants = user.map(|user| user.grants.clone()).unwrap_or_default();
            grants.iter().map(|grant| format!("GRANT {grant} TO '{}'", self.user)).collect()
        })
    }
}

/// `u`, `'u'`, `'u'@'%'`.
fn user_name(c: &mut Cursor<'_>) -> Result<String, SqlError> {
    let name = c.name()?;
    // The tokenizer reads the host as a variable; it is ignored, because a user has the same name for all hosts here.
    if c.peek().is_some_and(|token| token.kind == crate::sql::token::TokenKind::Variable) {
        c.next();
    }
    Ok(name)
}
