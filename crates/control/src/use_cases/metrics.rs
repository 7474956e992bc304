//! The numbers for monitoring: from the metadata, and from the measurements of this process. No cluster is contacted,
//! and the number of statements does not depend on the number of clusters and tenants.

mod process;
#[cfg(test)]
mod tests;

use model::alarm::AlarmKind;
use model::measure::Timing;
use model::user::Permission;

pub use self::process::Process;
pub use metadata::queue::{RunKind, RunOutcome};

use super::{alarms, protection};
use crate::actor::Actor;
use crate::context::{Control, Watched};
use crate::error::Error;
use crate::protection::{ProtectedObject, SetTotals};
use model::backup::{BackupMethod, DataBackupMode};

/// The maximum number of objects with series of their own. Each has up to five.
pub const OBJECTS_MAX: usize = 10_000;

/// The metrics at one time.
#[derive(Debug)]
pub struct Metrics {
    /// The first [`OBJECTS_MAX`] objects: tenants before single databases.
    pub objects: Vec<ProtectedObject>,
    /// The number of other objects.
    pub objects_left_out: u64,
    /// The backup sets by method and mode.
    pub sets: Vec<((BackupMethod, DataBackupMode), SetTotals)>,
    /// The runs of tasks whose end this server saved.
    pub runs: Vec<(RunKind, Timing)>,
    /// The tasks by state.
    pub tasks: Vec<(&'static str, u64)>,
    /// The unfinished tasks that each server has leased.
    pub leases: Vec<(String, u64)>,
    /// The alarms of each kind.
    pub alarms: Vec<(AlarmKind, u64)>,
    /// The watchers of this server.
    pub watchers: Vec<Watched>,
    /// The statements sent to the metadata database.
    pub metadata_statements: Vec<(&'static str, Timing)>,
    /// The statements sent to clusters.
    pub cluster_statements: Vec<(&'static str, Timing)>,
    /// This process, if the system reports on it.
    pub process: Option<Process>,
}

/// Reads the current metrics.
///
/// # Errors
/// When the actor may not read them, or the metadata database fails.
pub async fn read(control: &Control, actor: &Actor) -> Result<Metrics, Error> {
    actor.must(Permission::Read)?;
    let protected = protection::read(control, None).await?;
    let queue = control.metadata().queue().await?;
    let raised = alarms::seen(control).await?.alarms;
    let count = |kind| raised.iter().filter(|alarm| alarm.kind == kind).count() as u64;
    let mut objects = protected.objects;
    let objects_left_out = objects.len().saturating_sub(OBJECTS_MAX) as u64;
    objects.truncate(OBJECTS_MAX);
    Ok(Metrics {
        objects,
        objects_left_out,
        sets: protected.sets,
        runs: control.metadata().run_timings(),
        tasks: queue.tasks.into_iter().map(|(status, count)| (status.as_str(), count)).collect(),
        leases: queue.leases.into_iter().collect(),
        alarms: AlarmKind::ALL.into_iter().map(|kind| (kind, count(kind))).collect(),
        watchers: control.context.watch_log.list(),
        metadata_statements: control.metadata().statement_timings(),
        cluster_statements: oceanbase::measure::statement_timings(),
        process: Process::read(),
    })
}
