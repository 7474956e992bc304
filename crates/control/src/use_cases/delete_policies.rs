//! The delete policies of a 4.x cluster's tenants, and what the database deletes by them. Lifeboat only shows both.

use model::ability::Generation;
use model::backup::{BackupMethod, DataBackupMode};
use model::id::{ClusterId, TenantId};
use model::physical::delete_policy::DeletePolicy;
use model::physical::destination::{TenantDestinations, is_below};
use model::problem::codes;
use model::recovery_window::record::BackupRecord;
use model::retention::Policy;
use model::retention::kernel::{KernelPolicy, predict};
use model::user::Permission;
use model::{Problem, Timestamp};

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;

/// The delete policy of a tenant, and what the database deletes by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantDeletePolicy {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Its policy, if it has one.
    pub policy: Option<DeletePolicy>,
    /// What the database deletes at its next check, by the policy or by the window in the request; none without either,
    /// and for a policy that cannot be read.
    pub prediction: Option<Expiring>,
}

/// What the database deletes at its next check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expiring {
    /// The oldest full set that is kept; none means that no good set expires.
    pub anchor: Option<i64>,
    /// The sets.
    pub sets: Vec<ExpiringSet>,
    /// How many pieces of archived logs.
    pub pieces: u64,
    /// The bytes of all of them.
    pub bytes: u64,
}

/// A set that the database deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringSet {
    /// The set's ID in the cluster.
    pub id: i64,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// Its earliest recoverable time.
    pub restore: Timestamp,
    /// Its size in bytes.
    pub bytes: u64,
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
    retention_days: Option<u32>,
) -> Result<Vec<TenantDeletePolicy>, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    if cluster.facts.generation != Generation::Gen4 || !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "delete-policy-not-offered").into());
    }
    let window = Policy { window_days: retention_days, ..Policy::KEEP_ALL }.checked()?.window_days;
    let tenants = context.metadata.tenant_list(id).await?;
    let tenants: Vec<_> = tenants.into_iter().filter(|tenant| tenant.id != model::physical::SYS).collect();
    let question = async {
        let mut driver = asking::open(context, &cluster).await?;
        let policies = driver.delete_policies().await?;
        let records = driver.backup_records(None).await?;
        let now = driver.database_now().await?;
        let mut found = Vec::with_capacity(tenants.len());
        for tenant in &tenants {
            let policy = policies.iter().find(|policy| policy.tenant == tenant.id).cloned();
            let asked = window.map(|days| (KernelPolicy::Default, u64::from(days) * DAY_US));
            let rule = asked.or_else(|| {
                let policy = policy.as_ref()?;
                Some((policy.rule()?, policy.window_us()?))
            });
            let prediction = match (rule, records.iter().find(|record| record.tenant == tenant.id)) {
                (Some((rule, window_us)), Some(record)) => {
                    let places = driver.tenant_destinations(tenant.id).await?;
                    Some(expiring(rule, window_us, record, &places, now))
                }
                (Some(_), None) => Some(Expiring::default()),
                (None, _) => None,
            };
            let (tenant, tenant_name) = (tenant.id, tenant.name.clone());
            found.push(TenantDeletePolicy { tenant, tenant_name, policy, prediction });
        }
        Ok(found)
    };
    Ok(asking::within_limit(&cluster, question).await?)
}

const DAY_US: u64 = 86_400_000_000;

/// Predicts which sets and pieces the database deletes. It looks only at the tenant's current destinations.
fn expiring(
    rule: KernelPolicy,
    window_us: u64,
    record: &BackupRecord,
    places: &TenantDestinations,
    now: Timestamp,
) -> Expiring {
    let lies_at = |place: Option<&str>, path: &str| place.is_some_and(|place| is_below(path, place));
    let data = places.data.as_deref();
    let log = places.log.as_ref().map(|log| log.path.as_str());
    let is_over = |recorded: &&model::recovery_window::record::RecordedSet| {
        lies_at(data, &recorded.path) && !recorded.is_deleted && recorded.ended.is_some()
    };
    let sets: Vec<_> = record.sets.iter().filter(is_over).collect();
    let pieces: Vec<_> = record.pieces.iter().filter(|piece| lies_at(log, &piece.path)).collect();
    let now_us = u64::try_from(now.0).unwrap_or(0);
    let begin = (window_us > 0).then(|| now_us.saturating_sub(window_us).saturating_mul(1_000));
    let plain_sets: Vec<_> = sets.iter().map(|recorded| recorded.set.clone()).collect();
    let plain_pieces: Vec<_> = pieces.iter().map(|recorded| recorded.piece.clone()).collect();
    let gone = predict(rule, &plain_sets, &plain_pieces, begin);
    let of_set = |id: &i64| sets.iter().find(|recorded| recorded.set.id == *id);
    let expired: Vec<ExpiringSet> = gone
        .sets
        .iter()
        .filter_map(of_set)
        .map(|recorded| ExpiringSet {
            id: recorded.set.id,
            mode: recorded.set.mode,
            restore: Timestamp::from_scn(recorded.set.restore_scn),
            bytes: recorded.bytes,
        })
        .collect();
    let piece_bytes = pieces.iter().filter(|recorded| {
        let piece = &recorded.piece;
        gone.pieces.contains(&(piece.dest, piece.round, piece.id))
    });
    let bytes = expired.iter().map(|set| set.bytes).chain(piece_bytes.map(|recorded| recorded.bytes)).sum();
    Expiring { anchor: gone.anchor, sets: expired, pieces: gone.pieces.len() as u64, bytes }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::testkit::Timed as _;
    use model::backup::DataBackupMode::Full;
    use sim::Profile;

    use super::{TenantDeletePolicy, delete_policies};
    use crate::testing::simulated::SimWorld;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    async fn pass(world: &SimWorld, time: Duration) {
        world.control.metadata().pass(time).await.expect("the clock can be moved");
        world.handle.advance_seconds(time.as_secs_f64());
    }

    async fn of_shop(world: &SimWorld, days: Option<u32>) -> TenantDeletePolicy {
        let found = delete_policies(&world.control, &world.actor, world.cluster, days).await.expect("told");
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
        let refused = delete_policies(&world.control, &world.actor, world.cluster, None).await;
        assert_eq!(refused.expect_err("there are none").problem().text.id, "delete-policy-not-offered");
        let newer = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let refused = delete_policies(&newer.control, &newer.actor, newer.cluster, Some(0)).await;
        assert_eq!(refused.expect_err("no window").problem().text.id, "retention-rule-out-of-range");
    }
}
