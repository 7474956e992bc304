//! Locks that nobody will ever release.
//!
//! A seekdb (1.4.0) that is killed in the midst of a transaction whose log was partly written takes the transaction up
//! after its restart and neither commits nor undoes it: rows that it changed stay locked, through further restarts too,
//! and their table can't be dropped. Measured with `SIGKILL` and `V$OB_LOCKS`.

use std::time::Duration;

use model::version::Product;
use oceanbase::statement::literal;
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::plan::full_name;

/// How long a statement waits for a lock. Nobody else writes into what is being loaded, but for the last transaction of
/// a load that died, which ends within moments.
const LOCK_LIMIT: Duration = Duration::from_secs(15);

/// MySQL's number for a lock that was waited for in vain.
const LOCK_WAIT_OVER: u16 = 1205;

/// Makes the connection wait for locks so long and no longer.
pub(super) async fn limit_waiting(session: &mut Session) -> Result<()> {
    let sql = match session.server().product {
        Product::Oceanbase | Product::Seekdb => {
            format!("SET SESSION ob_trx_lock_timeout = {}", LOCK_LIMIT.as_micros())
        }
        _ => format!("SET SESSION innodb_lock_wait_timeout = {}", LOCK_LIMIT.as_secs()),
    };
    session.run(&Statement::read(sql)).await.during(|| "set up the connection".to_owned()).map(drop)
}

/// Returns the error, or that there is no use in waiting for the lock that it tells of.
pub(super) async fn explain(session: &mut Session, database: &str, error: Error) -> Error {
    let Error::Database { what, source } = error else { return error };
    let is_seekdb = session.server().product == Product::Seekdb;
    if !is_seekdb || session.is_broken() || source.number() != Some(LOCK_WAIT_OVER) {
        return Error::Database { what, source };
    }
    match locked_tables(session, database).await {
        Ok(tables) if !tables.is_empty() => Error::TargetLocked { tables, source },
        _ => Error::Database { what, source }, // somebody's, or not to be known
    }
}

/// Returns which tables of a database are locked by transactions that no session owns.
async fn locked_tables(
    session: &mut Session,
    database: &str,
) -> std::result::Result<Vec<String>, oceanbase::Error> {
    let sql = format!(
        "SELECT DISTINCT t.table_name FROM oceanbase.V$OB_LOCKS l \
         JOIN oceanbase.__all_tablet_to_table b ON b.tablet_id = CAST(l.ID3 AS UNSIGNED) \
         JOIN oceanbase.__all_table t ON t.table_id = b.table_id \
         JOIN oceanbase.__all_database d ON d.database_id = t.database_id \
         WHERE l.SESSION_ID = 0 AND l.TYPE = 'TM' AND l.LMODE = 'RX' AND d.database_name = {} ORDER BY 1",
        literal(database)
    );
    let rows = session.rows(&Statement::read(sql)).await?;
    rows.iter().map(|row| Ok(full_name(database, row.str(0)?))).collect()
}
