//! An interrupted dump or load resumes where it stopped, and ends as if it had not been interrupted.

use std::fs;

use dump::{ChunkAim, DumpId, Meter, Options, load};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

/// A database whose dump has some dozens of pieces.
async fn busy_database(bed: &Bed, name: &str) {
    let rows: Vec<String> = (0..3000).map(|i| format!("({i},'row {i}')")).collect();
    let rows = rows.join(",");
    bed.database(
        name,
        &[
            "CREATE TABLE a (id INT PRIMARY KEY, t VARCHAR(20), KEY kt (t))",
            "CREATE TABLE b (id INT PRIMARY KEY, t VARCHAR(20), UNIQUE KEY ut (t))",
            "CREATE TABLE keyless (id INT, t VARCHAR(20))",
            "CREATE TABLE child (id INT PRIMARY KEY, a INT, CONSTRAINT child_a FOREIGN KEY (a) REFERENCES a (id))",
            &format!("INSERT INTO a VALUES {rows}"),
            &format!("INSERT INTO b VALUES {rows}"),
            &format!("INSERT INTO keyless VALUES {rows}"),
            "INSERT INTO child SELECT id, id FROM a",
            "CREATE VIEW v AS SELECT a.id FROM a JOIN b ON a.id = b.id",
        ],
    )
    .await;
}

fn options(name: &str) -> Options {
    let chunk = ChunkAim { rows: Some(100), ..ChunkAim::default() };
    Options { selection: selection(&[name]), chunk, ..Options::default() }
}

/// Waits until this many pieces are done.
async fn pieces_done(meter: &Meter, pieces: u64) {
    let mut progress = meter.subscribe();
    progress.wait_for(|progress| progress.pieces_done >= pieces).await.expect("a meter");
}

#[tokio::test]
async fn a_dump_that_was_dropped_anywhere_ends_as_one_that_was_not() {
    let bed = Bed::shared();
    busy_database(&bed, "d_resume").await;
    let (dump, source, never): (DumpId, _, _) =
        ("resumed".parse().expect("an id"), bed.source(), CancellationToken::new());
    for stop_at in [0, 1, 7, 30, 60, 90] {
        let snapshot = dump::take_or_resume_snapshot(&source, &bed.client, &dump, &options("d_resume"))
            .await
            .expect("a snapshot");
        dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
        let meter = Meter::new();
        tokio::select! {
            biased;
            () = pieces_done(&meter, stop_at) => {}
            ended = dump::dump_data(&source, &bed.client, &snapshot, 3, &meter, &never) => ended.expect("rows"),
        }
        assert!(dump::finish(&bed.client, &dump, None).await.is_err(), "not complete at {stop_at}");
        // Rows that are written after the snapshot are not in it, whichever attempt reads them.
        let mut session = bed.session().await;
        run(
            &mut session,
            &format!("UPDATE d_resume.a SET t = CONCAT('c', t) WHERE id % 7 = {}", stop_at % 7),
        )
        .await;
        run(&mut session, &format!("INSERT INTO d_resume.b VALUES ({},'new {stop_at}')", 10_000 + stop_at))
            .await;
        session.close().await;
    }
    let resumed = bed.dump_with(&dump, &options("d_resume")).await.expect("a dump");
    assert_eq!(bed.verify("resumed").await.findings, []);

    // The same plan, carried out at one go somewhere else.
    let other = Bed::shared();
    let folder = other.dir.path().join("resumed");
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(bed.dir.path().join("resumed/plan.json"), folder.join("plan.json")).expect("a copy");
    let whole = other.dump_with(&dump, &options("d_resume")).await.expect("a dump");
    assert_eq!(resumed.databases, whole.databases);
    assert_eq!((resumed.scn, resumed.schema, resumed.totals), (whole.scn, whole.schema, whole.totals));
}

#[tokio::test]
async fn every_call_can_be_made_twice() {
    let bed = Bed::shared();
    busy_database(&bed, "d_twice").await;
    bed.no_database("d_twice_2");
    let (dump, source, never): (DumpId, _, _) =
        ("twice".parse().expect("an id"), bed.source(), CancellationToken::new());
    let options = options("d_twice");
    let mut manifests = Vec::new();
    for _ in 0..2 {
        for _ in 0..2 {
            let snapshot = dump::take_or_resume_snapshot(&source, &bed.client, &dump, &options)
                .await
                .expect("a snapshot");
            for _ in 0..2 {
                dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
            }
        }
        let snapshot =
            dump::take_or_resume_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
        let meter = Meter::new();
        dump::dump_data(&source, &bed.client, &snapshot, 3, &meter, &never).await.expect("rows");
        assert_eq!(meter.now().pieces_done, meter.now().pieces);
        manifests.push(dump::finish(&bed.client, &dump, None).await.expect("a manifest"));
    }
    assert_eq!(manifests[0], manifests[1]);
    let load = load_options(&[("d_twice", "d_twice_2")]);
    for _ in 0..2 {
        create_schema(&source, &bed.client, &dump, &load).await.expect("a schema");
    }
    for _ in 0..2 {
        load::load_data(&source, &bed.client, &dump, &load, 2, &Meter::new(), &never).await.expect("rows");
    }
    for _ in 0..2 {
        let notes = load::create_indexes(&source, &bed.client, &dump, &load, 2, &never).await.expect("keys");
        assert_eq!(notes, load::Made::default());
    }
    for _ in 0..2 {
        let report = load::verify_data(&source, &bed.client, &dump, &load, 2, &Meter::new(), &never).await;
        assert_eq!(report.expect("a report").findings, []);
    }
    for _ in 0..2 {
        load::finish(&source, &bed.client, &dump, &load).await.expect("an end");
    }
}

#[tokio::test]
async fn a_load_that_was_dropped_anywhere_doubles_and_loses_nothing() {
    let bed = Bed::shared();
    busy_database(&bed, "d_reload").await;
    bed.no_database("d_reload_2");
    bed.dump_with(&"reload".parse().expect("an id"), &options("d_reload")).await.expect("a dump");
    let (dump, target, never): (DumpId, _, _) =
        ("reload".parse().expect("an id"), bed.source(), CancellationToken::new());
    let load = load_options(&[("d_reload", "d_reload_2")]);
    for stop_at in [0, 1, 2, 11, 40, 80] {
        create_schema(&target, &bed.client, &dump, &load).await.expect("a schema");
        let meter = Meter::new();
        tokio::select! {
            biased;
            () = pieces_done(&meter, stop_at) => {}
            ended = load::load_data(&target, &bed.client, &dump, &load, 3, &meter, &never) => drop(ended.expect("rows")),
        }
    }
    let check = load::check_target(&target, &bed.client, &dump, &load).await.expect("a target");
    assert!(check.resumes);
    load::load_data(&target, &bed.client, &dump, &load, 3, &Meter::new(), &never).await.expect("rows");
    load::create_indexes(&target, &bed.client, &dump, &load, 3, &never).await.expect("keys");
    let report = load::verify_data(&target, &bed.client, &dump, &load, 3, &Meter::new(), &never).await;
    assert_eq!(report.expect("a report").findings, []);
    load::finish(&target, &bed.client, &dump, &load).await.expect("an end");
    let mut session = bed.session().await;
    // A table without a key would accept duplicate rows without an error.
    assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_reload_2.keyless").await, [["3000"]]);
    assert_eq!(query(&mut session, "SHOW TABLES FROM d_reload_2").await.len(), 5);
    session.close().await;
}

#[tokio::test]
async fn two_attempts_at_once_load_every_row_once() {
    let bed = Bed::shared();
    busy_database(&bed, "d_both").await;
    bed.no_database("d_both_2");
    bed.dump_with(&"both".parse().expect("an id"), &options("d_both")).await.expect("a dump");
    let (dump, target, never): (DumpId, _, _) =
        ("both".parse().expect("an id"), bed.source(), CancellationToken::new());
    let load = load_options(&[("d_both", "d_both_2")]);
    create_schema(&target, &bed.client, &dump, &load).await.expect("a schema");
    // As when a task was taken over from a worker that was slow, but not dead. Each load meets pieces that the other
    // is loading or has loaded.
    let meters = [Meter::new(), Meter::new()];
    let attempt = |meter| load::load_data(&target, &bed.client, &dump, &load, 2, meter, &never);
    let (one, other) = tokio::join!(attempt(&meters[0]), attempt(&meters[1]));
    one.expect("rows");
    other.expect("rows");
    load::create_indexes(&target, &bed.client, &dump, &load, 2, &never).await.expect("keys");
    let report = load::verify_data(&target, &bed.client, &dump, &load, 2, &Meter::new(), &never).await;
    assert_eq!(report.expect("a report").findings, []);
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_both_2.keyless").await, [["3000"]]);
    session.close().await;
}

#[tokio::test]
async fn another_load_does_not_continue_an_unfinished_one() {
    let bed = Bed::shared();
    bed.database("d_other", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    bed.no_database("d_other_2");
    bed.dump("first", &["d_other"], ChunkAim::default()).await;
    bed.dump("second", &["d_other"], ChunkAim::default()).await;
    let (target, load) = (bed.source(), load_options(&[("d_other", "d_other_2")]));
    create_schema(&target, &bed.client, &"first".parse().expect("an id"), &load).await.expect("a schema");
    let refused = create_schema(&target, &bed.client, &"second".parse().expect("an id"), &load).await;
    let error = refused.expect_err("the first is unfinished");
    assert!(matches!(&error, dump::Error::LoadInterrupted { other, .. } if other == "first"), "{error:?}");
}

#[tokio::test]
async fn a_target_that_is_not_empty_is_refused_without_consent() {
    let bed = Bed::shared();
    bed.database("d_full", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    bed.dump("full", &["d_full"], ChunkAim::default()).await;
    let (dump, target): (DumpId, _) = ("full".parse().expect("an id"), bed.source());
    bed.database("d_full_2", &["CREATE TABLE mine (a INT)", "INSERT INTO mine VALUES (5)"]).await;
    let mut load = load_options(&[("d_full", "d_full_2")]);
    let error = create_schema(&target, &bed.client, &dump, &load).await.expect_err("not empty");
    assert!(error.to_string().contains("`d_full_2`.`mine`"), "{error}");
    load.into_existing = load::IntoExisting::Always;
    create_schema(&target, &bed.client, &dump, &load).await.expect("told to");
    let never = CancellationToken::new();
    load::load_data(&target, &bed.client, &dump, &load, 1, &Meter::new(), &never).await.expect("rows");
    load::finish(&target, &bed.client, &dump, &load).await.expect("an end");
    let error = create_schema(&target, &bed.client, &dump, &load).await.expect_err("the table is there");
    assert!(error.to_string().contains("`d_full_2`.`t`"), "{error}");
    let mut session = bed.session().await;
    assert_eq!(
        query(&mut session, "SELECT a FROM d_full_2.mine UNION ALL SELECT a FROM d_full_2.t").await.len(),
        2
    );
    session.close().await;
}

/// The names are those that a user typed, and the first database is gone when the dump is resumed.
#[tokio::test]
async fn a_dump_is_resumed_without_a_database_that_was_dropped_meanwhile() {
    let bed = Bed::shared();
    let statements = ["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2)"];
    bed.database("d_resume_gone", &statements).await;
    bed.database("d_resume_kept", &statements).await;
    let options = Options {
        selection: selection(&["D_Resume_Gone", "D_RESUME_KEPT"]),
        leave_out_changed: true,
        ..Options::default()
    };
    let (dump, source): (DumpId, _) = ("gone".parse().expect("an id"), bed.source());
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
    snapshot.release().await;
    bed.no_database("d_resume_gone");
    let snapshot = dump::resume_snapshot(&source, &bed.client, &dump, &options).await.expect("it resumes");
    let (meter, never) = (Meter::new(), CancellationToken::new());
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("the schema of the rest");
    dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &never).await.expect("the rows of the rest");
    snapshot.release().await;
    let manifest = dump::finish(&bed.client, &dump, None).await.expect("a dump");
    let lost: Vec<(&str, &str)> =
        manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
    assert_eq!(lost, [("d_resume_gone", "left-out-changed-database")]);
    let held: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!((held, manifest.totals.rows), (vec!["d_resume_kept"], 2));
    assert_eq!(bed.verify("gone").await.findings, []);
}
