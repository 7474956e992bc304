//! What a recovery was asked for, and what its checks have found.

use std::collections::BTreeMap;
use std::time::Duration;

use dump::{DumpId, Origin, Selection};
use engine::At;
use model::Timestamp;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use serde::{Deserialize, Serialize};

/// How long one statement of a load may take before another worker could have the task. What a load does longer is
/// guarded by its marks in the database itself.
pub(super) const STATEMENT_LIMIT: Duration = Duration::from_secs(90);

pub(super) type Here = At<RestoreLogical>;

/// Recover a logical backup set.
pub(crate) struct RestoreLogical;

/// What was asked for, and what the checks have found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) backup_set: BackupSetId,
    pub(crate) backup_cluster: ClusterId,
    pub(crate) backup_cluster_name: String,
    pub(crate) backup_tenant: TenantId,
    pub(crate) backup_tenant_name: String,
    pub(crate) storage: StorageId,
    /// The folder that holds the dump, below the storage's base.
    pub(crate) folder: String,
    pub(crate) dump: DumpId,
    /// Where the dump comes from; nothing where a version saved it that knew no signatures.
    #[serde(default)]
    pub(crate) origin: Option<Origin>,
    /// The BLAKE3 of the manifest whose origin was checked when the recovery was requested: no other is loaded.
    #[serde(default)]
    pub(crate) manifest: Option<String>,
    pub(crate) scn: u64,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    /// Under which name each database is recovered, by its name in the set.
    pub(crate) databases: BTreeMap<String, String>,
    /// What of these databases; all that they hold where a version saved it that knew no single tables.
    #[serde(default)]
    pub(crate) selection: Selection,
    pub(crate) connections: usize,
    pub(crate) requested: Timestamp,
    /// What the chosen databases and tables hold.
    pub(crate) holds: Holds,
    /// Which of the new names were there before, empty; nothing until that was looked for.
    pub(crate) existed: Option<Vec<String>>,
}

/// How much is recovered.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) tables: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}
