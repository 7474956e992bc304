//! Archived logs without a gap.

use super::{Piece, PieceFile, Round};

/// Logs without a gap, from pieces of one round or of several that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The first moment.
    pub(super) from_scn: u64,
    /// The last moment up to which the logs are whole.
    pub(super) until_scn: u64,
    /// The destination and the round that the last moment lies in.
    pub(super) dest: i64,
    /// See `dest`.
    pub(super) round: i64,
    /// Where a piece has to begin to go on.
    link_scn: u64,
}

impl Piece {
    /// Returns where the piece that follows begins at the latest: a frozen piece holds all logs before its end.
    pub(super) fn top(&self) -> u64 {
        self.end_scn.map_or(self.checkpoint_scn, |end| end.max(self.checkpoint_scn))
    }
}

/// Joins pieces whose files are where `counts` wants them. A round without pieces, as on versions without them, is one.
pub(super) fn segments(
    rounds: &[Round],
    pieces: &[Piece],
    counts: impl Fn(PieceFile) -> bool,
) -> Vec<Segment> {
    let has_pieces =
        |round: &Round| pieces.iter().any(|piece| piece.dest == round.dest && piece.round == round.id);
    let whole = rounds.iter().filter(|round| !has_pieces(round)).map(|round| Segment {
        from_scn: round.start_scn,
        until_scn: round.checkpoint_scn,
        dest: round.dest,
        round: round.id,
        link_scn: round.checkpoint_scn,
    });
    let parts = pieces.iter().filter(|piece| counts(piece.file)).map(|piece| Segment {
        from_scn: piece.start_scn,
        until_scn: piece.checkpoint_scn,
        dest: piece.dest,
        round: piece.round,
        link_scn: piece.top(),
    });
    // What begins and has not reached its first checkpoint holds nothing.
    let mut logs: Vec<Segment> = whole.chain(parts).filter(|logs| logs.from_scn <= logs.until_scn).collect();
    logs.sort_by_key(|logs| (logs.from_scn, logs.until_scn));
    let mut joined: Vec<Segment> = Vec::new();
    for logs in logs {
        match joined.last_mut() {
            Some(last) if logs.from_scn <= last.link_scn => {
                if logs.until_scn >= last.until_scn {
                    (last.until_scn, last.dest, last.round) = (logs.until_scn, logs.dest, logs.round);
                }
                last.link_scn = last.link_scn.max(logs.link_scn);
            }
            _ => joined.push(logs),
        }
    }
    joined
}

/// Finds the segment that a moment lies in.
pub(super) fn holding(segments: &[Segment], scn: u64) -> Option<&Segment> {
    let after = segments.partition_point(|logs| logs.from_scn <= scn);
    let candidate = segments[..after].last()?;
    Some(candidate).filter(|logs| scn <= logs.until_scn)
}
