//! The age of all last backups: a fixed number of statements for any number of tenants.

use model::Timestamp;
use model::backup::{BackupMethod, DataBackupMode};
use model::backup_set::BackupSetStatus;
use model::cluster::Cluster;
use model::id::{ClusterId, TenantId};

use crate::clusters::cluster;
use crate::database::Connection;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::{Row, statement, word};

/// Where logical backup tasks store the selection, as JSON: an empty list means everything.
#[derive(Debug, Clone, Copy)]
pub struct SelectionField {
    /// The kind of these tasks.
    pub kind: &'static str,
    /// The field of their state.
    pub name: &'static str,
}

/// The ages of all last backups according to the catalogue.
#[derive(Debug, Clone)]
pub struct Protection {
    /// The time of the reading, by the database's clock.
    pub now: Timestamp,
    /// The clusters, by name.
    pub clusters: Vec<Cluster>,
    /// The tenants, by cluster and ID, including the sys tenants.
    pub tenants: Vec<KnownTenant>,
    /// The totals of the backup sets.
    pub sets: Vec<SetSum>,
    /// The newest backups of parts of tenants.
    pub parts: Vec<PartNewest>,
}

/// A tenant with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTenant {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its ID in OceanBase.
    pub id: TenantId,
    /// Its name.
    pub name: String,
}

/// The totals of the backup sets of one tenant with the same properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSum {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenant.
    pub tenant: TenantId,
    /// The method.
    pub method: BackupMethod,
    /// The mode.
    pub mode: DataBackupMode,
    /// The status.
    pub status: BackupSetStatus,
    /// Whether they are known to contain the whole tenant.
    pub is_whole: bool,
    /// The number of sets.
    pub count: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// When the newest one was completed.
    pub newest: Timestamp,
}

/// The newest logical backup of a part of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartNewest {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenant.
    pub tenant: TenantId,
    /// The selection, as the task stores it in JSON.
    pub selection: String,
    /// When its newest backup set was completed.
    pub newest: Timestamp,
}

impl Metadata {
    /// Returns the ages of the last backups of one cluster or of all, according to the catalogue.
    ///
    /// A logical backup set counts for the whole tenant only if its task is known to have selected everything. That
    /// is unknown for a set that was found in a storage.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn protection(
        &self,
        cluster: Option<ClusterId>,
        selection: SelectionField,
    ) -> Result<Protection, Error> {
        let mut reader = self.read().await?;
        Ok(Protection {
            now: Timestamp(reader.now().await?.0),
            clusters: clusters(&mut reader, cluster).await?,
            tenants: tenants(&mut reader, cluster).await?,
            sets: sets(&mut reader, cluster, selection).await?,
            parts: parts(&mut reader, cluster, selection).await?,
        })
    }
}

async fn clusters(reader: &mut Connection, id: Option<ClusterId>) -> Result<Vec<Cluster>, Error> {
    let list = statement("list protected clusters", "SELECT * FROM clusters WHERE 1 = 1");
    let list = list.and_if("id = ?", id.map(|id| id.0)).push(" ORDER BY name");
    reader.rows(list).await?.iter().map(cluster).collect()
}

async fn tenants(reader: &mut Connection, cluster: Option<ClusterId>) -> Result<Vec<KnownTenant>, Error> {
    let list =
        statement("list protected tenants", "SELECT cluster_id, tenant_id, name FROM tenants WHERE 1 = 1");
    let list = list.and_if("cluster_id = ?", cluster.map(|id| id.0));
    let known = |row: &Row| {
        Ok(KnownTenant {
            cluster: ClusterId(row.integer("cluster_id")?),
            id: TenantId(row.integer("tenant_id")?),
            name: row.text("name")?,
        })
    };
    reader.rows(list.push(" ORDER BY cluster_id, tenant_id")).await?.iter().map(known).collect()
}

async fn sets(
    reader: &mut Connection,
    cluster: Option<ClusterId>,
    selection: SelectionField,
) -> Result<Vec<SetSum>, Error> {
    let sum = statement(
        "find the newest backup sets",
        "SELECT cluster_id, tenant_id, method, mode, status,
                CASE WHEN method = ? THEN 1
                     WHEN task_id IN (SELECT id FROM tasks WHERE kind = ? AND state LIKE ?) THEN 1
                     ELSE 0 END AS is_whole,
                COUNT(*) AS total, CAST(COALESCE(SUM(byte_count), 0) AS SIGNED) AS bytes,
                MAX(finished_at) AS newest
         FROM backup_sets WHERE 1 = 1",
    );
    let sum = sum.bind(word(&BackupMethod::Physical)).bind(selection.kind).bind(everything(selection));
    let sum = sum.and_if("cluster_id = ?", cluster.map(|id| id.0));
    let sum = sum.push(" GROUP BY cluster_id, tenant_id, method, mode, status, is_whole");
    let added_up = |row: &Row| {
        Ok(SetSum {
            cluster: ClusterId(row.integer("cluster_id")?),
            tenant: TenantId(row.integer("tenant_id")?),
            method: row.word("method")?,
            mode: row.word("mode")?,
            status: row.word("status")?,
            is_whole: row.flag("is_whole")?,
            count: row.large("total")?,
            bytes: row.large("bytes")?,
            newest: row.timestamp("newest")?,
        })
    };
    reader.rows(sum).await?.iter().map(added_up).collect()
}

async fn parts(
    reader: &mut Connection,
    cluster: Option<ClusterId>,
    selection: SelectionField,
) -> Result<Vec<PartNewest>, Error> {
    // With DISTINCT, a database reads each task's state once, instead of once for each of its backup sets.
    let find = statement(
        "find the newest backup sets of parts",
        "SELECT b.cluster_id, b.tenant_id, s.selection, MAX(b.finished_at) AS newest
         FROM backup_sets b
         JOIN (SELECT DISTINCT id, CAST(JSON_EXTRACT(state, ?) AS CHAR) AS selection
               FROM tasks WHERE kind = ? AND state NOT LIKE ?) s ON s.id = b.task_id
         WHERE s.selection IS NOT NULL",
    );
    let find = find.bind(format!("$.{}", selection.name)).bind(selection.kind).bind(everything(selection));
    let find = find.and_one_of("b.status", BackupSetStatus::GOOD.iter().map(word));
    let find = find.and_if("b.cluster_id = ?", cluster.map(|id| id.0));
    let newest = |row: &Row| {
        Ok(PartNewest {
            cluster: ClusterId(row.integer("cluster_id")?),
            tenant: TenantId(row.integer("tenant_id")?),
            selection: row.text("selection")?,
            newest: row.timestamp("newest")?,
        })
    };
    let find = find.push(" GROUP BY b.cluster_id, b.tenant_id, s.selection");
    reader.rows(find).await?.iter().map(newest).collect()
}

/// Returns the pattern of a state that selects everything. A name in it can't look like this: its quotes are escaped.
fn everything(selection: SelectionField) -> String {
    format!("%\"{}\":[]%", selection.name)
}
