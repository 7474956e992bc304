//! The log backup checkpoints, from the last refresh of each cluster. They exist in this process only: every server
//! reads the clusters for itself. If a cluster stops responding, its checkpoint stays and its age grows.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::archive::{ArchiveRound, ArchiveStatus};
use model::id::{ClusterId, TenantId};
use model::time::Timestamp;

/// The statuses in which log backup is running or starting.
const RUNNING: [ArchiveStatus; 3] = [ArchiveStatus::Prepare, ArchiveStatus::Beginning, ArchiveStatus::Doing];

/// The checkpoints at the last refresh of each cluster.
#[derive(Default)]
pub(crate) struct LogCheckpoints(Mutex<BTreeMap<ClusterId, Found>>);

struct Found {
    seen: Instant,
    rounds: Vec<Checkpoint>,
}

struct Checkpoint {
    tenant: TenantId,
    /// The age of the checkpoint when it was read, if there is one.
    age: Option<Duration>,
    is_running: bool,
}

/// The log backup of one tenant; on 3.x of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCheckpoint {
    /// The age of the checkpoint now: logs up to then are backed up. None if logs were never backed up.
    pub age: Option<Duration>,
    /// Whether log backup is running.
    pub is_running: bool,
}

impl LogCheckpoints {
    /// Stores a cluster's answer at this time: each round, and its delay by the database's clock.
    pub(crate) fn keep(&self, cluster: ClusterId, rounds: &[(ArchiveRound, Option<u64>)], now: Timestamp) {
        let checkpoint = |(round, delay_us): &(ArchiveRound, Option<u64>)| {
            // The database reports no delay for a stopped round.
            let age_us = round.checkpoint.map(|checkpoint| delay_us.unwrap_or_else(|| now.since(checkpoint)));
            Checkpoint {
                tenant: round.tenant,
                age: age_us.map(Duration::from_micros),
                is_running: RUNNING.contains(&round.status),
            }
        };
        let found = Found { seen: Instant::now(), rounds: rounds.iter().map(checkpoint).collect() };
        self.all().insert(cluster, found);
    }

    /// Returns the log backups of a cluster by tenant, with their current age; empty before the first refresh.
    pub(crate) fn of(&self, cluster: ClusterId) -> BTreeMap<TenantId, LogCheckpoint> {
        let all = self.all();
        let Some(found) = all.get(&cluster) else { return BTreeMap::new() };
        let since = found.seen.elapsed();
        let now = |round: &Checkpoint| LogCheckpoint {
            age: round.age.map(|age| age + since),
            is_running: round.is_running,
        };
        found.rounds.iter().map(|round| (round.tenant, now(round))).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClusterId, Found>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
