//! The views of 3.x about restores.

use super::restore::Restore;
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    let in_history = match name {
        "CDB_OB_RESTORE_PROGRESS" => false,
        "CDB_OB_RESTORE_HISTORY" => true,
        _ => return None,
    };
    let restores = cluster.three.restores.iter().filter(|restore| restore.in_history == in_history);
    Some(shape().table(name, restores))
}

fn macro_blocks(restore: &Restore) -> i64 {
    (restore.data_bytes / (2 << 20)).max(1)
}

fn finished(restore: &Restore, whole: i64) -> Value {
    Value::Int(if restore.stage > 4 { whole } else { 0 })
}

fn shape() -> Shape<Restore> {
    Shape::<Restore>::new()
        .col("JOB_ID", "bigint", |r| r.job.into())
        .col("EXTERNAL_JOB_ID", "bigint", |_| (-1).into())
        .col("TENANT_ID", "bigint", |r| r.tenant.map_or(Value::Int(-1), Value::from))
        .col("TENANT_NAME", "varchar(128)", |r| r.tenant_name.clone().into())
        .col("BACKUP_TENANT_ID", "bigint", |r| r.backup_tenant.into())
        .col("BACKUP_TENANT_NAME", "varchar(128)", |r| r.backup_tenant_name.clone().into())
        .col("BACKUP_CLUSTER_ID", "bigint", |r| r.cluster_id.into())
        .col("BACKUP_CLUSTER_NAME", "varchar(128)", |r| r.cluster_name.clone().into())
        .col("WHITE_LIST", "longtext", |r| r.white_list().into())
        .col("STATUS", "varchar(64)", |r| r.status().into())
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.start_us))
        .col("COMPLETION_TIME", "timestamp(6)", |r| Value::instant(r.end_us))
        .col("PARTITION_COUNT", "bigint", |_| 60.into())
        .col("MACRO_BLOCK_COUNT", "bigint", |r| macro_blocks(r).into())
        .col("FINISH_PARTITION_COUNT", "bigint", |r| finished(r, 60))
        .col("FINISH_MACRO_BLOCK_COUNT", "bigint", |r| finished(r, macro_blocks(r)))
        .col("RESTORE_START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.start_us))
        .col("RESTORE_FINISH_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.until_us))
        .col("RESTORE_CURRENT_TIMESTAMP", "timestamp(6)", |_| Value::Null)
        .col("BACKUP_SET_LIST", "longtext", |r| r.source.set_list.clone().into())
        .col("BACKUP_PIECE_LIST", "longtext", |_| "".into())
        .col("INFO", "varchar(4096)", |r| r.info.clone().into())
}
