//! The delete policies of a 4.x cluster's tenants, what the database deletes by them, and changing them.

mod leaving;
mod of_strategies;
mod overdue;
#[cfg(test)]
mod stories;

use std::collections::{BTreeMap, BTreeSet};

use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::{ClusterId, StorageId, TaskId, TenantId};
use model::order::{DeletePolicyOrder, IdempotencyKey, Order};
use model::physical::delete_policy::{DAY_US, DeletePolicy, PolicyWish};
use model::physical::{SYS, address};
use model::retention::Policy;
use model::retention::kernel::KernelPolicy;
use model::storage::StorageLocation;
use model::strategy::{Consent, Scope, kernel};
use model::tenant::Tenant;
use model::user::Permission;
use model::{Problem, size};

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::flows::delete_policy;
pub use crate::flows::delete_policy::{Expiring, ExpiringSet, PlannedPolicy, PolicyPlan};
use crate::orders::{self, Accepted};
pub(crate) use leaving::refuse_leaving;
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
    /// The storage of that strategy. Defaults to that of the saved one, and for a tenant to that of the cluster's.
    pub storage: Option<StorageId>,
}

/// The delete policies of a cluster's tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletePolicies {
    /// The tenants, by ID.
    pub tenants: Vec<TenantDeletePolicy>,
    /// Identifies what a strategy with the window in the request would replace and delete: a request to save that strategy
    /// contains it. None without a window.
    pub digest: Option<String>,
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
) -> Result<DeletePolicies, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    delete_policy::check_offered(&cluster)?;
    let window = Policy { window_days: filter.retention_days, ..Policy::KEEP_ALL }.checked()?.window_days;
    let owners = delete_policy::Owners::read(context, id).await?;
    let base = match base_of(control, id, filter).await? {
        Some(storage) if window.is_some() => Some(address::shown(&context.storage(storage).await?.location)),
        _ => None,
    };
    ask(control, &cluster, &owners, PolicyFilter { retention_days: window, ..filter }, base.as_deref()).await
}

/// Returns the storage of the strategy that is asked about, if that is known.
async fn base_of(
    control: &Control,
    cluster: ClusterId,
    PolicyFilter { scope, storage, .. }: PolicyFilter,
) -> Result<Option<StorageId>, Error> {
    let Some(scope) = scope.filter(|_| storage.is_none()) else { return Ok(storage) };
    let strategies = control.metadata().strategy_list_whole(Some(cluster)).await?.readable;
    let of = |scope| strategies.iter().find(|strategy| strategy.scope == scope);
    let of_cluster =
        || of(Scope::Cluster(cluster)).filter(|strategy| strategy.settings.method == BackupMethod::Physical);
    Ok(of(scope).or_else(of_cluster).map(|strategy| strategy.settings.storage))
}

/// Asks the cluster. `base` is the storage in which a strategy will delete.
async fn ask(
    control: &Control,
    cluster: &Cluster,
    owners: &delete_policy::Owners,
    PolicyFilter { retention_days: window, scope, .. }: PolicyFilter,
    base: Option<&str>,
) -> Result<DeletePolicies, Error> {
    let context = &control.context;
    let strategies = control.metadata().strategy_list_whole(Some(cluster.id)).await?;
    let strategy = strategies.readable.iter().find(|strategy| Some(strategy.scope) == scope);
    let strategy = strategy.map(|strategy| strategy.id);
    let wish = window.map(|days| PolicyWish::Set { rule: KernelPolicy::Default, days });
    let question = async {
        let mut driver = asking::open(context, cluster).await?;
        let mut living = driver.tenants().await?;
        living.retain(|tenant| tenant.id != SYS);
        if let Some(scope) = scope {
            let ids: Vec<_> = living.iter().map(|tenant| tenant.id).collect();
            let readable = strategies.readable.iter().map(|strategy| strategy.scope);
            let others: Vec<_> =
                readable.chain(strategies.unreadable.iter().map(|other| other.scope)).collect();
            let covered: BTreeSet<_> = kernel::tenants_of(scope, &others, &ids).into_iter().collect();
            living.retain(|tenant| covered.contains(&tenant.id));
        }
        living.sort_by_key(|tenant| tenant.id);
        let policies = driver.delete_policies().await?;
        let mut policies: BTreeMap<_, _> =
            policies.into_iter().map(|policy| (policy.tenant, policy)).collect();
        let outlook = delete_policy::Outlook::read(&mut driver, None).await?;
        let (mut tenants, mut sealed) = (Vec::with_capacity(living.len()), Vec::with_capacity(living.len()));
        for Tenant { id: tenant, name: tenant_name, .. } in living {
            let policy = policies.remove(&tenant);
            let asked = window.map(|days| (KernelPolicy::Default, u64::from(days) * DAY_US));
            let rule = asked.or_else(|| {
                let policy = policy.as_ref()?;
                Some((policy.rule()?, policy.window_us()?))
            });
            let (prediction, foreseen) = match (rule, base) {
                (Some((rule, window_us)), Some(base)) => {
                    Some(outlook.foresee_in(&mut driver, base, tenant, rule, window_us).await?).unzip()
                }
                (Some((rule, window_us)), None) => {
                    Some(outlook.foresee(&mut driver, tenant, rule, window_us).await?).unzip()
                }
                (None, _) => (None, None),
            };
            let is_foreign = policy.as_ref().is_some_and(|policy| owners.is_foreign(policy));
            let needs_consent = wish.is_some_and(|wish| {
                kernel::needs_consent(wish, strategy, policy.as_ref(), owners.last(tenant).as_ref())
            });
            let deletions = foreseen.as_ref().map(delete_policy::Foreseen::deletions);
            let deletions = deletions.map(|(sets, pieces)| (sets.to_vec(), pieces.to_vec()));
            sealed.push((tenant, policy.clone(), needs_consent, deletions));
            tenants.push(TenantDeletePolicy {
                tenant,
                tenant_name,
                policy,
                is_foreign,
                prediction,
                needs_consent,
            });
        }
        let digest = wish.map(|wish| delete_policy::seal(&(cluster.id, wish, sealed))).transpose()?;
        Ok(DeletePolicies { tenants, digest })
    };
    Ok(asking::within_limit(cluster, question).await?)
}

/// Returns what the database would delete of a tenant in this storage by a window of these days.
pub(crate) async fn expiring_in(
    control: &Control,
    cluster: &Cluster,
    tenant: TenantId,
    storage: &StorageLocation,
    days: u32,
) -> Result<Expiring, Error> {
    let (base, window_us) = (address::shown(storage), u64::from(days) * DAY_US);
    let question = async {
        let mut driver = asking::open(&control.context, cluster).await?;
        let outlook = delete_policy::Outlook::read(&mut driver, Some(tenant)).await?;
        let rule = KernelPolicy::Default;
        Ok(outlook.foresee_in(&mut driver, &base, tenant, rule, window_us).await?.0)
    };
    Ok(asking::within_limit(cluster, question).await?)
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

/// A strategy that is about to be saved, whose clean-up sets delete policies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saving<'a> {
    /// What it backs up.
    pub(crate) scope: Scope,
    /// For how many days it keeps backups.
    pub(crate) days: u32,
    /// Whether policies that need consent may be replaced.
    pub(crate) take_over: bool,
    /// Its storage, as the database shows addresses.
    pub(crate) base: &'a str,
    /// Whether that is not saved, so that no preview shows what the database would delete there.
    pub(crate) is_typed: bool,
    /// The digest of what its sender has seen of the policies.
    pub(crate) seen: Option<&'a str>,
}

/// Reads the policies that a strategy is about to replace, for the consent to it.
///
/// # Errors
/// Names the tenants whose policies need consent, unless they may be taken over. Refuses to let the database delete
/// anything at once that the sender has not seen. Fails if the cluster does not answer.
pub(crate) async fn consent(
    control: &Control,
    cluster: &Cluster,
    Saving { scope, days, take_over, base, is_typed, seen }: Saving<'_>,
) -> Result<Vec<Consent>, Error> {
    delete_policy::check_offered(cluster)?;
    // Before the cluster is asked: a task that is newer than this may change what is seen.
    let owners = delete_policy::Owners::read(&control.context, cluster.id).await?;
    let filter = PolicyFilter { retention_days: Some(days), scope: Some(scope), storage: None };
    let DeletePolicies { tenants, digest } = ask(control, cluster, &owners, filter, Some(base)).await?;
    let foreign: Vec<String> =
        tenants.iter().filter(|found| found.needs_consent).map(TenantDeletePolicy::words).collect();
    if !foreign.is_empty() && !take_over {
        let refusal = Problem::conflict("strategy-foreign-policies").with("policies", foreign.join(", "));
        return Err(refusal.with("days", days).into());
    }
    let unseen = if is_typed { "strategy-deletes-in-typed-storage" } else { "strategy-deletes-unseen" };
    match seen {
        Some(seen) if digest.as_deref() == Some(seen) => {}
        Some(_) if !is_typed => return Err(Problem::conflict("strategy-policies-changed").into()),
        // A preview can only be of another storage than a typed one.
        _ => refuse_unseen(&tenants, unseen)?,
    }
    let after = owners.newest();
    let agreed = tenants.into_iter().filter(|_| take_over);
    Ok(agreed.map(|found| Consent { tenant: found.tenant, policy: found.policy, after }).collect())
}

/// Refuses to delete anything at once that nobody has seen.
fn refuse_unseen(tenants: &[TenantDeletePolicy], refusal: &str) -> Result<(), Problem> {
    let (mut names, mut sets, mut pieces, mut bytes) = (Vec::new(), 0, 0, 0);
    for TenantDeletePolicy { tenant_name, prediction, .. } in tenants {
        let Some(expiring) = prediction else { continue };
        if expiring.is_nothing() {
            continue;
        }
        names.push(tenant_name.as_str());
        sets += expiring.sets.len();
        pieces += expiring.pieces;
        bytes += expiring.bytes;
    }
    if names.is_empty() {
        return Ok(());
    }
    let refusal = Problem::conflict(refusal).with("tenants", names.join(", "));
    Err(refusal.with("sets", sets).with("pieces", pieces).with("size", size::bytes(bytes)))
}

/// Returns the newest task that changed policies of a cluster.
pub(crate) async fn newest_change(control: &Control, cluster: ClusterId) -> Result<Option<TaskId>, Error> {
    Ok(delete_policy::Owners::read(&control.context, cluster).await?.newest())
}

impl TenantDeletePolicy {
    /// Returns the tenant's name and its policy, such as `shop: default (7d)`; `-` stands for none.
    fn words(&self) -> String {
        let policy = self.policy.as_ref().map_or_else(|| "-".to_owned(), DeletePolicy::words);
        format!("{}: {policy}", self.tenant_name)
    }
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
        let filter = PolicyFilter { retention_days: days, ..PolicyFilter::default() };
        let found = delete_policies(&world.control, &world.actor, world.cluster, filter).await.expect("told");
        found.tenants.into_iter().find(|policy| policy.tenant_name == "shop").expect("it is a tenant")
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
        let none = PolicyFilter { retention_days: Some(0), ..PolicyFilter::default() };
        let refused = delete_policies(&newer.control, &newer.actor, newer.cluster, none).await;
        assert_eq!(refused.expect_err("no window").problem().text.id, "retention-rule-out-of-range");
    }
}
