//! The notes of a load in the target, and foreign tables with their name.

use dump::{ChunkAim, Meter, load};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run};

const OWN: &[&str] = &[
    "CREATE TABLE lifeboat_load_progress (id INT PRIMARY KEY, n INT)",
    "INSERT INTO lifeboat_load_progress VALUES (1,1),(2,2)",
    "CREATE TABLE t (id INT PRIMARY KEY)",
    "INSERT INTO t VALUES (7)",
];

async fn a_table_of_that_name_is_one_like_any_other(bed: &Bed) {
    bed.database("d_prog", OWN).await;
    bed.no_database("d_prog_2");
    let manifest = bed.dump("prog", &["d_prog"], ChunkAim::default()).await;
    let tables: Vec<&str> = manifest.tables().map(|(_, table)| table.name.as_str()).collect();
    assert_eq!(tables, ["lifeboat_load_progress", "t"]);
    bed.load("prog", &[("d_prog", "d_prog_2")]).await;
    let mut session = bed.session().await;
    let rows = query(&mut session, "SELECT * FROM d_prog_2.lifeboat_load_progress ORDER BY id").await;
    assert_eq!(rows, [["1", "1"], ["2", "2"]]);
    assert_eq!(query(&mut session, "SHOW TABLES FROM d_prog_2").await.len(), 2);

    // Also for an existing database into which a table is loaded.
    bed.database("d_prog_3", &OWN[..2]).await;
    bed.database("d_prog_4", &OWN[2..]).await;
    bed.dump("prog-4", &["d_prog_4"], ChunkAim::default()).await;
    let options = load::Options {
        into_existing: load::IntoExisting::Always,
        ..load_options(&[("d_prog_4", "d_prog_3")])
    };
    bed.load_with("prog-4", &options).await;
    assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_prog_3.lifeboat_load_progress").await, [["2"]]);
    assert_eq!(query(&mut session, "SELECT id FROM d_prog_3.t").await, [["7"]]);
    session.close().await;
}

#[tokio::test]
async fn a_table_of_that_name_is_one_like_any_other_in_a_seekdb() {
    a_table_of_that_name_is_one_like_any_other(&Bed::shared()).await;
}

#[tokio::test]
async fn a_table_of_that_name_is_one_like_any_other_in_a_mariadb() {
    a_table_of_that_name_is_one_like_any_other(&Bed::mariadb()).await;
}

#[tokio::test]
async fn left_over_notes_are_not_dumped_and_block_nothing() {
    let bed = Bed::shared();
    bed.database("d_left", &OWN[2..]).await;
    ["d_left_2", "d_left_3"].iter().for_each(|name| bed.no_database(name));
    bed.dump("left-1", &["d_left"], ChunkAim::default()).await;
    let (first, names) = ("left-1".parse().expect("an id"), load_options(&[("d_left", "d_left_2")]));
    create_schema(&bed.source(), &bed.client, &first, &names).await.expect("a schema");

    let manifest = bed.dump("left-2", &["d_left_2"], ChunkAim::default()).await;
    let tables: Vec<&str> = manifest.tables().map(|(_, table)| table.name.as_str()).collect();
    assert_eq!(tables, ["t"]);
    assert!(manifest.notes.iter().any(|note| note.id == "dump-leftover"), "{:?}", manifest.notes);

    let mut session = bed.session().await;
    run(&mut session, "DROP TABLE d_left_2.t").await;
    let (second, names) = ("left-2".parse().expect("an id"), load_options(&[("d_left_2", "d_left_2")]));
    let check = load::check_target(&bed.source(), &bed.client, &second, &names).await.expect("a check");
    assert!(check.notes.iter().any(|note| note.id == "load-leftover-removed"), "{:?}", check.notes);
    bed.load_with("left-2", &names).await;
    assert_eq!(query(&mut session, "SHOW TABLES FROM d_left_2").await, [["t"]]);

    // Notes of the same dump, whose tables were dropped since.
    let names = load_options(&[("d_left", "d_left_3")]);
    create_schema(&bed.source(), &bed.client, &first, &names).await.expect("a schema");
    let never = CancellationToken::new();
    let rows = load::load_data(&bed.source(), &bed.client, &first, &names, 1, &Meter::new(), &never).await;
    rows.expect("rows");
    run(&mut session, "DROP TABLE d_left_3.t").await;
    bed.load_with("left-1", &names).await;
    assert_eq!(query(&mut session, "SELECT id FROM d_left_3.t").await, [["7"]]);
    session.close().await;
}
