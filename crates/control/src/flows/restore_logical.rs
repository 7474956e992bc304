//! Recover a logical backup set: databases of one tenant, under their names or others.
//!
//! 1. `check-recovery-source`  the set's manifest and every object that it names are there
//! 2. `check-destination`      the cluster takes it, the user may, and nothing of that name is there
//! 3. `create-schema`          databases and tables exist, each database with this load's mark
//! 4. `load-data`              the rows are in
//! 5. `create-indexes`         keys, foreign keys and views are
//! 6. `verify-data`            every row is what was dumped
//! 7. `record-recovery`        the marks are gone, and the recovery is known
//!
//! The cluster changes from the third step on. Rolling back takes away what the third step made and nothing else: a
//! database that was not there before and still carries the load's mark is dropped; one that was there, empty, is
//! emptied again. As soon as something else lies in it, nothing of it is touched.

mod bodies;
mod cleanup;
pub(crate) mod plan;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

use dump::DumpId;
use engine::{Flow, Step};
use model::Timestamp;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use serde::{Deserialize, Serialize};

use crate::context::Context;
pub(crate) use request::request;

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long the schema may take, with very many tables.
const SCHEMA_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// How long rows and keys may take, and comparing them.
const DATA_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

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
    pub(crate) scn: u64,
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    pub(crate) tenant: TenantId,
    pub(crate) tenant_name: String,
    /// Under which name each database is recovered, by its name in the set.
    pub(crate) databases: BTreeMap<String, String>,
    pub(crate) connections: usize,
    pub(crate) requested: Timestamp,
    /// What the chosen databases hold.
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

impl Flow for RestoreLogical {
    const KIND: &'static str = "restore-logical"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = ();

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-recovery-source", |at, s| Box::pin(bodies::check_recovery_source(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("check-destination", |at, s| Box::pin(bodies::check_destination(at, s)))
            .timeout(CHECK_LIMIT),
        Step::one("create-schema", |at, s| Box::pin(bodies::create_schema(at, s)))
            .undo(|at, s| Box::pin(cleanup::remove_what_was_made(at, s)))
            .timeout(SCHEMA_LIMIT),
        Step::one("load-data", |at, s| Box::pin(bodies::load_data(at, s))).timeout(DATA_LIMIT),
        Step::one("create-indexes", |at, s| Box::pin(bodies::create_indexes(at, s))).timeout(DATA_LIMIT),
        Step::one("verify-data", |at, s| Box::pin(bodies::verify_data(at, s)))
            .skippable()
            .timeout(DATA_LIMIT),
        Step::one("record-recovery", |at, s| Box::pin(bodies::record_recovery(at, s))),
    ];
}
