//! The resources of a tenant: pools and the free capacity of servers; and whether a cluster has enough for a new tenant.

use std::collections::BTreeSet;
use std::{fmt, iter};

use serde::{Deserialize, Serialize};

use super::unit::{UnitChoice, UnitSpec, shown};
use crate::ability::Generation;
use crate::id::TenantId;
use crate::problem::{Problem, codes};

/// The free resources of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRoom {
    /// Its address.
    pub server: String,
    /// Its zone.
    pub zone: String,
    /// Hundredths of a CPU.
    pub cpu_hundredths: u64,
    /// Memory.
    pub memory_bytes: u64,
    /// Log disk.
    pub log_disk_bytes: u64,
}

/// A resource pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePool {
    /// Its name.
    pub name: String,
    /// The tenant that has it, if one does.
    pub tenant: Option<TenantId>,
    /// The unit specification of its units; empty if the cluster does not show it.
    #[serde(default)]
    pub unit: String,
    /// How many units it has in each of its zones.
    pub units: u64,
    /// Its zones.
    pub zones: Vec<String>,
}

/// The units, pools and free resources of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClusterResources {
    /// The unit specifications.
    pub units: Vec<UnitSpec>,
    /// The pools.
    pub pools: Vec<ResourcePool>,
    /// What is free on each server.
    pub servers: Vec<ServerRoom>,
}

impl ClusterResources {
    /// Returns the names of the pools that no tenant has, as far as they are wanted, or `-`.
    #[must_use]
    pub fn free_pools(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let free = self.pools.iter().filter(|pool| pool.tenant.is_none() && is_wanted(&pool.name));
        let names: Vec<&str> = free.map(|pool| pool.name.as_str()).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(", ") }
    }

    /// Adds unit specifications that will be created, as far as they do not exist.
    pub fn add_units(&mut self, units: &[UnitSpec]) {
        for unit in units {
            if !self.units.iter().any(|known| known.name == unit.name) {
                self.units.push(unit.clone());
            }
        }
    }
}

/// The primary zone that leaves the choice to the cluster.
const ANY_ZONE: &str = "RANDOM";

/// The resources for a new tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetResources {
    /// Existing free pools.
    Pools(Vec<String>),
    /// A new pool in each of these zones.
    Zones(Vec<ZoneUnits>),
}

/// The units of a new tenant in one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneUnits {
    /// The zone.
    pub zone: String,
    /// Its replica there.
    #[serde(default)]
    pub replica: ReplicaType,
    /// All its replicas there, if they are others than one of `replica`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<Replicas>,
    /// The unit specification.
    pub unit: UnitChoice,
    /// How many units.
    pub count: u32,
}

impl ZoneUnits {
    /// Returns the name of the unit specification.
    ///
    /// # Errors
    /// If it is a new one whose name was not decided, which is a bug.
    pub fn unit_name(&self) -> Result<&str, Problem> {
        let undecided = || Problem::internal("recovery-unit-undecided").with("zone", &self.zone);
        self.unit.name().ok_or_else(undecided)
    }
}

/// Replicas of one kind in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicas {
    /// Their kind.
    pub kind: ReplicaType,
    /// How many; none means one on every server of the zone.
    pub count: Option<u32>,
}

impl fmt::Display for Replicas {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.kind.letter();
        match self.count {
            Some(count) => write!(out, "{letter}{{{count}}}"),
            None => write!(out, "{letter}{{ALL_SERVER}}"),
        }
    }
}

/// A kind of replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReplicaType {
    /// Data and logs; it votes.
    #[default]
    #[serde(rename = "FULL")]
    Full,
    /// Logs only.
    #[serde(rename = "LOGONLY")]
    LogOnly,
    /// Read-only data; it does not vote.
    #[serde(rename = "READONLY")]
    ReadOnly,
}

impl ReplicaType {
    /// Returns its letter in a locality.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Full => 'F',
            Self::LogOnly => 'L',
            Self::ReadOnly => 'R',
        }
    }
}

impl TargetResources {
    /// Returns the locality; `None` if the pools determine it.
    #[must_use]
    pub fn locality(&self) -> Option<String> {
        let Self::Zones(zones) = self else { return None };
        let parts = zones
            .iter()
            .map(|zone| format!("{}@{}", shown_replicas(zone.replica, &zone.replicas), zone.zone));
        Some(parts.collect::<Vec<_>>().join(","))
    }

    /// Checks that there are names, and that none of them would end or split the options of a statement.
    pub(crate) fn check_names(&self) -> Result<(), Problem> {
        let names: Vec<&str> = match self {
            Self::Pools(pools) => pools.iter().map(String::as_str).collect(),
            Self::Zones(zones) => {
                zones.iter().flat_map(|zone| iter::once(zone.zone.as_str()).chain(zone.unit.name())).collect()
            }
        };
        if names.is_empty() {
            return Err(Problem::invalid("recovery-resources-missing"));
        }
        let is_unfit = |name: &&&str| {
            name.trim().is_empty() || name.contains(|c: char| c.is_whitespace() || "&,=@;'\"`\\".contains(c))
        };
        if let Some(name) = names.iter().find(is_unfit) {
            return Err(Problem::invalid("recovery-resource-name-malformed").with("name", name));
        }
        match self {
            Self::Zones(zones) if zones.iter().any(|zone| zone.count == 0) => {
                Err(Problem::invalid("recovery-resources-missing"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a cluster of this generation accepts the sizes of new unit specifications, and the numbers of units:
    /// since 4.0 all pools of a tenant have the same number (4179 of `ObUnitManager`).
    ///
    /// # Errors
    /// If the numbers differ; otherwise as [`super::unit::UnitSize::spec`].
    pub fn check_sizes(&self, generation: Generation) -> Result<(), Problem> {
        let Self::Zones(zones) = self else { return Ok(()) };
        if generation != Generation::Gen3 && zones.windows(2).any(|two| two[0].count != two[1].count) {
            return Err(Problem::invalid("recovery-unit-counts-differ"));
        }
        let mut sizes = zones.iter().filter_map(|zone| zone.unit.size());
        sizes.try_for_each(|size| size.spec(generation).map(|_| ()))
    }

    /// Checks that a tenant with these resources has units in every zone of its primary zone.
    ///
    /// # Errors
    /// Names a zone in which it has none.
    pub fn check_primary_zone(&self, primary_zone: &str, have: &ClusterResources) -> Result<(), Problem> {
        let zones: BTreeSet<&str> = match self {
            Self::Pools(names) => {
                let is_named =
                    |pool: &&ResourcePool| names.iter().any(|name| pool.name.eq_ignore_ascii_case(name));
                have.pools.iter().filter(is_named).flat_map(|pool| &pool.zones).map(String::as_str).collect()
            }
            Self::Zones(zones) => zones.iter().map(|zone| zone.zone.as_str()).collect(),
        };
        let named = primary_zone.split([';', ',']).map(str::trim).filter(|zone| !zone.is_empty());
        let mut other = named.filter(|zone| !zone.eq_ignore_ascii_case(ANY_ZONE) && !zones.contains(zone));
        match other.next() {
            None => Ok(()),
            Some(zone) => {
                let zones: Vec<&str> = zones.into_iter().collect();
                let refusal = Problem::refused(codes::UNIT_NOT_MADE, "recovery-primary-zone-unknown");
                Err(refusal.with("zone", zone).with("zones", zones.join(", ")))
            }
        }
    }

    /// Checks that a cluster has the requested resources. Pools named in `ours` were created earlier for the same
    /// tenant.
    ///
    /// # Errors
    /// Names a pool, unit specification or zone that does not exist, a pool that is in use, or the resource that is
    /// short in a zone. The name of a new unit specification must have been decided.
    pub fn check(&self, have: &ClusterResources, ours: &[String]) -> Result<(), Problem> {
        match self {
            Self::Pools(names) => names.iter().try_for_each(|name| check_pool(name, have)),
            Self::Zones(zones) => {
                let fresh = |zone: &&ZoneUnits| !is_made(zone, have, ours);
                zones.iter().filter(fresh).try_for_each(|zone| check_zone(zone, have))
            }
        }
    }
}

/// Writes the replicas of a zone as in a locality: one of a kind, or all of `replicas` if there are some.
#[must_use]
pub fn shown_replicas(replica: ReplicaType, replicas: &[Replicas]) -> String {
    match replicas {
        [] => replica.letter().to_string(),
        all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

/// Returns whether one of our own pools already has the units of a zone.
fn is_made(zone: &ZoneUnits, have: &ClusterResources, ours: &[String]) -> bool {
    let mut pools = have.pools.iter().filter(|pool| ours.contains(&pool.name));
    pools.any(|pool| pool.zones.contains(&zone.zone))
}

/// The beginning of the names of the pools that recoveries create.
pub const RECOVERY_POOL: &str = "lifeboat_";

fn check_pool(name: &str, have: &ClusterResources) -> Result<(), Problem> {
    let refusal = |id: &str| Problem::refused(codes::UNIT_NOT_MADE, id).with("pool", name);
    // A pool of a recovery belongs to its task.
    let free = || have.free_pools(|name| !name.starts_with(RECOVERY_POOL));
    match have.pools.iter().find(|pool| pool.name.eq_ignore_ascii_case(name)) {
        None => Err(refusal("recovery-pool-unknown").with("free", free())),
        Some(ResourcePool { tenant: Some(tenant), .. }) => {
            Err(refusal("recovery-pool-in-use").with("tenant", tenant).with("free", free()))
        }
        Some(_) => Ok(()),
    }
}

fn check_zone(wanted: &ZoneUnits, have: &ClusterResources) -> Result<(), Problem> {
    let unit = wanted.unit_name()?;
    let spec = spec_of(unit, have)?;
    let here = servers_of(&wanted.zone, have)?;
    let fits = |room: &&&ServerRoom| {
        room.cpu_hundredths >= spec.cpu_hundredths
            && room.memory_bytes >= spec.memory_bytes
            && room.log_disk_bytes >= spec.log_disk_bytes
    };
    // Each unit of a pool is on a different server.
    let fitting = here.iter().filter(fits).count();
    if fitting >= usize::try_from(wanted.count).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let most = |of: fn(&ServerRoom) -> u64| here.iter().map(|room| of(room)).max().unwrap_or(0);
    let needs = shown(spec.cpu_hundredths, spec.memory_bytes, spec.log_disk_bytes);
    let free = shown(most(|r| r.cpu_hundredths), most(|r| r.memory_bytes), most(|r| r.log_disk_bytes));
    let problem = Problem::refused(codes::UNIT_NOT_MADE, "recovery-resources-short");
    Err(problem
        .with("zone", &wanted.zone)
        .with("unit", unit)
        .with("count", wanted.count)
        .with("fitting", fitting)
        .with("needs", needs)
        .with("free", free))
}

/// Finds a unit specification.
///
/// # Errors
/// If the cluster has none of that name.
pub(super) fn spec_of<'h>(unit: &str, have: &'h ClusterResources) -> Result<&'h UnitSpec, Problem> {
    // Two names may differ only in upper and lower case.
    let exact = have.units.iter().find(|spec| spec.name == unit);
    let found = exact.or_else(|| have.units.iter().find(|spec| spec.name.eq_ignore_ascii_case(unit)));
    found.ok_or_else(|| {
        let known = listed(have.units.iter().map(|spec| &spec.name));
        let problem = Problem::refused(codes::UNIT_NOT_MADE, "recovery-unit-unknown");
        problem.with("unit", unit).with("units", known)
    })
}

/// Returns the servers of a zone.
///
/// # Errors
/// If the cluster has no such zone.
pub(super) fn servers_of<'h>(zone: &str, have: &'h ClusterResources) -> Result<Vec<&'h ServerRoom>, Problem> {
    let here: Vec<&ServerRoom> = have.servers.iter().filter(|room| room.zone == zone).collect();
    if here.is_empty() {
        let problem = Problem::refused(codes::UNIT_NOT_MADE, "recovery-zone-unknown");
        return Err(problem.with("zone", zone).with("zones", zones_of(have)));
    }
    Ok(here)
}

/// Lists the zones of a cluster.
pub(super) fn zones_of(have: &ClusterResources) -> String {
    listed(have.servers.iter().map(|room| &room.zone))
}

fn listed<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{
        ClusterResources, ReplicaType, Replicas, ResourcePool, ServerRoom, TargetResources, UnitChoice,
        UnitSpec, ZoneUnits, spec_of,
    };
    use crate::ability::Generation;
    use crate::id::TenantId;

    const GB: u64 = 1 << 30;

    fn have() -> ClusterResources {
        let unit = |name: &str, cpu: u64| UnitSpec {
            name: name.into(),
            cpu_hundredths: cpu,
            min_cpu_hundredths: cpu,
            memory_bytes: 4 * GB,
            log_disk_bytes: 12 * GB,
            old: None,
        };
        let room = |server: &str, zone: &str, cpu_hundredths: u64| ServerRoom {
            server: server.into(),
            zone: zone.into(),
            cpu_hundredths,
            memory_bytes: 8 * GB,
            log_disk_bytes: 40 * GB,
        };
        let pool = |name: &str, tenant: Option<i64>| ResourcePool {
            name: name.into(),
            tenant: tenant.map(TenantId),
            unit: "small".into(),
            units: 1,
            zones: vec!["z1".into()],
        };
        ClusterResources {
            units: vec![unit("small", 100), unit("large", 450)],
            pools: vec![pool("free", None), pool("used", Some(1002)), pool("lifeboat_7", None)],
            servers: vec![room("a", "z1", 400), room("b", "z1", 200), room("c", "z2", 50)],
        }
    }

    fn zone(zone: &str, unit: &str, count: u32) -> TargetResources {
        TargetResources::Zones(vec![units(zone, ReplicaType::Full, unit, count)])
    }

    fn units(zone: &str, replica: ReplicaType, unit: &str, count: u32) -> ZoneUnits {
        ZoneUnits {
            zone: zone.into(),
            replica,
            replicas: Vec::new(),
            unit: UnitChoice::Named(unit.into()),
            count,
        }
    }

    #[test]
    fn what_a_cluster_lacks_for_a_new_tenant_is_named() {
        let pools =
            |names: &[&str]| TargetResources::Pools(names.iter().map(|name| (*name).into()).collect());
        let cases = [
            (pools(&["free"]), None),
            (pools(&["FREE"]), None),
            (pools(&["free", "used"]), Some("recovery-pool-in-use")),
            (pools(&["gone"]), Some("recovery-pool-unknown")),
            (zone("z1", "small", 2), None),
            (zone("z1", "small", 3), Some("recovery-resources-short")),
            (zone("z1", "large", 1), Some("recovery-resources-short")),
            (zone("z2", "small", 1), Some("recovery-resources-short")),
            (zone("z1", "huge", 1), Some("recovery-unit-unknown")),
            (zone("z9", "small", 1), Some("recovery-zone-unknown")),
        ];
        for (wanted, expected) in cases {
            let found = wanted.check(&have(), &[]).err().map(|problem| problem.text.id);
            assert_eq!(found.as_deref(), expected, "{wanted:?}");
        }
        // A pool that this recovery has created is not needed a second time.
        assert_eq!(zone("z1", "large", 1).check(&have(), &["lifeboat_7".into()]), Ok(()));
        let short = zone("z2", "small", 1).check(&have(), &[]).expect_err("short");
        let (needs, free) = (&short.args()["needs"], &short.args()["free"]);
        assert!(needs.starts_with("1 CPU, ") && free.starts_with("0.50 CPU, "), "{needs} {free}");
    }

    #[test]
    fn a_primary_zone_names_only_zones_of_the_tenant() {
        let pools = TargetResources::Pools(vec!["FREE".into()]);
        let both = TargetResources::Zones(vec![
            units("z1", ReplicaType::Full, "small", 1),
            units("z2", ReplicaType::Full, "small", 1),
        ]);
        let cases = [
            (&pools, "z1", None),
            (&pools, "z2", Some("z2")), // a zone of the cluster, but not of the pool
            (&pools, "RANDOM", None),
            (&both, "random", None),
            (&both, "z2;z1", None),
            (&both, "z1, z2", None),
            (&both, "z1;z9", Some("z9")),
        ];
        for (resources, primary_zone, expected) in cases {
            let refusal = resources.check_primary_zone(primary_zone, &have()).err();
            let zone = refusal.map(|refusal| refusal.args()["zone"].clone());
            assert_eq!(zone.as_deref(), expected, "{primary_zone}");
        }
    }

    #[test]
    fn names_that_would_split_a_statement_are_refused() {
        for name in ["a&b", "a,b", "a b", "", "a'b", "a@b"] {
            let wanted = TargetResources::Pools(vec![name.into()]);
            assert!(wanted.check_names().is_err(), "{name}");
        }
        assert_eq!(zone("z-1", "unit.small_2", 1).check_names(), Ok(()));
        assert!(zone("z1", "small", 0).check_names().is_err());
    }

    #[test]
    fn since_4_0_every_zone_has_the_same_number_of_units() {
        let counts = |first, second| {
            let zone = |name, count| units(name, ReplicaType::Full, "small", count);
            TargetResources::Zones(vec![zone("z1", first), zone("z2", second)])
        };
        let refusal = counts(1, 2).check_sizes(Generation::Gen4).expect_err("refused");
        assert_eq!(refusal.text.id, "recovery-unit-counts-differ");
        assert_eq!(counts(1, 2).check_sizes(Generation::Gen3), Ok(()));
        assert_eq!(counts(2, 2).check_sizes(Generation::Gen4), Ok(()));
    }

    #[test]
    fn of_two_names_that_differ_in_case_the_exact_one_is_meant() {
        let mut have = have();
        have.units.insert(0, UnitSpec { name: "SMALL".into(), ..have.units[1].clone() });
        let found = |name: &str| spec_of(name, &have).map(|spec| spec.name.as_str());
        assert_eq!((found("small"), found("Small")), (Ok("small"), Ok("SMALL")));
    }

    #[test]
    fn a_locality_names_every_zone_with_its_kind_of_replica() {
        let zones = [("z1", ReplicaType::Full), ("z2", ReplicaType::ReadOnly), ("z3", ReplicaType::LogOnly)];
        let mut zones: Vec<ZoneUnits> = zones.map(|(zone, replica)| units(zone, replica, "u", 1)).into();
        let wanted = TargetResources::Zones(zones.clone());
        assert_eq!(wanted.locality().as_deref(), Some("F@z1,R@z2,L@z3"));
        let of = |kind, count| Replicas { kind, count };
        zones[0].replicas = vec![of(ReplicaType::Full, Some(1)), of(ReplicaType::ReadOnly, Some(2))];
        zones[1].replicas = vec![of(ReplicaType::ReadOnly, None)];
        let wanted = TargetResources::Zones(zones);
        assert_eq!(wanted.locality().as_deref(), Some("F{1},R{2}@z1,R{ALL_SERVER}@z2,L@z3"));
        assert_eq!(TargetResources::Pools(vec!["p".into()]).locality(), None);
    }
}
