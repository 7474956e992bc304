//! The sets that a 4.x cluster deletes by its own policy: a prediction, for tenants whose policy is set in the
//! database.
//!
//! Sources: reference §9.3 and, for 4.4.1 and later, §3 of the page on 4.4 to 4.6. The kernel checks hourly, and only
//! the current destinations; pass only the sets and pieces there. Holds of Lifeboat do not prevent it from deleting.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::backup::DataBackupMode;
use crate::problem::{Problem, codes};
use crate::recovery_window::{Piece, PieceFile, Set};
use crate::schedule::Zone;

/// A delete policy of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KernelPolicy {
    /// `default`: sets and logs.
    Default,
    /// `log_only` (4.4.1 and later): for a tenant that archives logs but takes no data backups.
    LogOnly,
}

impl KernelPolicy {
    /// Returns the name in statements and views. The kernel distinguishes upper and lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::LogOnly => "log_only",
        }
    }

    /// Returns the policy of a name; `None` for an unknown name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Default, Self::LogOnly].into_iter().find(|policy| policy.name() == name)
    }
}

/// Returns the window of a retention policy that the kernel can carry out, in days.
///
/// # Errors
/// Refuses rules other than the window, because the kernel knows no others, and a window out of range.
pub fn window_days(policy: &Policy) -> Result<u32, Problem> {
    let other = [
        ("keepLast", policy.last.is_some()),
        ("keepDaily, keepWeekly, keepMonthly, keepYearly", policy.calendar.is_some()),
        ("capBytes", policy.cap_bytes.is_some()),
        ("minimumSets", policy.minimum > 1),
        ("zone", policy.zone != Zone::UTC),
    ];
    if let Some((field, _)) = other.iter().find(|(_, is_given)| *is_given) {
        return Err(Problem::refused(codes::INVALID, "delete-policy-only-window").with("field", field));
    }
    let days = policy.checked()?.window_days;
    days.ok_or_else(|| Problem::invalid("delete-policy-window-missing"))
}

/// What the kernel will delete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prediction {
    /// The full set that starts the kept chain; `None` means that no good set expires.
    pub anchor: Option<i64>,
    /// The sets, by number.
    pub sets: Vec<i64>,
    /// The pieces, by destination, round and number.
    pub pieces: Vec<(i64, i64, i64)>,
}

/// Predicts the most that the kernel deletes at its next check: where versions differ, it follows the one that deletes
/// more. `window_start_scn` is the tenant's current time minus RECOVERY_WINDOW, in the unit of the sets; `None` means a
/// window of 0 days, with which nothing expires. Running sets are not part of `sets`.
#[must_use]
pub fn predict(
    policy: KernelPolicy,
    sets: &[Set],
    pieces: &[Piece],
    window_start_scn: Option<u64>,
) -> Prediction {
    match policy {
        KernelPolicy::Default => with_sets(sets, pieces, window_start_scn),
        KernelPolicy::LogOnly => {
            let expired = window_start_scn.map_or_else(Vec::new, |begin| log_only(pieces, begin));
            Prediction { anchor: None, sets: Vec::new(), pieces: expired }
        }
    }
}

fn with_sets(sets: &[Set], pieces: &[Piece], window_start_scn: Option<u64>) -> Prediction {
    let full = sets.iter().filter(|set| set.mode == DataBackupMode::Full && set.is_complete);
    let before = full.filter(|set| window_start_scn.is_some_and(|begin| set.restore_scn <= begin));
    let mut before: Vec<&Set> = before.collect();
    before.sort_by_key(|set| std::cmp::Reverse((set.restore_scn, set.id)));
    // From 4.4.1 on, the kernel passes over a full set whose logs are missing, and then deletes less.
    let anchor = before.into_iter().next();
    // Failed and partly deleted sets are always deleted.
    let goes = |set: &&Set| !set.is_complete || anchor.is_some_and(|anchor| set.id < anchor.id);
    let gone: BTreeSet<i64> = sets.iter().filter(goes).map(|set| set.id).collect();
    let replay = anchor.map(|anchor| anchor.replay_scn);
    let is_old = |piece: &&Piece| replay.zip(piece.end_scn).is_some_and(|(replay, end)| end <= replay);
    let pieces = pieces.iter().filter(|piece| piece.file != PieceFile::Deleted).filter(is_old).map(key);
    Prediction {
        anchor: anchor.map(|set| set.id),
        sets: gone.into_iter().collect(),
        pieces: pieces.collect(),
    }
}

/// Returns the sets that every version of the kernel deletes by a policy `default`: where versions differ, it follows the
/// one that deletes less. If they are still there long after that, the clean-up does not work. `pieces` is whole.
#[must_use]
pub fn surely_gone(sets: &[Set], pieces: &[Piece], window_start_scn: u64) -> Vec<i64> {
    let full = sets.iter().filter(|set| set.mode == DataBackupMode::Full && set.is_complete);
    let has_logs = |set: &&Set| set.plus_archivelog || covers(pieces, set.replay_scn, set.restore_scn);
    let before = full.filter(|set| set.restore_scn <= window_start_scn).filter(has_logs);
    let anchor = before.max_by_key(|set| (set.restore_scn, set.id));
    let is_gone = |set: &&Set| anchor.is_some_and(|anchor| set.id < anchor.id);
    sets.iter().filter(is_gone).map(|set| set.id).collect()
}

/// Returns whether the pieces contain all logs between two SCNs.
fn covers(pieces: &[Piece], from_scn: u64, until_scn: u64) -> bool {
    let reach = |piece: &Piece| piece.end_scn.unwrap_or(piece.checkpoint_scn);
    let mut reached = from_scn;
    while reached < until_scn {
        let left = pieces.iter().filter(|piece| piece.file == PieceFile::Available);
        let next = left.filter(|piece| piece.start_scn <= reached).map(reach).max();
        match next {
            Some(next) if next > reached => reached = next,
            _ => return false,
        }
    }
    true
}

/// Finds the pieces that end before the window. The kernel keeps those that the first piece inside it depends on; the
/// sources do not document which, so it may delete less than this.
fn log_only(pieces: &[Piece], begin: u64) -> Vec<(i64, i64, i64)> {
    let left = pieces.iter().filter(|piece| piece.file != PieceFile::Deleted);
    let expired = left.filter(|piece| piece.end_scn.is_some_and(|end| end <= begin));
    expired.map(key).collect()
}

fn key(piece: &Piece) -> (i64, i64, i64) {
    (piece.dest, piece.round, piece.id)
}

#[cfg(test)]
mod tests {
    use super::{KernelPolicy, Prediction, predict, surely_gone, window_days};
    use crate::backup::DataBackupMode::{Full, Incremental};
    use crate::recovery_window::{Piece, PieceFile, Set};
    use crate::retention::{Calendar, Policy};

    fn full(id: i64, replay_scn: u64) -> Set {
        let restore_scn = replay_scn + 5;
        Set {
            id,
            mode: Full,
            previous: None,
            is_complete: true,
            replay_scn,
            restore_scn,
            plus_archivelog: false,
            root: String::new(),
        }
    }

    fn incremental(id: i64, previous: i64, replay_scn: u64) -> Set {
        Set { mode: Incremental, previous: Some(previous), ..full(id, replay_scn) }
    }

    fn piece(id: i64, start_scn: u64, file: PieceFile) -> Piece {
        let end = start_scn + 100;
        Piece { dest: 1, round: 1, id, start_scn, checkpoint_scn: end - 1, end_scn: Some(end), file }
    }

    fn archive() -> Vec<Piece> {
        (1..=5).map(|id| piece(id, u64::try_from(id).expect("small") * 100, PieceFile::Available)).collect()
    }

    #[test]
    fn the_kernel_keeps_the_chain_of_the_newest_full_set_before_the_window() {
        let sets =
            vec![full(1, 110), incremental(2, 1, 150), full(3, 310), incremental(4, 3, 350), full(5, 510)];
        let failed = Set { is_complete: false, ..full(6, 520) };
        let with_failed = [sets.clone(), vec![failed]].concat();
        let pieces = |ids: &[i64]| ids.iter().map(|&id| (1, 1, id)).collect::<Vec<_>>();
        let hole: Vec<_> = archive().into_iter().filter(|piece| piece.id != 3).collect();
        let inside = with_logs(&sets, 3);
        let cases = [
            ("window of 0 days", &sets, archive(), None, None, vec![], vec![]),
            ("nothing is as old", &sets, archive(), Some(100), None, vec![], vec![]),
            ("the first is the newest before", &sets, archive(), Some(200), Some(1), vec![], vec![]),
            ("the third", &sets, archive(), Some(400), Some(3), vec![1, 2], pieces(&[1, 2])),
            ("the third lacks logs", &sets, hole.clone(), Some(400), Some(3), vec![1, 2], pieces(&[1, 2])),
            ("but holds its logs itself", &inside, hole, Some(400), Some(3), vec![1, 2], pieces(&[1, 2])),
            ("a failed one goes always", &with_failed, archive(), None, None, vec![6], vec![]),
        ];
        for (name, sets, archive, begin, anchor, gone, pieces) in cases {
            let found = predict(KernelPolicy::Default, sets, &archive, begin);
            assert_eq!(found, Prediction { anchor, sets: gone, pieces }, "{name}");
        }
    }

    #[test]
    fn a_set_is_surely_gone_only_if_a_later_one_with_its_logs_is_old_enough() {
        let sets = [full(1, 110), incremental(2, 1, 150), full(3, 310), full(4, 510)];
        let hole: Vec<_> = archive().into_iter().filter(|piece| piece.id != 3).collect();
        let none = Vec::<i64>::new();
        assert_eq!(surely_gone(&sets, &archive(), 314), none);
        assert_eq!(surely_gone(&sets, &archive(), 315), [1, 2]);
        assert_eq!(surely_gone(&sets, &hole, 315), none, "4.4.1 and later keep these");
        assert_eq!(surely_gone(&with_logs(&sets, 3), &hole, 315), [1, 2]);
        assert_eq!(surely_gone(&sets, &archive(), 515), [1, 2, 3]);
        let failed = [Set { is_complete: false, ..full(1, 110) }, full(2, 310)];
        assert_eq!(
            surely_gone(&failed, &archive(), 200),
            none,
            "failed sets are not kept as long by all versions"
        );
        assert_eq!(surely_gone(&failed, &archive(), 315), [1]);
    }

    fn with_logs(sets: &[Set], id: i64) -> Vec<Set> {
        sets.iter().map(|set| Set { plus_archivelog: set.id == id, ..set.clone() }).collect()
    }

    #[test]
    fn a_log_only_policy_deletes_pieces_that_end_before_the_window() {
        let found = |begin| predict(KernelPolicy::LogOnly, &[], &archive(), begin).pieces;
        assert_eq!(found(Some(300)), [(1, 1, 1), (1, 1, 2)]);
        assert_eq!(found(Some(299)), [(1, 1, 1)]);
        assert_eq!(found(None), []);
    }

    #[test]
    fn the_kernel_takes_a_window_and_no_other_rule() {
        let window = Policy { window_days: Some(7), ..Policy::KEEP_ALL };
        let berlin = "Europe/Berlin".parse().expect("a zone");
        let cases = [
            (window, Ok(7)),
            (Policy { window_days: Some(1), ..window }, Ok(1)),
            (Policy { window_days: Some(3_660), ..window }, Ok(3_660)),
            (Policy { window_days: Some(0), ..window }, Err("retention-rule-out-of-range")),
            (Policy { window_days: Some(3_661), ..window }, Err("retention-rule-out-of-range")),
            (Policy::KEEP_ALL, Err("delete-policy-window-missing")),
            (Policy { last: Some(3), ..window }, Err("delete-policy-only-window")),
            (Policy { calendar: Some(Calendar::default()), ..window }, Err("delete-policy-only-window")),
            (Policy { cap_bytes: Some(1), ..window }, Err("delete-policy-only-window")),
            (Policy { minimum: 2, ..window }, Err("delete-policy-only-window")),
            (Policy { zone: berlin, ..window }, Err("delete-policy-only-window")),
        ];
        for (policy, expected) in cases {
            let found = window_days(&policy).map_err(|problem| problem.text.id);
            assert_eq!(found, expected.map_err(str::to_owned), "{policy:?}");
        }
    }
}
