//! Traps of OceanBase dumps, one test each. Their IDs are those of our list of traps.

use dump::ChunkAim;

use crate::bed::{Bed, query, run};
use crate::compare::same;

/// Dumps a database, loads it under another name, and compares; returns the notes of the load.
pub(crate) async fn round_trip(name: &str, statements: &[&str]) -> (Bed, String, Vec<model::text::Text>) {
    let bed = Bed::shared();
    let (source, target) = (format!("d_trap_{name}"), format!("d_trap_{name}_2"));
    bed.database(&source, statements).await;
    bed.no_database(&target);
    let id = name.replace('_', "-");
    bed.dump(&id, &[&source], ChunkAim { rows: Some(2), ..ChunkAim::default() }).await;
    assert_eq!(bed.compare(&id, &[]).await.findings, [], "the dump holds what the source does");
    let notes = bed.load(&id, &[(&source, &target)]).await;
    same(&bed, &source, &target).await;
    (bed, target, notes)
}

/// Compares a column exactly: the printed values may lose information.
pub(crate) async fn same_values(name: &str, table: &str, key: &str, difference: &str) {
    let bed = Bed::shared();
    let mut session = bed.session().await;
    let sql = format!(
        "SELECT COUNT(*), SUM({difference}) FROM d_trap_{name}.{table} x JOIN d_trap_{name}_2.{table} y ON x.{key} = y.{key}"
    );
    let found = query(&mut session, &sql).await;
    assert_ne!(found[0][0], "0");
    assert_eq!(found[0][1].parse::<f64>().ok(), Some(0.0), "{found:?}");
    session.close().await;
}

#[tokio::test]
async fn t1_members_with_quotes_keep_them() {
    let long = "m".repeat(200);
    let table = format!(
        "CREATE TABLE e (id INT PRIMARY KEY, a ENUM('a','b''c','d,e','中文','\"x\"','\\\\y','{long}') NOT NULL DEFAULT 'b''c', \
         s SET('x''y','z','(') COLLATE utf8mb4_bin DEFAULT 'x''y,z' COMMENT 'it''s enum(\\'a\\')', o ENUM('a\\',\\'b') )"
    );
    let statements = [
        table.as_str(),
        "INSERT INTO e VALUES (1,'b''c','x''y,z','a\\',\\'b'),(2,'\\\\y','',NULL),(3,'d,e','(',NULL)",
        "INSERT INTO e (id) VALUES (4)",
    ];
    round_trip("members", &statements).await;
    same_values("members", "e", "id", "NOT (x.a+0 <=> y.a+0 AND x.s+0 <=> y.s+0 AND x.o+0 <=> y.o+0)").await;
}

#[tokio::test]
async fn t1_an_empty_member_is_not_no_member() {
    let statements = [
        "CREATE TABLE e (id INT PRIMARY KEY, a ENUM('','b'), s SET('b',''))",
        "SET sql_mode = ''",
        "INSERT INTO e VALUES (1,'',''),(2,0,0),(3,'b','b'),(4,NULL,NULL),(5,1,2)",
    ];
    round_trip("empty_member", &statements).await;
    same_values("empty_member", "e", "id", "NOT (x.a+0 <=> y.a+0 AND x.s+0 <=> y.s+0)").await;
}

#[tokio::test]
async fn t1_a_set_of_64_members_keeps_each_of_them() {
    let members: Vec<String> = (1..64).map(|place| format!("'k{place}'")).collect();
    let table = format!("CREATE TABLE e (id INT PRIMARY KEY, s SET('',{}))", members.join(","));
    let numbers = ["9007199254740993", "1152921504606846977", "9223372036854775808", "18446744073709551615"];
    let rows: Vec<String> = numbers.iter().map(|number| format!("({number} % 1000,{number})")).collect();
    let insert = format!("INSERT INTO e VALUES {}", rows.join(","));
    let (bed, target, _) = round_trip("long_set", &[&table, "SET sql_mode = ''", &insert]).await;
    let mut session = bed.session().await;
    let sql = format!("SELECT CAST(s AS UNSIGNED) FROM {target}.e ORDER BY 1");
    assert_eq!(query(&mut session, &sql).await, numbers.map(|number| [number]));
    session.close().await;
}

#[tokio::test]
async fn t1_members_keep_their_columns_when_these_were_added_or_moved_before_others() {
    let statements = [
        "CREATE TABLE moved (id INT PRIMARY KEY, e ENUM('a''b','c') DEFAULT 'c', n INT)",
        "INSERT INTO moved VALUES (1,'a''b',5)",
        "ALTER TABLE moved ADD COLUMN f SET('x','y''z') DEFAULT 'y''z' FIRST",
        "ALTER TABLE moved ADD COLUMN g ENUM('p','q\\\\r') DEFAULT 'p' AFTER id",
        "INSERT INTO moved VALUES ('x,y''z',2,'q\\\\r','c',6)",
    ];
    round_trip("moved", &statements).await;
    let values = "NOT (x.e+0 <=> y.e+0 AND x.f+0 <=> y.f+0 AND x.g+0 <=> y.g+0)";
    same_values("moved", "moved", "id", values).await;
}

#[tokio::test]
async fn t2_partition_values_with_quotes_keep_them() {
    let statements = [
        "CREATE TABLE l (a INT, b VARCHAR(10)) PARTITION BY LIST COLUMNS(b) \
         (PARTITION p0 VALUES IN ('a','b''b'), PARTITION p1 VALUES IN ('c','d\\\\'), PARTITION p2 VALUES IN (DEFAULT))",
        "CREATE TABLE l2 (a INT, b VARCHAR(10)) PARTITION BY LIST COLUMNS(a,b) \
         (PARTITION p0 VALUES IN ((1,'a'),(2,'b''b')), PARTITION p1 VALUES IN ((3,NULL)))",
        "CREATE TABLE r (a INT, b VARCHAR(10)) PARTITION BY RANGE COLUMNS(b) \
         (PARTITION p0 VALUES LESS THAN ('b''b'), PARTITION p1 VALUES LESS THAN (MAXVALUE))",
        "INSERT INTO l VALUES (1,'a'),(2,'b''b'),(3,'d\\\\'),(4,'zzz')",
        "INSERT INTO l2 VALUES (2,'b''b'),(3,NULL)",
        "INSERT INTO r VALUES (1,'b'),(2,'z')",
    ];
    let (bed, target, _) = round_trip("partitions", &statements).await;
    let mut session = bed.session().await;
    let found = query(&mut session, &format!("SELECT a FROM {target}.l PARTITION (p1)")).await;
    assert_eq!(found, [["3"]]);
    session.close().await;
}

#[tokio::test]
async fn t2_a_dump_of_nothing_but_sub_partition_values_with_quotes_is_refused_before_the_first_byte() {
    let bed = Bed::shared();
    let table = "CREATE TABLE s (a INT, b VARCHAR(10)) PARTITION BY RANGE(a) SUBPARTITION BY LIST COLUMNS(b) \
                 SUBPARTITION TEMPLATE (SUBPARTITION s0 VALUES IN ('a','b''b'), SUBPARTITION s1 VALUES IN (DEFAULT)) \
                 (PARTITION p0 VALUES LESS THAN (MAXVALUE))";
    bed.database("d_trap_sub", &[table]).await;
    let options = dump::Options { selection: crate::bed::selection(&["d_trap_sub"]), ..Default::default() };
    let error = bed.dump_with(&"sub".parse().expect("an id"), &options).await.expect_err("refused");
    assert!(error.problem().to_string().contains("`d_trap_sub`.`s`"), "{error:?}");
    assert!(bed.client.list("").await.expect("a list").is_empty());
    let preflight =
        dump::preflight(&bed.source(), &options.selection, &options.consent, 4).await.expect("a preflight");
    assert_eq!(preflight.problems.len(), 1);
}

#[tokio::test]
async fn t3_a_default_that_is_not_text_is_kept() {
    let statements = [
        "CREATE TABLE b (id INT PRIMARY KEY, b VARBINARY(100) DEFAULT 0x00FF27, c BINARY(3) DEFAULT 0xE28228, t BIT(2) DEFAULT b'10')",
        "INSERT INTO b (id) VALUES (1)",
    ];
    let (bed, target, _) = round_trip("binary_default", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, &format!("INSERT INTO {target}.b (id) VALUES (2)")).await;
    let found = query(&mut session, &format!("SELECT HEX(b), HEX(c), t+0 FROM {target}.b")).await;
    assert_eq!(found, vec![vec!["00FF27", "E28228", "2"]; 2]);
    session.close().await;
}

#[tokio::test]
async fn t4_foreign_keys_and_views_follow_the_new_name() {
    let statements = [
        "CREATE TABLE par (id INT PRIMARY KEY)",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT child_par FOREIGN KEY (p) REFERENCES par (id))",
        "CREATE VIEW v AS SELECT child.id FROM child JOIN par ON par.id = child.p WHERE child.p IN (SELECT id FROM par)",
        "INSERT INTO par VALUES (1),(2)",
        "INSERT INTO child VALUES (1,1),(2,2)",
    ];
    let (bed, target, _) = round_trip("renamed", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, "DROP DATABASE d_trap_renamed").await;
    assert_eq!(query(&mut session, &format!("SELECT id FROM {target}.v ORDER BY id")).await, [["1"], ["2"]]);
    let orphan = oceanbase::Statement::act(format!("INSERT INTO {target}.child VALUES (3,99)"));
    assert_eq!(session.run(&orphan).await.expect_err("no such parent").number(), Some(1452));
    session.close().await;
}

#[tokio::test]
async fn t4_names_of_other_databases_follow_theirs() {
    let bed = Bed::shared();
    bed.no_database("d_trap_far");
    bed.database("d_trap_near", &["CREATE TABLE n (id INT PRIMARY KEY)", "INSERT INTO n VALUES (1)"]).await;
    let far = [
        "CREATE TABLE f (id INT PRIMARY KEY, n INT, CONSTRAINT f_n FOREIGN KEY (n) REFERENCES d_trap_near.n (id))",
        "CREATE VIEW v AS SELECT f.id FROM f JOIN d_trap_near.n ON n.id = f.n",
        "INSERT INTO f VALUES (1,1)",
    ];
    bed.database("d_trap_far", &far).await;
    bed.dump("far", &["d_trap_near", "d_trap_far"], ChunkAim::default()).await;
    for name in ["d_trap_far_2", "d_trap_near_2"] {
        bed.no_database(name);
    }
    let notes = bed.load("far", &[("d_trap_near", "d_trap_near_2"), ("d_trap_far", "d_trap_far_2")]).await;
    assert_eq!(notes, []);
    let mut session = bed.session().await;
    for name in ["d_trap_far", "d_trap_near"] {
        run(&mut session, &format!("DROP DATABASE {name}")).await;
    }
    assert_eq!(query(&mut session, "SELECT id FROM d_trap_far_2.v").await, [["1"]]);
    session.close().await;
}

#[tokio::test]
async fn t6_foreign_keys_in_a_circle_are_made() {
    let statements = [
        "SET foreign_key_checks = 0",
        "CREATE TABLE a (id INT PRIMARY KEY, b INT, CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b (id))",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id))",
        "INSERT INTO a VALUES (1,1)",
        "INSERT INTO b VALUES (1,1)",
    ];
    round_trip("circle", &statements).await;
}

#[tokio::test]
async fn t7_details_of_the_full_definition_are_kept() {
    let statements = [
        "CREATE TABLE g (a INT, b INT, c VARCHAR(20), KEY kg (b) GLOBAL, UNIQUE KEY ug (a,b) GLOBAL, KEY ks (b) STORING (c), \
         KEY kf ((a+b)), FULLTEXT KEY ff (c) WITH PARSER ngram) PARTITION BY HASH(a) PARTITIONS 2",
        "INSERT INTO g VALUES (1,2,'some words'),(2,NULL,NULL),(3,NULL,'中文字')",
    ];
    round_trip("full_definition", &statements).await;
}

#[tokio::test]
async fn t8_physical_options_are_kept() {
    let statements = [
        "CREATE TABLE p (id INT PRIMARY KEY, t VARCHAR(99), KEY kp (t(10))) BLOCK_SIZE = 32768 COMPRESSION = 'none'",
        "INSERT INTO p VALUES (1,'x')",
    ];
    let (bed, target, _) = round_trip("physical", &statements).await;
    let mut session = bed.session().await;
    let found = query(&mut session, &format!("SHOW CREATE TABLE {target}.p")).await;
    assert!(found[0][1].contains("BLOCK_SIZE = 32768") && found[0][1].contains("'none'"), "{found:?}");
    session.close().await;
}

#[tokio::test]
async fn t10_partition_bounds_are_of_the_same_moment() {
    let statements = [
        "SET time_zone = '+08:00'",
        "CREATE TABLE t (at TIMESTAMP NOT NULL, id INT) PARTITION BY RANGE (UNIX_TIMESTAMP(at)) \
         (PARTITION p0 VALUES LESS THAN (UNIX_TIMESTAMP('2024-01-01 00:00:00')), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO t VALUES ('2023-12-31 23:59:59',1),('2024-01-01 00:00:00',2)",
    ];
    let (bed, target, _) = round_trip("bounds", &statements).await;
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, &format!("SELECT id FROM {target}.t PARTITION (p0)")).await, [["1"]]);
    session.close().await;
}

#[tokio::test]
async fn t12_invisible_columns_stay_invisible() {
    let statements = [
        "CREATE TABLE h (a INT PRIMARY KEY, d VARCHAR(10) INVISIBLE DEFAULT 'q')",
        "INSERT INTO h (a) VALUES (3)",
    ];
    let (bed, target, _) = round_trip("invisible", &statements).await;
    let mut session = bed.session().await;
    assert_eq!(query(&mut session, &format!("SELECT * FROM {target}.h")).await, [["3"]]);
    session.close().await;
}

#[tokio::test]
async fn t19_generated_columns_are_computed_again() {
    let statements = [
        "CREATE TABLE g (a INT PRIMARY KEY, b INT AS (a+1) VIRTUAL, c INT AS (a*2) STORED, \
         e DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
        "INSERT INTO g (a,e) VALUES (1,'2026-01-02 03:04:05'),(2,NULL)",
    ];
    let (bed, target, _) = round_trip("generated", &statements).await;
    let mut session = bed.session().await;
    let found = query(&mut session, &format!("SELECT a,b,c,e FROM {target}.g ORDER BY a")).await;
    assert_eq!(found, [["1", "2", "2", "2026-01-02 03:04:05"], ["2", "3", "4", "NULL"]]);
    session.close().await;
}

/// The server records the settings of the session with such a column, and SHOW CREATE TABLE does not show them.
#[tokio::test]
async fn t19_generated_columns_and_keys_keep_the_settings_that_they_were_created_under() {
    let statements = [
        "SET time_zone = '+08:00'",
        "CREATE TABLE z (id INT PRIMARY KEY, ts TIMESTAMP, s DATE AS (DATE(ts)) STORED, v DATE AS (DATE(ts)) VIRTUAL, \
         UNIQUE KEY k (s), KEY f ((HOUR(ts))))",
        "INSERT INTO z (id, ts) VALUES (1, '2024-01-07 01:30:00'), (2, '2024-02-07 23:30:00')",
        "SET time_zone = '+00:00', sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,NO_UNSIGNED_SUBTRACTION'",
        "CREATE TABLE m (id INT UNSIGNED PRIMARY KEY, c CHAR(10), p VARCHAR(20) AS (CONCAT(c, '|')) STORED, \
         n INT AS (id - 5) STORED)",
        "INSERT INTO m (id, c) VALUES (1, 'x'), (9, NULL)",
    ];
    let (bed, target, _) = round_trip("settings", &statements).await;
    let mut session = bed.session().await;
    for sql in ["SELECT id, s, v FROM {}.z ORDER BY id", "SELECT id, p, n FROM {}.m ORDER BY id"] {
        let [source, copy] = ["d_trap_settings", target.as_str()].map(|name| sql.replace("{}", name));
        assert_eq!(query(&mut session, &copy).await, query(&mut session, &source).await);
    }
    let found = query(&mut session, &format!("SELECT s, v FROM {target}.z WHERE id = 1")).await;
    assert_eq!(found, [["2024-01-07", "2024-01-07"]]);
    // Rows that are written later, too, and through the functional key.
    run(&mut session, "SET time_zone = '+00:00'").await;
    run(&mut session, &format!("INSERT INTO {target}.z (id, ts) VALUES (3, '2024-03-01 20:00:00')")).await;
    let found = query(&mut session, &format!("SELECT s FROM {target}.z WHERE id = 3")).await;
    assert_eq!(found, [["2024-03-02"]]);
    let recorded = "SELECT COUNT(DISTINCT c.column_name, c.local_session_vars), COUNT(DISTINCT c.column_name), COUNT(*) \
                    FROM oceanbase.__all_column c \
                    JOIN oceanbase.__all_table t ON t.table_id = c.table_id \
                    JOIN oceanbase.__all_database d ON d.database_id = t.database_id \
                    WHERE d.database_name LIKE 'd_trap_settings%' AND t.table_name = 'z' AND t.table_type = 3 \
                    AND c.local_session_vars IS NOT NULL";
    assert_eq!(query(&mut session, recorded).await, [["3", "3", "6"]], "the same in both tables");
    session.close().await;
}

#[tokio::test]
async fn t19_generated_columns_with_settings_that_no_session_can_have_are_named() {
    let bed = Bed::shared();
    let statements = [
        "SET time_zone = '+08:00'",
        "CREATE TABLE x (ts TIMESTAMP, a DATE AS (DATE(ts)) VIRTUAL)",
        "SET time_zone = '-03:30'",
        "ALTER TABLE x ADD COLUMN b DATE AS (DATE(ts)) VIRTUAL",
    ];
    bed.database("d_trap_mixed", &statements).await;
    let manifest = bed.dump("mixed", &["d_trap_mixed"], ChunkAim::default()).await;
    let named: Vec<_> = manifest.left_out.iter().map(|object| (object.kind, object.name.as_str())).collect();
    assert_eq!(named, [(model::inventory::ObjectKind::GeneratedValues, "`d_trap_mixed`.`x`")]);
}

#[tokio::test]
async fn t20_values_of_invisible_columns_are_kept() {
    let statements = [
        "CREATE TABLE h (a INT PRIMARY KEY, d VARCHAR(10) INVISIBLE DEFAULT 'q')",
        "INSERT INTO h (a,d) VALUES (1,'hidden'),(2,NULL)",
        "INSERT INTO h (a) VALUES (3)",
    ];
    let (bed, target, _) = round_trip("hidden", &statements).await;
    let mut session = bed.session().await;
    let found = query(&mut session, &format!("SELECT a,d FROM {target}.h ORDER BY a")).await;
    assert_eq!(found, [["1", "hidden"], ["2", "NULL"], ["3", "q"]]);
    session.close().await;
}

#[tokio::test]
async fn t15_views_are_made_in_their_order_and_those_that_do_not_answer_are_kept() {
    let statements = [
        "CREATE TABLE t (id INT PRIMARY KEY, x INT)",
        "CREATE TABLE gone (id INT PRIMARY KEY)",
        "CREATE VIEW broken AS SELECT id FROM gone",
        "DROP TABLE gone",
        "CREATE VIEW z AS SELECT id FROM t WHERE x > 1 WITH CHECK OPTION",
        "CREATE VIEW m AS SELECT id FROM z",
        "CREATE VIEW a AS SELECT id FROM m UNION SELECT id FROM z",
        "CREATE VIEW `d_trap_views` AS SELECT `t`.`id` AS `d_trap_views` FROM t",
        "INSERT INTO t VALUES (1,1),(2,2)",
    ];
    let (_, _, notes) = round_trip("views", &statements).await;
    assert_eq!(notes.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["load-view-refused"]);
    assert_eq!(notes[0].args["view"], "`d_trap_views_2`.`broken`");
}

#[tokio::test]
async fn t17_floats_keep_every_bit() {
    let statements = [
        "CREATE TABLE f (id INT PRIMARY KEY, f FLOAT, d DOUBLE, a ARRAY(FLOAT), m ARRAY(DOUBLE))",
        "INSERT INTO f VALUES (1,16777216,1.7976931348623157e308,'[1.1,2.2]','[1.1]'),\
         (2,1.2345678,-2.2250738585072014e-308,'[]',NULL),(3,3.402823466e38,0.1,NULL,'[]'),\
         (4,1.4e-45,5e-324,NULL,NULL),(5,-0.0,1e22,NULL,NULL),(6,NULL,NULL,NULL,NULL)",
    ];
    round_trip("floats", &statements).await;
    same_values("floats", "f", "id", "NOT (x.f <=> y.f AND x.d <=> y.d)").await;
}

#[tokio::test]
async fn t18_vectors_keep_every_bit() {
    let statements = [
        "CREATE TABLE f (id INT PRIMARY KEY, v VECTOR(3))",
        "INSERT INTO f VALUES (1,'[0.123456789,1e-10,123456.789]'),(2,'[-3.402823466e38,1.17549435e-38,0]'),(3,NULL),(4,'[1,2,3]')",
    ];
    round_trip("vectors", &statements).await;
    same_values("vectors", "f", "id", "COALESCE(l2_distance(x.v, y.v), 0)").await;
}

#[tokio::test]
async fn t21_bytes_of_every_kind_are_kept() {
    let statements = [
        "CREATE TABLE b (id INT PRIMARY KEY, t BIT(64), f BINARY(4), v VARBINARY(300), l LONGBLOB)",
        "INSERT INTO b VALUES (1,b'1',0x61,'',0x00FF27220A5C0D1A),\
         (2,0xFFFFFFFFFFFFFFFF,0x61620000,0xE28228,''),(3,NULL,NULL,NULL,NULL)",
    ];
    round_trip("bytes", &statements).await;
}

#[tokio::test]
async fn t22_shapes_are_kept() {
    let statements = [
        "CREATE TABLE s (id INT PRIMARY KEY, g GEOMETRY, p POINT)",
        "INSERT INTO s VALUES (1,ST_GeomFromText('POINT(1 2)'),ST_GeomFromText('POINT(3 4)')),\
         (2,ST_GeomFromText('LINESTRING(0 0,1 1)'),NULL),(3,NULL,NULL)",
    ];
    round_trip("shapes", &statements).await;
}

#[tokio::test]
async fn t23_documents_maps_and_sparse_vectors_are_kept() {
    let statements = [
        "CREATE TABLE j (id INT PRIMARY KEY, j JSON, m MAP(INT,INT), s SPARSEVECTOR, a ARRAY(ARRAY(INT)))",
        "INSERT INTO j VALUES (1,'{\"b\": [1, null, \"it\\'s \\\\\\\\ \\\\n\"], \"a\": 1.5}','{1:2}','{1:0.5}','[[1,2],[]]'),\
         (2,'123456789012345678901234567890.12',NULL,NULL,NULL),(3,'null',NULL,NULL,NULL),(4,NULL,NULL,NULL,NULL),(5,'\"\\\\u4e2d\"',NULL,NULL,NULL)",
    ];
    round_trip("documents", &statements).await;
}

#[tokio::test]
async fn t24_dates_that_strict_modes_refuse_are_kept() {
    let statements = [
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "CREATE TABLE d (id INT PRIMARY KEY, d DATE, t DATETIME(6), s TIMESTAMP(6) NULL, y YEAR)",
        "INSERT INTO d VALUES (1,'0000-00-00','0000-00-00','0000-00-00','0000'),(2,'2024-02-30','2024-00-10 01:02:03.000004',NULL,'1901'),\
         (3,'9999-12-31','9999-12-31 23:59:59.999999',NULL,'2155'),(4,NULL,NULL,NULL,NULL)",
    ];
    round_trip("dates", &statements).await;
}

#[tokio::test]
async fn t26_times_and_moments_of_another_zone_are_kept() {
    let statements = [
        "SET time_zone = '+08:00'",
        "CREATE TABLE m (id INT PRIMARY KEY, s TIMESTAMP(6) NULL, i TIME(6))",
        "INSERT INTO m VALUES (1,'2038-01-19 11:14:07.999999','-838:59:59'),(2,'1970-01-01 08:00:01','838:59:58.999999'),\
         (3,NULL,'00:00:00.000001')",
    ];
    let (bed, target, _) = round_trip("moments", &statements).await;
    let mut session = bed.session().await;
    let found = query(&mut session, &format!("SELECT s FROM {target}.m WHERE id = 2")).await;
    assert_eq!(found, [["1970-01-01 00:00:01.000000"]], "in UTC");
    session.close().await;
}

#[tokio::test]
async fn t25_a_zero_in_a_counted_column_is_kept() {
    let statements = [
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "CREATE TABLE a (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, n INT) AUTO_INCREMENT = 5000",
        "INSERT INTO a VALUES (0,1),(7,2),(18446744073709551614,3)",
    ];
    round_trip("zero", &statements).await;
}

#[tokio::test]
async fn t28_the_next_number_is_kept() {
    let statements = [
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "CREATE TABLE k (a INT AUTO_INCREMENT, b INT, KEY (a)) AUTO_INCREMENT = 77",
        "INSERT INTO k VALUES (0,0),(5,5)",
    ];
    let (bed, target, _) = round_trip("numbers", &statements).await;
    let mut session = bed.session().await;
    run(&mut session, &format!("INSERT INTO {target}.k (b) VALUES (9)")).await;
    let next = query(&mut session, &format!("SELECT a FROM {target}.k WHERE b = 9")).await;
    assert!(next[0][0].parse::<u64>().expect("a number") >= 77, "{next:?}");
    session.close().await;
}

#[tokio::test]
async fn t29_a_value_larger_than_a_statement_is_kept() {
    let statements = [
        "CREATE TABLE b (id INT PRIMARY KEY, t LONGTEXT, l LONGBLOB)",
        "INSERT INTO b VALUES (1,REPEAT('x\\'',1500000),REPEAT(0x00FF,1500000)),(2,'a',''),(3,REPEAT('中',2000000),NULL)",
    ];
    round_trip("large", &statements).await;
}

#[tokio::test]
async fn checks_and_comments_are_kept() {
    let statements = [
        "CREATE TABLE c (a INT COMMENT 'it''s; \\\\ \\n x', b VARCHAR(10), CONSTRAINT c1 CHECK (a > 0) NOT ENFORCED, \
         CHECK (b <> 'it''s;')) COMMENT 'it''s; \\\\ \\n y'",
        "INSERT INTO c VALUES (-5,'x;\\n')",
    ];
    round_trip("checks", &statements).await;
}

#[tokio::test]
async fn names_of_every_kind_are_kept() {
    let statements = [
        "CREATE TABLE `a``b c/d.e%` (`x``;y` INT PRIMARY KEY, `select` INT, `中` INT, UNIQUE KEY `k ``;` (`select`))",
        "INSERT INTO `a``b c/d.e%` VALUES (1,2,3),(2,3,4),(3,4,5)",
        "CREATE TABLE `..` (`'` INT, `\"` INT)",
        "INSERT INTO `..` VALUES (1,2)",
        "CREATE TABLE `订单` (`数量` INT, PRIMARY KEY (`数量`))",
        "INSERT INTO `订单` VALUES (5)",
    ];
    round_trip("names", &statements).await;
}

#[tokio::test]
async fn sub_partitions_and_every_kind_of_partition_are_kept() {
    let statements = [
        "CREATE TABLE s (a INT, b INT, PRIMARY KEY (a,b)) PARTITION BY RANGE(a) SUBPARTITION BY HASH(b) SUBPARTITIONS 2 \
         (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE k (a VARCHAR(9), b INT) PARTITION BY KEY(a) PARTITIONS 3",
        "CREATE TABLE x (a INT, b INT) PARTITION BY RANGE(a) SUBPARTITION BY LIST(b) \
         (PARTITION p0 VALUES LESS THAN (10) (SUBPARTITION x0 VALUES IN (1,2), SUBPARTITION x1 VALUES IN (3)), \
          PARTITION p1 VALUES LESS THAN (20) (SUBPARTITION x2 VALUES IN (1)))",
        "INSERT INTO s VALUES (1,1),(1,2),(2,1),(15,1),(15,2),(16,7)",
        "INSERT INTO k VALUES ('a',1),('b',2),(NULL,3),('b',2)",
        "INSERT INTO x VALUES (1,1),(2,3),(15,1)",
    ];
    round_trip("kinds", &statements).await;
}
