//! The internal tables behind the backup views of 3.x: keys and values of each tenant, and running tasks.
//!
//! Source: the community source of 3.1 (`cea7de14`): columns in `ob_inner_table_schema_def.py` (tables 264, 268,
//! 12167, 12170), keys in `ob_backup_manager.cpp`, states in `ob_backup_scheduler.cpp` and `ob_root_backup.cpp`. The
//! virtual tables show all tenants, and their first columns are the primary key; the other tables start with
//! `gmt_create`, and a tenant sees only its own rows.
//!
//! PREPARE is part of the BACKUP statement, which takes no time here; a tenant's CLEANUP after its data is written
//! takes none either. So neither is ever visible, unlike the sys tenant's CLEANUP.

use super::backup::{Phase, Set};
use super::backup_views::{Row, backup_type, device, encryption};
use super::{destination_of, version_number};
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::tenant::Tenant;
use crate::world::{Cluster, TenantId};

pub(super) fn table(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    if name == "__ALL_TENANT_BACKUP_INFO" {
        return Some(tenant_info(cluster, viewer, name));
    }
    match name {
        "__ALL_VIRTUAL_BACKUP_INFO" if viewer == TenantId::SYS => Some(info(cluster, name)),
        "__ALL_VIRTUAL_BACKUP_TASK" if viewer == TenantId::SYS => Some(tasks(cluster, name)),
        _ => None,
    }
}

/// A key of a tenant with its value.
struct Entry {
    tenant: TenantId,
    created_us: i64,
    modified_us: i64,
    name: &'static str,
    value: String,
}

fn info(cluster: &Cluster, name: &str) -> Table {
    let entries: Vec<Entry> = cluster.tenants.values().flat_map(|tenant| entries(cluster, tenant)).collect();
    Shape::<Entry>::new()
        .col("tenant_id", "bigint", |e| e.tenant.into())
        .col("name", "varchar(1024)", |e| e.name.into())
        .col("gmt_create", "timestamp(6)", |e| Value::Instant(e.created_us))
        .col("gmt_modified", "timestamp(6)", |e| Value::Instant(e.modified_us))
        .col("value", "varchar(4096)", |e| e.value.clone().into())
        .table(name, &entries)
}

fn tenant_info(cluster: &Cluster, viewer: TenantId, name: &str) -> Table {
    let tenant = cluster.tenants.get(&viewer);
    let entries: Vec<Entry> = tenant.into_iter().flat_map(|tenant| entries(cluster, tenant)).collect();
    Shape::<Entry>::new()
        .col("gmt_create", "timestamp(6)", |e| Value::Instant(e.created_us))
        .col("gmt_modified", "timestamp(6)", |e| Value::Instant(e.modified_us))
        .col("tenant_id", "bigint", |e| e.tenant.into())
        .col("name", "varchar(1024)", |e| e.name.into())
        .col("value", "varchar(4096)", |e| e.value.clone().into())
        .table(name, &entries)
}

/// A tenant's keys, sorted by name, as the primary key returns them.
///
/// Guesses: `gmt_modified` is the same time for all keys; `backup_schema_version` is the tenant's creation time. The
/// code that later writes `backup_scheduler_leader`, `backup_task_id` and `last_delete_expired_data_snapshot` was not
/// found, so these keep the kernel's initial values. Builds with pieces may keep the archive's state in another
/// table.
fn entries(cluster: &Cluster, tenant: &Tenant) -> Vec<Entry> {
    let three = &cluster.three;
    let last = three.sets.iter().rfind(|set| set.tenant == tenant.id);
    let live = last.filter(|set| is_live(cluster, set));
    let of_live = |value: fn(&Set) -> String| live.map(value).unwrap_or_default();
    let takes_part = tenant.id == TenantId::SYS || three.archive.tenants.contains_key(&tenant.id);
    let archive = if takes_part { three.archive.status.text() } else { "STOP" };
    let schema_version = live.map(|_| tenant.created_us.to_string()).unwrap_or_default();
    // A number of 0 is written as an empty text; the initial values are different texts.
    let values = [
        ("backup_data_version", of_live(|set| set.data_version.to_string())),
        ("backup_dest", destination_of(cluster, &three.archive.root).to_owned()),
        ("backup_encryption_mode", last.map(|set| set.encryption().to_owned()).unwrap_or_default()),
        ("backup_passwd", last.map(|set| set.password.clone()).unwrap_or_default()),
        ("backup_scheduler_leader", String::new()),
        ("backup_schema_version", schema_version),
        ("backup_set_id", last.map_or(0, |set| set.key).to_string()),
        ("backup_snapshot_version", of_live(|set| set.start_us.to_string())),
        ("backup_status", live.map_or("STOP", |set| status(three.backups.phase, set)).to_owned()),
        ("backup_task_id", if last.is_some() { "" } else { "0" }.to_owned()),
        ("backup_type", of_live(|set| set.kind().to_owned())),
        ("detected_backup_region", cluster.parameters.get("backup_region").unwrap_or_default().to_owned()),
        ("incarnation", "1".to_owned()),
        ("last_delete_expired_data_snapshot", String::new()),
        ("log_archive_status", archive.to_owned()),
    ];
    let modified_us = last.map_or(tenant.created_us, |set| set.start_us.max(set.end_us));
    let entry =
        |(name, value)| Entry { tenant: tenant.id, created_us: tenant.created_us, modified_us, name, value };
    values.into_iter().map(entry).collect()
}

/// Returns whether the versions of a tenant's part are still set: they are cleared when its row among the tasks is
/// deleted.
fn is_live(cluster: &Cluster, set: &Set) -> bool {
    let backups = &cluster.three.backups;
    let is_cleaned = backups.phase == Phase::Cleanup && !set.is_running_row;
    set.key == backups.key && backups.phase != Phase::Stop && !is_cleaned
}

/// `backup_status`: a tenant stops as soon as its own part ends, the sys tenant when everything is cleaned up.
fn status(phase: Phase, set: &Set) -> &'static str {
    let is_over = set.is_recorded && set.tenant != TenantId::SYS;
    match phase {
        Phase::Stop => "STOP",
        _ if is_over => "STOP",
        Phase::Schedule if !set.is_running_row => "SCHEDULE",
        Phase::Schedule | Phase::Doing => "DOING",
        Phase::Cancel => "CANCEL",
        Phase::Cleanup => "CLEANUP",
    }
}

/// A task with the values that are not in its set.
struct Task {
    row: Row,
    cluster_id: u64,
    version: &'static str,
    destination: String,
    schema_version: i64,
    modified_us: i64,
    previous: (u64, u64, u64),
    status: &'static str,
}

fn tasks(cluster: &Cluster, name: &str) -> Table {
    let sets = cluster.three.sets.iter().filter(|set| set.is_running_row);
    let mut tasks: Vec<Task> = sets.map(|set| task(cluster, set)).collect();
    tasks.sort_by_key(|task| (task.row.set.tenant, task.row.set.key));
    task_shape(cluster.profile).table(name, &tasks)
}

fn task(cluster: &Cluster, set: &Set) -> Task {
    let tenant = cluster.tenants.get(&set.tenant);
    Task {
        row: Row::new(set, cluster.now_us),
        cluster_id: cluster.id,
        version: cluster.profile.version(),
        destination: destination_of(cluster, &set.root).to_owned(),
        schema_version: tenant.map_or(0, |tenant| tenant.created_us),
        modified_us: if set.end_us > 0 { set.end_us } else { cluster.now_us },
        previous: previous(cluster, set),
        status: task_status(cluster.three.backups.phase, set),
    }
}

/// Returns the full set that a set builds on, the previous set, and the previous set's data version; all 0 for a full
/// set.
fn previous(cluster: &Cluster, set: &Set) -> (u64, u64, u64) {
    let of =
        |key: u64| cluster.three.sets.iter().find(|other| other.tenant == set.tenant && other.key == key);
    let Some(before) = of(set.previous_set).filter(|_| set.is_incremental) else { return (0, 0, 0) };
    let mut full = before;
    while let Some(older) = of(full.previous_set).filter(|_| full.is_incremental) {
        full = older;
    }
    (full.key, before.key, before.data_version)
}

fn task_status(phase: Phase, set: &Set) -> &'static str {
    match set.status {
        "DOING" if phase == Phase::Cancel => "CANCEL",
        "DOING" if set.data_end_us == 0 => "GENERATE",
        "DOING" => "DOING",
        _ => "FINISH",
    }
}

/// No column is nullable: the end of a running task is the time 0.
///
/// Guesses: `compatible` is 1; `start_replay_log_ts` is the set's start. Builds with pieces write it and `date`
/// (`ob_backup_operator.cpp` of a later 3.1); both are last, because columns are only appended.
fn task_shape(profile: Profile) -> Shape<Task> {
    Shape::<Task>::new()
        .col("tenant_id", "bigint", |t| t.row.set.tenant.into())
        .col("incarnation", "bigint", |_| 1.into())
        .col("backup_set_id", "bigint", |t| t.row.set.key.into())
        .col("gmt_create", "timestamp(6)", |t| Value::Instant(t.row.set.start_us))
        .col("gmt_modified", "timestamp(6)", |t| Value::Instant(t.modified_us))
        .col("backup_type", "varchar(1)", |t| backup_type(&t.row))
        .col("device_type", "varchar(64)", |t| device(&t.row))
        .col("snapshot_version", "bigint", |t| t.row.set.start_us.into())
        .col("prev_full_backup_set_id", "bigint", |t| t.previous.0.into())
        .col("prev_inc_backup_set_id", "bigint", |t| t.previous.1.into())
        .col("prev_backup_data_version", "bigint", |t| t.previous.2.into())
        .col("pg_count", "bigint", |t| t.row.partitions().into())
        .col("macro_block_count", "bigint", |t| t.row.macro_blocks().into())
        .col("finish_pg_count", "bigint", |t| t.row.part(t.row.partitions()).into())
        .col("finish_macro_block_count", "bigint", |t| t.row.part(t.row.macro_blocks()).into())
        .col("input_bytes", "bigint", |t| t.row.part(t.row.set.input_bytes).into())
        .col("output_bytes", "bigint", |t| t.row.part(t.row.set.output_bytes).into())
        .col("start_time", "timestamp(6)", |t| Value::Instant(t.row.set.start_us))
        .col("end_time", "timestamp(6)", |t| Value::Instant(t.row.set.end_us))
        .col("compatible", "bigint", |_| 1.into())
        .col("cluster_version", "bigint", |t| version_number(t.version).into())
        .col("status", "varchar(64)", |t| t.status.into())
        .col("result", "bigint", |t| t.row.set.result.into())
        .col("cluster_id", "bigint", |t| t.cluster_id.into())
        .col("backup_dest", "varchar(2048)", |t| t.destination.clone().into())
        .col("backup_data_version", "bigint", |t| t.row.set.data_version.into())
        .col("backup_schema_version", "bigint", |t| t.schema_version.into())
        .col("cluster_version_display", "varchar(64)", |t| {
            format!("{}({})", version_number(t.version), t.version.replace('.', ", ")).into()
        })
        .col("partition_count", "bigint", |t| t.row.partitions().into())
        .col("finish_partition_count", "bigint", |t| t.row.part(t.row.partitions()).into())
        .col("encryption_mode", "varchar(64)", |t| encryption(&t.row))
        .col("passwd", "varchar(128)", |t| t.row.set.password.clone().into())
        .when(profile > Profile::V2_2_77)
        .col("start_replay_log_ts", "bigint", |t| t.row.set.start_us.into())
        .col("date", "bigint", |t| t.row.set.day.into())
}
