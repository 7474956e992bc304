//! Log backup that is paused and resumed together with the schedule of a strategy.

use metadata::Slice;
use metadata::strategies::Strategies;
use metadata::tasks::{TaskQuery, subject};
use model::Problem;
use model::ability::Generation;
use model::archive::LogBackupWish;
use model::backup::BackupMethod;
use model::id::TenantId;
use model::order::{LogBackupOrder, Order};
use model::physical::SYS;
use model::problem::codes;
use model::strategy::{Scope, Strategy};
use model::tenant::Tenant;

use super::due::meant;
use crate::context::Context;
use crate::error::Error;
use crate::flows::log_backup::LogBackup;

/// How many of the newest log backup tasks of a cluster are searched for the latest one of a tenant.
const CHANGES_MAX: u32 = 200;

/// Returns the order that pauses the log backup of a strategy's tenants; none if it has no tenant.
///
/// # Errors
/// When the strategy has no log backup.
pub(super) async fn pause_order(
    context: &Context,
    strategies: &Strategies,
    strategy: &Strategy,
) -> Result<Option<Order>, Error> {
    if strategy.settings.method != BackupMethod::Physical {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "strategy-without-log-backup").into());
    }
    Ok(order(strategy, &tenants(context, strategies, strategy).await?, LogBackupWish::Pause))
}

/// Returns the order that resumes log backup that was paused together with a strategy and not changed through Lifeboat
/// since then; none if there is no such log backup.
///
/// # Errors
/// When the metadata database fails.
pub(super) async fn resume_order(
    context: &Context,
    strategies: &Strategies,
    strategy: &Strategy,
) -> Result<Option<Order>, Error> {
    let cluster = context.cluster(strategy.scope.cluster()).await?;
    if strategy.settings.method != BackupMethod::Physical || cluster.facts.generation != Generation::Gen4 {
        return Ok(None);
    }
    let changes = TaskQuery {
        kinds: vec![<LogBackup as engine::Flow>::KIND.to_owned()],
        subjects: vec![(subject::CLUSTER.to_owned(), cluster.id.to_string())],
        ..TaskQuery::default()
    };
    let changes = context.metadata.task_list(&changes, Slice { offset: 0, limit: CHANGES_MAX }).await?.items;
    let is_paused_with_it = |tenant: &Tenant| {
        let newest = changes.iter().find(|task| LogBackup::changes(task, &tenant.name));
        newest.is_some_and(|task| {
            let paused_by = task.subject.get(subject::STRATEGY);
            LogBackup::wish(task) == Some(LogBackupWish::Pause)
                && paused_by.is_some_and(|id| *id == strategy.id.to_string())
        })
    };
    let mut tenants = tenants(context, strategies, strategy).await?;
    tenants.retain(is_paused_with_it);
    Ok(order(strategy, &tenants, LogBackupWish::Resume))
}

fn order(strategy: &Strategy, tenants: &[Tenant], wish: LogBackupWish) -> Option<Order> {
    // An empty list would mean the whole cluster.
    let tenants: Vec<TenantId> = tenants.iter().map(|tenant| tenant.id).collect();
    let order = LogBackupOrder { cluster: strategy.scope.cluster(), tenants, wish };
    (!order.tenants.is_empty()).then_some(Order::LogBackup(order))
}

/// Returns the tenants that a strategy backs up.
async fn tenants(
    context: &Context,
    strategies: &Strategies,
    strategy: &Strategy,
) -> Result<Vec<Tenant>, Error> {
    let mut tenants = context.metadata.tenant_list(strategy.scope.cluster()).await?;
    let hidden: Vec<Scope> = strategies.unreadable.iter().map(|unreadable| unreadable.scope).collect();
    let meant = meant(&strategies.readable, &hidden, strategy, &tenants);
    tenants
        .retain(|tenant| tenant.id != SYS && meant.as_ref().is_none_or(|meant| meant.contains(&tenant.id)));
    Ok(tenants)
}
