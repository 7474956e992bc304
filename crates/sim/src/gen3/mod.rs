//! OceanBase 2.2.77 and 3.x: backup belongs to the cluster.

pub(crate) mod archive;
mod archive_views;
pub(crate) mod backup;
mod backup_tables;
mod backup_views;
pub(crate) mod cleanup;
mod cluster_views;
pub(crate) mod command;
pub(crate) mod compaction;
mod compaction_views;
pub(crate) mod grammar;
mod resource_views;
pub(crate) mod restore;
mod restore_tables;
mod restore_views;
pub(crate) mod views;

use serde::Serialize;

use crate::civil::SECOND;
use crate::media::{Uri, layout3};
use crate::world::{Cluster, NEVER, TenantId};
use archive::Archive;
use backup::{Backups, Set};
use cleanup::Cleanup;
use compaction::Merge;
use restore::Restore;

/// The backup state of 3.x.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    pub(crate) archive: Archive,
    pub(crate) backups: Backups,
    pub(crate) sets: Vec<Set>,
    pub(crate) merge: Merge,
    pub(crate) cleanup: Cleanup,
    pub(crate) restores: Vec<Restore>,
    pub(crate) last_restore: u64,
}

impl State {
    pub(crate) fn new(now_us: i64) -> Self {
        Self {
            archive: Archive::default(),
            backups: Backups::default(),
            sets: Vec::new(),
            merge: Merge::new(now_us),
            cleanup: Cleanup::default(),
            restores: Vec::new(),
            last_restore: 0,
        }
    }
}

/// Returns the time of the next event.
pub(crate) fn next_due(cluster: &Cluster) -> i64 {
    let state = &cluster.three;
    let restores = state.restores.iter().filter_map(|restore| restore.due);
    let cleanup = state.cleanup.jobs.iter().filter_map(|job| job.due);
    let others = [state.archive.due, state.backups.due, state.merge.due];
    restores.chain(cleanup).chain(others.into_iter().flatten()).min().unwrap_or(NEVER)
}

/// Executes the events that are due.
pub(crate) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let is_due = |due: Option<i64>| due.is_some_and(|due| due <= now_us);
    if is_due(cluster.three.archive.due) {
        archive::step(cluster);
    }
    if is_due(cluster.three.backups.due) {
        backup::step(cluster);
    }
    if is_due(cluster.three.merge.due) {
        compaction::step(cluster);
    }
    cleanup::step(cluster);
    restore::step(cluster);
}

/// Updates the values that change continuously.
pub(crate) fn settle(cluster: &mut Cluster) {
    archive::settle(cluster);
}

/// Handles the removal of a tenant.
pub(crate) fn tenant_removed(cluster: &mut Cluster, id: TenantId) {
    cluster.three.archive.tenants.remove(&id);
    restore::tenant_removed(cluster, id);
}

/// Returns the time this many seconds from now.
fn after(now_us: i64, seconds: i64) -> Option<i64> {
    Some(now_us + seconds * SECOND)
}

/// Returns the destination without options, and the cluster's root directory in it.
fn destination(cluster: &Cluster) -> Option<(String, String)> {
    let uri = Uri::parse(cluster.parameters.get("backup_dest")?).ok()?;
    let root = layout3::root(&uri.bare, &cluster.name, cluster.id);
    Some((uri.bare, root))
}

/// Returns the destination that contains a cluster's root directory.
fn destination_of<'a>(cluster: &Cluster, root: &'a str) -> &'a str {
    root.strip_suffix(&layout3::root("", &cluster.name, cluster.id)).unwrap_or(root)
}

/// Returns a version in the kernel's encoding: 16 bits for each of three parts; since 3.2.3, the last 16 bits contain
/// two parts.
fn version_number(version: &str) -> u64 {
    let parts: Vec<u64> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    match parts[..] {
        [major, minor, patch] => (major << 32) | (minor << 16) | patch,
        [major, minor, patch, last] => (major << 32) | (minor << 16) | (patch << 8) | last,
        _ => 0,
    }
}

/// Returns a value of `backup_dest_option`, which joins its values with `&`.
fn destination_option(cluster: &Cluster, name: &str) -> Option<String> {
    let text = cluster.parameters.get("backup_dest_option")?;
    text.split('&')
        .filter_map(|option| option.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Returns the tenants of a backup: the sys tenant for the metadata, and every user tenant.
fn participants(cluster: &Cluster) -> Vec<TenantId> {
    cluster.tenants.values().filter(|tenant| tenant.is_normal()).map(|tenant| tenant.id).collect()
}

#[cfg(test)]
mod tests {
    use super::version_number;

    #[test]
    fn versions_of_three_and_of_four_parts_are_counted_alike() {
        let cases = [("2.2.77", 0x2_0002_004d), ("3.1.5", 0x3_0001_0005), ("3.2.4.0", 0x3_0002_0400)];
        for (text, number) in cases {
            assert_eq!(version_number(text), number, "{text}");
        }
    }
}
