//! The space of a cluster's backups in each storage: sampled every half hour, shown over time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use metadata::storage_uses::{APART, NewUse, StorageUse, StorageUseQuery};
use model::Timestamp;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::{Cluster, ClusterStatus};
use model::id::{ClusterId, StorageId};
use model::storage::{Storage, StorageType};
use model::storage_use::{Room, Taken, add_up};
use model::user::Permission;

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;

/// How many clusters are queried at once.
const AT_ONCE: usize = 16;

/// The maximum number of points of one storage.
const POINTS: i64 = 500;

/// How long to wait for the capacity of a file system.
const ROOM_WAIT: Duration = Duration::from_secs(10);

/// The space of a cluster's backups in a storage at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUse {
    /// The sample.
    pub taken: StorageUse,
    /// The storage's name; none for one that was typed in for a single task.
    pub storage_name: Option<String>,
}

/// Returns the space of a cluster's backups in each storage, or in one, oldest first.
///
/// # Errors
/// When the actor may not read it, or there is no such cluster or storage.
pub async fn list(
    control: &Control,
    actor: &Actor,
    cluster: ClusterId,
    storage: Option<StorageId>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<Vec<NamedUse>, Error> {
    actor.must(Permission::Read)?;
    control.context.cluster(cluster).await?;
    if let Some(storage) = storage {
        control.context.storage(storage).await?;
    }
    let until = match until {
        Some(until) => until,
        None => control.metadata().now().await?,
    };
    let month_us = 30 * 24 * 60 * 60 * 1_000_000;
    let from = from.unwrap_or(Timestamp(until.0.saturating_sub(month_us)));
    let apart_us = i64::try_from(APART.as_micros()).unwrap_or(i64::MAX);
    let span_us = (until.0.saturating_sub(from.0) / POINTS).max(apart_us);
    let query = StorageUseQuery { cluster, storage, from, until, span_us };
    let uses = control.metadata().storage_use_list(&query).await?;
    let mut names: BTreeMap<StorageId, Option<String>> = BTreeMap::new();
    for id in uses.iter().map(|taken| taken.storage).collect::<BTreeSet<_>>() {
        names.insert(id, control.metadata().storage_get(id).await?.and_then(|storage| storage.name));
    }
    let named = |taken: StorageUse| {
        let storage_name = names.get(&taken.storage).cloned().flatten();
        NamedUse { taken, storage_name }
    };
    Ok(uses.into_iter().map(named).collect())
}

/// Samples the space of the backups of every cluster that answers. A cluster that does not answer gets no sample: only
/// its views show a part of that space.
pub(crate) async fn watch(control: &Control) -> Result<(), Error> {
    let clusters = control.metadata().cluster_list().await?;
    let clusters = clusters.into_iter().filter(|cluster| cluster.status != ClusterStatus::Unavailable);
    let looks = clusters.map(|cluster| async move {
        if let Err(error) = look(control, &cluster).await {
            tracing::debug!(cluster = cluster.name, %error, "cannot tell what the backups of a cluster take");
        }
    });
    futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn look(control: &Control, cluster: &Cluster) -> Result<(), Error> {
    if !control.metadata().storage_use_due(cluster.id).await? {
        return Ok(());
    }
    let (storages, mut taken) = known(control, cluster).await?;
    if storages.is_empty() {
        return Ok(());
    }
    if cluster.facts.generation == Generation::Gen4 {
        let context = &control.context;
        let question = async { Ok(asking::open(context, cluster).await?.backup_records(None).await?) };
        let records = asking::within_longer_limit(cluster, question).await?;
        let places: Vec<_> = storages.iter().map(|storage| (storage.id, storage.location.uri())).collect();
        for (storage, of_cluster) in add_up(&places, &records) {
            let sum = taken.entry(storage).or_default();
            sum.data_bytes += of_cluster.data_bytes;
            sum.log_bytes += of_cluster.log_bytes;
        }
    }
    let mut uses = Vec::with_capacity(storages.len());
    for storage in &storages {
        let Taken { data_bytes, log_bytes } = taken.get(&storage.id).copied().unwrap_or_default();
        // Views before 4.0 do not show the location and amount of logs.
        let log_bytes = Some(log_bytes).filter(|_| cluster.facts.generation != Generation::Gen3);
        uses.push(NewUse { storage: storage.id, data_bytes, log_bytes, room: room(control, storage).await });
    }
    let mut writer = control.metadata().begin().await?;
    if writer.storage_uses_insert(cluster.id, &uses).await? {
        writer.commit().await?;
    }
    Ok(())
}

/// Returns the storages of a cluster's strategies and backup sets, and the bytes that only our catalogue knows: those
/// of logical sets, and before 4.0 of physical ones, because no view shows their location.
async fn known(
    control: &Control,
    cluster: &Cluster,
) -> Result<(Vec<Storage>, BTreeMap<StorageId, Taken>), Error> {
    let metadata = control.metadata();
    let strategies = metadata.strategy_list(Some(cluster.id)).await?;
    let mut ids: BTreeSet<StorageId> = strategies.iter().map(|strategy| strategy.settings.storage).collect();
    let mut taken: BTreeMap<StorageId, Taken> = BTreeMap::new();
    for method in [BackupMethod::Logical, BackupMethod::Physical] {
        let is_told = method == BackupMethod::Physical && cluster.facts.generation == Generation::Gen4;
        for (storage, bytes) in metadata.backup_set_bytes(cluster.id, method).await? {
            ids.insert(storage);
            taken.entry(storage).or_default().data_bytes += if is_told { 0 } else { bytes };
        }
    }
    let mut storages = Vec::with_capacity(ids.len());
    for id in ids {
        storages.extend(metadata.storage_get(id).await?);
    }
    Ok((storages, taken))
}

/// Returns how full the file system of a storage is, as this server sees it. None for an object storage, and for a
/// directory that does not exist on this server or does not answer.
async fn room(control: &Control, storage: &Storage) -> Option<Room> {
    if storage.location.kind != StorageType::File {
        return None;
    }
    let (roots, path) = (control.context.roots.clone(), storage.location.path.clone());
    // A network file system may hang, together with its thread: the caller waits only this long.
    let asked = tokio::task::spawn_blocking(move || roots.room(&path));
    match tokio::time::timeout(ROOM_WAIT, asked).await {
        Ok(Ok(Ok(room))) => Some(room),
        Ok(Ok(Err(error))) => {
            tracing::debug!(%error, "the room of a storage is not known");
            None
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::testkit::Timed as _;
    use metadata::storage_uses::NewUse;
    use model::Timestamp;
    use model::alarm::AlarmKind;
    use model::backup::DataBackupMode::Full;
    use model::id::StorageId;
    use model::storage_use::Room;
    use model::strategy::Scope;
    use model::strategy::draft::ThresholdConfig;
    use serde_json::json;
    use sim::Profile;

    use super::NamedUse;
    use crate::PageAsk;
    use crate::storages::StorageChoice;
    use crate::strategies::{self, NamedStorage, StrategyAsk};
    use crate::testing::simulated::SimWorld;

    const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

    async fn pass(world: &SimWorld, time: Duration) {
        world.control.metadata().pass(time).await.expect("the clock can be moved");
        world.handle.advance_seconds(time.as_secs_f64());
    }

    async fn samples(world: &SimWorld, storage: Option<StorageId>) -> Vec<NamedUse> {
        let (control, actor) = (&world.control, &world.actor);
        let hours_us = 2 * 60 * 60 * 1_000_000;
        let from = control.metadata().now().await.expect("answers").0 - hours_us;
        let uses = super::list(control, actor, world.cluster, storage, Some(Timestamp(from)), None).await;
        uses.expect("listed")
    }

    #[tokio::test]
    async fn what_sets_and_logs_take_is_sampled_every_half_hour() {
        for profile in [Profile::V4_2_5, Profile::V3_1_5] {
            let world = SimWorld::with(profile, &["shop"]).await;
            super::watch(&world.control).await.expect("a look");
            assert_eq!(samples(&world, None).await, [], "{profile}: nothing backs up anywhere");
            let task = world.begin(world.wish(Full)).await;
            world.finish(task).await;
            for _ in 0..2 {
                super::watch(&world.control).await.expect("a look");
            }
            pass(&world, HALF_AN_HOUR).await;
            super::watch(&world.control).await.expect("a look");
            let [first, second] = &samples(&world, Some(world.storage)).await[..] else {
                panic!("{profile}: one sample for each half hour")
            };
            let sets: u64 = world.sets_of(task).await.iter().map(|set| set.bytes).sum();
            assert!(sets > 0, "{profile}");
            assert_eq!((first.taken.data_bytes, second.taken.data_bytes), (sets, sets), "{profile}");
            assert_eq!(first.storage_name.as_deref(), Some("local"));
            match profile {
                Profile::V4_2_5 => assert!(second.taken.log_bytes > first.taken.log_bytes.max(Some(0))),
                _ => assert_eq!(second.taken.log_bytes, None, "no view tells"),
            }
            let room = first.taken.room.expect("it lies below a root of this server");
            assert!(room.capacity_bytes > 0 && room.used_bytes <= room.capacity_bytes, "{room:?}");
        }
    }

    #[tokio::test]
    async fn a_storage_that_is_fuller_than_its_strategy_allows_is_an_alarm_while_it_is() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
        back_up(&world, Scope::Cluster(world.cluster)).await;
        for (used_bytes, is_full) in [(Some(60), false), (Some(61), true), (None, false)] {
            let room = used_bytes.map(|used_bytes| Room { capacity_bytes: 100, used_bytes });
            let taken = NewUse { storage: world.storage, data_bytes: 1, log_bytes: Some(1), room };
            let mut writer = world.control.metadata().begin().await.expect("may write");
            assert!(writer.storage_uses_insert(world.cluster, &[taken]).await.expect("kept"));
            writer.commit().await.expect("kept");
            let alarms =
                crate::alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
            let kinds: Vec<_> = alarms.expect("listed").contents.iter().map(|alarm| alarm.kind).collect();
            let expected = [AlarmKind::StorageCapacity].into_iter().filter(|_| is_full).collect::<Vec<_>>();
            assert_eq!(kinds, expected, "{used_bytes:?}");
            pass(&world, HALF_AN_HOUR).await;
        }
    }

    /// Creates a strategy whose storage may be 60 percent full.
    async fn back_up(world: &SimWorld, scope: Scope) {
        let schedule =
            json!({"backupScheduleMode": "CRON", "cronExpression": "0 2 1 1 *", "scheduleZone": "UTC"});
        let thresholds =
            ThresholdConfig { alarm_storage_percentage_threshold: Some(60), ..ThresholdConfig::default() };
        let ask = StrategyAsk {
            method: None,
            storage: Some(NamedStorage { choice: StorageChoice::Saved(world.storage), name: None }),
            schedule: serde_json::from_value(schedule).expect("a schedule"),
            thresholds,
            secondary_backup: false,
            take_over_policies: false,
            seen_policies: None,
        };
        strategies::create(&world.control, &world.actor, scope, ask).await.expect("created");
    }

    #[tokio::test]
    async fn many_full_storages_take_no_more_statements_than_one() {
        let world = SimWorld::with(Profile::V4_2_5, &["shop", "books", "crm"]).await;
        let metadata = world.control.metadata();
        let room = Some(Room { capacity_bytes: 100, used_bytes: 61 });
        let taken = NewUse { storage: world.storage, data_bytes: 1, log_bytes: Some(1), room };
        let mut writer = metadata.begin().await.expect("may write");
        assert!(writer.storage_uses_insert(world.cluster, &[taken]).await.expect("kept"));
        writer.commit().await.expect("kept");
        let statements = || metadata.statement_timings().iter().map(|(_, timing)| timing.count).sum::<u64>();
        let tenants = metadata.tenant_list(world.cluster).await.expect("listed");
        let of_tenants = tenants.iter().filter(|tenant| tenant.name != "sys").map(|tenant| tenant.id);
        let mut taken = Vec::new();
        for (number, tenant) in of_tenants.enumerate() {
            back_up(&world, Scope::Tenant(world.cluster, tenant)).await;
            let before = statements();
            let alarms =
                crate::alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
            taken.push(statements() - before);
            assert_eq!(alarms.expect("listed").contents.len(), number + 1);
        }
        assert!(taken.len() == 3 && taken.iter().all(|count| *count == taken[0]), "{taken:?}");
    }
}
