//! The resources of several new tenants: as large as existing ones, in the zones of another cluster; and whether a
//! cluster has enough for all of them together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::locality::replicas_of;
use super::resources::{
    ClusterResources, ReplicaType, Replicas, ServerRoom, ZoneUnits, servers_of, zones_of,
};
use super::unit::{UnitChoice, UnitSpec, cpus, shown};
use crate::problem::{Problem, codes};
use crate::size;
use crate::tenant::Tenant;

/// The specification of the sys tenant's units, which is not meant for other tenants.
const SYS_UNIT: &str = "sys_unit_config";

/// The units that a tenant needs in one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneNeed {
    /// The zone.
    pub zone: String,
    /// The replica there.
    pub replica: ReplicaType,
    /// All replicas there, if they are others than one of `replica`.
    pub replicas: Vec<Replicas>,
    /// The size of each unit.
    pub spec: UnitSpec,
    /// How many units, each on another server.
    pub count: u32,
}

impl ZoneNeed {
    /// Returns these units, with the name of their specification.
    #[must_use]
    pub fn units(&self) -> ZoneUnits {
        ZoneUnits {
            zone: self.zone.clone(),
            replica: self.replica,
            replicas: self.replicas.clone(),
            unit: UnitChoice::Named(self.spec.name.clone()),
            count: self.count,
        }
    }
}

/// An amount of resources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Hundredths of a CPU.
    pub cpu_hundredths: u64,
    /// Memory.
    pub memory_bytes: u64,
    /// Log disk; 0 before 4.0.
    pub log_disk_bytes: u64,
}

/// What all new tenants together need in a zone, and what is free there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneSum {
    /// The zone.
    pub zone: String,
    /// The number of units.
    pub units: u64,
    /// The sum of the units.
    pub needs: Amount,
    /// What is free on all servers of the zone.
    pub free: Amount,
}

impl Amount {
    fn plus(self, other: Self, times: u64) -> Self {
        let sum = |have: u64, more: u64| have.saturating_add(more.saturating_mul(times));
        Self {
            cpu_hundredths: sum(self.cpu_hundredths, other.cpu_hundredths),
            memory_bytes: sum(self.memory_bytes, other.memory_bytes),
            log_disk_bytes: sum(self.log_disk_bytes, other.log_disk_bytes),
        }
    }

    /// Returns what one unit takes.
    #[must_use]
    pub fn of(spec: &UnitSpec) -> Self {
        Self {
            cpu_hundredths: spec.cpu_hundredths,
            memory_bytes: spec.memory_bytes,
            log_disk_bytes: spec.log_disk_bytes,
        }
    }

    fn on(room: &ServerRoom) -> Self {
        Self {
            cpu_hundredths: room.cpu_hundredths,
            memory_bytes: room.memory_bytes,
            log_disk_bytes: room.log_disk_bytes,
        }
    }

    /// Returns what is missing when this is needed and that is free.
    fn beyond(self, free: Self) -> Self {
        Self {
            cpu_hundredths: self.cpu_hundredths.saturating_sub(free.cpu_hundredths),
            memory_bytes: self.memory_bytes.saturating_sub(free.memory_bytes),
            log_disk_bytes: self.log_disk_bytes.saturating_sub(free.log_disk_bytes),
        }
    }

    fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Writes it, such as `2 CPU, 4 GB memory`.
    #[must_use]
    pub fn shown(self) -> String {
        shown(self.cpu_hundredths, self.memory_bytes, self.log_disk_bytes)
    }

    /// Writes only what is not 0.
    fn parts(self) -> String {
        let cpu = (self.cpu_hundredths > 0).then(|| format!("{} CPU", cpus(self.cpu_hundredths)));
        let memory = (self.memory_bytes > 0).then(|| format!("{} memory", size::bytes(self.memory_bytes)));
        let log = (self.log_disk_bytes > 0).then(|| format!("{} log disk", size::bytes(self.log_disk_bytes)));
        [cpu, memory, log].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Returns the units that an existing tenant has in each zone of its locality.
///
/// # Errors
/// If the cluster shows no pool of the tenant, or none for a zone of its locality; or if the tenant has replicas that
/// no recovery can request.
pub fn units_of(tenant: &Tenant, have: &ClusterResources) -> Result<Vec<ZoneNeed>, Problem> {
    let locality = replicas_of(&tenant.locality).ok_or_else(|| {
        let problem = Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-replica-unknown");
        problem.with("tenant", &tenant.name).with("locality", &tenant.locality)
    })?;
    let mut needs = Vec::new();
    for pool in have.pools.iter().filter(|pool| pool.tenant == Some(tenant.id)) {
        let Some(spec) = have.units.iter().find(|spec| spec.name == pool.unit) else { continue };
        for zone in &pool.zones {
            let replicas = match locality.get(zone) {
                Some(replicas) => replicas.as_slice(),
                None if locality.is_empty() => &[],
                None => continue, // no replica is there
            };
            let (replica, replicas) = kinds(replicas);
            let count = u32::try_from(pool.units).unwrap_or(u32::MAX);
            needs.push(ZoneNeed { zone: zone.clone(), replica, replicas, spec: spec.clone(), count });
        }
    }
    needs.sort_by(|left, right| left.zone.cmp(&right.zone));
    if needs.is_empty() {
        return Err(unknown_units(&tenant.name));
    }
    if let Some(zone) = locality.keys().find(|zone| !needs.iter().any(|need| need.zone == **zone)) {
        let problem = Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-zone-without-units");
        return Err(problem.with("tenant", &tenant.name).with("zone", zone));
    }
    Ok(needs)
}

/// Returns the kind of a zone's replica, which is FULL if one of them is; and all of them, if there are others than one
/// of that kind.
fn kinds(replicas: &[Replicas]) -> (ReplicaType, Vec<Replicas>) {
    match replicas {
        [] => (ReplicaType::Full, Vec::new()),
        [Replicas { kind, count: Some(1) }] => (*kind, Vec::new()),
        [first, ..] => {
            let has_full = replicas.iter().any(|one| one.kind == ReplicaType::Full);
            (if has_full { ReplicaType::Full } else { first.kind }, replicas.to_vec())
        }
    }
}

/// Returns the problem of a tenant whose size is not known.
#[must_use]
pub fn unknown_units(tenant: &str) -> Problem {
    Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-units-unknown").with("tenant", tenant)
}

/// Moves units to the zones of another cluster: to those that `zones` names, else to the zones of the same names.
///
/// # Errors
/// Names a zone that the other cluster does not have, or one that two zones are mapped onto.
pub fn mapped(
    needs: Vec<ZoneNeed>,
    zones: &BTreeMap<String, String>,
    target: &ClusterResources,
    tenant: &str,
) -> Result<Vec<ZoneNeed>, Problem> {
    let mut taken = BTreeSet::new();
    let mut moved = Vec::new();
    for need in needs {
        let zone = zones.get(&need.zone).unwrap_or(&need.zone).clone();
        let refused = |id: &str| {
            let problem = Problem::refused(codes::UNIT_NOT_MADE, id).with("tenant", tenant);
            problem.with("zone", &need.zone).with("zones", zones_of(target))
        };
        if !target.servers.iter().any(|room| room.zone == zone) {
            return Err(refused("cluster-recovery-zone-unmapped").with("target", &zone));
        }
        if !taken.insert(zone.clone()) {
            return Err(refused("cluster-recovery-zone-twice").with("target", &zone));
        }
        moved.push(ZoneNeed { zone, ..need });
    }
    Ok(moved)
}

/// Returns a primary zone with the names of another cluster; `None` if it leaves the choice to the cluster, or names a
/// zone in which the tenant has no units.
#[must_use]
pub fn mapped_priority(
    primary_zone: &str,
    zones: &BTreeMap<String, String>,
    needs: &[ZoneNeed],
) -> Option<String> {
    let has_units = |zone: &str| needs.iter().any(|need| need.zone == zone);
    let level = |level: &str| {
        let names: Vec<&str> = level.split(',').map(str::trim).collect();
        let names = names.into_iter().map(|zone| zones.get(zone).map_or(zone, String::as_str));
        let names: Vec<&str> = names.collect();
        names.iter().all(|zone| has_units(zone)).then(|| names.join(","))
    };
    let levels: Option<Vec<String>> = primary_zone.split(';').map(level).collect();
    levels.map(|levels| levels.join(";"))
}

/// Returns a unit specification of a cluster with these limits, preferably the one of the same name.
#[must_use]
pub fn same_size<'h>(spec: &UnitSpec, have: &'h ClusterResources) -> Option<&'h UnitSpec> {
    // Another recovery may have created a `lifeboat_…` for itself, and drops it again.
    let is_own = |known: &UnitSpec| !known.name.starts_with("lifeboat_") && known.name != SYS_UNIT;
    let fits = |known: &&UnitSpec| is_own(known) && known.is_as_large_as(spec);
    let mut fitting = have.units.iter().filter(fits).collect::<Vec<_>>();
    fitting.sort_by_key(|known| (known.name != spec.name, &known.name));
    fitting.first().copied()
}

/// Checks that a cluster has enough free resources for all these units together; returns the sum of each zone.
///
/// # Errors
/// Names the zone and how much is short there; or the unit that no server has room for, if the sums would suffice.
pub fn check_together(needs: &[ZoneNeed], have: &ClusterResources) -> Result<Vec<ZoneSum>, Problem> {
    let zones: BTreeSet<&str> = needs.iter().map(|need| need.zone.as_str()).collect();
    let mut sums = Vec::new();
    for zone in zones {
        let servers = servers_of(zone, have)?;
        let here: Vec<&ZoneNeed> = needs.iter().filter(|need| need.zone == zone).collect();
        let sum = here
            .iter()
            .fold(Amount::default(), |sum, need| sum.plus(Amount::of(&need.spec), u64::from(need.count)));
        let free = servers.iter().fold(Amount::default(), |sum, room| sum.plus(Amount::on(room), 1));
        let short = sum.beyond(free);
        let units = here.iter().map(|need| u64::from(need.count)).sum();
        if !short.is_nothing() {
            let problem = Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-resources-short");
            let problem = problem.with("zone", zone).with("units", units).with("short", short.parts());
            return Err(problem.with("needs", sum.shown()).with("free", free.shown()));
        }
        check_placed(zone, here, &servers)?;
        sums.push(ZoneSum { zone: zone.to_owned(), units, needs: sum, free });
    }
    Ok(sums)
}

/// Places the largest units first, each on the server with the most free memory, and the units of one pool on
/// different servers.
fn check_placed(zone: &str, mut needs: Vec<&ZoneNeed>, servers: &[&ServerRoom]) -> Result<(), Problem> {
    let mut free: Vec<Amount> = servers.iter().map(|room| Amount::on(room)).collect();
    needs.sort_by_key(|need| {
        std::cmp::Reverse((need.spec.memory_bytes, need.spec.cpu_hundredths, need.spec.log_disk_bytes))
    });
    for need in needs {
        let unit = Amount::of(&need.spec);
        let mut order: Vec<usize> = (0..free.len()).collect();
        order.sort_by_key(|&server| {
            std::cmp::Reverse((free[server].memory_bytes, free[server].cpu_hundredths))
        });
        order.retain(|&server| unit.beyond(free[server]).is_nothing());
        let count = usize::try_from(need.count).unwrap_or(usize::MAX);
        if order.len() < count {
            let most = |of: fn(&Amount) -> u64| free.iter().map(of).max().unwrap_or(0);
            let left = Amount {
                cpu_hundredths: most(|free| free.cpu_hundredths),
                memory_bytes: most(|free| free.memory_bytes),
                log_disk_bytes: most(|free| free.log_disk_bytes),
            };
            let problem = Problem::refused(codes::UNIT_NOT_MADE, "cluster-recovery-units-scattered");
            let problem = problem.with("zone", zone).with("unit", &need.spec.name).with("count", need.count);
            return Err(problem.with("needs", unit.shown()).with("free", left.shown()));
        }
        for &server in &order[..count] {
            free[server] = free[server].beyond(unit);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
