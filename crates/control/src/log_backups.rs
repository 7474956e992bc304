//! Log backup: how it stands, and starting, stopping, pausing and resuming it.

use std::sync::Arc;

use model::Timestamp;
use model::archive::{ArchiveRound, LogBackupWish};
use model::id::{ClusterId, TenantId};
use model::user::Permission;
use oceanbase::{Driver, NoWitness};

use crate::actor::Actor;
use crate::audit::Attempt;
use crate::backups::Accepted;
use crate::context::Control;
use crate::error::Error;
use crate::flows::log_backup;

/// The log backup of one tenant; on 3.x of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBackupTask {
    /// The tenant; 1 for a whole cluster.
    pub tenant: TenantId,
    /// Its name, as far as it is known.
    pub tenant_name: String,
    /// How it stands.
    pub round: ArchiveRound,
    /// How far it is behind, by the database's clock.
    pub delay_us: Option<u64>,
}

/// Returns how log backup stands, tenant by tenant, as the cluster says now.
///
/// # Errors
/// When there is no such cluster, or it does not answer.
pub async fn list(control: &Control, actor: &Actor, id: ClusterId) -> Result<Vec<LogBackupTask>, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    let endpoint = context.endpoint(&cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await?;
    let rounds = driver.archive_rounds().await?;
    let now = driver.database_now().await?;
    let tenants = context.metadata.tenant_list(id).await?;
    let name = |tenant: TenantId| {
        let known = tenants.iter().find(|known| known.id == tenant);
        known.map_or_else(|| tenant.to_string(), |known| known.name.clone())
    };
    let seen = |round: ArchiveRound| LogBackupTask {
        tenant: round.tenant,
        tenant_name: name(round.tenant),
        delay_us: delay_us(&round, now),
        round,
    };
    Ok(rounds.into_iter().map(seen).collect())
}

/// A round that was stopped is not behind.
fn delay_us(round: &ArchiveRound, now: Timestamp) -> Option<u64> {
    let runs = !round.status.lets_destination_change();
    round.checkpoint.filter(|_| runs).map(|checkpoint| now.since(checkpoint))
}

/// Begins to change the log backup of tenants; none means all. On 3.x it is always the cluster's.
///
/// # Errors
/// When a rule refuses it: while the cluster is being upgraded, on seekdb, and a pause on 3.x.
pub async fn change(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
    wish: LogBackupWish,
) -> Result<Accepted, Error> {
    let verb = match wish {
        LogBackupWish::Start => "log-backup-start",
        LogBackupWish::Stop => "log-backup-stop",
        LogBackupWish::Pause => "log-backup-pause",
        LogBackupWish::Resume => "log-backup-resume",
    };
    let attempt = Attempt::new(actor, verb, format!("cluster/{id}"));
    let work = async {
        actor.must(Permission::Backup)?;
        log_backup::request(control, actor, id, tenants, wish, &attempt).await
    };
    attempt.watch(control, work).await
}
