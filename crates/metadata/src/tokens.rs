//! API tokens, with which programs log on as a user: one row per token, found by its hash.

use model::Timestamp;
use model::id::{TokenId, UserId};
use model::user::{Token, User};

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement};
use crate::users::{SELECT, user};

const NOUN: &str = "token";

/// A token with the current state of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub user: User,
    /// The token.
    pub token: Token,
    /// The database's clock when this was read.
    pub now: Timestamp,
}

impl Metadata {
    /// Returns an account's tokens, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_list(&self, user: UserId) -> Result<Vec<Token>, Error> {
        let list = statement(
            "list tokens",
            "SELECT id AS token_id, name AS token_name, created_at AS token_created_at,
                    expires_at AS token_expires_at, used_at AS token_used_at
             FROM tokens WHERE user_id = ? ORDER BY name",
        );
        self.read().await?.rows(list.bind(user.0)).await?.iter().map(token).collect()
    }

    /// Returns the token with this hash, and its account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_get(&self, token_hash: &str) -> Result<Option<Holder>, Error> {
        let get = statement("read a token", SELECT).push(
            ", tokens.id AS token_id, tokens.name AS token_name, tokens.created_at AS token_created_at,
             tokens.expires_at AS token_expires_at, tokens.used_at AS token_used_at
             FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.token_hash = ?",
        );
        let mut reader = self.read().await?;
        let Some(row) = reader.row(get.bind(token_hash)).await? else { return Ok(None) };
        let now = Timestamp(reader.now().await?.0);
        Ok(Some(Holder { user: user(&row)?, token: token(&row)?, now }))
    }
}

impl Transaction {
    /// Stores a new token of an account.
    ///
    /// # Errors
    /// When the account has a token with this name, there is no such account, or the database fails.
    pub async fn token_insert(
        &mut self,
        user: UserId,
        name: &str,
        token_hash: &str,
        expires: Option<Timestamp>,
    ) -> Result<Token, Error> {
        let created = self.now().await?;
        let id = self.connection.take_numbers("tokens", 1).await?;
        let insert = statement(
            "keep a token",
            "INSERT INTO tokens (id, user_id, name, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(user.0).bind(name).bind(token_hash).bind(created).bind(expires);
        self.connection.execute(insert).await.map_err(|error| error.or_taken(NOUN, name))?;
        Ok(Token { id: TokenId(id), name: name.to_owned(), created, expires, used: None })
    }

    /// Records that a token was created with another one, so that it is revoked with it.
    ///
    /// # Errors
    /// When one of them is gone, or the database fails.
    pub async fn token_set_parent(&mut self, id: TokenId, parent: TokenId) -> Result<(), Error> {
        let insert = statement(
            "keep a token's parent",
            "INSERT INTO token_parents (token_id, parent_id) SELECT ?, id FROM tokens WHERE id = ?",
        );
        exactly_one(self.connection.execute(insert.bind(id.0).bind(parent.0)).await?, NOUN, parent.0)
    }

    /// Records that a token was just used. Does nothing if it no longer exists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_touch(&mut self, id: TokenId) -> Result<(), Error> {
        let now = self.now().await?;
        let update = statement("note a token's use", "UPDATE tokens SET used_at = ? WHERE id = ?");
        self.connection.execute(update.bind(now).bind(id.0)).await.map(drop)
    }

    /// Revokes a token of an account, and all tokens that were created with it, directly or indirectly.
    ///
    /// # Errors
    /// When the account has no such token, or the database fails.
    pub async fn token_remove(&mut self, user: UserId, id: TokenId) -> Result<(), Error> {
        let (mut all, mut looked_at) = (vec![id.0], 0);
        while let Some(&parent) = all.get(looked_at) {
            looked_at += 1;
            let read = statement(
                "look for a token's children",
                "SELECT token_id FROM token_parents WHERE parent_id = ?",
            );
            for row in self.connection.rows(read.bind(parent)).await? {
                all.push(row.integer("token_id")?);
            }
        }
        for (place, token) in all.into_iter().enumerate() {
            let delete = statement("revoke a token", "DELETE FROM tokens WHERE id = ? AND user_id = ?");
            let removed = self.connection.execute(delete.bind(token).bind(user.0)).await?;
            if place == 0 {
                exactly_one(removed, NOUN, token)?;
            }
        }
        Ok(())
    }
}

fn token(row: &Row) -> Result<Token, Error> {
    Ok(Token {
        id: TokenId(row.integer("token_id")?),
        name: row.text("token_name")?,
        created: row.timestamp("token_created_at")?,
        expires: row.integer_or_none("token_expires_at")?.map(Timestamp),
        used: row.integer_or_none("token_used_at")?.map(Timestamp),
    })
}
