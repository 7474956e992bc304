//! The views of 3.x about backup and cleanup.

use super::backup::Set;
use super::cleanup::Job;
use crate::sql::table::{bytes_display, ratio};
use crate::sql::{Shape, Table, Value};
use crate::world::Cluster;

/// A set with the values that depend on the clock.
pub(super) struct Row {
    pub(super) set: Set,
    fraction: f64,
    elapsed_us: i64,
}

impl Row {
    pub(super) fn new(set: &Set, now_us: i64) -> Self {
        let end_us = if set.end_us > 0 { set.end_us } else { now_us };
        let span = (set.data_end_us - set.start_us).max(1) as f64;
        let fraction =
            if set.data_end_us == 0 { 0.0 } else { ((end_us - set.start_us) as f64 / span).clamp(0.0, 1.0) };
        Self { set: set.clone(), fraction, elapsed_us: end_us - set.start_us }
    }

    pub(super) fn part(&self, whole: i64) -> i64 {
        (whole as f64 * self.fraction) as i64
    }

    pub(super) fn macro_blocks(&self) -> i64 {
        (self.set.input_bytes / (2 << 20)).max(1)
    }

    pub(super) fn partitions(&self) -> i64 {
        60 + self.set.input_bytes / (64 << 20)
    }

    /// RUNNING, COMPLETED, FAILED.
    fn job_status(&self) -> &'static str {
        match self.set.status {
            "DOING" => "RUNNING",
            "SUCCESS" => "COMPLETED",
            _ => "FAILED",
        }
    }

    fn per_second(&self, bytes: i64) -> f64 {
        if self.elapsed_us > 0 { bytes as f64 * 1e6 / self.elapsed_us as f64 } else { 0.0 }
    }

    fn taken(&self) -> Value {
        let seconds = self.elapsed_us / 1_000_000;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        Value::Text(format!("{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, self.elapsed_us % 1_000_000))
    }

    fn rate_display(&self) -> Value {
        let Value::Text(size) = bytes_display(self.per_second(self.set.output_bytes) as i64) else {
            return Value::Null;
        };
        Value::Text(format!("{size}/S"))
    }
}

pub(super) fn table(cluster: &Cluster, name: &str) -> Option<Table> {
    let rows = |keep: fn(&Set) -> bool| -> Vec<Row> {
        let sets = cluster.three.sets.iter().filter(|set| keep(set));
        sets.map(|set| Row::new(set, cluster.now_us)).collect()
    };
    Some(match name {
        "CDB_OB_BACKUP_PROGRESS" => progress().table(name, &rows(|set| set.is_running_row)),
        "CDB_OB_BACKUP_JOB_DETAILS" => job_details().table(name, &rows(|set| set.is_running_row)),
        "CDB_OB_BACKUP_SET_DETAILS" => set_details().table(name, &rows(|set| set.is_recorded)),
        "CDB_OB_BACKUP_SET_FILES" => {
            set_files().table(name, &rows(|set| set.is_running_row || set.is_recorded))
        }
        "CDB_OB_BACKUP_SET_EXPIRED" | "CDB_OB_BACKUP_SET_OBSOLETE" => {
            set_details().table(name, &rows(|_| false))
        }
        "CDB_OB_BACKUP_CLEAN_HISTORY" => clean_history(cluster, name),
        "CDB_OB_BACKUP_TASK_CLEAN_HISTORY" => {
            task_clean_history().table(name, &rows(|set| set.file_status == "DELETED"))
        }
        "__ALL_VIRTUAL_BACKUP_CLEAN_INFO" => clean_info(cluster, name),
        "CDB_OB_BACKUP_VALIDATION_JOB" | "CDB_OB_BACKUP_VALIDATION_JOB_HISTORY" => validation(name),
        _ => return None,
    })
}

pub(super) fn backup_type(row: &Row) -> Value {
    row.set.kind().into()
}

pub(super) fn encryption(row: &Row) -> Value {
    row.set.encryption().into()
}

fn progress() -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("BS_KEY", "bigint", |r| r.set.key.into())
        .col("BACKUP_TYPE", "varchar(1)", backup_type)
        .col("TENANT_ID", "bigint", |r| r.set.tenant.into())
        .col("PARTITION_COUNT", "bigint", |r| r.partitions().into())
        .col("MACRO_BLOCK_COUNT", "bigint", |r| r.macro_blocks().into())
        .col("FINISH_PARTITION_COUNT", "bigint", |r| r.part(r.partitions()).into())
        .col("FINISH_MACRO_BLOCK_COUNT", "bigint", |r| r.part(r.macro_blocks()).into())
        .col("INPUT_BYTES", "bigint", |r| r.part(r.set.input_bytes).into())
        .col("OUTPUT_BYTES", "bigint", |r| r.part(r.set.output_bytes).into())
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.set.start_us))
        .col("COMPLETION_TIME", "timestamp(6)", |r| Value::instant(r.set.end_us))
        .col("STATUS", "varchar(9)", |r| r.job_status().into())
}

fn job_details() -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TENANT_ID", "bigint", |r| r.set.tenant.into())
        .col("BS_KEY", "bigint", |r| r.set.key.into())
        .col("BACKUP_TYPE", "varchar(1)", backup_type)
        .col("ENCRYPTION_MODE", "varchar(64)", encryption)
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.set.start_us))
        .col("END_TIME", "timestamp(6)", |r| Value::instant(r.set.end_us))
        .col("INPUT_BYTES", "bigint", |r| r.part(r.set.input_bytes).into())
        .col("OUTPUT_BYTES", "bigint", |r| r.part(r.set.output_bytes).into())
        .col("OUTPUT_DEVICE_TYPE", "varchar(64)", device)
        .col("ELAPSED_SECONDS", "decimal(21,0)", |r| (r.elapsed_us / 1_000_000).into())
        .col("COMPRESSION_RATIO", "decimal(23,2)", |r| ratio(r.set.input_bytes, r.set.output_bytes))
        .col("INPUT_BYTES_PER_SEC", "decimal(34,4)", |r| Value::Real(r.per_second(r.set.input_bytes)))
        .col("OUTPUT_BYTES_PER_SEC", "decimal(34,4)", |r| Value::Real(r.per_second(r.set.output_bytes)))
        .col("STATUS", "varchar(9)", |r| r.job_status().into())
        .col("INPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.part(r.set.input_bytes)))
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.part(r.set.output_bytes)))
        .col("OUTPUT_BYTES_PER_SEC_DISPLAY", "varchar(39)", Row::rate_display)
        .col("TIME_TAKEN_DISPLAY", "time(6)", Row::taken)
}

pub(super) fn device(row: &Row) -> Value {
    row.set.root.split("://").next().unwrap_or_default().to_uppercase().into()
}

fn set_details() -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TENANT_ID", "bigint", |r| r.set.tenant.into())
        .col("BS_KEY", "bigint", |r| r.set.key.into())
        .col("COPY_ID", "bigint", |_| 0.into())
        .col("BACKUP_TYPE", "varchar(1)", backup_type)
        .col("ENCRYPTION_MODE", "varchar(64)", encryption)
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.set.start_us))
        .col("COMPLETION_TIME", "timestamp(6)", |r| Value::instant(r.set.end_us))
        .col("ELAPSED_SECONDES", "decimal(22,0)", |r| (r.elapsed_us / 1_000_000).into())
        .col("KEEP", "varchar(2)", |_| "NO".into())
        .col("KEEP_UNTIL", "varchar(1)", |_| "".into())
        .col("DEVICE_TYPE", "varchar(64)", device)
        .col("COMPRESSED", "varchar(3)", |_| "NO".into())
        .col("OUTPUT_BYTES", "bigint", |r| r.set.output_bytes.into())
        .col("OUTPUT_RATE_BYTES", "decimal(34,4)", |r| Value::Real(r.per_second(r.set.output_bytes)))
        .col("COMPRESSION_RATIO", "decimal(23,2)", |r| ratio(r.set.input_bytes, r.set.output_bytes))
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.set.output_bytes))
        .col("OUTPUT_RATE_BYTES_DISPLAY", "varchar(33)", Row::rate_display)
        .col("TIME_TAKEN_DISPLAY", "time(6)", Row::taken)
        .col("STATUS", "varchar(64)", |r| {
            if r.set.file_status == "DELETING" { "DELETING" } else { r.job_status() }.into()
        })
}

fn set_files() -> Shape<Row> {
    Shape::<Row>::new()
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TENANT_ID", "bigint", |r| r.set.tenant.into())
        .col("BS_KEY", "bigint", |r| r.set.key.into())
        .col("COPY_ID", "bigint", |_| 0.into())
        .col("BACKUP_TYPE", "varchar(1)", backup_type)
        .col("ENCRYPTION_MODE", "varchar(64)", encryption)
        .col("STATUS", "varchar(64)", |r| r.set.status.into())
        .col("FILE_STATUS", "varchar(64)", |r| r.set.file_status.into())
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.set.start_us))
        .col("COMPLETION_TIME", "timestamp(6)", |r| Value::instant(r.set.end_us))
        .col("ELAPSED_SECONDES", "decimal(22,0)", |r| (r.elapsed_us / 1_000_000).into())
        .col("KEEP", "varchar(2)", |_| "NO".into())
        .col("KEEP_UNTIL", "varchar(1)", |_| "".into())
        .col("COMPRESSED", "varchar(3)", |_| "NO".into())
        .col("OUTPUT_BYTES", "bigint", |r| r.part(r.set.output_bytes).into())
        .col("OUTPUT_RATE_BYTES", "decimal(28,4)", |r| Value::Real(r.per_second(r.set.output_bytes)))
        .col("COMPRESSION_RATIO", "decimal(23,2)", |r| ratio(r.set.input_bytes, r.set.output_bytes))
        .col("OUTPUT_BYTES_DISPLAY", "varchar(27)", |r| bytes_display(r.set.output_bytes))
        .col("OUTPUT_RATE_BYTES_DISPLAY", "varchar(33)", Row::rate_display)
        .col("TIME_TAKEN_DISPLAY", "time(6)", Row::taken)
}

fn clean_history(cluster: &Cluster, name: &str) -> Table {
    Shape::<Job>::new()
        .col("TENANT_ID", "bigint", |_| 1.into())
        .col("BS_KEY", "bigint", |j| j.parameter.parse::<i64>().unwrap_or_default().into())
        .col("START_TIME", "timestamp(6)", |j| Value::instant(j.start_us))
        .col("END_TIME", "timestamp(6)", |j| Value::instant(j.end_us))
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("TYPE", "varchar(64)", |j| j.kind.text().into())
        .col("STATUS", "varchar(64)", |j| j.status.into())
        .col("PARAMETER", "varchar(256)", |j| j.parameter.clone().into())
        .col("ERROR_MSG", "varchar(512)", |j| j.error.clone().into())
        .col("COMMENT", "varchar(4096)", |_| "".into())
        .table(name, cluster.three.cleanup.jobs.iter().filter(|job| job.status == "STOP"))
}

fn clean_info(cluster: &Cluster, name: &str) -> Table {
    let running = cluster.three.cleanup.jobs.iter().rfind(|job| job.status == "DOING");
    let row = (running.map_or("STOP", |job| job.status), running.map_or("", |job| job.kind.text()));
    Shape::<(&'static str, &'static str)>::new()
        .col("tenant_id", "bigint", |_| 1.into())
        .col("status", "varchar(64)", |r| r.0.into())
        .col("type", "varchar(64)", |r| r.1.into())
        .table(name, [&row])
}

fn task_clean_history() -> Shape<Row> {
    Shape::<Row>::new()
        .col("TENANT_ID", "bigint", |r| r.set.tenant.into())
        .col("INCARNATION", "bigint", |_| 1.into())
        .col("BS_KEY", "bigint", |r| r.set.key.into())
        .col("BACKUP_TYPE", "varchar(1)", backup_type)
        .col("PARTITION_COUNT", "bigint", |r| r.partitions().into())
        .col("MACRO_BLOCK_COUNT", "bigint", |r| r.macro_blocks().into())
        .col("FINISH_PARTITION_COUNT", "bigint", |r| r.partitions().into())
        .col("FINISH_MACRO_BLOCK_COUNT", "bigint", |r| r.macro_blocks().into())
        .col("INPUT_BYTES", "bigint", |r| r.set.input_bytes.into())
        .col("OUTPUT_BYTES", "bigint", |r| r.set.output_bytes.into())
        .col("START_TIME", "timestamp(6)", |r| Value::instant(r.set.start_us))
        .col("COMPLETION_TIME", "timestamp(6)", |r| Value::instant(r.set.end_us))
        .col("STATUS", "varchar(64)", |r| r.set.status.into())
}

/// The simulator does not validate, so the view is always empty.
fn validation(name: &str) -> Table {
    Shape::<()>::new()
        .col("JOB_ID", "bigint", |()| Value::Null)
        .col("TENANT_ID", "bigint", |()| Value::Null)
        .col("TENANT_NAME", "varchar(128)", |()| Value::Null)
        .col("INCARNATION", "bigint", |()| Value::Null)
        .col("BACKUP_SET_ID", "bigint", |()| Value::Null)
        .col("PROGRESS_PERCENT", "bigint", |()| Value::Null)
        .col("STATUS", "varchar(64)", |()| Value::Null)
        .table(name, &[])
}
