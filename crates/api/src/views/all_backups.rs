//! How the backups of all clusters stand.

use control::backups::{AllOverview, ClusterStanding};
use model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::strategy_runs::{PlannedRunView, StrategyRunView};
use super::words;

/// How the backups of all clusters stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllOverviewView {
    /// Every cluster, by name.
    clusters: Vec<ClusterStandingView>,
    /// Tenants of which there is a backup set.
    protected_object_count: u64,
    /// Tenants of which there is none.
    unprotected_object_count: u64,
    /// Backups that ended well in the last 24 hours.
    recent_successful_count: u64,
    /// Backups that ended otherwise in the last 24 hours.
    recent_failed_count: u64,
    /// Backups that ended well in the last 7 days.
    week_successful_count: u64,
    /// Backups that ended otherwise in the last 7 days.
    week_failed_count: u64,
    /// Recoveries that ended well in the last 7 days.
    week_restore_successful_count: u64,
    /// Recoveries that ended otherwise in the last 7 days.
    week_restore_failed_count: u64,
}

impl From<AllOverview> for AllOverviewView {
    fn from(overview: AllOverview) -> Self {
        let AllOverview { clusters, recent, week, week_recoveries } = overview;
        let objects: u64 = clusters.iter().map(ClusterStanding::objects).sum();
        let protected: u64 = clusters.iter().map(ClusterStanding::protected_objects).sum();
        Self {
            clusters: clusters.into_iter().map(ClusterStandingView::from).collect(),
            protected_object_count: protected,
            unprotected_object_count: objects.saturating_sub(protected),
            recent_successful_count: recent.well,
            recent_failed_count: recent.badly,
            week_successful_count: week.well,
            week_failed_count: week.badly,
            week_restore_successful_count: week_recoveries.well,
            week_restore_failed_count: week_recoveries.badly,
        }
    }
}

/// How the backups of one cluster stand, from what is recorded here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterStandingView {
    /// The cluster's identity here.
    cluster_id: i64,
    /// The cluster's name here.
    cluster_name: String,
    /// Product and version.
    ob_version: String,
    /// Whether it answered when last looked at.
    ob_cluster_status: words::ClusterStatus,
    /// Which methods of backup it offers.
    ob_backup_ability: words::BackupAbility,
    /// Tenants that can be backed up.
    object_count: u64,
    /// Those of them of which there is a backup set.
    protected_object_count: u64,
    /// The backup task that runs.
    running_task_id: Option<i64>,
    /// When the newest backup set was finished.
    #[schema(format = DateTime)]
    last_data_backup_time: Option<String>,
    /// How what backs it up by itself stands.
    backup_schedule_status: words::BackupScheduleStatus,
    /// The next run of the strategy; none while it is paused.
    next_backup_run: Option<PlannedRunView>,
    /// What became of the newest due time of the strategy.
    last_backup_run: Option<StrategyRunView>,
    /// How many backup sets there are.
    backup_set_count: u64,
    /// How much they take, in bytes.
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
