//! The rules of a recovery of tables, as tables of cases.

use std::collections::BTreeMap;

use super::{
    ImportedTable, OBJECTS_MAX, RecoveredObject, TableImport, TableJob, TableJobLeft, TableJobStatus,
    TableOutcome, TableStart, check_objects, explained, left, next_start, not_recovered, renamed, shown,
};
use crate::backup::BackupObject;
use crate::physical::sent::{Sending, Sent};
use crate::text::{has_line, has_problem};
use crate::time::Timestamp;

/// Names in a backup, and new names.
type Pairs<'a> = &'a [(&'a str, &'a str)];

fn object(name: &str) -> BackupObject {
    name.parse().expect("a name")
}

fn objects(pairs: Pairs<'_>) -> Vec<RecoveredObject> {
    pairs.iter().map(|(from, to)| RecoveredObject { from: object(from), to: object(to) }).collect()
}

#[test]
fn each_object_gets_its_own_new_name_or_that_of_its_database() {
    type Case<'a> = (&'a [&'a str], Pairs<'a>, Result<Pairs<'a>, &'a str>);
    let cases: &[Case<'_>] = &[
        (&["shop.orders"], &[], Ok(&[("shop.orders", "shop.orders")])),
        (&["shop.orders"], &[("shop.orders", "spare.old")], Ok(&[("shop.orders", "spare.old")])),
        (&["shop.orders"], &[("shop", "spare")], Ok(&[("shop.orders", "spare.orders")])),
        (
            &["shop.orders", "shop.items"],
            &[("shop", "spare"), ("shop.items", "shop.items_2")],
            Ok(&[("shop.orders", "spare.orders"), ("shop.items", "shop.items_2")]),
        ),
        (&["hr"], &[("hr", "hr_2")], Ok(&[("hr", "hr_2")])),
        (&["`a.b`.`c`"], &[("`a.b`.c", "d.`e``f`")], Ok(&[("`a.b`.c", "d.`e``f`")])),
        (&["hr"], &[("shop", "spare")], Err("table-recovery-rename-unused")),
        (&["hr"], &[("hr.people", "hr.other")], Err("table-recovery-rename-unused")),
        (&["hr"], &[("hr", "hr.people")], Err("table-recovery-rename-kinds")),
        (&["shop.orders"], &[("shop.orders", "old")], Err("table-recovery-rename-kinds")),
        (&["shop.orders"], &[("shop.orders", "spare.")], Err("table-recovery-name-malformed")),
    ];
    for (names, rename, expected) in cases {
        let rename: BTreeMap<String, String> =
            rename.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let found = renamed(names.iter().map(|name| object(name)).collect(), &rename);
        let expected = expected.map(objects).map_err(str::to_owned);
        assert_eq!(found.map_err(|problem| problem.text.id), expected, "{names:?} {rename:?}");
    }
}

#[test]
fn what_the_database_refuses_is_refused_before_it_is_asked() {
    let many: Vec<String> = (0..=OBJECTS_MAX).map(|number| format!("shop.t{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let (longest, too_long) = (format!("shop.{}", "表".repeat(64)), format!("shop.{}", "t".repeat(65)));
    let cases: &[(Pairs<'_>, Option<&str>)] = &[
        (&[], Some("table-recovery-of-nothing")),
        (&many[..OBJECTS_MAX], None),
        (many.as_slice(), Some("table-recovery-too-many")),
        (&[("shop.orders", "shop.orders"), ("hr", "hr_2")], None),
        (&[("shop.orders", "spare.o"), ("shop.items", "spare.i")], None),
        (&[(longest.as_str(), "shop.t")], None),
        (&[("shop.orders", too_long.as_str())], Some("table-name-malformed")),
        (&[("shop.`t `", "shop.t")], Some("table-name-malformed")),
        (&[("oceanbase.t", "shop.t")], Some("database-name-malformed")),
        (&[("shop.t", "MySQL.t")], Some("database-name-malformed")),
        (&[("shop.t", "shop.a"), ("shop.t", "shop.b")], Some("table-recovery-overlaps")),
        (&[("shop.t", "shop.t"), ("shop", "spare")], Some("table-recovery-overlaps")),
        (&[("shop", "spare"), ("shop.t", "shop.t")], Some("table-recovery-overlaps")),
        (&[("shop.t", "spare.t"), ("hr.t", "spare.t")], Some("table-recovery-targets-collide")),
        (&[("shop", "spare"), ("hr", "spare")], Some("table-recovery-targets-collide")),
    ];
    for (pairs, expected) in cases {
        let found = check_objects(&objects(pairs)).err().map(|problem| problem.text.id);
        assert_eq!(found.as_deref(), *expected, "{:?}", pairs.first());
        if let Some(id) = expected {
            assert!(has_problem(id), "{id}");
        }
    }
}

/// A job in the history if it has ended, otherwise in the view of running jobs.
fn job(id: i64, stage: &str, description: &str) -> TableJob {
    let status = TableJobStatus::of(stage);
    TableJob {
        id,
        own: None,
        status,
        is_past: status != TableJobStatus::Running,
        stage: stage.into(),
        scn: 0,
        description: description.into(),
        comment: String::new(),
    }
}

const MINUTE: i64 = 60 * 1_000_000;

#[test]
fn one_statement_is_sent_however_often_it_is_asked_what_to_do() {
    let saved =
        |minutes_ago: i64, is_open| Some(Sent { at: Timestamp((60 - minutes_ago) * MINUTE), is_open, by: 7 });
    let now = Timestamp(60 * MINUTE);
    let (ours, theirs) = (job(7, "PREPARE", "mine"), job(6, "RESTORE_AUX_TENANT", ""));
    let (ended, their_end) = (job(7, "FAILED", "mine"), job(6, "COMPLETED", "theirs"));
    let cases = [
        (vec![], None, TableStart::Not(Sending::Save)),
        (vec![], saved(0, false), TableStart::Not(Sending::Send)),
        (vec![], saved(1, false), TableStart::Not(Sending::Send)),
        (vec![], saved(2, false), TableStart::Not(Sending::Look)), // another worker may have sent it before it died
        (vec![], saved(0, true), TableStart::Not(Sending::Look)),
        (vec![], saved(19, true), TableStart::Not(Sending::Look)),
        (vec![], saved(20, true), TableStart::Not(Sending::Save)), // nothing came of it
        (vec![], saved(20, false), TableStart::Not(Sending::Save)),
        (vec![their_end.clone()], None, TableStart::Not(Sending::Save)),
        (vec![theirs.clone()], None, TableStart::Foreign(6)),
        (vec![theirs.clone()], saved(0, false), TableStart::Foreign(6)),
        (vec![theirs.clone(), ours.clone()], saved(0, true), TableStart::Found(&ours)),
        (vec![ended.clone()], None, TableStart::Found(&ended)),
    ];
    for (jobs, sent, expected) in cases {
        assert_eq!(next_start(&jobs, "mine", sent, 7, now), expected, "{jobs:?} {sent:?}");
    }
}

#[test]
fn a_clean_up_ends_our_job_and_no_other_one() {
    let sent =
        |minutes_ago: i64| Some(Sent { at: Timestamp((60 - minutes_ago) * MINUTE), is_open: true, by: 7 });
    let now = Timestamp(60 * MINUTE);
    let (ours, theirs) = (job(7, "IMPORTING", "mine"), job(6, "RESTORE_AUX_TENANT", "theirs"));
    let not_past = |stage: &str| TableJob { is_past: false, ..job(7, stage, "mine") };
    let cases = [
        (vec![], None, TableJobLeft::Nothing),
        (vec![], sent(19), TableJobLeft::MayCome),
        (vec![], sent(20), TableJobLeft::Nothing),
        (vec![theirs.clone()], None, TableJobLeft::Nothing),
        (vec![job(7, "COMPLETED", "mine")], sent(1), TableJobLeft::Nothing),
        (vec![job(7, "FAILED", "mine"), theirs.clone()], sent(1), TableJobLeft::Nothing),
        (vec![ours.clone()], sent(1), TableJobLeft::Runs(7)),
        (vec![ours.clone(), job(6, "COMPLETED", "theirs")], sent(1), TableJobLeft::Runs(7)),
        (vec![theirs.clone(), ours], sent(1), TableJobLeft::Beside(6)),
        (vec![job(7, "CANCELING", "mine"), theirs.clone()], sent(1), TableJobLeft::Ending),
        // The job is not over before its row is in the history.
        (vec![not_past("COMPLETED")], sent(1), TableJobLeft::Ending),
        (vec![not_past("FAILED")], sent(1), TableJobLeft::Ending),
        (vec![not_past("FAILED"), theirs.clone()], sent(1), TableJobLeft::Ending),
        // Only the target tenant's own row has ended.
        (
            vec![TableJob { status: TableJobStatus::Running, ..not_past("FAILED") }],
            None,
            TableJobLeft::Ending,
        ),
    ];
    for (jobs, sent, expected) in cases {
        assert_eq!(left(&jobs, "mine", sent, now), expected, "{jobs:?} {sent:?}");
    }
}

#[test]
fn only_a_job_in_the_history_has_ended_and_only_with_tables_well() {
    let cases = [
        ("IMPORTING", false, 1, TableOutcome::Open),
        ("COMPLETED", false, 1, TableOutcome::Open),
        ("FAILED", false, 0, TableOutcome::Open),
        ("COMPLETED", true, 1, TableOutcome::Made),
        ("FAILED", true, 1, TableOutcome::Made),
        ("FAILED", true, 0, TableOutcome::Failed),
        ("COMPLETED", true, 0, TableOutcome::Empty),
        ("SOMETHING_NEW", true, 0, TableOutcome::Empty),
    ];
    for (stage, is_past, made, expected) in cases {
        let job = TableJob { is_past, ..job(7, stage, "mine") };
        assert_eq!(job.outcome(made), expected, "{stage} {is_past} {made}");
    }
}

fn import(from: (&str, &str), to: (&str, &str), is_made: Option<bool>, comment: &str) -> ImportedTable {
    ImportedTable {
        from: (from.0.to_owned(), from.1.to_owned()),
        to: (to.0.to_owned(), to.1.to_owned()),
        is_made,
        comment: comment.to_owned(),
    }
}

#[test]
fn a_row_of_a_table_is_not_that_of_one_in_another_case() {
    let counts = TableImport { id: 1, total: 1, done: 1, failed: 0 };
    type Case<'a> = (Pairs<'a>, (&'a str, &'a str), &'a [&'a str]);
    let cases: [Case<'_>; 4] = [
        (&[("d.T", "d.T"), ("d.t", "d.t")], ("d", "t"), &["`d`.`T`"]),
        (&[("d.T", "d.T"), ("d.t", "d.t")], ("d", "T"), &["`d`.`t`"]),
        (&[("D.T", "D.T")], ("d", "t"), &[]),
        (&[("D", "D")], ("d", "t"), &[]),
    ];
    for (wanted, row, expected) in cases {
        let lost = not_recovered(&objects(wanted), counts, &[import(row, row, Some(true), "")]);
        let names: Vec<&str> = lost.iter().map(|lost| lost.name.as_str()).collect();
        assert_eq!(names, expected, "{wanted:?} {row:?}");
    }
}

#[test]
fn tables_that_are_counted_and_not_shown_are_not_recovered() {
    let wanted = objects(&[("hr", "hr")]);
    let rows = |made: &[Option<bool>]| -> Vec<ImportedTable> {
        let names = ["a", "b", "c"].iter().zip(made);
        names.map(|(name, is_made)| import(("hr", name), ("hr", name), *is_made, "")).collect()
    };
    let (yes, no) = (Some(true), Some(false));
    type Case<'a> = ((u64, u64, u64), &'a [Option<bool>], Option<&'a str>);
    let cases: &[Case<'_>] = &[
        ((2, 2, 0), &[yes, yes], None),
        ((2, 1, 1), &[yes, no], None),
        ((5, 2, 0), &[yes, yes], Some("3")), // rows are missing
        ((0, 3, 1), &[yes, yes], Some("2")), // the total is not counted
        ((2, 1, 1), &[yes, yes], Some("1")), // a failure that no row shows
        ((2, 1, 0), &[yes, yes], Some("1")), // a success that is not counted
        ((2, 2, 0), &[yes, None], None),     // the row itself is named
    ];
    for &((total, done, failed), made, expected) in cases {
        let counts = TableImport { id: 1, total, done, failed };
        let lost = not_recovered(&wanted, counts, &rows(made));
        let found = lost.iter().find(|lost| lost.reason.id == "table-imports-unproven");
        let found = found.map(|lost| lost.reason.args["count"].as_str());
        assert_eq!(found, expected, "{counts:?} {made:?}");
    }
    assert!(has_line("table-imports-unproven"));
}

#[test]
fn each_object_that_did_not_come_back_is_named_with_its_reason() {
    let wanted =
        objects(&[("Shop.Orders", "spare.o"), ("hr", "hr_2"), ("shop.gone", "shop.gone"), ("x", "y")]);
    let imports = [
        import(("shop", "orders"), ("spare", "o"), Some(true), ""),
        import(("hr", "people"), ("hr_2", "people"), Some(false), "result: -4184(out of disk space)"),
        import(("hr", "pay"), ("hr_2", "pay"), None, ""),
        import(("hr", "jobs"), ("hr_2", "jobs"), Some(false), ""),
    ];
    let counts = TableImport { id: 1, total: 4, done: 1, failed: 2 };
    let found = not_recovered(&wanted, counts, &imports);
    let found: Vec<(&str, &str)> =
        found.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
    let expected = [
        ("`hr_2`.`people`", "table-import-refused"),
        ("`hr_2`.`pay`", "table-import-unfinished"),
        ("`hr_2`.`jobs`", "table-import-failed"),
        ("`shop`.`gone`", "table-import-missing"),
        ("`y`", "table-import-missing"),
    ];
    assert_eq!(found, expected);
    for (_, id) in expected {
        assert!(has_line(id), "{id}");
    }
    let counts = TableImport { id: 1, total: 1, done: 1, failed: 0 };
    assert!(not_recovered(&wanted[..1], counts, &imports[..1]).is_empty());
}

#[test]
fn the_databases_reason_for_importing_nothing_is_explained() {
    let cases = [
        ("import table shop.orders exist", Some(("table-recovery-name-taken", "shop.orders"))),
        ("import table shop.a b not exist", Some(("table-recovery-not-held", "shop.a b"))),
        ("import database gone not exist", Some(("table-recovery-no-database", "gone"))),
        ("import is cancelled", None),
        ("restore aux tenant failed, result: -9047(x)", None),
        ("", None),
    ];
    for (comment, expected) in cases {
        let found = explained(comment);
        let found = found.as_ref().map(|text| (text.id.as_str(), text.args["name"].as_str()));
        assert_eq!(found, expected, "{comment}");
        if let Some((id, _)) = expected {
            assert!(has_line(id), "{id}");
        }
    }
}

#[test]
fn an_object_is_shown_as_it_can_be_typed() {
    for (text, expected) in [("shop", "`shop`"), ("shop.a`b", "`shop`.`a``b`")] {
        assert_eq!(shown(&object(text)), expected);
        assert_eq!(object(expected), object(text));
    }
}
