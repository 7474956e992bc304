//! The views of 4.x about cleanup.

use super::cleanup::{ActivePolicy, DeleteJob, DeleteTask, Wanted};
use crate::civil;
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::{Cluster, TenantId};

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    let cleanups = || cluster.four.tenants.values().map(|backups| &backups.cleanup);
    let jobs = |in_history| cleanups().flat_map(|c| &c.jobs).filter(move |job| job.in_history == in_history);
    let tasks =
        |in_history| cleanups().flat_map(|c| &c.tasks).filter(move |task| task.in_history == in_history);
    Some(match base {
        "OB_BACKUP_DELETE_POLICY" => policies(cluster, name),
        "OB_BACKUP_DELETE_JOBS" => job_shape(cluster.profile).table(name, jobs(false)),
        "OB_BACKUP_DELETE_JOB_HISTORY" => job_shape(cluster.profile).table(name, jobs(true)),
        "OB_BACKUP_DELETE_TASKS" => task_shape(cluster.profile).table(name, tasks(false)),
        "OB_BACKUP_DELETE_TASK_HISTORY" => task_shape(cluster.profile).table(name, tasks(true)),
        _ => return None,
    })
}

fn policies(cluster: &Cluster, name: &str) -> Table {
    let tenants = cluster.four.tenants.iter();
    let rows: Vec<(TenantId, ActivePolicy)> =
        tenants.filter_map(|(id, backups)| Some((*id, backups.cleanup.policy.clone()?))).collect();
    Shape::<(TenantId, ActivePolicy)>::new()
        .col("TENANT_ID", "bigint", |r| r.0.into())
        .col("POLICY_NAME", "varchar(256)", |r| r.1.name.into())
        .col("RECOVERY_WINDOW", "varchar(64)", |r| r.1.window.clone().into())
        .table(name, &rows)
}

/// The time limit, or the IDs.
fn bare_parameter(job: &DeleteJob) -> Value {
    match &job.wanted {
        Wanted::Obsolete { expired_us } => Value::Instant(*expired_us),
        Wanted::Sets(ids) | Wanted::Pieces(ids) | Wanted::Copied(ids) => Wanted::ids(ids).into(),
    }
}

/// Since 4.4, the time limit has a name; its time is shown in UTC+8. That IDs have no name is a guess.
fn named_parameter(job: &DeleteJob) -> Value {
    match &job.wanted {
        Wanted::Obsolete { expired_us } => {
            format!("expired_time:{}", civil::format(*expired_us, 8 * 3_600)).into()
        }
        _ => bare_parameter(job),
    }
}

fn job_shape(profile: Profile) -> Shape<DeleteJob> {
    let parameter = match profile {
        Profile::V4_0 | Profile::V4_1 => "varchar(64)",
        Profile::V4_2_5 | Profile::V4_3_5 => "timestamp(6)",
        _ => "varchar(8209)",
    };
    Shape::<DeleteJob>::new()
        .col("TENANT_ID", "bigint", |j| j.tenant.into())
        .col("JOB_ID", "bigint", |j| j.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("INITIATOR_TENANT_ID", "bigint", |j| j.initiator.into())
        .col("INITIATOR_JOB_ID", "bigint", |_| 0.into())
        .col("EXECUTOR_TENANT_ID", "varchar(65536)", |j| j.tenant.0.to_string().into())
        .col("TYPE", "varchar(64)", |j| j.wanted.kind().into())
        .col("PARAMETER", parameter, if profile >= Profile::V4_4 { named_parameter } else { bare_parameter })
        .col("JOB_LEVEL", "varchar(64)", |_| "USER_TENANT".into())
        .col("START_TIMESTAMP", "timestamp(6)", |j| Value::instant(j.start_us))
        .col("END_TIMESTAMP", "timestamp(6)", |j| Value::instant(j.end_us))
        .col("STATUS", "varchar(64)", |j| j.status.into())
        .col("TASK_COUNT", "bigint", |_| 1.into())
        .col("SUCCESS_TASK_COUNT", "bigint", |j| i64::from(j.status == "COMPLETED").into())
        .col("RESULT", "bigint", |j| j.result.into())
        .col("COMMENT", "varchar(4096)", |j| j.comment.clone().into())
}

fn task_shape(profile: Profile) -> Shape<DeleteTask> {
    let is_newest = profile >= Profile::V4_4;
    Shape::<DeleteTask>::new()
        .col("TENANT_ID", "bigint", |t| t.tenant.into())
        .col("TASK_ID", "bigint", |t| t.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("JOB_ID", "bigint", |t| t.job.into())
        .col("TASK_TYPE", "varchar(64)", |t| t.kind.into())
        .col("ID", "bigint", |t| t.thing.into())
        .col("ROUND_ID", "bigint", |t| t.round.into())
        .col("DEST_ID", "bigint", |t| t.destination.into())
        .col("START_TIMESTAMP", "timestamp(6)", |t| Value::instant(t.start_us))
        .col("END_TIMESTAMP", "timestamp(6)", |t| Value::instant(t.end_us))
        .col("STATUS", "varchar(64)", |t| t.status.into())
        .col(if is_newest { "TOTAL_TASK_COUNT" } else { "TOTAL_LS_COUNT" }, "bigint", |t| {
            t.log_streams.into()
        })
        .col(if is_newest { "FINISH_TASK_COUNT" } else { "FINISH_LS_COUNT" }, "bigint", |t| {
            (if t.end_us > 0 { t.log_streams } else { 0 }).into()
        })
        .col("RESULT", "bigint", |_| 0.into())
        .col("COMMENT", "varchar(4096)", |_| "".into())
        .col("PATH", "varchar(1024)", |t| t.path.clone().into())
}
