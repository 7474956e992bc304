//! What is wrong with the clean-up of physical backups by each cluster's database, from the last check of this server.
//! It exists in this process only: every server checks for itself, and after a restart the first check finds it again.
//! Only since when a tenant waits is forgotten then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::alarm::kept::Span;
use model::id::{ClusterId, TaskId, TenantId};
use model::physical::delete_policy::PolicyWish;
use model::text::Text;
use model::time::Timestamp;

/// The problems by cluster.
#[derive(Default)]
pub(crate) struct CleanUpTroubles {
    checks: Mutex<BTreeMap<ClusterId, CleanUpCheck>>,
    waits: Mutex<BTreeMap<ClusterId, Waits>>,
}

/// The tenants that do not have the policy which they need: which one, and since when.
type Waits = BTreeMap<TenantId, (PolicyWish, Timestamp)>;

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
    /// Whether it could be read the last time; otherwise the problems are older ones.
    pub(crate) is_known: bool,
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

    /// Returns what the last check of a cluster found.
    pub(crate) fn known(&self, cluster: ClusterId) -> Vec<CleanUpTrouble> {
        self.all().get(&cluster).map(|check| check.troubles.clone()).unwrap_or_default()
    }

    /// Stores which tenants of a cluster wait for which policy; returns since when each does.
    pub(crate) fn wait(
        &self,
        cluster: ClusterId,
        waiting: BTreeMap<TenantId, PolicyWish>,
        now: Timestamp,
    ) -> BTreeMap<TenantId, Timestamp> {
        let mut all = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(cluster).or_default();
        let since = |tenant: TenantId, wish: PolicyWish| match known.get(&tenant) {
            Some((known, since)) if *known == wish => *since,
            _ => now,
        };
        let waits: Waits =
            waiting.into_iter().map(|(tenant, wish)| (tenant, (wish, since(tenant, wish)))).collect();
        known.clone_from(&waits);
        waits.into_iter().map(|(tenant, (_, since))| (tenant, since)).collect()
    }

    /// Forgets the last check of a cluster that did not answer: nobody knows what is wrong now.
    pub(crate) fn forget(&self, cluster: ClusterId) {
        self.all().remove(&cluster);
    }

    /// Forgets all clusters but these.
    pub(crate) fn retain(&self, clusters: &BTreeSet<ClusterId>) {
        self.all().retain(|cluster, _| clusters.contains(cluster));
        self.waits
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|cluster, _| clusters.contains(cluster));
    }

    /// Returns the last checks.
    pub(crate) fn of_clusters(&self) -> BTreeMap<ClusterId, CleanUpCheck> {
        self.all().clone()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClusterId, CleanUpCheck>> {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
