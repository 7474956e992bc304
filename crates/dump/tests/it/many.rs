//! Many small tables: costs per table are paid once for all where possible.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dump::{DumpId, Meter, Options, Source};
use model::cluster::Address;
use oceanbase::{Outcome, Statement, Witness};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, query, selection};

const TABLES: u64 = 150;

/// Counts the statements that ask for a definition.
#[derive(Default)]
struct Definitions(AtomicU64);

impl Witness for Definitions {
    fn sent(&self, statement: &Statement, _: &Address) {
        if statement.to_string().starts_with("SHOW CREATE TABLE") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_tables_are_queried_once_and_share_their_receipts() {
    let bed = Bed::shared();
    let statements: Vec<String> = (0..TABLES)
        .flat_map(|i| {
            let (create, values) =
                (format!("CREATE TABLE t{i} (id INT PRIMARY KEY, t TEXT)"), format!("({i},'x')"));
            [create, format!("INSERT INTO t{i} VALUES {values}")]
        })
        .collect();
    bed.database("d_many", &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let asked = Arc::new(Definitions::default());
    let source = Source { witness: asked.clone(), ..bed.source() };
    let (dump, never): (DumpId, _) = ("many".parse().expect("an id"), CancellationToken::new());
    let options = Options { selection: selection(&["d_many"]), connections: 4, ..Options::default() };
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a moment");
    dump::dump_schema(&source, &bed.client, &snapshot).await.expect("a schema");
    dump::dump_data(&source, &bed.client, &snapshot, 4, &Meter::new(), &never).await.expect("rows");
    assert_eq!(asked.0.load(Ordering::Relaxed), TABLES);
    let receipts = std::fs::read_dir(bed.dir.path().join("many/receipts/data")).expect("receipts").count();
    assert!((1..=TABLES as usize / 8).contains(&receipts), "{receipts} receipts of {TABLES} tables");
    snapshot.release().await;

    let manifest = dump::finish(&bed.client, &dump, None).await.expect("a manifest");
    assert_eq!((manifest.totals.tables, manifest.totals.rows), (TABLES, TABLES));
    assert_eq!(bed.verify("many").await.findings, []);
    bed.no_database("d_many_2");
    bed.load("many", &[("d_many", "d_many_2")]).await;
    assert_eq!(bed.compare("many", &[("d_many", "d_many_2")]).await.findings, []);
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT id, t FROM d_many_2.t149").await, [["149", "x"]]);
    session.close().await;
}
