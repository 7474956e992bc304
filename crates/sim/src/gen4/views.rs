//! The views of 4.x by name. `CDB_` shows all tenants and exists only in sys; `DBA_` shows the current tenant.

use super::standby::Upgrade;
use super::{
    archive_views, cleanup_views, compaction_views, job_views, restore_views, set_views, standby,
    table_views, validation_views,
};
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::topology::Server;
use crate::world::{Cluster, TenantId, internal_views, unit_views};

/// Views that exist as `CDB_…` and `DBA_…`.
const TWINS: [&str; 32] = [
    "OB_ARCHIVE_DEST",
    "OB_ARCHIVELOG",
    "OB_ARCHIVELOG_SUMMARY",
    "OB_ARCHIVELOG_PIECE_FILES",
    "OB_BACKUP_PARAMETER",
    "OB_BACKUP_STORAGE_INFO",
    "OB_BACKUP_STORAGE_INFO_HISTORY",
    "OB_BACKUP_JOBS",
    "OB_BACKUP_JOB_HISTORY",
    "OB_BACKUP_TASKS",
    "OB_BACKUP_TASK_HISTORY",
    "OB_BACKUP_SET_FILES",
    "OB_BACKUP_DELETE_POLICY",
    "OB_BACKUP_DELETE_JOBS",
    "OB_BACKUP_DELETE_JOB_HISTORY",
    "OB_BACKUP_DELETE_TASKS",
    "OB_BACKUP_DELETE_TASK_HISTORY",
    "OB_RESTORE_PROGRESS",
    "OB_RESTORE_HISTORY",
    "OB_MAJOR_COMPACTION",
    "OB_ZONE_MAJOR_COMPACTION",
    "OB_FREEZE_INFO",
    "OB_RECOVER_TABLE_JOBS",
    "OB_RECOVER_TABLE_JOB_HISTORY",
    "OB_IMPORT_TABLE_JOBS",
    "OB_IMPORT_TABLE_JOB_HISTORY",
    "OB_IMPORT_TABLE_TASKS",
    "OB_IMPORT_TABLE_TASK_HISTORY",
    "OB_LS_LOG_ARCHIVE_PROGRESS",
    "OB_LOG_RESTORE_SOURCE",
    "OB_ACCESS_POINT",
    "OB_SYS_VARIABLES",
];

/// `DBA_` views with a column for the owner of their rows.
const WITH_TENANT: [&str; 5] = [
    "DBA_OB_BACKUP_STORAGE_INFO",
    "DBA_OB_BACKUP_STORAGE_INFO_HISTORY",
    "DBA_OB_LOG_RESTORE_SOURCE",
    "DBA_OB_ACCESS_POINT",
    "DBA_OB_BACKUP_VALIDATE_TASK_HISTORY",
];

/// Twins that were added with VALIDATE.
const VALIDATION_TWINS: [&str; 4] = [
    "OB_BACKUP_VALIDATE_JOBS",
    "OB_BACKUP_VALIDATE_JOB_HISTORY",
    "OB_BACKUP_VALIDATE_TASKS",
    "OB_BACKUP_VALIDATE_TASK_HISTORY",
];

/// Views without a twin.
const ALONE: [&str; 4] = [
    "V$OB_ARCHIVE_DEST_STATUS",
    "V$OB_LS_LOG_RESTORE_STATUS",
    "GV$OB_TABLET_COMPACTION_HISTORY",
    "V$OB_TABLET_COMPACTION_HISTORY",
];

/// The view of the jobs of all tenants. It has no `CDB_` twin, and only the sys tenant has it.
const TENANT_JOBS: &str = "DBA_OB_TENANT_JOBS";

/// Returns the names that a tenant sees.
pub(crate) fn names(profile: Profile, viewer: TenantId) -> Vec<String> {
    let prefixes: &[&str] = if viewer == TenantId::SYS { &["CDB_", "DBA_"] } else { &["DBA_"] };
    let newest: &[&str] = if profile >= Profile::V4_6 { &VALIDATION_TWINS } else { &[] };
    let bases = || TWINS.iter().chain(newest);
    let twins = prefixes.iter().flat_map(|prefix| bases().map(move |base| format!("{prefix}{base}")));
    let jobs = (viewer == TenantId::SYS).then(|| TENANT_JOBS.to_owned());
    twins.chain(ALONE.map(str::to_owned)).chain(jobs).collect()
}

/// Returns the table of an upper-case name, as a tenant sees it.
pub(crate) fn table(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    if name == TENANT_JOBS {
        return (viewer == TenantId::SYS).then(|| tenant_jobs(cluster, name));
    }
    if let Some(base) = name.strip_prefix("CDB_") {
        return if viewer == TenantId::SYS { all(cluster, base, name) } else { None };
    }
    if let Some(base) = name.strip_prefix("DBA_") {
        return all(cluster, base, name).map(|table| {
            let own = only_of(table, viewer);
            if WITH_TENANT.contains(&name) { own } else { own.without("TENANT_ID") }
        });
    }
    alone(cluster, name).map(|table| if viewer == TenantId::SYS { table } else { only_of(table, viewer) })
}

/// Keeps only the rows of one tenant.
fn only_of(mut table: Table, tenant: TenantId) -> Table {
    let wanted = Value::from(tenant);
    if let Some(at) = table.columns.iter().position(|(name, _)| *name == "TENANT_ID") {
        table.rows.retain(|row| row[at] == wanted);
    }
    table
}

/// Returns a view with the rows of all tenants.
fn all(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    archive_views::table(cluster, base, name)
        .or_else(|| job_views::table(cluster, base, name))
        .or_else(|| set_views::table(cluster, base, name))
        .or_else(|| cleanup_views::table(cluster, base, name))
        .or_else(|| restore_views::table(cluster, base, name))
        .or_else(|| compaction_views::table(cluster, base, name))
        .or_else(|| table_views::table(cluster, base, name))
        .or_else(|| validation_views::table(cluster, base, name))
        .or_else(|| tenant_views(cluster, base, name))
}

fn tenant_views(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    Some(match base {
        "OB_LOG_RESTORE_SOURCE" => standby::sources(cluster, name),
        "OB_ACCESS_POINT" => unit_views::access_points(cluster, name),
        "OB_SYS_VARIABLES" => internal_views::system_variables(cluster, name),
        _ => return None,
    })
}

fn alone(cluster: &Cluster, name: &str) -> Option<Table> {
    Some(match name {
        "__ALL_VIRTUAL_BACKUP_SCHEDULE_TASK" => job_views::schedule_tasks(cluster, name),
        "V$OB_ARCHIVE_DEST_STATUS" => archive_views::destination_status(cluster, name),
        "V$OB_LS_LOG_RESTORE_STATUS" => standby::log_restores(cluster, name),
        "GV$OB_TABLET_COMPACTION_HISTORY" | "V$OB_TABLET_COMPACTION_HISTORY" => {
            compaction_views::history(cluster, name)
        }
        _ => return None,
    })
}

/// Upgrades after restores.
fn tenant_jobs(cluster: &Cluster, name: &str) -> Table {
    type Row = (Upgrade, Server);
    let rows: Vec<Row> =
        cluster.four.upgrades.iter().map(|upgrade| (upgrade.clone(), cluster.leader().clone())).collect();
    Shape::<Row>::new()
        .col("JOB_ID", "bigint", |r| r.0.id.into())
        .col("JOB_TYPE", "varchar(128)", |r| r.0.kind.clone().into())
        .col("JOB_STATUS", "varchar(128)", |_| "SUCCESS".into())
        .col("RESULT_CODE", "bigint", |_| 0.into())
        .col("PROGRESS", "bigint", |_| 100.into())
        .col("START_TIME", "timestamp(6)", |r| Value::Instant(r.0.at_us))
        .col("MODIFY_TIME", "timestamp(6)", |r| Value::Instant(r.0.at_us))
        .col("TENANT_ID", "bigint", |r| r.0.tenant.into())
        .col("SQL_TEXT", "longtext", |_| Value::Null)
        .col("EXTRA_INFO", "varchar(4096)", |_| Value::Null)
        .col("RS_SVR_IP", "varchar(46)", |r| r.1.ip.clone().into())
        .col("RS_SVR_PORT", "bigint", |r| i64::from(r.1.rpc_port).into())
        .table(name, &rows)
}
