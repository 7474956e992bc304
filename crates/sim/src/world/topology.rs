//! Zones and servers.

use serde::Serialize;

use super::Cluster;

/// A zone.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) idc: String,
}

/// An observer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Server {
    pub(crate) id: u64,
    pub(crate) ip: String,
    pub(crate) rpc_port: u16,
    pub(crate) sql_port: u16,
    pub(crate) zone: String,
    pub(crate) is_active: bool,
    pub(crate) started_us: i64,
    pub(crate) lost_us: i64,
    /// A build different from the profile's, during an upgrade.
    pub(crate) build: Option<String>,
}

pub(super) fn zones(count: u32) -> Vec<Zone> {
    (1..=count.max(1))
        .map(|number| Zone {
            name: format!("zone{number}"),
            region: "sys_region".to_owned(),
            idc: String::new(),
        })
        .collect()
}

pub(super) fn servers(zones: u32, per_zone: u32, now_us: i64) -> Vec<Server> {
    let (zones, per_zone) = (zones.max(1), per_zone.max(1));
    (0..zones * per_zone)
        .map(|at| Server {
            id: u64::from(at) + 1,
            ip: "127.0.0.1".to_owned(),
            rpc_port: 2_882 + at as u16,
            sql_port: 0,
            zone: format!("zone{}", at % zones + 1),
            is_active: true,
            started_us: now_us,
            lost_us: 0,
            build: None,
        })
        .collect()
}

/// Returns the locality with one full replica in each zone.
pub(super) fn locality(zones: &[Zone]) -> String {
    zones.iter().map(|zone| format!("FULL{{1}}@{}", zone.name)).collect::<Vec<_>>().join(", ")
}

impl Cluster {
    /// Makes a server lost or active again; by default, the last one.
    pub(crate) fn lose_server(&mut self, address: Option<&str>, lost: bool) {
        let now_us = self.now_us;
        let wanted = |server: &&mut Server| {
            address.is_none_or(|address| {
                address == format!("{}:{}", server.ip, server.rpc_port)
                    || address == format!("{}:{}", server.ip, server.sql_port)
            })
        };
        let server = if address.is_none() && self.servers.len() == 1 {
            None // At least one server must stay.
        } else {
            self.servers.iter_mut().rev().find(wanted)
        };
        if let Some(server) = server {
            server.is_active = !lost;
            server.lost_us = if lost { now_us } else { 0 };
        }
    }
}
