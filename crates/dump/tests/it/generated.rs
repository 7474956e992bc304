//! Generated columns of MariaDB: a load computes them again.

use dump::ChunkAim;
use model::inventory::ObjectKind;

use crate::bed::{Bed, query};

/// MariaDB creates such a column under `NO_UNSIGNED_SUBTRACTION` only.
#[tokio::test]
async fn a_stored_column_that_subtracts_unsigned_numbers_is_created_again() {
    let bed = Bed::mariadb();
    let statements = [
        "SET sql_mode = 'NO_UNSIGNED_SUBTRACTION'",
        "CREATE TABLE u (id INT PRIMARY KEY, u INT UNSIGNED, g BIGINT AS (u - 5) STORED, v BIGINT AS (u - 7) VIRTUAL, KEY kv (v))",
        "INSERT INTO u (id, u) VALUES (1, 3), (2, 4000000000), (3, NULL)",
    ];
    bed.database("d_unsigned", &statements).await;
    bed.no_database("d_unsigned_2");
    let manifest = bed.dump("unsigned", &["d_unsigned"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    bed.load("unsigned", &[("d_unsigned", "d_unsigned_2")]).await;
    let mut session = bed.session().await;
    let stored = query(&mut session, "SELECT g FROM d_unsigned_2.u ORDER BY id").await;
    assert_eq!(stored, [["-2"], ["3999999995"], ["NULL"]]);
    session.close().await;
}

/// MariaDB computes a stored column in the time zone of the session that writes the row, and accepts no value for it.
#[tokio::test]
async fn stored_columns_that_a_load_computes_otherwise_are_named() {
    let bed = Bed::mariadb();
    let statements = [
        "SET time_zone = '+08:00'",
        "CREATE TABLE t (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE AS (DATE(ts)) STORED, h INT AS (HOUR(ts)) STORED, \
         v DATE AS (DATE(ts)) VIRTUAL, n INT AS (id + 1) STORED)",
        "INSERT INTO t (id, ts) VALUES (1, '2024-01-07 01:30:00'), (2, '2024-01-07 12:00:00'), (3, NULL)",
        "CREATE TABLE same (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE AS (DATE(ts)) STORED)",
        "INSERT INTO same (id, ts) VALUES (1, '2024-01-07 12:00:00')",
    ];
    bed.database("d_zone", &statements).await;
    let manifest = bed.dump("zone", &["d_zone"], ChunkAim::default()).await;
    let named: Vec<_> = manifest
        .left_out
        .iter()
        .map(|object| (object.kind, object.name.as_str(), object.reason.args["rows"].as_str()))
        .collect();
    let kind = ObjectKind::GeneratedValues;
    let expected = [("`d_zone`.`t`.`d`", "1"), ("`d_zone`.`t`.`h`", "2")];
    assert_eq!(named, expected.map(|(name, rows)| (kind, name, rows)));
    assert!(manifest.is_partial());
}
