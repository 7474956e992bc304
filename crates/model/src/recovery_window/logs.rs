//! Joins archived logs to segments without a gap.

use super::{Piece, PieceFile, Round};

/// Logs of one round without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The first SCN.
    pub(super) from_scn: u64,
    /// The last SCN up to which the logs are complete.
    pub(super) until_scn: u64,
    /// The destination of the round.
    pub(super) dest: i64,
    /// The round.
    pub(super) round: i64,
    /// The start SCN of the piece that would continue it; `None` while its last piece is being written.
    next_scn: Option<u64>,
}

impl Segment {
    /// Returns whether a piece is part of the segment.
    pub(super) fn holds(&self, piece: &Piece) -> bool {
        (piece.dest, piece.round) == (self.dest, self.round)
            && (self.from_scn..=self.until_scn).contains(&piece.start_scn)
    }

    /// Returns whether a piece would continue the logs.
    pub(super) fn is_followed_by(&self, piece: &Piece) -> bool {
        (piece.dest, piece.round) == (self.dest, self.round) && self.next_scn == Some(piece.start_scn)
    }
}

impl Piece {
    /// Returns the SCN up to which the piece may contain logs that a recovery reads. The last piece of a stopped
    /// round ends at its checkpoint, although `END_SCN` still shows its planned end.
    pub(super) fn top(&self) -> u64 {
        self.end_scn.map_or(self.checkpoint_scn, |end| end.max(self.checkpoint_scn))
    }

    /// Returns whether another piece of the round begins where this one ends. The database joins only such pieces.
    fn is_followed_by(&self, other: &Self) -> bool {
        (self.dest, self.round) == (other.dest, other.round) && self.end_scn == Some(other.start_scn)
    }

    /// Returns the SCN up to which this piece contains logs, alone or with the piece that continues it.
    pub(super) fn reach(&self, pieces: &[Self]) -> u64 {
        let is_continued = pieces.iter().any(|other| self.is_followed_by(other));
        if is_continued { self.top() } else { self.checkpoint_scn }
    }
}

/// Joins the pieces that `counts` accepts. A round without pieces, as on versions that have none, is treated as one
/// piece.
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
        next_scn: None,
    });
    let mut parts: Vec<&Piece> = pieces.iter().filter(|piece| counts(piece.file)).collect();
    // A round before its first checkpoint contains nothing.
    parts.retain(|piece| piece.start_scn <= piece.checkpoint_scn);
    parts.sort_by_key(|piece| (piece.dest, piece.round, piece.start_scn, piece.checkpoint_scn));
    let mut joined: Vec<Segment> = whole.filter(|logs| logs.from_scn <= logs.until_scn).collect();
    for piece in parts {
        match joined.last_mut() {
            Some(last) if last.is_followed_by(piece) => {
                (last.until_scn, last.next_scn) = (piece.checkpoint_scn, piece.end_scn);
            }
            _ => joined.push(Segment {
                from_scn: piece.start_scn,
                until_scn: piece.checkpoint_scn,
                dest: piece.dest,
                round: piece.round,
                next_scn: piece.end_scn,
            }),
        }
    }
    joined.sort_by_key(|logs| (logs.from_scn, logs.until_scn));
    joined
}

/// Finds the segment that contains an SCN; if rounds overlap, the one that reaches furthest.
pub(super) fn holding(segments: &[Segment], scn: u64) -> Option<&Segment> {
    let holds = |logs: &&Segment| (logs.from_scn..=logs.until_scn).contains(&scn);
    segments.iter().filter(holds).max_by_key(|logs| logs.until_scn)
}
