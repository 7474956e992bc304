//! OceanBase 4.x: backup belongs to tenants.

pub(crate) mod archive;
pub(crate) mod archive_copy;
mod archive_views;
pub(crate) mod backup;
pub(crate) mod cleanup;
mod cleanup_views;
pub(crate) mod command;
pub(crate) mod compaction;
mod compaction_views;
pub(crate) mod deletion;
pub(crate) mod destination;
mod features;
pub(crate) mod grammar;
mod job;
mod job_views;
pub(crate) mod recovery;
pub(crate) mod restore;
mod restore_grammar;
mod restore_views;
mod set_views;
pub(crate) mod standby;
pub(crate) mod table_recovery;
mod table_views;
pub(crate) mod validate_statement;
pub(crate) mod validation;
mod validation_views;
pub(crate) mod views;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::civil::SECOND;
use crate::world::{Cluster, NEVER, TenantId};
use archive::Archive;
use backup::{BackupSet, Job, Task};
use cleanup::Cleanup;
use compaction::Compaction;
use destination::{Destination, StorageInfo};
use restore::Restore;
use table_recovery::TableRecovery;
use validation::Validations;

/// Nanoseconds in a microsecond: SCNs are nanoseconds.
pub(crate) const SCN: i64 = 1_000;

/// The backup state of 4.x.
#[derive(Debug, Default, Serialize)]
pub(crate) struct State {
    pub(crate) tenants: BTreeMap<TenantId, Backups>,
    pub(crate) restores: Vec<Restore>,
    pub(crate) compactions: BTreeMap<TenantId, Compaction>,
    pub(crate) upgrades: Vec<standby::Upgrade>,
    pub(crate) last_restore: u64,
    pub(crate) table_recoveries: Vec<TableRecovery>,
}

/// The state of one tenant; IDs are counted per tenant.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Backups {
    pub(crate) archive: Archive,
    pub(crate) data: Option<Destination>,
    /// `BACKUP_ARCHIVE_DEST`: the destination of archive copies.
    pub(crate) copies: Option<Destination>,
    pub(crate) storage: Vec<StorageInfo>,
    pub(crate) last_destination: u64,
    pub(crate) jobs: Vec<Job>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) sets: Vec<BackupSet>,
    pub(crate) last_job: u64,
    pub(crate) last_task: u64,
    pub(crate) last_set: u64,
    pub(crate) cleanup: Cleanup,
    pub(crate) validations: Validations,
    /// `LOG_RESTORE_SOURCE`.
    pub(crate) log_source: Option<String>,
}

impl State {
    pub(crate) fn of(&mut self, id: TenantId) -> &mut Backups {
        self.tenants.entry(id).or_default()
    }
}

/// Returns the time of the next event.
pub(crate) fn next_due(cluster: &Cluster) -> i64 {
    let state = &cluster.four;
    let tenants = state.tenants.values().flat_map(|backups| {
        let jobs = backups.jobs.iter().filter_map(|job| job.due);
        let cleanups = backups.cleanup.jobs.iter().filter_map(|job| job.due);
        let validations = backups.validations.jobs.iter().filter_map(|job| job.due);
        jobs.chain(cleanups).chain(validations).chain(backups.archive.due).chain(backups.cleanup.next)
    });
    let restores = state.restores.iter().filter_map(|restore| restore.due);
    let tables = state.table_recoveries.iter().filter_map(|recovery| recovery.due);
    let restores = restores.chain(tables);
    let compactions = state.compactions.values().filter_map(|compaction| compaction.due);
    tenants.chain(restores).chain(compactions).min().unwrap_or(NEVER)
}

/// Executes the events that are due.
pub(crate) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let is_due = |due: Option<i64>| due.is_some_and(|due| due <= now_us);
    let ids: Vec<TenantId> = cluster.four.tenants.keys().copied().collect();
    for id in ids {
        if cluster.four.tenants.get(&id).is_some_and(|backups| is_due(backups.archive.due)) {
            archive::step(cluster, id);
        }
        job::step(cluster, id);
        cleanup::step(cluster, id);
        validation::step(cluster, id);
    }
    compaction::step(cluster);
    restore::step(cluster);
    table_recovery::step(cluster);
}

/// Updates the values that change continuously.
pub(crate) fn settle(cluster: &mut Cluster) {
    let ids: Vec<TenantId> = cluster.four.tenants.keys().copied().collect();
    for id in ids {
        archive::settle(cluster, id);
    }
}

/// Ends jobs whose conditions no longer hold.
pub(crate) fn watch(cluster: &mut Cluster) {
    job::watch(cluster);
}

/// Handles a new tenant.
pub(crate) fn tenant_added(cluster: &mut Cluster, id: TenantId) {
    cluster.four.tenants.entry(id).or_default();
    cluster.four.compactions.insert(id, Compaction::default());
}

/// Handles the removal of a tenant: its rows disappear from the views.
pub(crate) fn tenant_removed(cluster: &mut Cluster, id: TenantId) {
    for gone in [id, id.meta()] {
        cluster.four.tenants.remove(&gone);
        cluster.four.compactions.remove(&gone);
    }
}

/// Returns the time this many seconds from now.
fn after(now_us: i64, seconds: i64) -> Option<i64> {
    Some(now_us + seconds * SECOND)
}
