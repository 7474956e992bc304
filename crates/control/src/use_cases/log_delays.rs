//! The delay of log backup: read every half minute, sampled every few minutes, shown over time.

use futures::StreamExt as _;
pub use metadata::log_delays::LogDelay;
use metadata::log_delays::{APART, LogDelayQuery};
use model::Timestamp;
use model::ability::Generation;
use model::alarm::kept::Span;
use model::archive::ArchiveRound;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, TenantId};
use model::user::Permission;

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::log_backups;
use crate::log_gaps;

/// How many clusters are queried at once.
const AT_ONCE: usize = 16;

/// The maximum number of points of one tenant.
const POINTS: i64 = 500;

/// Returns the log backup delays of a cluster, or of one of its tenants, oldest first. For a long period, returns the
/// worst delay of each span.
///
/// # Errors
/// When the actor may not read it, or there is no such cluster or tenant.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    tenant: Option<TenantId>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<Vec<LogDelay>, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(cluster).await?;
    if let Some(tenant) = tenant {
        control.context.tenant(cluster, tenant).await?;
    }
    let until = match until {
        Some(until) => until,
        None => control.metadata().now().await?,
    };
    let day_us = 24 * 60 * 60 * 1_000_000;
    let from = from.unwrap_or(Timestamp(until.0.saturating_sub(day_us)));
    let apart_us = i64::try_from(APART.as_micros()).unwrap_or(i64::MAX);
    let span_us = (until.0.saturating_sub(from.0) / POINTS).max(apart_us);
    let query = LogDelayQuery { cluster, tenant, from, until, span_us };
    Ok(control.metadata().log_delay_list(&query).await?)
}

/// Reads the log backup status of every cluster that responds. A problem becomes an alarm immediately.
pub(crate) async fn watch(control: &Control) -> Result<(), Error> {
    let clusters = control.metadata().cluster_list().await?;
    // The watcher of clusters queries unavailable clusters.
    let has_logs = |cluster: &Cluster| {
        cluster.facts.generation != Generation::Seekdb && cluster.status != ClusterStatus::Unavailable
    };
    let looks = clusters.into_iter().filter(has_logs).map(|cluster| async move {
        if let Err(error) = look(control, &cluster).await {
            tracing::debug!(cluster = cluster.name, %error, "a cluster does not tell of its log backup");
        }
    });
    futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn look(control: &Control, cluster: &Cluster) -> Result<(), Error> {
    let context = &control.context;
    let asked = control.metadata().now().await?;
    let question = async { log_backups::seen(&mut asking::open(context, cluster).await?).await };
    let logs = asking::within_longer_limit(cluster, question).await?;
    let behind = |(round, delay_us): &(ArchiveRound, Option<u64>)| Some((round.tenant, (*delay_us)?));
    let read = Span { from: asked, to: control.metadata().now().await? };
    let delays: Vec<(TenantId, u64)> = logs.iter().filter_map(behind).collect();
    let rounds: Vec<ArchiveRound> = logs.iter().map(|(round, _)| round.clone()).collect();
    context.troubles.answered(cluster.id, Some(logs), read);
    let mut writer = control.metadata().begin().await?;
    if writer.log_delays_insert(cluster.id, &delays).await? {
        writer.commit().await?;
    } else {
        drop(writer);
    }
    log_gaps::watch(control, cluster, &rounds).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::testkit::Timed as _;
    use model::alarm::AlarmKind;
    use model::backup::DataBackupMode::Full;
    use model::text::Language;
    use sim::{FaultName, Profile};

    use crate::PageAsk;
    use crate::testing::simulated::SimWorld;

    async fn pass(world: &SimWorld, time: Duration) {
        world.control.metadata().pass(time).await.expect("the clock can be moved");
        world.handle.advance_seconds(time.as_secs_f64());
    }

    async fn delays(world: &SimWorld) -> Vec<u64> {
        let delays = super::list(&world.control, &world.actor, world.cluster, None, None, None).await;
        delays.expect("listed").into_iter().map(|delay| delay.delay_us / 1_000_000).collect()
    }

    #[tokio::test]
    async fn an_interruption_is_found_by_the_next_look_and_explained_by_the_database() {
        for profile in [Profile::V4_2_5, Profile::V3_1_5] {
            let world = SimWorld::with(profile, &["shop"]).await;
            super::watch(&world.control).await.expect("a look");
            assert_eq!(delays(&world).await.len(), 0, "{profile}: no log backup runs");
            let task = world.begin(world.wish(Full)).await;
            world.finish(task).await;
            super::watch(&world.control).await.expect("a look");
            assert_eq!(delays(&world).await.len(), 1, "{profile}");
            world.fault(FaultName::ArchiveInterrupted, None);
            pass(&world, Duration::from_secs(600)).await;
            super::watch(&world.control).await.expect("a look");
            let alarms =
                crate::alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
            let alarms = alarms.expect("listed").contents;
            let [alarm] = &alarms[..] else { panic!("{profile}: {alarms:?}") };
            assert_eq!(alarm.kind, AlarmKind::LogBackupInterrupted, "{profile}");
            if profile == Profile::V4_2_5 {
                let comment = alarm.text.raw.as_ref().expect("the database's comment");
                assert!(!comment.is_empty() && alarm.text.message(Language::En).contains("INTERRUPTED"));
            }
            let delays = delays(&world).await;
            assert!(delays.len() == 2 && delays[1] > delays[0], "{profile}: {delays:?}");
        }
    }

    #[tokio::test]
    async fn a_look_more_often_than_needed_takes_no_further_sample_and_a_silent_cluster_is_left_alone() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        for _ in 0..3 {
            super::watch(&world.control).await.expect("a look");
        }
        assert_eq!(delays(&world).await.len(), 1);
        let mut writer = world.control.metadata().begin().await.expect("may write");
        writer.cluster_unavailable(world.cluster).await.expect("kept");
        writer.commit().await.expect("kept");
        pass(&world, Duration::from_secs(600)).await;
        super::watch(&world.control).await.expect("a look");
        assert_eq!(delays(&world).await.len(), 1);
    }
}
