//! What a recovery was asked for, and what its checks have found.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dump::{DumpId, Origin, Selection};
use engine::{At, Flow as _};
use model::Timestamp;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::not_made::NotMade;
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
    /// Whether procedures, functions, triggers, users and privileges are recovered too.
    #[serde(default)]
    pub(crate) with_code: bool,
    /// Which users and roles were there before; nothing until that was looked for, or where the server does not show them.
    #[serde(default)]
    pub(crate) accounts_existed: Option<BTreeSet<String>>,
    /// Whether triggers and privileges are made, as far as the target takes them.
    #[serde(default)]
    pub(crate) has_triggers: bool,
    /// What of the set is not made, by the step that found it. A step that runs again finds all of it again.
    #[serde(default)]
    pub(crate) not_made: BTreeMap<String, Vec<NotMade>>,
}

impl State {
    /// Returns what of the set is not made, as far as that is known.
    pub(crate) fn not_made(&self) -> impl Iterator<Item = &NotMade> {
        self.not_made.values().flatten()
    }
}

/// Returns the backup set that a task recovers; nothing of a task of another flow.
pub(crate) fn set_read_by(task: &engine::Task) -> Option<BackupSetId> {
    if task.kind != RestoreLogical::KIND {
        return None;
    }
    serde_json::from_value::<State>(task.state.clone()).ok().map(|state| state.backup_set)
}

/// Returns what the recovery of a task did not make, as far as that is known; nothing of a task of another flow.
pub(crate) fn not_made(task: &engine::Task) -> Vec<NotMade> {
    if task.kind != RestoreLogical::KIND {
        return Vec::new();
    }
    let state: Option<State> = serde_json::from_value(task.state.clone()).ok();
    state.map(|state| state.not_made().cloned().collect()).unwrap_or_default()
}

/// How much is recovered.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) tables: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}
