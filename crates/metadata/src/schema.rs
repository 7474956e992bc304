//! Bringing the schema of a server to this version, also while other Lifeboats do the same.
//!
//! 1. whoever has the server's lock is alone
//! 2. each step that is not noted down is done, then noted down
//!
//! A step is one statement that may be repeated, so a crash between doing it and noting it down is harmless.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row as _};

use crate::dialect::MYSQL_MIGRATIONS;
use crate::error::Error;
use crate::server::{Server, tell};

/// What the connection is told: on OceanBase a change of the schema may take its time.
const TOLD: [(&str, bool); 2] =
    [("SET SESSION ob_query_timeout = 300000000", true), ("SET SESSION ob_trx_timeout = 300000000", true)];

/// How many seconds one waits for another Lifeboat that is at it.
const LOCK_WAIT_S: u32 = 120;

/// Brings the schema to this version, forward only.
pub(crate) async fn migrate(server: &Server) -> Result<(), Error> {
    let mut connection = server.connect().await?;
    let failed = |cause: sqlx::Error| Error::Migration { path: server.place(), cause: cause.into() };
    tell(&mut connection, &TOLD).await.map_err(failed)?;
    let name = format!("lifeboat-schema-{}", server.database());
    let lock = sqlx::query("SELECT COALESCE(GET_LOCK(?, ?), 0) AS got").bind(&name).bind(LOCK_WAIT_S);
    let got: i64 =
        lock.fetch_one(&mut connection).await.and_then(|row| row.try_get("got")).map_err(failed)?;
    if got != 1 {
        return Err(Error::NoAnswer { verb: "wait for another Lifeboat that changes the schema" });
    }
    steps(&mut connection, server).await?;
    // The lock belongs to the connection and ends with it, also when we do not come here.
    connection.close().await.map_err(failed)
}

async fn steps(connection: &mut MySqlConnection, server: &Server) -> Result<(), Error> {
    let path = || server.place();
    let failed = |cause: sqlx::Error| Error::Migration { path: path(), cause: cause.into() };
    let table = "CREATE TABLE IF NOT EXISTS schema_steps
        (version BIGINT NOT NULL PRIMARY KEY, description VARCHAR(255) NOT NULL)";
    connection.execute(table).await.map_err(failed)?;
    let rows =
        sqlx::query("SELECT version FROM schema_steps").fetch_all(&mut *connection).await.map_err(failed)?;
    let done: Vec<i64> =
        rows.iter().map(|row| row.try_get("version")).collect::<sqlx::Result<_>>().map_err(failed)?;
    let known = MYSQL_MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0);
    if let Some(&found) = done.iter().max().filter(|found| **found > known) {
        return Err(Error::NewerSchema { path: path(), found, known });
    }
    for step in MYSQL_MIGRATIONS.iter().filter(|step| !done.contains(&step.version)) {
        connection.execute(AssertSqlSafe(step.sql.as_str().to_owned())).await.map_err(failed)?;
        let note = sqlx::query("INSERT INTO schema_steps (version, description) VALUES (?, ?)");
        let note = note.bind(step.version).bind(step.description.as_ref());
        note.execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
}
