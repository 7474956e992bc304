//! Tables of MariaDB that are exchanged while they are read, for a user who does not see their IDs.

use dump::{DumpId, Error, Manifest, Meter, Options};
use model::inventory::ObjectKind;
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, run, selection};

const DATABASE: &str = "d_exchanged";

/// Creates tables of which some can be exchanged, and a user with only the privileges that a lock needs.
async fn prepared() -> (Bed, Bed) {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE parts (a INT PRIMARY KEY) PARTITION BY RANGE (a) \
         (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
        "CREATE TABLE single (a INT PRIMARY KEY)",
        "INSERT INTO parts VALUES (1),(2),(11)",
        "INSERT INTO single VALUES (3)",
    ];
    bed.database(DATABASE, &statements).await;
    let mut session = bed.session().await;
    for sql in [
        "CREATE USER little IDENTIFIED BY 'little'",
        "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE, EVENT ON d_exchanged.* TO little",
        "GRANT RELOAD ON *.* TO little",
    ] {
        run(&mut session, sql).await;
    }
    session.close().await;
    let little = bed.as_user("little", "little");
    (bed, little)
}

/// Dumps as one user, while root runs statements between the snapshot and the rows.
async fn dumped(bed: &Bed, root: &Bed, id: &str, between: &[&str]) -> dump::Result<Manifest> {
    let (dump, source): (DumpId, _) = (id.parse().expect("an id"), bed.source());
    let options = Options { selection: selection(&[DATABASE]), ..Options::default() };
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await?;
    dump::dump_schema(&source, &bed.client, &snapshot).await?;
    let mut session = root.session().await;
    for sql in between {
        run(&mut session, sql).await;
    }
    session.close().await;
    let done =
        dump::dump_data(&source, &bed.client, &snapshot, 1, &Meter::new(), &CancellationToken::new()).await;
    snapshot.release().await;
    done?;
    dump::finish(&bed.client, &dump, None).await
}

const EXCHANGE: &str = "ALTER TABLE d_exchanged.parts EXCHANGE PARTITION p0 WITH TABLE d_exchanged.single";

#[tokio::test]
async fn a_dump_is_partial_if_tables_may_have_been_exchanged_meanwhile() {
    let (bed, little) = prepared().await;
    let still = dumped(&little, &bed, "still", &["INSERT INTO d_exchanged.single VALUES (4)"]).await;
    assert_eq!(still.expect("a dump").left_out, [], "nothing was exchanged");

    let doubtful = dumped(&little, &bed, "doubtful", &[EXCHANGE]).await.expect("a dump");
    let named: Vec<_> = doubtful.left_out.iter().map(|object| (object.kind, object.name.as_str())).collect();
    assert_eq!(named, [(ObjectKind::Tables, DATABASE)]);
    let reason = doubtful.left_out[0].reason.message(Default::default());
    assert!(reason.contains(DATABASE) && reason.contains("PROCESS"), "{reason}");
    assert!(doubtful.is_partial() && doubtful.left_out[0].agreement().is_none());
    assert_eq!(doubtful.totals.tables, 2, "the rows are there anyway");
    assert_eq!(little.verify("doubtful").await.findings, []);
    let left = little.client.list("doubtful/receipts").await.expect("a list");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_user_who_sees_the_ids_of_tables_finds_those_that_were_exchanged() {
    let (bed, little) = prepared().await;
    let mut session = bed.session().await;
    run(&mut session, "GRANT PROCESS ON *.* TO little").await;
    session.close().await;
    let error = dumped(&little, &bed, "changed", &[EXCHANGE]).await.expect_err("two tables were exchanged");
    let Error::SchemaChanged { tables, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tables, &["`d_exchanged`.`parts`", "`d_exchanged`.`single`"]);
    let unrelated =
        ["CREATE TABLE d_exchanged.other (a INT)", "ALTER TABLE d_exchanged.other ADD COLUMN b INT"];
    let same = dumped(&little, &bed, "same", &unrelated).await.expect("a dump");
    assert!(!same.is_partial(), "{:?}", same.left_out);
}

/// The order of a table's partitions counts, too.
#[tokio::test]
async fn partitions_that_change_places_are_found_by_their_ids() {
    let (bed, little) = prepared().await;
    let mut session = bed.session().await;
    run(&mut session, "GRANT PROCESS ON *.* TO little").await;
    run(&mut session, "DELETE FROM d_exchanged.parts").await;
    run(&mut session, "DELETE FROM d_exchanged.single").await;
    session.close().await;
    let swap = ["p0", "p1", "p0"].map(|partition| {
        format!("ALTER TABLE d_exchanged.parts EXCHANGE PARTITION {partition} WITH TABLE d_exchanged.single")
    });
    let swap: Vec<&str> = swap.iter().map(String::as_str).collect();
    let error = dumped(&little, &bed, "swapped", &swap).await.expect_err("two partitions changed places");
    let Error::SchemaChanged { tables, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tables, &["`d_exchanged`.`parts`"]);
}

/// The names of files differ from those of tables, also by what Windows reserves.
#[tokio::test]
async fn every_table_has_an_id_whatever_its_name() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE con (a INT PRIMARY KEY)",
        "CREATE TABLE AUX (a INT PRIMARY KEY) PARTITION BY HASH (a) PARTITIONS 2",
        "CREATE TABLE `a b/中` (a INT PRIMARY KEY)",
        "CREATE TABLE `p#P#q@@@` (a INT PRIMARY KEY) PARTITION BY HASH (a) PARTITIONS 2",
    ];
    let databases = ["nul", "d ids"];
    for database in databases {
        bed.database(database, &statements).await;
    }
    let options = Options { selection: selection(&databases), ..Options::default() };
    let dump = "ids".parse().expect("an id");
    let snapshot =
        dump::take_snapshot(&bed.source(), &bed.client, &dump, &options).await.expect("a snapshot");
    for database in &snapshot.plan().databases {
        assert_eq!(database.tables.len(), statements.len(), "{}", database.name);
        for table in &database.tables {
            assert!(table.identity.id.is_some_and(|id| id > 0), "{}.{}", database.name, table.name);
        }
    }
    snapshot.release().await;
}
