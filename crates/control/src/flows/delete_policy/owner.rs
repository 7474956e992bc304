//! Which delete policies Lifeboat has set, according to the tasks that set them.
//!
//! A policy is Lifeboat's if the newest task that changed the tenant's policy set one with this name and window. All
//! others are foreign: those of other tools, those that were changed since, and those of a tenant that was dropped and
//! created again, whose ID is another one.

use std::collections::BTreeMap;

use engine::{Flow as _, TaskStatus};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::Timestamp;
use model::id::{ClusterId, StrategyId, TaskId, TenantId};
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use model::strategy::kernel::LastChange;

use super::state::{ChangeDeletePolicy, Lane, State};
use crate::context::Context;
use crate::error::Error;

/// The tasks of a cluster that changed delete policies. Each is read once.
pub(crate) struct Owners {
    /// The newest first.
    tasks: Vec<engine::Task>,
    /// How Lifeboat left the policy of each tenant.
    last: BTreeMap<TenantId, LastChange>,
    /// The tasks that each strategy ordered for each tenant, by their index, the newest first, and what they were to do.
    ordered: BTreeMap<(StrategyId, TenantId), Vec<(usize, PolicyWish)>>,
}

impl Owners {
    /// Reads the tasks.
    pub(crate) async fn read(context: &Context, cluster: ClusterId) -> Result<Self, Error> {
        Ok(Self::of(Self::tasks(context, cluster).await?))
    }

    /// Reads the tasks except one, which asks about the others.
    pub(super) async fn read_others(
        context: &Context,
        cluster: ClusterId,
        own: engine::TaskId,
    ) -> Result<Self, Error> {
        let mut tasks = Self::tasks(context, cluster).await?;
        tasks.retain(|task| task.id != own);
        Ok(Self::of(tasks))
    }

    async fn tasks(context: &Context, cluster: ClusterId) -> Result<Vec<engine::Task>, Error> {
        let query = TaskQuery {
            kinds: vec![ChangeDeletePolicy::KIND.to_owned()],
            subjects: vec![(subject::CLUSTER.to_owned(), cluster.to_string())],
            ..TaskQuery::default()
        };
        Ok(context.metadata.task_list(&query, Slice::ALL).await?.items)
    }

    /// Returns what these tasks did, of which the newest is the first.
    fn of(tasks: Vec<engine::Task>) -> Self {
        let mut last = BTreeMap::new();
        let mut ordered: BTreeMap<_, Vec<(usize, PolicyWish)>> = BTreeMap::new();
        for (index, task) in tasks.iter().enumerate() {
            let Ok(state) = serde_json::from_value::<State>(task.state.clone()) else { continue };
            let lanes: BTreeMap<&str, _> =
                task.lanes.iter().map(|lane| (lane.key.as_str(), &lane.state)).collect();
            for (name, part) in &state.tenants {
                if let Some(strategy) = state.strategy {
                    ordered.entry((strategy, part.tenant)).or_default().push((index, state.wish));
                }
                let lane = lanes.get(name.as_str()).map(|lane| serde_json::from_value((*lane).clone()));
                if let Some(Ok(lane)) = lane
                    && let Some(change) = last_change(task, &state, &lane)
                {
                    last.entry(part.tenant).or_insert(change);
                }
            }
        }
        Self { tasks, last, ordered }
    }

    /// Returns whether Lifeboat did not set the policy.
    pub(crate) fn is_foreign(&self, policy: &DeletePolicy) -> bool {
        !self.last(policy.tenant).is_some_and(|last| last.left(policy))
    }

    /// Returns the strategy that ordered the newest change of a tenant's policy.
    pub(super) fn strategy_of(&self, tenant: TenantId) -> Option<StrategyId> {
        self.last(tenant)?.strategy
    }

    /// Returns how Lifeboat left the policy of a tenant; none if it never changed it.
    pub(crate) fn last(&self, tenant: TenantId) -> Option<LastChange> {
        self.last.get(&tenant).copied()
    }

    /// Returns the newest tries of a strategy to do this for a tenant, the newest first, even if they changed nothing. What
    /// it ordered before anything else is no such try.
    pub(crate) fn tries(
        &self,
        strategy: StrategyId,
        tenant: TenantId,
        wish: PolicyWish,
    ) -> impl Iterator<Item = &engine::Task> {
        let ordered = self.ordered.get(&(strategy, tenant)).map(Vec::as_slice).unwrap_or_default();
        let same = ordered.iter().take_while(move |(_, ordered)| *ordered == wish);
        same.filter_map(move |(index, _)| self.tasks.get(*index))
    }

    /// Returns the policies that Lifeboat has set and not dropped since, by tenant.
    pub(crate) fn set_policies(&self) -> Vec<(TenantId, PolicyWish)> {
        let set = self.last.iter().filter(|(_, last)| last.wish != PolicyWish::Drop);
        set.map(|(tenant, last)| (*tenant, last.wish)).collect()
    }

    /// Returns the newest task of all.
    pub(crate) fn newest(&self) -> Option<TaskId> {
        self.tasks.first().map(|task| TaskId(task.id.0))
    }

    /// Returns whether a task has not ended: until then, no other one is accepted.
    pub(crate) fn has_unfinished(&self) -> bool {
        self.tasks.iter().any(|task| !task.status.is_finished())
    }
}

/// Returns the policy that a task left a lane's tenant with; none if it changed nothing.
fn last_change(task: &engine::Task, state: &State, lane: &Lane) -> Option<LastChange> {
    let wish = if lane.adds { state.wish } else { lane.drops.then_some(PolicyWish::Drop)? };
    Some(LastChange {
        wish,
        strategy: state.strategy,
        task: TaskId(task.id.0),
        created: Timestamp(task.created_at.0),
        // Earlier versions did not save it for each lane.
        is_done: lane.is_seen || task.status == TaskStatus::Successful,
    })
}
