//! The views about validation. Names, order and types of the columns are from the DESC of a 4.6 server.

use super::job_views::on_off;
use super::validation::{ValidateJob, ValidateTask};
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    if cluster.profile < Profile::V4_6 {
        return None;
    }
    match base {
        "OB_BACKUP_VALIDATE_JOBS" => Some(jobs(cluster, name, false)),
        "OB_BACKUP_VALIDATE_JOB_HISTORY" => Some(jobs(cluster, name, true)),
        "OB_BACKUP_VALIDATE_TASKS" => Some(tasks(cluster, name, false)),
        "OB_BACKUP_VALIDATE_TASK_HISTORY" => Some(tasks(cluster, name, true)),
        _ => None,
    }
}

/// A job with its tasks, which are counted.
struct JobRow {
    job: ValidateJob,
    tasks: Vec<ValidateTask>,
}

fn jobs(cluster: &Cluster, name: &str, in_history: bool) -> Table {
    let tenants = cluster.four.tenants.values().map(|backups| &backups.validations);
    let rows: Vec<JobRow> = tenants
        .flat_map(|validations| validations.jobs.iter().map(move |job| (job, &validations.tasks)))
        .filter(|(job, _)| job.in_history == in_history)
        .map(|(job, tasks)| JobRow {
            job: job.clone(),
            tasks: tasks.iter().filter(|task| task.job == job.id).cloned().collect(),
        })
        .collect();
    // In the `DBA_` view of the history, the comment comes first.
    let comment_first = in_history && name.starts_with("DBA_");
    Shape::<JobRow>::new()
        .col("TENANT_ID", "bigint", |r| r.job.tenant.into())
        .col("JOB_ID", "bigint", |r| r.job.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("INITIATOR_TENANT_ID", "bigint", |r| r.job.initiator.into())
        .col("INITIATOR_JOB_ID", "bigint", |r| r.job.initiator_job.into())
        .col("EXECUTOR_TENANT_ID", "varchar(65536)", |r| {
            r.job.executors.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",").into()
        })
        .col("TYPE", "varchar(64)", |r| r.job.kind.into())
        .col("PATH", "longtext", |r| r.job.path.clone().into())
        .col("PATH_TYPE", "varchar(64)", |r| r.job.path_kind.into())
        .col("ID", "longtext", |r| r.job.ids.clone().into())
        .col("VALIDATE_LEVEL", "varchar(64)", |r| r.job.level.into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.job.start_us))
        .col("END_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.job.end_us))
        .col("STATUS", "varchar(64)", |r| r.job.status.into())
        .col("RETRY_COUNT", "bigint", |_| 0.into())
        .col("TASK_COUNT", "bigint", |r| (r.tasks.len() as i64).into())
        .col("SUCCESS_TASK_COUNT", "bigint", |r| {
            (r.tasks.iter().filter(|task| task.status == "COMPLETED").count() as i64).into()
        })
        .col("RESULT", "bigint", |r| r.job.result.into())
        .when(comment_first)
        .col("COMMENT", "varchar(4096)", |r| r.job.comment.clone().into())
        .when(true)
        .col("DESCRIPTION", "varchar(4096)", |r| r.job.description.clone().into())
        .when(!comment_first)
        .col("COMMENT", "varchar(4096)", |r| r.job.comment.clone().into())
        .table(name, &rows)
}

fn tasks(cluster: &Cluster, name: &str, in_history: bool) -> Table {
    type Row = (ValidateTask, i64);
    let tenants = cluster.four.tenants.values().map(|backups| &backups.validations);
    let rows: Vec<Row> = tenants
        .flat_map(|validations| &validations.tasks)
        .filter(|task| task.in_history == in_history)
        .map(|task| (task.clone(), task.validated_bytes(cluster.now_us)))
        .collect();
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.0.tenant.into())
        .col("TASK_ID", "bigint", |r| r.0.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("JOB_ID", "bigint", |r| r.0.job.into())
        .col("TASK_TYPE", "varchar(64)", |r| r.0.kind.into())
        .col("ID", "bigint", |r| r.0.thing.into())
        .col("PATH", "longtext", |r| r.0.path.clone().into())
        .col("PATH_TYPE", "varchar(64)", |r| {
            if r.0.kind == "BACKUPSET" { "BACKUP_SET_DEST" } else { "ARCHIVELOG_PIECE_DEST" }.into()
        })
        .col("DEST_ID", "bigint", |r| r.0.destination.into())
        .col("PLUS_ARCHIVELOG", "varchar(64)", |r| on_off(r.0.plus_archivelog))
        .col("INITIATOR_TASK_ID", "bigint", |_| 0.into())
        .col("VALIDATE_LEVEL", "varchar(64)", |r| r.0.level.into())
        .col("ROUND_ID", "bigint", |r| r.0.round.into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.0.start_us))
        .col("END_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.0.end_us))
        .col("STATUS", "varchar(64)", |r| r.0.status.into())
        .col("TOTAL_LS_COUNT", "bigint", |r| r.0.log_streams.into())
        .col("FINISH_LS_COUNT", "bigint", |r| if r.0.end_us > 0 { r.0.log_streams } else { 0 }.into())
        .col("TOTAL_BYTES", "bigint", |r| r.0.bytes.into())
        .col("VALIDATED_BYTES", "bigint", |r| r.1.into())
        .col("RESULT", "bigint", |r| r.0.result.into())
        .col("COMMENT", "varchar(4096)", |r| r.0.comment.clone().into())
        .table(name, &rows)
}
