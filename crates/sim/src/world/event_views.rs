//! The event histories: up to six name-value pairs for each event.

use super::Cluster;
use super::events::Event;
use super::topology::Server;
use crate::sql::{Shape, Table, Value};

struct Row {
    event: Event,
    server: Server,
}

impl Row {
    fn name(&self, at: usize) -> Value {
        self.event.pairs.get(at).map_or("", |(name, _)| name).into()
    }

    fn value(&self, at: usize) -> Value {
        self.event.pairs.get(at).map_or(String::new(), |(_, value)| value.clone()).into()
    }
}

fn rows(cluster: &Cluster, is_wanted: impl Fn(&Event) -> bool) -> Vec<Row> {
    let wanted = cluster.events.iter().filter(|event| is_wanted(event));
    wanted.map(|event| Row { event: event.clone(), server: cluster.leader().clone() }).collect()
}

/// `DBA_OB_ROOTSERVICE_EVENT_HISTORY`; `__all_rootservice_event_history` has the time in `gmt_create`.
pub(super) fn events(cluster: &Cluster, name: &str) -> Table {
    let is_internal = name.starts_with("__ALL");
    let time = if is_internal { "gmt_create" } else { "TIMESTAMP" };
    pairs(
        Shape::new().col(time, "timestamp(6)", |r: &Row| Value::Instant(r.event.at_us)),
        "varchar(64)",
        "varchar(512)",
    )
    .col("EXTRA_INFO", "varchar(512)", |_| "".into())
    .col("RS_SVR_IP", "varchar(46)", |r| r.server.ip.clone().into())
    .col("RS_SVR_PORT", "bigint", |r| i64::from(r.server.rpc_port).into())
    .table(name, &rows(cluster, |_| true))
}

/// `DBA_OB_CLUSTER_EVENT_HISTORY`: upgrades.
pub(super) fn upgrade_events(cluster: &Cluster, name: &str) -> Table {
    pairs(
        Shape::new().col("TIMESTAMP", "timestamp(6)", |r: &Row| Value::Instant(r.event.at_us)),
        "varchar(256)",
        "text",
    )
    .col("EXTRA_INFO", "text", |_| "".into())
    .table(name, &rows(cluster, |event| event.module == "UPGRADE"))
}

fn pairs(shape: Shape<Row>, title: &'static str, value: &'static str) -> Shape<Row> {
    shape
        .col("MODULE", title, |r| r.event.module.into())
        .col("EVENT", title, |r| r.event.event.clone().into())
        .col("NAME1", "varchar(256)", |r| r.name(0))
        .col("VALUE1", value, |r| r.value(0))
        .col("NAME2", "varchar(256)", |r| r.name(1))
        .col("VALUE2", value, |r| r.value(1))
        .col("NAME3", "varchar(256)", |r| r.name(2))
        .col("VALUE3", value, |r| r.value(2))
        .col("NAME4", "varchar(256)", |r| r.name(3))
        .col("VALUE4", value, |r| r.value(3))
        .col("NAME5", "varchar(256)", |r| r.name(4))
        .col("VALUE5", value, |r| r.value(4))
        .col("NAME6", "varchar(256)", |r| r.name(5))
        .col("VALUE6", value, |r| r.value(5))
}
