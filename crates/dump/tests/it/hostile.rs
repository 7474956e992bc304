//! With any global settings of the server, a dump and a load have the same content as with the default settings.
//!
//! Every test run tries the settings that are known to do harm; `./x soak` tries every variable that a session can
//! set. Each test has its own server, because it changes GLOBAL variables.

use std::sync::atomic::{AtomicU32, Ordering};

use dump::{ChunkAim, DumpId, Meter, Options, load};
use oceanbase::Session;
use tokio_util::sync::CancellationToken;
use xtask::seekdb::Server;

use crate::bed::{Bed, create_schema, load_options, query, run, selection};

/// A GLOBAL variable and a value for it, as SQL.
type Hostile = (String, String);

const SOURCE: &str = "d_hostile";

/// How many variables the sweep sets together. When a group fails, it is halved until the culprits are alone.
const GROUP: usize = 12;

fn hostile(known: &[(&str, &str)]) -> Vec<Hostile> {
    known.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seekdb_whose_owner_set_dangerous_values_is_dumped_and_loaded_whole() {
    let known = hostile(&[
        ("sql_select_limit", "1000"),
        ("sql_mode", "'ANSI_QUOTES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES'"),
        ("sql_quote_show_create", "0"),
        ("autocommit", "0"),
        ("time_zone", "'-07:00'"),
        ("character_set_client", "gbk"),
        ("character_set_results", "gbk"),
        ("collation_connection", "gbk_bin"),
        ("tx_isolation", "'SERIALIZABLE'"),
        ("tx_read_only", "1"),
        ("completion_type", "2"),
        ("foreign_key_checks", "0"),
        ("sql_safe_updates", "1"),
        ("sql_auto_is_null", "1"),
        ("div_precision_increment", "0"),
        ("explicit_defaults_for_timestamp", "0"),
        ("auto_increment_increment", "7"),
        ("auto_increment_offset", "3"),
        ("group_concat_max_len", "4"),
        ("_show_ddl_in_compat_mode", "1"),
        ("show_create_table_verbosity", "1"),
        ("show_old_temporals", "1"),
        ("is_result_accurate", "0"),
        ("ob_read_consistency", "'WEAK'"),
        ("ob_query_timeout", "1"),
        ("ob_trx_timeout", "1"),
        ("ob_trx_idle_timeout", "1"),
        ("ob_trx_lock_timeout", "0"),
        ("max_execution_time", "1"),
        ("wait_timeout", "1"),
        ("recyclebin", "1"),
    ]);
    let host = Host::seekdb().await;
    assert_eq!(host.culprits(&known).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_whose_owner_set_dangerous_values_is_dumped_and_loaded_whole() {
    let known = hostile(&[
        ("sql_select_limit", "1"),
        ("sql_mode", "'ORACLE,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_TABLE_OPTIONS'"),
        ("sql_quote_show_create", "0"),
        ("autocommit", "0"),
        ("time_zone", "'-07:00'"),
        ("character_set_client", "latin1"),
        ("character_set_results", "latin1"),
        ("collation_connection", "latin1_bin"),
        ("tx_isolation", "'SERIALIZABLE'"),
        ("tx_read_only", "1"),
        ("completion_type", "2"),
        ("foreign_key_checks", "0"),
        ("check_constraint_checks", "0"),
        ("sql_safe_updates", "1"),
        ("sql_auto_is_null", "1"),
        ("sql_big_selects", "0"),
        ("max_join_size", "1"),
        ("div_precision_increment", "0"),
        ("explicit_defaults_for_timestamp", "0"),
        ("auto_increment_increment", "7"),
        ("auto_increment_offset", "3"),
        ("group_concat_max_len", "4"),
        ("max_sort_length", "64"),
        ("default_storage_engine", "MyISAM"),
        ("enforce_storage_engine", "MyISAM"),
        ("innodb_default_row_format", "compact"),
        ("old_mode", "''"),
        ("sql_if_exists", "1"),
        ("alter_algorithm", "'INSTANT'"),
        ("system_versioning_asof", "'2001-01-01 00:00:00'"),
        ("max_statement_time", "0.001"),
        ("idle_transaction_timeout", "1"),
        ("lock_wait_timeout", "1"),
        ("wait_timeout", "1"),
        ("lc_messages", "'de_DE'"),
    ]);
    let host = Host::mariadb().await;
    assert_eq!(host.culprits(&known).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes long: ./x soak runs it"]
async fn no_variable_of_a_seekdb_leaks() {
    Host::seekdb().await.sweep().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes long: ./x soak runs it"]
async fn no_variable_of_a_mariadb_leaks() {
    Host::mariadb().await.sweep().await;
}

/// A separate server with a database that is dumped repeatedly.
struct Host {
    bed: Bed,
    /// The content of the database, as a connection with default settings sees it.
    truth: Vec<Vec<String>>,
    round: AtomicU32,
    _keep: Box<dyn std::any::Any + Send + Sync>,
}

impl Host {
    async fn seekdb() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let instance = xtask::seekdb::Instance::start_in(folder.path()).expect("a seekdb");
        let server = instance.server.clone();
        Self::new(server, Box::new((instance, folder))).await
    }

    async fn mariadb() -> Self {
        let own = xtask::mariadb::Instance::start().expect("a MariaDB");
        let (host, port, password) = (own.host.clone(), own.port, own.password.clone());
        Self::new(Server { host, port, password, pid: 0, dir: "".into() }, Box::new(own)).await
    }

    async fn new(server: Server, keep: Box<dyn std::any::Any + Send + Sync>) -> Self {
        let bed = Bed::on(server);
        let rows: Vec<String> = (1..=2000)
            .map(|i| {
                format!(
                    "({i}, CONCAT('row \\\\ ', {i}, '\"'), '2024-02-29 10:00:0{}', {i} / 7, {i} / 3)",
                    i % 10
                )
            })
            .collect();
        bed.database(
            SOURCE,
            &[
                "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(40), ts TIMESTAMP NOT NULL DEFAULT \
                 CURRENT_TIMESTAMP, n DECIMAL(20,6), f DOUBLE, c CHAR(9) DEFAULT 'it''s', e ENUM('x','y'), b BLOB, \
                 g DECIMAL(20,8) GENERATED ALWAYS AS (n / 3) STORED, KEY ka (a))",
                "CREATE TABLE child (id INT PRIMARY KEY, t INT, CONSTRAINT of_t FOREIGN KEY (t) REFERENCES t (id))",
                "CREATE TABLE keyless (a INT, b TEXT, CHECK (a > 0))",
                &format!("INSERT INTO t (id, a, ts, n, f) VALUES {}", rows.join(", ")),
                "UPDATE t SET c = 'ab', e = 'y', b = x'00FF27' WHERE id % 3 = 0",
                "INSERT INTO child SELECT id, id FROM t",
                "INSERT INTO keyless SELECT id, a FROM t",
                "CREATE VIEW v AS SELECT t.id, CONCAT(a, '''\"') AS q FROM t JOIN child ON t.id = child.id",
                "CREATE PROCEDURE p () BEGIN SELECT \"double\", 'single', 1 / 3; END",
            ],
        )
        .await;
        let mut session = bed.session().await;
        let truth = held(&mut session, SOURCE).await;
        session.close().await;
        Self { bed, truth, round: AtomicU32::new(0), _keep: keep }
    }

    /// Returns the variables with which a dump or a load fails or has other content.
    async fn culprits(&self, group: &[Hostile]) -> Vec<String> {
        let Err(why) = self.survives(group).await else { return Vec::new() };
        if let [(name, value)] = group {
            return vec![format!("{name} = {value}: {why}")];
        }
        let (one, two) = group.split_at(group.len() / 2);
        let mut found = Box::pin(self.culprits(one)).await;
        found.extend(Box::pin(self.culprits(two)).await);
        if found.is_empty() {
            let names: Vec<&str> = group.iter().map(|(name, _)| name.as_str()).collect();
            found.push(format!("{} together: {why}", names.join(", ")));
        }
        found
    }

    /// Dumps, compares and loads while the variables have these values.
    async fn survives(&self, group: &[Hostile]) -> Result<(), String> {
        let mut admin = self.bed.session().await;
        let mut before = Vec::new();
        for (name, value) in group {
            let shown = query(&mut admin, &format!("SHOW GLOBAL VARIABLES LIKE '{name}'")).await;
            let set = format!("SET GLOBAL {name} = {value}");
            // A value that can't be set is harmless.
            if let ([row], Ok(())) = (&shown[..], self.bed.server.run(&[set])) {
                before.push(format!("SET GLOBAL {name} = {}", as_sql(&row[1])));
            }
        }
        let round = self.round.fetch_add(1, Ordering::Relaxed);
        let copy = format!("{SOURCE}_{round}");
        let outcome = self.round_trip(&format!("hostile-{round}"), &copy).await;
        for statement in before {
            run(&mut admin, &statement).await; // this connection still has the old values
        }
        admin.close().await;
        outcome?;
        let mut session = self.bed.session().await;
        let loaded = held(&mut session, &copy).await;
        session.close().await;
        self.bed.no_database(&copy);
        match self.truth.iter().zip(&loaded).find(|(source, copy)| source != copy) {
            Some((source, copy)) => Err(format!("the source holds {source:?}, the copy {copy:?}")),
            None => {
                assert_eq!(self.truth.len(), loaded.len());
                Ok(())
            }
        }
    }

    async fn round_trip(&self, id: &str, copy: &str) -> Result<(), String> {
        let (dump, never, meter): (DumpId, _, _) =
            (id.parse().expect("an id"), CancellationToken::new(), Meter::new());
        let (here, client) = (self.bed.source(), &self.bed.client);
        let chunk = ChunkAim { rows: Some(300), ..ChunkAim::default() };
        let options = Options { selection: selection(&[SOURCE]), chunk, ..Options::default() };
        let manifest = self.bed.dump_with(&dump, &options).await.map_err(during("dump"))?;
        if manifest.totals.rows != 6000 {
            return Err(format!("the dump holds {} of 6000 rows", manifest.totals.rows));
        }
        let (own, into) = (load_options(&[]), load_options(&[(SOURCE, copy)]));
        for options in [&own, &into] {
            if options == &into {
                create_schema(&here, client, &dump, options).await.map_err(during("create the schema"))?;
                let loaded = load::load_data(&here, client, &dump, options, 2, &meter, &never).await;
                loaded.map_err(during("load"))?;
                load::create_routines(&here, client, &dump, options)
                    .await
                    .map_err(during("make routines"))?;
                let keys = load::create_indexes(&here, client, &dump, options, 2, &never).await;
                keys.map_err(during("make keys"))?;
            }
            let report = load::verify_data(&here, client, &dump, options, 2, &meter, &never).await;
            let report = report.map_err(during("compare"))?;
            if (report.rows, report.findings.len()) != (6000, 0) {
                return Err(format!("{} rows were compared: {:?}", report.rows, report.findings));
            }
        }
        load::finish(&here, client, &dump, &into).await.map_err(during("end the load"))
    }

    /// Tries every variable that a session can set.
    async fn sweep(&self) {
        let turns = self.variables().await;
        println!("{} values of variables", turns.iter().map(Vec::len).sum::<usize>());
        let mut culprits = Vec::new();
        for group in turns.iter().flat_map(|turn| turn.chunks(GROUP)) {
            let found = self.culprits(group).await;
            found.iter().for_each(|culprit| println!("{culprit:.400}"));
            culprits.extend(found);
        }
        assert_eq!(culprits, Vec::<String>::new());
    }

    /// Returns every variable that a session can set, with values other than the current one, in turns. No turn
    /// contains a variable twice.
    async fn variables(&self) -> Vec<Vec<Hostile>> {
        let mut session = self.bed.session().await;
        let mut rows = if session.server().product.is_oceanbase() {
            let mut rows = query(&mut session, "SHOW GLOBAL VARIABLES").await;
            rows.retain(|row| {
                let set = format!("SET SESSION {} = DEFAULT", row[0]);
                row[0] == INIT_CONNECT || self.bed.server.run(&[set]).is_ok()
            });
            let others = |row: Vec<String>| (row[0].clone(), others(&row[0], &row[1], ""));
            rows.into_iter().map(others).collect::<Vec<_>>()
        } else {
            let sql = "SELECT VARIABLE_NAME, GLOBAL_VALUE, ENUM_VALUE_LIST FROM information_schema.SYSTEM_VARIABLES \
                       WHERE (VARIABLE_SCOPE = 'SESSION' OR VARIABLE_NAME = 'INIT_CONNECT') \
                       AND READ_ONLY = 'NO' AND GLOBAL_VALUE IS NOT NULL \
                       ORDER BY VARIABLE_NAME";
            let rows = query(&mut session, sql).await;
            let others = |name: String, row: &[String]| (name.clone(), others(&name, &row[1], &row[2]));
            rows.into_iter().map(|row| others(row[0].to_lowercase(), &row)).collect()
        };
        session.close().await;
        rows.retain(|(name, _)| !SPARED.contains(&name.as_str()));
        let most = rows.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let turn = |nth: usize| {
            let values =
                rows.iter().filter_map(|(name, values)| Some((name.clone(), values.get(nth)?.clone())));
            values.collect()
        };
        (0..most).map(turn).collect()
    }
}

fn during(what: &str) -> impl Fn(dump::Error) -> String {
    move |error| format!("{what}: {} ({error:?})", error.problem())
}

/// Excluded from the sweep: these are not session settings of statements, or no server can be tested with them. A
/// `max_allowed_packet` that is too small is refused before a load begins.
const SPARED: [&str; 7] = [
    "max_allowed_packet",
    "max_user_connections",
    "debug",
    "debug_dbug",
    "server_id",
    "optimizer_trace",
    "ob_tcp_invited_nodes",
];

/// A global variable whose statements run first on connections of unprivileged users.
const INIT_CONNECT: &str = "init_connect";

/// Harmful texts for variables with these prefixes, unless Lifeboat pins them. Servers do not list the values of such
/// variables.
#[rustfmt::skip]
const TEXTS: &[(&str, &[&str])] = &[
    ("character_set_", &["gbk", "latin1", "binary", "gb18030", "utf16", "utf8mb3"]),
    ("collation_", &["gbk_bin", "latin1_swedish_ci", "binary", "utf8mb4_bin", "utf8mb4_unicode_ci", "utf16_general_ci"]),
    ("default_collation_for_utf8mb4", &["utf8mb4_bin", "utf8mb4_unicode_ci"]),
    ("sql_mode", &["ANSI_QUOTES", "PIPES_AS_CONCAT", "NO_BACKSLASH_ESCAPES", "PAD_CHAR_TO_FULL_LENGTH", "ANSI",
        "NO_AUTO_VALUE_ON_ZERO", "NO_UNSIGNED_SUBTRACTION", "HIGH_NOT_PRECEDENCE", "REAL_AS_FLOAT", "IGNORE_SPACE",
        "ONLY_FULL_GROUP_BY", "STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO",
        "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY", "NO_FIELD_OPTIONS,NO_KEY_OPTIONS,NO_TABLE_OPTIONS", ""]),
    ("time_zone", &["+14:00", "-12:59", "-03:30", "Asia/Kathmandu", "America/New_York", "SYSTEM"]),
    ("lc_", &["de_DE", "zh_CN", "ja_JP"]),
    ("nls_date_format", &["DD-MON-RR", "YYYY", "HH24:MI:SS"]),
    ("nls_timestamp_", &["DD-MON-RR HH.MI.SSXFF AM", "YYYY"]),
    ("nls_", &["GERMANY", "BINARY_CI", ",."]),
    ("date_format", &["%d.%m.%y", "%M"]),
    ("datetime_format", &["%d.%m.%y %h", "%M"]),
    ("time_format", &["%h:%i", "%s"]),
    ("tx_isolation", &["SERIALIZABLE", "REPEATABLE-READ", "READ-UNCOMMITTED"]),
    ("transaction_isolation", &["SERIALIZABLE", "REPEATABLE-READ", "READ-UNCOMMITTED"]),
    ("completion_type", &["CHAIN", "RELEASE"]),
    ("block_encryption_mode", &["aes-256-cbc", "aes-128-cfb1"]),
    ("ob_read_consistency", &["WEAK", "FROZEN"]),
    ("parallel_degree_policy", &["AUTO"]),
    ("cursor_sharing", &["EXACT"]),
    ("cardinality_estimation_model", &["INDEPENDENT", "FULL"]),
    ("enable_optimizer_rowgoal", &["OFF", "ON"]),
    ("runtime_filter_type", &["", "IN"]),
    ("default_storage_engine", &["MyISAM", "MEMORY"]),
    ("default_tmp_storage_engine", &["MyISAM", "MEMORY"]),
    ("innodb_default_row_format", &["COMPACT", "REDUNDANT"]),
    ("binlog_format", &["STATEMENT", "MIXED"]),
    ("binlog_row_image", &["MINIMAL", "NOBLOB"]),
    ("log_row_value_options", &["PARTIAL_JSON"]),
    ("session_track_system_variables", &["*", ""]),
    (INIT_CONNECT, &["SET SESSION sql_select_limit = 1", "SET NAMES gbk", "SET SESSION sql_mode = ANSI_QUOTES"]),
];

/// Returns other values: the opposite of a switch, small and large numbers, each other member of a list, and texts
/// that are known to do harm.
fn others(name: &str, value: &str, list: &str) -> Vec<String> {
    let quoted = |text: &str| format!("'{text}'");
    match value {
        "ON" => vec!["0".to_owned()],
        "OFF" => vec!["1".to_owned()],
        _ if !list.is_empty() && list != "NULL" => {
            list.split(',').filter(|other| !other.eq_ignore_ascii_case(value)).map(quoted).collect()
        }
        _ if value.parse::<f64>().is_ok() => {
            let numbers = ["0", "1", "1000", "1000000000"];
            numbers.iter().filter(|number| **number != value).map(|number| (*number).to_owned()).collect()
        }
        _ => {
            let texts =
                TEXTS.iter().find(|(begin, _)| name.starts_with(begin)).map_or(&[][..], |(_, texts)| texts);
            texts.iter().filter(|text| !text.eq_ignore_ascii_case(value)).map(|text| quoted(text)).collect()
        }
    }
}

/// Converts a value from `SHOW VARIABLES` to a literal for SET.
fn as_sql(shown: &str) -> String {
    match shown {
        "" | "DEFAULT" => "DEFAULT".to_owned(),
        number if number.parse::<f64>().is_ok() => number.to_owned(),
        text => format!("'{}'", text.replace('\'', "''")),
    }
}

/// Returns the whole content of a database.
async fn held(session: &mut Session, database: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for sql in [
        "SHOW CREATE TABLE DB.t",
        "SHOW CREATE TABLE DB.child",
        "SHOW CREATE TABLE DB.keyless",
        "SHOW CREATE VIEW DB.v",
        "SHOW CREATE PROCEDURE DB.p",
        "SELECT *, HEX(f), HEX(b) FROM DB.t ORDER BY id",
        "SELECT * FROM DB.child ORDER BY id",
        "SELECT * FROM DB.keyless ORDER BY a",
        "SELECT * FROM DB.v ORDER BY id",
    ] {
        let rows = query(session, &sql.replace("DB", &format!("`{database}`"))).await;
        let plain = |cell: String| cell.replace(database, "DB");
        all.extend(rows.into_iter().map(|row| row.into_iter().map(plain).collect::<Vec<_>>()));
    }
    all
}
