//! Log archiving of 4.x: rounds, pieces and the checkpoint, one state machine for each tenant.

use serde::Serialize;

use super::destination::ArchiveDestination;
use super::{SCN, after};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::layout4;
use crate::world::{Caller, Cluster, TenantId};

/// The maximum lag of the archive, whatever the lag target allows.
const LAG_US: i64 = 10 * SECOND;
/// How often the files of the running piece are updated.
const FLUSH_US: i64 = 10 * SECOND;

/// A tenant's archive.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Archive {
    pub(crate) destination: Option<ArchiveDestination>,
    /// The current round; a stopped round stays until the next one begins.
    pub(crate) round: Option<Round>,
    /// Ended rounds, including the current one if it has stopped.
    pub(crate) past: Vec<Round>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) last_round: u64,
    pub(crate) last_piece: u64,
    pub(crate) due: Option<i64>,
    flushed_us: i64,
}

/// One cycle from start to stop.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) tenant: TenantId,
    pub(crate) destination: u64,
    pub(crate) id: u64,
    pub(crate) status: &'static str,
    pub(crate) start_scn: i64,
    pub(crate) checkpoint_scn: i64,
    pub(crate) base_piece: u64,
    pub(crate) used_piece: u64,
    pub(crate) interval_us: i64,
    pub(crate) compression: String,
    pub(crate) input_bytes: i64,
    pub(crate) output_bytes: i64,
    pub(crate) deleted_input_bytes: i64,
    pub(crate) deleted_output_bytes: i64,
    pub(crate) comment: String,
    pub(crate) path: String,
}

impl Round {
    /// Suspends the round; returns when it is suspended.
    fn suspend(&mut self, now_us: i64) -> Option<i64> {
        self.status = "SUSPENDING";
        self.comment.clear();
        after(now_us, 3)
    }
}

/// A slice of a round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Piece {
    pub(crate) tenant: TenantId,
    pub(crate) destination: u64,
    pub(crate) round: u64,
    pub(crate) id: u64,
    pub(crate) status: &'static str,
    pub(crate) file_status: &'static str,
    /// INCOMPLETE, COPYING, AVAILABLE: its copy at the second destination.
    pub(crate) copy: &'static str,
    pub(crate) start_scn: i64,
    pub(crate) checkpoint_scn: i64,
    pub(crate) end_scn: i64,
    pub(crate) compression: String,
    pub(crate) input_bytes: i64,
    pub(crate) output_bytes: i64,
    pub(crate) path: String,
}

impl Archive {
    pub(crate) fn status(&self) -> &'static str {
        self.round.as_ref().map_or("STOP", |round| round.status)
    }

    /// Returns whether the existing pieces or their copies cover the time between two SCNs without a gap.
    pub(super) fn covers(&self, from_scn: i64, to_scn: i64) -> bool {
        let mut reached = from_scn;
        for piece in
            self.pieces.iter().filter(|piece| piece.file_status == "AVAILABLE" || piece.copy == "AVAILABLE")
        {
            if piece.start_scn <= reached && piece.checkpoint_scn > reached {
                reached = piece.checkpoint_scn;
            }
        }
        reached >= to_scn
    }

    pub(crate) fn checkpoint_scn(&self) -> i64 {
        self.round.as_ref().map_or(0, |round| round.checkpoint_scn)
    }
}

/// Returns whether archiving is running: any state except STOP.
pub(crate) fn is_running(cluster: &Cluster, id: TenantId) -> bool {
    cluster.four.tenants.get(&id).is_some_and(|backups| backups.archive.status() != "STOP")
}

/// `ALTER SYSTEM ARCHIVELOG` for one tenant: changes the mode immediately; the state follows.
pub(crate) fn open(cluster: &mut Cluster, id: TenantId) -> Result<(), SqlError> {
    let tenant = cluster.tenants.get_mut(&id).ok_or_else(|| SqlError::plain(5157))?;
    if !tenant.is_normal() {
        return Err(SqlError::plain(9023));
    }
    if tenant.archives {
        return Err(SqlError::plain(9091));
    }
    tenant.archives = true;
    cluster.event("log_archive", "open_archive_mode", &[("tenant_id", id.0.to_string())]);
    wake(cluster, id);
    Ok(())
}

/// `ALTER SYSTEM NOARCHIVELOG` for one tenant.
pub(crate) fn close(cluster: &mut Cluster, id: TenantId) -> Result<(), SqlError> {
    let tenant = cluster.tenants.get_mut(&id).ok_or_else(|| SqlError::plain(5157))?;
    if !tenant.archives {
        return Err(SqlError::plain(9092));
    }
    tenant.archives = false;
    let now_us = cluster.now_us;
    cluster.event("log_archive", "close_archive_mode", &[("tenant_id", id.0.to_string())]);
    let archive = &mut cluster.four.of(id).archive;
    match &mut archive.round {
        Some(round) if round.status == "PREPARE" => {
            round.status = "STOP";
            archive.due = None;
        }
        Some(round) if round.status != "STOP" => {
            round.status = "STOPPING";
            round.comment.clear();
            archive.due = after(now_us, 4);
        }
        _ => archive.due = None,
    }
    Ok(())
}

/// Returns the tenants of an ARCHIVELOG or NOARCHIVELOG without names.
pub(crate) fn default_tenants(cluster: &Cluster, caller: Caller) -> Vec<TenantId> {
    if caller.is_sys() { cluster.user_tenants() } else { vec![caller.tenant] }
}

/// Schedules a check whether a round can begin.
pub(crate) fn wake(cluster: &mut Cluster, id: TenantId) {
    let now_us = cluster.now_us;
    let archive = &mut cluster.four.of(id).archive;
    if archive.status() == "STOP" {
        archive.due = after(now_us, 1);
    }
}

/// The destination was enabled or deferred.
pub(crate) fn switch(cluster: &mut Cluster, id: TenantId, is_enabled: bool) {
    let now_us = cluster.now_us;
    let archive = &mut cluster.four.of(id).archive;
    match (&mut archive.round, is_enabled) {
        (Some(round), false) if round.status == "DOING" => {
            archive.due = round.suspend(now_us);
        }
        (Some(round), true) if round.status == "SUSPEND" => {
            round.status = "BEGINNING";
            archive.due = after(now_us, 4);
        }
        (Some(round), _) if round.status != "STOP" => {} // read when the round gets there
        _ => archive.due = after(now_us, 1),
    }
}

/// A log stream is interrupted. With a gap, the round continues, but a piece is lost.
pub(crate) fn interrupt(cluster: &mut Cluster, id: TenantId, with_gap: bool) {
    let media = cluster.media.clone();
    let archive = &mut cluster.four.of(id).archive;
    if with_gap {
        if let Some(piece) = archive.pieces.last_mut() {
            piece.file_status = "INCOMPLETE";
            layout4::lose_piece(
                &media,
                &piece.path,
                &layout4::piece_name(piece.destination, piece.round, piece.id),
            );
        }
        return;
    }
    if let Some(round) = archive.round.as_mut().filter(|round| ["BEGINNING", "DOING"].contains(&round.status))
    {
        round.status = "INTERRUPTED";
        round.comment = "log stream 1001 interrupted".to_owned();
        archive.due = None;
    }
}

/// The next transition of a tenant's archive.
pub(super) fn step(cluster: &mut Cluster, id: TenantId) {
    settle(cluster, id);
    let now_us = cluster.now_us;
    let status = cluster.four.of(id).archive.status();
    let next = match status {
        "STOP" => begin_round(cluster, id),
        "PREPARE" | "BEGINNING" => start_round(cluster, id, status),
        // A destination that was deferred before the round was DOING takes effect now.
        "DOING" if !is_enabled(cluster, id) => {
            cluster.four.of(id).archive.round.as_mut().and_then(|round| round.suspend(now_us))
        }
        "DOING" => switch_piece(cluster, id),
        "SUSPENDING" => change(cluster, id, "SUSPEND", after(now_us, 1)),
        "SUSPEND" if is_enabled(cluster, id) => change(cluster, id, "BEGINNING", after(now_us, 4)),
        "STOPPING" => stop_round(cluster, id),
        _ => None,
    };
    cluster.four.of(id).archive.due = next.filter(|due| *due > now_us);
    if cluster.four.of(id).archive.status() != status {
        let status = cluster.four.of(id).archive.status().to_owned();
        cluster.event("log_archive", "change_status", &[("tenant_id", id.0.to_string()), ("status", status)]);
    }
}

fn change(cluster: &mut Cluster, id: TenantId, status: &'static str, due: Option<i64>) -> Option<i64> {
    if let Some(round) = &mut cluster.four.of(id).archive.round {
        round.status = status;
    }
    due
}

fn is_enabled(cluster: &mut Cluster, id: TenantId) -> bool {
    cluster.four.of(id).archive.destination.as_ref().is_some_and(|destination| destination.is_enabled)
}

fn begin_round(cluster: &mut Cluster, id: TenantId) -> Option<i64> {
    let tenant = cluster.tenants.get(&id).filter(|tenant| tenant.archives && tenant.is_normal())?;
    let tenant = tenant.id;
    let now_us = cluster.now_us;
    let archive = &mut cluster.four.of(id).archive;
    let destination = archive.destination.as_ref().filter(|destination| destination.is_enabled)?;
    archive.last_round += 1;
    archive.round = Some(Round {
        tenant,
        destination: destination.place.id,
        id: archive.last_round,
        status: "PREPARE",
        start_scn: 0,
        checkpoint_scn: 0,
        base_piece: archive.last_piece + 1,
        used_piece: 0,
        interval_us: destination.interval_us(),
        compression: destination.compression.clone(),
        input_bytes: 0,
        output_bytes: 0,
        deleted_input_bytes: 0,
        deleted_output_bytes: 0,
        comment: String::new(),
        path: destination.place.bare.clone(),
    });
    after(now_us, 1)
}

/// PREPARE becomes BEGINNING, and BEGINNING becomes DOING, as soon as the destination is writable.
fn start_round(cluster: &mut Cluster, id: TenantId, status: &str) -> Option<i64> {
    let now_us = cluster.now_us;
    if is_stalled(cluster, id) {
        return after(now_us, 10);
    }
    if status == "BEGINNING" {
        let end_scn = cluster.four.of(id).archive.pieces.last().map_or(0, |piece| piece.end_scn);
        let checkpoint = cluster.four.of(id).archive.round.as_mut()?;
        checkpoint.checkpoint_scn = checkpoint.checkpoint_scn.max(now_us * SCN - SECOND * SCN);
        let due = if is_enabled(cluster, id) { Some(end_scn / SCN) } else { after(now_us, 1) };
        return change(cluster, id, "DOING", due);
    }
    let round = cluster.four.of(id).archive.round.as_mut()?;
    round.start_scn = now_us * SCN;
    round.checkpoint_scn = round.start_scn;
    let (path, destination, number) = (round.path.clone(), round.destination, round.id);
    let written = layout4::write_round(&cluster.media, &path, destination, number, "start");
    if written.is_err() {
        return after(now_us, 10);
    }
    open_piece(cluster, id, now_us * SCN);
    change(cluster, id, "BEGINNING", after(now_us, 4))
}

fn open_piece(cluster: &mut Cluster, id: TenantId, start_scn: i64) {
    let archive = &mut cluster.four.of(id).archive;
    archive.last_piece += 1;
    let number = archive.last_piece;
    if let Some(round) = &mut archive.round {
        round.used_piece = number;
        archive.pieces.push(Piece {
            tenant: round.tenant,
            destination: round.destination,
            round: round.id,
            id: number,
            status: "ACTIVE",
            file_status: "AVAILABLE",
            copy: "INCOMPLETE",
            start_scn,
            checkpoint_scn: start_scn,
            end_scn: start_scn + round.interval_us * SCN,
            compression: round.compression.clone(),
            input_bytes: 0,
            output_bytes: 0,
            path: round.path.clone(),
        });
    }
}

/// The running piece is full: freeze it and continue with the next.
fn switch_piece(cluster: &mut Cluster, id: TenantId) -> Option<i64> {
    let now_us = cluster.now_us;
    let end_scn = cluster.four.of(id).archive.pieces.last()?.end_scn;
    if cluster.four.of(id).archive.checkpoint_scn() < end_scn {
        // The checkpoint lags behind the clock and has not reached the end of the piece yet.
        return Some((end_scn / SCN + LAG_US).max(now_us + SECOND));
    }
    freeze_piece(cluster, id);
    open_piece(cluster, id, end_scn);
    settle(cluster, id);
    cluster.four.of(id).archive.pieces.last().map(|piece| piece.end_scn / SCN + LAG_US)
}

fn freeze_piece(cluster: &mut Cluster, id: TenantId) {
    if let Some(piece) = cluster.four.of(id).archive.pieces.last_mut() {
        piece.checkpoint_scn = piece.checkpoint_scn.min(piece.end_scn);
        piece.status = "FROZEN";
    }
    flush(cluster, id);
}

fn stop_round(cluster: &mut Cluster, id: TenantId) -> Option<i64> {
    // Its END_SCN stays the planned end.
    freeze_piece(cluster, id);
    change(cluster, id, "STOP", None);
    let archive = &mut cluster.four.of(id).archive;
    if let Some(round) = archive.round.clone() {
        // A lost medium does not prevent the end of a round.
        let _ = layout4::write_round(&cluster.media, &round.path, round.destination, round.id, "end");
        cluster.four.of(id).archive.past.push(round);
    }
    flush(cluster, id);
    after(cluster.now_us, 1) // the mode may be ARCHIVELOG again
}

/// Returns whether a fault prevents writes to the destination.
fn is_stalled(cluster: &mut Cluster, id: TenantId) -> bool {
    let path = match &cluster.four.of(id).archive.round {
        Some(round) => round.path.clone(),
        None => return false,
    };
    [FaultName::DestinationUnreachable, FaultName::DestinationDenied, FaultName::DestinationFull]
        .into_iter()
        .any(|name| cluster.faults.is_set(name, &path))
}

/// Moves the checkpoint to the current time minus the lag.
pub(super) fn settle(cluster: &mut Cluster, id: TenantId) {
    if cluster.four.of(id).archive.status() != "DOING" || is_stalled(cluster, id) {
        return;
    }
    let now_us = cluster.now_us;
    let Some(tenant) = cluster.tenants.get(&id) else { return };
    let lag_us = tenant.parameters.duration_us("archive_lag_target").min(LAG_US);
    let checkpoint_scn = (now_us - lag_us) * SCN;
    let Some(backups) = cluster.four.tenants.get_mut(&id) else { return };
    let archive = &mut backups.archive;
    let (Some(round), Some(piece)) = (&mut archive.round, archive.pieces.last_mut()) else { return };
    round.checkpoint_scn = round.checkpoint_scn.max(checkpoint_scn);
    piece.checkpoint_scn = round.checkpoint_scn.min(piece.end_scn);
    // The log has twice the size of the changes.
    let written = |from: i64, to: i64| 2 * tenant.changed_bytes(from / SCN, to / SCN) + 4_096;
    let packed = |bytes: i64| if round.compression != "enable" { bytes } else { bytes / 3 };
    piece.input_bytes = written(piece.start_scn, piece.checkpoint_scn);
    piece.output_bytes = packed(piece.input_bytes);
    round.input_bytes = written(round.start_scn, round.checkpoint_scn);
    round.output_bytes = packed(round.input_bytes);
    if now_us - archive.flushed_us >= FLUSH_US {
        archive.flushed_us = now_us;
        flush(cluster, id);
    }
}

/// Updates the files of the last piece.
fn flush(cluster: &mut Cluster, id: TenantId) {
    let zone_s = cluster.zone_s;
    let (cluster_name, cluster_id) = (cluster.name.clone(), cluster.id);
    let media = cluster.media.clone();
    let Some(tenant) = cluster.tenants.get(&id) else { return };
    let Some(piece) = cluster.four.tenants.get(&id).and_then(|backups| backups.archive.pieces.last()) else {
        return;
    };
    if piece.file_status != "AVAILABLE" {
        return;
    }
    let manifest = layout4::PieceManifest {
        cluster: cluster_name,
        cluster_id,
        tenant: id.0,
        tenant_name: tenant.name.clone(),
        destination: piece.destination,
        round: piece.round,
        piece: piece.id,
        start_scn: piece.start_scn,
        checkpoint_scn: piece.checkpoint_scn,
        end_scn: piece.end_scn,
        is_frozen: piece.status == "FROZEN",
        log_streams: tenant.log_streams.clone(),
        bytes: piece.output_bytes,
    };
    let start = civil::compact(piece.start_scn / SCN, zone_s);
    let end = civil::compact(piece.checkpoint_scn / SCN, zone_s);
    // The archive retries at the next step; a failing medium appears as a lag.
    let _ = layout4::write_piece(&media, &piece.path, &manifest, &start, &end);
}
