//! The differences between databases. The statements in all other files work on every database: they use only
//! integers and texts, `?` for values, and no upsert, `RETURNING` or generated IDs.

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;

/// The schema, step by step. Never change a released step.
pub(crate) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The same for servers with the MySQL protocol; `schema` executes it.
pub(crate) static MYSQL_MIGRATIONS: Migrator = sqlx::migrate!("migrations/mysql");

/// Takes the turn to write on a server: the next writer waits for this row's lock. All rules here assume one writer
/// at a time; this lock ensures it on any server.
pub(crate) const MYSQL_TAKE_TURN: &str = "SELECT value FROM counters WHERE name = 'turns' FOR UPDATE";

/// Queries the time of a server, in microseconds since 1970.
pub(crate) const MYSQL_NOW: &str = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED) AS now_us";

/// The first statements of each connection, so that nothing depends on the server's global settings. For example,
/// `sql_select_limit` would truncate answers, and with `autocommit = 0`, writes would be lost. The second value of
/// each pair is whether a server may lack the variable.
pub(crate) const MYSQL_PINS: [(&str, bool); 17] = [
    ("SET SESSION sql_select_limit = 9223372036854775807", false),
    ("SET SESSION sql_mode = 'PIPES_AS_CONCAT,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'", false),
    ("SET SESSION autocommit = 1", false),
    ("SET SESSION completion_type = 0", true),
    ("SET SESSION tx_read_only = 0", true),
    ("SET SESSION transaction_read_only = 0", true),
    ("SET SESSION foreign_key_checks = 1", true),
    ("SET SESSION unique_checks = 1", true),
    ("SET SESSION sql_safe_updates = 0", true),
    ("SET SESSION sql_auto_is_null = 0", true),
    ("SET SESSION sql_big_selects = 1", true),
    ("SET SESSION default_storage_engine = 'InnoDB'", true),
    ("SET SESSION max_statement_time = 0", true),
    ("SET SESSION max_execution_time = 0", true),
    ("SET SESSION ob_query_timeout = 60000000", true),
    ("SET SESSION ob_trx_timeout = 120000000", true),
    ("SET SESSION ob_read_consistency = 'STRONG'", true),
];

/// The additional statements of a connection for reading.
pub(crate) const MYSQL_READER: [(&str, bool); 1] =
    [("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", false)];

/// A writer sees everything that is committed when it gets its turn. If this program stops or loses its connection
/// during a transaction, the server ends the transaction soon, because other writers wait.
pub(crate) const MYSQL_WRITER: [(&str, bool); 7] = [
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", false),
    ("SET SESSION wait_timeout = 20", true),
    ("SET SESSION innodb_lock_wait_timeout = 8", true),
    ("SET SESSION idle_transaction_timeout = 10", true),
    ("SET SESSION ob_query_timeout = 8000000", true),
    ("SET SESSION ob_trx_idle_timeout = 10000000", true),
    ("SET SESSION ob_trx_timeout = 30000000", true),
];

/// The error number of "unknown system variable".
pub(crate) const MYSQL_UNKNOWN_VARIABLE: u16 = 1193;

/// Begins a write transaction. In SQLite, a transaction that starts to write after its first read would be refused,
/// instead of waiting, if another one has written in between.
pub(crate) const SQLITE_BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// How long SQLite waits for another connection's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the SQLite options: committed data survive a power cut, and readers do not wait for the writer.
pub(crate) fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

/// Returns whether a result code means that another connection holds a lock: SQLITE_BUSY or SQLITE_LOCKED, whose
/// extended codes use the bits above the lowest byte.
pub(crate) fn sqlite_is_busy(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Returns whether a result code means that the disk is full, or the database has reached its size limit:
/// SQLITE_FULL, or SQLITE_IOERR_WRITE, which a quota or a process limit causes.
pub(crate) fn sqlite_is_full(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| code & 0xff == 13 || code == 778)
}

/// Returns whether a result code means that the file is damaged or not a database: SQLITE_CORRUPT or SQLITE_NOTADB.
pub(crate) fn sqlite_is_damaged(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 11 | 26))
}

/// Returns whether a server's error number is transient: too many connections, a lock wait timeout, a deadlock, a
/// shutdown; or one of OceanBase's timeouts, leader changes and killed transactions.
pub(crate) fn mysql_is_passing(number: u16) -> bool {
    matches!(
        number,
        1020 | 1040
            | 1053
            | 1159
            | 1161
            | 1203
            | 1205
            | 1213
            | 1317
            | 1927
            | 3024
            | 4012
            | 4023
            | 4030
            | 4038
            | 4250
            | 6002
            | 6003
            | 6005
            | 6210
            | 6211
            | 6224
            | 6225
    )
}

#[cfg(test)]
mod tests {
    use super::{MYSQL_MIGRATIONS, mysql_is_passing, sqlite_is_busy};

    #[test]
    fn a_busy_server_is_distinguished_from_one_that_refuses() {
        for (number, passing) in
            [(1205, true), (4012, true), (6002, true), (1062, false), (1045, false), (1064, false)]
        {
            assert_eq!(mysql_is_passing(number), passing, "{number}");
        }
    }

    #[test]
    fn every_step_for_servers_is_one_statement_that_may_be_repeated() {
        for step in MYSQL_MIGRATIONS.iter() {
            let sql: String = step.sql.as_str().lines().filter(|line| !line.starts_with("--")).collect();
            assert!(!sql.contains(';'), "{}", step.description);
            // An index that exists is accepted (`schema`), and the update finds nothing the second time.
            let repeats = [
                "CREATE TABLE IF NOT EXISTS ",
                "INSERT IGNORE INTO ",
                "CREATE INDEX ",
                "UPDATE notices SET status = 'SKIPPED', ",
            ];
            assert!(repeats.iter().any(|begin| sql.starts_with(begin)), "{}", step.description);
        }
    }

    #[test]
    fn a_busy_database_is_distinguished_from_a_broken_one() {
        for (code, busy) in
            [("5", true), ("6", true), ("517", true), ("262", true), ("11", false), ("13", false)]
        {
            assert_eq!(sqlite_is_busy(code), busy, "{code}");
        }
    }
}
