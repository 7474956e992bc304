//! Which logical backup sets are kept, and why; deleting those that have expired; holds.

use model::Problem;
use model::Timestamp;
use model::backup::BackupMethod;
use model::id::{BackupSetId, ClusterId, StorageId, TenantId};
use model::order::{CleanUpOrder, IdempotencyKey, Order};
use model::problem::codes;
use model::retention::{Policy, SetHold, check_hold};
use model::storage::Storage;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::{Attempt, Control};
use crate::error::Error;
use crate::flows::clean_up;
pub use crate::flows::clean_up::{PlannedSet, TenantPlan};
use crate::orders::{self, Accepted};

/// A selection of sets, and the policy for them.
#[derive(Debug, Clone)]
pub struct RetentionAsk {
    /// The cluster.
    pub cluster: ClusterId,
    /// The tenants; none means all.
    pub tenants: Vec<TenantId>,
    /// The storage of the sets; none means all storages.
    pub storage: Option<StorageId>,
    /// The retention policy; if none, the backup strategy of each tenant decides.
    pub policy: Option<Policy>,
}

/// The clean-up plan for the sets in one storage.
#[derive(Debug, Clone)]
pub struct StoragePlan {
    /// The storage.
    pub storage: Storage,
    /// The tenants that have sets in it, by ID.
    pub tenants: Vec<TenantPlan>,
}

/// Returns for each logical set whether it is kept, and why. Nothing is changed. Every manifest is read: a set whose
/// files do not prove that it is the set in the catalogue counts for no rule.
///
/// # Errors
/// When the actor may not read it, a rule is malformed, there is no such cluster or storage, or a storage fails.
pub async fn plan(control: &Control, actor: &Actor, ask: &RetentionAsk) -> Result<Vec<StoragePlan>, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(ask.cluster).await?;
    let policy = ask.policy.map(Policy::checked).transpose()?;
    let mut plans = Vec::new();
    for id in storages(control, ask).await? {
        let storage = context.storage(id).await?;
        let tenants = Box::pin(clean_up::plan_of(context, &cluster, id, &ask.tenants, policy)).await?;
        plans.push(StoragePlan { storage, tenants });
    }
    Ok(plans)
}

/// Starts a task that deletes the expired sets, or only the selected ones of them.
///
/// # Errors
/// When the actor lacks the permission, the sets are in several storages and none is selected, a selected set is kept,
/// nothing has expired, or another clean-up of the storage is running.
pub async fn apply(
    control: &Control,
    actor: &Actor,
    ask: RetentionAsk,
    sets: Vec<BackupSetId>,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    actor.must(Permission::Backup)?;
    let name = control.context.cluster(ask.cluster).await?.name;
    let policy = ask.policy.map(Policy::checked).transpose()?;
    let storage = match storages(control, &ask).await?[..] {
        [storage] => storage,
        [] => {
            let refusal = Problem::refused(codes::NOTHING_TO_CLEAN_UP, "clean-up-without-sets");
            return Err(refusal.with("cluster", name).into());
        }
        [..] => return Err(Problem::invalid("clean-up-storage-not-chosen").into()),
    };
    let RetentionAsk { cluster, tenants, .. } = ask;
    let order = CleanUpOrder { cluster, tenants, storage, policy, sets };
    orders::submit(control, actor, Order::CleanUp(order), key).await
}

/// Holds a logical set: whatever the policy, it is not deleted until the hold ends or is released. A new hold replaces
/// an earlier one.
///
/// # Errors
/// When the actor lacks the permission, the reason is empty or the end has passed, there is no such set, its files are
/// deleted or being deleted, or it is physical: OceanBase deletes those by its own policy.
pub async fn hold(
    control: &Control,
    actor: &Actor,
    set: BackupSetId,
    reason: &str,
    until: Option<Timestamp>,
) -> Result<SetHold, Error> {
    let attempt = Attempt::new(actor, "backup-hold", format!("backup-set/{set}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let mut writer = control.metadata().begin().await?;
        let now = writer.now().await?;
        let reason = check_hold(reason, until, now)?;
        let known = writer.backup_set_now(set).await?;
        let known = known.ok_or_else(|| Problem::not_found("backup-set-unknown").with("set", set))?;
        if known.status.is_gone() {
            return Err(Problem::not_found("backup-set-deleted").with("set", set).into());
        }
        if known.method != BackupMethod::Logical {
            let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "hold-of-physical-set");
            return Err(refusal.with("set", set).into());
        }
        let hold = writer.hold_set(set, &reason, &actor.name, until).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(hold)
    };
    attempt.watch(&control.context, work).await
}

/// Releases a set: only the policy decides about it from now on. Returns the released hold.
///
/// # Errors
/// When the actor lacks the permission, or the set is not held.
pub async fn release(control: &Control, actor: &Actor, set: BackupSetId) -> Result<SetHold, Error> {
    let attempt = Attempt::new(actor, "backup-release", format!("backup-set/{set}"));
    let work = async {
        actor.must(Permission::Backup)?;
        let mut writer = control.metadata().begin().await?;
        let hold = writer.hold_now(set).await?;
        let hold = hold.ok_or_else(|| Problem::not_found("hold-unknown").with("set", set))?;
        writer.hold_remove(set).await?;
        attempt.done(&mut writer).await?;
        writer.commit().await?;
        Ok(hold)
    };
    attempt.watch(&control.context, work).await
}

/// Returns the selected storage, otherwise all that contain logical sets of the cluster.
async fn storages(control: &Control, ask: &RetentionAsk) -> Result<Vec<StorageId>, Error> {
    if let Some(storage) = ask.storage {
        control.context.storage(storage).await?;
        return Ok(vec![storage]);
    }
    let used = control.metadata().backup_set_bytes(ask.cluster, BackupMethod::Logical).await?;
    Ok(used.into_iter().map(|(storage, _)| storage).collect())
}
