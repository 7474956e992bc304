//! The views of 3.x about primary and standby clusters. Columns from the documentation and from the kernel's upgrade
//! scripts, not from a DESC.

use crate::sql::{Shape, Table};
use crate::world::Cluster;

pub(super) const NAMES: [&str; 2] = ["V$OB_CLUSTER", "V$OB_STANDBY_STATUS"];

/// A standby cluster knows only itself; a primary also knows those that follow it.
pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    match name {
        "V$OB_CLUSTER" => Some(this(cluster, name)),
        "V$OB_STANDBY_STATUS" => Some(standbys(cluster, name)),
        _ => None,
    }
}

fn this(cluster: &Cluster, name: &str) -> Table {
    Shape::<&Cluster>::new()
        .col("cluster_id", "bigint", |c| (c.id as i64).into())
        .col("cluster_name", "varchar(4096)", |c| c.name.clone().into())
        .col("created", "timestamp(6)", |c| crate::sql::Value::Instant(c.leader().started_us))
        .col("cluster_role", "varchar(4096)", |c| {
            if c.is_standby { "PHYSICAL STANDBY" } else { "PRIMARY" }.into()
        })
        .col("cluster_status", "varchar(4096)", |_| "VALID".into())
        .col("switchover#", "bigint", |_| 0.into())
        .col("switchover_status", "varchar(4096)", |c| {
            match (c.is_standby, c.standbys) {
                (true, _) => "TO PRIMARY",
                (false, 0) => "NOT ALLOWED",
                (false, _) => "TO STANDBY",
            }
            .into()
        })
        .col("switchover_info", "varchar(4096)", |_| "".into())
        .col("current_scn", "bigint", |c| c.now_us.into())
        .table(name, &[cluster])
}

fn standbys(cluster: &Cluster, name: &str) -> Table {
    struct Row<'a> {
        id: i64,
        primary: &'a Cluster,
    }
    let first = cluster.id as i64 + 1;
    let rows: Vec<Row<'_>> =
        (first..first + i64::from(cluster.standbys)).map(|id| Row { id, primary: cluster }).collect();
    Shape::<Row<'_>>::new()
        .col("cluster_id", "bigint", |r| r.id.into())
        .col("cluster_name", "varchar(4096)", |r| r.primary.name.clone().into())
        .col("cluster_role", "varchar(4096)", |_| "PHYSICAL STANDBY".into())
        .col("cluster_status", "varchar(4096)", |_| "VALID".into())
        .col("current_scn", "bigint", |r| r.primary.now_us.into())
        .table(name, &rows)
}
