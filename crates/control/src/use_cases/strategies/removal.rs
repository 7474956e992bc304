//! Deleting a strategy. Without its own strategy, a tenant has that of the cluster, whose window may be shorter.

use metadata::strategies::Strategies;
use model::Problem;
use model::id::TenantId;
use model::strategy::kernel::{self, Shortening};
use model::strategy::{Scope, Strategy, TakeOver};
use model::text::Text;
use model::user::Permission;

use super::found::{self, target};
use crate::actor::Actor;
use crate::context::{Attempt, Control};
use crate::delete_policies;
use crate::error::Error;

/// Deletes a strategy and its run history. Backup sets stay, and a running backup continues. A task that waits in the
/// queue ends without running. The watcher of delete policies drops those that the strategy set.
///
/// # Errors
/// When the actor lacks the permission, or there is no strategy (20106). When the database would delete physical backups
/// of the tenant by a shorter window, that of the cluster's strategy, and `accept_cluster_retention` is not set: names
/// both windows.
pub async fn remove(
    control: &Control,
    actor: &Actor,
    scope: Scope,
    accept_cluster_retention: bool,
) -> Result<(), Error> {
    let attempt = Attempt::new(actor, "strategy-delete", target(scope));
    let work = Box::pin(async {
        actor.must(Permission::Backup)?;
        let cluster = control.context.cluster(scope.cluster()).await?;
        // A tenant that is gone has no backups that a policy would delete.
        let tenant = match scope.tenant() {
            Some(id) => control.metadata().tenant_get(cluster.id, id).await?,
            None => None,
        };
        let newest = delete_policies::newest_change(control, cluster.id).await?;
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(cluster.id).await?;
        let id = found::find_id(&strategies, scope)?;
        if let Some(tenant) = tenant
            && let Some((of_cluster, shortening)) = shortening(&strategies, scope)
        {
            if !accept_cluster_retention {
                let object = format!("{}/{}", cluster.name, tenant.name);
                let is_readable = strategies.readable.iter().any(|strategy| strategy.id == id);
                return Err(refusal(shortening, is_readable).with("object", object).into());
            }
            let agreed = agreed(of_cluster, tenant.id, shortening.consents(tenant.id, newest));
            writer.strategy_update(&agreed).await?;
        }
        writer.strategy_runs_withdraw(id, Text::new("task-withdrawn-deleted")).await?;
        writer.strategy_remove(id).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        control.context.check_policies.notify_one();
        Ok(())
    });
    attempt.watch(&control.context, found::named(&control.context, scope, work)).await
}

/// Returns the strategy that the tenant has next, if its backups are kept for a shorter time by it.
fn shortening(strategies: &Strategies, scope: Scope) -> Option<(&Strategy, Shortening)> {
    let of = |scope| strategies.readable.iter().find(|strategy| strategy.scope == scope);
    let of_cluster = of(Scope::Cluster(scope.cluster()))?;
    Some((of_cluster, kernel::shortening(of(scope), of_cluster)?))
}

fn refusal(Shortening { own_days, days }: Shortening, is_readable: bool) -> Problem {
    let refusal = match own_days {
        Some(own) => Problem::conflict("strategy-delete-shortens").with("own", own),
        None if is_readable => Problem::conflict("strategy-delete-starts-clean-up"),
        None => Problem::conflict("strategy-delete-unread-window"),
    };
    refusal.with("days", days)
}

/// Returns the strategy of the cluster with the consents about a tenant, which replace older ones.
fn agreed(of_cluster: &Strategy, tenant: TenantId, new: Vec<model::strategy::Consent>) -> Strategy {
    let mut agreed = of_cluster.clone();
    let mut consents = agreed.settings.take_over.take().map(|old| old.consents).unwrap_or_default();
    consents.retain(|consent| consent.tenant != tenant);
    consents.extend(new);
    agreed.settings.take_over = Some(TakeOver { consents });
    agreed
}
