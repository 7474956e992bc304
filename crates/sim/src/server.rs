//! Starts a simulator: clusters, their listening servers, and the control port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::civil;
use crate::clock::Clock;
use crate::config::{ClusterConfig, Config, ConfigError};
use crate::control::{self, Control};
use crate::faults::{Fault, FaultName};
use crate::media::Media;
use crate::process::Process;
use crate::profile::Profile;
use crate::transcript::Entry;
use crate::wire::connection::{self, Door};
use crate::wire::tls;
use crate::world::Cluster;

/// The ports of a cluster.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterPorts {
    /// Its name.
    pub name: String,
    /// Its ID.
    pub id: u64,
    /// The simulated version.
    pub version: String,
    /// SQL ports of its servers, in their order.
    pub ports: Vec<u16>,
}

/// A simulator inside this process.
pub struct Server;

impl Server {
    /// Starts a simulator; it ends when the handle is dropped.
    pub async fn start(config: Config) -> Result<Handle, ConfigError> {
        let start_us = config.start_us.unwrap_or_else(real_now_us);
        let media = Arc::new(Media::new(config.file_root.clone()));
        let mut tasks = JoinSet::new();
        let mut clusters = Vec::new();
        let mut listeners = Vec::new();
        let mut ports = Vec::new();
        for (at, cluster) in config.clusters.iter().enumerate() {
            let seed = config.seed.wrapping_add(at as u64);
            let mut world = build(cluster, start_us, seed, &media)?;
            let sockets = listen(&config, cluster, world.servers.len()).await?;
            for (server, socket) in world.servers.iter_mut().zip(&sockets) {
                server.sql_port = port_of(socket);
                if !config.listen.is_unspecified() {
                    server.ip = config.listen.to_string();
                }
            }
            for fault in config.faults.iter().filter(|fault| fault.concerns(&cluster.name)) {
                world.start_fault(fault.clone());
            }
            ports.push(ClusterPorts {
                name: cluster.name.clone(),
                id: cluster.id,
                version: cluster.version.clone(),
                ports: sockets.iter().map(port_of).collect(),
            });
            clusters.push(world);
            listeners.push(sockets);
        }
        let is_paused = config.speed <= 0.0;
        let clock = Clock::new(start_us, config.speed);
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let process = Arc::new(Process::new(clock, clusters, config.backends.clone(), is_paused, tls));
        for (cluster, sockets) in listeners.into_iter().enumerate() {
            for (server, socket) in sockets.into_iter().enumerate() {
                tasks.spawn(accept(socket, process.clone(), cluster, server));
            }
        }
        let control_socket = bind(config.control).await?;
        let control_port = port_of(&control_socket);
        let control = Control { process: process.clone(), seed: config.seed };
        tasks.spawn(control::serve(control_socket, control.clone()));
        Ok(Handle { control_port, clusters: ports, control, _tasks: tasks })
    }
}

/// A running simulator.
pub struct Handle {
    /// Port of the control interface.
    pub control_port: u16,
    /// The ports of the clusters, in the order of the configuration.
    pub clusters: Vec<ClusterPorts>,
    control: Control,
    /// Dropping them closes all listeners.
    _tasks: JoinSet<()>,
}

impl Handle {
    /// SQL port of the first server of the first cluster.
    pub fn port(&self) -> u16 {
        self.clusters[0].ports[0]
    }

    /// Moves the clock forward.
    pub fn advance_seconds(&self, seconds: f64) {
        self.control.advance((seconds * 1e6) as i64);
    }

    /// Lets the clock run at a speed in simulated seconds per second; with 0, it stands still.
    pub fn run(&self, speed: f64) {
        self.control.process.clock.run(speed);
    }

    /// Simulated time, microseconds since 1970.
    pub fn now_us(&self) -> i64 {
        self.control.process.clock.now_us()
    }

    /// Starts a fault.
    pub fn fault(&self, fault: &Fault) {
        self.control.start_fault(fault);
    }

    /// Returns whether a fault of this kind can still hit: one that was limited to a number of hits may have ended.
    pub fn has_fault(&self, name: FaultName) -> bool {
        self.control.has_fault(name)
    }

    /// Ends the faults of a kind, or all.
    pub fn clear_faults(&self, name: Option<FaultName>) {
        self.control.end_faults(name);
    }

    /// Returns all statements and answers so far.
    pub fn transcript(&self) -> Vec<Entry> {
        self.control.process.transcript.after(0)
    }

    /// Returns the state of a cluster as JSON, for comparisons.
    pub fn world(&self, cluster: usize) -> serde_json::Value {
        self.control.world(cluster)
    }
}

fn real_now_us() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

fn build(
    config: &ClusterConfig,
    start_us: i64,
    seed: u64,
    media: &Arc<Media>,
) -> Result<Cluster, ConfigError> {
    let profile: Profile = config
        .version
        .parse()
        .map_err(|source| ConfigError::Version { cluster: config.name.clone(), source })?;
    let zone_s = civil::parse_zone(&config.time_zone, 0).ok_or_else(|| ConfigError::TimeZone {
        cluster: config.name.clone(),
        zone: config.time_zone.clone(),
    })?;
    Ok(Cluster::new(config, profile, zone_s, start_us, seed, media.clone()))
}

async fn listen(
    config: &Config,
    cluster: &ClusterConfig,
    servers: usize,
) -> Result<Vec<TcpListener>, ConfigError> {
    let mut sockets = Vec::with_capacity(servers);
    for at in 0..servers {
        let port = if cluster.port == 0 { 0 } else { cluster.port + at as u16 };
        sockets.push(bind(SocketAddr::new(config.listen, port)).await?);
    }
    Ok(sockets)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ConfigError> {
    TcpListener::bind(address).await.map_err(|source| ConfigError::Listen { address, source })
}

fn port_of(socket: &TcpListener) -> u16 {
    socket.local_addr().map_or(0, |address| address.port())
}

async fn accept(socket: TcpListener, process: Arc<Process>, cluster: usize, server: usize) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = socket.accept().await else {
            // There are no free file descriptors: wait until connections end.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let is_active = process.with(cluster, |world| world.servers[server].is_active);
        if !is_active {
            continue; // A lost server closes connections immediately.
        }
        let door = Door { process: process.clone(), cluster, server };
        connections.spawn(async move {
            if let Err(error) = connection::serve(stream, door).await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
}
