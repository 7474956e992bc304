//! The configuration of a simulator: clusters, their servers and tenants.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::faults::Fault;
use crate::profile::Profile;

/// One simulator process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The clusters, each with its own ports.
    pub clusters: Vec<ClusterConfig>,
    /// Address that all servers listen on.
    pub listen: IpAddr,
    /// Where the control port listens.
    pub control: SocketAddr,
    /// Simulated seconds per real second; 0 stands still until the control port moves the clock.
    pub speed: f64,
    /// The start time of the clock in microseconds since 1970; the real time by default.
    pub start_us: Option<i64>,
    /// Seed of all random choices.
    pub seed: u64,
    /// Faults that are active from the start.
    pub faults: Vec<Fault>,
    /// Tenants whose data statements are answered by a real server.
    pub backends: Vec<Backend>,
    /// Certificate and key for TLS.
    pub tls: Option<TlsFiles>,
    /// Root directory of `file:///` addresses; the machine's root by default.
    pub file_root: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clusters: vec![ClusterConfig::default()],
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            control: SocketAddr::from(([127, 0, 0, 1], 0)),
            speed: 1.0,
            start_us: None,
            seed: 0,
            faults: Vec::new(),
            backends: Vec::new(),
            tls: None,
            file_root: None,
        }
    }
}

/// PEM files for TLS.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, with its chain if it has one.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Config {
    /// A paused simulator of one cluster.
    pub fn paused(profile: Profile) -> Self {
        Self {
            clusters: vec![ClusterConfig { version: profile.to_string(), ..ClusterConfig::default() }],
            speed: 0.0,
            ..Self::default()
        }
    }
}

/// One simulated cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// The `cluster` parameter.
    pub name: String,
    /// The `cluster_id` parameter.
    pub id: u64,
    /// A profile's name, such as `4.2.5`.
    pub version: String,
    /// SQL port of the first server; 0 means a free port. The others use the following ports, or free ones.
    pub port: u16,
    /// How many zones.
    pub zones: u32,
    /// How many servers in each zone.
    pub servers_per_zone: u32,
    /// Password of `root@sys`.
    pub sys_password: String,
    /// The cluster's time zone.
    pub time_zone: String,
    /// True for the standby cluster of a 3.x pair.
    pub standby: bool,
    /// How many standby clusters follow this primary of 3.x.
    pub standbys: u32,
    /// Version of the data (COMPATIBLE), if older than the binary: an unfinished upgrade.
    pub compatible: Option<String>,
    /// When the daily major compaction starts, such as `02:00`, or `disable`: the parameter of that name. The simulated day
    /// begins at the real time, so that whatever needs a compaction depends on the time of day without this.
    pub major_freeze_duty_time: String,
    /// User tenants.
    pub tenants: Vec<TenantConfig>,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            name: "obcluster".to_owned(),
            id: 1,
            version: "4.2.5".to_owned(),
            port: 0,
            zones: 1,
            servers_per_zone: 1,
            sys_password: String::new(),
            time_zone: "+08:00".to_owned(),
            standby: false,
            standbys: 0,
            compatible: None,
            major_freeze_duty_time: "02:00".to_owned(),
            tenants: vec![TenantConfig::default()],
        }
    }
}

/// One simulated user tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantConfig {
    /// Its name.
    pub name: String,
    /// `MYSQL` or `ORACLE`.
    pub mode: String,
    /// Password of its root user.
    pub password: String,
    /// Size of its data in MiB.
    pub data_mib: u64,
    /// The amount of data that changes per hour, in MiB.
    pub changes_mib_per_hour: u64,
    /// `PRIMARY` or `STANDBY`.
    pub role: String,
    /// Whether logins are refused.
    pub locked: bool,
    /// The version of its data, such as `4.3.5.0` during an upgrade; if empty, that of the cluster.
    pub compatible: String,
    /// Its databases, besides those of its tables. Only RECOVER TABLE uses them.
    pub databases: Vec<String>,
    /// Its tables, as `database.table`. Only RECOVER TABLE uses them.
    pub tables: Vec<String>,
    /// Tables that RECOVER TABLE cannot import, as `database.table`.
    pub refused_imports: Vec<String>,
}

impl Default for TenantConfig {
    fn default() -> Self {
        Self {
            name: "mysql".to_owned(),
            mode: "MYSQL".to_owned(),
            password: String::new(),
            data_mib: 256,
            changes_mib_per_hour: 32,
            role: "PRIMARY".to_owned(),
            locked: false,
            compatible: String::new(),
            databases: Vec::new(),
            tables: vec!["test.t1".to_owned(), "test.t2".to_owned()],
            refused_imports: Vec::new(),
        }
    }
}

impl TenantConfig {
    /// A tenant of the default size.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// A real server for a simulated tenant.
#[derive(Clone)]
pub struct Backend {
    /// The tenant's name.
    pub tenant: String,
    /// Where the real server listens.
    pub address: String,
    /// User there.
    pub user: String,
    /// Password there.
    pub password: String,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Backend({}={})", self.tenant, self.address)
    }
}

/// A configuration that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The version is unknown.
    #[error("cluster `{cluster}` cannot be simulated")]
    Version {
        /// The cluster.
        cluster: String,
        /// The error of the version's name.
        #[source]
        source: crate::profile::UnknownProfile,
    },
    /// The time zone cannot be read.
    #[error("cluster `{cluster}`: `{zone}` is not a time zone; write an offset such as +08:00")]
    TimeZone {
        /// The cluster.
        cluster: String,
        /// The text.
        zone: String,
    },
    /// The files for TLS are unusable.
    #[error("TLS cannot be offered with {path}: {reason}")]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The simulator cannot listen on a port.
    #[error("cannot listen on {address}; choose a free port, or 0 for any")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's message.
        #[source]
        source: std::io::Error,
    },
}
