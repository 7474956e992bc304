//! The catalogue of the real kernel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oceanbase::catalog::{self, TableKind};
use oceanbase::{NoWitness, Session, Statement};

use crate::seekdb;

async fn database(name: &str, statements: &[&str]) -> Session {
    seekdb::server().fresh_database(name).expect("a database");
    let mut session = Session::open(&seekdb::endpoint(), Arc::new(NoWitness)).await.expect("seekdb answers");
    run(&mut session, &format!("USE {name}")).await;
    for statement in statements {
        run(&mut session, statement).await;
    }
    session
}

async fn run(session: &mut Session, sql: &str) {
    if let Err(error) = session.run(&Statement::act(sql)).await {
        panic!("{sql}: {error}");
    }
}

#[tokio::test]
async fn everything_that_a_database_holds_is_listed() {
    let statements = [
        "CREATE TABLE par (id INT PRIMARY KEY)",
        "CREATE TABLE t (a INT, b VARCHAR(20), c INT AS (a+1) VIRTUAL, d INT AS (a+2) STORED, p INT, e VARBINARY(3), \
         h INT INVISIBLE, PRIMARY KEY (b, a), KEY kp (p), CONSTRAINT t_par FOREIGN KEY (p) REFERENCES par (id))",
        "CREATE TABLE parts (a INT) PARTITION BY HASH(a) PARTITIONS 2",
        "CREATE TABLE subs (a INT, b INT) PARTITION BY RANGE(a) SUBPARTITION BY HASH(b) SUBPARTITIONS 2 \
         (PARTITION p0 VALUES LESS THAN MAXVALUE)",
        "CREATE VIEW v AS SELECT id FROM par",
    ];
    let mut session = database("o_catalog", &statements).await;
    let databases = catalog::databases(&mut session).await.expect("databases");
    assert!(databases.contains(&"o_catalog".to_owned()));
    assert!(
        !databases.iter().any(|name| catalog::is_system_database(session.server(), name, None)),
        "{databases:?}"
    );
    let tables = catalog::tables(&mut session, "o_catalog").await.expect("tables");
    let kinds: Vec<_> = tables.iter().map(|table| (table.name.as_str(), table.kind.clone())).collect();
    let base = TableKind::Base;
    let expected = [
        ("par", base.clone()),
        ("parts", base.clone()),
        ("subs", base.clone()),
        ("t", base),
        ("v", TableKind::View),
    ];
    assert_eq!(kinds, expected);
    let columns = catalog::columns(&mut session, "o_catalog").await.expect("columns");
    let shown: Vec<_> = columns["t"].iter().map(|column| (column.name.as_str(), column.generated)).collect();
    assert_eq!(
        shown,
        [("a", false), ("b", false), ("c", true), ("d", true), ("p", false), ("e", false), ("h", false)],
        "invisible columns too"
    );
    assert_eq!(columns["t"][1].column_type, "varchar(20)");
    assert_eq!(columns["t"][1].character_set.as_deref(), Some("utf8mb4"));
    let keys = catalog::primary_keys(&mut session, "o_catalog").await.expect("keys");
    assert_eq!(keys["t"].iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert!(!keys.contains_key("parts"));
    let partitions = catalog::partitions(&mut session, "o_catalog").await.expect("partitions");
    assert_eq!(partitions["parts"], ["p0", "p1"]);
    assert_eq!(partitions["subs"], ["p0sp0", "p0sp1"]);
    assert!(!partitions.contains_key("t"));
    let names = catalog::key_names(&mut session, "o_catalog").await.expect("names");
    assert!(names["t"].contains(&"kp".to_owned()));
    let foreign = catalog::foreign_key_names(&mut session, "o_catalog").await.expect("names");
    assert_eq!(foreign["t"], ["t_par"]);
    let uses = catalog::view_uses(&mut session, "o_catalog").await.expect("uses");
    assert_eq!(uses["v"], [("o_catalog".to_owned(), "par".to_owned())]);
    let definition = catalog::view_definition(&mut session, "o_catalog", "v").await.expect("a definition");
    assert!(definition.text.starts_with(b"CREATE VIEW `v`"));
    assert!(definition.context.is_some_and(|context| context.client == "utf8mb4"));
}

#[tokio::test]
async fn a_table_is_distinguished_from_a_later_one_and_from_itself_after_a_change() {
    let mut session = database("o_identity", &["CREATE TABLE t (a INT PRIMARY KEY, b INT)"]).await;
    let mut seen = Vec::new();
    for change in [
        "INSERT INTO t VALUES (1,1)",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t ADD COLUMN b INT",
        "DROP TABLE t",
        "CREATE TABLE t (a INT PRIMARY KEY, b INT)",
    ] {
        let identities = catalog::table_identities(&mut session, "o_identity").await.expect("an answer");
        seen.push(identities.expect("root may see them").remove("t"));
        run(&mut session, change).await;
    }
    let [first, after_insert, dropped, added, gone] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(first, after_insert, "rows change nothing");
    let columns = |identity: &Option<catalog::TableIdentity>| identity.clone().expect("there").columns;
    assert_ne!(columns(after_insert), columns(dropped));
    assert_ne!(columns(after_insert), columns(added), "the added column is another one");
    assert_eq!(added.as_ref().map(|identity| identity.id), first.as_ref().map(|identity| identity.id));
    assert!(gone.is_none());
    let identities = catalog::table_identities(&mut session, "o_identity").await.expect("an answer");
    let recreated = identities.expect("root may see them").remove("t").expect("there");
    assert_ne!(Some(recreated.id), first.as_ref().map(|identity| identity.id));
}

#[tokio::test]
async fn members_and_partition_values_are_known_as_they_were_given() {
    let statements = [
        "CREATE TABLE e (id INT PRIMARY KEY, a ENUM('x','it''s') DEFAULT 'it''s', s SET('a','b'))",
        "CREATE TABLE l (b VARCHAR(9)) PARTITION BY LIST COLUMNS(b) (PARTITION p0 VALUES IN ('it''s'))",
    ];
    let mut session = database("o_members", &statements).await;
    let members = catalog::member_columns(&mut session, "o_members").await.expect("an answer").expect("seen");
    assert_eq!(members["e"][0].members, [b"x".to_vec(), b"it's".to_vec()]);
    assert_eq!((members["e"][0].default, members["e"][1].default), (Some(2), None));
    let values =
        catalog::partition_values(&mut session, "o_members").await.expect("an answer").expect("seen");
    assert_eq!(values["l"][0].rows, [[Some(b"it's".to_vec())]]);
}

/// An ALTER TABLE that moves rows fills a copy of the table, which the server keeps in the same catalogue.
#[tokio::test]
async fn the_servers_own_copy_of_a_table_that_is_being_changed_is_no_table() {
    let statements = ["CREATE TABLE t (a INT PRIMARY KEY, b INT)", "INSERT INTO t VALUES (1, 1)"];
    let mut session = database("o_copied", &statements).await;
    let copies = Statement::read(
        "SELECT COUNT(*) FROM oceanbase.__all_table t JOIN oceanbase.__all_database d ON d.database_id = t.database_id \
         WHERE d.database_name = 'o_copied' AND t.table_name <> 't' AND t.table_type = 3",
    );
    let (stop, server) = (Arc::new(AtomicBool::new(false)), seekdb::server());
    let stopped = Arc::clone(&stop);
    let changing = std::thread::spawn(move || {
        for kind in ["BIGINT", "INT"].into_iter().cycle() {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            server.run(&[format!("ALTER TABLE o_copied.t MODIFY b {kind}")]).expect("a change");
        }
    });
    let mut seen = false;
    for _ in 0..2000 {
        let before = session.rows(&copies).await.expect("an answer")[0].u64(0).expect("a number");
        let identities = catalog::table_identities(&mut session, "o_copied").await.expect("an answer");
        let after = session.rows(&copies).await.expect("an answer")[0].u64(0).expect("a number");
        let names: Vec<String> = identities.expect("root may see them").into_keys().collect();
        assert!(names.iter().all(|name| name == "t"), "{names:?}");
        seen = before > 0 && after > 0;
        if seen {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    changing.join().expect("the changes end");
    assert!(seen, "no copy was seen");
    session.close().await;
}
