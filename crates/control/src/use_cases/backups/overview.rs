//! The backup status of one cluster: from the catalogue, and from the cluster's current state.

use engine::TaskStatus as Stored;
use metadata::Slice;
use metadata::tasks::TaskQuery;
use model::Problem;
use model::cluster::Cluster;
use model::compaction::CompactionStatus;
use model::id::{ClusterId, TaskId};
use model::time::Timestamp;
use model::user::Permission;

use super::backups_of;
use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::strategies::{ScheduleStanding, schedule_standing};
use crate::{asking, compactions, log_backups};

/// The backup status of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The cluster.
    pub cluster: Cluster,
    /// The running backup task.
    pub running: Option<TaskId>,
    /// When the newest backup set was completed.
    pub last_data_backup: Option<Timestamp>,
    /// The number of backup sets.
    pub backup_sets: u64,
    /// The total size of the backup sets in bytes.
    pub backup_bytes: u64,
    /// The status of its schedule.
    pub schedule: ScheduleStanding,
    /// The cluster's current state, or why it does not respond.
    pub live: Result<Live, Problem>,
}

/// The information that only the cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// The status of major compaction: the worst of all tenants.
    pub compaction: CompactionStatus,
    /// The oldest log backup checkpoint of the tenants that are archived.
    pub log_checkpoint: Option<Timestamp>,
    /// The largest delay of a tenant, in microseconds, by the database's clock.
    pub log_delay_us: Option<u64>,
}

/// Returns the backup status of a cluster.
///
/// # Errors
/// When there is no such cluster.
pub async fn overview(control: &Control, actor: &Actor, id: ClusterId) -> Result<Overview, Error> {
    actor.must(Permission::Read)?;
    let cluster = control.context.cluster(id).await?;
    let running = TaskQuery {
        statuses: vec![Stored::Pending, Stored::Running, Stored::RollingBack],
        ..backups_of(Some(id))
    };
    let running = control.metadata().task_list(&running, Slice { offset: 0, limit: 100 }).await?.items;
    let is_under_way = |task: &&engine::Task| task.queued.is_none();
    let running = running.iter().find(is_under_way).or(running.first());
    let totals = control.metadata().backup_set_totals(id).await?;
    let live = asking::within_limit(&cluster, live(control, &cluster)).await;
    Ok(Overview {
        cluster,
        running: running.map(|task| TaskId(task.id.0)),
        last_data_backup: totals.newest,
        backup_sets: totals.count,
        backup_bytes: totals.bytes,
        schedule: schedule_standing(&control.context, id).await?,
        live,
    })
}

async fn live(control: &Control, cluster: &Cluster) -> Result<Live, Error> {
    let mut driver = asking::open(&control.context, cluster).await?;
    let seen = log_backups::seen(&mut driver).await?;
    let runs = || seen.iter().filter(|(_, delay_us)| delay_us.is_some());
    let found = driver.compactions().await?;
    Ok(Live {
        compaction: compactions::worst(&found),
        log_checkpoint: runs().filter_map(|(round, _)| round.checkpoint).min(),
        log_delay_us: runs().filter_map(|(_, delay_us)| *delay_us).max(),
    })
}
