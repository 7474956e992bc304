//! What is wrong with the clean-up of physical backups by each cluster's database, from the last check of this server.
//! It exists in this process only: every server checks for itself, and after a restart the first check finds it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::alarm::kept::Span;
use model::id::{ClusterId, TaskId, TenantId};
use model::text::Text;
use model::time::Timestamp;

/// The problems by cluster.
#[derive(Default)]
pub(crate) struct CleanUpTroubles(Mutex<BTreeMap<ClusterId, CleanUpCheck>>);

/// The last check of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct CleanUpCheck {
    /// When it was made.
    pub(crate) at: Span,
    /// What is wrong, at most one problem for each tenant.
    pub(crate) troubles: Vec<CleanUpTrouble>,
    /// What is wrong with the deletions of the database.
    pub(crate) deletions: Deletions,
}

/// What is wrong with the deletions of a database. This is read less often than the policies.
#[derive(Debug, Clone)]
pub(crate) struct Deletions {
    /// When it was read.
    pub(crate) read: Timestamp,
    /// The problems.
    pub(crate) troubles: Vec<CleanUpTrouble>,
}

/// A tenant whose expired backups are not deleted as they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CleanUpTrouble {
    /// The tenant.
    pub(crate) tenant: TenantId,
    /// The task that shows more.
    pub(crate) task: Option<TaskId>,
    /// Since when, if that is known.
    pub(crate) since: Option<Timestamp>,
    /// The problem, without the object.
    pub(crate) text: Text,
    /// The reason, if there is another text.
    pub(crate) reason: Option<Text>,
}

impl CleanUpTroubles {
    /// Stores the check of a cluster.
    pub(crate) fn keep(&self, cluster: ClusterId, check: CleanUpCheck) {
        self.all().insert(cluster, check);
    }

    /// Returns what was wrong with the deletions of a cluster when that was read.
    pub(crate) fn deletions_of(&self, cluster: ClusterId) -> Option<Deletions> {
        self.all().get(&cluster).map(|check| check.deletions.clone())
    }

    /// Forgets the last check of a cluster that did not answer: nobody knows what is wrong now.
    pub(crate) fn forget(&self, cluster: ClusterId) {
        self.all().remove(&cluster);
    }

    /// Forgets all clusters but these.
    pub(crate) fn retain(&self, clusters: &BTreeSet<ClusterId>) {
        self.all().retain(|cluster, _| clusters.contains(cluster));
    }

    /// Returns the last checks.
    pub(crate) fn of_clusters(&self) -> BTreeMap<ClusterId, CleanUpCheck> {
        self.all().clone()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClusterId, CleanUpCheck>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
