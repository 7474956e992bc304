//! Data backup of a tenant. The sys tenant's job creates the tenant's own job asynchronously: OK only means that the
//! sys tenant's job was recorded.

use model::Secret;
use model::backup::DataBackupMode;
use model::id::TenantId;
use model::physical::{BackupJob, JobProgress, JobStatus, SYS, moment};

use crate::answer::Row;
use crate::error::Error;
use crate::physical::{RestoreSource, RestoreTarget};
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The maximum number of jobs to read, newest first; enough to include our own and other running ones.
const JOBS_SEEN: u32 = 400;

/// Sets the password of the next backup on this connection only.
pub(crate) fn set_password(password: &Secret) -> Statement {
    // It changes nothing in the cluster.
    Statement::read(format!("SET ENCRYPTION ON IDENTIFIED BY {} ONLY", literal(password.expose())))
}

/// One statement for each tenant: in a list, the server silently skips tenants that cannot be backed up.
pub(crate) fn start(
    tenant: &str,
    mode: DataBackupMode,
    plus_archivelog: bool,
    tag: Option<&str>,
) -> Statement {
    let incremental = if mode == DataBackupMode::Incremental { "INCREMENTAL " } else { "" };
    let mut text = format!("ALTER SYSTEM BACKUP {incremental}TENANT = {}", identifier(tenant));
    if plus_archivelog {
        text.push_str(" PLUS ARCHIVELOG");
    }
    if let Some(tag) = tag {
        text.push_str(" DESCRIPTION = ");
        text.push_str(&literal(tag));
    }
    Statement::act(text)
}

/// Returns the statement that restores a tenant from a backup, up to an SCN.
pub(crate) fn restore(from: &RestoreSource<'_>, into: &RestoreTarget<'_>) -> Statement {
    let places = format!("{},{}", from.data.expose(), from.log.expose());
    Statement::act(format!(
        "ALTER SYSTEM RESTORE {} FROM {} UNTIL SCN = {} WITH {}",
        identifier(into.tenant),
        literal(&places),
        from.scn,
        literal(&format!("pool_list={}", into.pools)),
    ))
}

/// Cancels every job of the tenant, including foreign ones, so check them first.
pub(crate) fn cancel(tenant: &str) -> Statement {
    Statement::act(format!("ALTER SYSTEM CANCEL BACKUP TENANT = {}", identifier(tenant)))
}

const COLUMNS: &str = "tenant_id, job_id, backup_set_id, initiator_tenant_id, initiator_job_id, executor_tenant_id, \
                       backup_type, start_timestamp, end_timestamp, status, result, comment, description";

/// Reads the jobs of the sys tenant and of that tenant, including finished ones.
pub(crate) async fn jobs(session: &mut Session, tenant: TenantId) -> Result<Vec<BackupJob>, Error> {
    read(session, &format!("WHERE tenant_id IN ({SYS}, {tenant}) ")).await
}

/// Reads the jobs of all tenants, including finished ones.
pub(crate) async fn all_jobs(session: &mut Session) -> Result<Vec<BackupJob>, Error> {
    read(session, "").await
}

async fn read(session: &mut Session, whose: &str) -> Result<Vec<BackupJob>, Error> {
    let mut jobs: Vec<BackupJob> = Vec::new();
    // A finished job moves from the first view to the second, so this order misses none.
    for view in ["CDB_OB_BACKUP_JOBS", "CDB_OB_BACKUP_JOB_HISTORY"] {
        let text = format!(
            "SELECT {COLUMNS} FROM oceanbase.{view} {whose}\
             ORDER BY start_timestamp DESC, job_id DESC LIMIT {JOBS_SEEN}"
        );
        for row in session.rows(&Statement::read(text)).await? {
            let job = job(&row)?;
            // If a job is in both views, the second one has its result.
            jobs.retain(|other| (other.tenant, other.id) != (job.tenant, job.id));
            jobs.push(job);
        }
    }
    Ok(jobs)
}

fn job(row: &Row) -> Result<BackupJob, Error> {
    let text = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default().to_owned());
    let number = |column: &'static str| match row.maybe_str(column)? {
        Some(_) => row.i64(column).map(Some),
        None => Ok::<_, Error>(None),
    };
    let own = (row.i64("tenant_id")?, row.i64("job_id")?);
    let parent = (number("initiator_tenant_id")?, number("initiator_job_id")?);
    let (kind, set) = (row.str("backup_type")?, number("backup_set_id")?.filter(|set| *set != 0));
    Ok(BackupJob {
        tenant: TenantId(own.0),
        id: own.1,
        set,
        mode: mode(kind),
        is_data: set.is_some() || ["FULL", "INC", "D", "I"].contains(&kind.to_ascii_uppercase().as_str()),
        status: JobStatus::of(row.str("status")?),
        result: row.i64("result")?.unsigned_abs(),
        comment: text("comment")?,
        description: text("description")?,
        parent: match parent {
            // A job without a parent names no job, or itself.
            (Some(tenant), Some(job)) if job != 0 && (tenant, job) != own => Some((TenantId(tenant), job)),
            _ => None,
        },
        executors: text("executor_tenant_id")?
            .split(',')
            .filter_map(|id| id.trim().parse().ok())
            .map(TenantId)
            .collect(),
        started: row.maybe_str("start_timestamp")?.and_then(moment::utc),
        ended: row.maybe_str("end_timestamp")?.and_then(moment::utc),
    })
}

/// `FULL` or `INC`; the documentation has `D` or `I`.
pub(super) fn mode(word: &str) -> DataBackupMode {
    if word.to_ascii_uppercase().starts_with('I') {
        DataBackupMode::Incremental
    } else {
        DataBackupMode::Full
    }
}

/// Reads the progress of a tenant's job; `None` before its task exists and after it was moved to the history.
pub(crate) async fn progress(
    session: &mut Session,
    tenant: TenantId,
    job: i64,
) -> Result<Option<JobProgress>, Error> {
    let text = format!(
        "SELECT input_bytes, output_bytes, macro_block_count, finish_macro_block_count \
         FROM oceanbase.CDB_OB_BACKUP_TASKS WHERE tenant_id = {tenant} AND job_id = {job}"
    );
    let rows = session.rows(&Statement::read(text)).await?;
    rows.first()
        .map(|row| {
            Ok(JobProgress {
                blocks_done: row.u64("finish_macro_block_count")?,
                blocks: row.u64("macro_block_count")?,
                input_bytes: row.u64("input_bytes")?,
                output_bytes: row.u64("output_bytes")?,
            })
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use model::backup::DataBackupMode::{Full, Incremental};

    use super::{mode, start};

    #[test]
    fn both_spellings_of_the_type_are_read() {
        for (word, expected) in [("FULL", Full), ("INC", Incremental), ("D", Full), ("I", Incremental)] {
            assert_eq!(mode(word), expected, "{word}");
        }
    }

    #[test]
    fn a_backup_names_one_tenant_and_never_a_destination() {
        for mode in [Full, Incremental] {
            let text = start("a`b", mode, true, Some("lifeboat-7")).masked;
            assert!(text.contains("TENANT = `a``b`") && !text.contains(" TO "), "{text}");
        }
    }
}
