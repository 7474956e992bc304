//! Which delete policies Lifeboat has set, according to the tasks that set them.
//!
//! A policy is Lifeboat's if the newest task that changed the tenant's policy set one with this name and window. All
//! others are foreign: those of other tools, those that were changed since, and those of a tenant that was dropped and
//! created again, whose ID is another one.

use engine::Flow as _;
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::id::{ClusterId, TenantId};
use model::physical::delete_policy::{DeletePolicy, PolicyWish};

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
        let newest = self.0.iter().find_map(|task| last_wish(task, policy.tenant));
        !newest.is_some_and(|wish| policy.is(wish))
    }
}

/// Returns the policy that a task left a tenant with; none if it changed nothing for the tenant, or cannot be read.
fn last_wish(task: &engine::Task, tenant: TenantId) -> Option<PolicyWish> {
    let state: State = serde_json::from_value(task.state.clone()).ok()?;
    let (key, _) = state.tenants.iter().find(|(_, part)| part.tenant == tenant)?;
    let lane = task.lanes.iter().find(|lane| lane.key == *key)?;
    let lane: Lane = serde_json::from_value(lane.state.clone()).ok()?;
    if lane.adds { Some(state.wish) } else { lane.drops.then_some(PolicyWish::Drop) }
}
