//! The views and internal tables of 3.x by name; all but one belong to the sys tenant.
//!
//! The official documentation lists all these views as "from 2.2.77".

use super::{
    archive_views, backup_tables, backup_views, cluster_views, compaction_views, resource_views,
    restore_tables, restore_views,
};
use crate::sql::Table;
use crate::world::{Cluster, TenantId};

const NAMES: [&str; 21] = [
    "CDB_OB_BACKUP_ARCHIVELOG",
    "CDB_OB_BACKUP_ARCHIVELOG_SUMMARY",
    "CDB_OB_BACKUP_ARCHIVELOG_PROGRESS",
    "CDB_OB_BACKUP_PIECE_FILES",
    "CDB_OB_BACKUP_PROGRESS",
    "CDB_OB_BACKUP_JOB_DETAILS",
    "CDB_OB_BACKUP_SET_DETAILS",
    "CDB_OB_BACKUP_SET_FILES",
    "CDB_OB_BACKUP_SET_EXPIRED",
    "CDB_OB_BACKUP_SET_OBSOLETE",
    "CDB_OB_BACKUP_CLEAN_HISTORY",
    "CDB_OB_BACKUP_TASK_CLEAN_HISTORY",
    "CDB_OB_BACKUP_VALIDATION_JOB",
    "CDB_OB_BACKUP_VALIDATION_JOB_HISTORY",
    "CDB_OB_RESTORE_PROGRESS",
    "CDB_OB_RESTORE_HISTORY",
    "__ALL_ZONE",
    OWN_ROWS,
    "__ALL_VIRTUAL_BACKUP_INFO",
    "__ALL_VIRTUAL_BACKUP_TASK",
    "__ALL_RESTORE_INFO",
];

/// The only table that every tenant sees, with its own rows.
const OWN_ROWS: &str = "__ALL_TENANT_BACKUP_INFO";

/// Returns the names that a tenant sees.
pub(crate) fn names(viewer: TenantId) -> Vec<String> {
    if viewer != TenantId::SYS {
        return vec![OWN_ROWS.to_owned()];
    }
    let all = NAMES.iter().chain(&resource_views::NAMES).chain(&cluster_views::NAMES);
    all.map(|name| (*name).to_owned()).collect()
}

/// Returns the table of an upper-case name.
pub(crate) fn table(cluster: &Cluster, viewer: TenantId, name: &str) -> Option<Table> {
    let of_backup = backup_tables::table(cluster, viewer, name);
    if viewer != TenantId::SYS || of_backup.is_some() {
        return of_backup;
    }
    archive_views::table(cluster, name)
        .or_else(|| backup_views::table(cluster, name))
        .or_else(|| compaction_views::table(cluster, name))
        .or_else(|| restore_views::table(cluster, name))
        .or_else(|| restore_tables::table(cluster, name))
        .or_else(|| resource_views::table(cluster, name))
        .or_else(|| cluster_views::table(cluster, name))
}
