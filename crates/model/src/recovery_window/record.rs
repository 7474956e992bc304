//! A tenant's backups in a cluster's views, and those that a recovery to a given time reads.

use serde::{Deserialize, Serialize};

use super::{Piece, PieceFile, Round, Set, Timeline, good_sets, logs, windows};
use crate::backup::DataBackupMode;
use crate::id::TenantId;
use crate::time::Timestamp;

/// A set with the further properties that a recovery needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSet {
    /// Its ID, mode and SCNs.
    pub set: Set,
    /// Where it is, without keys; empty if the views do not show it.
    pub path: String,
    /// The version of the data in it; empty if the views do not show it.
    pub compatible: String,
    /// Whether it is encrypted with a password.
    pub is_encrypted: bool,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was completed.
    pub ended: Option<Timestamp>,
    /// Whether its files are deleted.
    #[serde(default)]
    pub is_deleted: bool,
}

/// A piece with its location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPiece {
    /// Its ID and SCNs.
    pub piece: Piece,
    /// Where it is, without keys; empty if the views do not show it.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The backups of one tenant, according to the cluster's views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// The tenant.
    pub tenant: TenantId,
    /// Its sets, in any state, in the order of their numbers.
    pub sets: Vec<RecordedSet>,
    /// Its archive rounds.
    pub rounds: Vec<Round>,
    /// Its pieces; empty if the version has none.
    pub pieces: Vec<RecordedPiece>,
}

/// The sets and pieces that a recovery to one SCN reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources<'r> {
    /// The sets, from the full one to the last incremental one.
    pub sets: Vec<&'r RecordedSet>,
    /// The pieces, in order.
    pub pieces: Vec<&'r RecordedPiece>,
}

impl BackupRecord {
    /// Returns a record without backups.
    #[must_use]
    pub fn new(tenant: TenantId) -> Self {
        Self { tenant, sets: Vec::new(), rounds: Vec::new(), pieces: Vec::new() }
    }

    /// Returns the recoverable times of the tenant.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        windows(&self.plain_sets(), &self.rounds, &self.plain_pieces())
    }

    /// Returns the backups that a recovery to an SCN reads: the newest suitable set, its chain, and the logs from it
    /// to the SCN. `None` if the SCN is not recoverable.
    #[must_use]
    pub fn sources(&self, scn: u64) -> Option<Sources<'_>> {
        let (sets, pieces) = (self.plain_sets(), self.plain_pieces());
        let segments = logs::segments(&self.rounds, &pieces, |file| file != PieceFile::Deleted);
        let reaches = |set: &Set| {
            let by_itself = set.plus_archivelog && set.restore_scn == scn;
            let logs = logs::holding(&segments, set.replay_scn);
            set.restore_scn <= scn && (by_itself || logs.is_some_and(|logs| scn <= logs.until_scn))
        };
        let good = good_sets(&sets);
        let newest = good.iter().filter(|set| reaches(set)).max_by_key(|set| (set.restore_scn, set.id))?;
        let mut chain: Vec<&RecordedSet> = vec![self.recorded(newest.id)?];
        while let Some(last) = chain.last().filter(|last| last.set.mode == DataBackupMode::Incremental) {
            // A set builds on one with a lower ID, so this ends.
            let below = |other: &&&Set| match last.set.previous {
                Some(previous) => other.id == previous,
                None => other.root == last.set.root,
            };
            let previous = good.iter().filter(below).filter(|other| other.id < last.set.id);
            chain.push(self.recorded(previous.max_by_key(|other| other.id)?.id)?);
        }
        chain.reverse();
        // The database requires that each given log directory contains all needed logs, so only one round's directory
        // is named.
        let logs = logs::holding(&segments, newest.replay_scn).filter(|logs| scn <= logs.until_scn);
        let is_needed = |piece: &&RecordedPiece| {
            let Piece { start_scn, file, .. } = piece.piece;
            logs.is_some_and(|logs| logs.holds(&piece.piece))
                && file != PieceFile::Deleted
                && start_scn <= scn
                && piece.piece.top() > newest.replay_scn
        };
        let mut pieces: Vec<&RecordedPiece> = self.pieces.iter().filter(is_needed).collect();
        pieces.sort_by_key(|piece| (piece.piece.start_scn, piece.piece.round, piece.piece.id));
        Some(Sources { sets: chain, pieces })
    }

    fn recorded(&self, id: i64) -> Option<&RecordedSet> {
        self.sets.iter().find(|recorded| recorded.set.id == id)
    }

    fn plain_sets(&self) -> Vec<Set> {
        self.sets.iter().map(|recorded| recorded.set.clone()).collect()
    }

    fn plain_pieces(&self) -> Vec<Piece> {
        self.pieces.iter().map(|recorded| recorded.piece.clone()).collect()
    }
}

impl Sources<'_> {
    /// Returns the directories of the sets, and those of the pieces, without duplicates and without keys. Empty if
    /// the views show no path.
    #[must_use]
    pub fn roots(&self) -> (Vec<String>, Vec<String>) {
        let sets = self.sets.iter().map(|set| set.path.as_str());
        let pieces = self.pieces.iter().map(|piece| piece.path.as_str());
        (above(sets), above(pieces))
    }

    /// Returns the bytes of the sets and of the pieces.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let sets = self.sets.iter().map(|set| set.bytes).sum();
        (sets, self.pieces.iter().map(|piece| piece.bytes).sum())
    }

    /// Returns whether a password is needed to read the sets.
    #[must_use]
    pub fn are_encrypted(&self) -> bool {
        self.sets.iter().any(|set| set.is_encrypted)
    }
}

/// Returns the directory that contains a set or a piece. Some views show this directory, others append the name of
/// the set or piece.
#[must_use]
pub fn root(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((root, name)) if name.starts_with("backup_set_") || name.starts_with("piece_d") => root,
        _ => path,
    }
}

/// Returns the directories that contain these, without duplicates.
fn above<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut roots: Vec<String> = Vec::new();
    for path in paths {
        let root = root(path);
        if !root.is_empty() && !roots.iter().any(|known| known == root) {
            roots.push(root.to_owned());
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::{BackupRecord, RecordedPiece, RecordedSet};
    use crate::backup::DataBackupMode::{self, Full, Incremental};
    use crate::id::TenantId;
    use crate::recovery_window::{Piece, PieceFile, Set};

    fn set(id: i64, mode: DataBackupMode, previous: Option<i64>, scn: u64, root: &str) -> RecordedSet {
        RecordedSet {
            set: Set {
                id,
                mode,
                previous,
                is_complete: true,
                replay_scn: scn,
                restore_scn: scn + 5,
                plus_archivelog: id == 9,
                root: root.to_owned(),
            },
            path: format!("{root}/backup_set_{id}_full"),
            compatible: String::new(),
            is_encrypted: false,
            bytes: 10,
            ended: None,
            is_deleted: false,
        }
    }

    fn piece(id: i64, start_scn: u64, file: PieceFile) -> RecordedPiece {
        let end_scn = start_scn + 100;
        RecordedPiece {
            piece: Piece {
                dest: 1,
                round: 1,
                id,
                start_scn,
                checkpoint_scn: end_scn - 1,
                end_scn: Some(end_scn),
                file,
            },
            path: format!("file:///b/clog/piece_d1r1p{id}"),
            bytes: 1,
        }
    }

    fn record() -> BackupRecord {
        use PieceFile::{Available, Deleted};
        BackupRecord {
            sets: vec![
                set(1, Full, None, 110, "file:///b/old"),
                set(2, Incremental, Some(1), 150, "file:///b/old"),
                set(3, Incremental, Some(2), 250, "file:///b/old"),
                set(4, Full, None, 450, "file:///b/new"),
                set(9, Full, None, 900, "file:///b/new"),
            ],
            pieces: vec![
                piece(1, 100, Available),
                piece(2, 200, Available),
                piece(3, 300, Deleted),
                piece(4, 400, Available),
            ],
            ..BackupRecord::new(TenantId(1002))
        }
    }

    #[test]
    fn a_recovery_reads_the_newest_set_that_fits_its_chain_and_the_logs_up_to_the_moment() {
        type Case = (u64, Option<(&'static [i64], &'static [i64])>);
        let cases: [Case; 9] = [
            (114, None),
            (115, Some((&[1], &[1]))),
            (154, Some((&[1], &[1]))),
            (155, Some((&[1, 2], &[1]))),
            (299, Some((&[1, 2, 3], &[2]))),
            (300, None),
            (455, Some((&[4], &[4]))),
            (905, Some((&[9], &[]))),
            (906, None),
        ];
        let record = record();
        for (scn, expected) in cases {
            let found = record.sources(scn).map(|sources| {
                let sets: Vec<i64> = sources.sets.iter().map(|set| set.set.id).collect();
                (sets, sources.pieces.iter().map(|piece| piece.piece.id).collect::<Vec<i64>>())
            });
            let expected = expected.map(|(sets, pieces)| (sets.to_vec(), pieces.to_vec()));
            assert_eq!(found, expected, "{scn}");
            assert_eq!(record.timeline().holding(scn).is_some(), expected.is_some(), "{scn}");
        }
    }

    #[test]
    fn a_recovery_reads_the_logs_of_one_round_only() {
        let mut stopped = piece(1, 100, PieceFile::Available);
        (stopped.piece.checkpoint_scn, stopped.piece.end_scn) = (180, Some(900));
        stopped.path = "file:///b/old_clog".into();
        let mut next = piece(2, 300, PieceFile::Available);
        (next.piece.dest, next.piece.round) = (2, 2);
        let record = BackupRecord {
            sets: vec![
                set(1, Full, None, 110, "file:///b/old"),
                set(2, Full, None, 350, "file:///b/new"),
                set(9, Full, None, 250, "file:///b/new"), // its logs are only in the set itself
            ],
            pieces: vec![stopped, next],
            ..BackupRecord::new(TenantId(1002))
        };
        let roots = |scn| record.sources(scn).map(|sources| sources.roots());
        let of = |data: &str, log: &[&str]| {
            Some((vec![data.to_owned()], log.iter().map(|&log| log.to_owned()).collect::<Vec<_>>()))
        };
        assert_eq!(roots(150), of("file:///b/old", &["file:///b/old_clog"]));
        assert_eq!(roots(360), of("file:///b/new", &["file:///b/clog"]));
        assert_eq!(roots(255), of("file:///b/new", &[]));
        assert_eq!(roots(320), None, "no set is as old as the second round");
    }

    #[test]
    fn a_recovery_reads_the_sets_of_one_directory_only() {
        let moved = |previous| BackupRecord {
            sets: vec![
                set(1, Full, None, 110, "file:///b/old"),
                set(2, Incremental, previous, 150, "file:///b/new"),
                set(3, Full, None, 170, "file:///b/new"),
                set(4, Incremental, Some(3), 180, "file:///b/new"),
            ],
            pieces: vec![piece(1, 100, PieceFile::Available)],
            ..BackupRecord::new(TenantId(1002))
        };
        for previous in [Some(1), None] {
            let record = moved(previous);
            for (scn, sets, data) in [
                (160, vec![1], "file:///b/old"),
                (176, vec![3], "file:///b/new"),
                (190, vec![3, 4], "file:///b/new"),
            ] {
                let sources = record.sources(scn).expect("recoverable");
                let found: Vec<i64> = sources.sets.iter().map(|set| set.set.id).collect();
                assert_eq!((found, sources.roots().0), (sets, vec![data.to_owned()]), "{scn}");
            }
        }
    }

    #[test]
    fn the_directories_of_what_is_read_are_named_once() {
        let record = record();
        let sources = record.sources(260).expect("recoverable");
        let (data, log) = sources.roots();
        assert_eq!(data, ["file:///b/old"]);
        assert_eq!(log, ["file:///b/clog"]);
        assert_eq!((sources.bytes(), sources.are_encrypted()), ((30, 1), false));
    }
}
