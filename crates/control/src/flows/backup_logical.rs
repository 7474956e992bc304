//! Back up now, logically: one dump per tenant, each tenant a lane.
//!
//! 1. `check-cluster-status`   it answers, offers logical backup, and is not being upgraded
//! 2. `check-backup-storage`   this server can write, read, list and delete there
//! 3. `check-ready`            what was chosen exists, and a dump can carry it
//! 4. `take-snapshot`          one moment is kept readable, and the dump's plan lies in the storage
//! 5. `dump-schema`            the definitions lie in the storage
//! 6. `dump-data`              the rows do, and then the manifest: the dump is complete
//! 7. `verify-backup-set`      every object reads back as it was written
//! 8. `record-backup-set`      the catalogue knows it
//!
//! The cluster is only read. What is left open there between two steps is a transaction that keeps the moment; it
//! ends with the dump, a cancel, or this process.
//!
//! A dump whose moment is gone, or whose tables were changed meanwhile, is begun anew under another id: nothing of two
//! moments is ever mixed. Rolling back deletes a dump that is not complete. A complete one is a backup, recorded or
//! not, and is never deleted by a task.

mod bodies;
mod dumping;
pub(crate) mod plan;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use dump::{Compression, DumpId, Selection};
use engine::{Flow, Step};
use model::Timestamp;
use model::id::{ClusterId, StorageId, TenantId};
use serde::{Deserialize, Serialize};

use crate::context::Context;
pub(crate) use dumping::place;
pub(crate) use request::{refuse_upgrading, request, usual_storage};

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long planning and the schema may take, with very many tables.
const SCHEMA_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// How long the rows may take, and reading them back.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Back up now, logically.
pub(crate) struct BackupLogical;

/// What was asked for; the checks add nothing to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The storage's folder for this cluster's tenants depends on it.
    pub(crate) ob_cluster_id: i64,
    pub(crate) storage: StorageId,
    /// The tenants by the names of their lanes.
    pub(crate) tenants: BTreeMap<String, TenantId>,
    pub(crate) selection: Selection,
    pub(crate) compression: Compression,
    pub(crate) connections: usize,
    pub(crate) requested: Timestamp,
    /// Tells this task's dumps from those that another server's task of the same number makes there.
    pub(crate) tag: String,
}

/// What is known of one tenant's dump.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The dumps that were given up because their moment was gone.
    pub(crate) abandoned: Vec<DumpId>,
    /// What the dump holds, once it is complete.
    pub(crate) complete: Option<Complete>,
    /// Whether it was read back and found whole.
    pub(crate) verified: bool,
}

/// What a complete dump holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Complete {
    pub(crate) dump: DumpId,
    pub(crate) scn: u64,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) tables: u64,
    pub(crate) finished: Timestamp,
}

impl Flow for BackupLogical {
    const KIND: &'static str = "backup-logical"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-cluster-status", |at, s| Box::pin(bodies::check_cluster_status(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-backup-storage", |at, s| Box::pin(bodies::check_backup_storage(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-ready", |at, s| Box::pin(bodies::check_ready(at, s))).timeout(CHECK_LIMIT),
        Step::each("take-snapshot", |at, s, l| Box::pin(bodies::take_snapshot(at, s, l)))
            .stop_each(|at, s, l| Box::pin(bodies::let_go(at, s, l)))
            .undo_each(|at, s, l| Box::pin(bodies::delete_unfinished(at, s, l)))
            .timeout(SCHEMA_LIMIT),
        Step::each("dump-schema", |at, s, l| Box::pin(bodies::dump_schema(at, s, l)))
            .stop_each(|at, s, l| Box::pin(bodies::let_go(at, s, l)))
            .timeout(SCHEMA_LIMIT),
        Step::each("dump-data", |at, s, l| Box::pin(bodies::dump_data(at, s, l)))
            .stop_each(|at, s, l| Box::pin(bodies::let_go(at, s, l)))
            .timeout(DATA_LIMIT),
        Step::each("verify-backup-set", |at, s, l| Box::pin(bodies::verify_backup_set(at, s, l)))
            .skippable()
            .timeout(DATA_LIMIT),
        Step::one("record-backup-set", |at, s| Box::pin(bodies::record_backup_set(at, s))),
    ];
}
