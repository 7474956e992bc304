//! Major compaction of 3.x: versions of the whole cluster.

use serde::Serialize;

use super::after;
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::world::Cluster;

/// The cluster's merge.
#[derive(Debug, Serialize)]
pub(crate) struct Merge {
    pub(crate) frozen_version: u64,
    pub(crate) frozen_us: i64,
    pub(crate) merged_version: u64,
    pub(crate) start_us: i64,
    pub(crate) merged_us: i64,
    pub(crate) is_merging: bool,
    pub(crate) is_error: bool,
    pub(crate) is_suspended: bool,
    pub(crate) due: Option<i64>,
}

impl Merge {
    pub(crate) fn new(now_us: i64) -> Self {
        Self {
            frozen_version: 2,
            frozen_us: now_us,
            merged_version: 2,
            start_us: now_us,
            merged_us: now_us,
            is_merging: false,
            is_error: false,
            is_suspended: false,
            due: None,
        }
    }

    /// IDLE, MERGING or ERROR, with the kernel's number for it.
    pub(crate) fn status(&self) -> (i64, &'static str) {
        match (self.is_merging, self.is_error) {
            (_, true) => (3, "ERROR"),
            (true, false) => (1, "MERGING"),
            (false, false) => (0, "IDLE"),
        }
    }
}

/// The action of a merge statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Freeze,
    Suspend,
    Resume,
    Start,
    ClearError,
}

/// Executes a merge statement.
pub(crate) fn execute(cluster: &mut Cluster, verb: Verb) -> Result<(), SqlError> {
    let now_us = cluster.now_us;
    if verb == Verb::Freeze {
        return freeze(cluster);
    }
    let is_manual = cluster.parameters.is_true("enable_manual_merge");
    let merge = &mut cluster.three.merge;
    match verb {
        Verb::Suspend => merge.is_suspended = true,
        Verb::Resume => merge.is_suspended = false,
        Verb::ClearError => merge.is_error = false,
        Verb::Start if !is_manual => return Err(SqlError::plain(4179)),
        Verb::Start | Verb::Freeze => {}
    }
    if verb != Verb::Suspend && merge.is_merging {
        merge.due = after(now_us, 5);
    }
    Ok(())
}

fn freeze(cluster: &mut Cluster) -> Result<(), SqlError> {
    if !cluster.parameters.is_true("enable_major_freeze") {
        return Err(SqlError::plain(4179));
    }
    if cluster.faults.hit(FaultName::MajorFreezeRefused, "").is_some() {
        return Err(SqlError::plain(4217));
    }
    let has_error = cluster.faults.is_set(FaultName::MergeError, "");
    let now_us = cluster.now_us;
    let merge = &mut cluster.three.merge;
    if merge.is_merging {
        return Err(SqlError::plain(4213));
    }
    merge.frozen_version += 1;
    (merge.frozen_us, merge.start_us) = (now_us, now_us);
    (merge.is_merging, merge.is_error) = (true, has_error);
    merge.due = after(now_us, 15);
    Ok(())
}

/// The daily freeze; a refusal is ignored.
pub(crate) fn freeze_daily(cluster: &mut Cluster) {
    drop(freeze(cluster));
}

/// Completes the merge, unless it is blocked.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let merge = &mut cluster.three.merge;
    merge.due = None;
    if merge.is_merging && !merge.is_error && !merge.is_suspended {
        merge.is_merging = false;
        merge.merged_version = merge.frozen_version;
        merge.merged_us = now_us;
    }
}

/// Sets or clears the error of the merge.
pub(crate) fn set_error(cluster: &mut Cluster, is_error: bool) {
    let now_us = cluster.now_us;
    let merge = &mut cluster.three.merge;
    if merge.is_merging {
        merge.is_error = is_error;
        merge.due = after(now_us, 5);
    }
}
