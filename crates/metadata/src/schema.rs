//! Upgrades the schema on a server to this version, even if other Lifeboats do the same concurrently.
//!
//! 1. only the holder of the turn's row works; the turn ends with its connection in any case
//! 2. each unrecorded step is executed on another connection, and then recorded
//!
//! A step is one repeatable statement, so a crash between its execution and its record is harmless. A named lock
//! (`GET_LOCK`) would not work: seekdb keeps it after the connection is closed.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row as _};

use crate::dialect::{MYSQL_MIGRATIONS, mysql_is_passing};
use crate::error::Error;
use crate::server::{Server, number, tell};

/// The settings of a connection, because a schema change, also by another server, may take long.
const TOLD: [(&str, bool); 4] = [
    ("SET SESSION innodb_lock_wait_timeout = 120", true),
    ("SET SESSION ob_query_timeout = 120000000", true),
    ("SET SESSION ob_trx_timeout = 600000000", true),
    ("SET SESSION ob_trx_idle_timeout = 600000000", true),
];

/// The completed steps. Row 0 is the turn, not a step.
const STEPS_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_steps
    (version BIGINT NOT NULL PRIMARY KEY, description VARCHAR(255) NOT NULL)";
const TURN: &str = "INSERT IGNORE INTO schema_steps (version, description) VALUES (0, 'turn')";
const TAKE_TURN: &str = "SELECT version FROM schema_steps WHERE version = 0 FOR UPDATE";

/// The error of an index that exists. A step that creates an index has been executed then: not all servers know
/// `IF NOT EXISTS` for indexes.
const INDEX_EXISTS: u16 = 1061;

/// Upgrades the schema to this version.
pub(crate) async fn migrate(server: &Server) -> Result<(), Error> {
    let failed = |cause: sqlx::Error| Error::Migration { path: server.place(), cause: cause.into() };
    let mut turn = server.connect().await?;
    let mut worker = server.connect().await?;
    tell(&mut turn, &TOLD).await.map_err(failed)?;
    tell(&mut worker, &TOLD).await.map_err(failed)?;
    if let Err(cause) = worker.execute(STEPS_TABLE).await {
        // Another process may have created it at the same time.
        worker.execute("SELECT version FROM schema_steps").await.map_err(|_| failed(cause))?;
    }
    worker.execute(TURN).await.map_err(failed)?;
    turn.execute("BEGIN").await.map_err(failed)?;
    turn.execute(TAKE_TURN).await.map_err(|cause| match &cause {
        sqlx::Error::Database(said) if number(&**said).is_some_and(mysql_is_passing) => {
            Error::NoAnswer { verb: "wait for another Lifeboat that changes the schema" }
        }
        _ => failed(cause),
    })?;
    steps(&mut worker, server).await?;
    turn.execute("ROLLBACK").await.map_err(failed)?;
    turn.close().await.map_err(failed)?;
    worker.close().await.map_err(failed)
}

async fn steps(connection: &mut MySqlConnection, server: &Server) -> Result<(), Error> {
    let path = || server.place();
    let failed = |cause: sqlx::Error| Error::Migration { path: path(), cause: cause.into() };
    let rows =
        sqlx::query("SELECT version FROM schema_steps").fetch_all(&mut *connection).await.map_err(failed)?;
    let done: Vec<i64> =
        rows.iter().map(|row| row.try_get("version")).collect::<sqlx::Result<_>>().map_err(failed)?;
    let known = MYSQL_MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
    if let Some(&found) = done.iter().max().filter(|found| **found > known) {
        return Err(Error::NewerSchema { path: path(), found, known });
    }
    for step in MYSQL_MIGRATIONS.iter().filter(|step| !done.contains(&step.version)) {
        let done = connection.execute(AssertSqlSafe(step.sql.as_str().to_owned())).await;
        let is_done = |cause: &sqlx::Error| {
            cause.as_database_error().and_then(number).is_some_and(|number| number == INDEX_EXISTS)
        };
        if let Err(cause) = done
            && !is_done(&cause)
        {
            return Err(failed(cause));
        }
        let note = sqlx::query("INSERT INTO schema_steps (version, description) VALUES (?, ?)");
        let note = note.bind(step.version).bind(step.description.as_ref());
        note.execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}
