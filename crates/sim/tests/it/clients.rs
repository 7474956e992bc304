//! Stock clients connect, ask and are answered: `mariadb`, mysql_async, sqlx, PyMySQL.

use std::path::Path;
use std::process::Command;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Pool};
use sim::{Profile, TenantConfig};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, Row};

use crate::simulator::{Sim, options};

#[tokio::test(flavor = "multi_thread")]
async fn the_stock_command_line_client_is_answered_and_sees_numbers_and_states() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let port = sim.handle.port();
    let input = sim.file("statements.sql");
    let statements =
        "SELECT @@version_comment;\nALTER SYSTEM BACKUP DATABASE TO 'x';\nUSE mysql;\nSELECT 1 + 1 AS two;\n";
    std::fs::write(&input, statements).expect("room for a file");
    let output = tokio::task::spawn_blocking(move || {
        Command::new("mariadb")
            .args([
                "--no-defaults",
                "-h127.0.0.1",
                &format!("-P{port}"),
                "-uroot@sys#obcluster",
                "-Doceanbase",
                "--force",
            ])
            .stdin(std::fs::File::open(&input).expect("the statements"))
            .output()
            .expect("the client is installed")
    })
    .await
    .expect("the client ends");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("simulator") && out.contains("two"), "{out}{errors}");
    let expected = "ERROR 1235 (0A000) at line 2: backup do not support using specify path not supported";
    assert!(errors.contains(expected), "{errors}");
}

#[tokio::test]
async fn mysql_async_pools_prepares_and_runs_several_statements_at_once() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let pool = Pool::new(options(sim.handle.port(), "root@sys"));
    for _ in 0..3 {
        let mut conn = pool.get_conn().await.expect("a connection");
        let found: Option<(u64, String, Option<i64>)> = conn
            .exec_first(
                "SELECT tenant_id, tenant_name, sync_scn FROM DBA_OB_TENANTS WHERE tenant_type = ? AND tenant_id > ? ORDER BY 1",
                ("USER", 1003),
            )
            .await
            .expect("a prepared query");
        let (id, name, scn) = found.expect("a row");
        assert_eq!((id, name.as_str()), (1004, "t2"));
        assert!(scn.is_some());
    }
    let mut conn = pool.get_conn().await.expect("a connection");
    let mut result = conn.query_iter("SET @a = 'x;y'; SELECT @a; SELECT 2").await.expect("three statements");
    let mut answers: Vec<String> = Vec::new();
    for _ in 0..3 {
        let rows: Vec<String> = result.collect().await.expect("rows");
        answers.extend(rows);
    }
    drop(result);
    assert_eq!(answers, ["x;y", "2"]);
    drop(conn);
    pool.disconnect().await.expect("a clean end");
}

#[tokio::test]
async fn passwords_tenants_and_clusters_are_checked_at_login() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| {
        config.clusters[0].sys_password = "p@ss:#word".to_owned();
    })
    .await;
    let port = sim.handle.port();
    let login = async |user: &str, password: &str| {
        let opts = OptsBuilder::from_opts(options(port, user)).pass(Some(password));
        match Conn::new(opts).await {
            Ok(_) => 0,
            Err(mysql_async::Error::Server(error)) => error.code,
            Err(other) => panic!("{other}"),
        }
    };
    for user in ["root@sys", "root@sys#obcluster", "obcluster:sys:root"] {
        assert_eq!(login(user, "p@ss:#word").await, 0, "{user}");
    }
    assert_eq!(login("root@sys", "wrong").await, 1045);
    assert_eq!(login("root@sys", "").await, 1045);
    assert_eq!(login("nobody@sys", "p@ss:#word").await, 1045);
    assert_eq!(login("root@nowhere", "").await, 5160);
    assert_eq!(login("root@sys#other", "p@ss:#word").await, 4666);
    assert_eq!(login("root@t1", "").await, 0);
}

#[tokio::test]
async fn sqlx_connects_with_its_own_settings_and_decodes_typed_columns() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut conn = MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(sim.handle.port())
        .username("root@sys")
        .database("oceanbase")
        .connect()
        .await
        .expect("a connection");
    let row = sqlx::query("SELECT TENANT_ID, TENANT_NAME, RECOVERY_UNTIL_SCN, PREVIOUS_LOCALITY FROM DBA_OB_TENANTS WHERE TENANT_NAME = ?")
        .bind("t1")
        .fetch_one(&mut conn)
        .await
        .expect("a row");
    assert_eq!(row.get::<i64, _>("TENANT_ID"), 1002);
    assert_eq!(row.get::<u64, _>("RECOVERY_UNTIL_SCN"), 4_611_686_018_427_387_903);
    assert_eq!(row.get::<Option<String>, _>("PREVIOUS_LOCALITY"), None);
    let zone: String = sqlx::query_scalar("SELECT @@time_zone").fetch_one(&mut conn).await.expect("a cell");
    assert_eq!(zone, "+00:00");
    let error =
        sqlx::query("ALTER SYSTEM ARCHIVELOG TENANT = nobody").execute(&mut conn).await.expect_err("unknown");
    let error = error.into_database_error().expect("an answer of the server");
    assert_eq!(error.message(), "Unknown tenant 'nobody'");
}

/// A Python of its own with PyMySQL, made once under the build directory.
fn python() -> std::path::PathBuf {
    let home = xtask::target_dir().join("sim-pymysql");
    let python = home.join("bin/python");
    let ready = |python: &Path| {
        Command::new(python)
            .args(["-c", "import pymysql"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !ready(&python) {
        let made =
            Command::new("python3").args(["-m", "venv"]).arg(&home).output().expect("python3 is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let installed = Command::new(&python).args(["-m", "pip", "install", "-q", "PyMySQL==1.1.1"]).output();
        let installed = installed.expect("the new python");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    }
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn pymysql_connects_asks_and_gets_python_values() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let port = sim.handle.port();
    let program = format!(
        "import pymysql\n\
         c = pymysql.connect(host='127.0.0.1', port={port}, user='root@sys', database='oceanbase', autocommit=True)\n\
         k = c.cursor()\n\
         k.execute('SELECT tenant_id, tenant_name, create_time, previous_locality FROM DBA_OB_TENANTS WHERE tenant_name = %s', ('t1',))\n\
         r = k.fetchone()\n\
         print(r[0], r[1], type(r[2]).__name__, r[3])\n\
         try:\n    k.execute('ALTER SYSTEM CANCEL RESTORE nobody')\n\
         except pymysql.err.Error as e:\n    print(e.args[0])\n\
         c.ping()\n"
    );
    let output = tokio::task::spawn_blocking(move || Command::new(python()).args(["-c", &program]).output())
        .await
        .expect("python ends")
        .expect("python runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(out, "1002 t1 datetime None\n5157\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_start_up_queries_of_connector_j_are_answered() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut client = sim.client("sys").await;
    let first = "/* mysql-connector-j-8.0.33 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, \
                 @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, \
                 @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, \
                 @@collation_server AS collation_server, @@collation_connection AS collation_connection, \
                 @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, \
                 @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, \
                 @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, \
                 @@query_cache_size AS query_cache_size, @@query_cache_type AS query_cache_type, @@sql_mode AS sql_mode, \
                 @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, \
                 @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout";
    assert_eq!(client.columns(first).await.len(), 21);
    let older = "SHOW VARIABLES WHERE Variable_name ='language' OR Variable_name = 'net_write_timeout' \
                 OR Variable_name = 'lower_case_table_names' OR Variable_name = 'sql_mode'";
    assert_eq!(client.rows(older).await.len(), 4);
    for sql in [
        "SET NAMES utf8mb4",
        "SET character_set_results = NULL",
        "SET autocommit=1",
        "SHOW COLLATION",
        "SHOW WARNINGS",
        "SET sql_mode='STRICT_TRANS_TABLES'",
        "SELECT @@session.tx_isolation",
        "SET SESSION TRANSACTION READ COMMITTED",
    ] {
        client.run(sql).await;
    }
    assert!(sim.handle.transcript().iter().all(|entry| !entry.gap));
}

#[tokio::test]
async fn the_list_of_connections_has_the_columns_of_the_server() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let mut client = sim.client("sys").await;
    let plain = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"];
    assert_eq!(client.columns("SHOW PROCESSLIST").await, plain);
    let full = ["Id", "User", "Tenant", "Host", "db", "Command", "Time", "State", "Info", "Ip", "Port"];
    assert_eq!(client.columns("SHOW FULL PROCESSLIST").await, full);
    let rows = client.rows("SHOW PROCESSLIST").await;
    assert!(rows[0].ends_with("|SHOW PROCESSLIST"), "{rows:?}");
}

#[tokio::test]
async fn a_statement_longer_than_a_packet_arrives_whole() {
    let sim = Sim::start(Profile::V4_2_5).await;
    let opts = OptsBuilder::from_opts(options(sim.handle.port(), "root@sys"));
    let mut conn = Conn::new(opts.max_allowed_packet(Some(64 << 20))).await.expect("a connection");
    let long = "x".repeat(17 << 20);
    let length: Option<u64> = conn.query_first(format!("SELECT LENGTH('{long}')")).await.expect("an answer");
    assert_eq!(length, Some(17 << 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_wants_tls_gets_it() {
    let keys = tempfile::tempdir().expect("room for a directory");
    let (certificate, key) = (keys.path().join("server.pem"), keys.path().join("server.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-out",
        ])
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| {
        config.tls = Some(sim::TlsFiles { certificate, key });
    })
    .await;
    let mut conn = MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(sim.handle.port())
        .username("root@sys")
        .ssl_mode(sqlx::mysql::MySqlSslMode::Disabled)
        .connect()
        .await
        .expect("a connection without TLS");
    sqlx::query("SELECT 1").execute(&mut conn).await.expect("an answer");
    let port = sim.handle.port();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("mariadb")
            .args([
                "--no-defaults",
                "-h127.0.0.1",
                &format!("-P{port}"),
                "-uroot@sys",
                "--ssl",
                "-e",
                "status",
            ])
            .output()
            .expect("the client is installed")
    })
    .await
    .expect("the client ends");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("Cipher in use is TLS"), "{out}{errors}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named() {
    let config = sim::Config {
        tls: Some(sim::TlsFiles {
            certificate: "/nowhere/server.pem".into(),
            key: "/nowhere/server.key".into(),
        }),
        ..sim::Config::default()
    };
    let Err(error) = sim::Server::start(config).await else { panic!("there is no such file") };
    assert!(error.to_string().starts_with("TLS cannot be offered with /nowhere/server.pem: "), "{error}");
}

#[tokio::test]
async fn a_tenant_in_oracle_mode_lets_no_client_of_mysql_in() {
    let sim = Sim::start_with(Profile::V4_2_5, 0.0, |config| {
        let tenant =
            TenantConfig { mode: "ORACLE".into(), password: "right".into(), ..TenantConfig::named("ora") };
        config.clusters[0].tenants.push(tenant);
    })
    .await;
    let log_on = async |password: &str| {
        let options =
            OptsBuilder::from_opts(options(sim.handle.port(), "root@ora")).pass(Some(password.to_owned()));
        match Conn::new(options).await {
            Err(mysql_async::Error::Server(error)) => (error.code, error.state, error.message),
            other => panic!("expected a refusal, got {other:?}"),
        }
    };
    assert_eq!(log_on("wrong").await.0, 1045, "the password is looked at first");
    let refused =
        (1235, "0A000".to_owned(), "Oracle tenant for current client driver is not supported".to_owned());
    assert_eq!(log_on("right").await, refused);
    let mode = "SELECT compatibility_mode FROM oceanbase.DBA_OB_TENANTS WHERE tenant_name = 'ora'";
    assert_eq!(sim.client("sys").await.cell(mode).await, "ORACLE");
}
