//! The views of 4.x about major compaction.

use super::SCN;
use super::compaction::Compaction;
use super::restore_views;
use crate::profile::Profile;
use crate::sql::table::yes_no;
use crate::sql::{Shape, Table, Value};
use crate::world::topology::Server;
use crate::world::{Cluster, TenantId};

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    type Row = (TenantId, Compaction, String, &'static str);
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
    // A tenant that has never merged shows the start of 1970.
    match base {
        "OB_MAJOR_COMPACTION" => Some(
            Shape::<Row>::new()
                .col("TENANT_ID", "bigint", |r| r.0.into())
                .col("FROZEN_SCN", "bigint unsigned", |r| r.1.frozen_scn.into())
                .col("FROZEN_TIME", "timestamp(6)", |r| Value::Instant(r.1.frozen_scn / SCN))
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

/// Completed merges, as shown for one tablet of each tenant. The columns are those of the kernel's DESC.
pub(super) fn history(cluster: &Cluster, name: &str) -> Table {
    struct Row {
        tenant: TenantId,
        compaction: Compaction,
        server: Server,
    }
    let merged = cluster.four.compactions.iter().filter(|(_, compaction)| compaction.last_scn > 1);
    let rows: Vec<Row> = merged
        .map(|(id, compaction)| Row {
            tenant: *id,
            compaction: compaction.clone(),
            server: cluster.leader().clone(),
        })
        .collect();
    let mut table = Shape::<Row>::new()
        .col("SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
        .col("SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
        .col("TENANT_ID", "bigint", |r| r.tenant.into())
        .col("LS_ID", "bigint", |_| 1.into())
        .col("TABLET_ID", "bigint", |_| 1.into())
        .col("TYPE", "varchar(64)", |_| "MAJOR_MERGE".into())
        .col("COMPACTION_SCN", "bigint unsigned", |r| r.compaction.last_scn.into())
        .col("START_TIME", "timestamp(6)", |r| Value::Instant(r.compaction.start_us))
        .col("FINISH_TIME", "timestamp(6)", |r| Value::Instant(r.compaction.finish_us))
        .table(name, &rows);
    let newer: &[_] = if cluster.profile >= Profile::V4_3_5 { NEWER_DETAILS } else { &[] };
    for (column, declared) in COMPACTION_DETAILS.iter().chain(newer) {
        table.columns.push((column, declared));
        let value = if declared.starts_with("varchar") { Value::from("") } else { Value::from(0) };
        table.rows.iter_mut().for_each(|row| row.push(value.clone()));
    }
    table
}

/// Details of a merge, which are not simulated.
const COMPACTION_DETAILS: &[(&str, &str)] = &[
    ("TASK_ID", "varchar(64)"),
    ("OCCUPY_SIZE", "bigint"),
    ("MACRO_BLOCK_COUNT", "bigint"),
    ("MULTIPLEXED_MACRO_BLOCK_COUNT", "bigint"),
    ("NEW_MICRO_COUNT_IN_NEW_MACRO", "bigint"),
    ("MULTIPLEXED_MICRO_COUNT_IN_NEW_MACRO", "bigint"),
    ("TOTAL_ROW_COUNT", "bigint"),
    ("INCREMENTAL_ROW_COUNT", "bigint"),
    ("COMPRESSION_RATIO", "double"),
    ("NEW_FLUSH_DATA_RATE", "bigint"),
    ("PROGRESSIVE_COMPACTION_ROUND", "bigint"),
    ("PROGRESSIVE_COMPACTION_NUM", "bigint"),
    ("PARALLEL_DEGREE", "bigint"),
    ("PARALLEL_INFO", "varchar(512)"),
    ("PARTICIPANT_TABLE", "varchar(512)"),
    ("MACRO_ID_LIST", "varchar(256)"),
    ("COMMENTS", "varchar(1024)"),
];

/// Columns that were added with columnar storage (a guess: versions before 4.3.5 do not have them).
const NEWER_DETAILS: &[(&str, &str)] = &[
    ("START_CG_ID", "bigint"),
    ("END_CG_ID", "bigint"),
    ("KEPT_SNAPSHOT", "varchar(128)"),
    ("MERGE_LEVEL", "varchar(64)"),
    ("EXEC_MODE", "varchar(64)"),
    ("IS_FULL_MERGE", "varchar(5)"),
    ("IO_COST_TIME_PERCENTAGE", "bigint"),
    ("MERGE_REASON", "varchar(32)"),
    ("BASE_MAJOR_STATUS", "varchar(64)"),
    ("CO_MERGE_TYPE", "varchar(64)"),
    ("MDS_FILTER_INFO", "varchar(1024)"),
    ("EXECUTE_TIME", "bigint"),
];
