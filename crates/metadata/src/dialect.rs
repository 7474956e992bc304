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
