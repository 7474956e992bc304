//! A delete policy that a strategy has set does not follow a backup into another place: the database would delete there
//! what nobody has been shown.

use engine::{Note, StepError};
use model::id::{StorageId, TenantId};
use model::physical::delete_policy::DeletePolicy;
use model::retention::kernel::KernelPolicy;
use model::strategy::Strategy;
use oceanbase::Driver;

use super::{Here, State, lane};
use crate::context::Context;
use crate::error::Error;
use crate::flows::delete_policy::Owners;

/// Drops the delete policies of a tenant that do not follow its destinations, before these move. That deletes nothing.
pub(super) async fn drop_before_move(
    at: &Here,
    state: &State,
    driver: &mut Driver,
    tenant: TenantId,
    name: &str,
) -> Result<(), StepError> {
    for (policy, rule) in left_behind(at.context(), state, state.storage, driver, tenant).await? {
        let statement = driver.verbs().drop_delete_policy(name, rule);
        lane::act(at, driver, &statement).await?;
        let note = Note::new("delete-policy-dropped-before-move").arg("tenant", name);
        at.log(note.arg("policy", policy.words()));
    }
    Ok(())
}

/// Returns the delete policies of a tenant that do not follow its destinations into a storage. A policy of a user does. One
/// of a strategy follows only into the storage of the strategy, and only if the strategy still needs it: the user who saved
/// the strategy has seen what expires there.
pub(super) async fn left_behind(
    context: &Context,
    state: &State,
    storage: StorageId,
    driver: &mut Driver,
    tenant: TenantId,
) -> Result<Vec<(DeletePolicy, KernelPolicy)>, Error> {
    let policies = driver.delete_policies().await?;
    let policies: Vec<_> = policies.into_iter().filter(|policy| policy.tenant == tenant).collect();
    if policies.is_empty() {
        return Ok(Vec::new());
    }
    let owners = Owners::read(context, state.cluster).await?;
    let strategies = context.metadata.strategy_list_whole(Some(state.cluster)).await?.readable;
    let is_left = |policy: &DeletePolicy| {
        let last = owners.last(tenant).filter(|last| last.left(policy));
        let Some(owner) = last.and_then(|last| last.strategy) else { return false };
        let is_agreed = |strategy: &Strategy| {
            strategy.id == owner
                && strategy.settings.storage == storage
                && strategy.kernel_wish().is_some_and(|wish| policy.is(wish))
        };
        !strategies.iter().any(is_agreed)
    };
    let ruled = policies.into_iter().filter(is_left).filter_map(|policy| {
        let rule = policy.rule()?;
        Some((policy, rule))
    });
    Ok(ruled.collect())
}
