//! The backups that a recovery reads according to the views of the original cluster, compared with those that the
//! servers of another cluster see.
//!
//! Two clusters can see different storages at the same path, with backups of clusters that have the same name and
//! IDs. Such backups differ in the IDs of their sets, or at least in the start of a log piece.

use chrono::NaiveDateTime;

use super::record::Sources;
use crate::time::Timestamp;

/// The sets and pieces that a recovery reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The numbers of the sets, in order.
    pub sets: Vec<i64>,
    /// The IDs of the pieces, and their start SCNs.
    pieces: Vec<(i64, u64)>,
}

/// A set or a piece that a server would read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'s> {
    /// A set.
    Set {
        /// Its number.
        id: i64,
    },
    /// A piece.
    Piece {
        /// Its number.
        id: i64,
        /// The server's comment on it, such as `start_scn_display: 20240409T155954, …`.
        description: &'s str,
    },
}

impl Expected {
    /// Returns the expectation for these sources.
    #[must_use]
    pub fn of(sources: &Sources<'_>) -> Self {
        let mut sets: Vec<i64> = sources.sets.iter().map(|set| set.set.id).collect();
        sets.sort_unstable();
        let pieces = sources.pieces.iter().map(|piece| (piece.piece.id, piece.piece.start_scn));
        Self { sets, pieces: pieces.collect() }
    }

    /// Returns whether a server sees these sets, and pieces with the same start. A start that cannot be read, and a
    /// piece with another ID, are ignored.
    #[must_use]
    pub fn is_met_by(&self, seen: &[Seen<'_>]) -> bool {
        let sets = seen.iter().filter_map(|seen| match seen {
            Seen::Set { id } => Some(*id),
            Seen::Piece { .. } => None,
        });
        let mut sets: Vec<i64> = sets.collect();
        sets.sort_unstable();
        let begins_elsewhere = |seen: &Seen<'_>| match seen {
            Seen::Set { .. } => false,
            Seen::Piece { id, description } => {
                let own = self.pieces.iter().find(|piece| piece.0 == *id);
                own.zip(begin(description)).is_some_and(|(own, found)| !is_same(own.1, found))
            }
        };
        sets == self.sets && !seen.iter().any(begins_elsewhere)
    }
}

/// Reads the start from the server's comment on a piece, in seconds of local time in an unknown time zone.
fn begin(description: &str) -> Option<i64> {
    let (_, rest) = description.split_once("start_scn_display:")?;
    let text = rest.split(',').next()?.trim();
    Some(NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok()?.and_utc().timestamp())
}

/// Returns whether an SCN and a local time in some zone can be the same time: zones differ by quarters of an hour.
fn is_same(scn: u64, wall_s: i64) -> bool {
    let own_s = Timestamp::from_scn(scn).0.div_euclid(1_000_000);
    let apart = wall_s - own_s;
    apart.abs() <= 14 * 3_600 && apart % 900 == 0
}

#[cfg(test)]
mod tests {
    use super::{Expected, Seen};

    #[test]
    fn backups_of_other_numbers_or_times_are_others() {
        let expected = Expected {
            sets: vec![1, 2],
            pieces: vec![(4, 1_712_678_394_500_000_000), (5, 1_712_764_794_000_000_000)],
        };
        let set = |id| Seen::Set { id };
        let piece = |id, description| Seen::Piece { id, description };
        let display = "start_scn_display: 20240409T155954, checkpoint_scn_display: 20240409T160154.";
        let cases = [
            (vec![set(2), set(1)], true),
            (vec![set(1)], false),
            (vec![set(1), set(2), set(3)], false),
            (vec![set(1), set(2), piece(4, display)], true),
            (vec![set(1), set(2), piece(4, "start_scn_display: 20240409T235954, x")], true), // UTC+8
            (vec![set(1), set(2), piece(4, "start_scn_display: 20240409T155955, x")], false),
            (vec![set(1), set(2), piece(5, display)], false), // another day
            (vec![set(1), set(2), piece(9, display)], true),
            (vec![set(1), set(2), piece(4, "")], true),
        ];
        for (seen, expected_to_fit) in cases {
            assert_eq!(expected.is_met_by(&seen), expected_to_fit, "{seen:?}");
        }
    }
}
