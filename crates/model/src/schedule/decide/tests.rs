//! The rules as tables. `tests/it/random/schedule.rs` runs simulated years against them.

use super::{Decision, Hindrance, MissReason, Outcome, Promotion, Run, State, decide, promotion};
use crate::backup::DataBackupMode::{self, Full, Incremental};
use crate::cluster::ClusterStatus;
use crate::id::ClusterId;
use crate::schedule::Due;
use crate::strategy::tests::strategy;
use crate::strategy::{Scope, Strategy};
use crate::text::Language;
use crate::time::Timestamp;

/// Full on Sundays, incremental on other nights, at 02:00. The 6th of December 2026 is a Sunday.
const WEEKLY: &str = r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC",
    "dataBackupMode": "INCREMENTAL_BACKUP", "fullOnCycle": "WEEK", "fullOnDays": ["7"]}"#;

const WELL: State = State {
    cluster: Some(ClusterStatus::Running),
    has_usable_full: true,
    other_backup_runs: false,
    running: 0,
    begun: None,
    running_max: 2,
    storage_running: 0,
    storage_running_max: None,
};

/// A moment of December 2026.
fn on(day: i64, hour: i64) -> Timestamp {
    let first = Timestamp::from_rfc3339("2026-12-01T00:00:00Z").expect("a moment");
    Timestamp(first.0 + ((day - 1) * 24 + hour) * 3_600_000_000)
}

fn weekly() -> Strategy {
    let mut strategy = strategy(7, Scope::Cluster(ClusterId(1)), WEEKLY);
    strategy.since = on(1, 12);
    strategy
}

fn started(day: i64, is_over: bool) -> Run {
    let planned = if day % 7 == 6 { Full } else { Incremental };
    Run {
        due: on(day, 2),
        planned,
        decided: on(day, 3),
        outcome: Outcome::Started { kind: planned, is_over },
    }
}

fn missed(day: i64, decided: Timestamp, reason: MissReason) -> Run {
    let planned = if day % 7 == 6 { Full } else { Incremental };
    Run { due: on(day, 2), planned, decided, outcome: Outcome::Missed(reason) }
}

fn start(day: i64, kind: DataBackupMode) -> Decision {
    let due = on(day, 2);
    let key = super::RunKey { strategy: crate::id::StrategyId(7), due };
    Decision::Start { due, kind, key, before: on(day + 1, 2) }
}

fn replaced(day: i64, by: i64) -> Decision {
    Decision::Miss { due: on(day, 2), reason: MissReason::ReplacedBy(on(by, 2)) }
}

fn hindered(day: i64, why: Hindrance) -> Decision {
    Decision::Miss { due: on(day, 2), reason: MissReason::Hindered(why) }
}

fn wait(why: Hindrance, until: Timestamp) -> Decision {
    Decision::Wait { until, why }
}

#[test]
fn what_is_due_starts_once() {
    let strategy = weekly();
    assert_eq!(decide(&strategy, &[], &WELL, on(2, 1)), [Decision::Nothing]);
    assert_eq!(decide(&strategy, &[], &WELL, on(2, 2)), [start(2, Incremental)]);
    assert_eq!(decide(&strategy, &[started(2, true)], &WELL, on(2, 3)), [Decision::Nothing]);
    assert_eq!(
        decide(&strategy, &[started(5, true)], &WELL, on(6, 4)),
        [replaced(2, 5), replaced(3, 5), replaced(4, 5), start(6, Full)]
    );
    let key = super::RunKey { strategy: strategy.id, due: on(2, 2) };
    assert_eq!(key.to_string(), "strategy-7-20261202T020000Z");
}

#[test]
fn due_times_from_before_the_schedule_was_saved_are_not_its_own() {
    let mut strategy = weekly();
    strategy.since = on(4, 2); // saved exactly when one would be due
    assert_eq!(decide(&strategy, &[], &WELL, on(4, 23)), [Decision::Nothing]);
    assert_eq!(decide(&strategy, &[], &WELL, on(5, 2)), [start(5, Incremental)]);
}

#[test]
fn of_several_missed_runs_the_newest_starts_and_is_full_if_one_of_them_was() {
    let strategy = weekly();
    let done = [started(4, true)];
    // Lifeboat was down from the 4th on.
    assert_eq!(
        decide(&strategy, &done[..], &WELL, on(8, 9)),
        [replaced(2, 4), replaced(3, 4), replaced(5, 8), replaced(6, 8), replaced(7, 8), start(8, Full)]
    );
    // Before the full run was due, there is none to replace.
    assert_eq!(
        decide(&strategy, &done[..], &WELL, on(5, 9)),
        [replaced(2, 4), replaced(3, 4), start(5, Incremental)]
    );
}

#[test]
fn a_run_that_no_server_started_says_whether_one_was_running() {
    let strategy = weekly();
    let reason = |begun: Option<Timestamp>| match decide(&strategy, &[], &State { begun, ..WELL }, on(4, 9))[..]
    {
        [Decision::Miss { reason, .. }, Decision::Miss { .. }, Decision::Start { .. }] => reason,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(reason(Some(on(4, 8))), MissReason::ReplacedStopped(on(4, 2)));
    assert_eq!(reason(Some(on(2, 1))), MissReason::ReplacedBy(on(4, 2)));
    assert_eq!(reason(Some(on(5, 1))), MissReason::ReplacedBy(on(4, 2)), "its clock was ahead");
    assert_eq!(reason(None), MissReason::ReplacedBy(on(4, 2)));
}

#[test]
fn a_crash_between_the_misses_and_the_start_loses_neither_the_start_nor_its_fullness() {
    let strategy = weekly();
    let by = |day| MissReason::ReplacedBy(on(day, 2));
    let history = [started(5, true), missed(6, on(8, 9), by(8)), missed(7, on(8, 9), by(8))];
    let earlier = [2, 3, 4].map(|day| missed(day, on(5, 2), by(5)));
    let history = [&earlier[..], &history[..]].concat();
    assert_eq!(decide(&strategy, &history, &WELL, on(8, 10)), [start(8, Full)]);
    let due = Due { at: on(8, 2), kind: Incremental };
    assert_eq!(
        promotion(&strategy, &history, &WELL, due, on(8, 10)),
        Some(Promotion::ReplacesFull(on(6, 2)))
    );
}

#[test]
fn an_incremental_run_without_a_full_set_to_build_on_is_full() {
    let strategy = weekly();
    let state = State { has_usable_full: false, ..WELL };
    assert_eq!(decide(&strategy, &[], &state, on(2, 2)), [start(2, Full)]);
    let due = Due { at: on(2, 2), kind: Incremental };
    assert_eq!(promotion(&strategy, &[], &state, due, on(2, 2)), Some(Promotion::WithoutFull));
    assert_eq!(promotion(&strategy, &[], &WELL, due, on(2, 2)), None);
}

#[test]
fn every_hindrance_is_waited_for_and_becomes_the_reason_when_the_next_time_is_due() {
    let strategy = weekly();
    let next = on(4, 2);
    let cases = [
        (State { cluster: None, ..WELL }, Hindrance::Unreachable),
        (State { cluster: Some(ClusterStatus::Unavailable), ..WELL }, Hindrance::Unreachable),
        (State { cluster: Some(ClusterStatus::Upgrading), ..WELL }, Hindrance::Upgrading),
    ];
    for (state, why) in cases {
        let history = [started(2, true)];
        assert_eq!(decide(&strategy, &history, &state, on(3, 5)), [wait(why, next)], "{why:?}");
        assert_eq!(
            decide(&strategy, &history, &state, next),
            [hindered(3, why), wait(why, on(5, 2))],
            "{why:?}"
        );
        assert_eq!(decide(&strategy, &history, &WELL, on(3, 6)), [start(3, Incremental)], "{why:?}");
        assert_eq!(
            decide(&strategy, &history, &WELL, next),
            [replaced(3, 4), start(4, Incremental)],
            "{why:?}"
        );
    }
    let history = [started(2, false)];
    assert_eq!(decide(&strategy, &history, &WELL, on(3, 5)), [wait(Hindrance::PreviousRun, next)]);
    assert_eq!(
        decide(&strategy, &history, &WELL, next),
        [hindered(3, Hindrance::PreviousRun), wait(Hindrance::PreviousRun, on(5, 2))]
    );
}

fn queued(day: i64) -> Run {
    let planned = if day % 7 == 6 { Full } else { Incremental };
    Run { due: on(day, 2), planned, decided: on(day, 2), outcome: Outcome::Queued { kind: planned } }
}

fn queue(day: i64, held: Option<(Hindrance, Timestamp)>, before: Timestamp) -> Decision {
    Decision::Queue { due: on(day, 2), held, before }
}

#[test]
fn where_other_backups_leave_no_room_a_task_waits_until_the_next_time_is_due() {
    let strategy = weekly();
    let next = on(4, 2);
    let cases = [
        (State { other_backup_runs: true, ..WELL }, Hindrance::OtherBackup),
        (State { running: 2, ..WELL }, Hindrance::TooManyBackups),
        (
            State { running: 1, storage_running: 1, storage_running_max: Some(1), ..WELL },
            Hindrance::StorageBusy,
        ),
    ];
    for (state, why) in cases {
        let history = [started(2, true)];
        assert_eq!(decide(&strategy, &history, &state, on(3, 5)), [start(3, Incremental)], "{why:?}");
        let history = [started(2, true), queued(3)];
        assert_eq!(decide(&strategy, &history, &state, on(3, 5)), [queue(3, None, next)], "{why:?}");
        assert_eq!(
            decide(&strategy, &history, &state, next),
            [hindered(3, why), start(4, Incremental)],
            "{why:?}"
        );
        // There is room now, but the due time of the 3rd was replaced.
        assert_eq!(decide(&strategy, &history, &WELL, next), [replaced(3, 4), start(4, Incremental)]);
    }
}

#[test]
fn what_else_hinders_a_run_holds_its_task_in_the_queue() {
    let strategy = weekly();
    let history = [started(2, true), queued(3)];
    for (status, why) in [
        (ClusterStatus::Unavailable, Hindrance::Unreachable),
        (ClusterStatus::Upgrading, Hindrance::Upgrading),
    ] {
        let state = State { cluster: Some(status), ..WELL };
        let next = on(4, 2);
        assert_eq!(decide(&strategy, &history, &state, on(3, 5)), [queue(3, Some((why, next)), next)]);
        assert_eq!(decide(&strategy, &history, &state, next), [hindered(3, why), wait(why, on(5, 2))]);
    }
    // The clock was set back to before its due time.
    assert_eq!(decide(&strategy, &history, &WELL, on(3, 1)), [Decision::Nothing]);
}

#[test]
fn a_full_run_whose_task_did_not_come_to_its_turn_makes_the_next_one_full() {
    let strategy = weekly();
    let earlier = [2, 3, 4, 5].map(|day| started(day, true));
    let history = [&earlier[..], &[queued(6)]].concat();
    let busy = State { running: 2, ..WELL };
    assert_eq!(
        decide(&strategy, &history, &busy, on(7, 2)),
        [hindered(6, Hindrance::TooManyBackups), start(7, Full)]
    );
}

#[test]
fn a_task_that_waits_in_a_paused_strategy_is_missed() {
    let mut strategy = weekly();
    strategy.paused = true;
    let history = [started(2, true), queued(3)];
    assert_eq!(decide(&strategy, &history, &WELL, on(3, 5)), [hindered(3, Hindrance::Paused)]);
}

#[test]
fn a_paused_strategy_misses_what_is_due_and_catches_nothing_up_when_it_is_resumed() {
    let mut strategy = weekly();
    strategy.paused = true;
    assert_eq!(decide(&strategy, &[], &WELL, on(2, 1)), [Decision::Nothing]);
    let missed_now = decide(&strategy, &[started(5, true)], &WELL, on(7, 9));
    assert_eq!(missed_now[3..], [hindered(6, Hindrance::Paused), hindered(7, Hindrance::Paused)]);
    strategy.paused = false;
    let paused = MissReason::Hindered(Hindrance::Paused);
    let history: Vec<_> = (2..=5)
        .map(|day| started(day, true))
        .chain((6..=7).map(|day| missed(day, on(day, 3), paused)))
        .collect();
    assert_eq!(decide(&strategy, &history, &WELL, on(7, 10)), [Decision::Nothing]);
    // The full run during the pause was skipped on purpose, so it is not replaced.
    assert_eq!(decide(&strategy, &history, &WELL, on(8, 2)), [start(8, Incremental)]);
}

#[test]
fn nothing_starts_in_the_quiet_window_nor_before_its_jitter_has_passed() {
    let schedule = r#"{"backupScheduleMode": "CRON", "cronExpression": "0 2 * * *", "scheduleZone": "UTC", "jitterSeconds": 3600,
        "quietWindow": {"from": "04:00", "until": "20:00"}}"#;
    let mut strategy = strategy(7, Scope::Cluster(ClusterId(1)), schedule);
    strategy.since = on(1, 12);
    let due = on(2, 2);
    let starts = Timestamp(due.0 + strategy.settings.schedule.jitter_us(strategy.id, due));
    assert!(starts > due, "this run has some jitter");
    assert_eq!(decide(&strategy, &[], &WELL, due), [wait(Hindrance::Jitter, starts)]);
    let until_four = |due| match due {
        Decision::Start { due, kind, key, .. } => Decision::Start { due, kind, key, before: on(2, 4) },
        other => other,
    };
    assert_eq!(decide(&strategy, &[], &WELL, starts), [until_four(start(2, Full))]);
    let in_queue = [Run { planned: Full, ..queued(2) }];
    assert_eq!(decide(&strategy, &in_queue, &WELL, starts), [queue(2, None, on(2, 4))]);
    let closed = Some((Hindrance::WindowClosed, on(2, 20)));
    assert_eq!(decide(&strategy, &in_queue, &WELL, on(2, 4)), [queue(2, closed, on(3, 2))]);
    let down = State { cluster: Some(ClusterStatus::Unavailable), ..WELL };
    assert_eq!(decide(&strategy, &[], &down, on(2, 3)), [wait(Hindrance::Unreachable, on(3, 2))]);
    assert_eq!(decide(&strategy, &[], &WELL, on(2, 5)), [wait(Hindrance::WindowClosed, on(2, 20))]);
    assert_eq!(decide(&strategy, &[], &WELL, on(2, 20)), [start(2, Full)]);
}

#[test]
fn of_the_runs_in_a_quiet_window_only_the_newest_starts_and_the_others_are_no_problem() {
    let hourly = r#"{"backupScheduleMode": "CRON", "cronExpression": "0 * * * *", "scheduleZone": "UTC",
        "quietWindow": {"from": "02:00", "until": "05:30"}}"#;
    let mut strategy = strategy(7, Scope::Cluster(ClusterId(1)), hourly);
    strategy.since = on(2, 1);
    let quiet = |hour, by| Decision::Miss { due: on(2, hour), reason: MissReason::ReplacedQuiet(on(2, by)) };
    let (at_four, end) = (decide(&strategy, &[], &WELL, on(2, 4)), Timestamp(on(2, 5).0 + 30 * 60_000_000));
    assert_eq!(at_four[..2], [quiet(2, 4), quiet(3, 4)]);
    let Decision::Wait { why: Hindrance::WindowClosed, .. } = at_four[2] else { panic!("{at_four:?}") };
    let after = decide(&strategy, &[], &WELL, end);
    assert_eq!(after[..3], [quiet(2, 5), quiet(3, 5), quiet(4, 5)]);
    assert!(matches!(after[3], Decision::Start { due, .. } if due == on(2, 5)), "{after:?}");
    assert!(MissReason::ReplacedQuiet(end).is_intended() && !MissReason::ScheduleChanged.is_intended());
}

#[test]
fn every_due_time_of_an_outage_of_ninety_days_is_recorded() {
    let decisions = decide(&weekly(), &[], &WELL, on(91, 12));
    let missed: Vec<Timestamp> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Miss { due, .. } => Some(*due),
            _ => None,
        })
        .collect();
    assert_eq!(missed, (2..=90).map(|day| on(day, 2)).collect::<Vec<_>>(), "none is left out");
    assert_eq!(decisions.last(), Some(&start(91, Full)), "the newest one starts");
    // The same over a later start of the outage: nothing older than the horizon is examined.
    let later = decide(&weekly(), &[], &WELL, on(300, 12));
    let first = on(300, 12).0 - super::HORIZON;
    assert_eq!(later.len(), 92);
    assert!(later.iter().all(|decision| !matches!(decision, Decision::Miss { due, .. } if due.0 <= first)));
}

#[test]
fn a_clock_that_jumps_neither_doubles_nor_loses_a_run() {
    let strategy = weekly();
    let by = |day| MissReason::ReplacedBy(on(day, 2));
    // On the 2nd the clock showed the 5th for a while.
    let ahead = [
        missed(2, on(5, 9), by(5)),
        missed(3, on(5, 9), by(5)),
        missed(4, on(5, 9), by(5)),
        started(5, true),
    ];
    assert_eq!(decide(&strategy, &ahead, &WELL, on(2, 1)), [Decision::Nothing]);
    assert_eq!(decide(&strategy, &ahead, &WELL, on(2, 2)), [start(2, Incremental)], "not missed yet");
    let mut real = ahead.clone();
    real[0] = started(2, true);
    assert_eq!(decide(&strategy, &real, &WELL, on(3, 2)), [start(3, Incremental)], "not missed yet");
    assert_eq!(decide(&strategy, &ahead, &WELL, on(5, 10)), [Decision::Nothing], "started once already");
    // The clock goes back over runs that are done.
    let done: Vec<_> = (2..=5).map(|day| started(day, true)).collect();
    for hour in 0..100 {
        assert_eq!(decide(&strategy, &done, &WELL, on(2, hour - 30)), [Decision::Nothing]);
    }
}

#[test]
fn every_reason_has_words_in_both_languages() {
    let hindrances = [
        Hindrance::Paused,
        Hindrance::PreviousRun,
        Hindrance::OtherBackup,
        Hindrance::Unreachable,
        Hindrance::Upgrading,
        Hindrance::WindowClosed,
        Hindrance::Jitter,
        Hindrance::TooManyBackups,
        Hindrance::StorageBusy,
    ];
    let mut texts: Vec<_> = hindrances.iter().map(|why| why.text()).collect();
    let later = on(2, 2);
    texts.extend([
        MissReason::ReplacedBy(later).text(),
        MissReason::ReplacedQuiet(later).text(),
        MissReason::ReplacedStopped(later).text(),
        MissReason::ScheduleChanged.text(),
    ]);
    texts.push(Promotion::ReplacesFull(on(2, 2)).text());
    texts.push(Promotion::WithoutFull.text());
    for text in texts {
        for language in [Language::En, Language::Zh] {
            let words = text.message(language);
            assert!(words != text.id && !words.contains('{'), "{words}");
        }
    }
}
