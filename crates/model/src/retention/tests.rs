//! The rules as tables. `tests/it/random/retention.rs` checks properties for all inputs.

use super::{Calendar, Candidate, Health, Hold, KeepReason, Policy, Verdict, plan};
use crate::backup::DataBackupMode::{Full, Incremental};
use crate::time::Timestamp;

const DAY: i64 = 86_400_000_000;
/// A Friday.
const NOW: Timestamp = Timestamp(1_795_780_800_000_000);

const KEEP_ALL: Policy = Policy::KEEP_ALL;

/// Returns a full set of 10 bytes, of this age in days.
fn full(id: i64, days_ago: i64) -> Candidate {
    let point = Timestamp(NOW.0 - days_ago * DAY);
    Candidate { id, mode: Full, previous: None, point, bytes: 10, health: Health::Good }
}

fn incremental(id: i64, previous: i64, days_ago: i64) -> Candidate {
    Candidate { mode: Incremental, previous: Some(previous), bytes: 1, ..full(id, days_ago) }
}

fn kept(sets: &[Candidate], policy: &Policy, holds: &[Hold], in_use: &[i64]) -> Vec<i64> {
    plan(sets, policy, holds, in_use, NOW)
        .into_iter()
        .filter(|(_, verdict)| verdict.is_kept())
        .map(|(id, _)| id)
        .collect()
}

/// Two weeks: full sets on two days, incremental ones between.
fn weeks() -> Vec<Candidate> {
    vec![
        full(1, 14),
        incremental(2, 1, 12),
        incremental(3, 2, 10),
        full(4, 7),
        incremental(5, 4, 5),
        incremental(6, 5, 3),
        full(7, 1),
        incremental(8, 7, 0),
    ]
}

#[test]
fn each_rule_keeps_what_the_table_says() {
    let window = |days| Policy { window_days: Some(days), ..KEEP_ALL };
    let last = |count| Policy { last: Some(count), ..KEEP_ALL };
    let cap = |bytes| Policy { cap_bytes: Some(bytes), ..KEEP_ALL };
    let all: Vec<i64> = (1..=8).collect();
    let cases = [
        ("no rule", KEEP_ALL, all.clone()),
        ("a window of everything", window(14), all.clone()),
        ("a window that begins before everything", window(100), all.clone()),
        ("a window that begins between two full sets", window(8), all.clone()),
        ("a window that begins with a full set", window(7), vec![4, 5, 6, 7, 8]),
        ("a window that begins among incremental ones", window(4), vec![4, 5, 6, 7, 8]),
        ("a window of no days", window(0), vec![7, 8]),
        ("the newest", last(1), vec![7, 8]),
        ("the newest two", last(2), vec![4, 5, 6, 7, 8]),
        ("none, but for the minimum", last(0), vec![7, 8]),
        ("a minimum of two", Policy { minimum: 2, ..last(0) }, vec![4, 7, 8]),
        ("a cap that all fit in", cap(35), all.clone()),
        ("a cap that two groups fit in", cap(34), vec![4, 5, 6, 7, 8]),
        ("a cap that nothing fits in", cap(1), vec![7, 8]),
        ("a cap shortens a window", Policy { window_days: Some(14), ..cap(12) }, vec![7, 8]),
        ("a cap does not shorten the minimum", Policy { minimum: 3, ..cap(12) }, vec![1, 4, 7, 8]),
    ];
    for (name, policy, expected) in cases {
        assert_eq!(kept(&weeks(), &policy, &[], &[]), expected, "{name}");
    }
}

#[test]
fn a_hold_and_a_task_keep_a_set_with_what_it_is_built_on() {
    let policy = Policy { last: Some(1), ..KEEP_ALL };
    let hold = |set, until| Hold { set, until };
    assert_eq!(kept(&weeks(), &policy, &[hold(2, None)], &[]), [1, 2, 7, 8]);
    assert_eq!(kept(&weeks(), &policy, &[hold(2, Some(Timestamp(NOW.0 + 1)))], &[]), [1, 2, 7, 8]);
    assert_eq!(kept(&weeks(), &policy, &[hold(2, Some(NOW))], &[]), [7, 8], "the hold is over");
    assert_eq!(kept(&weeks(), &policy, &[], &[6]), [4, 5, 6, 7, 8]);
    let plan = plan(&weeks(), &policy, &[hold(3, None)], &[3], NOW);
    assert_eq!(plan[0], (1, Verdict::Keep(vec![KeepReason::Needed])));
    assert_eq!(plan[2], (3, Verdict::Keep(vec![KeepReason::Held, KeepReason::InUse])));
}

#[test]
fn what_nothing_can_be_recovered_from_goes_and_counts_for_nothing() {
    use super::DeleteReason::Broken;
    let policy = Policy { last: Some(1), ..KEEP_ALL };
    let mut sets = weeks();
    sets[6].health = Health::Broken;
    let verdicts = plan(&sets, &policy, &[], &[], NOW);
    assert_eq!(verdicts[6].1, Verdict::Delete(Broken));
    assert_eq!(verdicts[7].1, Verdict::Delete(Broken), "its full set is gone");
    assert_eq!(kept(&sets, &policy, &[], &[]), [4, 5, 6]);
    sets[6].health = Health::Running;
    assert_eq!(kept(&sets, &policy, &[], &[]), [4, 5, 6, 7], "a set that is being made stays");
}

#[test]
fn a_calendar_keeps_one_full_set_of_each_period_in_its_zone() {
    // A full set each day for three years, at noon UTC.
    let sets: Vec<_> = (0..1_100)
        .map(|day| {
            let set = full(1_100 - day, day);
            Candidate { point: Timestamp(set.point.0 - DAY), ..set }
        })
        .collect();
    let calendar = Calendar { daily: 3, weekly: 2, monthly: 2, yearly: 2 };
    let policy = Policy { calendar: Some(calendar), ..KEEP_ALL };
    let plan = plan(&sets, &policy, &[], &[], NOW);
    let kept: Vec<_> = plan
        .iter()
        .filter_map(|(id, verdict)| match verdict {
            Verdict::Keep(reasons) => Some((
                policy
                    .zone
                    .wall(sets[usize::try_from(1_100 - id).expect("an index")].point)
                    .date()
                    .to_string(),
                reasons.clone(),
            )),
            Verdict::Delete(_) => None,
        })
        .collect();
    use KeepReason::{Daily, Minimum, Monthly, Weekly, Yearly};
    assert_eq!(
        kept,
        [
            ("2025-12-31".to_owned(), vec![Yearly]),
            ("2026-10-31".to_owned(), vec![Monthly]),
            ("2026-11-22".to_owned(), vec![Weekly]),
            ("2026-11-24".to_owned(), vec![Daily]),
            ("2026-11-25".to_owned(), vec![Daily]),
            ("2026-11-26".to_owned(), vec![Daily, Weekly, Monthly, Yearly, Minimum]),
        ]
    );
    // At noon in UTC, it is already the next day in Kiritimati.
    let there = Policy {
        zone: "Pacific/Kiritimati".parse().expect("a zone"),
        calendar: Some(Calendar { monthly: 2, ..Calendar::default() }),
        ..KEEP_ALL
    };
    let month = super::plan(&sets, &there, &[], &[], NOW)
        .into_iter()
        .find(|(_, verdict)| verdict.is_kept())
        .expect("one")
        .0;
    assert_eq!(
        policy.zone.wall(sets[usize::try_from(1_100 - month).expect("an index")].point).date().to_string(),
        "2026-10-30"
    );
}

#[test]
fn a_time_without_backups_lets_no_period_expire() {
    let sets: Vec<_> = (0..5).map(|month| full(5 - month, 400 + month * 31)).collect();
    let policy = Policy { calendar: Some(Calendar { monthly: 3, ..Calendar::default() }), ..KEEP_ALL };
    assert_eq!(kept(&sets, &policy, &[], &[]), [3, 4, 5]);
}

/// If each set walked down its chain, these two plans would take 900 million steps and exceed the test's time limit.
#[test]
fn one_chain_of_thirty_thousand_sets_is_planned_in_one_pass() {
    let mut sets = vec![full(1, 0)];
    sets.extend((2..=30_000).map(|id| incremental(id, id - 1, 0)));
    let policy = Policy { window_days: Some(7), last: Some(3), cap_bytes: Some(1), ..KEEP_ALL };
    assert_eq!(plan(&sets, &policy, &[], &[30_000], NOW).len(), 30_000);
    assert_eq!(kept(&sets, &policy, &[], &[30_000]).len(), 30_000);
}

/// Full sets 1 to 5, one a day, the newest today; set 3 has this state.
fn third_is(health: Health) -> Vec<Candidate> {
    let mut sets: Vec<_> = (1..=5).map(|id| full(id, 5 - id)).collect();
    sets[2].health = health;
    sets
}

#[test]
fn what_is_not_good_counts_for_no_rule_and_only_what_is_ours_and_proved_goes() {
    use super::DeleteReason::{Broken, Expired, Interrupted};
    let last = |count| Policy { last: Some(count), ..KEEP_ALL };
    let window = |days| Policy { window_days: Some(days), ..KEEP_ALL };
    let keep = |reason| Verdict::Keep(vec![reason]);
    let cases = [
        ("partial, older than what is kept", Health::Partial, last(2), Verdict::Delete(Expired)),
        ("partial, no older", Health::Partial, last(3), keep(KeepReason::Partial)),
        ("partial, in the window", Health::Partial, window(3), keep(KeepReason::Partial)),
        ("partial, without a rule", Health::Partial, KEEP_ALL, keep(KeepReason::NoPolicy)),
        ("foreign", Health::Foreign, last(1), keep(KeepReason::Foreign)),
        ("not proved", Health::Unproven, last(1), keep(KeepReason::Unproven)),
        ("broken", Health::Broken, last(5), Verdict::Delete(Broken)),
        ("half deleted", Health::Deleting, last(5), Verdict::Delete(Interrupted)),
        ("half deleted, without a rule", Health::Deleting, KEEP_ALL, Verdict::Delete(Interrupted)),
    ];
    for (name, health, policy, expected) in cases {
        let verdicts = plan(&third_is(health), &policy, &[], &[], NOW);
        assert_eq!(verdicts[2], (3, expected), "{name}");
    }
    // The three good full sets are 5, 4 and 2: the set between them never counts.
    for health in [Health::Partial, Health::Foreign, Health::Unproven, Health::Deleting] {
        let kept = kept(&third_is(health), &last(3), &[], &[]);
        assert!(kept.contains(&2) && !kept.contains(&1), "{health:?}: {kept:?}");
    }
    let alone = Candidate { health: Health::Partial, ..full(1, 400) };
    assert_eq!(kept(&[alone], &window(1), &[], &[]), [1], "no good set stands for it");
}

#[test]
fn a_hold_does_not_stop_a_deletion_that_has_begun() {
    let held = Hold { set: 3, until: None };
    let verdicts = plan(&third_is(Health::Deleting), &KEEP_ALL, &[held], &[3], NOW);
    assert_eq!(verdicts[2], (3, Verdict::Delete(super::DeleteReason::Interrupted)));
}

#[test]
fn a_rule_with_a_number_out_of_its_range_is_refused_by_name() {
    let calendar = |monthly| Calendar { monthly, ..Calendar::default() };
    let cases = [
        (Policy { window_days: Some(0), ..KEEP_ALL }, Some("retentionDays")),
        (Policy { window_days: Some(3_661), ..KEEP_ALL }, Some("retentionDays")),
        (Policy { last: Some(0), ..KEEP_ALL }, Some("keepLast")),
        (Policy { minimum: 0, ..KEEP_ALL }, Some("minimumSets")),
        (Policy { calendar: Some(calendar(10_001)), ..KEEP_ALL }, Some("keepMonthly")),
        (Policy { window_days: Some(3_660), last: Some(1), calendar: Some(calendar(0)), ..KEEP_ALL }, None),
    ];
    for (policy, expected) in cases {
        let refused = policy.checked().err().and_then(|problem| problem.text.args.get("field").cloned());
        assert_eq!(refused.as_deref(), expected, "{policy:?}");
    }
}

#[test]
fn every_reason_has_words() {
    use super::DeleteReason::{Broken, Expired, Interrupted, OverCap};
    use crate::text::Language;
    use KeepReason::*;
    let keep = vec![
        NoPolicy, Window, Last, Daily, Weekly, Monthly, Yearly, Minimum, Held, InUse, Running, Newest,
        Needed, Partial, Foreign, Unproven,
    ];
    let deleted = [Expired, OverCap, Broken, Interrupted].map(Verdict::Delete);
    for verdict in deleted.iter().chain([&Verdict::Keep(keep)]) {
        for text in verdict.texts() {
            for language in [Language::En, Language::Zh] {
                let message = text.message(language);
                assert!(message != text.id && !message.contains('{'), "{}", text.id);
            }
        }
    }
}
