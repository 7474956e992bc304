//! Deleting a strategy. Without its own strategy, a tenant has that of the cluster, by whose window the database may
//! delete more of its backups: if it is shorter, or in another storage.

use metadata::strategies::Strategies;
use model::cluster::Cluster;
use model::id::TenantId;
use model::strategy::kernel::{self, Shortening};
use model::strategy::{Scope, Strategy};
use model::text::Text;
use model::user::Permission;
use model::{Problem, size};

use super::found::{self, target};
use crate::actor::Actor;
use crate::context::{Attempt, Control};
use crate::delete_policies::{self, Expiring};
use crate::error::Error;

/// Deletes a strategy and its run history. Backup sets stay, and a running backup continues. A task that waits in the
/// queue ends without running. The watcher of delete policies drops those that the strategy set.
///
/// # Errors
/// When the actor lacks the permission, or there is no strategy (20106). When `accept_cluster_retention` is not set, and the
/// database would delete physical backups of the tenant by the cluster's strategy, because its window is shorter, or
/// because they have expired by it in its storage: names both windows, or what it would delete. When the cluster does not
/// answer and must be asked for the latter.
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
        let elsewhere = match &tenant {
            Some(tenant) if !accept_cluster_retention => {
                elsewhere(control, &cluster, scope, tenant.id).await?
            }
            _ => None,
        };
        let mut writer = control.metadata().begin().await?;
        let strategies = writer.strategies_whole_now(cluster.id).await?;
        let id = found::find_id(&strategies, scope)?;
        if let Some(tenant) = tenant
            && let Some((own, of_cluster)) = neighbours(&strategies, scope)
        {
            let seen = elsewhere.as_ref().filter(|seen| seen.is_about(of_cluster));
            match (kernel::shortening(own, of_cluster), seen) {
                (Some(shortening), _) if accept_cluster_retention => {
                    let mut agreed = of_cluster.clone();
                    agreed.agree(tenant.id, shortening.consents(tenant.id, newest));
                    writer.strategy_update(&agreed).await?;
                }
                (Some(shortening), None) if !shortening.is_shorter() => {
                    return Err(Problem::conflict("strategy-changed-meanwhile").into());
                }
                (Some(shortening), Some(seen)) if !shortening.is_shorter() && !seen.expires() => {}
                (Some(shortening), seen) => {
                    let object = format!("{}/{}", cluster.name, tenant.name);
                    let is_readable = strategies.readable.iter().any(|strategy| strategy.id == id);
                    return Err(refusal(shortening, is_readable, seen).with("object", object).into());
                }
                (None, _) => {}
            }
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

/// Returns the strategy of a tenant, if it can be read, and that of the cluster, which it has next.
fn neighbours(strategies: &Strategies, scope: Scope) -> Option<(Option<&Strategy>, &Strategy)> {
    let of = |scope| strategies.readable.iter().find(|strategy| strategy.scope == scope);
    let of_cluster = of(Scope::Cluster(scope.cluster()))?;
    Some((of(scope), of_cluster))
}

/// What the database would delete of a tenant by the strategy of the cluster in the storage of that strategy, which is
/// another one than that of the tenant's own.
struct Elsewhere {
    /// The strategy of the cluster.
    strategy: Strategy,
    /// The name or address of its storage.
    storage: String,
    expiring: Expiring,
}

impl Elsewhere {
    /// Returns whether this still is what the strategy of the cluster does.
    fn is_about(&self, of_cluster: &Strategy) -> bool {
        of_cluster.settings.storage == self.strategy.settings.storage
            && of_cluster.kernel_wish() == self.strategy.kernel_wish()
    }

    fn expires(&self) -> bool {
        !self.expiring.is_nothing()
    }
}

/// Asks the cluster what would be deleted elsewhere, if the strategies of the tenant and of the cluster have different
/// storages.
async fn elsewhere(
    control: &Control,
    cluster: &Cluster,
    scope: Scope,
    tenant: TenantId,
) -> Result<Option<Elsewhere>, Error> {
    let strategies = control.metadata().strategy_list_whole(Some(cluster.id)).await?;
    let Some((own, of_cluster)) = neighbours(&strategies, scope) else { return Ok(None) };
    // A shorter window is the first reason to refuse, and must not depend on an answer.
    let asks = kernel::shortening(own, of_cluster).filter(|shortening| !shortening.is_shorter());
    let Some(Shortening { days, .. }) = asks else { return Ok(None) };
    let storage = control.context.storage(of_cluster.settings.storage).await?;
    let expiring = delete_policies::expiring_in(control, cluster, tenant, &storage.location, days).await?;
    let storage = storage.name.unwrap_or_else(|| storage.location.uri());
    Ok(Some(Elsewhere { strategy: of_cluster.clone(), storage, expiring }))
}

fn refusal(shortening: Shortening, is_readable: bool, elsewhere: Option<&Elsewhere>) -> Problem {
    let Shortening { own_days, days } = shortening;
    let refusal = match (elsewhere, own_days) {
        (Some(Elsewhere { storage, expiring, .. }), _) if !shortening.is_shorter() => {
            Problem::conflict("strategy-delete-expires-elsewhere")
                .with("storage", storage)
                .with("sets", expiring.sets.len())
                .with("pieces", expiring.pieces)
                .with("size", size::bytes(expiring.bytes))
        }
        (_, Some(own)) => Problem::conflict("strategy-delete-shortens").with("own", own),
        (_, None) if is_readable => Problem::conflict("strategy-delete-starts-clean-up"),
        (_, None) => Problem::conflict("strategy-delete-unread-window"),
    };
    refusal.with("days", days)
}
