//! The views of 4.x by name. `CDB_` shows all tenants and exists only in sys; `DBA_` shows the tenant one is in.

use super::{archive_views, cleanup_views, job_views, restore_views, set_views};
use crate::profile::Profile;
use crate::sql::table::yes_no;
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

/// Views that come as `CDB_…` and `DBA_…`.
const TWINS: [&str; 26] = [
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
    "OB_LS_LOG_ARCHIVE_PROGRESS",
    "OB_TENANT_JOBS",
];

/// The names a tenant sees.
pub(crate) fn names(viewer: TenantId) -> Vec<String> {
    let prefixes: &[&str] = if viewer == TenantId::SYS { &["CDB_", "DBA_"] } else { &["DBA_"] };
    prefixes.iter().flat_map(|prefix| TWINS.iter().map(move |base| format!("{prefix}{base}"))).collect()
}

/// The table of an upper-case name, as a tenant sees it.
pub(crate) fn table(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    if let Some(base) = name.strip_prefix("CDB_") {
        return if viewer == TenantId::SYS { all(cluster, base, name) } else { None };
    }
    let own = name.strip_prefix("DBA_").and_then(|base| all(cluster, base, name));
    own.map(|table| only_of(table, viewer)).or_else(|| alone(cluster, name))
}

/// The rows of one tenant, without the column that would say so.
fn only_of(mut table: Table, tenant: TenantId) -> Table {
    let wanted = Value::from(tenant);
    table.rows.retain(|row| row.first() == Some(&wanted));
    table.without("TENANT_ID")
}

/// A view with the rows of all tenants; TENANT_ID is always the first column.
fn all(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    archive_views::table(cluster, base, name)
        .or_else(|| job_views::table(cluster, base, name))
        .or_else(|| set_views::table(cluster, base, name))
        .or_else(|| cleanup_views::table(cluster, base, name))
        .or_else(|| restore_views::table(cluster, base, name))
        .or_else(|| compaction(cluster, base, name))
        .or_else(|| tenant_jobs(cluster, base, name))
}

fn alone(cluster: &Cluster, name: &str) -> Option<Table> {
    (name == "__ALL_VIRTUAL_BACKUP_SCHEDULE_TASK").then(|| job_views::schedule_tasks(cluster, name))
}

fn compaction(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    type Row = (TenantId, super::compaction::Compaction, String, &'static str);
    let rows = |zones: &[String]| -> Vec<Row> {
        let compactions = cluster.four.compactions.iter();
        compactions
            .flat_map(|(id, compaction)| {
                zones
                    .iter()
                    .map(move |zone| (*id, compaction.clone(), zone.clone(), cluster.profile.version()))
            })
            .collect()
    };
    // A tenant that has never merged shows the beginning of time.
    match base {
        "OB_MAJOR_COMPACTION" => Some(
            Shape::<Row>::new()
                .col("TENANT_ID", "bigint", |r| r.0.into())
                .col("FROZEN_SCN", "bigint unsigned", |r| r.1.frozen_scn.into())
                .col("FROZEN_TIME", "timestamp(6)", |r| Value::Instant(r.1.frozen_scn / super::SCN))
                .col("GLOBAL_BROADCAST_SCN", "bigint unsigned", |r| r.1.broadcast_scn.into())
                .col("LAST_SCN", "bigint unsigned", |r| r.1.last_scn.into())
                .col("LAST_FINISH_TIME", "timestamp(6)", |r| Value::Instant(r.1.finish_us))
                .col("START_TIME", "timestamp(6)", |r| Value::Instant(r.1.start_us))
                .col("STATUS", "varchar(10)", |r| r.1.status.into())
                .col("IS_ERROR", "varchar(3)", |r| yes_no(r.1.is_error))
                .col("IS_SUSPENDED", "varchar(3)", |r| yes_no(r.1.is_suspended))
                .col("INFO", "varchar(14)", |r| if r.1.is_error { "CHECKSUM_ERROR" } else { "" }.into())
                .when(cluster.profile >= Profile::V4_4)
                .col("MODE", "varchar(7)", |_| "TENANT".into())
                .table(name, &rows(&[String::new()])),
        ),
        "OB_ZONE_MAJOR_COMPACTION" => Some(
            Shape::<Row>::new()
                .col("TENANT_ID", "bigint", |r| r.0.into())
                .col("ZONE", "varchar(128)", |r| r.2.clone().into())
                .col("BROADCAST_SCN", "bigint unsigned", |r| r.1.broadcast_scn.into())
                .col("LAST_SCN", "bigint unsigned", |r| r.1.last_scn.into())
                .col("LAST_FINISH_TIME", "timestamp(6)", |r| Value::Instant(r.1.finish_us))
                .col("START_TIME", "timestamp(6)", |r| Value::Instant(r.1.start_us))
                .col("STATUS", "varchar(10)", |r| r.1.status.into())
                .table(name, &rows(&cluster.zone_names())),
        ),
        "OB_FREEZE_INFO" => Some(
            Shape::<Row>::new()
                .col("TENANT_ID", "bigint", |r| r.0.into())
                .col("FROZEN_SCN", "bigint unsigned", |r| r.1.frozen_scn.into())
                .col("CLUSTER_VERSION", "bigint", |r| restore_views::version_number(r.3).into())
                .col("SCHEMA_VERSION", "bigint", |_| 1.into())
                .col("GMT_CREATE", "timestamp(6)", |r| Value::Instant(r.1.start_us))
                .col("GMT_MODIFIED", "timestamp(6)", |r| Value::Instant(r.1.finish_us))
                .table(name, &rows(&[String::new()])),
        ),
        _ => None,
    }
}

fn tenant_jobs(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    (base == "OB_TENANT_JOBS").then(|| {
        Shape::<super::standby::Upgrade>::new()
            .col("TENANT_ID", "bigint", |u| u.tenant.into())
            .col("JOB_ID", "bigint", |u| u.id.into())
            .col("JOB_TYPE", "varchar(128)", |u| u.kind.clone().into())
            .col("JOB_STATUS", "varchar(128)", |_| "SUCCESS".into())
            .col("RESULT_CODE", "bigint", |_| 0.into())
            .col("PROGRESS", "bigint", |_| 100.into())
            .col("START_TIME", "timestamp(6)", |u| Value::Instant(u.at_us))
            .col("MODIFY_TIME", "timestamp(6)", |u| Value::Instant(u.at_us))
            .table(name, &cluster.four.upgrades)
    })
}
