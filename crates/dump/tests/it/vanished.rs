//! What is dropped between the list of the catalogue and a question about it counts as never listed. The drop happens
//! immediately before the server gets the question, so nothing depends on the timing.

use std::sync::Arc;

use dump::{DumpId, Meter, Options, Preflight, Selection, Source};
use model::cluster::Address;
use model::inventory::{Consent, LeftOut};
use oceanbase::{Outcome, Statement, Witness};
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Server;

use crate::bed::{Bed, selection};

/// Runs a statement on another connection before a statement with this text is sent for the first time.
struct Meanwhile {
    server: Server,
    before: String,
    run: String,
    done: std::sync::atomic::AtomicBool,
}

impl Witness for Meanwhile {
    fn sent(&self, statement: &Statement, _: &Address) {
        let is_it = statement.masked.contains(&self.before);
        if is_it && !self.done.swap(true, std::sync::atomic::Ordering::SeqCst) {
            self.server.run(&[&self.run]).expect("the other client succeeds");
        }
    }

    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}

fn source(bed: &Bed, before: &str, run: &str) -> (Source, Arc<Meanwhile>) {
    let (server, before, run) = (bed.server.clone(), before.to_owned(), run.to_owned());
    let meanwhile = Arc::new(Meanwhile { server, before, run, done: false.into() });
    (Source { witness: Arc::clone(&meanwhile) as Arc<dyn Witness>, ..bed.source() }, meanwhile)
}

const MADE: [&str; 3] = [
    "CREATE TABLE stays (a INT PRIMARY KEY)",
    "CREATE TABLE goes (a INT PRIMARY KEY)",
    "CREATE VIEW v AS SELECT a FROM stays",
];

async fn preflight(bed: &Bed, chosen: &Selection, before: &str, run: &str) -> dump::Result<Preflight> {
    let (source, meanwhile) = source(bed, before, run);
    let found = dump::preflight(&source, chosen, &Consent::default(), 1).await;
    assert!(meanwhile.done.load(std::sync::atomic::Ordering::SeqCst), "nothing was asked with {before}");
    found
}

fn about<'a>(left_out: &'a [LeftOut], name: &str) -> Vec<&'a LeftOut> {
    left_out.iter().filter(|lost| lost.name.contains(name)).collect()
}

/// On MariaDB only: the shared kernel has the databases of all other tests, and a check of all of them takes minutes.
#[tokio::test]
async fn a_database_that_is_dropped_while_a_whole_server_is_checked_is_not_part_of_it() {
    let bed = Bed::mariadb();
    for before in ["DATABASE `d_gone`", "TABLE `d_gone`.`goes`", "USE `d_gone`"] {
        bed.database("d_gone", &MADE).await;
        let found = preflight(&bed, &Selection::default(), before, "DROP DATABASE d_gone").await;
        let found = found.unwrap_or_else(|error| panic!("{before}: {error:?}"));
        assert_eq!(found.left_out.iter().filter(|lost| lost.name == "d_gone").count(), 0, "{before}");
        assert!(!found.databases.contains(&"d_gone".to_owned()), "{before}");
        assert_eq!(about(&found.left_out, "`d_gone`"), Vec::<&LeftOut>::new(), "{before}");
    }
}

#[tokio::test]
async fn a_table_or_view_that_is_dropped_while_it_is_read_is_not_part_of_the_dump() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        for (before, run, tables, views) in [
            ("TABLE `d_going`.`goes`", "DROP TABLE d_going.goes", 1, 1),
            ("FROM `d_going`.`v`", "DROP VIEW d_going.v", 2, 0),
        ] {
            bed.database("d_going", &MADE).await;
            let found = preflight(&bed, &selection(&["d_going"]), before, run).await;
            let found = found.unwrap_or_else(|error| panic!("{before}: {error:?}"));
            assert_eq!((found.tables, found.views), (tables, views), "{before}");
            assert_eq!(about(&found.left_out, "d_going"), Vec::<&LeftOut>::new(), "{before}");
            let notes: Vec<&str> = found.notes.iter().map(|note| note.id.as_str()).collect();
            assert!(!notes.iter().any(|id| id.starts_with("dump-view-")), "{notes:?}");
        }
    }
}

/// A view that stays, and cannot be read because its table was dropped, is named as before.
#[tokio::test]
async fn what_still_exists_is_never_taken_for_dropped() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        bed.database("d_staying", &MADE).await;
        let drop = "DROP TABLE d_staying.stays";
        let found = preflight(&bed, &selection(&["d_staying"]), "FROM `d_staying`.`v`", drop).await;
        let found = found.expect("a survey");
        assert_eq!(found.views, 1);
        assert!(found.notes.iter().any(|note| note.id == "dump-view-table-missing"), "{:?}", found.notes);
        let (chosen, drop) = (selection(&["d_staying"]), "DROP DATABASE d_staying");
        let gone = preflight(&bed, &chosen, "DATABASE `d_staying`", drop).await;
        assert!(matches!(gone, Err(dump::Error::NothingThere { .. })), "what was selected: {gone:?}");
    }
}

/// Dumps with that client beside it.
async fn dumped(
    bed: &Bed,
    id: &str,
    options: &Options,
    before: &str,
    run: &str,
) -> dump::Result<dump::Manifest> {
    let (source, meanwhile) = source(bed, before, run);
    let (dump, never): (DumpId, _) = (id.parse().expect("an id"), CancellationToken::new());
    let options = Options { connections: 2, ..options.clone() };
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await?;
    // Rows first: on OceanBase, they cannot be read any more after the drop.
    dump::dump_data(&source, &bed.client, &snapshot, 2, &Meter::new(), &never).await?;
    dump::dump_schema(&source, &bed.client, &snapshot).await?;
    snapshot.release().await;
    assert!(meanwhile.done.load(std::sync::atomic::Ordering::SeqCst), "nothing was asked with {before}");
    dump::finish(&bed.client, &dump, None).await
}

#[tokio::test]
async fn a_routine_that_is_dropped_before_it_is_read_is_not_left_out() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        let made = [MADE[0], "CREATE PROCEDURE brief () SELECT 1", "CREATE PROCEDURE lasting () SELECT 1"];
        bed.database("d_brief", &made).await;
        let options = Options { selection: selection(&["d_brief"]), ..Options::default() };
        let drop = "DROP PROCEDURE d_brief.brief";
        let manifest = dumped(&bed, "brief", &options, "PROCEDURE `d_brief`.`brief`", drop).await;
        let manifest = manifest.expect("a dump");
        assert_eq!(about(&manifest.left_out, "brief"), Vec::<&LeftOut>::new());
        let code: Vec<&str> = manifest.databases[0].code.iter().map(|code| code.name.as_str()).collect();
        assert_eq!(code, ["lasting"]);
    }
}

#[tokio::test]
async fn a_database_that_is_dropped_after_the_snapshot_is_left_out_by_name_and_the_rest_is_dumped() {
    for bed in [Bed::shared(), Bed::mariadb()] {
        bed.database("d_dropped", &MADE).await;
        bed.database("d_kept", &MADE[..1]).await;
        let options = Options {
            selection: selection(&["d_dropped", "d_kept"]),
            connections: 2,
            leave_out_changed: true,
            ..Options::default()
        };
        let (source, dump): (_, DumpId) = (bed.source(), "dropped".parse().expect("an id"));
        let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
        let (meter, never) = (Meter::new(), CancellationToken::new());
        dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &never).await.expect("rows");
        bed.server.run(&["DROP DATABASE d_dropped"]).expect("the other client succeeds");
        dump::dump_schema(&source, &bed.client, &snapshot).await.expect("the schema of the rest");
        snapshot.release().await;
        let manifest = dump::finish(&bed.client, &dump, None).await.expect("a dump");
        let lost: Vec<(&str, &str)> =
            manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
        assert_eq!(lost, [("d_dropped", "left-out-changed-database")]);
        assert!(manifest.is_partial());
        let held: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(held, ["d_kept"]);
        assert_eq!(bed.verify("dropped").await.findings, []);
        bed.no_database("d_kept_2");
        bed.load("dropped", &[("d_kept", "d_kept_2")]).await;
    }
}
