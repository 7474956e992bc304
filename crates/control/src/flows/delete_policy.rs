//! Sets, changes or drops the delete policies of tenants of 4.x. Each tenant is a lane.
//!
//! 1. `check-delete-policy`    the plan is computed again: it is the one that the sender of the request has seen
//! 2. `drop-delete-policy`     the old policy is gone; any other policy than the one in the plan is left alone
//! 3. `add-delete-policy`      the new policy exists; it is added only if the database deletes nothing new by it
//! 4. `verify-delete-policy`   the tenant has the requested policy and no other
//!
//! OceanBase can't change a policy, only drop it and add another, which deletes expired backups at once. If a task ends
//! between the two, the tenant has no policy and nothing is deleted; a retry adds the new one.
//!
//! There is no undo: backups that the database has deleted cannot be restored.

mod foreseen;
mod guard;
mod owner;
mod plan;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use engine::flow::Answer;
use engine::{Flow, Next, Note, Step, StepError};
use model::Problem;
use model::id::TenantId;
use model::physical::delete_policy::{DeletePolicy, PolicyWish};
use model::problem::codes;
use oceanbase::Driver;

use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;
use crate::words;

pub use foreseen::{Expiring, ExpiringSet};
pub(crate) use foreseen::{Foreseen, Outlook};
pub(crate) use guard::check_offered;
pub(crate) use owner::Owners;
use plan::plan;
pub use plan::{PlannedPolicy, PolicyPlan};
pub(crate) use plan::{Sorted, seal};
pub(crate) use request::{TAKER, plan_each, plan_now};
pub(crate) use state::ChangeDeletePolicy;
use state::{Here, Lane, Part, State};
pub(crate) use wanted::may_be_hidden;

/// How long a step may take.
const STEP_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The interval between a statement and the look at its result.
const LOOK: Duration = Duration::from_secs(1);

/// How often a policy is added that the database does not show afterwards.
const ADDS_MAX: u32 = 5;

impl Flow for ChangeDeletePolicy {
    const KIND: &'static str = "delete-policy"; // stored; never renamed once released
    const VERSION: u32 = 1;
    type Context = Context;
    type State = State;
    type Lane = Lane;

    const STEPS: &'static [Step<Self>] = &[
        Step::one("check-delete-policy", |at, s| Box::pin(check_delete_policy(at, s))).timeout(STEP_LIMIT),
        Step::each("drop-delete-policy", |at, s, l| Box::pin(drop_delete_policy(at, s, l)))
            .timeout(STEP_LIMIT),
        Step::each("add-delete-policy", |at, s, l| Box::pin(add_delete_policy(at, s, l))).timeout(STEP_LIMIT),
        Step::each("verify-delete-policy", |at, s, l| Box::pin(verify_delete_policy(at, s, l)))
            .timeout(STEP_LIMIT),
    ];
}

/// 1. The plan is computed again: it is the one that the sender of the request has seen.
async fn check_delete_policy(at: &Here, state: &mut State) -> Answer {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let mut driver = driver(at, state).await?;
    let tenants = state.chosen.clone();
    let plan = plan(context, &cluster, &mut driver, &tenants, state.wish, state.strategy).await?;
    plan.refuse_other(&state.plan).map_err(words::refused)?;
    for (name, part) in &state.tenants {
        wanted::check(at, state, part.tenant, name).await?;
    }
    for planned in &plan.tenants {
        let tenant = &planned.tenant_name;
        let policy = planned.policy.as_ref().map_or_else(|| "-".to_owned(), DeletePolicy::words);
        at.log(Note::new("delete-policy-is").arg("tenant", tenant).arg("policy", policy));
        if planned.is_foreign {
            at.log(Note::new("delete-policy-is-foreign").arg("tenant", tenant));
        }
        if let Some(expiring) = &planned.expiring {
            at.log(expiring.note(tenant));
        }
    }
    Ok(Next::Done)
}

/// 2. The old policy is gone; any other policy than the one in the plan is left alone.
async fn drop_delete_policy(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let part = part(at, state)?;
    let Some(old) = part.old.as_ref().filter(|old| !old.is(state.wish)) else {
        return Ok(Next::Done); // there is none, or it stays
    };
    let mut driver = driver(at, state).await?;
    match &policies(&mut driver, part.tenant).await?[..] {
        [] => {
            at.log(Note::new("delete-policy-dropped").arg("tenant", at.lane()).arg("policy", old.words()));
            return Ok(Next::Done);
        }
        [found] if found == old => {}
        found => return Err(changed(at, found)),
    }
    // A policy is dropped only if that is still wanted, and the new one may be added now.
    guard::check_change(at, &mut driver, state, part).await?;
    wanted::check_consent(at, state, part.tenant, Some(old)).await?;
    if !lane.drops {
        lane.drops = true; // saved before the statement is sent: the policy may be gone from now on
        return Ok(Next::again(Duration::ZERO));
    }
    let rule = old.rule().ok_or_else(|| changed(at, std::slice::from_ref(old)))?;
    let statement = driver.verbs().drop_delete_policy(at.lane(), rule);
    at.may_act(statement.timeout).await?;
    // The checks take a while, and the statement drops any policy of this name.
    match &policies(&mut driver, part.tenant).await?[..] {
        [found] if found == old => {}
        found => return Err(changed(at, found)),
    }
    driver.act(&statement).await.map_err(Error::from)?;
    Ok(Next::again(LOOK))
}

/// 3. The new policy exists; it is added only if the database deletes nothing new by it.
async fn add_delete_policy(at: &Here, state: &State, lane: &mut Lane) -> Answer {
    let PolicyWish::Set { rule, days } = state.wish else { return Ok(Next::Done) };
    let part = part(at, state)?;
    let mut driver = driver(at, state).await?;
    match &policies(&mut driver, part.tenant).await?[..] {
        [] => {}
        [found] if found.is(state.wish) => {
            if !lane.adds {
                wanted::check(at, state, part.tenant, at.lane()).await?;
            }
            lane.adds = true; // also one that stays is Lifeboat's from now on
            lane.is_seen = true;
            at.log(Note::new("delete-policy-added").arg("tenant", at.lane()).arg("policy", found.words()));
            return Ok(Next::Done);
        }
        found => return Err(changed(at, found)),
    }
    if lane.sent >= ADDS_MAX {
        lane.sent = 0; // a retry tries again
        let hidden = Problem::refused(codes::OUTSIDE, "delete-policy-not-shown");
        return Err(words::refused(hidden.with("tenant", at.lane())));
    }
    let mut checked = guard::check_change(at, &mut driver, state, part).await;
    if checked.is_ok() && !lane.drops {
        checked = wanted::check_consent(at, state, part.tenant, None).await;
    }
    if let Err(error) = checked {
        if lane.drops && lane.sent == 0 {
            at.log(Note::new("delete-policy-none").arg("tenant", at.lane()));
        }
        return Err(error.into());
    }
    if !lane.adds {
        lane.adds = true; // saved before the statement is sent: the policy may exist from now on
        return Ok(Next::again(Duration::ZERO));
    }
    lane.sent += 1;
    let statement = driver.verbs().add_delete_policy(at.lane(), rule, days);
    at.may_act(statement.timeout).await?;
    match driver.act(&statement).await {
        // A statement whose answer was lost may have taken effect. The next look shows whose policy it is.
        Err(error) if driver.verbs().has_delete_policy_already(&error) => {}
        done => done.map_err(Error::from)?,
    }
    Ok(Next::again(LOOK))
}

/// 4. The tenant has the requested policy and no other.
async fn verify_delete_policy(at: &Here, state: &State, _: &mut Lane) -> Answer {
    let part = part(at, state)?;
    let mut driver = driver(at, state).await?;
    let found = policies(&mut driver, part.tenant).await?;
    match (state.wish, &found[..]) {
        (PolicyWish::Drop, []) => {
            at.log(Note::new("delete-policy-none").arg("tenant", at.lane()));
            Ok(Next::Done)
        }
        (PolicyWish::Set { .. }, [found]) if found.is(state.wish) => {
            at.log(Note::new("delete-policy-set").arg("tenant", at.lane()).arg("policy", found.words()));
            Ok(Next::Done)
        }
        (_, found) => Err(changed(at, found)),
    }
}

async fn driver(at: &Here, state: &State) -> Result<Driver, StepError> {
    let context = at.context();
    let cluster = context.cluster(state.cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, Arc::new(StepLog::new(at))).await.map_err(Error::from)?)
}

fn part<'a>(at: &Here, state: &'a State) -> Result<&'a Part, StepError> {
    let missing = || words::refused(Problem::internal("task-not-made"));
    state.tenants.get(at.lane()).ok_or_else(missing)
}

/// Reads the policies of a tenant: at most one, as far as the kernel is known.
async fn policies(driver: &mut Driver, tenant: TenantId) -> Result<Vec<DeletePolicy>, Error> {
    let mut policies = driver.delete_policies().await?;
    policies.retain(|policy| policy.tenant == tenant);
    Ok(policies)
}

/// Returns the refusal of a tenant with other policies than those of the plan. Nothing is sent.
fn changed(at: &Here, found: &[DeletePolicy]) -> StepError {
    let found: Vec<String> = found.iter().map(DeletePolicy::words).collect();
    let found = if found.is_empty() { "-".to_owned() } else { found.join(", ") };
    words::refused(Problem::conflict("delete-policy-changed").with("tenant", at.lane()).with("found", found))
}
