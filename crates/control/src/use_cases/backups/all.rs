//! The backup status of all clusters, from the catalogue alone: no cluster is contacted.

pub use metadata::standings::Ended;
use metadata::standings::{Standing, Standings};
use model::ability::Generation;
use model::cluster::Cluster;
use model::user::Permission;

use super::backups_of;
use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::flows::recovery_kinds;
use crate::strategies::{ScheduleStanding, schedule_standings};

/// The backup status of all clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllOverview {
    /// Every cluster, by name.
    pub clusters: Vec<ClusterStanding>,
    /// Backups that ended in the last 24 hours.
    pub recent: Ended,
    /// Backups that ended in the last 7 days.
    pub week: Ended,
    /// Recoveries that ended in the last 7 days.
    pub week_recoveries: Ended,
}

/// The backup status of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterStanding {
    /// The cluster.
    pub cluster: Cluster,
    /// Its figures from the catalogue.
    pub standing: Standing,
    /// The status of its schedule.
    pub schedule: ScheduleStanding,
}

impl ClusterStanding {
    /// Returns the number of tenants that can be backed up. The sys tenant counts only if it is the only one.
    #[must_use]
    pub fn objects(&self) -> u64 {
        if self.has_only_sys() { 1 } else { self.standing.tenants }
    }

    /// Returns how many of these tenants have backup sets.
    #[must_use]
    pub fn protected_objects(&self) -> u64 {
        if self.has_only_sys() { self.standing.has_sys_set.into() } else { self.standing.protected_tenants }
    }

    fn has_only_sys(&self) -> bool {
        self.cluster.facts.generation == Generation::Seekdb
    }
}

/// Returns the backup status of all clusters.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn all_overview(control: &Control, actor: &Actor) -> Result<AllOverview, Error> {
    actor.must(Permission::Read)?;
    let clusters = control.metadata().cluster_list().await?;
    let kinds = backups_of(None).kinds;
    let Standings { clusters: mut known, recent, week, week_recoveries } =
        control.metadata().backup_standings(&kinds, &recovery_kinds()).await?;
    let mut schedules = schedule_standings(&control.context).await?;
    let clusters = clusters.into_iter().map(|cluster| {
        let standing = known.remove(&cluster.id).unwrap_or_default();
        let schedule = schedules.remove(&cluster.id).unwrap_or_default();
        ClusterStanding { cluster, standing, schedule }
    });
    Ok(AllOverview { clusters: clusters.collect(), recent, week, week_recoveries })
}
