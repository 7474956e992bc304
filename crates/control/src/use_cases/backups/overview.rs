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
    /// How many bytes they take.
    pub backup_bytes: u64,
    /// How the schedule of its strategy stands.
    pub schedule: ScheduleStanding,
    /// The cluster's current state, or why it does not respond.
    pub live: Result<Live, Problem>,
}

/// What only the cluster knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// What major compaction is doing: the worst that any tenant's does.
    pub compaction: CompactionStatus,
    /// Up to when the logs of every tenant that is archived are safe.
    pub log_checkpoint: Option<Timestamp>,
    /// The largest delay of a tenant, in microseconds, by the database's clock.
    pub log_delay_us: Option<u64>,
}

/// Returns how the backup of a cluster stands.
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
    let running = control.metadata().task_list(&running, Slice { offset: 0, limit: 1 }).await?;
    let totals = control.metadata().backup_set_totals(id).await?;
    let live = asking::within_limit(&cluster, live(control, &cluster)).await;
    Ok(Overview {
        cluster,
        running: running.items.first().map(|task| TaskId(task.id.0)),
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
