//! Backup sets, which are also the history of jobs: one row for each tenant of a job, all with the job's ID.

use model::id::TenantId;
use model::physical::{JobStatus, PhysicalSet, moment};
use model::version::Version;

use super::backup::mode;
use crate::answer::Row;
use crate::error::{Error, NO_SUCH_TABLE};
use crate::session::Session;
use crate::statement::Statement;

/// The views of sets. The version alone does not determine which of them a build has.
const FILES: &str = "CDB_OB_BACKUP_SET_FILES";
const DETAILS: &str = "CDB_OB_BACKUP_SET_DETAILS";

/// From this version on, `FILES` is tried first.
const FILES_SINCE: Version = Version::new(3, 1, 1);

/// Reads the sets, newest first.
pub(crate) async fn sets(session: &mut Session) -> Result<Vec<PhysicalSet>, Error> {
    history(session, 0).await?.iter().map(set).collect()
}

/// Reads the rows of jobs with IDs greater than `after`, newest first: finished jobs, and in some builds also running
/// ones.
///
/// Tries the view that the version suggests first, and the other one if that view does not exist.
pub(super) async fn history(session: &mut Session, after: i64) -> Result<Vec<Row>, Error> {
    let order = format!("WHERE bs_key > {after} ORDER BY bs_key DESC, tenant_id");
    let mut rows = first_of_views(session, "SELECT *", &order).await?;
    // Copies of a set (`BACKUP BACKUPSET`) have rows of their own.
    rows.retain(|row| !row.has("copy_id") || row.i64("copy_id").is_ok_and(|copy| copy == 0));
    Ok(rows)
}

/// Returns the ID of the newest job in the history; 0 if there is none.
pub(super) async fn newest(session: &mut Session) -> Result<i64, Error> {
    let rows = first_of_views(session, "SELECT IFNULL(MAX(bs_key), 0) AS newest", "").await?;
    rows.first().map_or(Ok(0), |row| row.i64("newest"))
}

async fn first_of_views(session: &mut Session, what: &str, order: &str) -> Result<Vec<Row>, Error> {
    let is_young = session.server().version >= FILES_SINCE;
    let (expected, other) = if is_young { (FILES, DETAILS) } else { (DETAILS, FILES) };
    let ask = |view: &str| Statement::read(format!("{what} FROM oceanbase.{view} {order}").trim_end());
    match session.rows(&ask(expected)).await {
        Err(error) if error.number() == Some(NO_SUCH_TABLE) => session.rows(&ask(other)).await,
        answer => answer,
    }
}

/// Returns the status of a part of a job, from the words of both views. `COMPELETED` is the documentation's spelling.
/// A set that is being deleted was completed.
pub(super) fn status(row: &Row) -> Result<JobStatus, Error> {
    Ok(match row.str("status")?.to_ascii_uppercase().as_str() {
        "SUCCESS" | "COMPELETED" | "DELETING" => JobStatus::Completed,
        word => JobStatus::of(word),
    })
}

fn set(row: &Row) -> Result<PhysicalSet, Error> {
    let is_going = row.str("status")?.eq_ignore_ascii_case("DELETING");
    let started = row.maybe_str("start_time")?.and_then(moment::utc);
    Ok(PhysicalSet {
        tenant: TenantId(row.i64("tenant_id")?),
        set: row.i64("bs_key")?,
        mode: mode(row.str("backup_type")?),
        full_set: None,
        succeeded: status(row)? == JobStatus::Completed && !is_going,
        file_status: if row.has("file_status") { row.str("file_status")?.to_owned() } else { String::new() },
        path: String::new(),
        compatible: String::new(),
        output_bytes: row.u64("output_bytes")?,
        restore_scn: started.and_then(|started| u64::try_from(started.0).ok()).unwrap_or(0),
        started,
        ended: row.maybe_str("completion_time")?.and_then(moment::utc),
    })
}
