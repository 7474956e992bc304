//! Log backup: its status, and starting, stopping, pausing and resuming it.

use model::ability::Generation;
use model::archive::{ArchiveRound, ArchiveStatus, LogBackupWish};
use model::id::{ClusterId, TenantId};
use model::order::{IdempotencyKey, LogBackupOrder, Order};
use model::tenant::Tenant;
use model::user::Permission;
use model::{Problem, Timestamp};
use oceanbase::Driver;

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::orders::{self, Accepted};
use crate::page::{Page, PageAsk};

/// The log backup of one tenant; on 3.x of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBackupTask {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its name.
    pub cluster_name: String,
    /// OceanBase's ID of it.
    pub ob_cluster_id: i64,
    /// The tenant; 1 for a whole cluster.
    pub tenant: TenantId,
    /// Its name, as far as it is known.
    pub tenant_name: String,
    /// Its status.
    pub round: ArchiveRound,
    /// The delay, by the database's clock.
    pub delay_us: Option<u64>,
}

/// The status of log backup, as far as the cluster reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBackupTasks {
    /// The page; empty when the cluster does not answer.
    pub page: Page<LogBackupTask>,
    /// Why the cluster does not respond.
    pub unknown: Option<Problem>,
}

/// Returns the log backup status of each tenant, from the cluster's current state.
///
/// # Errors
/// When there is no such cluster or tenant; never because the cluster does not answer.
pub async fn list(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenant: Option<TenantId>,
    status: Option<ArchiveStatus>,
    page: PageAsk,
) -> Result<LogBackupTasks, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    if let Some(tenant) = tenant {
        context.tenant(id, tenant).await?;
    }
    let tenants = context.metadata.tenant_list(id).await?;
    let question = async { seen(&mut asking::open(context, &cluster).await?).await };
    let (seen, unknown) = match asking::within_limit(&cluster, question).await {
        Ok(seen) => (seen, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let is_whole = cluster.facts.generation == Generation::Gen3;
    // Before 4.0 log backup is one per cluster, so the filter by tenant has no effect.
    let is_wanted = |round: &ArchiveRound| {
        (is_whole || tenant.is_none_or(|tenant| round.tenant == tenant))
            && status.is_none_or(|status| round.status == status)
    };
    let row = |(round, delay_us): (ArchiveRound, Option<u64>)| LogBackupTask {
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        ob_cluster_id: cluster.facts.ob_cluster_id,
        tenant: round.tenant,
        tenant_name: if is_whole { "cluster".to_owned() } else { name(&tenants, round.tenant) },
        delay_us,
        round,
    };
    let rows = seen.into_iter().filter(|(round, _)| is_wanted(round)).map(row).collect();
    Ok(LogBackupTasks { page: page.of(rows), unknown })
}

fn name(tenants: &[Tenant], id: TenantId) -> String {
    let known = tenants.iter().find(|known| known.id == id);
    known.map_or_else(|| id.to_string(), |known| known.name.clone())
}

/// Reads every round and its delay.
pub(crate) async fn seen(driver: &mut Driver) -> Result<Vec<(ArchiveRound, Option<u64>)>, Error> {
    let rounds = driver.archive_rounds().await?;
    let now = driver.database_now().await?;
    Ok(rounds.into_iter().map(|round| (round.clone(), delay_us(&round, now))).collect())
}

/// Returns the delay of a round; none if it is stopped.
fn delay_us(round: &ArchiveRound, now: Timestamp) -> Option<u64> {
    let runs = !round.status.lets_destination_change();
    round.checkpoint.filter(|_| runs).map(|checkpoint| now.since(checkpoint))
}

/// Starts a change of the log backup of tenants; none means all. Before 4.0 it is always that of the whole cluster.
///
/// # Errors
/// When a rule refuses it: while the cluster is being upgraded, on seekdb, and a pause on 3.x.
pub async fn change(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
    wish: LogBackupWish,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    let order = LogBackupOrder { cluster: id, tenants: tenants.to_vec(), wish };
    orders::submit(control, actor, Order::LogBackup(order), key).await
}
