//! MariaDB as the source and the target of a dump, and its tables in a seekdb.

use dump::{ChunkAim, DumpId, Error, Options, load};
use model::inventory::ObjectKind;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};
use crate::code::whole_load;
use crate::compare::same;

/// Tables with everything that MariaDB supports.
const EVERYTHING: &[&str] = &[
    "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+08:00', foreign_key_checks = 0",
    "CREATE TABLE types (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, i INT, d DECIMAL(65,30), f FLOAT, g FLOAT(9,3), \
     o DOUBLE, b BIT(17), c CHAR(9), v VARCHAR(99) DEFAULT 'it''s; \\\\', t LONGTEXT, n BINARY(5), x VARBINARY(99) DEFAULT 0x00FF27, \
     l LONGBLOB, e ENUM('a''b','','c,d') DEFAULT 'a''b', s SET('x','y''z') COLLATE utf8mb4_bin, j JSON, p POINT, y YEAR, \
     da DATE, ti TIME(6), dt DATETIME(6), ts TIMESTAMP(6) NULL, u UUID, ip INET6, \
     z INT AS (i MOD 10) VIRTUAL, w INT AS (i MOD 20) STORED, h VARCHAR(9) INVISIBLE DEFAULT 'q', CHECK (i <> 77)) \
     AUTO_INCREMENT = 5000 COMMENT 'it''s; \\\\ \\n y'",
    "INSERT INTO types (id,i,d,f,g,o,b,c,v,t,n,x,l,e,s,j,p,y,da,ti,dt,ts,u,ip,h) VALUES \
     (0,-1,1.000000000000000000000000000001,16777216,1.2345,5e-324,b'10000000000000001','a ','\\n;\\0\\Z','中😀',x'61',x'00FF0A5C27',x'',\
      'a''b','x,y''z','{\"a\": [1,null]}',POINT(1,2),1901,'0000-00-00','-838:59:59.999999','2024-02-30 01:02:03.000004',\
      '2038-01-19 11:14:07.999999','123e4567-e89b-12d3-a456-426614174000','::1','hidden'),\
     (7,2147483647,NULL,1.2345678,NULL,-1.7976931348623157e308,NULL,'','','',NULL,NULL,NULL,'','',NULL,NULL,2155,'9999-12-31','838:59:59',\
      '9999-12-31 23:59:59.999999','1970-01-01 08:00:01',NULL,NULL,NULL),\
     (18446744073709551614,NULL,-5,-3.402823466e38,-99.5,0.1,b'1',NULL,NULL,NULL,NULL,'',x'FF','c,d',NULL,'1',NULL,0,'2024-00-10',\
      NULL,'0000-00-00','0000-00-00',NULL,NULL,'')",
    "CREATE TABLE keys_of_all_kinds (a INT, b VARCHAR(40), c TEXT, d GEOMETRY NOT NULL, PRIMARY KEY (a, b), \
     UNIQUE KEY ua (b, a), KEY kc (c(10)), KEY kd (b DESC), FULLTEXT KEY fc (c), SPATIAL KEY sd (d))",
    "INSERT INTO keys_of_all_kinds SELECT seq DIV 3, CONCAT(ELT(seq % 4 + 1, 'ä', 'a', 'Z', '\\''), seq), 'some words', POINT(seq, 1) \
     FROM seq_1_to_2500",
    "CREATE TABLE keyless (a INT, b VARCHAR(9))",
    "INSERT INTO keyless VALUES (1,'x'),(1,'x'),(NULL,NULL)",
    "CREATE TABLE parts (a INT, b INT, PRIMARY KEY (a, b)) PARTITION BY RANGE (a) SUBPARTITION BY HASH (b) SUBPARTITIONS 2 \
     (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "INSERT INTO parts SELECT seq, seq % 7 FROM seq_1_to_300",
    "CREATE TABLE listed (a VARCHAR(9), b INT) PARTITION BY LIST COLUMNS (a) \
     (PARTITION p0 VALUES IN ('a','b''b'), PARTITION p1 VALUES IN ('c\\\\'))",
    "INSERT INTO listed VALUES ('b''b',1),('c\\\\',2)",
    "CREATE TABLE ring_a (id INT PRIMARY KEY, b INT, CONSTRAINT a_b FOREIGN KEY (b) REFERENCES ring_b (id))",
    "CREATE TABLE ring_b (id INT PRIMARY KEY, a INT, CONSTRAINT b_a FOREIGN KEY (a) REFERENCES ring_a (id) ON DELETE CASCADE)",
    "INSERT INTO ring_a VALUES (1,1)",
    "INSERT INTO ring_b VALUES (1,1)",
    "CREATE TABLE `CamelCase` (`Id` INT PRIMARY KEY, t VARCHAR(9), KEY kt (t))",
    "INSERT INTO `CamelCase` VALUES (1,'x')",
    "CREATE TABLE `a``b c/d.e%` (`x``;y` INT PRIMARY KEY, `中` INT)",
    "INSERT INTO `a``b c/d.e%` VALUES (1,2)",
    "CREATE VIEW z AS SELECT id FROM types WHERE id > 1 WITH CHECK OPTION",
    "CREATE SQL SECURITY INVOKER VIEW m AS SELECT id FROM z",
    "CREATE VIEW a AS SELECT id FROM m UNION SELECT id FROM z",
    "CREATE TABLE log (x VARCHAR(99))",
];

const CODE: &[&str] = &[
    "CREATE PROCEDURE p1 (IN x INT, OUT y VARCHAR(20)) COMMENT 'it''s; \\\\ odd' BEGIN DECLARE z INT; SET z = x; SELECT 'a;\nb' INTO y; END",
    "CREATE FUNCTION f1 (x INT) RETURNS INT DETERMINISTIC RETURN x + 1",
    "CREATE TRIGGER tr1 BEFORE INSERT ON keyless FOR EACH ROW BEGIN SET NEW.a = NEW.a + 1; INSERT INTO log VALUES ('x;$$'); END",
];

#[tokio::test]
async fn what_a_mariadb_held_comes_back_as_it_was() {
    let bed = Bed::mariadb();
    bed.database("d_maria", &[EVERYTHING, CODE].concat()).await;
    bed.no_database("d_maria_2");
    let manifest = bed.dump("maria", &["d_maria"], ChunkAim { rows: Some(300), ..ChunkAim::default() }).await;
    let keyed = manifest.tables().find(|(_, table)| table.name == "keys_of_all_kinds").expect("the table").1;
    assert_eq!(keyed.pieces.len(), 9, "2500 rows in pieces of 300");
    assert_eq!(bed.verify("maria").await.findings, []);
    assert_eq!(bed.compare("maria", &[]).await.findings, []);
    let (dump, options) = ("maria".parse().expect("an id"), load_options(&[("d_maria", "d_maria_2")]));
    let notes = whole_load(&bed, &dump, &options, true).await;
    assert_eq!(notes, [""; 0]);
    assert_eq!(bed.compare("maria", &[("d_maria", "d_maria_2")]).await.findings, []);
    same(&bed, "d_maria", "d_maria_2").await;
    let mut session = bed.session().await;
    let differ = "SELECT COUNT(*), SUM(NOT (x.f <=> y.f AND x.g <=> y.g AND x.o <=> y.o AND x.e+0 <=> y.e+0 AND x.h <=> y.h)) \
                  FROM d_maria.types x JOIN d_maria_2.types y ON x.id = y.id";
    assert_eq!(query(&mut session, differ).await, [["3", "0"]]);
    run(&mut session, "USE d_maria_2").await;
    run(&mut session, "INSERT INTO keyless VALUES (1,'new')").await;
    assert_eq!(query(&mut session, "SELECT a FROM keyless WHERE b = 'new'").await, [["2"]]);
    assert_eq!(query(&mut session, "SELECT f1(1), (SELECT COUNT(*) FROM log)").await, [["2", "1"]]);
    let orphan = oceanbase::Statement::act("INSERT INTO ring_a VALUES (5,55)");
    assert_eq!(session.run(&orphan).await.expect_err("no such parent").number(), Some(1452));
    session.close().await;
}

#[tokio::test]
async fn tables_of_a_mariadb_come_into_a_seekdb() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    let statements = [
        "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
        "CREATE TABLE `Orders` (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL DEFAULT 'it''s', d DECIMAL(20,5), \
         f FLOAT, o DOUBLE, v VARBINARY(20), e ENUM('a''b','c'), t TEXT, dt DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6), ts TIMESTAMP NULL, \
         UNIQUE KEY un (name), KEY kd (d)) COMMENT 'who; buys'",
        "INSERT INTO `Orders` SELECT seq, CONCAT('n', seq), seq / 7, seq / 3, seq / 9, UNHEX(LPAD(HEX(seq), 8, '0')), 'a''b', '中\\n;', \
         '2024-02-30 01:02:03.000004', '2024-01-01 00:00:00' FROM seq_1_to_1500",
        "CREATE TABLE `lines` (o BIGINT, n INT, PRIMARY KEY (o, n), \
         CONSTRAINT lines_o FOREIGN KEY (o) REFERENCES `Orders` (id) ON DELETE CASCADE)",
        "INSERT INTO `lines` SELECT seq, seq % 3 FROM seq_1_to_100",
        "CREATE TABLE parts (a INT PRIMARY KEY) PARTITION BY HASH (a) PARTITIONS 3",
        "INSERT INTO parts SELECT seq FROM seq_1_to_50",
        "CREATE SQL SECURITY INVOKER VIEW big AS SELECT o.id, o.name FROM `Orders` o JOIN `lines` l ON l.o = o.id WHERE o.d > 1",
    ];
    maria.database("d_moving", &statements).await;
    maria.dump("moving", &["d_moving"], ChunkAim { rows: Some(400), ..ChunkAim::default() }).await;
    seekdb.no_database("d_moved");
    let target = maria.beside(&seekdb);
    let notes = target.load("moving", &[("d_moving", "d_moved")]).await;
    let told: Vec<&str> = notes.iter().map(|note| note.id.as_str()).collect();
    assert_eq!(told, ["load-view-security-left-out"]);
    let (mut from, mut to) = (maria.session().await, seekdb.session().await);
    let sums = |database: &str| {
        let values = "id, name, d, HEX(v), e, HEX(t), dt, ts";
        format!("SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', {values}))) FROM {database}.`Orders`")
    };
    assert_eq!(query(&mut from, &sums("d_moving")).await, query(&mut to, &sums("d_moved")).await);
    let big = |database: &str| format!("SELECT COUNT(*) FROM {database}.big");
    assert_eq!(query(&mut from, &big("d_moving")).await, query(&mut to, &big("d_moved")).await);
    let orphan = oceanbase::Statement::act("INSERT INTO d_moved.`lines` VALUES (9999,1)");
    assert_eq!(to.run(&orphan).await.expect_err("no such parent").number(), Some(1452));
    let keys = "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics \
                WHERE table_schema = 'd_moved' AND table_name = 'orders'";
    assert_eq!(query(&mut to, keys).await, [["3"]]);
    from.close().await;
    to.close().await;
}

/// T16: seekdb knows `utf8mb4` and `binary` only, others more.
#[tokio::test]
async fn t16_texts_of_other_character_sets_are_kept_where_the_server_knows_them_and_refused_where_not() {
    let (maria, seekdb) = (Bed::mariadb(), Bed::shared());
    let statements = [
        "CREATE TABLE sets (id INT PRIMARY KEY, l VARCHAR(20) CHARACTER SET latin1 DEFAULT 'é', g VARCHAR(20) CHARACTER SET gbk, \
         u VARCHAR(20) CHARACTER SET utf16, s VARCHAR(20) CHARACTER SET ucs2, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci) \
         DEFAULT CHARACTER SET latin1",
        "INSERT INTO sets VALUES (1,'é€','中文','😀','ж','Straße'),(2,'','','','',''),(3,NULL,NULL,NULL,NULL,NULL)",
        "INSERT INTO sets (id) VALUES (4)",
        "CREATE TABLE named (k VARCHAR(20) CHARACTER SET gbk PRIMARY KEY)",
        "INSERT INTO named SELECT CONCAT(ELT(seq % 3 + 1, '中', '文', 'a'), seq) FROM seq_1_to_900",
    ];
    maria.database("d_sets", &statements).await;
    maria.no_database("d_sets_2");
    maria.dump("sets", &["d_sets"], ChunkAim { rows: Some(200), ..ChunkAim::default() }).await;
    maria.load("sets", &[("d_sets", "d_sets_2")]).await;
    same(&maria, "d_sets", "d_sets_2").await;
    let mut session = maria.session().await;
    let bytes = |database: &str| {
        format!("SELECT HEX(l), HEX(g), HEX(u), HEX(s), HEX(k) FROM {database}.sets ORDER BY id")
    };
    let expected = query(&mut session, &bytes("d_sets")).await;
    assert_eq!(query(&mut session, &bytes("d_sets_2")).await, expected);
    assert_eq!(expected[0][0], "E980", "one byte each");
    session.close().await;

    seekdb.no_database("d_sets_3");
    let (target, dump): (_, DumpId) = (maria.beside(&seekdb), "sets".parse().expect("an id"));
    let options = load_options(&[("d_sets", "d_sets_3")]);
    let refused = create_schema(&target.source(), &target.client, &dump, &options).await;
    let told = format!("{:?}", refused.expect_err("no such character set"));
    assert!(told.contains("create the table `d_sets_3`.") && told.contains("character set"), "{told}");
}

#[tokio::test]
async fn a_counter_is_cut_by_its_numbers_and_a_key_with_large_gaps_by_its_rows() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE counted (k BIGINT PRIMARY KEY, t VARCHAR(1000))",
        "INSERT INTO counted SELECT CAST(seq AS SIGNED) - 900, REPEAT('x', 1000) FROM seq_0_to_4499 WHERE seq % 3 < 2",
        "CREATE TABLE sparse LIKE counted",
        "INSERT INTO sparse SELECT * FROM counted",
        "INSERT INTO sparse VALUES (1000000000000000, 'far')",
        "ANALYZE TABLE counted, sparse",
    ];
    bed.database("d_numbers", &statements).await;
    let manifest = bed.dump("numbers", &["d_numbers"], ChunkAim { bytes: 1 << 20, rows: None }).await;
    let rows: Vec<Vec<u64>> =
        manifest.tables().map(|(_, table)| table.pieces.iter().map(|piece| piece.rows).collect()).collect();
    assert_eq!((rows[0][0], rows[0][1]), (86, 85), "of 128 numbers: {rows:?}");
    assert_eq!((rows[1][0], rows[1][1]), (128, 128), "{rows:?}");
    assert_eq!(rows.iter().map(|pieces| pieces.iter().sum()).collect::<Vec<u64>>(), [3000, 3001]);
    bed.no_database("d_numbers_2");
    bed.load("numbers", &[("d_numbers", "d_numbers_2")]).await;
    same(&bed, "d_numbers", "d_numbers_2").await;
}

#[tokio::test]
async fn a_dump_of_nothing_but_a_table_without_snapshots_is_refused_before_the_first_byte() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE old (a INT PRIMARY KEY) ENGINE=MyISAM",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
    ];
    bed.database("d_isam", &statements).await;
    let options = Options { selection: selection(&["d_isam"]), ..Options::default() };
    let found = dump::preflight(&bed.source(), &options.selection, &options.consent, 4).await;
    let found = found.expect("a preflight");
    assert_eq!(found.problems.len(), 1);
    assert!(!found.left_out.iter().any(|object| object.kind == ObjectKind::Events), "{:?}", found.left_out);
    let error = bed.dump_with(&"isam".parse().expect("an id"), &options).await.expect_err("refused");
    let told = error.problem().to_string();
    assert!(told.contains("`d_isam`.`old`") && told.contains("MyISAM"), "{told}");
    assert!(bed.client.list("").await.expect("a list").is_empty());
}

/// MariaDB prints `?` for such a character in every definition, to its own tools too.
#[tokio::test]
async fn rows_keep_members_with_hidden_names_and_a_note_reports_it() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE e (id INT PRIMARY KEY, a ENUM('😀','b'), s SET('x','😀y'), plain ENUM('c'))",
        "INSERT INTO e VALUES (1,'😀','x,😀y','c'),(2,'b','😀y',NULL)",
    ];
    bed.database("d_members", &statements).await;
    bed.no_database("d_members_2");
    let manifest = bed.dump("members", &["d_members"], ChunkAim::default()).await;
    let told = manifest.notes.iter().filter(|note| note.id == "dump-members-questionable");
    assert_eq!(told.count(), 2, "{:?}", manifest.notes);
    bed.load("members", &[("d_members", "d_members_2")]).await;
    let mut session = bed.session().await;
    let numbers = query(&mut session, "SELECT a+0, s+0, plain+0 FROM d_members_2.e ORDER BY id").await;
    assert_eq!(numbers, [["1", "3", "1"], ["2", "2", "NULL"]]);
    session.close().await;
}

/// MariaDB prints `?` for these bytes in every definition, whatever form the values have.
#[tokio::test]
async fn a_table_whose_members_are_hidden_bytes_is_left_out() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE bytes (id INT PRIMARY KEY, a ENUM(0xFF,0xFE,'a') CHARACTER SET binary)",
        "CREATE TABLE bytes_and_empty (id INT PRIMARY KEY, s SET(0xC3,'b','') CHARACTER SET binary)",
        "CREATE TABLE shown (id INT PRIMARY KEY, a ENUM('é','a') CHARACTER SET binary)",
        "INSERT INTO shown VALUES (1,1),(2,2)",
    ];
    bed.database("d_bytes", &statements).await;
    bed.no_database("d_bytes_2");
    let manifest = bed.dump("bytes", &["d_bytes"], ChunkAim::default()).await;
    let lost = manifest.left_out.iter().filter(|object| object.kind == ObjectKind::Tables);
    let mut lost: Vec<_> = lost.map(|object| (object.reason.id.as_str(), object.name.as_str())).collect();
    lost.sort_unstable();
    let id = "dump-members-hidden";
    assert_eq!(lost, [(id, "`d_bytes`.`bytes_and_empty`"), (id, "`d_bytes`.`bytes`")]);
    bed.load("bytes", &[("d_bytes", "d_bytes_2")]).await;
    let mut session = bed.session().await;
    let found = query(&mut session, "SELECT HEX(a) FROM d_bytes_2.shown ORDER BY id").await;
    assert_eq!(found, [["C3A9"], ["61"]]);
    session.close().await;
}

#[tokio::test]
async fn a_dump_that_lost_its_connections_starts_over() {
    let bed = Bed::mariadb();
    bed.database("d_lost", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    let options = Options { selection: selection(&["d_lost"]), ..Options::default() };
    let (dump, source): (DumpId, _) = ("lost".parse().expect("an id"), bed.source());
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
    snapshot.release().await;
    let error = dump::resume_snapshot(&source, &bed.client, &dump, &options).await.err().expect("it is gone");
    assert!(matches!(error, Error::SnapshotLost { .. }) && error.must_restart(), "{error:?}");
    assert!(error.problem().to_string().contains("lost"), "{}", error.problem());
}

#[tokio::test]
async fn a_missing_lock_privilege_is_reported() {
    let bed = Bed::mariadb();
    bed.database("d_rights", &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    let mut session = bed.session().await;
    for sql in ["CREATE USER weak IDENTIFIED BY 'x'", "GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO weak"] {
        run(&mut session, sql).await;
    }
    let mut source = bed.source();
    source.endpoint.user = "weak".to_owned();
    source.endpoint.password = model::Secret::new("x");
    let options = Options { selection: selection(&["d_rights"]), ..Options::default() };
    let found = dump::preflight(&source, &options.selection, &options.consent, 4).await;
    let found = found.expect("a preflight");
    let told: Vec<String> = found.notes.iter().map(|note| format!("{:?}", note.args)).collect();
    assert!(told.iter().any(|note| note.contains("RELOAD")), "{told:?}");
    let dump: DumpId = "rights".parse().expect("an id");
    let error =
        dump::take_snapshot(&source, &bed.client, &dump, &options).await.err().expect("no right to lock");
    assert!(format!("{error:?}").contains("1227"), "{error:?}");
    run(&mut session, "GRANT RELOAD ON *.* TO weak").await;
    let snapshot = dump::take_snapshot(&source, &bed.client, &dump, &options).await.expect("a snapshot");
    snapshot.release().await;
    session.close().await;
}

#[tokio::test]
async fn a_dump_of_a_seekdb_is_refused_by_a_mariadb_before_anything_is_made() {
    let (seekdb, maria) = (Bed::shared(), Bed::mariadb());
    seekdb.database("d_wrong_way", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    seekdb.dump("wrong-way", &["d_wrong_way"], ChunkAim::default()).await;
    maria.no_database("d_wrong_way");
    let (target, dump): (_, DumpId) = (seekdb.beside(&maria), "wrong-way".parse().expect("an id"));
    let refused = create_schema(&target.source(), &target.client, &dump, &load::Options::default()).await;
    let error = refused.expect_err("it is no OceanBase");
    assert!(matches!(error, Error::TargetUnfit { .. }), "{error:?}");
    let mut session = maria.session().await;
    assert_eq!(query(&mut session, "SHOW DATABASES LIKE 'd\\_wrong\\_way'").await.len(), 0);
    session.close().await;
}

#[tokio::test]
async fn a_database_is_dumped_whatever_oceanbase_calls_its_own() {
    let bed = Bed::mariadb();
    let own = ["lbacsys", "oceanbase", "ocs", "oraauditor"];
    for name in own {
        bed.database(name, &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    }
    let manifest = bed.dump("own", &own, ChunkAim::default()).await;
    let names: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, own);
    assert_eq!(manifest.totals.rows, 4);
}

#[tokio::test]
async fn a_database_with_a_system_name_in_capitals_is_dumped() {
    let bed = Bed::mariadb();
    let own = ["MySQL", "SYS"];
    for name in own {
        bed.database(name, &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    }
    let manifest = bed.dump("capitals", &own, ChunkAim::default()).await;
    let mut names: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, own);
    assert_eq!(manifest.totals.rows, 2);
    own.iter().for_each(|name| bed.no_database(name));
}

#[tokio::test]
async fn code_of_databases_whose_names_are_similar_is_not_mixed() {
    let bed = Bed::mariadb();
    let names = ["d_Alike", "d_alike", "d_aliké"];
    for name in names {
        let statements = [
            "CREATE TABLE t (a INT PRIMARY KEY)".to_owned(),
            format!("CREATE PROCEDURE `p_{name}`() SELECT 1"),
            format!("CREATE TRIGGER `tr_{name}` BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"),
            format!("CREATE EVENT `ev_{name}` ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1"),
        ];
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        bed.database(name, &statements).await;
    }
    let manifest = bed.dump("alike", &names, ChunkAim::default()).await;
    for entry in &manifest.databases {
        let mut code: Vec<&str> = entry.code.iter().map(|object| object.name.as_str()).collect();
        code.sort_unstable();
        let expected = ["ev", "p", "tr"].map(|kind| format!("{kind}_{}", entry.name));
        assert_eq!(code, expected, "{}", entry.name);
    }
    assert_eq!(manifest.databases.len(), names.len());
    assert!(!manifest.is_partial(), "{:?}", manifest.left_out);
}

/// Columns of older servers have another format, which the server shows as a comment.
#[tokio::test]
async fn dates_and_times_in_an_old_format_are_dumped() {
    let bed = Bed::mariadb();
    let statements = [
        "SET GLOBAL mysql56_temporal_format = OFF",
        "CREATE TABLE old (id INT PRIMARY KEY, a DATETIME(3) DEFAULT '2024-01-01 00:00:00.5' COMMENT 'it''s', b TIME(2) NOT NULL, \
         c TIMESTAMP(6) NULL, d DATETIME, KEY ka (a))",
        "INSERT INTO old VALUES (1,'2024-02-03 04:05:06.789','-100:01:02.03','2024-02-03 04:05:06.789012','0000-00-00'),(2,NULL,0,NULL,NULL)",
        "SET GLOBAL mysql56_temporal_format = ON",
    ];
    bed.database("d_old_times", &statements).await;
    bed.no_database("d_old_times_2");
    let mut session = bed.session().await;
    let shown = query(&mut session, "SHOW CREATE TABLE d_old_times.old").await;
    assert!(shown[0][1].contains("datetime(3) /* mariadb-5.3 */ DEFAULT"), "{shown:?}");
    let manifest = bed.dump("old-times", &["d_old_times"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    bed.load("old-times", &[("d_old_times", "d_old_times_2")]).await;
    let rows = |database: &str| format!("SELECT * FROM {database}.old ORDER BY id");
    let expected = query(&mut session, &rows("d_old_times")).await;
    assert_eq!(expected[0][1..3], ["2024-02-03 04:05:06.789", "-100:01:02.03"]);
    assert_eq!(query(&mut session, &rows("d_old_times_2")).await, expected);
    let restored = query(&mut session, "SHOW CREATE TABLE d_old_times_2.old").await;
    assert_eq!(restored[0][1], shown[0][1].replace(" /* mariadb-5.3 */", ""));
    session.close().await;
}

/// MariaDB runs the functions of such a view even for `LIMIT 0`.
#[tokio::test]
async fn a_dump_runs_no_function_of_a_view() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE log (a INT)",
        "CREATE SEQUENCE s NOCACHE",
        "CREATE FUNCTION f() RETURNS INT BEGIN INSERT INTO log VALUES (1); RETURN 1; END",
        "CREATE VIEW drawn AS SELECT NEXTVAL(s) AS n",
        "CREATE VIEW written AS SELECT * FROM (SELECT f() AS n LIMIT 1) q",
        "CREATE TABLE gone (a INT)",
        "CREATE VIEW broken AS SELECT a FROM gone",
        "DROP TABLE gone",
    ];
    bed.database("d_views_run", &statements).await;
    let manifest = bed.dump("views-run", &["d_views_run"], ChunkAim::default()).await;
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, "SELECT COUNT(*) FROM d_views_run.log").await, [["0"]]);
    assert_eq!(query(&mut session, "SELECT NEXTVAL(d_views_run.s)").await, [["1"]]);
    session.close().await;
    assert_eq!(manifest.databases[0].views, ["broken", "drawn", "written"]);
    let silent: Vec<&str> = manifest
        .notes
        .iter()
        .filter(|note| note.id == "dump-view-table-missing")
        .map(|note| note.args["view"].as_str())
        .collect();
    assert_eq!(silent, ["`d_views_run`.`broken`"]);
}

#[tokio::test]
async fn a_table_with_a_directory_of_its_own_is_created_in_the_default_one() {
    let bed = Bed::mariadb();
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().display();
    let statements = [
        format!("CREATE TABLE apart (a INT PRIMARY KEY) DATA DIRECTORY = '{directory}'"),
        format!(
            "CREATE TABLE parts (a INT PRIMARY KEY) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10) \
             DATA DIRECTORY = '{directory}' ENGINE = InnoDB, PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB)"
        ),
        "INSERT INTO apart VALUES (1),(2)".to_owned(),
        "INSERT INTO parts VALUES (1),(20)".to_owned(),
    ];
    bed.database("d_apart", &statements.each_ref().map(String::as_str)).await;
    bed.no_database("d_apart_2");
    let manifest = bed.dump("apart", &["d_apart"], ChunkAim::default()).await;
    assert_eq!(manifest.left_out, []);
    let noted = manifest.notes.iter().filter(|note| note.id == "dump-table-directory-left-out");
    let noted: Vec<&str> = noted.map(|note| note.args["table"].as_str()).collect();
    assert_eq!(noted, ["`d_apart`.`apart`", "`d_apart`.`parts`"]);
    bed.load("apart", &[("d_apart", "d_apart_2")]).await;
    let mut session = bed.session().await;
    for table in ["apart", "parts"] {
        let definition = query(&mut session, &format!("SHOW CREATE TABLE d_apart_2.{table}")).await;
        assert!(!definition[0][1].contains("DIRECTORY"), "{definition:?}");
        assert_eq!(query(&mut session, &format!("SELECT COUNT(*) FROM d_apart_2.{table}")).await, [["2"]]);
    }
    session.close().await;
    ["d_apart", "d_apart_2"].iter().for_each(|name| bed.no_database(name));
}

/// SHOW CREATE TABLE prints a `?` for a character of four bytes.
#[tokio::test]
async fn characters_of_four_bytes_in_defaults_are_dumped_and_in_members_named() {
    let bed = Bed::mariadb();
    let statements = [
        "CREATE TABLE known (id INT PRIMARY KEY, d VARCHAR(10) DEFAULT '😀', q VARCHAR(9) DEFAULT 'is it?')",
        "INSERT INTO known (id) VALUES (1)",
        "CREATE TABLE empty (id INT PRIMARY KEY, d VARCHAR(10) DEFAULT '😀')",
        "CREATE TABLE member (id INT PRIMARY KEY, e ENUM('😀', 'x'))",
        "INSERT INTO member VALUES (1, '😀'), (2, 'x')",
        "CREATE TABLE asked (id INT PRIMARY KEY, e ENUM('?', 'x') DEFAULT '?')",
        "INSERT INTO asked VALUES (1, '?'), (2, 'x')",
    ];
    bed.database("d_emoji", &statements).await;
    bed.no_database("d_emoji_2");
    let manifest = bed.dump("emoji", &["d_emoji"], ChunkAim::default()).await;
    let lost: Vec<&str> = manifest.left_out.iter().map(|lost| lost.name.as_str()).collect();
    assert_eq!(lost, ["`d_emoji`.`member`.`e`"]);
    let noted = manifest.notes.iter().any(|note| note.id == "dump-default-questionable");
    assert!(noted, "{:?}", manifest.notes);
    bed.load("emoji", &[("d_emoji", "d_emoji_2")]).await;
    let mut session = bed.session().await;
    run(&mut session, "INSERT INTO d_emoji_2.known (id) VALUES (2)").await;
    let rows = query(&mut session, "SELECT HEX(d), q FROM d_emoji_2.known ORDER BY id").await;
    assert_eq!(rows, [["F09F9880", "is it?"], ["F09F9880", "is it?"]]);
    assert_eq!(query(&mut session, "SELECT e + 0 FROM d_emoji_2.member ORDER BY id").await, [["1"], ["2"]]);
    assert_eq!(query(&mut session, "SELECT e FROM d_emoji_2.asked ORDER BY id").await, [["?"], ["x"]]);
    session.close().await;
}
