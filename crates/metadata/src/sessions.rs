//! Browser sessions: one row per session, found by the hash of its token.

use model::Timestamp;
use model::id::UserId;
use model::user::User;

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::statement;
use crate::users::{SELECT, user};

/// A session with the current state of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account.
    pub user: User,
    /// When it was last used.
    pub used: Timestamp,
    /// The database's clock when this was read.
    pub now: Timestamp,
}

impl Metadata {
    /// Returns the session whose token has this hash; `None` if the account's password was changed since it began.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_get(&self, token_hash: &str) -> Result<Option<Session>, Error> {
        let get = statement("read a session", SELECT).push(
            ", sessions.used_at FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE sessions.token_hash = ? AND sessions.password_hash = users.password_hash",
        );
        let mut reader = self.read().await?;
        let Some(row) = reader.row(get.bind(token_hash)).await? else { return Ok(None) };
        let now = Timestamp(reader.now().await?.0);
        Ok(Some(Session { user: user(&row)?, used: row.timestamp("used_at")?, now }))
    }
}

impl Transaction {
    /// Stores a new session of an account.
    ///
    /// # Errors
    /// When there is no such account, or the database fails.
    pub async fn session_insert(&mut self, token_hash: &str, id: UserId) -> Result<(), Error> {
        let now = self.now().await?;
        let insert = statement(
            "keep a session",
            "INSERT INTO sessions (token_hash, user_id, password_hash, created_at, used_at)
             SELECT ?, id, password_hash, ?, ? FROM users WHERE id = ?",
        );
        let insert = insert.bind(token_hash).bind(now).bind(now).bind(id.0);
        exactly_one(self.connection.execute(insert).await?, "user", id.0)
    }

    /// Records that a session was just used. Does nothing if it no longer exists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_touch(&mut self, token_hash: &str) -> Result<(), Error> {
        let now = self.now().await?;
        let update =
            statement("note a session's use", "UPDATE sessions SET used_at = ? WHERE token_hash = ?");
        self.connection.execute(update.bind(now).bind(token_hash)).await?;
        Ok(())
    }

    /// Ends a session; succeeds if it has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_remove(&mut self, token_hash: &str) -> Result<(), Error> {
        let delete = statement("end a session", "DELETE FROM sessions WHERE token_hash = ?");
        self.connection.execute(delete.bind(token_hash)).await?;
        Ok(())
    }

    /// Removes entries that were last used before that time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_sweep(&mut self, before: Timestamp) -> Result<(), Error> {
        let delete = statement("remove old sessions", "DELETE FROM sessions WHERE used_at < ?");
        self.connection.execute(delete.bind(before)).await?;
        Ok(())
    }
}
