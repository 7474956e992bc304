//! The tasks of strategies that wait in the queue, and whether a round of the scheduler must check them again.

use std::collections::BTreeMap;

use metadata::task_queue::QueuedTask;
use model::Timestamp;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, StrategyId};
use model::strategy::Strategy;

use crate::context::Control;
use crate::error::Error;
use crate::orders::actor_of_run;

/// The waiting tasks, and whether their clusters are ready.
pub(super) struct Queue {
    tasks: BTreeMap<StrategyId, Vec<QueuedTask>>,
    ready: BTreeMap<ClusterId, bool>,
}

impl Queue {
    pub(super) async fn read(control: &Control) -> Result<Self, Error> {
        let mut tasks: BTreeMap<StrategyId, Vec<QueuedTask>> = BTreeMap::new();
        for task in control.metadata().task_queue_of_strategies().await? {
            tasks.entry(task.strategy).or_default().push(task);
        }
        Ok(Self { tasks, ready: BTreeMap::new() })
    }

    /// Returns the earliest time from which a waiting task of a strategy may start.
    pub(super) fn first_of(&self, strategy: StrategyId) -> Option<Timestamp> {
        self.tasks.get(&strategy).into_iter().flatten().map(|task| task.from).min()
    }

    /// Returns whether something has changed for the waiting tasks of a strategy: their time is over, they must be held
    /// or released, the strategy is paused, or its owner may no longer back up.
    pub(super) async fn has_news_of(
        &mut self,
        control: &Control,
        strategy: &Strategy,
        now: Timestamp,
    ) -> bool {
        let schedule = &strategy.settings.schedule;
        let is_quiet = schedule.window().is_some_and(|window| window.holds(schedule.zone(), now));
        let is_to_be_held = is_quiet || !self.is_ready(control, strategy.scope.cluster()).await;
        let has_news =
            |task: &QueuedTask| task.before <= now || (task.from > now) != is_to_be_held || strategy.paused;
        if self.tasks.get(&strategy.id).into_iter().flatten().any(has_news) {
            return true;
        }
        // If the owner cannot be read, the check itself reports the error.
        let owner = control.metadata().user_get(strategy.owner).await;
        owner.is_err() || owner.is_ok_and(|owner| actor_of_run(owner, strategy).is_err())
    }

    /// Returns whether the cluster is running; false if it cannot be read.
    async fn is_ready(&mut self, control: &Control, cluster: ClusterId) -> bool {
        if let Some(is_ready) = self.ready.get(&cluster) {
            return *is_ready;
        }
        let found = control.metadata().cluster_get(cluster).await.ok().flatten();
        let is_ready = found.is_some_and(|cluster| status(&cluster) == ClusterStatus::Running);
        self.ready.insert(cluster, is_ready);
        is_ready
    }
}

/// Returns the status of a cluster for a run: a cluster that is being upgraded is not ready.
pub(super) fn status(cluster: &Cluster) -> ClusterStatus {
    if cluster.facts.upgrading && cluster.status == ClusterStatus::Running {
        ClusterStatus::Upgrading
    } else {
        cluster.status
    }
}
