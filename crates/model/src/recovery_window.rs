//! The recoverable times of a tenant.
//!
//! A time is recoverable if there is a *good* set, one that is complete and whose chain is complete, such that
//!
//! - the set's `MIN_RESTORE_SCN` is not later than the time, and
//! - gap-free archived logs of one round reach from the set's `START_REPLAY_SCN` to the time, or
//! - the set was taken with PLUS ARCHIVELOG, and the time is its `MIN_RESTORE_SCN`.
//!
//! A chain lies in one directory: the database refuses a second one with sets after `FROM` (1235).
//!
//! Sources: the kernel's restore rules (reference §10.2), pieces that exist only as copies (4.4 to 4.6, §5). SCNs
//! count nanoseconds on 4.x and microseconds on 2.2.77 and 3.x; a timeline has one unit throughout. [`names`] reads
//! the names in a storage into the same input.

use serde::{Deserialize, Serialize};

use crate::backup::DataBackupMode;
use crate::text::Text;
use crate::time::Timestamp;

pub mod expected;
mod logs;
pub mod names;
pub mod record;
#[cfg(test)]
mod tests;

use logs::Segment;

/// A data backup set of the tenant, in any state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// `BACKUP_SET_ID`; a set builds on sets with lower IDs.
    pub id: i64,
    /// Full or incremental.
    pub mode: DataBackupMode,
    /// The base of an incremental set: `PREV_INC_BACKUP_SET_ID`, which is the full set for the first incremental one.
    /// `None` for a full set, and if the views do not show it.
    pub previous: Option<i64>,
    /// Whether `STATUS` is SUCCESS and all its files exist.
    pub is_complete: bool,
    /// `START_REPLAY_SCN`: logs are needed from this SCN on.
    pub replay_scn: u64,
    /// `MIN_RESTORE_SCN`: the earliest SCN that it can be recovered to.
    pub restore_scn: u64,
    /// Whether the logs up to `restore_scn` are in the set.
    pub plus_archivelog: bool,
    /// The directory that contains the set, without keys; empty if the views do not show it.
    #[serde(default)]
    pub root: String,
}

/// Where the files of a piece are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PieceFile {
    /// At their original location.
    Available,
    /// Deleted there, but a copy may exist (4.4.2.3 and later), which no public view shows.
    MaybeCopied,
    /// Nowhere.
    Deleted,
}

/// A piece of archived logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// `DEST_ID`.
    pub dest: i64,
    /// `ROUND_ID`.
    pub round: i64,
    /// `PIECE_ID`.
    pub id: i64,
    /// `START_SCN`: its first SCN.
    pub start_scn: u64,
    /// `CHECKPOINT_SCN`: logs are complete up to this SCN.
    pub checkpoint_scn: u64,
    /// `END_SCN` of a frozen piece, at which the next one of its round begins; `None` while it is written. It is the
    /// planned end: if the round stops earlier, it does not change.
    pub end_scn: Option<u64>,
    /// Where its files are.
    pub file: PieceFile,
}

/// Whether an archive round continues, or why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoundEnd {
    /// It continues.
    Running,
    /// It was stopped by a user.
    Stopped,
    /// Logs were lost before they were archived.
    Interrupted,
}

/// An archive round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// `DEST_ID`.
    pub dest: i64,
    /// `ROUND_ID`.
    pub id: i64,
    /// `START_SCN`.
    pub start_scn: u64,
    /// `CHECKPOINT_SCN`.
    pub checkpoint_scn: u64,
    /// Its status.
    pub end: RoundEnd,
}

/// A range of recoverable times, including both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The earliest time.
    pub from_scn: u64,
    /// The latest time.
    pub until_scn: u64,
    /// Whether all needed files are known to exist; false if some logs may exist only as copies.
    pub is_proven: bool,
}

impl Interval {
    /// Returns its earliest SCN as a time.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        Timestamp::from_scn(self.from_scn)
    }

    /// Returns its latest SCN as a time.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        Timestamp::from_scn(self.until_scn)
    }
}

/// Why times between two intervals, before the first or after the last one are not recoverable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// There are logs, but no good set is old enough.
    NoSet,
    /// No logs are known of that time.
    NoLogs,
    /// The round lost logs.
    RoundInterrupted {
        /// Its number.
        round: i64,
    },
    /// The round was stopped.
    RoundStopped {
        /// Its number.
        round: i64,
    },
    /// A piece was deleted.
    PieceDeleted {
        /// Its round.
        round: i64,
        /// Its number.
        piece: i64,
    },
    /// A set builds on one in another directory.
    ChainSplit {
        /// Its number.
        set: i64,
    },
}

impl GapReason {
    /// Returns the text for users.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NoSet => Text::new("gap-no-set"),
            Self::NoLogs => Text::new("gap-no-logs"),
            Self::RoundInterrupted { round } => Text::new("gap-round-interrupted").with("round", round),
            Self::RoundStopped { round } => Text::new("gap-round-stopped").with("round", round),
            Self::PieceDeleted { round, piece } => {
                Text::new("gap-piece-deleted").with("round", round).with("piece", piece)
            }
            Self::ChainSplit { set } => Text::new("gap-chain-split").with("set", set),
        }
    }
}

/// Times that are not recoverable, both ends excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last recoverable SCN before it; if logs begin before any set, their first SCN.
    pub after_scn: u64,
    /// The first recoverable SCN after it; if logs end without a set, their last SCN.
    pub before_scn: u64,
    /// Why.
    pub reason: GapReason,
}

/// The recoverable times of a tenant, and the reasons for the gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// The recoverable times, in order. Intervals do not touch, except a proven and an unproven one.
    pub intervals: Vec<Interval>,
    /// The gaps before, between and after them.
    pub gaps: Vec<Gap>,
    /// Whether it was derived from names in a storage, and still needs confirmation by PREVIEW.
    pub is_estimated: bool,
}

impl Timeline {
    /// Returns the interval that contains an SCN.
    #[must_use]
    pub fn holding(&self, scn: u64) -> Option<&Interval> {
        self.intervals.iter().find(|interval| (interval.from_scn..=interval.until_scn).contains(&scn))
    }

    /// Returns the latest recoverable SCN.
    #[must_use]
    pub fn latest(&self) -> Option<u64> {
        self.intervals.iter().map(|interval| interval.until_scn).max()
    }

    /// Returns the nearest recoverable SCNs before and after one that is not recoverable.
    #[must_use]
    pub fn nearest(&self, scn: u64) -> (Option<u64>, Option<u64>) {
        let before = self.intervals.iter().map(|interval| interval.until_scn).filter(|until| *until < scn);
        let after = self.intervals.iter().map(|interval| interval.from_scn).filter(|from| *from > scn);
        (before.max(), after.min())
    }

    /// Returns the gap that contains an SCN.
    #[must_use]
    pub fn gap_at(&self, scn: u64) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.after_scn < scn && scn < gap.before_scn)
    }
}

/// Returns the recoverable times of a tenant from its sets, rounds and pieces, each in any order.
#[must_use]
pub fn windows(sets: &[Set], rounds: &[Round], pieces: &[Piece]) -> Timeline {
    let good = good_sets(sets);
    let proven = logs::segments(rounds, pieces, |file| file == PieceFile::Available);
    let possible = logs::segments(rounds, pieces, |file| file != PieceFile::Deleted);
    let sure = spans(&good, &proven);
    let all = spans(&good, &possible);
    let mut intervals: Vec<Interval> = Vec::new();
    let interval = |(from_scn, until_scn): (u64, u64), is_proven| Interval { from_scn, until_scn, is_proven };
    for &span in &all {
        let within = sure.iter().filter(|inner| span.0 <= inner.0 && inner.1 <= span.1);
        let mut next = span.0;
        for &inner in within {
            if inner.0 > next {
                intervals.push(interval((next, inner.0 - 1), false));
            }
            intervals.push(interval(inner, true));
            next = inner.1.saturating_add(1);
        }
        if next <= span.1 {
            intervals.push(interval((next, span.1), false));
        }
    }
    let gaps = gaps(&all, &possible, rounds, pieces, &split_spans(sets, &good, &possible));
    Timeline { intervals, gaps, is_estimated: false }
}

/// Returns the complete sets whose chain down to a full set is complete and in the same directory, ordered by ID.
#[must_use]
pub fn good_sets(sets: &[Set]) -> Vec<&Set> {
    chained_sets(sets, |set, previous| set.root == previous.root)
}

/// Returns the complete sets whose chain is complete. `joins` decides whether a set may build on another one.
fn chained_sets(sets: &[Set], joins: impl Fn(&Set, &Set) -> bool) -> Vec<&Set> {
    let mut sorted: Vec<&Set> = sets.iter().filter(|set| set.is_complete).collect();
    sorted.sort_by_key(|set| set.id);
    let mut good: Vec<&Set> = Vec::new();
    for set in sorted {
        let is_good = match (set.mode, set.previous) {
            (DataBackupMode::Full, _) => true,
            // A set builds on lower IDs, so its base was already examined.
            (DataBackupMode::Incremental, Some(previous)) => {
                let place = good.binary_search_by_key(&previous, |other| other.id);
                place.is_ok_and(|place| joins(set, good[place]))
            }
            (DataBackupMode::Incremental, None) => good.iter().any(|other| joins(set, other)),
        };
        if is_good {
            good.push(set);
        }
    }
    good
}

/// Returns the spans that would be recoverable if a chain could lie in several directories, by set.
fn split_spans(sets: &[Set], good: &[&Set], segments: &[Segment]) -> Vec<(i64, (u64, u64))> {
    let is_split = |set: &&Set| good.binary_search_by_key(&set.id, |other| other.id).is_err();
    let split = chained_sets(sets, |_, _| true).into_iter().filter(is_split);
    split.filter_map(|set| Some((set.id, span(set, segments)?))).collect()
}

/// Returns the span that a set and the logs make recoverable.
fn span(set: &Set, segments: &[Segment]) -> Option<(u64, u64)> {
    let logs = logs::holding(segments, set.replay_scn).filter(|logs| logs.until_scn >= set.restore_scn);
    match logs {
        Some(logs) => Some((set.restore_scn, logs.until_scn)),
        None => set.plus_archivelog.then_some((set.restore_scn, set.restore_scn)),
    }
}

/// Returns the spans that the sets and logs make recoverable, in order and merged.
fn spans(good: &[&Set], segments: &[Segment]) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = good.iter().filter_map(|set| span(set, segments)).collect();
    spans.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, until) in spans {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// Returns the gaps before, between and after the spans, with their reasons. A gap that a chain in several
/// directories would fill has that chain as its reason.
fn gaps(
    spans: &[(u64, u64)],
    segments: &[Segment],
    rounds: &[Round],
    pieces: &[Piece],
    split: &[(i64, (u64, u64))],
) -> Vec<Gap> {
    let gap = |after_scn: u64, before_scn: u64, reason: GapReason| {
        let meets = |span: (u64, u64)| span.0 < before_scn && span.1 > after_scn;
        let set = split.iter().filter(|(_, span)| meets(*span)).map(|(set, _)| *set).min();
        Gap { after_scn, before_scn, reason: set.map_or(reason, |set| GapReason::ChainSplit { set }) }
    };
    let first_log = segments.first().map(|logs| logs.from_scn);
    let last_log = segments.iter().map(|logs| logs.until_scn).max();
    let mut gaps = Vec::new();
    let Some((&first, &last)) = spans.first().zip(spans.last()) else {
        let all = first_log.zip(last_log);
        return all.map(|(after, before)| gap(after, before, GapReason::NoSet)).into_iter().collect();
    };
    if let Some(after_scn) = first_log.filter(|&log| log < first.0) {
        gaps.push(gap(after_scn, first.0, GapReason::NoSet));
    }
    for pair in spans.windows(2) {
        let (after_scn, before_scn) = (pair[0].1, pair[1].0);
        gaps.push(gap(after_scn, before_scn, reason(after_scn, segments, rounds, pieces)));
    }
    if let Some(before_scn) = last_log.filter(|&log| log > last.1) {
        gaps.push(gap(last.1, before_scn, reason(last.1, segments, rounds, pieces)));
    }
    gaps
}

/// Returns why logs do not continue after the end of a span.
fn reason(end: u64, segments: &[Segment], rounds: &[Round], pieces: &[Piece]) -> GapReason {
    let deleted = pieces.iter().filter(|piece| piece.file == PieceFile::Deleted);
    let lost = deleted.filter(|piece| {
        let continued = segments.iter().any(|logs| logs.until_scn == end && logs.is_followed_by(piece));
        continued || (piece.start_scn <= end.saturating_add(1) && end < piece.reach(pieces))
    });
    if let Some(piece) = lost.min_by_key(|piece| (piece.start_scn, piece.round, piece.id)) {
        return GapReason::PieceDeleted { round: piece.round, piece: piece.id };
    }
    let Some(logs) = segments.iter().find(|logs| logs.until_scn == end) else { return GapReason::NoLogs };
    let round = rounds.iter().find(|round| round.dest == logs.dest && round.id == logs.round);
    match round.map(|round| round.end) {
        Some(RoundEnd::Interrupted) => GapReason::RoundInterrupted { round: logs.round },
        Some(RoundEnd::Stopped) => GapReason::RoundStopped { round: logs.round },
        Some(RoundEnd::Running) | None => GapReason::NoLogs,
    }
}
