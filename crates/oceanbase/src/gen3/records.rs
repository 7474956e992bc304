//! The recoverable data: the sets of each tenant, and the rounds of the cluster's log archiving. Times are
//! microseconds.

use model::id::TenantId;
use model::physical::{JobStatus, moment};
use model::recovery_window::record::{BackupRecord, RecordedSet};
use model::recovery_window::{Round, RoundEnd, Set};
use model::time::Timestamp;

use super::backup::mode;
use super::sets::{history, status};
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// The times are timestamps, which the server sends in the connection's time zone. The rows of a tenant describe its
/// own logs.
const ROUNDS: &str = "SELECT tenant_id, log_archive_round, status, min_first_time, max_next_time \
                      FROM oceanbase.CDB_OB_BACKUP_ARCHIVELOG_SUMMARY ORDER BY tenant_id, log_archive_round";

/// Reads the backups of one tenant or of all tenants; tenants without backups are omitted.
pub(crate) async fn records(
    session: &mut Session,
    only: Option<TenantId>,
) -> Result<Vec<BackupRecord>, Error> {
    let mut records: Vec<BackupRecord> = Vec::new();
    for row in history(session, 0).await? {
        if let Some(record) = of(&mut records, &row, only)? {
            record.sets.push(set(&row)?);
        }
    }
    for row in session.rows(&Statement::read(ROUNDS)).await? {
        if let Some(record) = of(&mut records, &row, only)? {
            record.rounds.push(round(&row)?);
        }
    }
    for record in &mut records {
        record.sets.sort_by_key(|recorded| recorded.set.id);
    }
    records.sort_by_key(|record| record.tenant);
    Ok(records)
}

/// Returns the record of a row's tenant; `None` if only another tenant is requested.
fn of<'r>(
    records: &'r mut Vec<BackupRecord>,
    row: &Row,
    only: Option<TenantId>,
) -> Result<Option<&'r mut BackupRecord>, Error> {
    let tenant = TenantId(row.i64("tenant_id")?);
    // The sys tenant's sets only contain metadata about the sets of the other tenants.
    if tenant == model::physical::SYS || only.is_some_and(|only| only != tenant) {
        return Ok(None);
    }
    let place = match records.iter().position(|record| record.tenant == tenant) {
        Some(place) => place,
        None => {
            records.push(BackupRecord::new(tenant));
            records.len() - 1
        }
    };
    Ok(records.get_mut(place))
}

/// A set can be restored to its end or later; the start time in the views is the start of the job.
fn set(row: &Row) -> Result<RecordedSet, Error> {
    let started = row.maybe_str("start_time")?.and_then(moment::utc);
    let ended = row.maybe_str("completion_time")?.and_then(moment::utc);
    let is_going = row.str("status")?.eq_ignore_ascii_case("DELETING");
    let is_there = match row.has("file_status") {
        true => row.maybe_str("file_status")?.is_none_or(|word| word.eq_ignore_ascii_case("AVAILABLE")),
        false => true,
    };
    let password = if row.has("encryption_mode") { row.maybe_str("encryption_mode")? } else { None };
    Ok(RecordedSet {
        set: Set {
            id: row.i64("bs_key")?,
            mode: mode(row.str("backup_type")?),
            previous: None,
            is_complete: status(row)? == JobStatus::Completed && !is_going && is_there && ended.is_some(),
            replay_scn: scn(started),
            restore_scn: scn(ended),
            plus_archivelog: false,
            root: String::new(),
        },
        path: String::new(),
        compatible: String::new(),
        is_encrypted: password.is_some_and(|mode| !mode.is_empty() && !mode.eq_ignore_ascii_case("NONE")),
        bytes: row.u64("output_bytes")?,
        ended,
        is_deleted: !is_there,
    })
}

fn round(row: &Row) -> Result<Round, Error> {
    let time = |column: &'static str| Ok::<_, Error>(scn(row.maybe_str(column)?.and_then(moment::utc)));
    Ok(Round {
        dest: 0,
        id: row.i64("log_archive_round")?,
        start_scn: time("min_first_time")?,
        checkpoint_scn: time("max_next_time")?,
        end: match row.str("status")?.to_ascii_uppercase().as_str() {
            "INTERRUPTED" => RoundEnd::Interrupted,
            "STOP" | "STOPPING" => RoundEnd::Stopped,
            _ => RoundEnd::Running,
        },
    })
}

fn scn(moment: Option<Timestamp>) -> u64 {
    moment.and_then(|moment| u64::try_from(moment.0).ok()).unwrap_or(0)
}
