//! The problems from the last refresh of each cluster, and from the last check of this server's own disks. They exist
//! in this process only: every server reads the clusters for itself, and after a restart the first refresh finds them
//! again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::alarm;
use model::archive::ArchiveRound;
use model::id::ClusterId;
use model::text::Text;
use model::time::Timestamp;

/// The problems by cluster, and those of the disks.
#[derive(Default)]
pub(crate) struct Troubles {
    by_cluster: Mutex<BTreeMap<ClusterId, Trouble>>,
    of_disks: Mutex<Option<DiskTrouble>>,
    /// The number of possible changes so far.
    changes: AtomicU64,
}

/// The problem of a cluster.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// The cluster does not answer.
    Silent {
        /// Since when, as far as this server knows.
        since: Timestamp,
        /// The reason at that time.
        why: Text,
    },
    /// The cluster answers, and these of its log backups are interrupted or late, with the delay of each.
    Logs(Vec<(ArchiveRound, Option<u64>)>),
}

/// A problem of the disks of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskTrouble {
    /// Since when, as far as this server knows.
    pub(crate) since: Timestamp,
    /// The first fault that was found.
    pub(crate) why: Text,
}

impl Troubles {
    /// Stores the current problem of the disks, if any. The start of a lasting problem stays the same.
    pub(crate) fn disks(&self, now: Timestamp, why: Option<Text>) {
        let mut kept = self.of_disks.lock().unwrap_or_else(PoisonError::into_inner);
        let since = kept.as_ref().map_or(now, |trouble| trouble.since);
        let found = why.map(|why| DiskTrouble { since, why });
        if *kept != found {
            *kept = found;
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the problem of the disks at the last check.
    pub(crate) fn of_disks(&self) -> Option<DiskTrouble> {
        self.of_disks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores that a cluster does not answer. The start of a lasting problem stays the same.
    pub(crate) fn silent(&self, cluster: ClusterId, now: Timestamp, why: Text) {
        let mut all = self.all();
        if !matches!(all.get(&cluster), Some(Trouble::Silent { .. })) {
            all.insert(cluster, Trouble::Silent { since: now, why });
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Stores the log backup status of a reachable cluster. If it could not be read, the last known problems of log
    /// backup stay.
    pub(crate) fn answered(&self, cluster: ClusterId, logs: Option<Vec<(ArchiveRound, Option<u64>)>>) {
        let Some(mut logs) = logs else { return self.not_silent(cluster) };
        // Keep every delay: the limit depends on the strategy, which is not known here.
        logs.retain(|(round, delay_us)| alarm::of_log_backup(round, *delay_us, 0).is_some());
        let mut all = self.all();
        let was_well = if logs.is_empty() {
            all.remove(&cluster).is_none()
        } else {
            all.insert(cluster, Trouble::Logs(logs));
            false
        };
        if !was_well {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn not_silent(&self, cluster: ClusterId) {
        let mut all = self.all();
        if matches!(all.get(&cluster), Some(Trouble::Silent { .. })) {
            all.remove(&cluster);
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the problem of a cluster at the last refresh.
    pub(crate) fn of(&self, cluster: ClusterId) -> Option<Trouble> {
        self.all().get(&cluster).cloned()
    }

    /// Returns the number of possible changes so far.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClusterId, Trouble>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.by_cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use model::archive::{ArchiveRound, ArchiveStatus};
    use model::id::{ClusterId, TenantId};
    use model::text::Text;
    use model::time::Timestamp;

    use super::{Trouble, Troubles};

    fn interrupted() -> ArchiveRound {
        ArchiveRound {
            tenant: TenantId(1002),
            status: ArchiveStatus::Interrupted,
            mode_on: None,
            enabled: true,
            round: 1,
            start: None,
            checkpoint: None,
            comment: String::new(),
            path: String::new(),
        }
    }

    #[test]
    fn an_interrupted_log_backup_is_not_forgotten_when_a_refresh_can_t_read_it() {
        let (troubles, cluster) = (Troubles::default(), ClusterId(1));
        troubles.answered(cluster, Some(vec![(interrupted(), None)]));
        let changes = troubles.changes();
        troubles.answered(cluster, None);
        assert!(matches!(troubles.of(cluster), Some(Trouble::Logs(logs)) if logs.len() == 1));
        assert_eq!(troubles.changes(), changes);
        troubles.answered(cluster, Some(Vec::new()));
        assert!(troubles.of(cluster).is_none());
    }

    #[test]
    fn a_cluster_that_answers_is_no_longer_silent_even_without_its_log_backup() {
        let (troubles, cluster) = (Troubles::default(), ClusterId(1));
        troubles.silent(cluster, Timestamp(1), Text::new("database-refuses-connections"));
        troubles.answered(cluster, None);
        assert!(troubles.of(cluster).is_none());
    }
}
