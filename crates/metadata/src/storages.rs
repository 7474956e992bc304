//! Storage configurations: saved ones, and those that a request entered for one task. Their secrets are sealed.

use model::Secret;
use model::backup_set::BackupSetStatus;
use model::id::StorageId;
use model::storage::{Storage, StorageLocation};

use crate::database::{Transaction, exactly_one};
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::Place;
use crate::sql::{Row, statement, word};
use crate::tasks::subject;

const NOUN: &str = "storage configuration";

impl Metadata {
    /// Returns the saved storage configurations, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_list(&self) -> Result<Vec<Storage>, Error> {
        let list = statement("list storages", "SELECT * FROM storages WHERE name IS NOT NULL ORDER BY name");
        self.read().await?.rows(list).await?.iter().map(storage).collect()
    }

    /// Returns the storage configurations, saved or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_list_whole(&self) -> Result<Vec<Storage>, Error> {
        let list = statement("list all storages", "SELECT * FROM storages ORDER BY id");
        self.read().await?.rows(list).await?.iter().map(storage).collect()
    }

    /// Returns a storage configuration, saved or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_get(&self, id: StorageId) -> Result<Option<Storage>, Error> {
        let get = statement("read a storage", "SELECT * FROM storages WHERE id = ?").bind(id.0);
        self.read().await?.row(get).await?.map(|row| storage(&row)).transpose()
    }

    /// Returns the storage configuration with this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn storage_by_name(&self, name: &str) -> Result<Option<Storage>, Error> {
        let get = statement("read a storage", "SELECT * FROM storages WHERE name = ?").bind(name);
        self.read().await?.row(get).await?.map(|row| storage(&row)).transpose()
    }

    /// Returns the secret of a storage's access key, if it has one.
    ///
    /// # Errors
    /// When there is no such storage, when the secret does not open, or the database fails.
    pub async fn storage_secret(&self, id: StorageId) -> Result<Option<Secret>, Error> {
        let get = statement("read a storage's secret", "SELECT secret FROM storages WHERE id = ?").bind(id.0);
        let row = self.read().await?.row(get).await?.ok_or(Error::Missing { noun: NOUN, id: id.0 })?;
        let sealed = row.text_or_none("secret")?;
        sealed.map(|sealed| self.sealer.open(secret_place(id.0), &sealed)).transpose()
    }
}

impl Transaction {
    /// Stores a storage configuration; one without a name belongs to the task that is created with it.
    ///
    /// # Errors
    /// When the name is taken, or the database fails.
    pub async fn storage_insert(
        &mut self,
        name: Option<&str>,
        location: &StorageLocation,
        secret: Option<&Secret>,
    ) -> Result<Storage, Error> {
        let created = self.now().await?;
        let id = self.connection.take_numbers("storages", 1).await?;
        let insert = statement(
            "keep a storage",
            "INSERT INTO storages (id, name, kind, path, endpoint, access_key_id, app_id, secret, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(id).bind(name).bind(word(&location.kind)).bind(&location.path);
        let insert = insert.bind(location.endpoint.as_deref()).bind(location.access_key_id.as_deref());
        let insert = insert.bind(location.app_id.as_deref());
        let insert =
            insert.bind(secret.map(|secret| self.sealer.seal(secret_place(id), secret))).bind(created);
        let done = self.connection.execute(insert).await;
        done.map_err(|error| error.or_taken(NOUN, name.unwrap_or_default()))?;
        let name = name.map(str::to_owned);
        Ok(Storage { id: StorageId(id), name, location: location.clone(), created })
    }

    /// Replaces the name and location of a storage configuration, and its secret if one is given.
    ///
    /// # Errors
    /// When the name is taken, when there is no such storage, or the database fails.
    pub async fn storage_update(
        &mut self,
        id: StorageId,
        name: Option<&str>,
        location: &StorageLocation,
        secret: Option<&Secret>,
    ) -> Result<(), Error> {
        let update = statement(
            "keep a storage",
            "UPDATE storages SET name = ?, kind = ?, path = ?, endpoint = ?, access_key_id = ?, app_id = ?",
        );
        let update = update.bind(name).bind(word(&location.kind)).bind(&location.path);
        let update = update.bind(location.endpoint.as_deref()).bind(location.access_key_id.as_deref());
        let mut update = update.bind(location.app_id.as_deref());
        if let Some(secret) = secret {
            update = update.push(", secret = ?").bind(self.sealer.seal(secret_place(id.0), secret));
        }
        let done = self.connection.execute(update.push(" WHERE id = ?").bind(id.0)).await;
        let changed = done.map_err(|error| error.or_taken(NOUN, name.unwrap_or_default()))?;
        exactly_one(changed, NOUN, id.0)
    }

    /// Removes a storage configuration, with the rows of the backup sets whose files were deleted from it.
    ///
    /// # Errors
    /// When it contains backup sets, a strategy or an unfinished task uses it, there is no such storage, or the
    /// database fails.
    pub async fn storage_remove(&mut self, id: StorageId) -> Result<(), Error> {
        let deleted = word(&BackupSetStatus::Deleted);
        let count = statement(
            "count backup sets",
            "SELECT COUNT(*) AS total FROM backup_sets WHERE storage_id = ? AND status <> ?",
        );
        let backup_sets = self.connection.count(count.bind(id.0).bind(&deleted)).await?;
        if backup_sets > 0 {
            return Err(Error::StorageInUse { backup_sets });
        }
        if let Some((strategy, object)) = self.strategy_of_storage(id).await? {
            return Err(Error::StorageOfStrategy { strategy, object });
        }
        if let Some(task) = self.task_unfinished_about(subject::STORAGE, &id.to_string()).await? {
            return Err(Error::Busy { noun: NOUN, task });
        }
        let forget = statement("forget deleted backup sets", "DELETE FROM backup_sets WHERE storage_id = ?");
        self.connection.execute(forget.bind(id.0)).await?;
        let delete = statement("remove a storage", "DELETE FROM storages WHERE id = ?").bind(id.0);
        exactly_one(self.connection.execute(delete).await?, NOUN, id.0)
    }
}

fn secret_place(row: i64) -> Place {
    Place { table: "storages", row, column: "secret" }
}

fn storage(row: &Row) -> Result<Storage, Error> {
    Ok(Storage {
        id: StorageId(row.integer("id")?),
        name: row.text_or_none("name")?,
        location: StorageLocation {
            kind: row.word("kind")?,
            path: row.text("path")?,
            endpoint: row.text_or_none("endpoint")?,
            access_key_id: row.text_or_none("access_key_id")?,
            app_id: row.text_or_none("app_id")?,
        },
        created: row.timestamp("created_at")?,
    })
}
