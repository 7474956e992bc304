//! The default character set, collation and comment of a database: kept where the target takes them, and named where
//! it does not.

use dump::{ChunkAim, Meter, load};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query};

/// Databases whose tables all have a character set that seekdb knows.
const MADE: [(&str, &str); 3] = [
    ("d_latin", "CHARACTER SET latin1 COMMENT 'it''s; \\\\'"),
    ("d_unicode", "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"),
    ("d_said", "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci COMMENT 'words'"),
];

const TABLES: [&str; 2] = [
    "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "INSERT INTO t VALUES (1, 'ä')",
];

/// Returns the dump of a database: its ID has no `_`.
fn id(database: &str) -> String {
    database.replace('_', "-")
}

async fn made(bed: &Bed, database: &str, options: &str) {
    bed.database(database, &[]).await;
    bed.server.run(&[format!("ALTER DATABASE {database} {options}")]).expect("options");
    let in_it = TABLES.map(|sql| sql.replacen(" t ", &format!(" {database}.t "), 1));
    bed.server.run(&in_it).expect("a table");
}

#[tokio::test]
async fn a_server_that_takes_the_options_of_a_database_gets_all_of_them() {
    let bed = Bed::mariadb();
    let mut session = bed.session().await;
    for (database, options) in MADE {
        made(&bed, database, options).await;
        bed.dump(&id(database), &[database], ChunkAim::default()).await;
        let shown = format!("SHOW CREATE DATABASE {database}");
        let before = query(&mut session, &shown).await;
        bed.no_database(database);
        assert_eq!(bed.load(&id(database), &[]).await, []);
        assert_eq!(query(&mut session, &shown).await, before);
    }
    session.close().await;
}

#[tokio::test]
async fn options_that_a_server_does_not_take_are_named_and_stop_nothing() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    let target = maria.beside(&seekdb);
    let mut session = seekdb.session().await;
    for ((database, options), expected) in MADE.into_iter().zip([
        &["load-database-comment", "load-database-collation"][..],
        &["load-database-collation"],
        &["load-database-comment"],
    ]) {
        made(&maria, database, options).await;
        maria.dump(&id(database), &[database], ChunkAim::default()).await;
        let new = format!("{database}_2");
        seekdb.no_database(&new);
        let (dump, names) = (id(database).parse().expect("an id"), [(database, new.as_str())]);
        let made = create_schema(&target.source(), &maria.client, &dump, &load_options(&names)).await;
        let mut notes = made.expect("a schema").notes;
        notes.retain(|note| note.id.starts_with("load-database-"));
        target.load(&id(database), &names).await;
        let ids: Vec<&str> = notes.iter().map(|note| note.id.as_str()).collect();
        assert_eq!(ids, expected, "{database}");
        assert!(notes.iter().all(|note| note.args["database"] == format!("`{new}`")), "{notes:?}");
        let rows = query(&mut session, &format!("SELECT a, b FROM {new}.t")).await;
        assert_eq!(rows, [["1", "ä"]], "{database}");
        let collation = format!(
            "SELECT TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{new}' AND TABLE_NAME = 't'"
        );
        assert_eq!(query(&mut session, &collation).await, [["utf8mb4_bin"]], "tables keep their own");
    }
    session.close().await;
}

/// A table that relied on the default prints it as its own: it is refused by name, and the others are loaded.
#[tokio::test]
async fn a_table_of_another_collation_is_refused_by_name() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    made(&maria, "d_mixed", "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci").await;
    maria.server.run(&["CREATE TABLE d_mixed.inherits (b VARCHAR(9) PRIMARY KEY)"]).expect("a table");
    maria.dump("mixed", &["d_mixed"], ChunkAim::default()).await;
    seekdb.no_database("d_mixed_2");
    let target = maria.beside(&seekdb).source();
    let (dump, options) = ("mixed".parse().expect("an id"), load_options(&[("d_mixed", "d_mixed_2")]));
    let made = create_schema(&target, &maria.client, &dump, &options).await.expect("a schema");
    let lost: Vec<&str> = made.not_made.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(lost, ["`d_mixed_2`.`inherits`"]);
    assert!(made.notes.iter().any(|note| note.id == "load-database-collation"), "{:?}", made.notes);
    let (meter, never) = (Meter::new(), CancellationToken::new());
    load::load_data(&target, &maria.client, &dump, &options, 2, &meter, &never).await.expect("rows");
    assert_eq!(meter.now().rows, 1);
}
