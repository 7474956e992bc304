//! Deletion in 3.x: sets, pieces, rounds and obsolete backups.

use serde::Serialize;

use super::{after, destination, destination_option};
use crate::civil;
use crate::error::SqlError;
use crate::media::layout3;
use crate::world::Cluster;

/// Deletions, running and finished.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cleanup {
    pub(crate) jobs: Vec<Job>,
}

/// A deletion.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Job {
    pub(crate) kind: Kind,
    pub(crate) parameter: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    /// DOING, then STOP.
    pub(crate) status: &'static str,
    pub(crate) error: String,
    sets: Vec<u64>,
    pieces: Vec<u64>,
    pub(crate) due: Option<i64>,
}

/// The kind of the deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    Set,
    Piece,
    Round,
    Obsolete,
}

impl Kind {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Set => "BACKUP SET",
            Self::Piece => "BACKUP PIECE",
            Self::Round => "BACKUP ROUND",
            Self::Obsolete => "DELETE OBSOLETE BACKUP",
        }
    }
}

/// `ALTER SYSTEM DELETE …`.
pub(crate) fn start(cluster: &mut Cluster, kind: Kind, number: u64) -> Result<(), SqlError> {
    if cluster.three.cleanup.jobs.iter().any(|job| job.status == "DOING") {
        return Err(SqlError::plain(9044));
    }
    let (sets, pieces) = match kind {
        Kind::Set => (vec![check_set(cluster, number)?], Vec::new()),
        Kind::Piece => (Vec::new(), vec![check_piece(cluster, number)?]),
        Kind::Round => (Vec::new(), check_round(cluster, number)?),
        Kind::Obsolete => (obsolete(cluster), Vec::new()),
    };
    let now_us = cluster.now_us;
    for set in cluster.three.sets.iter_mut().filter(|set| sets.contains(&set.key)) {
        set.file_status = "DELETING";
    }
    for piece in cluster.three.archive.pieces.iter_mut().filter(|piece| pieces.contains(&piece.id)) {
        piece.file_status = "DELETING";
    }
    cluster.three.cleanup.jobs.push(Job {
        kind,
        parameter: if kind == Kind::Obsolete {
            civil::format(now_us, cluster.zone_s)
        } else {
            number.to_string()
        },
        start_us: now_us,
        end_us: 0,
        status: "DOING",
        error: String::new(),
        sets,
        pieces,
        due: after(now_us, 5),
    });
    Ok(())
}

/// At the current destination, only the oldest set can be deleted, and one good full set must stay.
fn check_set(cluster: &Cluster, key: u64) -> Result<u64, SqlError> {
    let sets = &cluster.three.sets;
    let Some(set) = sets.iter().find(|set| set.key == key && set.file_status != "DELETED") else {
        return Err(SqlError::plain(9046));
    };
    if set.status == "DOING" {
        return Err(SqlError::plain(9045));
    }
    let here = destination(cluster).is_some_and(|(_, root)| root == set.root);
    let alive =
        |other: &&super::Set| other.root == set.root && other.file_status != "DELETED" && other.key != key;
    let has_older = sets.iter().filter(alive).any(|other| other.key < key);
    let good_stays = sets.iter().filter(alive).any(|other| other.is_usable() && !other.is_incremental);
    if here && (has_older || (set.is_usable() && !good_stays)) {
        return Err(SqlError::plain(9045));
    }
    Ok(key)
}

/// Only pieces that no kept set needs can be deleted.
fn check_piece(cluster: &Cluster, id: u64) -> Result<u64, SqlError> {
    let piece =
        cluster.three.archive.pieces.iter().find(|piece| piece.id == id && piece.file_status != "DELETED");
    let oldest = cluster.three.sets.iter().filter(|set| set.is_usable()).map(|set| set.start_us).min();
    match piece {
        Some(piece) if piece.status == "FROZEN" && oldest.is_some_and(|us| piece.end_us <= us) => Ok(id),
        _ => Err(SqlError::plain(9069)),
    }
}

fn check_round(cluster: &Cluster, round: u64) -> Result<Vec<u64>, SqlError> {
    let pieces = cluster.three.archive.pieces.iter().filter(|piece| piece.round == round);
    let ids: Result<Vec<u64>, SqlError> = pieces.map(|piece| check_piece(cluster, piece.id)).collect();
    ids.and_then(|ids| if ids.is_empty() { Err(SqlError::plain(9069)) } else { Ok(ids) })
}

/// Returns the sets that are not needed for restoring to any time inside the recovery window.
fn obsolete(cluster: &Cluster) -> Vec<u64> {
    let window = destination_option(cluster, "recovery_window")
        .or_else(|| cluster.parameters.get("backup_recovery_window").map(str::to_owned))
        .and_then(|text| civil::parse_duration(&text))
        .unwrap_or_default();
    if window == 0 {
        return Vec::new();
    }
    let border_us = cluster.now_us - window;
    let full = cluster.three.sets.iter().filter(|set| set.is_usable() && !set.is_incremental);
    let Some(kept) = full.filter(|set| set.end_us <= border_us).map(|set| set.key).max() else {
        return Vec::new();
    };
    let mut keys: Vec<u64> = cluster.three.sets.iter().map(|set| set.key).filter(|key| *key < kept).collect();
    keys.dedup();
    keys
}

/// `ALTER SYSTEM CANCEL DELETE BACKUP`.
pub(crate) fn cancel(cluster: &mut Cluster) -> Result<(), SqlError> {
    let now_us = cluster.now_us;
    let Some(job) = cluster.three.cleanup.jobs.iter_mut().find(|job| job.status == "DOING") else {
        return Err(SqlError::plain(9053));
    };
    (job.status, job.end_us, job.due) = ("STOP", now_us, None);
    job.error = "Operation canceled".to_owned();
    let (sets, pieces) = (job.sets.clone(), job.pieces.clone());
    set_status(cluster, &sets, &pieces, "AVAILABLE");
    Ok(())
}

/// Ends deletions that are due.
pub(super) fn step(cluster: &mut Cluster) {
    let now_us = cluster.now_us;
    for at in 0..cluster.three.cleanup.jobs.len() {
        if cluster.three.cleanup.jobs[at].due.is_none_or(|due| due > now_us) {
            continue;
        }
        let job = &mut cluster.three.cleanup.jobs[at];
        (job.status, job.end_us, job.due) = ("STOP", now_us, None);
        let (sets, pieces) = (job.sets.clone(), job.pieces.clone());
        remove_files(cluster, &sets, &pieces);
        set_status(cluster, &sets, &pieces, "DELETED");
    }
}

fn set_status(cluster: &mut Cluster, sets: &[u64], pieces: &[u64], status: &'static str) {
    for set in cluster.three.sets.iter_mut().filter(|set| sets.contains(&set.key)) {
        set.file_status = status;
    }
    for piece in cluster.three.archive.pieces.iter_mut().filter(|piece| pieces.contains(&piece.id)) {
        piece.file_status = status;
    }
}

fn remove_files(cluster: &Cluster, sets: &[u64], pieces: &[u64]) {
    for set in cluster.three.sets.iter().filter(|set| sets.contains(&set.key)) {
        layout3::remove_set(&cluster.media, &set.root, set.tenant.0, &set.directory);
    }
    for piece in cluster.three.archive.pieces.iter().filter(|piece| pieces.contains(&piece.id)) {
        let directory = format!("{}_{}_{}", piece.round, piece.id, piece.day);
        for id in cluster.tenants.keys() {
            layout3::remove_clog(&cluster.media, &cluster.three.archive.root, id.0, &directory);
        }
    }
}
