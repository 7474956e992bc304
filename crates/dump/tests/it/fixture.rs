//! Dumps that an earlier Lifeboat wrote, stored in `tests/fixtures`: every version must load them. A new format gets
//! a new folder there; the others are never rewritten.

use std::fs;
use std::path::PathBuf;

use dump::{ChunkAim, Compression, DumpId, Identities, Meter, Options, Recipient, load};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

const STATEMENTS: &[&str] = &[
    "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
    "CREATE TABLE customers (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL COMMENT 'it''s; a\\nname', mail VARCHAR(60), \
     kind ENUM('a''b','') DEFAULT 'a''b', photo VARBINARY(20) DEFAULT 0x00FF27, rating FLOAT, born DATE, \
     upper VARCHAR(60) AS (UPPER(name)) VIRTUAL, UNIQUE KEY by_mail (mail), KEY by_name (name(10))) COMMENT 'who; buys'",
    "INSERT INTO customers (id,name,mail,kind,photo,rating,born) VALUES (0,'zero',NULL,'',NULL,1.2345678,'0000-00-00'),\
     (1,'n\\'1;\\n','a@x','a''b',0x0A00FF,16777216,'2024-02-30'),(7,'中😀',NULL,NULL,'',NULL,NULL)",
    "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer BIGINT, total DECIMAL(12,2), placed DATETIME(6), KEY by_customer (customer), \
     CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE, CONSTRAINT total_fits CHECK (total >= 0))",
    "INSERT INTO orders VALUES (1,1,10.25,'2024-01-01 00:00:00.000001'),(2,7,0,NULL),(3,NULL,99.99,'9999-12-31 23:59:59.999999')",
    "CREATE TABLE events (at DATE, id INT, v VECTOR(2), PRIMARY KEY (at, id)) PARTITION BY HASH(id) PARTITIONS 2",
    "INSERT INTO events VALUES ('2024-01-01',1,'[0.123456789,1e-10]'),('2024-01-02',2,NULL)",
    "CREATE TABLE keyless (a INT, b VARCHAR(9))",
    "INSERT INTO keyless VALUES (1,'x'),(1,'x'),(NULL,NULL)",
    "CREATE TABLE `we``ird; name/` (`co``l 1` INT PRIMARY KEY)",
    "CREATE VIEW big AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer",
    "CREATE VIEW a_first AS SELECT id FROM big",
    "CREATE FUNCTION f1 (x INT) RETURNS INT DETERMINISTIC RETURN x + 1",
    "CREATE TRIGGER tr1 BEFORE INSERT ON keyless FOR EACH ROW BEGIN SET NEW.a = NEW.a + 1; SET NEW.b = 'tr;'; END",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1")
}

fn identities() -> Identities {
    let key = fs::read_to_string(folder().join("key")).expect("a key");
    Identities::read(&key).expect("identities")
}

/// Writes the dumps. Only for a new format: `LIFEBOAT_WRITE_FIXTURE=1`, with a key from `age-keygen -o key` beside
/// them.
#[tokio::test]
#[ignore = "the dumps of this format are written once"]
async fn write_the_dumps_of_a_new_format() {
    assert!(std::env::var_os("LIFEBOAT_WRITE_FIXTURE").is_some(), "only when it is told to");
    let bed = Bed::shared_in(&folder());
    bed.database("shop", STATEMENTS).await;
    let key = fs::read_to_string(folder().join("key")).expect("a key");
    let recipient = key.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key");
    let recipient: Recipient = recipient.parse().expect("a recipient");
    let chunk = ChunkAim { rows: Some(2), ..ChunkAim::default() };
    for (id, compression, recipients) in [
        ("zstd", Compression::default(), vec![]),
        ("lz4", Compression::Lz4, vec![]),
        ("none", Compression::None, vec![]),
        ("sealed", Compression::Lz4, vec![recipient]),
    ] {
        let options =
            Options { selection: selection(&["shop"]), compression, recipients, chunk, ..Options::default() };
        bed.dump_with(&id.parse().expect("an id"), &options).await.expect("a dump");
    }
}

#[tokio::test]
async fn dumps_of_format_1_are_whole_and_load_for_ever() {
    let bed = Bed::shared_in(&folder());
    let mut session = bed.session().await;
    for id in ["zstd", "lz4", "none", "sealed"] {
        let (dump, target): (DumpId, _) = (id.parse().expect("an id"), bed.source());
        assert_eq!(bed.verify(id).await.findings, [], "{id}");
        let database = format!("d_fixture_{id}");
        bed.no_database(&database);
        let options = load::Options { identities: identities(), ..load_options(&[("shop", &database)]) };
        let (meter, never) = (Meter::new(), CancellationToken::new());
        create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
        load::load_data(&target, &bed.client, &dump, &options, 2, &meter, &never).await.expect("rows");
        load::create_routines(&target, &bed.client, &dump, &options).await.expect("routines");
        let notes = load::create_indexes(&target, &bed.client, &dump, &options, 2, &never).await;
        assert_eq!(notes.expect("keys"), load::Made::default(), "{id}");
        let report = load::verify_data(&target, &bed.client, &dump, &options, 2, &meter, &never).await;
        assert_eq!(report.expect("a report").findings, [], "{id}");
        load::create_triggers(&target, &bed.client, &dump, &options).await.expect("triggers");
        load::finish(&target, &bed.client, &dump, &options).await.expect("an end");

        run(&mut session, &format!("USE {database}")).await;
        let customers = "SELECT id, HEX(name), COALESCE(mail,'-'), COALESCE(kind+0,'-'), COALESCE(HEX(photo),'-'), \
                         COALESCE(rating+0e0,'-'), COALESCE(born,'-') FROM customers ORDER BY id";
        let expected = [
            ["0", "7A65726F", "-", "2", "-", "1.2345677614212036", "0000-00-00"],
            ["1", "6E27313B0A", "a@x", "1", "0A00FF", "16777216", "2024-02-30"],
            ["7", "E4B8ADF09F9880", "-", "-", "", "-", "-"],
        ];
        assert_eq!(query(&mut session, customers).await, expected, "{id}");
        let orders = query(&mut session, "SELECT id, total, placed FROM orders ORDER BY id").await;
        assert_eq!(orders[0], ["1", "10.25", "2024-01-01 00:00:00.000001"]);
        assert_eq!(orders[2], ["3", "99.99", "9999-12-31 23:59:59.999999"]);
        assert_eq!(query(&mut session, "SELECT id FROM a_first ORDER BY id").await, [["1"], ["2"]]);
        let distance = "SELECT l2_distance(v, '[0.123456789,1e-10]') FROM events WHERE id = 1";
        assert_eq!(query(&mut session, distance).await, [["0"]]);
        assert_eq!(
            query(&mut session, "SELECT COUNT(*), SUM(a), f1(1) FROM keyless").await,
            [["3", "2", "2"]]
        );
        run(&mut session, "INSERT INTO keyless VALUES (5,'')").await;
        assert_eq!(query(&mut session, "SELECT b FROM keyless WHERE a = 6").await, [["tr;"]]);
        let keys = "SELECT COUNT(DISTINCT CONCAT(table_name, '.', index_name)) FROM information_schema.statistics WHERE table_schema = DATABASE()";
        assert_eq!(query(&mut session, keys).await, [["7"]], "{id}");
    }
    session.close().await;
}
