//! The rules as tables. `tests/it/random/timeline.rs` compares them with a slow implementation of the same rules.

use super::{Gap, GapReason, Interval, Piece, PieceFile, Round, RoundEnd, Set, good_sets, windows};
use crate::backup::DataBackupMode::{Full, Incremental};
use crate::time::Timestamp;

fn full(id: i64, replay_scn: u64, restore_scn: u64) -> Set {
    Set {
        id,
        mode: Full,
        previous: None,
        is_complete: true,
        replay_scn,
        restore_scn,
        plus_archivelog: false,
        root: "file:///b/data".into(),
    }
}

fn incremental(id: i64, previous: i64, replay_scn: u64, restore_scn: u64) -> Set {
    Set { mode: Incremental, previous: Some(previous), ..full(id, replay_scn, restore_scn) }
}

fn with_logs(mut set: Set) -> Set {
    set.plus_archivelog = true;
    set
}

fn moved(mut set: Set) -> Set {
    set.root = "file:///c/data".into();
    set
}

fn broken(mut set: Set) -> Set {
    set.is_complete = false;
    set
}

fn frozen(round: i64, id: i64, start_scn: u64, end_scn: u64) -> Piece {
    let (checkpoint_scn, end_scn) = (end_scn - 1, Some(end_scn));
    Piece { dest: 1, round, id, start_scn, checkpoint_scn, end_scn, file: PieceFile::Available }
}

fn active(round: i64, id: i64, start_scn: u64, checkpoint_scn: u64) -> Piece {
    Piece { end_scn: None, checkpoint_scn, ..frozen(round, id, start_scn, start_scn + 1) }
}

fn lost(mut piece: Piece) -> Piece {
    piece.file = PieceFile::Deleted;
    piece
}

fn maybe(mut piece: Piece) -> Piece {
    piece.file = PieceFile::MaybeCopied;
    piece
}

fn round(id: i64, start_scn: u64, checkpoint_scn: u64, end: RoundEnd) -> Round {
    Round { dest: 1, id, start_scn, checkpoint_scn, end }
}

type Spans<'a> = &'a [(u64, u64)];

#[test]
fn a_moment_is_recoverable_by_the_table() {
    let archive = || vec![frozen(1, 1, 100, 200), frozen(1, 2, 200, 300), active(1, 3, 300, 350)];
    let without_second =
        || vec![frozen(1, 1, 100, 200), lost(frozen(1, 2, 200, 300)), active(1, 3, 300, 350)];
    let cases: [(&str, Vec<Set>, Vec<Piece>, Spans<'_>); 16] = [
        ("nothing", vec![], vec![], &[]),
        ("logs alone", vec![], archive(), &[]),
        ("a set alone", vec![full(1, 110, 120)], vec![], &[]),
        ("a set with logs in it alone", vec![with_logs(full(1, 110, 120))], vec![], &[(120, 120)]),
        ("a set and logs", vec![full(1, 110, 120)], archive(), &[(120, 350)]),
        ("logs begin after the replay", vec![full(1, 90, 120)], archive(), &[]),
        ("the same with logs in the set", vec![with_logs(full(1, 90, 120))], archive(), &[(120, 120)]),
        ("logs end before the set does", vec![full(1, 340, 360)], archive(), &[]),
        ("logs end as the set does", vec![full(1, 340, 350)], archive(), &[(350, 350)]),
        (
            "a hole between two sets",
            vec![full(1, 110, 120), full(2, 310, 320)],
            without_second(),
            &[(120, 199), (320, 350)],
        ),
        ("a set that replays over the hole", vec![full(1, 190, 310)], without_second(), &[]),
        ("two sets share the logs", vec![full(1, 110, 120), full(2, 210, 220)], archive(), &[(120, 350)]),
        ("an incremental set", vec![full(1, 90, 95), incremental(2, 1, 110, 130)], archive(), &[(130, 350)]),
        ("its ground is gone", vec![broken(full(1, 90, 95)), incremental(2, 1, 110, 130)], archive(), &[]),
        (
            "a link of its chain is gone",
            vec![full(1, 90, 95), broken(incremental(2, 1, 110, 130)), incremental(3, 2, 140, 150)],
            archive(),
            &[],
        ),
        ("a set that failed", vec![broken(full(1, 110, 120)), full(2, 210, 220)], archive(), &[(220, 350)]),
    ];
    for (name, sets, pieces, expected) in cases {
        let timeline = windows(&sets, &[], &pieces);
        let found: Vec<_> =
            timeline.intervals.iter().map(|window| (window.from_scn, window.until_scn)).collect();
        assert_eq!(found, expected, "{name}");
        assert!(timeline.intervals.iter().all(|window| window.is_proven), "{name}");
    }
}

#[test]
fn every_gap_has_its_reason() {
    let sets = vec![full(1, 110, 120), full(2, 510, 520)];
    let second = frozen(2, 3, 500, 600);
    let first = |end: RoundEnd| vec![round(1, 100, 299, end), round(2, 500, 599, RoundEnd::Running)];
    let cases = [
        (
            first(RoundEnd::Interrupted),
            vec![frozen(1, 1, 100, 300), second.clone()],
            GapReason::RoundInterrupted { round: 1 },
        ),
        (
            first(RoundEnd::Stopped),
            vec![frozen(1, 1, 100, 300), second.clone()],
            GapReason::RoundStopped { round: 1 },
        ),
        (vec![], vec![frozen(1, 1, 100, 300), second.clone()], GapReason::NoLogs),
        (
            first(RoundEnd::Stopped),
            vec![frozen(1, 1, 100, 300), lost(frozen(1, 2, 300, 400)), second],
            GapReason::PieceDeleted { round: 1, piece: 2 },
        ),
    ];
    for (rounds, pieces, reason) in cases {
        let timeline = windows(&sets, &rounds, &pieces);
        let before = Gap { after_scn: 100, before_scn: 120, reason: GapReason::NoSet };
        assert_eq!(timeline.gaps, [before, Gap { after_scn: 299, before_scn: 520, reason }]);
    }
    let no_set = windows(&[], &[], &[frozen(1, 1, 100, 300)]);
    assert_eq!(no_set.gaps, [Gap { after_scn: 100, before_scn: 299, reason: GapReason::NoSet }]);
    // The newest logs begin after a gap that no set has bridged yet.
    let behind =
        windows(&sets[..1], &first(RoundEnd::Interrupted), &[frozen(1, 1, 100, 300), frozen(2, 3, 500, 600)]);
    assert_eq!(
        behind.gaps[1],
        Gap { after_scn: 299, before_scn: 599, reason: GapReason::RoundInterrupted { round: 1 } }
    );
}

#[test]
fn a_chain_in_two_directories_is_not_offered_and_the_gap_says_so() {
    let hole = || vec![frozen(1, 1, 100, 200), lost(frozen(1, 2, 200, 300)), active(1, 3, 300, 350)];
    let whole = || vec![frozen(1, 1, 100, 200), frozen(1, 2, 200, 300), active(1, 3, 300, 350)];
    let stays = || vec![full(1, 110, 120), incremental(2, 1, 310, 320)];
    let split = || vec![full(1, 110, 120), moved(incremental(2, 1, 310, 320))];
    let unknown = || vec![full(1, 110, 120), moved(Set { previous: None, ..incremental(2, 1, 310, 320) })];
    let no_set = Gap { after_scn: 100, before_scn: 120, reason: GapReason::NoSet };
    let lost_piece = GapReason::PieceDeleted { round: 1, piece: 2 };
    let gap = |after_scn, before_scn, reason| Gap { after_scn, before_scn, reason };
    let chain = GapReason::ChainSplit { set: 2 };
    type Case<'a> = (&'a str, Vec<Set>, Vec<Piece>, Spans<'a>, Vec<Gap>);
    let cases: [Case<'_>; 6] = [
        ("one", stays(), hole(), &[(120, 199), (320, 350)], vec![no_set, gap(199, 320, lost_piece)]),
        ("two", split(), hole(), &[(120, 199)], vec![no_set, gap(199, 350, chain)]),
        (
            "two, and no view tells the link",
            unknown(),
            hole(),
            &[(120, 199)],
            vec![no_set, gap(199, 350, chain)],
        ),
        ("the logs go on from the first set", split(), whole(), &[(120, 350)], vec![no_set]),
        (
            "a set on one that is not offered is not, either",
            [split(), vec![moved(incremental(3, 2, 330, 340))]].concat(),
            hole(),
            &[(120, 199)],
            vec![no_set, gap(199, 350, chain)],
        ),
        (
            "a full set in the second directory",
            [split(), vec![moved(full(3, 330, 340))]].concat(),
            hole(),
            &[(120, 199), (340, 350)],
            vec![no_set, gap(199, 340, chain)],
        ),
    ];
    for (name, sets, pieces, expected, gaps) in cases {
        let timeline = windows(&sets, &[], &pieces);
        let found: Vec<_> =
            timeline.intervals.iter().map(|window| (window.from_scn, window.until_scn)).collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(timeline.gaps, gaps, "{name}");
    }
}

#[test]
fn a_round_that_was_stopped_never_joins_the_next_one() {
    // A stop leaves END_SCN at its planned time, which is after the start of the next round. Logs of different
    // destinations do not join, either.
    let stopped = Piece { checkpoint_scn: 299, end_scn: Some(1_100), ..active(1, 1, 100, 299) };
    let elsewhere = Piece { dest: 2, ..active(2, 1, 500, 800) };
    let touching = Piece { end_scn: Some(500), ..stopped.clone() };
    let sets = [full(1, 110, 120), full(2, 510, 520)];
    let rounds = [round(1, 100, 299, RoundEnd::Stopped), round(2, 500, 800, RoundEnd::Running)];
    for (first, second) in [
        (stopped.clone(), active(2, 2, 500, 800)),
        (stopped, elsewhere.clone()),
        (touching.clone(), active(2, 2, 500, 800)),
        (touching, elsewhere),
    ] {
        let timeline = windows(&sets, &rounds, &[first.clone(), second.clone()]);
        let found: Vec<_> =
            timeline.intervals.iter().map(|window| (window.from_scn, window.until_scn)).collect();
        assert_eq!(found, [(120, 299), (520, 800)], "{first:?} {second:?}");
        // Without a full backup after the stop, nothing after it can be recovered.
        let timeline = windows(&sets[..1], &rounds, &[first, second.clone()]);
        assert_eq!(timeline.latest(), Some(299), "{second:?}");
        assert_eq!(
            timeline.gaps.last().map(|gap| (gap.after_scn, gap.before_scn)),
            Some((299, 800)),
            "{second:?}"
        );
    }
}

#[test]
fn the_end_that_a_stopped_piece_was_due_at_explains_no_later_gap() {
    let deleted = lost(Piece { checkpoint_scn: 299, end_scn: Some(1_100), ..active(1, 1, 100, 299) });
    let rounds = [round(1, 100, 299, RoundEnd::Stopped), round(2, 500, 600, RoundEnd::Interrupted)];
    let pieces = [deleted, Piece { end_scn: Some(700), ..active(2, 2, 500, 600) }, active(3, 3, 800, 900)];
    let timeline = windows(&[full(2, 510, 520)], &rounds, &pieces);
    assert_eq!(timeline.gaps.last().map(|gap| gap.reason), Some(GapReason::RoundInterrupted { round: 2 }));
}

#[test]
fn what_rests_on_copies_alone_is_not_proven_and_not_lost() {
    let sets = [full(1, 110, 120)];
    let pieces = [frozen(1, 1, 100, 200), maybe(frozen(1, 2, 200, 300)), active(1, 3, 300, 350)];
    let timeline = windows(&sets, &[], &pieces);
    let interval = |from_scn, until_scn, is_proven| Interval { from_scn, until_scn, is_proven };
    assert_eq!(timeline.intervals, [interval(120, 199, true), interval(200, 350, false)]);
    assert_eq!(timeline.gaps, [Gap { after_scn: 100, before_scn: 120, reason: GapReason::NoSet }]);
    assert_eq!(timeline.holding(250).map(|interval| interval.is_proven), Some(false));
    assert_eq!(timeline.holding(119), None);
}

#[test]
fn a_round_without_pieces_counts_as_one_piece() {
    let timeline = windows(&[full(1, 110, 120)], &[round(1, 100, 400, RoundEnd::Running)], &[]);
    assert_eq!(timeline.intervals, [Interval { from_scn: 120, until_scn: 400, is_proven: true }]);
}

#[test]
fn sets_and_pieces_may_come_in_any_order() {
    let sets = [incremental(3, 2, 140, 150), full(1, 90, 95), incremental(2, 1, 110, 130)];
    assert_eq!(good_sets(&sets).iter().map(|set| set.id).collect::<Vec<_>>(), [1, 2, 3]);
    let pieces = [active(1, 3, 300, 350), frozen(1, 1, 100, 200), frozen(1, 2, 200, 300)];
    assert_eq!(windows(&sets, &[], &pieces).intervals[0].from_scn, 130);
}

#[test]
fn an_scn_of_either_unit_is_shown_as_time() {
    let interval =
        Interval { from_scn: 1_763_805_600_123_000_000, until_scn: 1_763_805_600_123_000, is_proven: true };
    assert_eq!(
        (interval.from(), interval.until()),
        (Timestamp(1_763_805_600_123_000), Timestamp(1_763_805_600_123_000))
    );
}

#[test]
fn the_nearest_times_to_one_in_a_gap_are_named() {
    let sets = [full(1, 110, 120), full(2, 510, 520)];
    let rounds = [round(1, 100, 299, RoundEnd::Stopped), round(2, 500, 599, RoundEnd::Running)];
    let timeline = windows(&sets, &rounds, &[]);
    assert_eq!(timeline.latest(), Some(599));
    let cases = [
        (50, (None, Some(120)), None),
        (110, (None, Some(120)), Some(GapReason::NoSet)),
        (400, (Some(299), Some(520)), Some(GapReason::RoundStopped { round: 1 })),
        (700, (Some(599), None), None),
    ];
    for (scn, nearest, reason) in cases {
        assert_eq!(timeline.nearest(scn), nearest, "{scn}");
        assert_eq!(timeline.gap_at(scn).map(|gap| gap.reason), reason, "{scn}");
    }
}
