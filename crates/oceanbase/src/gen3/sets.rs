//! Backup sets: one row for each tenant of a job, all with the job's number.

use model::id::TenantId;
use model::physical::{PhysicalSet, moment};
use model::version::Version;

use super::backup::mode;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// Where sets are found, newest version first: from which version on, the statement, the words for success.
const VIEWS: [(Version, &str, &[&str]); 2] = [
    (
        Version::new(3, 1, 1),
        "SELECT tenant_id, bs_key, backup_type, status, file_status, start_time, completion_time, output_bytes \
         FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE copy_id = 0 ORDER BY bs_key DESC, tenant_id",
        &["SUCCESS"],
    ),
    (
        Version::new(0, 0, 0),
        "SELECT tenant_id, bs_key, backup_type, status, start_time, completion_time, output_bytes \
         FROM oceanbase.CDB_OB_BACKUP_SET_DETAILS ORDER BY bs_key DESC, tenant_id",
        // The second spelling is that of the documentation.
        &["COMPLETED", "COMPELETED"],
    ),
];

/// Reads the sets, newest first.
pub(crate) async fn sets(session: &mut Session) -> Result<Vec<PhysicalSet>, Error> {
    let version = &session.server().version;
    let view = VIEWS.iter().find(|(from, ..)| version >= from);
    let (_, text, success) = view.expect("the last row is for every version");
    session.rows(&Statement::read(*text)).await?.iter().map(|row| set(row, success)).collect()
}

fn set(row: &Row, success: &[&str]) -> Result<PhysicalSet, Error> {
    let status = row.str("status")?.to_ascii_uppercase();
    let started = row.maybe_str("start_time")?.and_then(moment::utc);
    Ok(PhysicalSet {
        tenant: TenantId(row.i64("tenant_id")?),
        set: row.i64("bs_key")?,
        mode: mode(row.str("backup_type")?),
        full_set: None,
        succeeded: success.contains(&status.as_str()),
        file_status: if row.has("file_status") { row.str("file_status")?.to_owned() } else { String::new() },
        path: String::new(),
        compatible: String::new(),
        output_bytes: row.u64("output_bytes")?,
        restore_scn: started.and_then(|started| u64::try_from(started.0).ok()).unwrap_or(0),
        started,
        ended: row.maybe_str("completion_time")?.and_then(moment::utc),
    })
}
