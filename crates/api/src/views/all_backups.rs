//! The backup status of all clusters.

use control::backups::{AllOverview, ClusterStanding};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::strategy_runs::{PlannedRunView, StrategyRunView};
use super::words;

/// The backup status of all clusters.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllOverviewView {
    /// Every cluster, by name.
    clusters: Vec<ClusterStandingView>,
    /// Tenants with a backup set.
    protected_object_count: u64,
    /// Tenants without a backup set.
    unprotected_object_count: u64,
    /// Successful backups in the last 24 hours.
    recent_successful_count: u64,
    /// Failed backups in the last 24 hours.
    recent_failed_count: u64,
}

impl From<AllOverview> for AllOverviewView {
    fn from(overview: AllOverview) -> Self {
        let AllOverview { clusters, succeeded, failed } = overview;
        let objects: u64 = clusters.iter().map(ClusterStanding::objects).sum();
        let protected: u64 = clusters.iter().map(ClusterStanding::protected_objects).sum();
        Self {
            clusters: clusters.into_iter().map(ClusterStandingView::from).collect(),
            protected_object_count: protected,
            unprotected_object_count: objects.saturating_sub(protected),
            recent_successful_count: succeeded,
            recent_failed_count: failed,
        }
    }
}

/// The backup status of one cluster, from Lifeboat's own records.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterStandingView {
    /// The ID of the cluster in Lifeboat.
    cluster_id: i64,
    /// The name of the cluster.
    cluster_name: String,
    /// Product and version.
    ob_version: String,
    /// Whether it responded at the last refresh.
    ob_cluster_status: words::ClusterStatus,
    /// The available backup methods.
    ob_backup_ability: words::BackupAbility,
    /// Tenants that can be backed up.
    object_count: u64,
    /// The number of these with a backup set.
    protected_object_count: u64,
    /// The running backup task.
    running_task_id: Option<i64>,
    /// When the newest backup set was completed.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// The status of its schedule.
    backup_schedule_status: words::BackupScheduleStatus,
    /// The next run of the strategy; none while it is paused.
    next_backup_run: Option<PlannedRunView>,
    /// The newest run of the strategy.
    last_backup_run: Option<StrategyRunView>,
    /// The number of backup sets.
    backup_set_count: u64,
    /// Their size in bytes.
    backup_size: u64,
}

impl From<ClusterStanding> for ClusterStandingView {
    fn from(found: ClusterStanding) -> Self {
        let (object_count, protected_object_count) = (found.objects(), found.protected_objects());
        let ClusterStanding { cluster, standing, schedule } = found;
        Self {
            cluster_id: cluster.id.0,
            cluster_name: cluster.name,
            ob_version: cluster.facts.server.to_string(),
            ob_cluster_status: cluster.status.into(),
            ob_backup_ability: cluster.facts.ability.into(),
            object_count,
            protected_object_count,
            running_task_id: standing.running.map(|task| task.0),
            last_data_backup_time: standing.sets.newest.map(Timestamp::to_rfc3339),
            backup_schedule_status: schedule.status.into(),
            next_backup_run: schedule.next.map(Into::into),
            last_backup_run: schedule.last.map(Into::into),
            backup_set_count: standing.sets.count,
            backup_size: standing.sets.bytes,
        }
    }
}
