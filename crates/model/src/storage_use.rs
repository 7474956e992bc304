//! The space of a cluster's backups in a storage, from its views of sets and pieces.

use std::collections::BTreeMap;

use crate::id::StorageId;
use crate::physical::destination::is_below;
use crate::recovery_window::PieceFile;
use crate::recovery_window::record::BackupRecord;

/// The bytes that backups use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// The bytes of data.
    pub data_bytes: u64,
    /// The bytes of archived logs.
    pub log_bytes: u64,
}

/// The capacity of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The capacity, in bytes.
    pub capacity_bytes: u64,
    /// The used part, by Lifeboat and others.
    pub used_bytes: u64,
}

impl Room {
    /// Returns how full it is, in percent, rounded up, so that a full one never seems less than full.
    #[must_use]
    pub fn percent(self) -> u8 {
        let Self { capacity_bytes, used_bytes } = self;
        if capacity_bytes == 0 {
            return 100;
        }
        let percent = (u128::from(used_bytes) * 100).div_ceil(u128::from(capacity_bytes));
        u8::try_from(percent.min(100)).unwrap_or(100)
    }
}

/// Adds up the sets and pieces with existing files, by their storage. A set in several storages, because one is a
/// folder of another, counts for the innermost. A set in none of them is not counted.
#[must_use]
pub fn add_up(storages: &[(StorageId, String)], records: &[BackupRecord]) -> BTreeMap<StorageId, Taken> {
    let mut taken: BTreeMap<StorageId, Taken> = BTreeMap::new();
    let innermost = |path: &str| {
        let around = storages.iter().filter(|(_, base)| is_below(path, base));
        around.max_by_key(|(_, base)| base.len()).map(|(storage, _)| *storage)
    };
    for record in records {
        for set in record.sets.iter().filter(|set| set.set.is_complete) {
            if let Some(storage) = innermost(&set.path) {
                taken.entry(storage).or_default().data_bytes += set.bytes;
            }
        }
        for piece in record.pieces.iter().filter(|piece| piece.piece.file == PieceFile::Available) {
            if let Some(storage) = innermost(&piece.path) {
                taken.entry(storage).or_default().log_bytes += piece.bytes;
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::{Room, Taken, add_up};
    use crate::backup::DataBackupMode;
    use crate::id::{StorageId, TenantId};
    use crate::recovery_window::record::{BackupRecord, RecordedPiece, RecordedSet};
    use crate::recovery_window::{Piece, PieceFile, Set};

    fn set(path: &str, is_complete: bool, bytes: u64) -> RecordedSet {
        RecordedSet {
            set: Set {
                id: 1,
                mode: DataBackupMode::Full,
                previous: None,
                is_complete,
                replay_scn: 1,
                restore_scn: 1,
                plus_archivelog: false,
                root: path.to_owned(),
            },
            path: path.to_owned(),
            compatible: String::new(),
            is_encrypted: false,
            bytes,
            ended: None,
            is_deleted: false,
        }
    }

    fn piece(path: &str, file: PieceFile, bytes: u64) -> RecordedPiece {
        let piece = Piece { dest: 1, round: 1, id: 1, start_scn: 1, checkpoint_scn: 1, end_scn: None, file };
        RecordedPiece { piece, path: path.to_owned(), bytes }
    }

    #[test]
    fn what_is_there_counts_for_the_innermost_storage_that_it_lies_in() {
        let storages = [
            (StorageId(1), "file:///backup".to_owned()),
            (StorageId(2), "file:///backup/prod".to_owned()),
            (StorageId(3), "s3://bucket/x".to_owned()),
        ];
        let mut record = BackupRecord::new(TenantId(1002));
        record.sets = vec![
            set("file:///backup/prod/1/1002/data", true, 10),
            set("file:///backup/prod/1/1002/data", false, 1_000),
            set("file:///backup/product/data", true, 1),
            set("s3://bucket/x/data?host=h", true, 5),
            set("file:///elsewhere", true, 1_000),
        ];
        record.pieces = vec![
            piece("file:///backup/prod/clog", PieceFile::Available, 3),
            piece("file:///backup/prod/clog", PieceFile::Available, 4),
            piece("file:///backup/prod/clog", PieceFile::Deleted, 1_000),
        ];
        let taken = |data_bytes, log_bytes| Taken { data_bytes, log_bytes };
        let expected =
            [(StorageId(1), taken(1, 0)), (StorageId(2), taken(10, 7)), (StorageId(3), taken(5, 0))];
        assert_eq!(add_up(&storages, &[record]), expected.into());
        assert_eq!(add_up(&storages, &[]), [].into());
    }

    #[test]
    fn a_room_is_as_full_as_it_is() {
        for (used_bytes, capacity_bytes, percent) in [
            (0, 10, 0),
            (1, 1_000, 1),
            (80, 100, 80),
            (801, 1_000, 81),
            (u64::MAX, u64::MAX, 100),
            (0, 0, 100),
        ] {
            assert_eq!(Room { capacity_bytes, used_bytes }.percent(), percent);
        }
    }
}
