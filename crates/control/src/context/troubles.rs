//! The problems from the last refresh of each cluster, and from the last check of this server's own disks. They exist
//! in this process only: every server reads the clusters for itself, and after a restart the first refresh finds them
//! again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::alarm;
use model::alarm::kept::Span;
use model::archive::ArchiveRound;
use model::id::ClusterId;
use model::text::Text;
use model::time::Timestamp;

/// The problems by cluster, and those of the disks.
#[derive(Default)]
pub(crate) struct Troubles {
    clusters: Mutex<ClusterTroubles>,
    disks: Mutex<DiskTroubles>,
    /// The number of possible changes so far.
    changes: AtomicU64,
}

/// The problems of all clusters at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterTroubles {
    by_cluster: BTreeMap<ClusterId, Trouble>,
    /// When the log backup status of each cluster was read that responds and reported it.
    pub(crate) logs_at: BTreeMap<ClusterId, Span>,
}

impl ClusterTroubles {
    /// Returns the problem of a cluster.
    pub(crate) fn of(&self, cluster: ClusterId) -> Option<&Trouble> {
        self.by_cluster.get(&cluster)
    }
}

/// The problem of the disks at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct DiskTroubles {
    /// When they were checked; none before the first check.
    pub(crate) checked: Option<Timestamp>,
    /// The problem, if any.
    pub(crate) trouble: Option<DiskTrouble>,
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
        let mut kept = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        let since = kept.trouble.as_ref().map_or(now, |trouble| trouble.since);
        let found = why.map(|why| DiskTrouble { since, why });
        kept.checked = Some(now);
        if kept.trouble != found {
            kept.trouble = found;
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the problem of the disks at the last check.
    pub(crate) fn of_disks(&self) -> DiskTroubles {
        self.disks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores that a cluster does not answer. The start of a lasting problem stays the same.
    pub(crate) fn silent(&self, cluster: ClusterId, now: Timestamp, why: Text) {
        let mut all = self.all();
        all.logs_at.remove(&cluster);
        if !matches!(all.of(cluster), Some(Trouble::Silent { .. })) {
            all.by_cluster.insert(cluster, Trouble::Silent { since: now, why });
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Stores the log backup status of a reachable cluster, and when it was read. If it could not be read, the
    /// last known problems of log backup stay.
    pub(crate) fn answered(
        &self,
        cluster: ClusterId,
        logs: Option<Vec<(ArchiveRound, Option<u64>)>>,
        at: Span,
    ) {
        let Some(mut logs) = logs else { return self.not_silent(cluster) };
        // Keep every delay: the limit depends on the strategy, which is not known here.
        logs.retain(|(round, delay_us)| alarm::of_log_backup(round, *delay_us, 0).is_some());
        let mut all = self.all();
        let is_first = all.logs_at.insert(cluster, at).is_none();
        let was_well = if logs.is_empty() {
            all.by_cluster.remove(&cluster).is_none()
        } else {
            all.by_cluster.insert(cluster, Trouble::Logs(logs));
            false
        };
        if is_first || !was_well {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn not_silent(&self, cluster: ClusterId) {
        let mut all = self.all();
        if matches!(all.of(cluster), Some(Trouble::Silent { .. })) {
            all.by_cluster.remove(&cluster);
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the problems of all clusters at their last refresh.
    pub(crate) fn of_clusters(&self) -> ClusterTroubles {
        self.all().clone()
    }

    /// Returns the number of possible changes so far.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn all(&self) -> MutexGuard<'_, ClusterTroubles> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.clusters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use model::alarm::kept::Span;
    use model::archive::{ArchiveRound, ArchiveStatus};
    use model::id::{ClusterId, TenantId};
    use model::text::Text;
    use model::time::Timestamp;

    use super::{Trouble, Troubles};

    fn at(time: i64) -> Span {
        Span::at(Timestamp(time))
    }

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
        troubles.answered(cluster, Some(vec![(interrupted(), None)]), at(1));
        let changes = troubles.changes();
        troubles.answered(cluster, None, at(2));
        let all = troubles.of_clusters();
        assert!(matches!(all.of(cluster), Some(Trouble::Logs(logs)) if logs.len() == 1));
        assert_eq!((troubles.changes(), all.logs_at.get(&cluster)), (changes, Some(&at(1))));
        troubles.answered(cluster, Some(Vec::new()), at(3));
        assert!(troubles.of_clusters().of(cluster).is_none());
    }

    #[test]
    fn a_cluster_that_answers_is_no_longer_silent_even_without_its_log_backup() {
        let (troubles, cluster) = (Troubles::default(), ClusterId(1));
        troubles.silent(cluster, Timestamp(1), Text::new("database-refuses-connections"));
        troubles.answered(cluster, None, at(2));
        assert!(troubles.of_clusters().of(cluster).is_none());
    }

    #[test]
    fn the_log_backup_of_a_silent_cluster_is_unknown_until_it_is_read_again() {
        let (troubles, cluster) = (Troubles::default(), ClusterId(1));
        let known = || troubles.of_clusters().logs_at.get(&cluster).copied();
        assert_eq!(known(), None);
        troubles.answered(cluster, Some(Vec::new()), at(1));
        assert_eq!(known(), Some(at(1)));
        troubles.silent(cluster, Timestamp(2), Text::new("database-refuses-connections"));
        assert_eq!(known(), None);
        troubles.answered(cluster, None, at(3));
        assert_eq!(known(), None, "it answers, but does not report its log backup");
    }
}
