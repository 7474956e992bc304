//! Every simulated version: its identity, and the check before it is taken over.

use std::sync::Arc;

use model::Secret;
use model::ability::Generation;
use model::cluster::Address;
use oceanbase::precheck::{Verdict, precheck};
use oceanbase::{Driver, Endpoint, NoWitness};
use sim::{ClusterConfig, Config, Fault, FaultName, Handle, Profile, Server, TenantConfig};

/// Makes two tests of each function that takes a [`Profile`]: on long-term support as most have it, and on the newest.
macro_rules! on_both_4x {
    ($($test:ident,)+) => {
        mod on_4_2_5 {
            $(#[tokio::test]
            async fn $test() {
                super::$test(sim::Profile::V4_2_5).await;
            })+
        }

        mod on_4_6_0 {
            $(#[tokio::test]
            async fn $test() {
                super::$test(sim::Profile::V4_6).await;
            })+
        }
    };
}
pub(crate) use on_both_4x;

on_both_4x! {
    a_server_that_is_lost_is_passed_over,
}

/// Starts a cluster of three zones with two tenants, and returns its address.
async fn start(profile: Profile) -> (Handle, Endpoint) {
    let cluster = ClusterConfig {
        name: "prod".into(),
        id: 42,
        version: profile.to_string(),
        zones: 3,
        sys_password: "of-the-sys-tenant".into(),
        tenants: vec![
            TenantConfig::named("shop"),
            TenantConfig { locked: true, ..TenantConfig::named("books") },
        ],
        ..ClusterConfig::default()
    };
    let handle = Server::start(Config { clusters: vec![cluster], ..Config::paused(profile) }).await;
    let handle = handle.expect("the simulator starts");
    let at = |&port: &u16| Address { host: "127.0.0.1".into(), port };
    let addresses = handle.clusters[0].ports.iter().map(at).collect();
    (handle, Endpoint::new(addresses, "root@sys", Secret::new("of-the-sys-tenant")))
}

#[tokio::test]
async fn every_version_tells_its_name_its_servers_and_its_tenants() {
    for profile in Profile::ALL {
        let (handle, endpoint) = start(profile).await;
        let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await.expect("it lets us in");
        let facts = driver.probe().await.expect("it says what it is");
        let generation = if profile.is_tenant_level() { Generation::Gen4 } else { Generation::Gen3 };
        assert_eq!(facts.generation, generation, "{profile}");
        assert_eq!((facts.ob_name.as_str(), facts.ob_cluster_id), ("prod", 42), "{profile}");
        assert_eq!((facts.deployment_mode().as_str(), facts.upgrading), ("1-1-1", false), "{profile}");
        let ports: Vec<u16> = facts.servers.iter().map(|server| server.sql_port).collect();
        assert_eq!(ports, handle.clusters[0].ports, "{profile}");
        assert_eq!(facts.servers.iter().filter(|server| server.root_server).count(), 1, "{profile}");
        assert!(
            facts.servers.iter().all(|server| server.status == "ACTIVE"),
            "{profile}: {:?}",
            facts.servers
        );
        assert!(facts.zones.iter().all(|zone| zone.status == "ACTIVE"), "{profile}: {:?}", facts.zones);

        let tenants = driver.tenants().await.expect("it has three");
        let shown: Vec<_> = tenants
            .iter()
            .map(|tenant| (tenant.name.as_str(), tenant.status.as_str(), tenant.role.as_str(), tenant.locked))
            .collect();
        let expected = [("sys", false), ("shop", false), ("books", true)];
        assert_eq!(shown, expected.map(|(name, locked)| (name, "NORMAL", "PRIMARY", locked)), "{profile}");

        handle.fault(&Fault::new(FaultName::UpgradeMode));
        assert!(driver.probe().await.expect("it says what it is").upgrading, "{profile}");
        let gaps: Vec<_> = handle.transcript().into_iter().filter(|entry| entry.gap).collect();
        assert!(gaps.is_empty(), "{profile}: {gaps:?}");
    }
}

#[tokio::test]
async fn every_version_is_checked_before_it_is_taken_over_and_stays_as_it_was() {
    for profile in Profile::ALL {
        let (handle, endpoint) = start(profile).await;
        let before = handle.world(0);
        let report = precheck(&endpoint, Arc::new(NoWitness)).await;
        assert!(
            report.lines.iter().all(|line| line.verdict == Verdict::Passed),
            "{profile}: {:?}",
            report.lines
        );
        assert_eq!(report.lines.len(), 8, "{profile}");
        assert_eq!(handle.world(0), before, "{profile}");
    }
}

async fn a_server_that_is_lost_is_passed_over(profile: Profile) {
    let (handle, mut endpoint) = start(profile).await;
    let lost = endpoint.addresses.pop().expect("three servers");
    handle.fault(&Fault { server: Some(lost.to_string()), ..Fault::new(FaultName::ObserverLost) });
    endpoint.addresses.insert(0, lost.clone());
    let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await.expect("two servers are left");
    let facts = driver.probe().await.expect("it says what it is");
    let status =
        facts.servers.iter().find(|server| server.sql_port == lost.port).map(|server| server.status.as_str());
    assert_eq!(status, Some("INACTIVE"));
}
