//! Cancelling stops immediately, and leaves no statement on the server and nothing half-written in the storage.

use std::time::Duration;

use dump::load::{self, Standing};
use dump::{ChunkAim, DumpId, Error, Meter, Options, Snapshot};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

/// A table of some 25 MB.
async fn big_database(bed: &Bed, name: &str) {
    bed.database(name, &["CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(300))"]).await;
    let mut session = bed.session().await;
    let rows: Vec<String> = (0..4000).map(|i| format!("(NULL,REPEAT('x{}',50))", i % 90 + 10)).collect();
    run(&mut session, &format!("INSERT INTO {name}.big VALUES {}", rows.join(","))).await;
    for _ in 0..5 {
        run(&mut session, &format!("INSERT INTO {name}.big (t) SELECT t FROM {name}.big")).await;
    }
    session.close().await;
}

/// Waits until no connection works on that database any more.
async fn quiet(bed: &Bed, name: &str) {
    let mut session = bed.session().await;
    let busy = format!(
        "SELECT id, info FROM information_schema.processlist WHERE info LIKE '%{name}%' AND id <> connection_id()"
    );
    let mut left = Vec::new();
    for _ in 0..50 {
        left = query(&mut session, &busy).await;
        if left.is_empty() {
            session.close().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still running: {left:?}");
}

/// Begins a dump and cancels it when the first rows are read.
async fn cancelled_dump(bed: &Bed, options: &Options) -> (DumpId, Snapshot) {
    big_database(bed, "d_cancel").await;
    let (dump, source): (DumpId, _) = ("cancelled".parse().expect("an id"), bed.source());
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, options).await.expect("a snapshot");
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
    let (meter, cancel) = (Meter::new(), CancellationToken::new());
    let mut progress = meter.subscribe();
    let (outcome, ()) =
        tokio::join!(dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &cancel), async {
            progress.wait_for(|progress| progress.rows > 0).await.expect("a meter");
            cancel.cancel();
        });
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    quiet(bed, "d_cancel").await;
    let objects = bed.client.list("cancelled").await.expect("a list");
    let data: Vec<_> = objects.iter().filter(|object| object.key.contains("/data/")).collect();
    assert!(data.is_empty(), "{data:?}");
    (dump, snapshot)
}

#[tokio::test]
async fn a_cancelled_dump_leaves_no_statement_and_no_half_object() {
    let bed = Bed::shared();
    let options = Options { selection: selection(&["d_cancel"]), ..Options::default() };
    let (dump, _snapshot) = cancelled_dump(&bed, &options).await;
    let manifest = bed.dump_with(&dump, &options).await.expect("it goes on where it was");
    assert_eq!(manifest.totals.rows, 128_000);
}

#[tokio::test]
async fn a_cancelled_dump_of_mariadb_leaves_no_statement_and_no_half_object_and_starts_over() {
    let bed = Bed::mariadb();
    let options = Options { selection: selection(&["d_cancel"]), connections: 2, ..Options::default() };
    let (dump, snapshot) = cancelled_dump(&bed, &options).await;
    snapshot.release().await;
    let again = bed.dump_with(&dump, &options).await.expect_err("its moment is gone");
    assert!(matches!(again, Error::SnapshotLost { .. }), "{again:?}");
    let anew = bed.dump_with(&"anew".parse().expect("an id"), &options).await.expect("a new one");
    assert_eq!(anew.totals.rows, 128_000);
}

#[tokio::test]
async fn a_cancelled_load_leaves_no_statement_and_resumes() {
    cancelled_load(Bed::shared()).await;
}

#[tokio::test]
async fn a_cancelled_load_into_mariadb_leaves_no_statement_and_resumes() {
    cancelled_load(Bed::mariadb()).await;
}

async fn cancelled_load(bed: Bed) {
    big_database(&bed, "d_cancel_load").await;
    bed.no_database("d_cancel_load_2");
    bed.dump("stopped", &["d_cancel_load"], ChunkAim::default()).await;
    let (dump, target): (DumpId, _) = ("stopped".parse().expect("an id"), bed.source());
    let load = load_options(&[("d_cancel_load", "d_cancel_load_2")]);
    create_schema(&target, &bed.client, &dump, &load).await.expect("a schema");
    let (meter, cancel) = (Meter::new(), CancellationToken::new());
    let mut progress = meter.subscribe();
    let (outcome, ()) =
        tokio::join!(load::load_data(&target, &bed.client, &dump, &load, 2, &meter, &cancel), async {
            progress.wait_for(|progress| progress.raw_bytes > 12 << 20).await.expect("a meter");
            cancel.cancel();
        });
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    quiet(&bed, "d_cancel_load_2").await;
    let mut session = bed.session().await;
    let loaded = query(&mut session, "SELECT COUNT(*) FROM d_cancel_load_2.big").await;
    assert_ne!(loaded, [["0"]], "whole transactions stay");
    session.close().await;
    let big = "`d_cancel_load_2`.`big`".to_owned();
    let part = load::standing(&target, &bed.client, &dump, &load).await.expect("an answer");
    assert_eq!(part, Standing { missing: vec![big.clone()], ..Standing::default() }, "it is loaded in part");
    let never = CancellationToken::new();
    load::load_data(&target, &bed.client, &dump, &load, 2, &Meter::new(), &never).await.expect("rows");
    let whole = load::standing(&target, &bed.client, &dump, &load).await.expect("an answer");
    assert_eq!(whole, Standing { loaded: vec![big.clone()], rows: 128_000, missing: Vec::new() });
    let elsewhere = load_options(&[("d_cancel_load", "d_cancel_load_3")]);
    let nothing = load::standing(&target, &bed.client, &dump, &elsewhere).await.expect("an answer");
    assert_eq!((nothing.loaded.len(), nothing.missing.len()), (0, 1), "no load was begun there");
    let report = load::verify_data(&target, &bed.client, &dump, &load, 2, &Meter::new(), &never).await;
    assert_eq!(report.expect("a report").findings, []);
}
