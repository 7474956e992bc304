//! Holds on backup sets.

use model::Timestamp;
use model::id::{BackupSetId, ClusterId};
use model::retention::SetHold;

use crate::database::Transaction;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement};

impl Metadata {
    /// Returns the holds on the sets of a cluster, by set, including expired ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_list(&self, cluster: ClusterId) -> Result<Vec<SetHold>, Error> {
        let list = statement(
            "list holds",
            "SELECT h.* FROM backup_holds h JOIN backup_sets b ON b.id = h.backup_set_id
             WHERE b.cluster_id = ? ORDER BY h.backup_set_id",
        );
        self.read().await?.rows(list.bind(cluster.0)).await?.iter().map(hold).collect()
    }
}

impl Transaction {
    /// Returns the hold on a set, which does not change until this transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_now(&mut self, set: BackupSetId) -> Result<Option<SetHold>, Error> {
        let get = statement("read a hold", "SELECT * FROM backup_holds WHERE backup_set_id = ?").bind(set.0);
        self.connection.row(get).await?.map(|row| hold(&row)).transpose()
    }

    /// Places a hold on a set from now on, and replaces an existing one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_set(
        &mut self,
        set: BackupSetId,
        reason: &str,
        owner: &str,
        until: Option<Timestamp>,
    ) -> Result<SetHold, Error> {
        let since = self.now().await?;
        self.hold_remove(set).await?;
        let insert = statement(
            "place a hold",
            "INSERT INTO backup_holds (backup_set_id, reason, owner, until_at, since_at) VALUES (?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(set.0).bind(reason).bind(owner).bind(until).bind(since);
        self.connection.execute(insert).await?;
        Ok(SetHold { set, reason: reason.to_owned(), owner: owner.to_owned(), until, since })
    }

    /// Releases a set. Returns whether it was held.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_remove(&mut self, set: BackupSetId) -> Result<bool, Error> {
        let delete = statement("release a set", "DELETE FROM backup_holds WHERE backup_set_id = ?");
        Ok(self.connection.execute(delete.bind(set.0)).await? > 0)
    }
}

fn hold(row: &Row) -> Result<SetHold, Error> {
    Ok(SetHold {
        set: BackupSetId(row.integer("backup_set_id")?),
        reason: row.text("reason")?,
        owner: row.text("owner")?,
        until: row.integer_or_none("until_at")?.map(Timestamp),
        since: row.timestamp("since_at")?,
    })
}
