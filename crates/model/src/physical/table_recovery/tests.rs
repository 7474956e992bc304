//! The rules of a recovery of tables, as tables of cases.

use std::collections::BTreeMap;

use super::{
    ImportedTable, OBJECTS_MAX, RecoveredObject, Sent, TableJob, TableJobLeft, TableJobStatus, TableStart,
    check_objects, explained, left, next_start, not_recovered, renamed, shown,
};
use crate::backup::BackupObject;
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

fn job(id: i64, stage: &str, description: &str) -> TableJob {
    TableJob {
        id,
        own: None,
        status: TableJobStatus::of(stage),
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
        |minutes_ago: i64, is_open| Some(Sent { at: Timestamp((60 - minutes_ago) * MINUTE), is_open });
    let now = Timestamp(60 * MINUTE);
    let (ours, theirs) = (job(7, "PREPARE", "mine"), job(6, "RESTORE_AUX_TENANT", ""));
    let (ended, their_end) = (job(7, "FAILED", "mine"), job(6, "COMPLETED", "theirs"));
    let cases = [
        (vec![], None, TableStart::Save),
        (vec![], saved(0, false), TableStart::Send),
        (vec![], saved(1, false), TableStart::Send),
        (vec![], saved(2, false), TableStart::Look), // another worker may have sent it before it died
        (vec![], saved(0, true), TableStart::Look),
        (vec![], saved(10, true), TableStart::Look),
        (vec![], saved(11, true), TableStart::Save), // nothing came of it
        (vec![], saved(11, false), TableStart::Save),
        (vec![their_end.clone()], None, TableStart::Save),
        (vec![theirs.clone()], None, TableStart::Foreign(6)),
        (vec![theirs.clone()], saved(0, false), TableStart::Foreign(6)),
        (vec![theirs.clone(), ours.clone()], saved(0, true), TableStart::Found(&ours)),
        (vec![ended.clone()], None, TableStart::Found(&ended)),
    ];
    for (jobs, sent, expected) in cases {
        assert_eq!(next_start(&jobs, "mine", sent, now), expected, "{jobs:?} {sent:?}");
    }
}

#[test]
fn a_clean_up_ends_our_job_and_no_other_one() {
    let sent = |minutes_ago: i64| Some(Sent { at: Timestamp((60 - minutes_ago) * MINUTE), is_open: true });
    let now = Timestamp(60 * MINUTE);
    let (ours, theirs) = (job(7, "IMPORTING", "mine"), job(6, "RESTORE_AUX_TENANT", "theirs"));
    let cases = [
        (vec![], None, TableJobLeft::Nothing),
        (vec![], sent(10), TableJobLeft::MayCome),
        (vec![], sent(11), TableJobLeft::Nothing),
        (vec![theirs.clone()], None, TableJobLeft::Nothing),
        (vec![job(7, "COMPLETED", "mine")], sent(1), TableJobLeft::Nothing),
        (vec![job(7, "FAILED", "mine"), theirs.clone()], sent(1), TableJobLeft::Nothing),
        (vec![ours.clone()], sent(1), TableJobLeft::Runs(7)),
        (vec![ours.clone(), job(6, "COMPLETED", "theirs")], sent(1), TableJobLeft::Runs(7)),
        (vec![theirs.clone(), ours], sent(1), TableJobLeft::Beside(6)),
        (vec![job(7, "CANCELING", "mine"), theirs], sent(1), TableJobLeft::Ending),
    ];
    for (jobs, sent, expected) in cases {
        assert_eq!(left(&jobs, "mine", sent, now), expected, "{jobs:?} {sent:?}");
    }
}

#[test]
fn each_object_that_did_not_come_back_is_named_with_its_reason() {
    let import = |from: (&str, &str), to: (&str, &str), is_made, comment: &str| ImportedTable {
        from: (from.0.to_owned(), from.1.to_owned()),
        to: (to.0.to_owned(), to.1.to_owned()),
        is_made,
        comment: comment.to_owned(),
    };
    let wanted =
        objects(&[("Shop.Orders", "spare.o"), ("hr", "hr_2"), ("shop.gone", "shop.gone"), ("x", "y")]);
    let imports = [
        import(("shop", "orders"), ("spare", "o"), Some(true), ""),
        import(("hr", "people"), ("hr_2", "people"), Some(false), "result: -4184(out of disk space)"),
        import(("hr", "pay"), ("hr_2", "pay"), None, ""),
        import(("hr", "jobs"), ("hr_2", "jobs"), Some(false), ""),
    ];
    let found = not_recovered(&wanted, &imports);
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
    assert!(not_recovered(&wanted[..1], &imports[..1]).is_empty());
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
