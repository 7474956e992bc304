//! Tables with keys of every kind are split into pieces that contain every row once.

use dump::{ChunkAim, Options, TablePlan};
use model::backup::BackupObject;

use crate::bed::{Bed, query, selection};

/// Dumps a database in pieces of this many rows; returns the plans of its tables and the number of rows of each
/// piece.
async fn pieces(bed: &Bed, name: &str, rows: u64) -> Vec<(TablePlan, Vec<u64>)> {
    let id = name.replace('_', "-").parse().expect("an id");
    let chunk = ChunkAim { rows: Some(rows), ..ChunkAim::default() };
    let options = Options { selection: selection(&[name]), chunk, ..Options::default() };
    let snapshot = dump::take_snapshot(&bed.source(), &bed.client, &id, &options).await.expect("a snapshot");
    let manifest = bed.dump_with(&id, &options).await.expect("a dump");
    assert_eq!(bed.compare(id.as_str(), &[]).await.findings, []);
    let mut found = Vec::new();
    let mut session = bed.session().await;
    for (database, entry) in manifest.tables() {
        let plan = snapshot.plan().table(database, &entry.name).expect("a plan").clone();
        let count = format!("SELECT COUNT(*) FROM `{database}`.`{}`", entry.name);
        assert_eq!(query(&mut session, &count).await[0][0], entry.rows.to_string(), "{}", entry.name);
        found.push((plan, entry.pieces.iter().map(|piece| piece.rows).collect()));
    }
    session.close().await;
    snapshot.release().await;
    found
}

#[tokio::test]
async fn keys_of_every_kind_are_cut_into_equal_pieces() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE seq (n INT PRIMARY KEY)",
        "INSERT INTO seq WITH RECURSIVE s AS (SELECT 0 n UNION ALL SELECT n+1 FROM s WHERE n < 999) SELECT n FROM s",
        "CREATE TABLE negative (k BIGINT PRIMARY KEY)",
        "INSERT INTO negative SELECT (n-500) * 9223372036854775 FROM seq",
        "CREATE TABLE large (k BIGINT UNSIGNED PRIMARY KEY)",
        "INSERT INTO large SELECT 18446744073709551615 - n * n FROM seq",
        "CREATE TABLE skewed (a INT, b INT, PRIMARY KEY (a, b))",
        "INSERT INTO skewed SELECT IF(n < 950, 7, n), n FROM seq",
        "CREATE TABLE words (k VARCHAR(40) PRIMARY KEY) COLLATE utf8mb4_general_ci",
        "INSERT INTO words SELECT CONCAT(ELT(n % 6 + 1, 'a', 'B', 'Ä', '中', '''', '\\\\'), IF(n % 2 = 0, LPAD(n, 5, ' '), n), '\\n') FROM seq",
        "CREATE TABLE cased (k VARCHAR(40) COLLATE utf8mb4_bin PRIMARY KEY)",
        "INSERT INTO cased SELECT CONCAT(ELT(n % 3 + 1, 'a', 'A', 'á'), n DIV 3) FROM seq",
        "CREATE TABLE bytes (k VARBINARY(20) PRIMARY KEY)",
        "INSERT INTO bytes SELECT UNHEX(CONCAT(LPAD(HEX(n * 37 % 256), 2, '0'), 'FF00', LPAD(HEX(n), 4, '0'))) FROM seq",
        "CREATE TABLE moments (d DATE, t DATETIME(6), n DECIMAL(20,5), PRIMARY KEY (d, t, n))",
        "INSERT INTO moments SELECT DATE_ADD('2024-01-01', INTERVAL n DIV 300 DAY), \
         DATE_ADD('2024-01-01', INTERVAL n MICROSECOND), n / 7 FROM seq",
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "CREATE TABLE odd_dates (d DATE, n INT, t DATETIME, PRIMARY KEY (d, t, n))",
        "INSERT INTO odd_dates SELECT ELT(n % 4 + 1, '0000-00-00', '2024-02-30', '2024-02-29', '9999-12-31'), n, \
         ELT(n DIV 4 % 3 + 1, '0000-00-00', '2023-02-31 10:00:00', '2024-01-01') FROM seq",
        "CREATE TABLE stamps (t TIMESTAMP(3), n INT, PRIMARY KEY (t, n))",
        "INSERT INTO stamps SELECT DATE_ADD('2024-01-01', INTERVAL n DIV 3 SECOND), n FROM seq",
        "CREATE TABLE keyless (n INT, t VARCHAR(20))",
        "INSERT INTO keyless SELECT n % 10, 'twice' FROM seq",
        "CREATE TABLE heap (n INT PRIMARY KEY, t VARCHAR(20)) ORGANIZATION HEAP",
        "INSERT INTO heap SELECT n, 'x' FROM seq",
    ];
    bed.database("d_chunks", &statements).await;
    let found = pieces(&bed, "d_chunks", 300).await;
    assert_eq!(found.len(), 12);
    for (table, rows) in found {
        assert_eq!(rows, [300, 300, 300, 100], "{}: {:?}", table.name, table.chunks);
    }
}

#[tokio::test]
async fn partitions_are_cut_one_by_one() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE keyed (a INT PRIMARY KEY) PARTITION BY HASH(a) PARTITIONS 2",
        "INSERT INTO keyed WITH RECURSIVE s AS (SELECT 0 n UNION ALL SELECT n+1 FROM s WHERE n < 99) SELECT n FROM s",
        "CREATE TABLE keyless (a INT) PARTITION BY HASH(a) PARTITIONS 2",
        "INSERT INTO keyless SELECT a FROM keyed",
        "CREATE TABLE subs (a INT, b INT, PRIMARY KEY (a, b)) PARTITION BY RANGE(a) SUBPARTITION BY HASH(b) \
         SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (50), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO subs SELECT a, a FROM keyed",
    ];
    bed.database("d_chunks_parts", &statements).await;
    for (table, rows) in pieces(&bed, "d_chunks_parts", 40).await {
        let expected: &[u64] = if table.name == "subs" { &[25, 25, 25, 25] } else { &[40, 10, 40, 10] };
        assert_eq!(rows, expected, "{}", table.name);
        assert!(table.chunks.iter().all(|chunk| chunk.partition.is_some()), "{table:?}");
    }
    bed.no_database("d_chunks_parts_2");
    bed.load("d-chunks-parts", &[("d_chunks_parts", "d_chunks_parts_2")]).await;
}

#[tokio::test]
async fn a_table_that_cannot_be_split_is_read_in_a_single_pass_with_a_note() {
    let bed = Bed::shared();
    let statements = [
        "CREATE TABLE doubles (k DOUBLE PRIMARY KEY)",
        "INSERT INTO doubles VALUES (0.1),(0.2),(1e22),(-5)",
        "CREATE TABLE members (k ENUM('b','a') PRIMARY KEY)",
        "INSERT INTO members VALUES ('a'),('b')",
    ];
    bed.database("d_uncut", &statements).await;
    let found = pieces(&bed, "d_uncut", 1).await;
    assert!(found.iter().all(|(_, rows)| rows.len() == 1), "{found:?}");
    let manifest =
        dump::read_manifest(&bed.client, &"d-uncut".parse().expect("an id")).await.expect("a manifest");
    let noted: Vec<_> =
        manifest.notes.iter().map(|note| (note.id.as_str(), note.args["table"].as_str())).collect();
    let id = "dump-key-not-usable";
    assert_eq!(noted, [(id, "`d_uncut`.`doubles`"), (id, "`d_uncut`.`members`")]);
}

#[tokio::test]
async fn pieces_are_cut_by_the_length_of_rows_by_default() {
    let bed = Bed::shared();
    let statements = [
        "SET cte_max_recursion_depth = 10000",
        "CREATE TABLE long_rows (k INT PRIMARY KEY, t VARCHAR(1000))",
        "INSERT INTO long_rows WITH RECURSIVE s AS (SELECT 0 n UNION ALL SELECT n+1 FROM s WHERE n < 2999) \
         SELECT n, REPEAT('x', 1000) FROM s",
        "CREATE TABLE short_rows (k INT PRIMARY KEY)",
        "INSERT INTO short_rows SELECT k FROM long_rows",
        "CREATE TABLE edge_rows (k INT, t VARCHAR(1000), PRIMARY KEY (t, k))",
        "INSERT INTO edge_rows SELECT * FROM long_rows WHERE k < 1000",
        "CREATE TABLE few_rows (k INT PRIMARY KEY, t VARCHAR(1000))",
        "INSERT INTO few_rows SELECT * FROM long_rows WHERE k < 999",
    ];
    bed.database("d_lengths", &statements).await;
    let chunk = ChunkAim { bytes: 1 << 20, rows: None };
    let manifest = bed.dump("lengths", &["d_lengths"], chunk).await;
    let counts: Vec<usize> = manifest.tables().map(|(_, table)| table.pieces.len()).collect();
    assert_eq!(
        counts[2..],
        [20, 1],
        "3 MB: 16 pieces of 128 KiB and the rest in some of 256; and some kilobytes"
    );
    assert_eq!(counts[..2], [8, 1], "1 MB in 1,000 rows, and 1 MB in 999, which are too few to be cut");
    let (_, long) = manifest.tables().nth(2).expect("four tables");
    let rows: Vec<u64> = long.pieces.iter().map(|piece| piece.rows).collect();
    assert_eq!(
        (rows[0], rows[15], rows[16]),
        (128, 128, 256),
        "1,005 bytes each, and powers of two make statements: {rows:?}"
    );
}

#[tokio::test]
async fn single_tables_of_several_databases_are_chosen() {
    let bed = Bed::shared();
    for name in ["d_choice", "d_choice_b"] {
        let statements = [
            "CREATE TABLE a (x INT PRIMARY KEY)",
            "CREATE TABLE b (x INT PRIMARY KEY)",
            "INSERT INTO a VALUES (1)",
        ];
        bed.database(name, &statements).await;
    }
    let chosen = vec![
        BackupObject::Table("d_choice".to_owned(), "A".to_owned()),
        BackupObject::Database("d_choice_b".to_owned()),
    ];
    let options = Options { selection: dump::Selection(chosen), ..Options::default() };
    let manifest = bed.dump_with(&"choice".parse().expect("an id"), &options).await.expect("a dump");
    let tables: Vec<_> =
        manifest.tables().map(|(database, table)| format!("{database}.{}", table.name)).collect();
    assert_eq!(tables, ["d_choice.a", "d_choice_b.a", "d_choice_b.b"]);
}
