//! Accounts.

use model::id::UserId;
use model::user::{Role, User};

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::passwords::PasswordHash;
use crate::sql::{Row, statement, word};

const NOUN: &str = "user";

/// The beginning of every statement that reads accounts for [`user`].
pub(crate) const SELECT: &str = "SELECT users.*,
    (SELECT COUNT(*) FROM disabled_users WHERE disabled_users.user_id = users.id) AS disabled";

/// An account with its password hash.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account.
    pub user: User,
    /// The hash of its password.
    pub password: PasswordHash,
}

impl Metadata {
    /// Returns every account, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_list(&self) -> Result<Vec<User>, Error> {
        let list = statement("list users", SELECT).push(" FROM users ORDER BY name");
        self.read().await?.rows(list).await?.iter().map(user).collect()
    }

    /// Returns an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_get(&self, id: UserId) -> Result<Option<User>, Error> {
        let get = statement("read a user", SELECT).push(" FROM users WHERE id = ?").bind(id.0);
        self.read().await?.row(get).await?.map(|row| user(&row)).transpose()
    }

    /// Returns the account with this name, and its password hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_account(&self, name: &str) -> Result<Option<Account>, Error> {
        let get = statement("read a user", SELECT).push(" FROM users WHERE name = ?").bind(name);
        let Some(row) = self.read().await?.row(get).await? else { return Ok(None) };
        let password = PasswordHash::from_stored(row.text("password_hash")?);
        Ok(Some(Account { user: user(&row)?, password }))
    }
}

impl Transaction {
    /// Stores a new account; `given` means that the password was set by another user and must be changed.
    ///
    /// # Errors
    /// When the name is taken, or the database fails.
    pub async fn user_insert(
        &mut self,
        name: &str,
        role: Role,
        password: &PasswordHash,
        given: bool,
    ) -> Result<User, Error> {
        let created = self.now().await?;
        let id = self.connection.take_numbers("users", 1).await?;
        let insert = statement(
            "keep a user",
            "INSERT INTO users (id, name, role, password_hash, must_change_password, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(name).bind(word(&role)).bind(password.as_stored()).bind(given);
        self.connection.execute(insert.bind(created)).await.map_err(|error| error.or_taken(NOUN, name))?;
        Ok(User {
            id: UserId(id),
            name: name.to_owned(),
            role,
            must_change_password: given,
            disabled: false,
            created,
        })
    }

    /// Gives an account another password; `given` means that the user must change it.
    ///
    /// # Errors
    /// When there is no such account, or the database fails.
    pub async fn user_set_password(
        &mut self,
        id: UserId,
        password: &PasswordHash,
        given: bool,
    ) -> Result<(), Error> {
        let update = statement(
            "keep a password",
            "UPDATE users SET password_hash = ?, must_change_password = ? WHERE id = ?",
        );
        let update = update.bind(password.as_stored()).bind(given).bind(id.0);
        exactly_one(self.connection.execute(update).await?, NOUN, id.0)
    }

    /// Gives an account another role.
    ///
    /// # Errors
    /// When there is no such account, or the database fails.
    pub async fn user_set_role(&mut self, id: UserId, role: Role) -> Result<(), Error> {
        let update = statement("keep a role", "UPDATE users SET role = ? WHERE id = ?");
        exactly_one(self.connection.execute(update.bind(word(&role)).bind(id.0)).await?, NOUN, id.0)
    }

    /// Disables or enables an account.
    ///
    /// # Errors
    /// When there is no such account, or the database fails.
    pub async fn user_set_disabled(&mut self, id: UserId, disabled: bool) -> Result<(), Error> {
        let forget = statement("enable a user", "DELETE FROM disabled_users WHERE user_id = ?").bind(id.0);
        self.connection.execute(forget).await?;
        let now = self.now().await?;
        if disabled {
            let note = statement(
                "disable a user",
                "INSERT INTO disabled_users (user_id, disabled_at) SELECT id, ? FROM users WHERE id = ?",
            );
            return exactly_one(self.connection.execute(note.bind(now).bind(id.0)).await?, NOUN, id.0);
        }
        Ok(())
    }

    /// Ends all sessions and tokens of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_log_off(&mut self, id: UserId) -> Result<(), Error> {
        for delete in ["DELETE FROM sessions WHERE user_id = ?", "DELETE FROM tokens WHERE user_id = ?"] {
            self.connection.execute(statement("log a user off", delete).bind(id.0)).await?;
        }
        Ok(())
    }

    /// Reads an account as it is in this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_now(&mut self, id: UserId) -> Result<Option<User>, Error> {
        let get = statement("read a user", SELECT).push(" FROM users WHERE id = ?").bind(id.0);
        self.connection.row(get).await?.map(|row| user(&row)).transpose()
    }

    /// Returns the number of enabled accounts with this role.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_count_active(&mut self, role: Role) -> Result<u64, Error> {
        let count = statement(
            "count users",
            "SELECT COUNT(*) AS total FROM users
             WHERE role = ? AND id NOT IN (SELECT user_id FROM disabled_users)",
        );
        self.connection.count(count.bind(word(&role))).await
    }

    /// Removes an account with its sessions and tokens.
    ///
    /// # Errors
    /// When there is no such account, or the database fails.
    pub async fn user_remove(&mut self, id: UserId) -> Result<(), Error> {
        let delete = statement("remove a user", "DELETE FROM users WHERE id = ?").bind(id.0);
        exactly_one(self.connection.execute(delete).await?, NOUN, id.0)
    }

    /// Returns the number of accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_count(&mut self) -> Result<u64, Error> {
        self.connection.count(statement("count users", "SELECT COUNT(*) AS total FROM users")).await
    }
}

pub(crate) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: UserId(row.integer("id")?),
        name: row.text("name")?,
        role: row.word("role")?,
        must_change_password: row.flag("must_change_password")?,
        disabled: row.flag("disabled")?,
        created: row.timestamp("created_at")?,
    })
}
