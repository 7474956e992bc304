//! Backup jobs on the cluster that Lifeboat did not start: read from its own views, and distinguished from ours by
//! number.

use std::collections::BTreeSet;

use engine::{Flow as _, Task};
use metadata::Slice;
use metadata::tasks::{TaskQuery, subject};
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::TenantId;
use model::physical::identity::part_of;
use model::physical::{BackupJob, JobStatus, SYS};
use model::task::TaskStatus;
use model::text::Text;
use model::time::Timestamp;
use model::{Problem, tenant::Tenant};
use oceanbase::error::problem_of_result;

use super::{BackupFilter, BackupSource, DataBackupTask};
use crate::asking;
use crate::context::Context;
use crate::error::Error;
use crate::flows::backup_physical::{BackupPhysical, Lane, State};
use crate::tasks::view;

/// The number of our newest tasks that are searched for the IDs of our jobs.
const TASKS_SEEN: u32 = 200;

/// The IDs of our own jobs.
struct Ours {
    jobs: BTreeSet<(TenantId, i64)>,
    /// Jobs before this time are unknown: they all count as ours. None if all our tasks were searched.
    since: Option<Timestamp>,
}

/// Returns the jobs that were not started by Lifeboat, newest first, or the reason why the cluster reports none.
pub(super) async fn jobs(
    context: &Context,
    cluster: &Cluster,
    filter: &BackupFilter,
) -> Result<Vec<DataBackupTask>, Problem> {
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Ok(Vec::new());
    }
    asking::within_limit(cluster, read(context, cluster, filter)).await
}

async fn read(
    context: &Context,
    cluster: &Cluster,
    filter: &BackupFilter,
) -> Result<Vec<DataBackupTask>, Error> {
    let mut driver = asking::open(context, cluster).await?;
    let jobs = driver.all_backup_jobs().await?;
    let address = driver.session().address().clone();
    let ours = ours(context, cluster, &jobs).await?;
    let tenants = context.metadata.tenant_list(cluster.id).await?;
    let mut rows: Vec<DataBackupTask> = jobs
        .iter()
        .filter(|job| job.is_data && !ours.holds(job))
        .flat_map(|job| {
            about(cluster.facts.generation, job, &jobs).into_iter().map(move |tenant| (job, tenant))
        })
        .map(|(job, tenant)| {
            let meaning = problem_of_result(job.result, &job.comment, &address).map(|problem| problem.text);
            row(cluster, &tenants, job, tenant, meaning)
        })
        .filter(|row| is_wanted(row, filter))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.started, row.job)));
    Ok(rows)
}

/// Determines which jobs belong to our own tasks: by the IDs that the lanes recorded, and for a job that is just
/// starting, by its mark.
async fn ours(context: &Context, cluster: &Cluster, jobs: &[BackupJob]) -> Result<Ours, Error> {
    let query = TaskQuery {
        kinds: vec![BackupPhysical::KIND.to_owned()],
        subjects: vec![(subject::CLUSTER.to_owned(), cluster.id.to_string())],
        ..TaskQuery::default()
    };
    let tasks = context.metadata.task_list(&query, Slice { offset: 0, limit: TASKS_SEEN }).await?;
    let oldest = tasks.items.last().map(|task| view::moment(task.created_at));
    let since = oldest.filter(|_| tasks.total > u64::from(TASKS_SEEN));
    let jobs = tasks.items.iter().flat_map(|task| of_task(task, jobs)).collect();
    Ok(Ours { jobs, since })
}

fn of_task(task: &Task, jobs: &[BackupJob]) -> Vec<(TenantId, i64)> {
    let Ok(state) = serde_json::from_value::<State>(task.state.clone()) else { return Vec::new() };
    let mut ours = Vec::new();
    for lane in &task.lanes {
        let Ok(known) = serde_json::from_value::<Lane>(lane.state.clone()) else { continue };
        if let (Some(mark), Some(scope)) = (&known.mark, state.scopes.get(&lane.key)) {
            ours.extend(mark.find(jobs, known.mode(&state), scope.tenant()).map(|job| (job.tenant, job.id)));
        }
        ours.extend(known.jobs);
    }
    ours
}

impl Ours {
    fn holds(&self, job: &BackupJob) -> bool {
        let is_before = self.since.is_some_and(|since| job.started.is_none_or(|started| started < since));
        let is_part = job.parent.is_some_and(|parent| self.jobs.contains(&parent));
        is_before || is_part || self.jobs.contains(&(job.tenant, job.id))
    }
}

/// Returns the tenants of a job. On 4.x the job of the sys tenant only creates a job for each tenant; it counts only
/// for tenants that have no job of their own.
fn about(generation: Generation, job: &BackupJob, jobs: &[BackupJob]) -> Vec<TenantId> {
    if generation != Generation::Gen4 || job.tenant != SYS {
        return vec![job.tenant];
    }
    job.executors.iter().copied().filter(|tenant| part_of(job, jobs, *tenant).is_none()).collect()
}

fn row(
    cluster: &Cluster,
    tenants: &[Tenant],
    job: &BackupJob,
    tenant: TenantId,
    meaning: Option<Text>,
) -> DataBackupTask {
    let known = tenants.iter().find(|known| known.id == tenant).map(|known| known.name.clone());
    let is_whole = cluster.facts.generation == Generation::Gen3;
    let tenant_name =
        if is_whole { "cluster".to_owned() } else { known.unwrap_or_else(|| tenant.to_string()) };
    let about = |id: &str| Text::new(id).with("tenant", &tenant_name).with("job", job.id);
    // The job of the sys tenant succeeds if no job that it created failed, even if it created none.
    let is_passed_over = !is_whole && job.tenant == SYS && job.status == JobStatus::Completed;
    let problem = match job.status {
        JobStatus::Completed if is_passed_over => Some(about("backup-job-not-begun")),
        JobStatus::Failed => {
            Some(meaning.unwrap_or_else(|| about("backup-job-failed").with("result", job.result)))
        }
        JobStatus::Canceled => Some(about("backup-job-canceled")),
        _ => None,
    };
    DataBackupTask {
        task: None,
        source: BackupSource::Other,
        creator: None,
        job: Some(job.id),
        cluster: cluster.id,
        cluster_name: cluster.name.clone(),
        tenant,
        tenant_name,
        method: BackupMethod::Physical,
        mode: job.mode,
        backup_set: None,
        is_partial: false,
        set_number: job.set,
        uri: String::new(),
        status: match job.status {
            JobStatus::Running | JobStatus::Canceling => TaskStatus::Running,
            JobStatus::Completed if is_passed_over => TaskStatus::Failed,
            JobStatus::Completed => TaskStatus::Successful,
            JobStatus::Failed | JobStatus::Canceled => TaskStatus::Failed,
        },
        problem,
        bytes: None,
        started: job.started,
        finished: job.ended.filter(|_| job.status.is_over()),
    }
}

fn is_wanted(row: &DataBackupTask, filter: &BackupFilter) -> bool {
    filter.tenant.is_none_or(|tenant| row.tenant == tenant)
        && filter.status.is_none_or(|status| row.status == status)
        && filter.from.is_none_or(|from| row.started.is_some_and(|started| started >= from))
        && filter.until.is_none_or(|until| row.started.is_some_and(|started| started < until))
}
