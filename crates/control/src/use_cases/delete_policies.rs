//! The delete policies of a 4.x cluster's tenants, what the database deletes by them, and changing them.

mod of_strategies;
mod overdue;
#[cfg(test)]
mod stories;

use model::Problem;
use model::cluster::Cluster;
use model::id::{ClusterId, TenantId};
use model::order::{DeletePolicyOrder, IdempotencyKey, Order};
use model::physical::delete_policy::{DAY_US, DeletePolicy, PolicyWish};
use model::retention::Policy;
use model::retention::kernel::KernelPolicy;
use model::strategy::{Scope, kernel};
use model::user::Permission;

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::flows::delete_policy;
pub use crate::flows::delete_policy::{Expiring, ExpiringSet, PlannedPolicy, PolicyPlan};
use crate::orders::{self, Accepted};
pub(crate) use of_strategies::watch;

/// The delete policy of a tenant, and what the database deletes by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantDeletePolicy {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Its policy, if it has one.
    pub policy: Option<DeletePolicy>,
    /// Whether Lifeboat did not set that policy.
    pub is_foreign: bool,
    /// What the database deletes at its next check, by the policy or by the window in the request; none without either,
    /// and for a policy that cannot be read.
    pub prediction: Option<Expiring>,
    /// Whether a strategy with the requested window needs consent to replace that policy.
    pub needs_consent: bool,
}

/// The tenants and the window that are asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyFilter {
    /// The window in days; none means each tenant's own policy.
    pub retention_days: Option<u32>,
    /// Only the tenants that a strategy with this scope backs up, whether it exists or not.
    pub scope: Option<Scope>,
}

/// Returns the delete policies of a cluster's tenants with what the database deletes by them. With `retention_days`,
/// returns what the database would delete by a policy with this window: `ADD DELETE BACKUP POLICY` deletes that at
/// once.
///
/// # Errors
/// When the actor may not read it, there is no such cluster, it has no delete policies, the days are out of range, or
/// the cluster does not answer.
pub async fn delete_policies(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    filter: PolicyFilter,
) -> Result<Vec<TenantDeletePolicy>, Error> {
    let PolicyFilter { retention_days, scope } = filter;
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    delete_policy::check_offered(&cluster)?;
    let window = Policy { window_days: retention_days, ..Policy::KEEP_ALL }.checked()?.window_days;
    let tenants = context.metadata.tenant_list(id).await?;
    let mut tenants: Vec<_> =
        tenants.into_iter().filter(|tenant| tenant.id != model::physical::SYS).collect();
    if let Some(scope) = scope {
        let ids: Vec<_> = tenants.iter().map(|tenant| tenant.id).collect();
        let covered = covered(control, scope, &ids).await?;
        tenants.retain(|tenant| covered.contains(&tenant.id));
    }
    let owners = delete_policy::Owners::read(context, id).await?;
    let question = async {
        let mut driver = asking::open(context, &cluster).await?;
        let policies = driver.delete_policies().await?;
        let outlook = delete_policy::Outlook::read(&mut driver, None).await?;
        let mut found = Vec::with_capacity(tenants.len());
        for tenant in &tenants {
            let policy = policies.iter().find(|policy| policy.tenant == tenant.id).cloned();
            let asked = window.map(|days| (KernelPolicy::Default, u64::from(days) * DAY_US));
            let rule = asked.or_else(|| {
                let policy = policy.as_ref()?;
                Some((policy.rule()?, policy.window_us()?))
            });
            let prediction = match rule {
                Some((rule, window_us)) => {
                    Some(outlook.foresee(&mut driver, tenant.id, rule, window_us).await?.0)
                }
                None => None,
            };
            let is_foreign = policy.as_ref().is_some_and(|policy| owners.is_foreign(policy));
            let (tenant, tenant_name) = (tenant.id, tenant.name.clone());
            let needs_consent = window.is_some_and(|days| {
                kernel::needs_consent(promise(days), policy.as_ref(), owners.last(tenant).as_ref())
            });
            found.push(TenantDeletePolicy {
                tenant,
                tenant_name,
                policy,
                is_foreign,
                prediction,
                needs_consent,
            });
        }
        Ok(found)
    };
    Ok(asking::within_limit(&cluster, question).await?)
}

/// Plans a change of the policies of tenants: what there is, what is done, and what the database deletes as soon as the
/// new policy is added. Nothing is changed.
///
/// # Errors
/// When the actor may not read it, a rule refuses the change, or the cluster does not answer.
pub async fn preview(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    tenants: &[TenantId],
    wish: PolicyWish,
) -> Result<PolicyPlan, Error> {
    actor.must(Permission::Read)?;
    let cluster = control.context.cluster(id).await?;
    delete_policy::plan_now(&control.context, &cluster, tenants, wish, None).await
}

/// Starts a task that changes the policies of tenants. The order names the plan that its sender has seen.
///
/// # Errors
/// When the actor lacks the permission, a rule refuses the change, the plan is another one by now, a foreign policy is
/// not to be taken over, or nothing changes.
pub async fn change(
    control: &Control,
    actor: &Actor,
    order: DeletePolicyOrder,
    key: Option<&IdempotencyKey>,
) -> Result<Accepted, Error> {
    orders::submit(control, actor, Order::DeletePolicy(order), key).await
}

/// Returns the tenants that a strategy with this scope backs up, whether it exists or not.
async fn covered(control: &Control, scope: Scope, tenants: &[TenantId]) -> Result<Vec<TenantId>, Error> {
    let strategies = control.metadata().strategy_list_whole(Some(scope.cluster())).await?;
    let readable = strategies.readable.iter().map(|strategy| strategy.scope);
    let others: Vec<_> = readable.chain(strategies.unreadable.iter().map(|other| other.scope)).collect();
    Ok(kernel::tenants_of(scope, &others, tenants))
}

/// Returns the policy of a strategy with this window.
const fn promise(days: u32) -> PolicyWish {
    PolicyWish::Set { rule: KernelPolicy::Default, days }
}

/// Reads the policies that a strategy is about to replace, for the consent to it.
///
/// # Errors
/// Names the tenants whose policies Lifeboat did not set, unless they may be taken over. Fails if the cluster does not
/// answer.
pub(crate) async fn consent(
    control: &Control,
    cluster: &Cluster,
    scope: Scope,
    days: u32,
    take_over: bool,
) -> Result<Vec<(TenantId, Option<DeletePolicy>)>, Error> {
    let context = &control.context;
    delete_policy::check_offered(cluster)?;
    let question = async {
        let mut driver = asking::open(context, cluster).await?;
        Ok((driver.tenants().await?, driver.delete_policies().await?))
    };
    let (living, policies) = asking::within_limit(cluster, question).await?;
    let owners = delete_policy::Owners::read(context, cluster.id).await?;
    let ids: Vec<_> = living.iter().map(|tenant| tenant.id).collect();
    let (mut seen, mut foreign) = (Vec::new(), Vec::new());
    for tenant in covered(control, scope, &ids).await? {
        let policy = policies.iter().find(|policy| policy.tenant == tenant);
        if kernel::needs_consent(promise(days), policy, owners.last(tenant).as_ref()) {
            let name = living.iter().find(|known| known.id == tenant).map_or("-", |known| &known.name);
            foreign.push(format!("{name}: {}", policy.map_or_else(String::new, DeletePolicy::words)));
        }
        if take_over || policy.is_none() {
            seen.push((tenant, policy.cloned()));
        }
    }
    if foreign.is_empty() || take_over {
        return Ok(seen);
    }
    let refusal = Problem::conflict("strategy-foreign-policies").with("policies", foreign.join(", "));
    Err(refusal.with("days", days).into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::testkit::Timed as _;
    use model::backup::DataBackupMode::Full;
    use sim::Profile;

    use super::{PolicyFilter, TenantDeletePolicy, delete_policies};
    use crate::testing::simulated::SimWorld;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    async fn pass(world: &SimWorld, time: Duration) {
        world.control.metadata().pass(time).await.expect("the clock can be moved");
        world.handle.advance_seconds(time.as_secs_f64());
    }

    async fn of_shop(world: &SimWorld, days: Option<u32>) -> TenantDeletePolicy {
        let filter = PolicyFilter { retention_days: days, scope: None };
        let found = delete_policies(&world.control, &world.actor, world.cluster, filter).await.expect("told");
        found.into_iter().find(|policy| policy.tenant_name == "shop").expect("it is a tenant")
    }

    fn ids(of: &TenantDeletePolicy) -> Vec<i64> {
        let expiring = of.prediction.as_ref().expect("a window is known");
        expiring.sets.iter().map(|set| set.id).collect()
    }

    #[tokio::test]
    async fn what_is_predicted_is_what_the_database_deletes() {
        for profile in [Profile::V4_2_5, Profile::V4_6] {
            let world = SimWorld::with(profile, &["shop"]).await;
            for _ in 0..3 {
                let task = world.begin(world.wish(Full)).await;
                world.finish(task).await;
                pass(&world, 2 * DAY).await;
            }
            let bare = of_shop(&world, None).await;
            assert_eq!((bare.policy, bare.prediction), (None, None), "{profile}: nothing is deleted");
            // The sets are 6, 4 and 2 days old: a window of 3 days needs the second one.
            let foreseen = of_shop(&world, Some(3)).await;
            assert_eq!(ids(&foreseen), [1], "{profile}");
            let expiring = foreseen.prediction.clone().expect("predicted");
            assert!(expiring.bytes > 0 && expiring.anchor == Some(2), "{profile}: {expiring:?}");
            assert_eq!(ids(&of_shop(&world, Some(30)).await), Vec::<i64>::new(), "{profile}");

            world
                .say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '3d' TENANT shop")
                .await;
            let with_policy = of_shop(&world, None).await;
            let policy = with_policy.policy.clone().expect("it has one");
            assert_eq!((policy.name.as_str(), policy.window.as_str()), ("default", "3d"), "{profile}");
            assert_eq!(ids(&with_policy), [1], "{profile}: by the policy itself");
            pass(&world, Duration::from_secs(2 * 60 * 60)).await;
            let cluster = world.control.context.cluster(world.cluster).await.expect("known");
            let mut driver = crate::asking::open(&world.control.context, &cluster).await.expect("opens");
            let records = driver.backup_records(None).await.expect("told");
            let left: Vec<i64> =
                records[0].sets.iter().filter(|set| !set.is_deleted).map(|set| set.set.id).collect();
            assert_eq!(left, [2, 3], "{profile}: the database did what was foreseen");
            assert_eq!(
                ids(&of_shop(&world, None).await),
                Vec::<i64>::new(),
                "{profile}: nothing is left to go"
            );
        }
    }

    #[tokio::test]
    async fn a_cluster_without_delete_policies_says_so() {
        let world = SimWorld::with(Profile::V3_1_5, &["shop"]).await;
        let all = PolicyFilter::default();
        let refused = delete_policies(&world.control, &world.actor, world.cluster, all).await;
        assert_eq!(refused.expect_err("there are none").problem().text.id, "delete-policy-not-offered");
        let newer = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let none = PolicyFilter { retention_days: Some(0), scope: None };
        let refused = delete_policies(&newer.control, &newer.actor, newer.cluster, none).await;
        assert_eq!(refused.expect_err("no window").problem().text.id, "retention-rule-out-of-range");
    }
}
