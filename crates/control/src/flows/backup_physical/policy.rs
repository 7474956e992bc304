//! A delete policy that a strategy has set does not follow a backup into another place: the database would delete there
//! what nobody has been shown.

use engine::{Note, StepError};
use model::id::TenantId;
use model::physical::delete_policy::DeletePolicy;
use oceanbase::Driver;

use super::{Here, State, lane};
use crate::error::Error;
use crate::flows::delete_policy::Owners;

/// Drops the delete policy of a tenant before its destinations move, which deletes nothing. It stays if a user has set it,
/// or if they move to the storage of the strategy and it is the policy that the strategy needs: whoever saved the strategy
/// has seen what expires there.
pub(super) async fn drop_before_move(
    at: &Here,
    state: &State,
    driver: &mut Driver,
    tenant: TenantId,
    name: &str,
) -> Result<(), StepError> {
    let policies = driver.delete_policies().await.map_err(Error::from)?;
    for policy in policies.into_iter().filter(|policy| policy.tenant == tenant) {
        let Some(rule) = policy.rule() else { continue };
        if !may_delete_unseen(at, state, &policy).await? {
            continue;
        }
        let statement = driver.verbs().drop_delete_policy(name, rule);
        lane::act(at, driver, &statement).await?;
        let note = Note::new("delete-policy-dropped-before-move").arg("tenant", name);
        at.log(note.arg("policy", policy.words()));
    }
    Ok(())
}

async fn may_delete_unseen(at: &Here, state: &State, policy: &DeletePolicy) -> Result<bool, Error> {
    let context = at.context();
    let owners = Owners::read(context, state.cluster).await?;
    let last = owners.last(policy.tenant).filter(|last| last.left(policy));
    let Some(owner) = last.and_then(|last| last.strategy) else { return Ok(false) };
    let strategies = context.metadata.strategy_list_whole(Some(state.cluster)).await?;
    let strategy = strategies.readable.iter().find(|strategy| strategy.id == owner);
    let is_agreed = strategy.is_some_and(|strategy| {
        strategy.settings.storage == state.storage
            && strategy.kernel_wish().is_some_and(|wish| policy.is(wish))
    });
    Ok(!is_agreed)
}
