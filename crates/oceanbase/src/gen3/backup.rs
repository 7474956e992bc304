//! Data backup of the cluster, and of a list of tenants from 3.2.2 on. One job makes a set of each tenant; all have
//! the same number.

use model::Secret;
use model::backup::DataBackupMode;
use model::physical::{BackupJob, JobProgress, JobStatus, SYS, moment};
use model::time::Timestamp;

use crate::answer::Row;
use crate::error::Error;
use crate::physical::{RestoreSource, RestoreTarget};
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// How many jobs are looked at, newest first.
const JOBS_SEEN: i64 = 16;

/// There is no description: what is newest is known before.
pub(crate) fn start(mode: DataBackupMode) -> Statement {
    let incremental = if mode == DataBackupMode::Incremental { "INCREMENTAL " } else { "" };
    Statement::act(format!("ALTER SYSTEM BACKUP {incremental}DATABASE"))
}

/// Backs up some tenants into a place of their own.
pub(crate) fn start_tenants(names: &[String], address: &Secret) -> Statement {
    let names: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    Statement::act(format!(
        "ALTER SYSTEM BACKUP TENANT {} TO {}",
        names.join(", "),
        literal(address.expose())
    ))
}

/// Makes a tenant of what was backed up, as it was at that moment: by a session's own time zone.
pub(crate) fn restore(from: &RestoreSource<'_>, into: &RestoreTarget<'_>) -> Vec<Statement> {
    let until = moment::spelt(Timestamp::from_scn(from.scn));
    let options = format!(
        "backup_cluster_name={}&backup_cluster_id={}&pool_list={}",
        from.cluster, from.cluster_id, into.pools
    );
    let restore = format!(
        "ALTER SYSTEM RESTORE {} FROM {} AT {} UNTIL {} WITH {}",
        identifier(into.tenant),
        identifier(from.tenant),
        literal(from.data.expose()),
        literal(&until),
        literal(&options),
    );
    vec![
        Statement::act("ALTER SYSTEM SET restore_concurrency = 10"), // takes some seconds to be seen
        Statement::read("SET time_zone = '+00:00'"),
        Statement::act(restore),
    ]
}

/// Ends whatever job runs: look before. It fails when none does.
pub(crate) fn cancel() -> Statement {
    Statement::act("ALTER SYSTEM CANCEL BACKUP")
}

const NEWEST: &str = "SELECT IFNULL(MAX(bs_key), 0) AS newest FROM oceanbase.CDB_OB_BACKUP_JOB_DETAILS";

/// Reads the newest jobs.
pub(crate) async fn jobs(session: &mut Session) -> Result<Vec<BackupJob>, Error> {
    let statement = Statement::read(NEWEST);
    let rows = session.rows(&statement).await?;
    let newest = rows.first().ok_or_else(|| Error::no_rows(&statement))?.i64("newest")?;
    let text = format!(
        "SELECT bs_key, tenant_id, backup_type, start_time, end_time, status \
         FROM oceanbase.CDB_OB_BACKUP_JOB_DETAILS WHERE bs_key > {} ORDER BY bs_key, tenant_id",
        newest.saturating_sub(JOBS_SEEN).max(0)
    );
    let mut jobs: Vec<BackupJob> = Vec::new();
    for row in session.rows(&Statement::read(text)).await? {
        let part = part(&row)?;
        match jobs.last_mut() {
            Some(job) if job.id == part.id => join(job, &part),
            _ => jobs.push(part),
        }
    }
    Ok(jobs)
}

/// One tenant's part of a job.
fn part(row: &Row) -> Result<BackupJob, Error> {
    let id = row.i64("bs_key")?;
    Ok(BackupJob {
        tenant: SYS,
        id,
        set: Some(id),
        mode: mode(row.str("backup_type")?),
        status: JobStatus::of(row.str("status")?),
        result: 0,
        comment: String::new(),
        description: String::new(),
        parent: None,
        executors: Vec::new(),
        started: row.maybe_str("start_time")?.and_then(moment::utc),
        ended: row.maybe_str("end_time")?.and_then(moment::utc),
    })
}

/// A job runs while one of its parts does; it has failed when one has.
fn join(job: &mut BackupJob, part: &BackupJob) {
    let rank = |status: JobStatus| match status {
        JobStatus::Running | JobStatus::Canceling => 3,
        JobStatus::Failed => 2,
        JobStatus::Canceled => 1,
        JobStatus::Completed => 0,
    };
    if rank(part.status) > rank(job.status) {
        job.status = part.status;
    }
    job.started = job.started.min(part.started);
    job.ended = job.ended.max(part.ended);
}

/// `D` or `I`.
pub(super) fn mode(word: &str) -> DataBackupMode {
    if word.eq_ignore_ascii_case("I") { DataBackupMode::Incremental } else { DataBackupMode::Full }
}

/// Reads how far a job is; nothing when it does not run.
pub(crate) async fn progress(session: &mut Session, job: i64) -> Result<Option<JobProgress>, Error> {
    let text = format!(
        "SELECT input_bytes, output_bytes, macro_block_count, finish_macro_block_count \
         FROM oceanbase.CDB_OB_BACKUP_PROGRESS WHERE bs_key = {job} ORDER BY tenant_id"
    );
    let rows = session.rows(&Statement::read(text)).await?;
    let mut all = None;
    for row in &rows {
        let sum: &mut JobProgress = all.get_or_insert_default();
        sum.blocks_done += row.u64("finish_macro_block_count")?;
        sum.blocks += row.u64("macro_block_count")?;
        sum.input_bytes += row.u64("input_bytes")?;
        sum.output_bytes += row.u64("output_bytes")?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use model::backup::DataBackupMode;
    use model::physical::{BackupJob, JobStatus, SYS};

    use super::join;

    fn job(status: JobStatus) -> BackupJob {
        BackupJob {
            tenant: SYS,
            id: 1,
            set: Some(1),
            mode: DataBackupMode::Full,
            status,
            result: 0,
            comment: String::new(),
            description: String::new(),
            parent: None,
            executors: Vec::new(),
            started: None,
            ended: None,
        }
    }

    #[test]
    fn a_job_is_over_when_its_last_part_is_and_good_when_all_are() {
        use JobStatus::{Completed, Failed, Running};
        let cases = [
            ([Completed, Completed], Completed),
            ([Completed, Running], Running),
            ([Running, Failed], Running),
            ([Failed, Completed], Failed),
        ];
        for ([first, second], expected) in cases {
            let mut whole = job(first);
            join(&mut whole, &job(second));
            assert_eq!(whole.status, expected, "{first:?} {second:?}");
        }
    }
}
