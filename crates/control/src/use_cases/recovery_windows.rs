//! The recoverable periods of a cluster's tenants from its physical backups, according to the cluster's views; and of
//! tenants whose cluster is gone, according to the names in a storage.

use model::Problem;
use model::backup::{BackupMethod, DataBackupMode};
use model::cluster::Cluster;
use model::id::{ClusterId, StorageId, TenantId};
use model::problem::codes;
use model::recovery_window::names::Reading;
use model::recovery_window::record::BackupRecord;
use model::recovery_window::{Gap, Interval, Timeline};
use model::schedule::Zone;
use model::tenant::Tenant;
use model::time::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::asking;
use crate::context::Control;
use crate::error::Error;
use crate::flows::recovery_source::folder;
pub use crate::flows::recovery_source::folder::TenantFolder;

/// A filter for times; `None` does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WindowFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// The recoverable periods of a cluster's tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryWindows {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its name.
    pub cluster_name: String,
    /// OceanBase's ID of it.
    pub ob_cluster_id: i64,
    /// The database's clock at the time of the answer.
    pub now: Timestamp,
    /// The tenants that have backups.
    pub tenants: Vec<TenantWindow>,
}

/// The recoverable periods of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantWindow {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name, as far as it is known.
    pub tenant_name: String,
    /// The recoverable times, and the reasons for the gaps.
    pub timeline: Timeline,
    /// The sets that a recovery can start from, by ID.
    pub sets: Vec<SetMark>,
    /// The data loss if the tenant fails now; none if it cannot be recovered.
    pub loss_us: Option<u64>,
}

/// A backup set on a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetMark {
    /// The set's ID in the cluster.
    pub id: i64,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// The full set that it builds on; a full set's own ID; none if the views do not show it.
    pub full_set: Option<i64>,
    /// The time from which logs are read.
    pub replay: Timestamp,
    /// Its earliest recoverable time.
    pub restore: Timestamp,
    /// The version of its data; empty if the views do not show it.
    pub compatible: String,
    /// Whether a password is needed to read it.
    pub is_encrypted: bool,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Returns the recoverable time ranges of the tenants of a cluster. Only the cluster knows them.
///
/// # Errors
/// When there is no such cluster or tenant, it offers no physical backup, or it does not answer.
pub async fn recovery_windows(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    filter: WindowFilter,
) -> Result<RecoveryWindows, Error> {
    actor.must(Permission::Read)?;
    let context = &control.context;
    let cluster = context.cluster(id).await?;
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Err(Problem::refused(codes::METHOD_UNSUPPORTED, "physical-not-offered").into());
    }
    if let Some(tenant) = filter.tenant {
        context.tenant(id, tenant).await?;
    }
    let question = async {
        let mut driver = asking::open(context, &cluster).await?;
        let records = driver.backup_records(filter.tenant).await?;
        Ok::<_, Error>((driver.database_now().await?, records))
    };
    let (now, records) = asking::within_limit(&cluster, question).await?;
    let tenants = context.metadata.tenant_list(id).await?;
    Ok(seen(&cluster, &tenants, now, &records, filter))
}

fn seen(
    cluster: &Cluster,
    tenants: &[Tenant],
    now: Timestamp,
    records: &[BackupRecord],
    filter: WindowFilter,
) -> RecoveryWindows {
    let name = |id: TenantId| {
        let known = tenants.iter().find(|known| known.id == id);
        known.map_or_else(|| id.to_string(), |known| known.name.clone())
    };
    let window = |record: &BackupRecord| {
        let timeline = record.timeline();
        let latest = timeline.latest().map(Timestamp::from_scn);
        TenantWindow {
            tenant: record.tenant,
            tenant_name: name(record.tenant),
            sets: marks(record).into_iter().filter(|mark| filter.holds(mark.restore)).collect(),
            loss_us: latest.map(|latest| now.since(latest)),
            timeline: filter.cut(timeline),
        }
    };
    RecoveryWindows {
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        ob_cluster_id: cluster.facts.ob_cluster_id,
        now,
        tenants: records.iter().map(window).collect(),
    }
}

/// Returns the complete sets that have a complete chain.
fn marks(record: &BackupRecord) -> Vec<SetMark> {
    let sets: Vec<_> = record.sets.iter().map(|recorded| recorded.set.clone()).collect();
    let good = model::recovery_window::good_sets(&sets);
    let mut newest_full = None;
    let mut marks = Vec::new();
    for set in good {
        if set.mode == DataBackupMode::Full {
            newest_full = Some(set.id);
        }
        let Some(recorded) = record.sets.iter().find(|recorded| recorded.set.id == set.id) else { continue };
        marks.push(SetMark {
            id: set.id,
            mode: set.mode,
            full_set: newest_full,
            replay: Timestamp::from_scn(set.replay_scn),
            restore: Timestamp::from_scn(set.restore_scn),
            compatible: recorded.compatible.clone(),
            is_encrypted: recorded.is_encrypted,
            bytes: recorded.bytes,
        });
    }
    marks
}

impl WindowFilter {
    fn holds(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| moment >= from) && self.until.is_none_or(|until| moment < until)
    }

    /// Removes intervals outside; partly overlapping ones stay whole.
    fn cut(&self, mut timeline: Timeline) -> Timeline {
        let meets = |first: Timestamp, last: Timestamp| {
            self.from.is_none_or(|from| last >= from) && self.until.is_none_or(|until| first < until)
        };
        timeline.intervals.retain(|interval: &Interval| meets(interval.from(), interval.until()));
        let moment = Timestamp::from_scn;
        timeline.gaps.retain(|gap: &Gap| meets(moment(gap.after_scn), moment(gap.before_scn)));
        timeline
    }
}

/// The physical backups of tenants in a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageWindows {
    /// The tenants that have a folder, or the chosen one.
    pub tenants: Vec<TenantFolder>,
    /// What the names of one tenant's backups say, if one was chosen.
    pub names: Option<NamesWindow>,
}

/// The presumably recoverable periods of a tenant. The target's servers confirm them when a recovery is planned.
#[derive(Debug, Clone, PartialEq)]
pub struct NamesWindow {
    /// The recoverable times, and the reasons for the gaps.
    pub timeline: Timeline,
    /// The complete sets, by ID, with their mode and earliest recoverable time.
    pub sets: Vec<(i64, DataBackupMode, Timestamp)>,
    /// The zone in which the times of the names were read.
    pub zone: Zone,
    /// The names of OceanBase's form with a number or time that cannot be read.
    pub unread: Vec<String>,
}

/// Returns the tenants of 4.x that have physical backups in a storage, or the presumably recoverable periods of one.
/// Lifeboat reads the names in the storage; no cluster is asked. `zone` is the tenant's time zone, which the names do
/// not contain.
///
/// # Errors
/// When there is no such storage, Lifeboat cannot read it, or the chosen folder contains no backups.
pub async fn storage_windows(
    control: &Control,
    actor: &Actor,
    storage: StorageId,
    chosen: Option<&TenantFolder>,
    zone: Option<Zone>,
) -> Result<StorageWindows, Error> {
    actor.must(Permission::Read)?;
    let client = control.context.client(storage).await?;
    let Some(chosen) = chosen else {
        return Ok(StorageWindows { tenants: folder::tenants(&client).await?, names: None });
    };
    let zone = zone.unwrap_or_else(folder::usual_zone);
    let path = chosen.path();
    let reading = folder::names(&client, &format!("{path}/data"), &format!("{path}/clog"), zone).await?;
    if reading == Reading::default() {
        let problem = Problem::refused(codes::MOMENT_OUTSIDE, "recovery-folder-empty");
        return Err(problem.with("place", client.location().below(&path)).into());
    }
    let good = model::recovery_window::good_sets(&reading.sets);
    let sets = good.iter().map(|set| (set.id, set.mode, Timestamp::from_scn(set.restore_scn))).collect();
    let timeline = reading.timeline();
    let names = NamesWindow { timeline, sets, zone, unread: reading.unread };
    Ok(StorageWindows { tenants: vec![chosen.clone()], names: Some(names) })
}

#[cfg(test)]
mod tests {
    use model::backup::DataBackupMode::{Full, Incremental};
    use model::id::TenantId;
    use model::recovery_window::GapReason;
    use model::time::Timestamp;
    use sim::{FaultName, Profile};

    use super::{RecoveryWindows, TenantFolder, WindowFilter, recovery_windows, storage_windows};
    use crate::testing::simulated::SimWorld;

    async fn shown(world: &SimWorld, filter: WindowFilter) -> RecoveryWindows {
        recovery_windows(&world.control, &world.actor, world.cluster, filter).await.expect("answers")
    }

    #[tokio::test]
    async fn every_version_shows_the_recoverable_times_of_each_tenant() {
        for profile in Profile::ALL {
            let world = SimWorld::new(profile).await;
            assert_eq!(shown(&world, WindowFilter::default()).await.tenants, [], "{profile}");
            for mode in [Full, Incremental] {
                let task = world.begin(world.wish(mode)).await;
                world.finish(task).await;
                world.handle.advance_seconds(600.0);
            }
            let windows = shown(&world, WindowFilter::default()).await;
            assert_eq!(windows.now, Timestamp(world.handle.now_us()), "{profile}");
            let names: Vec<_> = windows.tenants.iter().map(|one| one.tenant_name.as_str()).collect();
            assert_eq!(names, ["shop", "books"], "{profile}");
            for one in &windows.tenants {
                let sets: Vec<_> = one.sets.iter().map(|set| (set.id, set.mode, set.full_set)).collect();
                assert_eq!(sets, [(1, Full, Some(1)), (2, Incremental, Some(1))], "{profile}");
                assert_eq!(one.timeline.intervals.len(), 1, "{profile}: {one:?}");
                let interval = &one.timeline.intervals[0];
                assert_eq!(interval.from(), one.sets[0].restore, "{profile}");
                assert!(interval.is_proven && interval.until() > one.sets[1].restore, "{profile}: {one:?}");
                let loss_us = one.loss_us.expect("it can be recovered");
                assert!(loss_us < 120_000_000, "{profile}: {loss_us}");
                let late = Timestamp(interval.until().0 + 1);
                let none = shown(&world, WindowFilter { from: Some(late), ..WindowFilter::default() }).await;
                assert!(none.tenants.iter().all(|one| one.timeline.intervals.is_empty()), "{profile}");
                assert!(none.tenants.iter().all(|one| one.sets.is_empty() && one.loss_us.is_some()));
            }
        }
    }

    #[tokio::test]
    async fn an_interruption_of_log_backup_is_a_gap_with_its_reason() {
        for profile in [Profile::V3_2_4, Profile::V4_0, Profile::V4_2_5, Profile::V4_6] {
            let world = SimWorld::with(profile, &["shop"]).await;
            let task = world.begin(world.wish(Full)).await;
            world.finish(task).await;
            world.handle.advance_seconds(300.0);
            world.fault(FaultName::ArchiveInterrupted, None);
            world.handle.advance_seconds(300.0);
            world.handle.clear_faults(None);
            let off = if profile.is_tenant_level() { " TENANT = shop" } else { "" };
            world.say(&format!("ALTER SYSTEM NOARCHIVELOG{off}")).await;
            world.handle.advance_seconds(300.0);
            let task = world.begin(world.wish(Full)).await;
            world.finish(task).await;
            world.handle.advance_seconds(300.0);
            let windows = shown(&world, WindowFilter::default()).await;
            let timeline = &windows.tenants[0].timeline;
            assert_eq!(timeline.intervals.len(), 2, "{profile}: {timeline:?}");
            let within = (timeline.intervals[0].until_scn + timeline.intervals[1].from_scn) / 2;
            let reason = timeline.gap_at(within).map(|gap| gap.reason);
            // After a stop, the view shows only the stop.
            let expected = [GapReason::RoundInterrupted { round: 1 }, GapReason::RoundStopped { round: 1 }];
            assert!(reason.is_some_and(|reason| expected.contains(&reason)), "{profile}: {timeline:?}");
        }
    }

    #[tokio::test]
    async fn a_storage_alone_shows_its_tenants_and_their_presumable_times() {
        for profile in Profile::ALL.into_iter().filter(|profile| profile.is_tenant_level()) {
            let world = SimWorld::new(profile).await;
            for mode in [Full, Incremental] {
                let task = world.begin(world.wish(mode)).await;
                world.finish(task).await;
                world.handle.advance_seconds(100_000.0); // the name of a piece contains its end after a day
            }
            let known = shown(&world, WindowFilter::default()).await;
            let (control, actor) = (&world.control, &world.actor);
            let all = storage_windows(control, actor, world.storage, None, None).await.expect("it is read");
            let ids: Vec<_> = all.tenants.iter().map(|folder| folder.tenant).collect();
            assert_eq!(ids, known.tenants.iter().map(|one| one.tenant).collect::<Vec<_>>(), "{profile}");
            for (folder, one) in all.tenants.iter().zip(&known.tenants) {
                let found = storage_windows(control, actor, world.storage, Some(folder), None).await;
                let names = found.expect("it is read").names.expect("one is chosen");
                let sets: Vec<_> = names.sets.iter().map(|(id, mode, _)| (*id, *mode)).collect();
                assert_eq!(sets, [(1, Full), (2, Incremental)], "{profile}");
                assert_eq!(names.unread, Vec::<String>::new(), "{profile}");
                // Every estimated time is recoverable, and the second of the newest set is among them.
                let [estimated] = names.timeline.intervals[..] else { panic!("{profile}: {names:?}") };
                let real = one.timeline.intervals[0];
                assert!(names.timeline.is_estimated, "{profile}");
                assert!(estimated.from_scn >= real.from_scn, "{profile}: {estimated:?} {real:?}");
                assert!(estimated.until_scn <= real.until_scn, "{profile}: {estimated:?} {real:?}");
                assert!(estimated.until() >= one.sets[0].restore, "{profile}: {estimated:?}");
            }
            let other = TenantFolder { tenant: TenantId(9_999), ..all.tenants[0].clone() };
            let empty = storage_windows(control, actor, world.storage, Some(&other), None).await;
            assert_eq!(empty.expect_err("nothing is there").problem().text.id, "recovery-folder-empty");
        }
    }
}
