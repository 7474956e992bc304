//! The views of 4.x about backup jobs and tasks.

use super::SCN;
use super::archive_copy;
use super::backup::{Job, Task};
use crate::profile::Profile;
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

pub(super) fn table(cluster: &Cluster, base: &str, name: &str) -> Option<Table> {
    let jobs = |in_history: bool| -> Vec<Job> {
        let all = cluster.four.tenants.values().flat_map(|backups| &backups.jobs);
        all.filter(|job| job.in_history == in_history).cloned().collect()
    };
    let tasks = |in_history: bool| -> Vec<TaskRow> {
        let all = cluster.four.tenants.values().flat_map(|backups| &backups.tasks);
        all.filter(|task| task.in_history == in_history)
            .map(|task| TaskRow::new(task, cluster.now_us))
            .collect()
    };
    Some(match base {
        "OB_BACKUP_JOBS" => job_table(cluster.profile, name, &jobs(false)),
        "OB_BACKUP_JOB_HISTORY" => job_table(cluster.profile, name, &jobs(true)),
        "OB_BACKUP_TASKS" => task_table(cluster.profile, name, &tasks(false), true),
        "OB_BACKUP_TASK_HISTORY" => task_table(cluster.profile, name, &tasks(true), false),
        _ => return None,
    })
}

/// `NONE` or `PASSWORD`.
pub(super) fn encryption(password: &str) -> Value {
    if password.is_empty() { "NONE" } else { "PASSWORD" }.into()
}

pub(super) fn on_off(on: bool) -> Value {
    if on { "ON" } else { "OFF" }.into()
}

pub(super) fn backup_type(is_incremental: bool) -> Value {
    if is_incremental { "INC" } else { "FULL" }.into()
}

/// Returns whether the views have no MINOR_TURN_ID; such views show an empty text as the end of running jobs.
pub(super) fn is_older(profile: Profile) -> bool {
    profile < Profile::V4_2_5
}

/// Returns the type of a column of end times. If they may be empty texts, all are texts.
pub(super) fn end_type(profile: Profile) -> &'static str {
    if is_older(profile) { "varchar(26)" } else { "timestamp(6)" }
}

/// Returns an end time; in the older views, an empty text while the job is running.
pub(super) fn end_or_empty(us: i64) -> Value {
    if us == 0 { "".into() } else { Value::Instant(us) }
}

fn job_table(profile: Profile, name: &str, jobs: &[Job]) -> Table {
    let is_older = is_older(profile);
    Shape::<Job>::new()
        .col("TENANT_ID", "bigint", |j| j.tenant.into())
        .col("JOB_ID", "bigint", |j| j.id.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("BACKUP_SET_ID", "bigint", |j| j.set.into())
        .col("INITIATOR_TENANT_ID", "bigint", |j| j.initiator.into())
        .col("INITIATOR_JOB_ID", "bigint", |j| j.initiator_job.into())
        .col("EXECUTOR_TENANT_ID", "varchar(65536)", |j| {
            j.executors.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",").into()
        })
        .col("PLUS_ARCHIVELOG", "varchar(4096)", |j| on_off(j.plus_archivelog))
        .col("BACKUP_TYPE", "varchar(4096)", |j| {
            j.copies.map_or_else(
                || backup_type(j.is_incremental),
                |deletes| archive_copy::type_name(deletes).into(),
            )
        })
        .col("JOB_LEVEL", "varchar(4096)", |j| j.level.into())
        .col("ENCRYPTION_MODE", "varchar(4096)", |j| encryption(&j.password))
        .col("PASSWD", "varchar(4096)", |j| j.password.clone().into())
        .col("START_TIMESTAMP", "timestamp(6)", |j| Value::instant(j.start_us))
        .col(
            "END_TIMESTAMP",
            end_type(profile),
            if is_older { |j| end_or_empty(j.end_us) } else { |j| Value::instant(j.end_us) },
        )
        .col("STATUS", "varchar(4096)", |j| j.status.into())
        .col("RESULT", "bigint", |j| j.result.into())
        .col("COMMENT", "varchar(4096)", |j| j.comment.clone().into())
        .col("DESCRIPTION", "varchar(4096)", |j| j.description.clone().into())
        .col("PATH", "varchar(4096)", |j| j.path.clone().into())
        .table(name, jobs)
}

/// A task with the values that depend on the clock.
struct TaskRow {
    task: Task,
    /// The written part of the data, from 0 to 1.
    fraction: f64,
}

impl TaskRow {
    fn new(task: &Task, now_us: i64) -> Self {
        let span = (task.data_end_us - task.data_start_us).max(1) as f64;
        let fraction = match task.data_start_us {
            0 => 0.0,
            start => ((now_us.min(if task.end_us > 0 { task.end_us } else { now_us }) - start) as f64 / span)
                .clamp(0.0, 1.0),
        };
        Self { task: task.clone(), fraction }
    }

    fn part(&self, whole: i64) -> i64 {
        (whole as f64 * self.fraction) as i64
    }

    fn macro_blocks(&self) -> i64 {
        (self.task.total_bytes / (2 << 20)).max(1)
    }

    fn output(&self) -> i64 {
        if self.task.output_bytes > 0 {
            self.task.output_bytes
        } else {
            self.part(self.task.total_bytes * 45 / 100)
        }
    }

    /// 0 until the data stage begins, then a percentage.
    fn progress(&self) -> f64 {
        if self.task.data_start_us == 0 { 0.0 } else { (self.fraction * 10_000.0).floor() / 100.0 }
    }
}

fn task_table(profile: Profile, name: &str, tasks: &[TaskRow], is_current: bool) -> Table {
    let is_older = is_older(profile);
    Shape::<TaskRow>::new()
        .col("TENANT_ID", "bigint", |r| r.task.tenant.into())
        .col("TASK_ID", "bigint", |r| r.task.id.into())
        .col("JOB_ID", "bigint", |r| r.task.job.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("BACKUP_SET_ID", "bigint", |r| r.task.set.into())
        .col("START_TIMESTAMP", "timestamp(6)", |r| Value::instant(r.task.start_us))
        .col(
            "END_TIMESTAMP",
            end_type(profile),
            if is_older { |r| end_or_empty(r.task.end_us) } else { |r| Value::instant(r.task.end_us) },
        )
        .col("STATUS", "varchar(4096)", |r| r.task.status.into())
        .col("START_SCN", "bigint unsigned", |r| r.task.start_scn.into())
        .col("END_SCN", "bigint unsigned", |r| r.task.end_scn.into())
        .col("USER_LS_START_SCN", "bigint unsigned", |r| r.task.user_start_scn.into())
        .col("ENCRYPTION_MODE", "varchar(4096)", |r| encryption(&r.task.password))
        .col("PASSWD", "varchar(4096)", |r| r.task.password.clone().into())
        .col("INPUT_BYTES", "bigint", |r| r.part(r.task.total_bytes).into())
        .col("OUTPUT_BYTES", "bigint", |r| r.output().into())
        .col("OUTPUT_RATE_BYTES", rate_type(profile), |r| rate(r.output(), r.task.start_us, r.task.end_us))
        .col("EXTRA_META_BYTES", "bigint", |r| if r.task.output_bytes > 0 { 40_960 } else { 0 }.into())
        .col("TABLET_COUNT", "bigint", |r| r.task.tablets.into())
        .col("FINISH_TABLET_COUNT", "bigint", |r| r.part(r.task.tablets).into())
        .col("MACRO_BLOCK_COUNT", "bigint", |r| r.macro_blocks().into())
        .col("FINISH_MACRO_BLOCK_COUNT", "bigint", |r| r.part(r.macro_blocks()).into())
        .col("FILE_COUNT", "bigint", |r| r.task.files.into())
        .col("META_TURN_ID", "bigint", |_| 1.into())
        .col("DATA_TURN_ID", "bigint", |_| 1.into())
        .col("RESULT", "bigint", |r| r.task.result.into())
        .col("COMMENT", "varchar(4096)", |r| r.task.comment.clone().into())
        .col("PATH", "varchar(4096)", |r| r.task.path.clone().into())
        .when(profile >= Profile::V4_2_5)
        .col("MINOR_TURN_ID", "bigint", |_| 1.into())
        .col("MAJOR_TURN_ID", "bigint", |_| 1.into())
        .when(profile >= Profile::V4_2_5 && is_current)
        .col("DATA_PROGRESS", "decimal(26,2)", |r| Value::Real(r.progress()))
        .when(profile >= Profile::V4_3_5 && is_current)
        .col("LOG_FILE_COUNT", "bigint", |_| 0.into())
        .col("FINISH_LOG_FILE_COUNT", "bigint", |_| 0.into())
        .col("LOG_PROGRESS", "decimal(26,2)", |_| Value::Real(0.0))
        .table(name, tasks)
}

/// The type of `OUTPUT_RATE_BYTES`.
pub(super) fn rate_type(profile: Profile) -> &'static str {
    if profile >= Profile::V4_3_5 { "decimal(32,4)" } else { "decimal(28,4)" }
}

/// Bytes per second; 0 while the job is running, because it is computed from the end time.
pub(super) fn rate(bytes: i64, start_us: i64, end_us: i64) -> Value {
    Value::Real(if end_us > start_us { bytes as f64 * 1e6 / (end_us - start_us) as f64 } else { 0.0 })
}

/// `__all_virtual_backup_schedule_task`: the running tasks of each server.
pub(super) fn schedule_tasks(cluster: &Cluster, name: &str) -> Table {
    let leader = format!("{}:{}", cluster.leader().ip, cluster.leader().rpc_port);
    let running = cluster.four.tenants.values().flat_map(|backups| &backups.tasks);
    let rows: Vec<(Task, String)> = running
        .filter(|task| task.data_start_us > 0 && task.end_us == 0)
        .map(|task| (task.clone(), leader.clone()))
        .collect();
    Shape::<(Task, String)>::new()
        .col("tenant_id", "bigint", |r| r.0.tenant.into())
        .col("job_id", "bigint", |r| r.0.job.into())
        .col("task_id", "bigint", |r| r.0.id.into())
        .col("ls_id", "bigint", |_| 1001.into())
        .col("type", "bigint", |_| 1.into())
        .col("trace_id", "varchar(64)", |_| "".into())
        .col("destination", "varchar(64)", |r| r.1.clone().into())
        .col("is_schedule", "varchar(8)", |_| "True".into())
        .col("generate_ts", "bigint", |r| (r.0.user_start_scn / SCN).into())
        .col("schedule_ts", "bigint", |r| r.0.data_start_us.into())
        .col("executor_ts", "bigint", |r| r.0.data_start_us.into())
        .table(name, &rows)
}
