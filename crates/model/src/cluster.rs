//! A cluster that was taken over.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ability::{BackupAbility, Generation};
use crate::id::ClusterId;
use crate::problem::{Problem, codes};
use crate::time::Timestamp;
use crate::version::ServerVersion;

/// The port of an OBServer's MySQL protocol when none is given.
pub const DEFAULT_PORT: u16 = 2881;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// A host name or an IP address; an IPv6 one without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl FromStr for Address {
    type Err = Problem;

    /// Reads `host`, `host:port` and `[v6]:port`; the port is [`DEFAULT_PORT`] by default.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::invalid("address-malformed").with("address", text);
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match text.split_once(':') {
                Some((_, rest)) if rest.contains(':') => (text, None), // a bare IPv6 address
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|&port| port > 0).ok_or_else(wrong)?,
            None => DEFAULT_PORT,
        };
        let plain =
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c));
        if plain { Ok(Self { host: host.to_owned(), port }) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Address {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The reachability and status of a cluster at the last refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterStatus {
    /// It responds.
    Running,
    /// It responds and is being upgraded.
    Upgrading,
    /// It does not respond.
    Unavailable,
}

/// The role of a cluster. Since 4.0, tenants have roles instead, and every cluster is a primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterRole {
    /// It takes writes.
    #[default]
    Primary,
    /// It follows a primary cluster.
    Standby,
}

/// Facts that a probe reads from the cluster itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// Its name in OceanBase; `seekdb` for seekdb, which has none.
    pub ob_name: String,
    /// Its ID in OceanBase; 1 for seekdb, which has none.
    pub ob_cluster_id: i64,
    /// Product, version, edition.
    pub server: ServerVersion,
    /// The protocol of its connections.
    pub generation: Generation,
    /// The available backup methods.
    pub ability: BackupAbility,
    /// The zones in the order of their names.
    pub zones: Vec<Zone>,
    /// The servers.
    pub servers: Vec<Observer>,
    /// Whether it is being upgraded.
    pub upgrading: bool,
    /// Its role.
    #[serde(default)]
    pub role: ClusterRole,
    /// Whether a standby cluster follows it.
    #[serde(default)]
    pub has_standby: bool,
}

impl ClusterFacts {
    /// Returns the deployment mode: the number of servers of each zone, such as `1-1-1`.
    #[must_use]
    pub fn deployment_mode(&self) -> String {
        let count =
            |zone: &Zone| self.servers.iter().filter(|server| server.zone == zone.name).count().to_string();
        self.zones.iter().map(count).collect::<Vec<_>>().join("-")
    }
}

/// A zone of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its data centre.
    pub idc: String,
    /// `ACTIVE` or `INACTIVE`, as the cluster reports it.
    pub status: String,
}

/// A server of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observer {
    /// Its IP address.
    pub ip: String,
    /// The port of the MySQL protocol.
    pub sql_port: u16,
    /// The zone it belongs to.
    pub zone: String,
    /// `ACTIVE`, `INACTIVE` or `DELETING`, as the cluster reports it.
    pub status: String,
    /// Whether it runs the root service.
    pub root_server: bool,
    /// Its build.
    pub build: String,
}

/// A cluster that was taken over. Its password is sealed in the metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its ID; 0 until the metadata assigns one.
    pub id: ClusterId,
    /// Its name in Lifeboat.
    pub name: String,
    /// The addresses, tried in this order.
    pub addresses: Vec<Address>,
    /// The user of the sys tenant, such as `root@sys`.
    pub user: String,
    /// The facts that the last probe read.
    pub facts: ClusterFacts,
    /// The status that the last probe found.
    pub status: ClusterStatus,
    /// When it was taken over.
    pub created: Timestamp,
    /// When it was last probed.
    pub probed: Timestamp,
}

/// Refuses every operation on a cluster that is being upgraded.
///
/// # Errors
/// Fails if the last probe found an upgrade.
pub fn refuse_upgrading(cluster: &Cluster) -> Result<(), Problem> {
    if cluster.status == ClusterStatus::Upgrading || cluster.facts.upgrading {
        return Err(
            Problem::refused(codes::PRECHECK_FAILED, "cluster-upgrading").with("cluster", &cluster.name)
        );
    }
    Ok(())
}

/// Checks a name that users give to a cluster or a storage configuration.
///
/// # Errors
/// Refuses an empty name, more than 64 characters, and characters that cause problems in a path or a URL.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    let starts_well = name.chars().next().is_some_and(char::is_alphanumeric);
    if plain && starts_well && name.chars().count() <= 64 {
        Ok(())
    } else {
        Err(Problem::invalid("name-malformed").with("name", name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, check_name};

    #[test]
    fn addresses_of_every_form_are_read() {
        let cases = [
            ("db1", Some("db1:2881")),
            ("10.0.0.1:2883", Some("10.0.0.1:2883")),
            ("[::1]:2881", Some("[::1]:2881")),
            ("fe80::1", Some("[fe80::1]:2881")),
            ("", None),
            ("db1:", None),
            ("db1:0", None),
            ("db1:99999", None),
            ("root:secret@db1", None),
            ("mysql://db1", None),
        ];
        for (text, expected) in cases {
            let read = text.parse::<Address>().ok().map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn names_that_would_be_trouble_in_a_path_are_refused() {
        for good in ["prod-1", "订单库", "a.b_c", "x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "a b", "-rf", "a\n", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
