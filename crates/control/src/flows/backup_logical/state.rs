//! The request of a logical backup, and the state of each tenant's dump.

use std::collections::BTreeMap;

use dump::{Compression, DumpId, Manifest, Selection};
use engine::{At, Flow as _};
use model::Timestamp;
use model::id::{ClusterId, StorageId, TenantId};
use model::inventory::{Consent, LeftOut, Missing};
use serde::{Deserialize, Serialize};

pub(super) type Here = At<BackupLogical>;

/// A logical backup.
pub(crate) struct BackupLogical;

/// The request; no step changes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) cluster: ClusterId,
    pub(crate) cluster_name: String,
    /// The cluster's ID in OceanBase, which is part of the folder names.
    pub(crate) ob_cluster_id: i64,
    pub(crate) storage: StorageId,
    /// The tenants, by lane.
    pub(crate) tenants: BTreeMap<String, TenantId>,
    pub(crate) selection: Selection,
    /// The objects that the backup may leave out.
    #[serde(default)]
    pub(crate) consent: Consent,
    pub(crate) compression: Compression,
    pub(crate) connections: usize,
    pub(crate) requested: Timestamp,
    /// Distinguishes this task's dumps from those of another installation's task with the same number.
    pub(crate) tag: String,
}

/// The state of one tenant's dump.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// The dumps that could not be completed and were started over.
    pub(crate) abandoned: Vec<DumpId>,
    /// What the dump holds, once it is complete.
    pub(crate) complete: Option<Complete>,
    /// Whether the dump was read back without findings.
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
    /// The objects that were left out.
    #[serde(default)]
    pub(crate) left_out: Vec<LeftOut>,
}

impl Complete {
    /// Summarizes a manifest.
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            dump: manifest.dump.clone(),
            scn: manifest.scn,
            bytes: manifest.totals.bytes,
            rows: manifest.totals.rows,
            tables: manifest.totals.tables,
            finished: manifest.finished,
            left_out: manifest.left_out.clone(),
        }
    }
}

/// Returns the objects that the dumps of a task left out, as far as known. Empty for a task of another flow.
pub(crate) fn left_out(task: &engine::Task) -> Vec<Missing> {
    if task.kind != BackupLogical::KIND {
        return Vec::new();
    }
    let of_lane = |lane: &engine::task::LaneState| {
        let known: Lane = serde_json::from_value(lane.state.clone()).ok()?;
        let missing = |object| Missing { tenant: lane.key.clone(), object };
        Some(known.complete?.left_out.into_iter().map(missing).collect::<Vec<_>>())
    };
    task.lanes.iter().filter_map(of_lane).flatten().collect()
}
