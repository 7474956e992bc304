//! What one database spells otherwise than another. The statements of all other files are the same for each:
//! they use whole numbers and texts only, `?` for values, and no upsert, `RETURNING` or generated identity.

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;

/// The schema, step by step; a step that was released is never changed.
pub(crate) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Begins a transaction that writes. In SQLite one that only begins to write later is refused, instead of
/// waiting, when another has written since it first read.
pub(crate) const SQLITE_BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// How long SQLite waits for another connection's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns how SQLite is used: what was committed survives a power cut, and readers do not wait for the writer.
pub(crate) fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

/// Tells whether a result code says that another connection is in the way: SQLITE_BUSY or SQLITE_LOCKED, whose
/// finer distinctions are in the bits above the lowest byte.
pub(crate) fn sqlite_is_busy(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

#[cfg(test)]
mod tests {
    use super::sqlite_is_busy;

    #[test]
    fn a_busy_database_is_told_from_a_broken_one() {
        for (code, busy) in
            [("5", true), ("6", true), ("517", true), ("262", true), ("11", false), ("13", false)]
        {
            assert_eq!(sqlite_is_busy(code), busy, "{code}");
        }
    }
}
