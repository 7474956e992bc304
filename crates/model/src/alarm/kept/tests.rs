//! What an observation changes, as a table of cases.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AlarmRecord, Handling, Observation, RecordChange, SERVER_GONE_US, SILENCE_MAX_DAYS, Silence, Span,
    check_comment, check_silence, decide,
};
use crate::alarm::{Alarm, AlarmKind, Subject};
use crate::id::{AlarmId, ClusterId, TaskId, TenantId};
use crate::text::Text;
use crate::time::Timestamp;

const MINUTE: i64 = 60_000_000;
const NOW: i64 = 1_000 * MINUTE;

fn alarm(kind: AlarmKind, tenant: i64, text: &str) -> Alarm {
    Alarm {
        kind,
        subject: Subject::Cluster { id: ClusterId(1), name: "prod".into(), ob_cluster: "C1-1".into() },
        tenant: (tenant > 0).then(|| (TenantId(tenant), "shop".into())),
        task: None,
        since: None,
        text: Text::new(text),
        reason: None,
    }
}

fn disk(server: &str) -> Alarm {
    Alarm {
        subject: Subject::Server(server.into()),
        tenant: None,
        ..alarm(AlarmKind::LifeboatDisk, 0, "full")
    }
}

/// An open record that was seen at this time.
fn record(alarm: Alarm, seen: i64) -> AlarmRecord {
    let [raised, changed, seen] = [NOW - 500 * MINUTE, NOW - 500 * MINUTE, seen].map(Timestamp);
    AlarmRecord {
        id: AlarmId(7),
        alarm,
        raised,
        changed,
        seen,
        recovered: None,
        acknowledged: None,
        silence: None,
    }
}

fn ended(alarm: Alarm, recovered: i64) -> AlarmRecord {
    AlarmRecord { recovered: Some(Timestamp(recovered)), ..record(alarm, recovered - MINUTE) }
}

/// What a server sees that has read everything just now.
fn seen(alarms: Vec<Alarm>) -> Observation {
    Observation {
        server: "here".into(),
        read: Span::at(Timestamp(NOW)),
        disks: Some(Timestamp(NOW)),
        clusters: [ClusterId(1)].into(),
        logs: [(ClusterId(1), Span::at(Timestamp(NOW)))].into(),
        clean_ups: [(ClusterId(1), Span::at(Timestamp(NOW)))].into(),
        unread_deletions: BTreeSet::new(),
        unmeasured: BTreeSet::new(),
        unreadable: BTreeSet::new(),
        alarms,
    }
}

/// Describes each change in one word.
fn words(seen: &Observation, kept: &[AlarmRecord]) -> Vec<&'static str> {
    let word = |change: RecordChange| match change {
        RecordChange::Raise { silence: None, .. } => "raise",
        RecordChange::Raise { silence: Some(_), .. } => "raise silenced",
        RecordChange::Change { .. } => "change",
        RecordChange::Touch { .. } => "touch",
        RecordChange::Recover { .. } => "recover",
    };
    decide(seen, kept, Timestamp(NOW)).into_iter().map(word).collect()
}

/// What is seen, what is recorded, and what changes.
type Case = (&'static str, Vec<Alarm>, Vec<AlarmRecord>, &'static [&'static str]);

#[test]
fn an_alarm_is_raised_once_and_ends_with_its_problem() {
    use AlarmKind::{BackupRunMissed as Missed, BaseBackupFail as Failed};
    let failed = || alarm(Failed, 7, "a");
    let cases: Vec<Case> = vec![
        ("a new problem", vec![failed()], vec![], &["raise"]),
        ("seen twice in one reading", vec![failed(), failed()], vec![], &["raise"]),
        ("already recorded, a moment ago", vec![failed()], vec![record(failed(), NOW - 1)], &[]),
        ("already recorded, long ago", vec![failed()], vec![record(failed(), NOW - MINUTE)], &["touch"]),
        ("another content", vec![alarm(Failed, 7, "b")], vec![record(failed(), NOW - 1)], &["change"]),
        (
            "of another tenant",
            vec![alarm(Failed, 8, "a")],
            vec![record(failed(), NOW - 1)],
            &["raise", "recover"],
        ),
        (
            "of another kind",
            vec![alarm(Missed, 7, "a"), failed()],
            vec![record(failed(), NOW - 1)],
            &["raise"],
        ),
        ("the problem has ended", vec![], vec![record(failed(), NOW - 1)], &["recover"]),
        ("it returns", vec![failed()], vec![ended(failed(), NOW - 1)], &["raise"]),
        ("seen by a newer reading of another server", vec![], vec![record(failed(), NOW)], &[]),
        ("ended by a newer reading of another server", vec![failed()], vec![ended(failed(), NOW)], &[]),
        ("changed by a newer reading", vec![alarm(Failed, 7, "b")], vec![record(failed(), NOW)], &[]),
        ("seen by a clock that was ahead", vec![], vec![record(failed(), NOW + MINUTE)], &["recover"]),
        ("ended by a clock that was ahead", vec![failed()], vec![ended(failed(), NOW + MINUTE)], &["raise"]),
    ];
    for (case, alarms, kept, expected) in cases {
        assert_eq!(words(&seen(alarms), &kept), expected, "{case}");
    }
}

#[test]
fn an_alarm_that_cannot_be_checked_does_not_recover() {
    let log = |kind| record(alarm(kind, 7, "a"), NOW - MINUTE);
    let full = || record(alarm(AlarmKind::StorageCapacity, 0, "a"), NOW - MINUTE);
    let whole = seen(vec![]);
    let without_logs = Observation { logs: BTreeMap::new(), ..whole.clone() };
    let old = Span::at(Timestamp(NOW - 2 * MINUTE));
    let old_logs = Observation { logs: [(ClusterId(1), old)].into(), ..whole.clone() };
    let unmeasured = Observation { unmeasured: [(ClusterId(1), None)].into(), ..whole.clone() };
    let of_tenant = Observation { unmeasured: [(ClusterId(1), Some(TenantId(7)))].into(), ..whole.clone() };
    let no_cluster = Observation { clusters: BTreeSet::new(), logs: BTreeMap::new(), ..whole.clone() };
    let unchecked = Observation { clean_ups: BTreeMap::new(), ..whole.clone() };
    let clean_up = || log(AlarmKind::CleanUpFailing);
    assert_eq!(words(&unchecked, &[clean_up()]), Vec::<String>::new(), "the database was not asked");
    assert_eq!(words(&whole, &[clean_up()]), ["recover"]);
    let unread = Observation { unread_deletions: [ClusterId(1)].into(), ..whole.clone() };
    assert_eq!(words(&unread, &[clean_up()]), Vec::<String>::new(), "its deletions are not known");
    let policies = Observation { alarms: vec![alarm(AlarmKind::CleanUpFailing, 7, "a")], ..unread };
    assert_eq!(words(&policies, &[]), ["raise"], "its policies are");
    let disks_unknown = Observation { disks: None, ..whole.clone() };
    let here = || record(disk("here"), NOW - MINUTE);
    let elsewhere = |seen| record(disk("elsewhere"), seen);
    let week = i64::try_from(SERVER_GONE_US).expect("small");
    let cases: Vec<(&str, &Observation, AlarmRecord, bool)> = vec![
        ("logs are known", &whole, log(AlarmKind::LogBackupInterrupted), true),
        ("nobody has read the logs", &without_logs, log(AlarmKind::LogBackupInterrupted), false),
        ("nobody has read the delay", &without_logs, log(AlarmKind::IncBackupDelay), false),
        ("the logs were read before", &old_logs, log(AlarmKind::IncBackupDelay), false),
        ("the cluster was removed", &no_cluster, log(AlarmKind::IncBackupDelay), true),
        ("the capacity is known", &whole, full(), true),
        ("the capacity is unknown", &unmeasured, full(), false),
        ("that of another strategy is unknown", &of_tenant, full(), true),
        ("the disks are well", &whole, here(), true),
        ("the disks were not checked", &disks_unknown, here(), false),
        ("the disks of another server", &whole, elsewhere(NOW - MINUTE), false),
        ("of a server that is silent for a week", &whole, elsewhere(NOW - week), false),
        ("of a server that no longer exists", &whole, elsewhere(NOW - week - 1), true),
    ];
    for (case, seen, kept, recovers) in cases {
        let expected = if recovers { vec!["recover"] } else { vec![] };
        assert_eq!(words(seen, &[kept]), expected, "{case}");
    }
}

#[test]
fn of_two_readings_that_overlap_the_second_changes_nothing() {
    use AlarmKind::{BaseBackupFail as Failed, IncBackupDelay as Late};
    // This reading took from two minutes ago until one minute ago.
    let span = Span { from: Timestamp(NOW - 2 * MINUTE), to: Timestamp(NOW - MINUTE) };
    let [before, during] = [NOW - 2 * MINUTE - 1, NOW - 2 * MINUTE];
    for kind in [Failed, Late] {
        let problem = |text| alarm(kind, 7, text);
        let read = |alarms| Observation { read: span, logs: [(ClusterId(1), span)].into(), ..seen(alarms) };
        let cases: Vec<Case> = vec![
            ("seen before it", vec![], vec![record(problem("a"), before)], &["recover"]),
            ("seen when it began", vec![], vec![record(problem("a"), during)], &[]),
            ("seen while it ran", vec![], vec![record(problem("a"), during + 1)], &[]),
            ("ended before it", vec![problem("a")], vec![ended(problem("a"), before)], &["raise"]),
            ("ended while it ran", vec![problem("a")], vec![ended(problem("a"), during + 1)], &[]),
            ("changed before it", vec![problem("b")], vec![record(problem("a"), before)], &["change"]),
            ("changed while it ran", vec![problem("b")], vec![record(problem("a"), during + 1)], &[]),
        ];
        for (case, alarms, kept, expected) in cases {
            assert_eq!(words(&read(alarms), &kept), expected, "{kind:?}: {case}");
        }
        let raised = decide(&read(vec![problem("a")]), &[], Timestamp(NOW));
        let [RecordChange::Raise { seen, .. }] = &raised[..] else { panic!("{raised:?}") };
        assert_eq!(*seen, span.to, "the end of the reading is recorded");
        let ended = decide(&read(vec![]), &[record(problem("a"), before)], Timestamp(NOW));
        assert_eq!(ended, [RecordChange::Recover { id: AlarmId(7), at: span.to }]);
    }
}

#[test]
fn a_strategy_that_cannot_be_read_ends_no_alarm() {
    use AlarmKind::{
        BackupRunMissed, BaseBackupFail, BaseBackupTimeout, CleanUpFailing, IncBackupDelay,
        NoSuccessfulBackup, StorageCapacity, StrategyOwnerInvalid, StrategyUnreadable,
    };
    let unreadable = |cluster, tenant: Option<i64>| Observation {
        unreadable: [(ClusterId(cluster), tenant.map(TenantId))].into(),
        ..seen(vec![])
    };
    let recovers = |seen: &Observation, kind, tenant| {
        !words(seen, &[record(alarm(kind, tenant, "a"), NOW - MINUTE)]).is_empty()
    };
    let of_strategies = [
        BackupRunMissed,
        BaseBackupTimeout,
        CleanUpFailing,
        IncBackupDelay,
        NoSuccessfulBackup,
        StorageCapacity,
        StrategyOwnerInvalid,
    ];
    for kind in of_strategies {
        assert!(!recovers(&unreadable(1, Some(7)), kind, 7), "{kind:?}");
        assert!(recovers(&unreadable(1, Some(8)), kind, 7), "{kind:?}: that of another tenant");
        assert!(!recovers(&unreadable(1, None), kind, 7), "{kind:?}: that of the cluster");
        assert!(!recovers(&unreadable(1, None), kind, 0), "{kind:?}: the alarm of the cluster");
        assert!(recovers(&unreadable(2, None), kind, 7), "{kind:?}: that of another cluster");
        let removed = Observation { clusters: BTreeSet::new(), ..unreadable(1, None) };
        assert!(recovers(&removed, kind, 7), "{kind:?}: the cluster was removed");
    }
    assert!(!recovers(&unreadable(1, Some(7)), IncBackupDelay, 0), "the delay of all tenants");
    for kind in [BaseBackupFail, StrategyUnreadable] {
        assert!(recovers(&unreadable(1, None), kind, 7), "{kind:?} needs no strategy");
    }
    let alarms = vec![alarm(NoSuccessfulBackup, 7, "a")];
    let own = Observation { alarms: alarms.clone(), ..unreadable(1, None) };
    assert_eq!(words(&own, &[]), ["raise"], "the tenant has a strategy of its own");
    let hidden = Observation { alarms, ..unreadable(1, Some(7)) };
    assert_eq!(words(&hidden, &[]), [""; 0], "that of the cluster is not for it");
}

#[test]
fn two_servers_that_see_one_silent_cluster_do_not_overwrite_each_other() {
    let silent = |since, reason: &str| Alarm {
        since: Some(Timestamp(since)),
        reason: Some(Text::new(reason)),
        ..alarm(AlarmKind::ClusterUnavailable, 0, "silent")
    };
    let kept = record(silent(1, "refused"), NOW - 1);
    for other in [silent(2, "timeout"), Alarm { since: None, reason: None, ..silent(1, "") }] {
        assert_eq!(words(&seen(vec![other]), std::slice::from_ref(&kept)), [""; 0]);
    }
    let unexplained = record(Alarm { since: None, reason: None, ..silent(1, "") }, NOW - 1);
    let changes = decide(&seen(vec![silent(2, "timeout")]), &[unexplained], Timestamp(NOW));
    let [RecordChange::Change { alarm, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((alarm.since, alarm.reason.clone()), (Some(Timestamp(2)), Some(Text::new("timeout"))));
}

#[test]
fn the_reason_of_another_failed_task_replaces_the_first() {
    let failed = |task| Alarm { task: Some(TaskId(task)), ..alarm(AlarmKind::BaseBackupFail, 7, "a") };
    assert_eq!(words(&seen(vec![failed(2)]), &[record(failed(1), NOW - 1)]), ["change"]);
}

#[test]
fn an_alarm_lasts_since_the_first_of_several_failures() {
    let failed = |task, since| Alarm {
        task: Some(TaskId(task)),
        since: Some(Timestamp(since)),
        ..alarm(AlarmKind::BaseBackupFail, 7, "a")
    };
    let since = |new, old| {
        let changes = decide(&seen(vec![failed(2, new)]), &[record(failed(1, old), NOW - 1)], Timestamp(NOW));
        let [RecordChange::Change { alarm, .. }] = &changes[..] else { panic!("{changes:?}") };
        alarm.since
    };
    assert_eq!((since(9, 5), since(3, 5)), (Some(Timestamp(5)), Some(Timestamp(3))));
}

#[test]
fn a_problem_that_returns_during_its_silence_is_silenced() {
    let failed = || alarm(AlarmKind::BaseBackupFail, 7, "a");
    let silence = |until| {
        let [since, until] = [1, until].map(Timestamp);
        Some(Silence { since, until, by: "eva".into(), reason: "maintenance".into() })
    };
    let silenced = |until| AlarmRecord { silence: silence(until), ..ended(failed(), NOW - 1) };
    assert_eq!(words(&seen(vec![failed()]), &[silenced(NOW + 1)]), ["raise silenced"]);
    assert_eq!(words(&seen(vec![failed()]), &[silenced(NOW)]), ["raise"], "the silence has ended");
    assert_eq!(words(&seen(vec![alarm(AlarmKind::BaseBackupFail, 8, "a")]), &[silenced(NOW + 1)]), ["raise"]);
}

#[test]
fn a_record_has_one_state_at_a_time() {
    let mut kept = record(alarm(AlarmKind::BaseBackupFail, 7, "a"), NOW);
    assert_eq!(kept.handling(Timestamp(NOW)), Handling::New);
    let (at, by) = (Timestamp(NOW), String::from("eva"));
    kept.acknowledged = Some(super::Acknowledgement { at, by: by.clone(), comment: String::new() });
    assert_eq!(kept.handling(Timestamp(NOW)), Handling::Acknowledged);
    kept.silence = Some(Silence { since: at, until: Timestamp(NOW + 1), by, reason: "x".into() });
    assert_eq!(kept.handling(Timestamp(NOW)), Handling::Silenced);
    assert_eq!(kept.handling(Timestamp(NOW + 1)), Handling::Acknowledged, "the silence has ended");
    kept.recovered = Some(Timestamp(NOW));
    assert_eq!(kept.handling(Timestamp(NOW)), Handling::Recovered);
}

#[test]
fn the_oldest_data_of_a_reading_are_those_of_its_problems() {
    let mut both = seen(vec![alarm(AlarmKind::IncBackupDelay, 7, "a"), disk("here")]);
    assert_eq!(both.oldest(), Timestamp(NOW));
    both.logs = [(ClusterId(1), Span { from: Timestamp(5), to: Timestamp(9) })].into();
    assert_eq!(both.oldest(), Timestamp(5));
}

#[test]
fn a_silence_needs_a_reason_and_an_end() {
    let [now, day] = [NOW, 24 * 60 * MINUTE];
    let longest = now + i64::from(SILENCE_MAX_DAYS) * day;
    let check = |reason: &str, until| check_silence(reason, Timestamp(until), Timestamp(now));
    assert_eq!(check(" upgrade ", now + 1).expect("a good one"), "upgrade");
    assert!(check("upgrade", longest).is_ok());
    for (reason, until) in
        [("", now + 1), (" ", now + 1), ("x", now), ("x", longest + 1), (&"x".repeat(501), now + 1)]
    {
        assert!(check(reason, until).is_err(), "{reason:?} {until}");
    }
    assert_eq!(check_comment(" seen ").expect("a good one"), "seen");
    assert!(check_comment("").is_ok() && check_comment(&"x".repeat(501)).is_err());
}
