//! Compares the windows of random sets and logs, SCN by SCN, with a slow implementation of the rule.

use model::backup::DataBackupMode;
use model::recovery_window::{Piece, PieceFile, Round, RoundEnd, Set, windows};

use super::{Dice, rounds};

const LAST: u64 = 70;

#[test]
fn every_moment_is_recoverable_exactly_when_the_slow_rule_says_so() {
    rounds(3_000, 100, |seed| {
        let mut dice = Dice::new(seed);
        let (sets, rounds, pieces) = inputs(&mut dice);
        let timeline = windows(&sets, &rounds, &pieces);
        let context = format!("{sets:#?} {rounds:#?} {pieces:#?} {timeline:#?}");
        for moment in 0..=LAST {
            let proven = is_recoverable(moment, &sets, &rounds, &pieces, &[PieceFile::Available]);
            let possible = is_recoverable(
                moment,
                &sets,
                &rounds,
                &pieces,
                &[PieceFile::Available, PieceFile::MaybeCopied],
            );
            let expected = possible.then_some(proven);
            assert_eq!(
                timeline.holding(moment).map(|interval| interval.is_proven),
                expected,
                "{moment}: {context}"
            );
            let gaps =
                timeline.gaps.iter().filter(|gap| gap.after_scn < moment && moment < gap.before_scn).count();
            assert!(gaps <= usize::from(!possible), "{moment} is in a gap: {context}");
        }
        for pair in timeline.intervals.windows(2) {
            assert!(pair[0].until_scn < pair[1].from_scn, "{context}");
            let touch = pair[0].until_scn + 1 == pair[1].from_scn;
            let explained = timeline
                .gaps
                .iter()
                .any(|gap| (gap.after_scn, gap.before_scn) == (pair[0].until_scn, pair[1].from_scn));
            assert!(if touch { pair[0].is_proven != pair[1].is_proven } else { explained }, "{context}");
        }
    });
}

fn inputs(dice: &mut Dice) -> (Vec<Set>, Vec<Round>, Vec<Piece>) {
    let mut number = |least: u64, most: u64| {
        let span = |number| i64::try_from(number).expect("a small number");
        u64::try_from(dice.from(span(least), span(most))).expect("not below zero")
    };
    let mut sets = Vec::new();
    for id in 0..number(0, 6) {
        let id = i64::try_from(id).expect("a small number") + 1;
        let is_full = number(0, 2) > 0;
        let previous =
            (!is_full && number(0, 4) > 0).then(|| i64::try_from(number(1, 6)).expect("a small number"));
        let replay_scn = number(0, 50);
        sets.push(Set {
            id,
            mode: if is_full { DataBackupMode::Full } else { DataBackupMode::Incremental },
            previous: previous.filter(|&previous| previous < id),
            is_complete: number(0, 5) > 0,
            replay_scn,
            restore_scn: replay_scn + number(0, 12),
            plus_archivelog: number(0, 3) == 0,
            root: ["a", "a", "a", "b"][usize::try_from(number(0, 3)).expect("an index")].to_owned(),
        });
    }
    let mut rounds = Vec::new();
    let mut pieces = Vec::new();
    let mut at = number(0, 10);
    for round in 1..=number(0, 4) {
        let start = at;
        let dest = i64::try_from(number(1, 2)).expect("a small number");
        let round = i64::try_from(round).expect("a small number");
        for id in 1..=number(0, 4) {
            let end = at + number(1, 9);
            let file = match number(0, 7) {
                0 => PieceFile::Deleted,
                1 => PieceFile::MaybeCopied,
                _ => PieceFile::Available,
            };
            let checkpoint_scn = end - number(0, 1).min(end - at);
            let end_scn = (number(0, 4) > 0).then_some(end);
            let is_last = number(0, 5) == 0;
            // A stopped round leaves the planned end unchanged.
            let end_scn = end_scn.map(|end| if is_last { end + number(0, 9) } else { end });
            let id = i64::try_from(id).expect("a small number");
            pieces.push(Piece { dest, round, id, start_scn: at, checkpoint_scn, end_scn, file });
            at = end;
            if is_last {
                break;
            }
        }
        let end = [RoundEnd::Running, RoundEnd::Stopped, RoundEnd::Interrupted]
            [usize::try_from(number(0, 2)).expect("an index")];
        rounds.push(Round {
            dest,
            id: round,
            start_scn: start,
            checkpoint_scn: at.max(start + number(0, 8)),
            end,
        });
        // The next round begins later, or before this one has ended, in another destination.
        at = (at + number(0, 12)).saturating_sub(number(0, 6));
    }
    (sets, rounds, pieces)
}

/// The rule as documented, without optimisation.
fn is_recoverable(
    moment: u64,
    sets: &[Set],
    rounds: &[Round],
    pieces: &[Piece],
    counts: &[PieceFile],
) -> bool {
    sets.iter().any(|set| {
        let by_itself = set.plus_archivelog && moment == set.restore_scn;
        is_good(set, sets)
            && set.restore_scn <= moment
            && (by_itself
                || readable(set.replay_scn, rounds, pieces, counts).is_some_and(|last| moment <= last))
    })
}

fn is_good(set: &Set, sets: &[Set]) -> bool {
    let mut lower = sets.iter().filter(|other| other.id < set.id && other.root == set.root);
    set.is_complete
        && match (set.mode, set.previous) {
            (DataBackupMode::Full, _) => true,
            (DataBackupMode::Incremental, Some(previous)) => {
                lower.any(|other| other.id == previous && is_good(other, sets))
            }
            (DataBackupMode::Incremental, None) => lower.any(|other| is_good(other, sets)),
        }
}

/// Reads from an SCN as long as a log of the same round continues.
fn readable(from: u64, rounds: &[Round], pieces: &[Piece], counts: &[PieceFile]) -> Option<u64> {
    let has_pieces =
        |round: &&Round| pieces.iter().any(|piece| (piece.dest, piece.round) == (round.dest, round.id));
    let whole = rounds
        .iter()
        .filter(|round| !has_pieces(round))
        .filter(|round| round.start_scn <= from && from <= round.checkpoint_scn)
        .map(|round| round.checkpoint_scn);
    let there: Vec<&Piece> = pieces.iter().filter(|piece| counts.contains(&piece.file)).collect();
    let parts = there.iter().filter(|piece| piece.start_scn <= from).filter_map(|first| {
        let mut last = *first;
        while let Some(next) = there.iter().find(|next| {
            (next.dest, next.round) == (last.dest, last.round) && Some(next.start_scn) == last.end_scn
        }) {
            last = next;
        }
        (from <= last.checkpoint_scn).then_some(last.checkpoint_scn)
    });
    whole.chain(parts).max()
}
