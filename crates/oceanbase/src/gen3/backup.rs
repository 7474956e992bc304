//! Data backup of the cluster, and from 3.2.2 on also of a list of tenants. One job creates a set of each tenant; all
//! of them have the same ID.

use std::collections::BTreeMap;

use model::Secret;
use model::backup::DataBackupMode;
use model::id::TenantId;
use model::physical::{BackupJob, JobProgress, JobStatus, SYS, moment};
use model::time::Timestamp;

use super::sets;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier, literal};

/// The maximum number of jobs to read, newest first.
const JOBS_SEEN: i64 = 16;

/// Jobs have no description here: the caller records the newest job before.
pub(crate) fn start(mode: DataBackupMode) -> Statement {
    let incremental = if mode == DataBackupMode::Incremental { "INCREMENTAL " } else { "" };
    Statement::act(format!("ALTER SYSTEM BACKUP {incremental}DATABASE"))
}

/// Backs up some tenants to a destination of their own.
pub(crate) fn start_tenants(names: &[String], address: &Secret) -> Statement {
    let names: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    Statement::act(format!(
        "ALTER SYSTEM BACKUP TENANT {} TO {}",
        names.join(", "),
        literal(address.expose())
    ))
}

/// Cancels every running job, so check them first. It fails if none is running.
pub(crate) fn cancel() -> Statement {
    Statement::act("ALTER SYSTEM CANCEL BACKUP")
}

/// Reads the newest jobs, running and finished.
///
/// The kernel keeps two records. The running tasks, in `CDB_OB_BACKUP_JOB_DETAILS` and `CDB_OB_BACKUP_PROGRESS`, are
/// deleted when a job is cleaned up, except in some builds. The result of a job stays in the history of sets. A job
/// moves from the first to the second, so they are read in this order, and the history takes precedence.
pub(crate) async fn jobs(session: &mut Session) -> Result<Vec<BackupJob>, Error> {
    let newest = sets::newest(session).await?;
    let after = newest.saturating_sub(JOBS_SEEN).max(0);
    let text = format!(
        "SELECT bs_key, tenant_id, backup_type, start_time, end_time, status \
         FROM oceanbase.CDB_OB_BACKUP_JOB_DETAILS WHERE bs_key > {after} ORDER BY bs_key, tenant_id"
    );
    let mut seen: BTreeMap<i64, BTreeMap<TenantId, Part>> = BTreeMap::new();
    for row in session.rows(&Statement::read(text)).await? {
        let part = part(&row, "end_time", JobStatus::of(row.str("status")?))?;
        seen.entry(row.i64("bs_key")?).or_default().insert(TenantId(row.i64("tenant_id")?), part);
    }
    for row in sets::history(session, after).await? {
        let recorded = part(&row, "completion_time", sets::status(&row)?)?;
        let tenant = TenantId(row.i64("tenant_id")?);
        let parts = seen.entry(row.i64("bs_key")?).or_default();
        if recorded.status.is_over() {
            parts.insert(tenant, Part { is_recorded: true, ..recorded });
        } else {
            parts.entry(tenant).or_insert(recorded);
        }
    }
    Ok(seen.into_iter().map(|(id, parts)| whole(id, &parts)).collect())
}

/// One tenant's part of a job.
#[derive(Clone, Copy)]
struct Part {
    mode: DataBackupMode,
    status: JobStatus,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    /// Whether its result is in the history.
    is_recorded: bool,
}

fn part(row: &Row, end: &'static str, status: JobStatus) -> Result<Part, Error> {
    Ok(Part {
        mode: mode(row.str("backup_type")?),
        status,
        started: row.maybe_str("start_time")?.and_then(moment::utc),
        ended: row.maybe_str(end)?.and_then(moment::utc),
        is_recorded: false,
    })
}

/// Combines the parts of a job.
///
/// The sys tenant's part starts and ends last: without it, parts of other tenants may not have started. A backup of
/// single tenants may have no such part; it is finished when all its parts are in the history.
fn whole(id: i64, parts: &BTreeMap<TenantId, Part>) -> BackupJob {
    let rank = |status: JobStatus| match status {
        JobStatus::Running | JobStatus::Canceling => 3,
        JobStatus::Failed => 2,
        JobStatus::Canceled => 1,
        JobStatus::Completed => 0,
    };
    let worst = parts.values().map(|part| part.status).max_by_key(|status| rank(*status));
    let waits_for_sys = !parts.contains_key(&SYS) && !parts.values().all(|part| part.is_recorded);
    BackupJob {
        tenant: SYS,
        id,
        set: Some(id),
        // In an incremental job, a tenant without an earlier set gets a full set.
        mode: parts.get(&SYS).or(parts.values().next()).map_or(DataBackupMode::Full, |part| part.mode),
        is_data: true,
        status: if waits_for_sys { JobStatus::Running } else { worst.unwrap_or(JobStatus::Running) },
        result: 0,
        comment: String::new(),
        description: String::new(),
        parent: None,
        executors: Vec::new(),
        started: parts.values().filter_map(|part| part.started).min(),
        ended: parts.values().filter_map(|part| part.ended).max(),
    }
}

/// `D` or `I`.
pub(super) fn mode(word: &str) -> DataBackupMode {
    if word.eq_ignore_ascii_case("I") { DataBackupMode::Incremental } else { DataBackupMode::Full }
}

/// Reads the progress of a job; `None` if it is not running.
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
    use std::collections::BTreeMap;

    use model::backup::DataBackupMode;
    use model::id::TenantId;
    use model::physical::JobStatus::{self, Completed, Failed, Running};

    use super::{Part, whole};

    /// Combines parts, each given by tenant, status, and whether it is in the history.
    fn status(parts: &[(i64, JobStatus, bool)]) -> JobStatus {
        let part = |(tenant, status, is_recorded): &(i64, JobStatus, bool)| {
            let (mode, is_recorded) = (DataBackupMode::Full, *is_recorded);
            let part = Part { mode, status: *status, started: None, ended: None, is_recorded };
            (TenantId(*tenant), part)
        };
        whole(1, &parts.iter().map(part).collect::<BTreeMap<_, _>>()).status
    }

    #[test]
    fn a_job_is_over_when_its_last_part_is_and_good_when_all_are() {
        let cases = [
            ([(1, Running, false), (1001, Running, false), (1002, Completed, true)], Running),
            ([(1, Running, false), (1001, Failed, true), (1002, Completed, true)], Running),
            ([(1, Completed, false), (1001, Completed, true), (1002, Completed, true)], Completed),
            ([(1, Completed, true), (1001, Completed, true), (1002, Completed, true)], Completed),
            ([(1, Completed, true), (1001, Failed, true), (1002, Completed, true)], Failed),
            ([(1, Failed, false), (1001, Completed, false), (1002, Completed, false)], Failed),
        ];
        for (parts, expected) in cases {
            assert_eq!(status(&parts), expected, "{parts:?}");
        }
    }

    #[test]
    fn a_job_whose_sys_part_has_not_begun_runs_even_if_the_others_are_over() {
        assert_eq!(status(&[(1001, Completed, false), (1002, Completed, true)]), Running);
        assert_eq!(status(&[(1001, Completed, true), (1002, Completed, true)]), Completed);
    }
}
