//! Tables that are changed while they are dumped: the dump is either correct or fails and names the table, but never
//! contains wrong rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dump::{DumpId, Error, Manifest, Meter, Options, Source};
use model::backup::BackupObject;
use model::cluster::Address;
use model::inventory::Consent;
use oceanbase::{Outcome, Statement, Witness};
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Server;

use crate::bed::{Bed, load_options, query, run, selection};

/// Changes a table of three rows between the snapshot and the rows of a dump.
async fn changed_meanwhile(
    bed: &Bed,
    name: &str,
    changes: &[&str],
    leave_out_changed: bool,
) -> dump::Result<Manifest> {
    let database = format!("d_ddl_{name}");
    let tables = [
        "CREATE TABLE t (a INT PRIMARY KEY, b INT, KEY kb (b))",
        "CREATE TABLE t_new (a INT PRIMARY KEY, b INT, KEY kb (b))",
        "INSERT INTO t VALUES (1,1),(2,2),(3,3)",
        "INSERT INTO t_new VALUES (1,1)",
    ];
    bed.database(&database, &tables).await;
    let (dump, source): (DumpId, _) =
        (format!("ddl-{}", name.replace('_', "-")).parse().expect("an id"), bed.source());
    let selection = selection(&[&database]);
    let options = Options { selection, connections: 2, leave_out_changed, ..Options::default() };
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await?;
    dump::dump_schema(&source, &bed.client, &snapshot).await?;
    let mut session = bed.session().await;
    run(&mut session, &format!("USE {database}")).await;
    for change in changes {
        run(&mut session, change).await;
    }
    session.close().await;
    let (meter, never) = (Meter::new(), CancellationToken::new());
    let dumped = dump::dump_data(&source, &bed.client, &snapshot, 2, &meter, &never).await;
    snapshot.release().await;
    dumped?;
    dump::finish(&bed.client, &dump, None).await
}

/// Checks that the dump failed, names the table that was changed or could not be read, and left no backup.
async fn fails(bed: &Bed, name: &str, changes: &[&str]) {
    let error = changed_meanwhile(bed, name, changes, false).await.expect_err(name);
    assert!(error.must_restart() && !error.is_transient(), "{name}: {error:?}");
    let (database, told) = (format!("`d_ddl_{name}`.`t"), format!("{error:?} {}", error.problem()));
    assert!(told.contains(&database), "{name}: {told}");
    let dump = format!("ddl-{}", name.replace('_', "-")).parse().expect("an id");
    let manifest = dump::read_manifest(&bed.client, &dump).await;
    assert!(matches!(manifest, Err(Error::NotFinished { .. })), "{name}: {manifest:?}");
}

/// Checks that the dump contains the rows from before the changes.
async fn holds_the_old_rows(bed: &Bed, name: &str, changes: &[&str]) {
    let manifest = changed_meanwhile(bed, name, changes, false).await.expect(name);
    let rows: Vec<u64> = manifest.tables().map(|(_, table)| table.rows).collect();
    assert_eq!(rows, [3, 1], "{name}");
}

const ADDED: &[&str] = &["ALTER TABLE t ADD COLUMN c INT DEFAULT 7"];
const DROPPED: &[&str] = &["ALTER TABLE t DROP COLUMN b"];
const REPLACED: &[&str] =
    &["ALTER TABLE t DROP COLUMN b", "ALTER TABLE t ADD COLUMN b INT", "ALTER TABLE t ADD KEY kb (b)"];
const TRUNCATED: &[&str] = &["TRUNCATE TABLE t"];
const GONE: &[&str] = &["DROP TABLE t"];
const RENAMED: &[&str] = &["RENAME TABLE t TO t_other"];
const SWAPPED: &[&str] = &["RENAME TABLE t TO t_old, t_new TO t"];
const KEYS: &[&str] =
    &["ALTER TABLE t ADD KEY kab (a, b)", "ALTER TABLE t DROP KEY kb", "INSERT INTO t VALUES (4,4)"];

#[tokio::test]
async fn a_column_that_is_added_ends_the_dump() {
    fails(&Bed::shared(), "added", ADDED).await;
}

#[tokio::test]
async fn a_column_that_is_dropped_ends_the_dump() {
    fails(&Bed::shared(), "dropped", DROPPED).await;
}

#[tokio::test]
async fn a_column_that_is_dropped_and_added_again_ends_the_dump() {
    fails(&Bed::shared(), "replaced", REPLACED).await;
}

#[tokio::test]
async fn a_table_that_is_emptied_ends_the_dump() {
    fails(&Bed::shared(), "truncated", TRUNCATED).await;
}

#[tokio::test]
async fn a_table_that_is_dropped_ends_the_dump() {
    fails(&Bed::shared(), "gone", GONE).await;
}

#[tokio::test]
async fn a_table_that_is_renamed_ends_the_dump() {
    fails(&Bed::shared(), "renamed", RENAMED).await;
}

#[tokio::test]
async fn a_table_that_is_swapped_for_another_ends_the_dump() {
    fails(&Bed::shared(), "swapped", SWAPPED).await;
}

#[tokio::test]
async fn a_key_that_is_added_or_dropped_does_no_harm() {
    holds_the_old_rows(&Bed::shared(), "keys", KEYS).await;
}

#[tokio::test]
async fn each_change_of_a_table_ends_a_dump_of_mariadb_too() {
    let bed = Bed::mariadb();
    let cases = [
        ("added", ADDED),
        ("dropped", DROPPED),
        ("replaced", REPLACED),
        ("truncated", TRUNCATED),
        ("gone", GONE),
        ("renamed", RENAMED),
        ("swapped", SWAPPED),
        ("keys", KEYS), // it is known that something was changed, but not what
    ];
    for (name, changes) in cases {
        fails(&bed, name, changes).await;
    }
}

/// At the last of several attempts, the changed table is left out, and the rest is dumped.
#[tokio::test]
async fn a_table_that_is_changed_at_the_last_try_is_left_out_by_name() {
    for (bed, engine) in [(Bed::shared(), "kernel"), (Bed::mariadb(), "maria")] {
        for (change, changes) in [("added", ADDED), ("replaced", REPLACED), ("gone", GONE)] {
            let (name, database) =
                (format!("last_{engine}_{change}"), format!("d_ddl_last_{engine}_{change}"));
            let manifest = changed_meanwhile(&bed, &name, changes, true).await.expect(change);
            let left: Vec<(&str, &str)> =
                manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
            assert_eq!(
                left,
                [(format!("`{database}`.`t`").as_str(), "left-out-changed")],
                "{engine} {change}"
            );
            assert!(manifest.is_partial());
            assert_eq!(
                manifest.tables().map(|(_, table)| table.name.as_str()).collect::<Vec<_>>(),
                ["t_new"]
            );
            let dump = format!("ddl-{}", name.replace('_', "-"));
            assert_eq!(bed.verify(&dump).await.findings, [], "{engine} {change}");
            let copy = format!("{database}_2");
            bed.no_database(&copy);
            bed.load_with(&dump, &load_options(&[(&database, &copy)])).await;
            let mut session = bed.session().await;
            assert_eq!(query(&mut session, &format!("SELECT a FROM `{copy}`.t_new")).await, [["1"]]);
            session.close().await;
        }
    }
}

/// Changes tables each time after the SCN of a snapshot was chosen.
struct Restless {
    server: Server,
    /// The statement after which it changes the tables.
    after: &'static str,
    changes: Vec<String>,
    times: AtomicU32,
}

impl Witness for Restless {
    fn sent(&self, _: &Statement, _: &Address) {}

    fn answered(&self, statement: &Statement, _: &Outcome<'_>) {
        if statement.masked == self.after {
            let time = self.times.fetch_add(1, Ordering::Relaxed).to_string();
            let changes: Vec<String> = self.changes.iter().map(|sql| sql.replace("{}", &time)).collect();
            self.server.run(&changes).expect("a change");
        }
    }
}

/// Returns the server as a source whose tables are changed whenever a snapshot is taken.
fn restless(bed: &Bed, after: &'static str, changes: &[String]) -> (Source, Arc<Restless>) {
    let (server, changes) = (bed.server.clone(), changes.to_vec());
    let witness = Arc::new(Restless { server, after, changes, times: AtomicU32::new(0) });
    let seen = Arc::clone(&witness);
    (Source { witness: seen, ..bed.source() }, witness)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_never_stands_still_does_not_keep_the_others_from_being_dumped() {
    let beds = [
        (Bed::shared(), "d_restless", "SELECT current_scn()"),
        (Bed::mariadb(), "d_restless_m", "UNLOCK TABLES"),
    ];
    for (bed, database, after) in beds {
        let statements = [
            "CREATE TABLE still (a INT PRIMARY KEY)",
            "INSERT INTO still VALUES (1),(2)",
            "CREATE TABLE restless (a INT PRIMARY KEY)",
            "INSERT INTO restless VALUES (1)",
            "CREATE VIEW v AS SELECT a FROM restless",
        ];
        bed.database(database, &statements).await;
        let changes = [
            format!("ALTER TABLE {database}.restless COMMENT = 'change {{}}'"),
            format!("DROP TABLE IF EXISTS {database}.flickers"),
            format!("CREATE TABLE {database}.flickers (a INT PRIMARY KEY)"),
        ];
        let (source, witness) = restless(&bed, after, &changes);
        let mut options = Options { selection: selection(&[database]), connections: 2, ..Options::default() };
        let dump: DumpId = "restless".parse().expect("an id");
        let manifest = dump_of(&source, &bed, &dump, &options).await.expect("a dump");
        assert_eq!(witness.times.load(Ordering::Relaxed), 4, "the third new start is the last");
        let mut left: Vec<(&str, &str)> =
            manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
        left.sort_unstable();
        let names = ["flickers", "restless"].map(|table| format!("`{database}`.`{table}`"));
        assert_eq!(left, [(names[0].as_str(), "left-out-changed"), (names[1].as_str(), "left-out-changed")]);
        assert!(manifest.is_partial());
        let tables: Vec<_> = manifest.tables().map(|(_, table)| (table.name.as_str(), table.rows)).collect();
        assert_eq!(tables, [("still", 2)]);
        assert_eq!(bed.verify("restless").await.findings, []);

        // Excluded tables do not delay a snapshot.
        let excluded = ["flickers", "restless"];
        let exclude = excluded.map(|table| BackupObject::Table(database.to_owned(), table.to_owned()));
        options.consent = Consent { exclude: exclude.to_vec(), ..Consent::default() };
        let (source, witness) = restless(&bed, after, &changes[..1]);
        let dump: DumpId = "excluded".parse().expect("an id");
        let manifest = dump_of(&source, &bed, &dump, &options).await.expect("a dump");
        assert_eq!((witness.times.load(Ordering::Relaxed), manifest.is_partial()), (1, false));

        // If everything changes, there is no dump.
        let (source, _) =
            restless(&bed, after, &[format!("ALTER TABLE {database}.still COMMENT = 'change {{}}'")]);
        let only = BackupObject::Table(database.to_owned(), "still".to_owned());
        let options = Options { selection: dump::Selection(vec![only]), ..Options::default() };
        let dump: DumpId = "nothing".parse().expect("an id");
        let refused = dump_of(&source, &bed, &dump, &options).await;
        let error = refused.expect_err("it changes in each attempt");
        assert!(matches!(error, Error::SchemaRestless { .. }), "{database}: {error:?}");
        assert!(
            error.problem().to_string().contains(&format!("`{database}`.`still`")),
            "{}",
            error.problem()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_only_table_never_stands_still_is_dumped_without_it() {
    let beds = [
        (Bed::shared(), "d_only_restless", "SELECT current_scn()"),
        (Bed::mariadb(), "d_only_restless_m", "UNLOCK TABLES"),
    ];
    for (bed, database, after) in beds {
        let statements =
            ["CREATE TABLE t (a INT PRIMARY KEY, v VARCHAR(20))", "CREATE PROCEDURE p () SELECT 1"];
        bed.database(database, &statements).await;
        let longer = format!("ALTER TABLE {database}.t MODIFY v VARCHAR(1{{}}00)");
        let (source, _) = restless(&bed, after, &[longer]);
        let options = Options { selection: selection(&[database]), connections: 2, ..Options::default() };
        let dump: DumpId = "only".parse().expect("an id");
        let manifest = dump_of(&source, &bed, &dump, &options).await.expect("a dump of the rest");
        check_without_t(&bed, database, &manifest).await;

        // The same for a table that is changed when the snapshot was taken.
        let dump: DumpId = "later".parse().expect("an id");
        let options = Options { leave_out_changed: true, ..options };
        let snapshot =
            dump::take_snapshot(&bed.source(), &bed.client, &dump, &options).await.expect("a snapshot");
        bed.server.run(&[format!("ALTER TABLE {database}.t MODIFY v BIGINT")]).expect("a change");
        dump::dump_schema(&bed.source(), &bed.client, &snapshot).await.expect("the schema of the rest");
        let (meter, never) = (Meter::new(), CancellationToken::new());
        dump::dump_data(&bed.source(), &bed.client, &snapshot, 2, &meter, &never).await.expect("no rows");
        snapshot.release().await;
        let manifest = dump::finish(&bed.client, &dump, None).await.expect("a dump of the rest");
        check_without_t(&bed, database, &manifest).await;
    }
}

async fn check_without_t(bed: &Bed, database: &str, manifest: &Manifest) {
    let left: Vec<(&str, &str)> =
        manifest.left_out.iter().map(|lost| (lost.name.as_str(), lost.reason.id.as_str())).collect();
    assert_eq!(left, [(format!("`{database}`.`t`").as_str(), "left-out-changed")]);
    assert!(manifest.is_partial());
    let code: Vec<&str> = manifest.databases[0].code.iter().map(|code| code.name.as_str()).collect();
    assert_eq!((manifest.totals.tables, code), (0, vec!["p"]));
    assert_eq!(bed.verify(manifest.dump.as_str()).await.findings, []);
    let copy = format!("{database}_2");
    bed.no_database(&copy);
    bed.load_with(manifest.dump.as_str(), &load_options(&[(database, &copy)])).await;
}

async fn dump_of(source: &Source, bed: &Bed, dump: &DumpId, options: &Options) -> dump::Result<Manifest> {
    let snapshot = dump::take_snapshot(source, &bed.client, dump, options).await?;
    dump::dump_schema(source, &bed.client, &snapshot).await?;
    dump::dump_data(source, &bed.client, &snapshot, 2, &Meter::new(), &CancellationToken::new()).await?;
    snapshot.release().await;
    dump::finish(&bed.client, dump, None).await
}
