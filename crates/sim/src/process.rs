//! The shared state of all connections of a simulator.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use rand::RngExt;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
use crate::config::Backend;
use crate::profile::Profile;
use crate::transcript::Transcript;
use crate::world::Cluster;

/// Whether a client has killed a connection or its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    No,
    Query,
    Connection,
}

/// A connection, as seen by clients that may kill it.
#[derive(Clone, Debug)]
pub(crate) struct Victim {
    pub(crate) id: u32,
    pub(crate) salt: [u8; 20],
    pub(crate) kills: Arc<watch::Sender<Kill>>,
}

impl Victim {
    /// Called when a new statement begins: discards a KILL QUERY that arrived when no statement was running.
    pub(crate) fn spare(&self) {
        self.kills.send_if_modified(|kill| {
            let is_stale = *kill == Kill::Query;
            if is_stale {
                *kill = Kill::No;
            }
            is_stale
        });
    }

    /// Waits until the statement or the connection is killed.
    pub(crate) async fn killed(&self) {
        self.wait(|kill| *kill != Kill::No).await;
    }

    /// Waits until the connection is killed.
    pub(crate) async fn ended(&self) {
        self.wait(|kill| *kill == Kill::Connection).await;
    }

    async fn wait(&self, until: impl FnMut(&Kill) -> bool) {
        // This struct owns the sender, so it cannot be dropped during the wait.
        let _ = self.kills.subscribe().wait_for(until).await;
    }
}

/// A TLS acceptor with an empty `Debug` output.
#[derive(Clone)]
pub(crate) struct Acceptor(pub(crate) TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Acceptor")
    }
}

/// A simulator process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) clock: Clock,
    pub(crate) transcript: Transcript,
    pub(crate) backends: Vec<Backend>,
    pub(crate) is_paused: bool,
    /// The TLS acceptor, if TLS is offered.
    pub(crate) tls: Option<Acceptor>,
    clusters: Vec<(Profile, Mutex<Cluster>)>,
    victims: Mutex<HashMap<u32, Victim>>,
    next_connection: AtomicU32,
}

impl Process {
    pub(crate) fn new(
        clock: Clock,
        clusters: Vec<Cluster>,
        backends: Vec<Backend>,
        is_paused: bool,
        tls: Option<Acceptor>,
    ) -> Self {
        Self {
            clock,
            transcript: Transcript::default(),
            backends,
            is_paused,
            tls,
            clusters: clusters.into_iter().map(|cluster| (cluster.profile, Mutex::new(cluster))).collect(),
            victims: Mutex::default(),
            // On a real server, its own sessions use the first IDs.
            next_connection: AtomicU32::new(3_221_487_617),
        }
    }

    pub(crate) fn cluster_count(&self) -> usize {
        self.clusters.len()
    }

    pub(crate) fn profile(&self, cluster: usize) -> Profile {
        self.clusters[cluster].0
    }

    /// Advances a cluster to the clock's time, then calls `work` with it.
    pub(crate) fn with<T>(&self, cluster: usize, work: impl FnOnce(&mut Cluster) -> T) -> T {
        let mut world = self.clusters[cluster].1.lock().expect("nothing panics while it holds a cluster");
        world.advance_to(self.clock.now_us());
        work(&mut world)
    }

    /// Registers a new connection.
    pub(crate) fn admit(&self) -> Victim {
        let mut salt = [0_u8; 20];
        // The salt must not contain NUL, which would terminate the text.
        rand::rng().fill(&mut salt);
        salt.iter_mut().for_each(|byte| *byte = *byte % 94 + 33);
        let id = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let victim = Victim { id, salt, kills: Arc::new(watch::Sender::new(Kill::No)) };
        self.victims().insert(id, victim.clone());
        victim
    }

    pub(crate) fn dismiss(&self, id: u32) {
        self.victims().remove(&id);
    }

    /// Kills a connection or its statement; returns false if there is no such connection.
    pub(crate) fn kill(&self, id: u32, kill: Kill) -> bool {
        let victims = self.victims();
        victims.get(&id).map(|victim| victim.kills.send_replace(kill)).is_some()
    }

    fn victims(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Victim>> {
        self.victims.lock().expect("nothing panics while it counts connections")
    }
}
