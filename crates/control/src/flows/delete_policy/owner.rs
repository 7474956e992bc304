//! Which delete policies Lifeboat has set, according to the tasks that set them.
//!
//! A policy is Lifeboat's if the newest task that changed the tenant's policy set one with this name and window. All
//! others are foreign: those of other tools, those that were changed since, and those of a tenant that was dropped and
//! created again, whose ID is another one.

use engine::{Flow as _, TaskStatus};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::Timestamp;
use model::id::{ClusterId, StrategyId, TenantId};
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use model::strategy::kernel::LastChange;

use super::state::{ChangeDeletePolicy, Lane, State};
use crate::context::Context;
use crate::error::Error;

/// The tasks of a cluster that changed delete policies, the newest first.
pub(crate) struct Owners(Vec<engine::Task>);

impl Owners {
    /// Reads the tasks.
    pub(crate) async fn read(context: &Context, cluster: ClusterId) -> Result<Self, Error> {
        let query = TaskQuery {
            kinds: vec![ChangeDeletePolicy::KIND.to_owned()],
            subjects: vec![(subject::CLUSTER.to_owned(), cluster.to_string())],
            ..TaskQuery::default()
        };
        Ok(Self(context.metadata.task_list(&query, Slice::ALL).await?.items))
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
        self.0.iter().find_map(|task| last_change(task, tenant))
    }

    /// Returns the newest task that a strategy ordered for a tenant, even if it changed nothing.
    pub(crate) fn newest_of(&self, strategy: StrategyId, tenant: TenantId) -> Option<&engine::Task> {
        self.0.iter().find(|task| {
            let state = serde_json::from_value::<State>(task.state.clone());
            state.is_ok_and(|state| {
                state.strategy == Some(strategy) && state.tenants.values().any(|part| part.tenant == tenant)
            })
        })
    }

    /// Returns the newest task of all.
    pub(crate) fn newest(&self) -> Option<&engine::Task> {
        self.0.first()
    }
}

/// Returns the policy that a task left a tenant with; none if it changed nothing for the tenant, or cannot be read.
fn last_change(task: &engine::Task, tenant: TenantId) -> Option<LastChange> {
    let state: State = serde_json::from_value(task.state.clone()).ok()?;
    let (key, _) = state.tenants.iter().find(|(_, part)| part.tenant == tenant)?;
    let lane = task.lanes.iter().find(|lane| lane.key == *key)?;
    let lane: Lane = serde_json::from_value(lane.state.clone()).ok()?;
    let wish = if lane.adds { state.wish } else { lane.drops.then_some(PolicyWish::Drop)? };
    Some(LastChange {
        wish,
        strategy: state.strategy,
        created: Timestamp(task.created_at.0),
        is_done: task.status == TaskStatus::Successful,
    })
}
