//! Log archiving of 3.x: one state for the cluster, a checkpoint for each tenant.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{after, destination, destination_option, participants};
use crate::civil::{self, SECOND};
use crate::error::SqlError;
use crate::faults::FaultName;
use crate::media::layout3::{self, RoundManifest};
use crate::profile::Profile;
use crate::world::{Cluster, TenantId};

/// The delay of checkpoints.
const LAG_US: i64 = 10 * SECOND;
const FLUSH_US: i64 = 10 * SECOND;

/// The cluster's archive.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Archive {
    pub(crate) status: Status,
    pub(crate) round: u64,
    pub(crate) start_piece: u64,
    pub(crate) tenants: BTreeMap<TenantId, Progress>,
    pub(crate) past: Vec<PastRound>,
    pub(crate) pieces: Vec<Piece>,
    /// The cluster's root directory at the destination of this round.
    pub(crate) root: String,
    pub(crate) due: Option<i64>,
    flushed_us: i64,
}

/// The state of the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) enum Status {
    #[default]
    Stop,
    Beginning,
    Doing,
    Stopping,
    Interrupted,
}

impl Status {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Beginning => "BEGINNING",
            Self::Doing => "DOING",
            Self::Stopping => "STOPPING",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

/// How far a tenant's logs are archived; 0 before the first checkpoint.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Progress {
    pub(crate) start_us: i64,
    pub(crate) checkpoint_us: i64,
}

/// A round that has ended, for one tenant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PastRound {
    pub(crate) round: u64,
    pub(crate) tenant: TenantId,
    pub(crate) progress: Progress,
}

/// A slice of a round; the same for all tenants.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Piece {
    pub(crate) round: u64,
    pub(crate) id: u64,
    pub(crate) day: i64,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) status: &'static str,
    pub(crate) file_status: &'static str,
}

impl Archive {
    /// The cluster's start is the latest start of its tenants.
    pub(crate) fn start_us(&self) -> i64 {
        self.tenants.values().map(|progress| progress.start_us).max().unwrap_or_default()
    }

    /// The cluster's checkpoint is the earliest checkpoint of its tenants.
    pub(crate) fn checkpoint_us(&self) -> i64 {
        self.tenants.values().map(|progress| progress.checkpoint_us).min().unwrap_or_default()
    }
}

/// Returns whether archives are divided into pieces.
pub(super) fn has_pieces(cluster: &Cluster) -> bool {
    cluster.profile >= Profile::V3_1_5 && piece_interval_us(cluster) > 0
}

fn piece_interval_us(cluster: &Cluster) -> i64 {
    destination_option(cluster, "log_archive_piece_switch_interval")
        .and_then(|text| civil::parse_duration(&text))
        .unwrap_or_default()
}

/// `ALTER SYSTEM ARCHIVELOG`.
pub(crate) fn start(cluster: &mut Cluster) -> Result<(), SqlError> {
    let Some((_, root)) = destination(cluster) else { return Err(SqlError::plain(9026)) };
    let is_oldest = cluster.profile == Profile::V2_2_77;
    if cluster.is_standby {
        return Err(if is_oldest {
            SqlError::plain(4007)
        } else {
            SqlError::not_supported("backup in not primary cluster is")
        });
    }
    if cluster.three.archive.status != Status::Stop {
        return Err(if is_oldest {
            SqlError::plain(9023)
        } else {
            SqlError::not_supported("start log archive backup when not STOP is")
        });
    }
    let now_us = cluster.now_us;
    let ids = participants(cluster);
    let with_pieces = has_pieces(cluster);
    let archive = &mut cluster.three.archive;
    archive.status = Status::Beginning;
    archive.round += 1;
    archive.root = root;
    archive.start_piece = if with_pieces { archive.pieces.last().map_or(0, |piece| piece.id) + 1 } else { 0 };
    archive.tenants = ids.into_iter().map(|id| (id, Progress::default())).collect();
    archive.due = after(now_us, 5);
    cluster.parameters.put("enable_log_archive", "True");
    Ok(())
}

/// `ALTER SYSTEM NOARCHIVELOG`.
pub(crate) fn stop(cluster: &mut Cluster) -> Result<(), SqlError> {
    let now_us = cluster.now_us;
    let archive = &mut cluster.three.archive;
    if matches!(archive.status, Status::Stop | Status::Stopping) {
        return Err(SqlError::plain(9024));
    }
    archive.status = Status::Stopping;
    archive.due = after(now_us, 5);
    cluster.parameters.put("enable_log_archive", "False");
    Ok(())
}

/// A tenant has lost log: the archive is interrupted. With a gap, the last piece also becomes INCOMPLETE.
pub(crate) fn interrupt(cluster: &mut Cluster, with_gap: bool) {
    let archive = &mut cluster.three.archive;
    if matches!(archive.status, Status::Beginning | Status::Doing) {
        archive.status = Status::Interrupted;
        archive.due = None;
    }
    if with_gap && let Some(piece) = archive.pieces.last_mut() {
        piece.file_status = "INCOMPLETE";
    }
}

/// The next transition.
pub(super) fn step(cluster: &mut Cluster) {
    settle(cluster);
    let now_us = cluster.now_us;
    cluster.three.archive.due = None;
    match cluster.three.archive.status {
        Status::Beginning => begin(cluster),
        Status::Doing => switch_piece(cluster),
        Status::Stopping => end(cluster),
        Status::Stop | Status::Interrupted => {}
    }
    if cluster.three.archive.due.is_some_and(|due| due <= now_us) {
        cluster.three.archive.due = after(now_us, 1);
    }
}

fn begin(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let root = cluster.three.archive.root.clone();
    let tenants: Vec<(u64, String)> = cluster.tenants.values().map(|t| (t.id.0, t.name.clone())).collect();
    let media = cluster.media.clone();
    let servers: Vec<(String, u16)> = cluster.servers.iter().map(|s| (s.ip.clone(), s.rpc_port)).collect();
    let written = cluster.destination_trouble(&root).and_then(|()| {
        layout3::write_cluster(&media, &root, &tenants)?;
        servers.iter().try_for_each(|(ip, port)| layout3::write_server_mark(&media, &root, ip, *port))
    });
    if written.is_err() {
        // If servers cannot write to the destination, the archive is interrupted right after its start.
        cluster.three.archive.status = Status::Interrupted;
        return;
    }
    let archive = &mut cluster.three.archive;
    archive.status = Status::Doing;
    for progress in archive.tenants.values_mut() {
        *progress = Progress { start_us: now_us, checkpoint_us: now_us };
    }
    if has_pieces(cluster) {
        open_piece(cluster);
    }
}

fn open_piece(cluster: &mut Cluster) {
    let (now_us, zone_s) = (cluster.now_us, cluster.zone_s);
    let interval_us = piece_interval_us(cluster);
    let archive = &mut cluster.three.archive;
    let id = archive.pieces.last().map_or(0, |piece| piece.id) + 1;
    archive.pieces.push(Piece {
        round: archive.round,
        id,
        day: civil::day_number(now_us, zone_s),
        start_us: now_us,
        end_us: 0,
        status: "ACTIVE",
        file_status: "AVAILABLE",
    });
    archive.due = Some(now_us + interval_us);
}

fn switch_piece(cluster: &mut Cluster) {
    if !has_pieces(cluster) {
        return;
    }
    freeze_piece(cluster);
    open_piece(cluster);
}

fn freeze_piece(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    flush(cluster);
    if let Some(piece) = cluster.three.archive.pieces.last_mut().filter(|piece| piece.status == "ACTIVE") {
        (piece.status, piece.end_us) = ("FROZEN", now_us);
    }
}

fn end(cluster: &mut Cluster) {
    freeze_piece(cluster);
    let archive = &mut cluster.three.archive;
    archive.status = Status::Stop;
    let round = archive.round;
    let ended = archive.tenants.iter().map(|(tenant, progress)| PastRound {
        round,
        tenant: *tenant,
        progress: *progress,
    });
    archive.past.extend(ended);
}

/// Moves the checkpoints to the current time minus the lag.
pub(super) fn settle(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    let root = &cluster.three.archive.root;
    let is_stalled =
        [FaultName::DestinationUnreachable, FaultName::DestinationDenied, FaultName::DestinationFull]
            .into_iter()
            .any(|name| cluster.faults.is_set(name, root));
    if cluster.three.archive.status != Status::Doing || is_stalled {
        return;
    }
    for progress in cluster.three.archive.tenants.values_mut() {
        progress.checkpoint_us = progress.checkpoint_us.max(now_us - LAG_US);
    }
    if now_us - cluster.three.archive.flushed_us >= FLUSH_US {
        cluster.three.archive.flushed_us = now_us;
        flush(cluster);
    }
}

/// Updates the files of the round.
fn flush(cluster: &mut Cluster) {
    let archive = &cluster.three.archive;
    let directory = match archive.pieces.last() {
        Some(piece) if piece.round == archive.round => format!("{}_{}_{}", piece.round, piece.id, piece.day),
        _ => archive.round.to_string(),
    };
    for (id, progress) in &archive.tenants {
        let Some(tenant) = cluster.tenants.get(id) else { continue };
        let bytes = 2 * tenant.changed_bytes(progress.start_us, progress.checkpoint_us);
        let manifest = RoundManifest {
            round: archive.round,
            start_us: progress.start_us,
            checkpoint_us: progress.checkpoint_us,
        };
        // The archive retries at the next step; a failing medium appears as a lag.
        let _ = layout3::write_clog(&cluster.media, &archive.root, id.0, &directory, bytes, &manifest);
    }
}
