//! The request of a recovery, and the results of its checks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dump::{DumpId, Origin, Selection};
use engine::{At, Flow as _};
use model::Timestamp;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::inventory::ObjectKind;
use model::not_made::NotMade;
use serde::{Deserialize, Serialize};

/// The time that a step must still hold its task before it starts to change the cluster. The load's marks in the
/// database protect work that takes longer.
pub(super) const STATEMENT_LIMIT: Duration = Duration::from_secs(90);

pub(super) type Here = At<RestoreLogical>;

/// A recovery of a logical backup set.
pub(crate) struct RestoreLogical;

/// The request, and the results of the steps.
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
    /// The origin of the dump; none if a version without signatures saved it.
    #[serde(default)]
    pub(crate) origin: Option<Origin>,
    /// The BLAKE3 of the manifest whose origin was checked when the recovery was requested: no other manifest is
    /// loaded.
    #[serde(default)]
    pub(crate) manifest: Option<String>,
    pub(crate) scn: u64,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    /// The new name of each database, by its name in the set.
    pub(crate) databases: BTreeMap<String, String>,
    /// The selected objects of these databases; all of them if a version without single tables saved the task.
    #[serde(default)]
    pub(crate) selection: Selection,
    pub(crate) connections: usize,
    pub(crate) requested: Timestamp,
    /// The size of the selected databases and tables.
    pub(crate) holds: Holds,
    /// The new names that existed as databases before the load; none until step 2 has checked.
    pub(crate) existed: Option<Vec<String>>,
    /// Whether procedures, functions, triggers, users and privileges are recovered too.
    #[serde(default)]
    pub(crate) with_code: bool,
    /// The kinds of code, users and privileges that are left out by agreement.
    #[serde(default)]
    pub(crate) without: Vec<ObjectKind>,
    /// The users and roles that existed before the load; none until step 2 has checked, or if the server does not show
    /// them.
    #[serde(default)]
    pub(crate) accounts_existed: Option<BTreeSet<String>>,
    /// Whether triggers and privileges were created, as far as the target accepts them.
    #[serde(default)]
    pub(crate) has_triggers: bool,
    /// The objects of the set that are not created, by the step that found them. A repeated step finds all of them
    /// again.
    #[serde(default)]
    pub(crate) not_made: BTreeMap<String, Vec<NotMade>>,
}

impl State {
    /// Returns the objects of the set that are not created, as far as known.
    pub(crate) fn not_made(&self) -> impl Iterator<Item = &NotMade> {
        self.not_made.values().flatten()
    }
}

/// Returns the backup set that a task recovers, or none for a task of another flow.
pub(crate) fn set_read_by(task: &engine::Task) -> Option<BackupSetId> {
    if task.kind != RestoreLogical::KIND {
        return None;
    }
    serde_json::from_value::<State>(task.state.clone()).ok().map(|state| state.backup_set)
}

/// Returns the objects that a recovery did not create, as far as known. Empty for a task of another flow.
pub(crate) fn not_made(task: &engine::Task) -> Vec<NotMade> {
    if task.kind != RestoreLogical::KIND {
        return Vec::new();
    }
    let state: Option<State> = serde_json::from_value(task.state.clone()).ok();
    state.map(|state| state.not_made().cloned().collect()).unwrap_or_default()
}

/// The size of what is recovered.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) tables: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}
