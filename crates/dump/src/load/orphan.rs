//! Locks that are never released.
//!
//! If a seekdb (1.4.0) is killed during a transaction whose log was partly written, it revives the transaction after
//! its restart, but neither commits it nor rolls it back. The changed rows stay locked, even after further restarts,
//! their table can't be dropped, and building a key of any table never ends. Measured with `SIGKILL` and
//! `V$OB_LOCKS`. Some seconds after its first start, seekdb writes its packages into its own tables. If it is killed
//! at this time, `CREATE DATABASE` never ends either.

use std::time::Duration;

use model::version::Product;
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::plan::full_name;

/// The timeout of a lock. No other client writes to the target, except the last transaction of a dead load, which
/// ends quickly.
const LOCK_LIMIT: Duration = Duration::from_secs(15);

/// How long a transaction without a session may be active.
const PASSING: Duration = Duration::from_secs(10);

/// MySQL's number for a lock that was waited for without success.
const LOCK_WAIT_OVER: u16 = 1205;

/// Limits how long the connection waits for locks.
pub(super) async fn limit_waiting(session: &mut Session) -> Result<()> {
    let sql = if session.server().product.is_oceanbase() {
        format!("SET SESSION ob_trx_lock_timeout = {}", LOCK_LIMIT.as_micros())
    } else {
        format!("SET SESSION innodb_lock_wait_timeout = {}", LOCK_LIMIT.as_secs())
    };
    session.run(&Statement::read(sql)).await.during(|| "set up the connection".to_owned()).map(drop)
}

/// Returns the error, or [`Error::TargetLocked`] if the lock is never released.
pub(super) async fn explain(session: &mut Session, error: Error) -> Error {
    let waited_in_vain =
        matches!(&error, Error::Database { source, .. } if source.number() == Some(LOCK_WAIT_OVER));
    if !waited_in_vain || session.is_broken() {
        return error;
    }
    match refuse(session).await {
        Err(locked @ Error::TargetLocked { .. }) => locked,
        _ => error, // a session holds the lock, or the holder is unknown
    }
}

/// Refuses a server with such locks: building a key of any table never ends there.
///
/// # Errors
/// [`Error::TargetLocked`] with the tables' full names.
pub(super) async fn refuse(session: &mut Session) -> Result<()> {
    if session.server().product != Product::Seekdb {
        return Ok(());
    }
    // Some of the server's own transactions have no session either, but end quickly. The tablet of an inner table has
    // the table's number.
    let sql = format!(
        "SELECT DISTINCT COALESCE(d.database_name, 'oceanbase'), COALESCE(t.table_name, CONCAT('tablet ', l.ID3)) \
         FROM oceanbase.V$OB_LOCKS l \
         LEFT JOIN oceanbase.__all_tablet_to_table b ON b.tablet_id = CAST(l.ID3 AS UNSIGNED) \
         LEFT JOIN oceanbase.__all_table t ON t.table_id = COALESCE(b.table_id, CAST(l.ID3 AS UNSIGNED)) \
         LEFT JOIN oceanbase.__all_database d ON d.database_id = t.database_id \
         WHERE l.SESSION_ID = 0 AND l.TYPE = 'TM' AND l.LMODE = 'RX' AND l.CTIME > {} ORDER BY 1, 2",
        PASSING.as_micros()
    );
    let rows = session.rows(&Statement::read(sql)).await.during(|| "look for locks".to_owned())?;
    let tables = rows.iter().map(|row| Ok(full_name(row.str(0)?, row.str(1)?)));
    let tables: Vec<String> =
        tables.collect::<std::result::Result<_, _>>().during(|| "look for locks".to_owned())?;
    if tables.is_empty() { Ok(()) } else { Err(Error::TargetLocked { tables }) }
}
