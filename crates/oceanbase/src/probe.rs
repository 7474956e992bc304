//! The state of a cluster: name, zones, servers, tenants, whether it is being upgraded.
//!
//! One file per generation; each lists the statements that it sends.

use model::ability::{Abilities, Generation};
use model::cluster::{ClusterFacts, ClusterRole, Observer, Zone};
use model::tenant::Tenant;

use crate::error::Error;
use crate::session::Session;

mod gen3;
mod gen4;
pub(crate) mod parameters;
mod seekdb;

/// The facts that each generation reads differently.
struct Identity {
    ob_name: String,
    ob_cluster_id: i64,
    zones: Vec<Zone>,
    servers: Vec<Observer>,
    upgrading: bool,
    role: ClusterRole,
    has_standby: bool,
}

/// Reads the facts of the cluster.
pub(crate) async fn facts(session: &mut Session, abilities: Abilities) -> Result<ClusterFacts, Error> {
    let Abilities { generation, backup } = abilities;
    let identity = match generation {
        Generation::Gen3 => gen3::identity(session).await?,
        Generation::Gen4 => gen4::identity(session).await?,
        Generation::Seekdb => seekdb::identity(session).await?,
    };
    let Identity { ob_name, ob_cluster_id, zones, servers, upgrading, role, has_standby } = identity;
    let server = session.server().clone();
    Ok(ClusterFacts {
        ob_name,
        ob_cluster_id,
        server,
        generation,
        ability: backup,
        zones,
        servers,
        upgrading,
        role,
        has_standby,
    })
}

/// Reads the tenants, including the sys tenant, but not OceanBase's hidden ones.
pub(crate) async fn tenants(session: &mut Session, generation: Generation) -> Result<Vec<Tenant>, Error> {
    match generation {
        Generation::Gen3 => gen3::tenants(session).await,
        Generation::Gen4 => gen4::tenants(session).await,
        Generation::Seekdb => seekdb::tenants(session).await,
    }
}

/// Returns whether the servers run different builds, as during an upgrade.
fn builds_differ(servers: &[Observer]) -> bool {
    let mut builds = servers.iter().map(|server| &server.build).filter(|build| !build.is_empty());
    let first = builds.next();
    builds.any(|build| Some(build) != first)
}

#[cfg(test)]
mod tests {
    use model::cluster::Observer;

    use super::builds_differ;

    fn server(build: &str) -> Observer {
        let text = String::new;
        Observer {
            ip: text(),
            sql_port: 2881,
            zone: text(),
            status: text(),
            root_server: false,
            build: build.into(),
        }
    }

    #[test]
    fn servers_of_two_builds_are_an_upgrade() {
        let cases: [(&[&str], bool); 5] = [
            (&[], false),
            (&["4.2.2.0_1"], false),
            (&["4.2.2.0_1", "4.2.2.0_1"], false),
            (&["4.2.2.0_1", "4.2.2.0_2"], true),
            (&["4.2.2.0_1", ""], false), // a server that has not reported yet
        ];
        for (builds, expected) in cases {
            let servers: Vec<_> = builds.iter().map(|build| server(build)).collect();
            assert_eq!(builds_differ(&servers), expected, "{builds:?}");
        }
    }
}
