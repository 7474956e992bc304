//! Procedures, functions, triggers, users and privileges are loaded only on request.

use std::sync::{Arc, Mutex};

use dump::{DumpId, Meter, Options, Source, load};
use model::cluster::Address;
use oceanbase::{Outcome, Statement, Witness};
use tokio_util::sync::CancellationToken;

use crate::bed::{Bed, create_schema, endpoint, load_options, query, run};

const CODE: &[&str] = &[
    "CREATE TABLE t (a INT PRIMARY KEY, b INT)",
    "CREATE TABLE log (x VARCHAR(100))",
    "INSERT INTO t VALUES (1,1)",
    "CREATE TRIGGER d_code.tr1 BEFORE INSERT ON d_code.t FOR EACH ROW BEGIN SET NEW.b = NEW.a + 1; INSERT INTO log VALUES ('x;$$'); END",
    "SET sql_mode = 'PIPES_AS_CONCAT'",
    "CREATE TRIGGER tr2 AFTER UPDATE ON t FOR EACH ROW INSERT INTO log VALUES (OLD.a || '->' || NEW.a)",
    "CREATE PROCEDURE p1 (IN x INT, OUT y VARCHAR(20)) COMMENT 'it''s; \\\\ odd' BEGIN DECLARE z INT; SET z = x; SELECT 'a;\nb' || z INTO y; END",
    "CREATE FUNCTION f1 (x INT) RETURNS INT DETERMINISTIC RETURN x + 1",
    "CREATE VIEW v AS SELECT f1(a) AS q FROM t",
];

pub(crate) async fn whole_load(
    bed: &Bed,
    dump: &DumpId,
    options: &load::Options,
    with_code: bool,
) -> Vec<String> {
    let (target, never) = (bed.source(), CancellationToken::new());
    create_schema(&target, &bed.client, dump, options).await.expect("a schema");
    let mut made = load::Made::default();
    if with_code {
        made.add(load::create_routines(&target, &bed.client, dump, options).await.expect("routines"));
    }
    load::load_data(&target, &bed.client, dump, options, 2, &Meter::new(), &never).await.expect("rows");
    made.add(load::create_indexes(&target, &bed.client, dump, options, 2, &never).await.expect("keys"));
    if with_code {
        for _ in 0..2 {
            made.add(load::create_triggers(&target, &bed.client, dump, options).await.expect("triggers"));
        }
    }
    load::finish(&target, &bed.client, dump, options).await.expect("an end");
    made.texts().into_iter().map(|note| format!("{}: {:?}", note.id, note.args)).collect()
}

/// The stock client does not repeat a statement that seekdb refuses while another test changes definitions, so this test
/// has a server of its own.
#[tokio::test]
async fn code_is_loaded_on_request() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    bed.database("d_code", CODE).await;
    bed.no_database("d_code_2");
    let manifest = bed.dump("code", &["d_code"], dump::ChunkAim::default()).await;
    let code: Vec<String> =
        manifest.databases[0].code.iter().map(|entry| format!("{} {}", entry.kind, entry.name)).collect();
    assert_eq!(code, ["function f1", "procedure p1", "trigger tr1", "trigger tr2"]);
    assert!(manifest.databases[0].code.iter().all(|entry| entry.definer.contains("root")));
    assert_eq!(bed.verify("code").await.findings, []);

    let (dump, options) = ("code".parse().expect("an id"), load_options(&[("d_code", "d_code_2")]));
    let notes = whole_load(&bed, &dump, &options, true).await;
    assert_eq!(notes, [""; 0]);
    let mut session = bed.session().await;
    run(&mut session, "USE d_code_2").await;
    run(&mut session, "INSERT INTO t (a) VALUES (5)").await;
    run(&mut session, "UPDATE t SET b = 9 WHERE a = 5").await;
    run(&mut session, "CALL p1(7, @y)").await;
    assert_eq!(query(&mut session, "SELECT @y").await, [["a;\nb7"]]);
    assert_eq!(query(&mut session, "SELECT x FROM log").await, [["x;$$"], ["5->5"]]);
    assert_eq!(query(&mut session, "SELECT q FROM v ORDER BY 1").await, [["2"], ["6"]]);
    assert_eq!(
        query(&mut session, "SELECT COUNT(*) FROM d_code.log").await,
        [["0"]],
        "not in the old database"
    );
    let comment = "SELECT routine_comment FROM information_schema.routines WHERE routine_name = 'p1' AND routine_schema";
    let comments = query(&mut session, &format!("{comment} IN ('d_code', 'd_code_2')")).await;
    assert_eq!(comments, vec![vec!["it's; \\ odd"]; 2]);

    bed.database("d_code_3", &[CODE[0], CODE[1]]).await;
    crate::stock_tools::client(&bed, "d_code_3", &bed.dir.path().join("code/schema/d_code/code.sql"));
    run(&mut session, "USE d_code_3").await;
    run(&mut session, "INSERT INTO t (a) VALUES (5)").await;
    assert_eq!(query(&mut session, "SELECT b FROM t").await, [["6"]]);
    assert_eq!(query(&mut session, "SELECT f1(1)").await, [["2"]]);
    session.close().await;
}

#[tokio::test]
async fn code_is_not_loaded_without_a_request() {
    let bed = Bed::shared();
    bed.database(
        "d_codeless",
        &[CODE[0], CODE[1], CODE[7], "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 0"],
    )
    .await;
    bed.no_database("d_codeless_2");
    bed.dump("codeless", &["d_codeless"], dump::ChunkAim::default()).await;
    let (dump, options) =
        ("codeless".parse().expect("an id"), load_options(&[("d_codeless", "d_codeless_2")]));
    let check = load::check_target(&bed.source(), &bed.client, &dump, &options).await.expect("a check");
    assert_eq!(check.notes.iter().map(|note| note.id.as_str()).collect::<Vec<_>>(), ["load-code-held"]);
    whole_load(&bed, &dump, &options, false).await;
    let mut session = bed.session().await;
    for list in ["routines WHERE routine_schema", "triggers WHERE trigger_schema"] {
        let left =
            query(&mut session, &format!("SELECT COUNT(*) FROM information_schema.{list} = 'd_codeless_2'"))
                .await;
        assert_eq!(left, [["0"]]);
    }
    session.close().await;
}

/// Keeps what would be shown.
#[derive(Default)]
struct Shown(Mutex<String>);

impl Witness for Shown {
    fn sent(&self, statement: &Statement, _: &Address) {
        self.0.lock().expect("no panic").push_str(&statement.masked);
    }

    fn answered(&self, _: &Statement, _: &Outcome<'_>) {}
}

/// Users beside those with something of their own. While another session changes definitions, seekdb refuses about
/// one CREATE USER in nine with 1396.
const CROWD: usize = 24;

/// Creates and drops a table until the task is aborted.
async fn change_definitions(mut session: oceanbase::Session) {
    run(&mut session, "CREATE DATABASE d_users_busy").await;
    loop {
        run(&mut session, "CREATE TABLE IF NOT EXISTS d_users_busy.t (a INT)").await;
        run(&mut session, "DROP TABLE IF EXISTS d_users_busy.t").await;
    }
}

/// Users belong to the whole server, so this test has one of its own.
#[tokio::test]
async fn users_come_through_with_all_that_they_may_and_may_not() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let bed = Bed::on(instance.server.clone());
    bed.database("d_users", &["CREATE TABLE t (a INT PRIMARY KEY, b INT)", "INSERT INTO t VALUES (1,1)"])
        .await;
    let made = [
        "CREATE USER u_plain IDENTIFIED BY 'secret1'",
        "CREATE USER 'u_far'@'10.0.%' IDENTIFIED BY 'secret2'",
        "CREATE USER u_locked IDENTIFIED BY 'secret3'",
        "ALTER USER u_locked ACCOUNT LOCK",
        "ALTER USER 'u_far'@'10.0.%' REQUIRE SSL",
        "CREATE ROLE r_reader",
        "GRANT SELECT ON d_users.* TO r_reader",
        "GRANT SELECT ON `d\\_users`.* TO u_locked",
        "GRANT r_reader TO u_plain",
        "GRANT SELECT (a), UPDATE ON d_users.t TO u_locked",
        r"GRANT INSERT ON `d\_users`.* TO u_locked",
        "GRANT ALL ON *.* TO 'u_far'@'10.0.%' WITH GRANT OPTION",
        "CREATE USER u_elsewhere",
        "GRANT SELECT ON mysql.* TO u_elsewhere",
        "CREATE USER u_bound",
        "ALTER USER u_bound REQUIRE ISSUER '/CN=b' AND SUBJECT '/CN=a'",
        "ALTER USER u_bound WITH MAX_CONNECTIONS_PER_HOUR 5 MAX_USER_CONNECTIONS 2",
        "CREATE USER u_lender",
        "ALTER USER u_lender REQUIRE X509",
        "CREATE ROLE r_lent",
        "GRANT r_reader TO u_lender",
        "GRANT r_lent TO u_lender WITH ADMIN OPTION",
        "GRANT r_lent TO r_reader WITH ADMIN OPTION",
        "SET DEFAULT ROLE `r_reader`@`%`,`r_lent`@`%` TO 'u_lender'@'%'",
        // Named like accounts of a server, but not created by this one.
        "CREATE USER root@'10.1.1.1' IDENTIFIED BY 'secret4'",
        "CREATE USER proxyro",
    ];
    let others = ["u_elsewhere", "u_bound", "u_lender", "r_lent", "root@'10.1.1.1'", "proxyro"];
    let names = ["u_plain", "'u_far'@'10.0.%'", "u_locked", "r_reader"];
    let mut session = bed.session().await;
    for sql in made {
        run(&mut session, sql).await;
    }
    for n in 0..CROWD {
        run(&mut session, &format!("CREATE USER u_crowd_{n} IDENTIFIED BY 'secret5'")).await;
    }
    let mut before = Vec::new();
    for name in names {
        before.push(query(&mut session, &format!("SHOW GRANTS FOR {name}")).await);
        before.push(query(&mut session, &format!("SHOW CREATE USER {name}")).await);
    }
    let kept = [
        "SELECT user, host, account_locked, ssl_type, ssl_cipher, x509_issuer, x509_subject, max_connections, \
         max_user_connections FROM mysql.user ORDER BY user, host",
        "SELECT * FROM mysql.role_edges ORDER BY 1, 2, 3, 4",
        "SELECT * FROM mysql.default_roles ORDER BY 1, 2, 3, 4",
    ];
    for sql in kept {
        before.push(query(&mut session, sql).await);
    }

    let dump: DumpId = "users".parse().expect("an id");
    let manifest = bed.dump_with(&dump, &Options::default()).await.expect("a dump");
    assert_eq!(manifest.accounts.len(), 10 + CROWD);
    assert_eq!(bed.verify("users").await.findings, []);
    for name in names.into_iter().chain(others) {
        run(&mut session, &format!("DROP USER {name}")).await;
    }
    for n in 0..CROWD {
        run(&mut session, &format!("DROP USER u_crowd_{n}")).await;
    }
    run(&mut session, "CREATE USER u_plain IDENTIFIED BY 'another'").await;
    run(&mut session, "DROP USER u_plain").await;
    run(&mut session, "DROP DATABASE d_users").await;

    let shown = Arc::new(Shown::default());
    let target = Source { endpoint: endpoint(&bed.server), witness: shown.clone() };
    let options = load::Options::default();
    let never = CancellationToken::new();
    create_schema(&target, &bed.client, &dump, &options).await.expect("a schema");
    let neighbour = tokio::spawn(change_definitions(bed.session().await));
    for _ in 0..2 {
        let notes = load::create_routines(&target, &bed.client, &dump, &options).await.expect("users");
        assert_eq!(notes, load::Made::default());
    }
    neighbour.abort();
    load::load_data(&target, &bed.client, &dump, &options, 2, &Meter::new(), &never).await.expect("rows");
    load::create_indexes(&target, &bed.client, &dump, &options, 2, &never).await.expect("keys");
    let notes = load::create_triggers(&target, &bed.client, &dump, &options).await.expect("grants");
    assert_eq!(notes, load::Made::default(), "every server has the database mysql");
    let granted = query(&mut session, "SHOW GRANTS FOR u_elsewhere").await;
    assert!(granted.iter().flatten().any(|grant| grant.contains("`mysql`")), "{granted:?}");
    load::finish(&target, &bed.client, &dump, &options).await.expect("an end");

    let mut after = Vec::new();
    for name in names {
        after.push(query(&mut session, &format!("SHOW GRANTS FOR {name}")).await);
        after.push(query(&mut session, &format!("SHOW CREATE USER {name}")).await);
    }
    for sql in kept {
        after.push(query(&mut session, sql).await);
    }
    assert_eq!(before, after);
    let shown = shown.0.lock().expect("no panic").clone();
    let hash = &before[1][0][0][before[1][0][0].find('*').expect("a hash")..][..20];
    assert!(shown.contains("CREATE USER") && !shown.contains(hash), "a hash was shown");

    // A user that existed before is not changed.
    let notes = {
        create_schema(&target, &bed.client, &dump, &load_options(&[("d_users", "d_users_2")]))
            .await
            .expect("one");
        load::create_routines(&target, &bed.client, &dump, &load_options(&[("d_users", "d_users_2")]))
            .await
            .expect("two")
    };
    assert_eq!(notes.notes.iter().filter(|note| note.id == "load-account-exists").count(), 10 + CROWD);
    session.close().await;
}
