//! `__all_zone` of 3.x: facts about the cluster and its zones as names and values.

use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

/// zone, name, value, info.
type Row = (String, &'static str, i64, String);

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    if name != "__ALL_ZONE" && name != "__ALL_VIRTUAL_ZONE_STAT" {
        return None;
    }
    let mut rows = cluster_rows(cluster);
    for zone in &cluster.zones {
        rows.extend(zone_rows(cluster, &zone.name, &zone.region));
    }
    let started_us = cluster.servers.first().map_or(0, |server| server.started_us);
    let rows: Vec<(Row, i64)> = rows.into_iter().map(|row| (row, started_us)).collect();
    Some(
        Shape::<(Row, i64)>::new()
            .col("gmt_create", "timestamp(6)", |r| Value::Instant(r.1))
            .col("gmt_modified", "timestamp(6)", |r| Value::Instant(r.1))
            .col("zone", "varchar(128)", |r| r.0.0.clone().into())
            .col("name", "varchar(128)", |r| r.0.1.into())
            .col("value", "bigint", |r| r.0.2.into())
            .col("info", "varchar(4096)", |r| r.0.3.clone().into())
            .table(name, &rows),
    )
}

fn cluster_rows(cluster: &Cluster) -> Vec<Row> {
    let merge = &cluster.three.merge;
    let (number, text) = merge.status();
    let frozen = merge.frozen_version as i64;
    let row = |name, value, info: &str| (String::new(), name, value, info.to_owned());
    vec![
        row("cluster", cluster.id as i64, &cluster.name),
        row("config_version", cluster.now_us, ""),
        row("frozen_time", merge.frozen_us, ""),
        row("frozen_version", frozen, ""),
        row("global_broadcast_version", frozen, ""),
        row("is_merge_error", i64::from(merge.is_error), ""),
        row("last_merged_version", merge.merged_version as i64, ""),
        row("lease_info_version", cluster.now_us, ""),
        row("merge_status", number, text),
        row("snapshot_gc_ts", cluster.now_us - 1_000_000, ""),
    ]
}

fn zone_rows(cluster: &Cluster, zone: &str, region: &str) -> Vec<Row> {
    let merge = &cluster.three.merge;
    let (number, text) = merge.status();
    let row = |name, value, info: &str| (zone.to_owned(), name, value, info.to_owned());
    vec![
        row("all_merged_version", merge.merged_version as i64, ""),
        row("broadcast_version", merge.frozen_version as i64, ""),
        row("idc", 0, ""),
        row("is_merge_timeout", 0, ""),
        row("is_merging", i64::from(merge.is_merging), ""),
        row("last_merged_time", merge.merged_us, ""),
        row("last_merged_version", merge.merged_version as i64, ""),
        row("merge_start_time", merge.start_us, ""),
        row("merge_status", number, text),
        row("region", 0, region),
        row("status", 2, "ACTIVE"),
        row("suspend_merging", i64::from(merge.is_suspended), ""),
        row("zone_type", 0, "ReadWrite"),
    ]
}
