//! Recovering tables: the statements are golden, and what the views say of a job and its imports is read.

use model::Secret;
use model::backup::BackupObject::{Database, Table};
use model::physical::table_recovery::{RecoveredObject, TableJobStatus};
use oceanbase::physical::NewTables;
use sim::Profile;

use crate::physical::Stand;
use crate::restore::ready;
use crate::simulated::on_both_4x;

fn table(database: &str, name: &str) -> model::backup::BackupObject {
    Table(database.into(), name.into())
}

/// Everything that is sent about a recovery of tables, keys and passwords masked.
async fn transcript(profile: Profile) -> String {
    let mut stand = Stand::new(profile).await;
    let verbs = stand.driver.verbs();
    let key = |folder: &str| Secret::new(format!("oss://b/{folder}?host=h&access_id=AK&access_key=SK"));
    let (from, pools) = (vec![key("data"), key("clog")], vec!["p1".to_owned(), "p2".to_owned()]);
    let same = |object: model::backup::BackupObject| RecoveredObject { from: object.clone(), to: object };
    let plain = [same(table("shop", "orders"))];
    let renamed = [
        same(table("shop", "it's")),
        RecoveredObject { from: table("shop", "a`b'; --"), to: table("spare", "a b=c") },
        RecoveredObject { from: Database("hr".into()), to: Database("hr 2".into()) },
        same(Database("pay".into())),
    ];
    let new = NewTables {
        objects: &renamed,
        tenant: "shop_2",
        from: &from,
        scn: Some(1_760_000_000_000_000_000),
        pools: &pools,
        tag: "lifeboat-7-abc",
    };
    let mut said: Vec<String> = [
        verbs.set_restore_passwords(&[Secret::new("hunter2")]),
        verbs.recover_tables(&new),
        verbs.recover_tables(&NewTables { objects: &plain, scn: None, ..new }),
        verbs.cancel_table_recovery("shop_2"),
    ]
    .iter()
    .map(|statement| format!("! {statement}"))
    .collect();
    stand.recorder.clear();
    stand.driver.table_jobs("shop'2").await.expect("answers");
    said.push(stand.recorder.statements());
    let said = said.join("\n");
    assert!(!said.contains("SK") && !said.contains("hunter"), "{said}");
    stand.assert_no_gaps(&profile.to_string());
    said
}

#[tokio::test]
async fn statements_of_a_table_recovery_match_the_snapshot() {
    let newest = transcript(Profile::V4_6).await;
    insta::assert_snapshot!(newest);
    for profile in [Profile::V4_2_5, Profile::V4_3_5, Profile::V4_4] {
        assert_eq!(transcript(profile).await, newest, "{profile}");
    }
}

on_both_4x! {
    a_table_recovery_is_followed_from_its_start_to_its_end,
    a_canceled_table_recovery_is_seen_to_end,
    refusals_of_a_table_recovery_have_a_meaning,
}

const FROM: [&str; 2] = ["file:///backup/data", "file:///backup/clog"];

fn moved(from: &str, to: &str) -> RecoveredObject {
    RecoveredObject { from: table("test", from), to: table("test", to) }
}

async fn a_table_recovery_is_followed_from_its_start_to_its_end(profile: Profile) {
    let (mut stand, scn) = ready(profile).await;
    let (from, pools) = (FROM.map(Secret::new), ["p1".to_owned()]);
    let objects = [moved("t1", "old;1"), moved("t2", "t`2")];
    let wanted = NewTables {
        objects: &objects,
        tenant: "shop",
        from: &from,
        scn: Some(scn),
        pools: &pools,
        tag: "lifeboat-7",
    };
    let statement = stand.driver.verbs().recover_tables(&wanted);
    stand.driver.act(&statement).await.expect("it is taken");
    let (mut stages, mut counts): (Vec<String>, Vec<(u64, u64, u64)>) = (Vec::new(), Vec::new());
    let job = loop {
        let jobs = stand.driver.table_jobs("shop").await.expect("answers");
        let [job] = &jobs[..] else { panic!("{profile}: one of the views has it at any moment: {jobs:?}") };
        assert_eq!((job.scn, job.description.as_str()), (scn, "lifeboat-7"), "{profile}");
        if stages.last() != Some(&job.stage) {
            stages.push(job.stage.clone());
        }
        let import = stand.driver.table_import(job).await.expect("answers").unwrap_or_default();
        let count = (import.total, import.done, import.failed);
        if counts.last() != Some(&count) {
            counts.push(count);
        }
        assert!(!job.is_past || job.status == TableJobStatus::Completed, "{profile}");
        if job.is_past {
            break job.clone();
        }
        stand.handle.advance_seconds(1.0);
    };
    let expected = [
        "PREPARE",
        "RESTORE_AUX_TENANT",
        "ACTIVE_AUX_TENANT",
        "PRECHECK_IMPORT",
        "GEN_IMPORT_JOB",
        "IMPORTING",
        "COMPLETED",
    ];
    assert_eq!(stages, expected, "{profile}");
    assert_eq!(
        (counts.first(), counts.last()),
        (Some(&(0, 0, 0)), Some(&(2, 2, 0))),
        "{profile}: {counts:?}"
    );
    stand.handle.advance_seconds(60.0); // everything is in the history now
    let jobs = stand.driver.table_jobs("shop").await.expect("answers");
    assert_eq!((jobs.len(), &jobs[0]), (1, &job), "{profile}");
    let import = stand.driver.table_import(&job).await.expect("answers").expect("there was one");
    let (tenant, _) = job.own.expect("the tenant had a job of its own");
    let tables = stand.driver.imported_tables(tenant, &import).await.expect("answers");
    let made: Vec<_> =
        tables.iter().map(|table| (table.from.1.as_str(), table.to.1.as_str(), table.is_made)).collect();
    assert_eq!(made, [("t1", "old;1", Some(true)), ("t2", "t`2", Some(true))], "{profile}");
    assert!(stand.driver.table_jobs("books").await.expect("answers").is_empty(), "{profile}");
    stand.assert_no_gaps(&profile.to_string());
}

async fn a_canceled_table_recovery_is_seen_to_end(profile: Profile) {
    let (mut stand, _) = ready(profile).await;
    let (from, pools) = (FROM.map(Secret::new), ["p1".to_owned()]);
    let objects = [moved("t1", "t3")];
    let wanted = NewTables {
        objects: &objects,
        tenant: "shop",
        from: &from,
        scn: None,
        pools: &pools,
        tag: "lifeboat-7",
    };
    let verbs = stand.driver.verbs();
    stand.driver.act(&verbs.recover_tables(&wanted)).await.expect("it is taken");
    stand.handle.advance_seconds(4.0);
    stand.driver.act(&verbs.cancel_table_recovery("shop")).await.expect("it is taken");
    let jobs = stand.driver.table_jobs("shop").await.expect("answers");
    assert_eq!((jobs[0].stage.as_str(), jobs[0].status), ("CANCELING", TableJobStatus::Running), "{profile}");
    stand.handle.advance_seconds(60.0);
    let jobs = stand.driver.table_jobs("shop").await.expect("answers");
    assert_eq!((jobs.len(), jobs[0].status), (1, TableJobStatus::Failed), "{profile}");
    assert!(jobs[0].comment.contains("cancel"), "{profile}: {jobs:?}");
    assert_eq!(stand.driver.table_import(&jobs[0]).await.expect("answers"), None, "{profile}");
}

async fn refusals_of_a_table_recovery_have_a_meaning(profile: Profile) {
    let (mut stand, scn) = ready(profile).await;
    let (from, elsewhere) = (FROM.map(Secret::new), [Secret::new("file:///nowhere")]);
    let (p1, none) = (["p1".to_owned()], ["nobody".to_owned()]);
    let objects = [moved("t1", "t3")];
    let wanted =
        NewTables { objects: &objects, tenant: "shop", from: &from, scn: Some(scn), pools: &p1, tag: "x" };
    let cases = [
        (NewTables { tenant: "nobody", ..wanted }, "database-tenant-unknown"),
        (NewTables { tenant: "sys", ..wanted }, "database-argument-wrong"),
        (NewTables { pools: &none, ..wanted }, "database-pool-unfit"),
        (NewTables { from: &elsewhere, ..wanted }, "database-restore-source-empty"),
        (NewTables { scn: Some(1_700_000_000_000_000_000), ..wanted }, "database-restore-source-short"),
    ];
    for (wanted, meaning) in cases {
        let statement = stand.driver.verbs().recover_tables(&wanted);
        let error = stand.driver.act(&statement).await.expect_err("refused");
        assert_eq!(error.problem().text.id, meaning, "{statement}: {error}");
    }
}
