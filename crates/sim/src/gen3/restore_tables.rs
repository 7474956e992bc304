//! `__all_restore_info` of 3.x: the state of a running restore, as names and values.
//!
//! Source: the community source of 3.1 (`cea7de14`): columns in `ob_inner_table_schema_def.py` (table 265), names in
//! `ObPhysicalRestoreTableOperator::fill_dml_splicer`. Rows are deleted when the job moves to the history.

use super::restore::Restore;
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

struct Entry {
    job: u64,
    created_us: i64,
    modified_us: i64,
    name: &'static str,
    value: String,
}

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    if name != "__ALL_RESTORE_INFO" {
        return None;
    }
    let running = cluster.three.restores.iter().filter(|restore| !restore.in_history);
    let entries: Vec<Entry> = running.flat_map(|restore| entries(cluster, restore)).collect();
    Some(
        Shape::<Entry>::new()
            .col("gmt_create", "timestamp(6)", |e| Value::Instant(e.created_us))
            .col("gmt_modified", "timestamp(6)", |e| Value::Instant(e.modified_us))
            .col("job_id", "bigint", |e| e.job.into())
            .col("name", "varchar(1024)", |e| e.name.into())
            .col("value", "varchar(4096)", |e| e.value.clone().into())
            .table(name, &entries),
    )
}

/// A restore's names, in the order of the primary key.
///
/// Guesses: a tenant that does not exist yet has the invalid ID, 2^64 - 1; `compatible` is 1; the frozen versions are
/// those of the newest set; schema versions are the times of sets; `restore_job_id` is the job's ID; `gmt_modified`
/// is the same time for all rows. Passwords, and the locality and primary zone from the backup, stay empty: they are
/// not simulated.
fn entries(cluster: &Cluster, restore: &Restore) -> Vec<Entry> {
    let tenant = restore.tenant.map_or(u64::MAX, |id| id.0);
    let option = |name: &str| restore.option(name).unwrap_or_default();
    let version = cluster.profile.version();
    let source = &restore.source;
    let values = [
        ("backup_cluster_name", restore.cluster_name.clone()),
        ("backup_dest", restore.destination.clone()),
        ("backup_locality", String::new()),
        ("backup_primary_zone", String::new()),
        ("backup_tenant_id", restore.backup_tenant.to_string()),
        ("backup_tenant_name", restore.backup_tenant_name.clone()),
        ("cluster_id", restore.cluster_id.to_string()),
        ("compat_mode", "0".to_owned()),
        ("compatible", "1".to_owned()),
        ("frozen_data_version", source.data_version.to_string()),
        ("frozen_schema_version", source.snapshot_us.to_string()),
        ("frozen_snapshot_version", source.snapshot_us.to_string()),
        ("full_backup_set_id", source.full_set.to_string()),
        ("inc_backup_set_id", source.last_set.to_string()),
        ("incarnation", "1".to_owned()),
        ("info", restore.info.clone()),
        ("locality", option("locality")),
        ("log_archive_round", source.round.to_string()),
        ("passwd_array", String::new()),
        ("pool_list", option("pool_list")),
        ("post_cluster_version", version.to_owned()),
        ("pre_cluster_version", version.to_owned()),
        ("primary_zone", option("primary_zone")),
        ("restore_data_version", source.data_version.to_string()),
        ("restore_job_id", restore.job.to_string()),
        ("restore_option", restore.options.clone()),
        ("restore_start_ts", restore.start_us.to_string()),
        ("restore_timestamp", restore.until_us.to_string()),
        ("schema_version", source.snapshot_us.to_string()),
        ("snapshot_version", source.snapshot_us.to_string()),
        ("source_cluster_version", source.version.clone()),
        ("status", restore.status().to_owned()),
        ("tenant_id", tenant.to_string()),
        ("tenant_name", restore.tenant_name.clone()),
    ];
    let entry = |(name, value)| Entry {
        job: restore.job,
        created_us: restore.start_us,
        modified_us: restore.start_us.max(restore.end_us),
        name,
        value,
    };
    values.into_iter().map(entry).collect()
}
