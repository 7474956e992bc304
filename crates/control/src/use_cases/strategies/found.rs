//! The strategy of a request: it exists, it does not, or this version cannot read it.

use metadata::strategies::{Strategies, Unreadable};
use model::Problem;
use model::id::StrategyId;
use model::strategy::{Scope, Strategy, rules};

/// Finds the strategy of exactly that scope.
///
/// # Errors
/// 20106 when there is none, and another when its settings cannot be read.
pub(super) fn find(strategies: &Strategies, scope: Scope) -> Result<&Strategy, Problem> {
    check_readable(strategies, scope)?;
    rules::find(&strategies.readable, scope)
}

/// Finds the identity of the strategy of exactly that scope, which need not be readable.
///
/// # Errors
/// 20106 when there is none.
pub(super) fn find_id(strategies: &Strategies, scope: Scope) -> Result<StrategyId, Problem> {
    match unreadable(strategies, scope) {
        Some(unreadable) => Ok(unreadable.id),
        None => rules::find(&strategies.readable, scope).map(|strategy| strategy.id),
    }
}

/// Checks that the scope has no strategy that cannot be read.
///
/// # Errors
/// Names the strategy, and what is to be done about it.
pub(super) fn check_readable(strategies: &Strategies, scope: Scope) -> Result<(), Problem> {
    match unreadable(strategies, scope) {
        Some(Unreadable { id, cause, .. }) => {
            Err(Problem::internal("strategy-unreadable").with("strategy", id).raw(cause))
        }
        None => Ok(()),
    }
}

fn unreadable(strategies: &Strategies, scope: Scope) -> Option<&Unreadable> {
    strategies.unreadable.iter().find(|unreadable| unreadable.scope == scope)
}
