//! Properties of every retention plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};
use model::Timestamp;
use model::backup::DataBackupMode;
use model::retention::{Calendar, Candidate, Health, Hold, KeepReason, Policy, Verdict, plan};
use model::schedule::Zone;

use super::{Dice, rounds};

const DAY: i64 = 86_400_000_000;
const NOW: Timestamp = Timestamp(1_795_780_800_000_000);

/// Returns the period of a date as a key.
type Period = fn(NaiveDate) -> (i32, u32);

#[test]
fn what_is_deleted_is_needed_for_no_promised_moment() {
    rounds(2_000, 100, |seed| {
        let mut dice = Dice::new(seed);
        let sets = sets(&mut dice);
        let policy = Policy { cap_bytes: None, ..policy(&mut dice) };
        let left = kept(&sets, &policy, &[]);
        let context = || format!("{policy:?} keeps {left:?} of {sets:#?}");
        let (before, after): (Vec<&Candidate>, Vec<&Candidate>) =
            (good(&sets), good(&sets).into_iter().filter(|set| left.contains(&set.id)).collect());
        let newest = |of: &[&Candidate], until: Timestamp| {
            of.iter().filter(|set| set.point <= until).max_by_key(|set| (set.point, set.id)).map(|set| set.id)
        };
        if let Some(days) = policy.window_days {
            let begin = Timestamp(NOW.0 - i64::from(days) * DAY);
            let points = sets.iter().map(|set| set.point).filter(|&point| begin <= point && point <= NOW);
            for moment in points.chain([begin, NOW]) {
                assert_eq!(newest(&before, moment), newest(&after, moment), "{moment}: {}", context());
            }
        }
        let mut full: Vec<_> = before.iter().filter(|set| set.mode == DataBackupMode::Full).collect();
        full.sort_by_key(|set| std::cmp::Reverse((set.point, set.id)));
        let last = usize::try_from(policy.last.unwrap_or(0)).expect("a small number");
        for base in full.iter().take(last) {
            let built = before.iter().filter(|set| base_of(set, &sets) == Some(base.id));
            assert!(built.clone().all(|set| left.contains(&set.id)), "{}", context());
        }
        let minimum = usize::try_from(policy.minimum.max(1)).expect("a small number");
        assert!(full.iter().take(minimum).all(|set| left.contains(&set.id)), "{}", context());
        if let Some(calendar) = policy.calendar {
            let rules: [(u32, Period); 4] = [
                (calendar.daily, |date| (date.year(), date.ordinal())),
                (calendar.weekly, |date| (date.iso_week().year(), date.iso_week().week())),
                (calendar.monthly, |date| (date.year(), date.month())),
                (calendar.yearly, |date| (date.year(), 0)),
            ];
            for (count, period) in rules {
                let mut of_period: BTreeMap<(i32, u32), i64> = BTreeMap::new();
                for set in full.iter().rev() {
                    of_period.insert(period(policy.zone.wall(set.point).date()), set.id); // the newest stays
                }
                let count = usize::try_from(count).expect("a small number");
                assert!(of_period.values().rev().take(count).all(|set| left.contains(set)), "{}", context());
            }
        }
        if policy.window_days.is_none() && policy.last.is_none() && policy.calendar.is_none() {
            assert_eq!(before.len(), after.len(), "nobody asked to delete: {}", context());
        }
    });
}

#[test]
fn a_plan_is_stable_keeps_chains_and_loses_nothing_by_a_hold() {
    rounds(2_000, 100, |seed| {
        let mut dice = Dice::new(seed);
        let (sets, policy) = (sets(&mut dice), policy(&mut dice));
        let mut holds = Vec::new();
        for _ in 0..dice.from(0, 2) {
            holds.push(Hold { set: dice.from(1, 12), until: None });
        }
        let left = kept(&sets, &policy, &holds);
        let context = || format!("{policy:?} with {holds:?} keeps {left:?} of {sets:#?}");
        let remaining: Vec<Candidate> = sets.iter().filter(|set| left.contains(&set.id)).cloned().collect();
        assert_eq!(kept(&remaining, &policy, &holds), left, "a second run deletes more: {}", context());
        for set in &remaining {
            let previous = set.previous.filter(|previous| sets.iter().any(|other| other.id == *previous));
            assert!(previous.is_none_or(|previous| left.contains(&previous)), "{}: {}", set.id, context());
        }
        for set in &sets {
            let more = [&holds[..], &[Hold { set: set.id, until: None }]].concat();
            let with_more = kept(&sets, &policy, &more);
            assert!(left.is_subset(&with_more) && with_more.contains(&set.id), "{}: {}", set.id, context());
        }
        if let Some(cap) = policy.cap_bytes {
            let promised = [
                KeepReason::Window,
                KeepReason::Last,
                KeepReason::Daily,
                KeepReason::Weekly,
                KeepReason::Monthly,
                KeepReason::Yearly,
            ];
            let plan = plan(&sets, &policy, &holds, &[], NOW);
            let by_promise = plan.iter().filter(|(_, verdict)| {
                matches!(verdict, Verdict::Keep(reasons) if reasons.iter().any(|reason| promised.contains(reason)))
            });
            let bytes: u64 = by_promise
                .filter_map(|(id, _)| sets.iter().find(|set| set.id == *id))
                .map(|set| set.bytes)
                .sum();
            assert!(bytes <= cap, "{bytes} bytes: {}", context());
        }
    });
}

fn kept(sets: &[Candidate], policy: &Policy, holds: &[Hold]) -> BTreeSet<i64> {
    let plan = plan(sets, policy, holds, &[], NOW);
    assert_eq!(plan.len(), sets.len(), "a verdict for each set");
    plan.into_iter().filter(|(_, verdict)| verdict.is_kept()).map(|(id, _)| id).collect()
}

/// Walks down a chain, slowly.
fn base_of(set: &Candidate, sets: &[Candidate]) -> Option<i64> {
    if set.health != Health::Good {
        return None;
    }
    match set.mode {
        DataBackupMode::Full => Some(set.id),
        DataBackupMode::Incremental => {
            let previous = sets.iter().find(|other| Some(other.id) == set.previous && other.id < set.id)?;
            base_of(previous, sets)
        }
    }
}

fn good(sets: &[Candidate]) -> Vec<&Candidate> {
    sets.iter().filter(|set| base_of(set, sets).is_some()).collect()
}

fn sets(dice: &mut Dice) -> Vec<Candidate> {
    let mut sets = Vec::new();
    let mut point = NOW.0 - dice.from(0, 800) * DAY;
    for id in 1..=dice.from(0, 12) {
        let previous = dice.from(1, 12);
        let mode = if dice.one_in(2) { DataBackupMode::Full } else { DataBackupMode::Incremental };
        let is_incremental = mode == DataBackupMode::Incremental && previous < id;
        let health = match dice.from(1, 14) {
            1 => Health::Broken,
            2 => Health::Running,
            3 => Health::Partial,
            4 => Health::Foreign,
            5 => Health::Unproven,
            _ => Health::Good,
        };
        let bytes = u64::try_from(dice.from(0, 20)).expect("not below zero");
        let previous = is_incremental.then_some(if dice.one_in(4) { previous } else { id - 1 });
        sets.push(Candidate { id, mode, previous, point: Timestamp(point), bytes, health });
        let longest = (NOW.0 - point).min(100 * DAY);
        point += dice.from(0, longest);
    }
    sets
}

fn policy(dice: &mut Dice) -> Policy {
    let few = |dice: &mut Dice| u32::try_from(dice.from(0, 3)).expect("a small number");
    let calendar = dice.one_in(2).then(|| Calendar {
        daily: few(dice),
        weekly: few(dice),
        monthly: few(dice),
        yearly: few(dice),
    });
    Policy {
        window_days: dice.one_in(2).then(|| u32::try_from(dice.from(0, 400)).expect("a small number")),
        last: dice.one_in(2).then(|| few(dice)),
        calendar,
        cap_bytes: dice.one_in(3).then(|| u64::try_from(dice.from(0, 100)).expect("a small number")),
        minimum: few(dice),
        zone: dice.pick(&[
            Zone::UTC,
            "Asia/Shanghai".parse().expect("a zone"),
            "America/New_York".parse().expect("a zone"),
        ]),
    }
}
