//! The sums of resources, and what a target lacks for them, as tables of cases.

use std::collections::BTreeMap;

use super::{ZoneNeed, check_together, mapped, mapped_priority, same_size, units_of};
use crate::id::TenantId;
use crate::physical::resources::{ClusterResources, ReplicaType, ResourcePool, ServerRoom, shown_replicas};
use crate::physical::unit::UnitSpec;
use crate::tenant::{Tenant, TenantMode};

const GB: u64 = 1 << 30;

fn unit(name: &str, cpu: u64, memory: u64) -> UnitSpec {
    UnitSpec {
        name: name.into(),
        cpu_hundredths: cpu,
        min_cpu_hundredths: cpu,
        memory_bytes: memory * GB,
        log_disk_bytes: memory * 3 * GB,
        old: None,
    }
}

fn room(server: &str, zone: &str, cpu: u64, memory: u64) -> ServerRoom {
    ServerRoom {
        server: server.into(),
        zone: zone.into(),
        cpu_hundredths: cpu,
        memory_bytes: memory * GB,
        log_disk_bytes: 100 * GB,
    }
}

fn pool(name: &str, tenant: i64, unit: &str, units: u64, zones: &[&str]) -> ResourcePool {
    ResourcePool {
        name: name.into(),
        tenant: Some(TenantId(tenant)),
        unit: unit.into(),
        units,
        zones: zones.iter().map(|zone| (*zone).into()).collect(),
    }
}

fn tenant(id: i64, locality: &str) -> Tenant {
    Tenant {
        id: TenantId(id),
        name: "shop".into(),
        mode: TenantMode::Mysql,
        status: "NORMAL".into(),
        role: "PRIMARY".into(),
        locked: false,
        primary_zone: "RANDOM".into(),
        locality: locality.into(),
        data_version: None,
    }
}

fn have() -> ClusterResources {
    ClusterResources {
        units: vec![unit("large", 400, 8), unit("small", 100, 2), unit("sys_unit_config", 300, 6)],
        pools: vec![
            pool("p1", 1002, "large", 2, &["z1", "z2"]),
            pool("p2", 1002, "small", 1, &["z3"]),
            pool("p3", 1004, "small", 1, &["z1"]),
            pool("p4", 1006, "lost", 1, &["z1"]),
        ],
        servers: vec![
            room("a", "z1", 400, 8),
            room("b", "z1", 400, 8),
            room("c", "z2", 800, 16),
            room("d", "z3", 800, 16),
        ],
    }
}

fn need(zone: &str, spec: UnitSpec, count: u32) -> ZoneNeed {
    ZoneNeed { zone: zone.into(), replica: ReplicaType::Full, replicas: Vec::new(), spec, count }
}

fn id<T>(result: Result<T, crate::Problem>) -> Option<String> {
    result.err().map(|problem| problem.text.id)
}

#[test]
fn a_tenant_has_the_units_of_its_pools_where_its_locality_says() {
    let shown = |locality| {
        let needs = units_of(&tenant(1002, locality), &have()).expect("it has pools");
        let shown = needs.iter().map(|need| {
            let replicas = shown_replicas(need.replica, &need.replicas);
            format!("{replicas} {}@{} {}", need.count, need.zone, need.spec.name)
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(shown(""), "F 2@z1 large, F 2@z2 large, F 1@z3 small");
    assert_eq!(shown("FULL{1}@z1, READONLY{1}@z3"), "F 2@z1 large, R 1@z3 small");
    assert_eq!(shown("FULL@z1, FULL{1}@z2, LOGONLY{1}@z3"), "F 2@z1 large, F 2@z2 large, L 1@z3 small");
    let mixed = "READONLY{1},FULL{1}@z1, READONLY{ALL_SERVER}@z2";
    assert_eq!(shown(mixed), "R{1},F{1} 2@z1 large, R{ALL_SERVER} 2@z2 large");
    let needs = units_of(&tenant(1002, mixed), &have()).expect("it has pools");
    assert_eq!((needs[0].replica, needs[1].replica), (ReplicaType::Full, ReplicaType::ReadOnly));
    for (tenant, why) in [
        (tenant(1008, ""), "cluster-recovery-units-unknown"),
        (tenant(1006, ""), "cluster-recovery-units-unknown"),
        (tenant(1002, "COLUMNSTORE{1}@z1"), "cluster-recovery-replica-unknown"),
        (tenant(1004, "FULL{1}@z1, READONLY{1}@z2"), "cluster-recovery-zone-without-units"),
    ] {
        assert_eq!(id(units_of(&tenant, &have())).as_deref(), Some(why));
    }
}

#[test]
fn zones_are_mapped_by_name_unless_the_order_names_others() {
    let needs = || vec![need("z1", unit("u", 1, 1), 1), need("y", unit("u", 1, 1), 1)];
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect()
    };
    let found = mapped(needs(), &map(&[("y", "z3")]), &have(), "shop").expect("both are there");
    assert_eq!(found.iter().map(|need| need.zone.as_str()).collect::<Vec<_>>(), ["z1", "z3"]);
    for (zones, why) in [
        (map(&[]), "cluster-recovery-zone-unmapped"),
        (map(&[("y", "z9")]), "cluster-recovery-zone-unmapped"),
        (map(&[("y", "z1")]), "cluster-recovery-zone-twice"),
    ] {
        let refusal = mapped(needs(), &zones, &have(), "shop").expect_err("refused");
        assert_eq!(refusal.text.id, why);
        assert_eq!(refusal.args()["zones"], "z1, z2, z3");
    }
    let zones = map(&[("y", "z3")]);
    for (primary, expected) in
        [("z1;y", Some("z1;z3")), ("y, z1", Some("z3,z1")), ("RANDOM", None), ("z1;z2", None)]
    {
        assert_eq!(mapped_priority(primary, &zones, &found).as_deref(), expected, "{primary}");
    }
}

#[test]
fn a_unit_of_the_same_size_is_found_and_preferred_by_its_name() {
    let mut have = have();
    have.units.push(unit("a_small", 100, 2));
    let found = |spec: &UnitSpec| same_size(spec, &have).map(|spec| spec.name.as_str());
    assert_eq!(found(&unit("small", 100, 2)), Some("small"));
    assert_eq!(found(&unit("mine", 100, 2)), Some("a_small"));
    assert_eq!(found(&unit("large", 100, 3)), None);
    assert_eq!(found(&unit("mine", 300, 6)), None, "that of the sys tenant is left alone");
}

#[test]
fn what_all_tenants_together_lack_is_named_with_its_amount() {
    let sums = check_together(&[need("z1", unit("u", 400, 8), 2), need("z2", unit("u", 100, 2), 1)], &have());
    let sums = sums.expect("it is enough");
    assert_eq!((sums[0].zone.as_str(), sums[0].units), ("z1", 2));
    assert_eq!((sums[0].needs.cpu_hundredths, sums[0].free.cpu_hundredths), (800, 800));
    assert_eq!((sums[1].needs.memory_bytes, sums[1].free.memory_bytes), (2 * GB, 16 * GB));

    // Each alone has room, together they do not.
    let three = [
        need("z2", unit("a", 300, 2), 1),
        need("z2", unit("b", 300, 2), 1),
        need("z2", unit("c", 350, 2), 1),
    ];
    assert!(three.iter().all(|need| check_together(std::slice::from_ref(need), &have()).is_ok()));
    let short = check_together(&three, &have()).expect_err("9.5 CPU of 8");
    assert_eq!(short.text.id, "cluster-recovery-resources-short");
    assert_eq!(short.args()["short"], "1.50 CPU");
    assert!(short.args()["needs"].starts_with("9.50 CPU"), "{:?}", short.args());

    // The sum would suffice, but no single server has room for a unit.
    for needs in [
        vec![need("z1", unit("u", 500, 2), 1)],
        vec![need("z1", unit("u", 100, 2), 3)],
        vec![
            need("z1", unit("u", 100, 6), 1),
            need("z1", unit("u", 100, 6), 1),
            need("z1", unit("u", 100, 3), 1),
        ],
    ] {
        let why = id(check_together(&needs, &have()));
        assert_eq!(why.as_deref(), Some("cluster-recovery-units-scattered"), "{needs:?}");
    }
    let zone = check_together(&[need("z9", unit("u", 1, 1), 1)], &have());
    assert_eq!(id(zone).as_deref(), Some("recovery-zone-unknown"));
}
