//! The tasks of strategies that wait in the queue, as far as a round of the scheduler has to look at them again.

use std::collections::BTreeMap;

use metadata::task_queue::QueuedTask;
use model::Timestamp;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, StrategyId};
use model::strategy::Strategy;

use crate::context::Control;
use crate::error::Error;
use crate::orders::actor_of_run;

/// The tasks that wait, and what is known of their clusters.
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

    /// Returns since when the first task of a strategy waits, or until when it is held.
    pub(super) fn first_of(&self, strategy: StrategyId) -> Option<Timestamp> {
        self.tasks.get(&strategy).into_iter().flatten().map(|task| task.from).min()
    }

    /// Tells whether something has changed for the tasks of a strategy that wait: their time is up, they are to be held or held no
    /// longer, or the strategy's owner may not back up any more.
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
        // What cannot be read is looked at again, and told then.
        let owner = control.metadata().user_get(strategy.owner).await;
        owner.is_err() || owner.is_ok_and(|owner| actor_of_run(owner, strategy).is_err())
    }

    /// Tells whether the cluster runs; one that cannot be read does not.
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

/// Returns the state of a cluster as it matters to a run: one that is being upgraded takes none.
pub(super) fn status(cluster: &Cluster) -> ClusterStatus {
    if cluster.facts.upgrading && cluster.status == ClusterStatus::Running {
        ClusterStatus::Upgrading
    } else {
        cluster.status
    }
}
