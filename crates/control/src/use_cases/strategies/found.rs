//! The strategy of a request: it exists, does not exist, or cannot be read by this version.

use metadata::strategies::{Strategies, Unreadable};
use model::Problem;
use model::id::{ClusterId, StrategyId};
use model::problem::codes;
use model::strategy::{Scope, Strategy, rules};

use crate::context::Context;
use crate::error::Error;

/// Finds the strategy of exactly that scope.
///
/// # Errors
/// 20106 when there is none; an internal error when its settings cannot be read.
pub(super) fn find(strategies: &Strategies, scope: Scope) -> Result<&Strategy, Problem> {
    check_readable(strategies, scope)?;
    rules::find(&strategies.readable, scope)
}

/// Finds the ID of the strategy of exactly that scope, which need not be readable.
///
/// # Errors
/// 20106 when there is none.
pub(super) fn find_id(strategies: &Strategies, scope: Scope) -> Result<StrategyId, Problem> {
    match unreadable(strategies, scope) {
        Some(unreadable) => Ok(unreadable.id),
        None => rules::find(&strategies.readable, scope).map(|strategy| strategy.id),
    }
}

/// Returns what the audit log calls a strategy.
pub(super) fn target(scope: Scope) -> String {
    match scope {
        Scope::Cluster(ClusterId(cluster)) => format!("cluster/{cluster}"),
        Scope::Tenant(cluster, tenant) => format!("cluster/{cluster}/tenant/{tenant}"),
    }
}

/// Checks that the scope has no unreadable strategy.
///
/// # Errors
/// Names the unreadable strategy, and what to do about it.
pub(super) fn check_readable(strategies: &Strategies, scope: Scope) -> Result<(), Problem> {
    match unreadable(strategies, scope) {
        Some(Unreadable { id, cause, .. }) => Err(unreadable_problem(*id, cause)),
        None => Ok(()),
    }
}

/// Returns the problem that a strategy cannot be read, and what to do about it.
pub(super) fn unreadable_problem(id: StrategyId, cause: &str) -> Problem {
    Problem::internal("strategy-unreadable").with("strategy", id).raw(cause)
}

/// Waits for the work on the strategy of a scope. If it is refused because there is such a strategy, or none, the refusal
/// names the cluster and the tenant instead of their IDs.
pub(super) async fn named<T>(
    context: &Context,
    scope: Scope,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let error = match work.await {
        Err(error) if NAMING_CODES.contains(&error.problem().code) => error,
        outcome => return outcome,
    };
    let Some(cluster) = context.metadata.cluster_get(scope.cluster()).await? else { return Err(error) };
    let object = match scope.tenant() {
        None => cluster.name,
        Some(id) => {
            let tenant = context.metadata.tenant_get(cluster.id, id).await?;
            format!("{}/{}", cluster.name, tenant.map_or_else(|| id.to_string(), |tenant| tenant.name))
        }
    };
    Err(error.into_problem().with("object", object).into())
}

const NAMING_CODES: [u32; 3] = [codes::CLUSTER_HAS_STRATEGY, codes::TENANT_HAS_STRATEGY, codes::NO_STRATEGY];

fn unreadable(strategies: &Strategies, scope: Scope) -> Option<&Unreadable> {
    strategies.unreadable.iter().find(|unreadable| unreadable.scope == scope)
}
