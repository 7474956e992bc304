//! The recoverable data: sets, archive rounds and pieces of tenants, including finished and deleted ones.

use model::backup::DataBackupMode;
use model::id::TenantId;
use model::physical::{bare, moment};
use model::recovery_window::record::{BackupRecord, RecordedPiece, RecordedSet, root};
use model::recovery_window::{Piece, PieceFile, Round, RoundEnd, Set};

use super::backup::{self, mode};
use super::since;
use crate::answer::Row;
use crate::error::Error;
use crate::session::Session;
use crate::statement::Statement;

/// The columns include no keys and no password hashes.
const SETS: &str = "SELECT tenant_id, backup_set_id, backup_type, prev_full_backup_set_id, prev_inc_backup_set_id, \
                    end_timestamp, status, file_status, plus_archivelog, start_replay_scn, min_restore_scn, \
                    output_bytes, encryption_mode, tenant_compatible, path \
                    FROM oceanbase.CDB_OB_BACKUP_SET_FILES";

const ROUNDS: &str = "SELECT tenant_id, dest_id, round_id, status, start_scn, checkpoint_scn \
                      FROM oceanbase.CDB_OB_ARCHIVELOG_SUMMARY";

const PIECES: &str = "SELECT tenant_id, dest_id, round_id, piece_id, status, file_status, start_scn, \
                      checkpoint_scn, end_scn, output_bytes, path \
                      FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES";

/// Reads the backups of one tenant or of all tenants; tenants without backups are omitted.
pub(crate) async fn records(
    session: &mut Session,
    only: Option<TenantId>,
) -> Result<Vec<BackupRecord>, Error> {
    let ask = |text: &str, order: &str| {
        let whose = only.map(|tenant| format!(" WHERE tenant_id = {tenant}")).unwrap_or_default();
        Statement::read(format!("{text}{whose} ORDER BY {order}"))
    };
    let sets = session.rows(&ask(SETS, "tenant_id, backup_set_id")).await?;
    let rounds = session.rows(&ask(ROUNDS, "tenant_id, dest_id, round_id")).await?;
    let pieces = session.rows(&ask(PIECES, "tenant_id, dest_id, round_id, piece_id")).await?;
    let mut records: Vec<BackupRecord> = Vec::new();
    for row in &sets {
        of(&mut records, row)?.sets.push(set(row)?);
    }
    for row in &rounds {
        of(&mut records, row)?.rounds.push(round(row)?);
    }
    for row in &pieces {
        of(&mut records, row)?.pieces.push(piece(row)?);
    }
    mark_copies(session, &mut records).await?;
    records.sort_by_key(|record| record.tenant);
    Ok(records)
}

/// Returns the record of a row's tenant.
fn of<'r>(records: &'r mut Vec<BackupRecord>, row: &Row) -> Result<&'r mut BackupRecord, Error> {
    let tenant = TenantId(row.i64("tenant_id")?);
    let place = match records.iter().position(|record| record.tenant == tenant) {
        Some(place) => place,
        None => {
            records.push(BackupRecord::new(tenant));
            records.len() - 1
        }
    };
    Ok(&mut records[place])
}

fn set(row: &Row) -> Result<RecordedSet, Error> {
    let text = |column: &'static str| Ok::<_, Error>(row.maybe_str(column)?.unwrap_or_default().to_owned());
    let mode = mode(row.str("backup_type")?);
    let (full, incremental) = (row.i64("prev_full_backup_set_id")?, row.i64("prev_inc_backup_set_id")?);
    // The first incremental set after a full set names the full set in either column.
    let previous = [incremental, full].into_iter().find(|id| *id != 0);
    let is = |column: &'static str, word: &str| Ok::<_, Error>(text(column)?.eq_ignore_ascii_case(word));
    let encryption = text("encryption_mode")?;
    let path = bare(&text("path")?).to_owned();
    Ok(RecordedSet {
        set: Set {
            id: row.i64("backup_set_id")?,
            mode,
            previous: previous.filter(|_| mode == DataBackupMode::Incremental),
            is_complete: is("status", "SUCCESS")? && is("file_status", "AVAILABLE")?,
            replay_scn: row.u64("start_replay_scn")?,
            restore_scn: row.u64("min_restore_scn")?,
            plus_archivelog: is("plus_archivelog", "ON")?,
            root: root(&path).to_owned(),
        },
        path,
        compatible: text("tenant_compatible")?,
        is_encrypted: !encryption.is_empty() && !encryption.eq_ignore_ascii_case("NONE"),
        bytes: row.u64("output_bytes")?,
        ended: row.maybe_str("end_timestamp")?.and_then(moment::utc),
        is_deleted: is("file_status", "DELETED")?,
    })
}

fn round(row: &Row) -> Result<Round, Error> {
    Ok(Round {
        dest: row.i64("dest_id")?,
        id: row.i64("round_id")?,
        start_scn: row.u64("start_scn")?,
        checkpoint_scn: row.u64("checkpoint_scn")?,
        end: match row.str("status")?.to_ascii_uppercase().as_str() {
            "INTERRUPTED" => RoundEnd::Interrupted,
            "STOP" | "STOPPING" => RoundEnd::Stopped,
            _ => RoundEnd::Running,
        },
    })
}

fn piece(row: &Row) -> Result<RecordedPiece, Error> {
    // Until a piece is frozen, its end time is only the planned start of the next piece.
    let is_frozen = row.str("status")?.eq_ignore_ascii_case("FROZEN");
    let is_there = row.str("file_status")?.eq_ignore_ascii_case("AVAILABLE");
    Ok(RecordedPiece {
        piece: Piece {
            dest: row.i64("dest_id")?,
            round: row.i64("round_id")?,
            id: row.i64("piece_id")?,
            start_scn: row.u64("start_scn")?,
            checkpoint_scn: row.u64("checkpoint_scn")?,
            end_scn: Some(row.u64("end_scn")?).filter(|_| is_frozen),
            file: if is_there { PieceFile::Available } else { PieceFile::Deleted },
        },
        path: bare(row.maybe_str("path")?.unwrap_or_default()).to_owned(),
        bytes: row.u64("output_bytes")?,
    })
}

/// A deleted piece may still exist as a copy, once a tenant has copied its archive; no view shows whether the copy
/// exists.
async fn mark_copies(session: &mut Session, records: &mut [BackupRecord]) -> Result<(), Error> {
    let is_gone = |piece: &RecordedPiece| piece.piece.file == PieceFile::Deleted;
    let has_gone = records.iter().any(|record| record.pieces.iter().any(is_gone));
    if !has_gone || session.server().version < since::ARCHIVE_COPY {
        return Ok(());
    }
    let jobs = backup::all_jobs(session).await?;
    for record in records {
        if jobs.iter().any(|job| job.tenant == record.tenant && !job.is_data) {
            for piece in record.pieces.iter_mut().filter(|piece| is_gone(piece)) {
                piece.piece.file = PieceFile::MaybeCopied;
            }
        }
    }
    Ok(())
}
