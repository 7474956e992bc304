//! One snapshot of the data that any number of connections can read: `AS OF SNAPSHOT <SCN>`.
//!
//! A compaction may remove the row versions of that SCN. An open transaction keeps them and those of later SCNs, but
//! not those of earlier ones: so the transaction is opened first, and the SCN is read afterwards. The server takes a
//! transaction's snapshot at its first read, not at START TRANSACTION, and never under READ COMMITTED.

use std::sync::Arc;
use std::time::Duration;

use model::version::{Product, Version};

use crate::connect::Endpoint;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, Witness, identifier};

/// The maximum idle time of the transaction: longer than any dump takes.
const IDLE_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// The first OceanBase version with a view that shows the current SCN.
const SHOWS_SCN_SINCE: Version = Version::new(4, 2, 0);

/// An upper limit for the clock differences within a cluster.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

/// An open transaction that keeps the data of its time, and of all later SCNs, readable.
pub struct Pin {
    session: Session,
}

impl Pin {
    /// Opens the transaction. It reads from `anchor`, a table as `(database, name)`; without a table, there is
    /// nothing to keep.
    ///
    /// # Errors
    /// Fails when the server does.
    pub async fn open(
        endpoint: &Endpoint,
        witness: Arc<dyn Witness>,
        anchor: Option<(&str, &str)>,
    ) -> Result<Self, Error> {
        let mut session = Session::open(endpoint, witness).await?;
        let limit = IDLE_LIMIT.as_micros();
        for sql in [
            format!("SET SESSION ob_trx_timeout = {limit}, ob_trx_idle_timeout = {limit}"),
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ".to_owned(),
            "START TRANSACTION".to_owned(),
        ] {
            session.run(&Statement::read(sql)).await?;
        }
        if let Some((database, table)) = anchor {
            let sql = format!("SELECT 1 FROM {}.{} LIMIT 1", identifier(database), identifier(table));
            session.rows(&Statement::read(sql)).await?;
        }
        Ok(Self { session })
    }

    /// Returns the current SCN, in the server's own unit.
    ///
    /// # Errors
    /// Fails when the server does, or has no SCN.
    pub async fn current_scn(&mut self) -> Result<u64, Error> {
        current_scn(&mut self.session).await
    }

    /// Checks that the transaction's connection is still alive.
    ///
    /// # Errors
    /// Fails when it is not.
    pub async fn check(&mut self) -> Result<(), Error> {
        self.session.run(&Statement::read("SELECT 1")).await.map(drop)
    }

    /// Ends the transaction. After a drop, it ends when the server notices the closed connection.
    pub async fn release(self) {
        self.session.close().await;
    }
}

/// Returns the current SCN, in the server's own unit: nanoseconds since 1970 on OceanBase 4.x and seekdb.
///
/// OceanBase 4.0 and 4.1 show none. There, the function reads the server's time, waits longer than the clocks differ,
/// and returns that time: an SCN in the past can be read immediately, whatever the clock differences, and a
/// transaction that was open before keeps it readable.
///
/// # Errors
/// Fails when the server does, or has no SCN.
pub async fn current_scn(session: &mut Session) -> Result<u64, Error> {
    let server = session.server();
    let sql = match server.product {
        Product::Seekdb => "SELECT current_scn()".to_owned(),
        Product::Oceanbase if server.version < SHOWS_SCN_SINCE => {
            tokio::time::sleep(CLOCKS_DIFFER).await;
            format!("SELECT TIME_TO_USEC(NOW(6)) * 1000 - {}", CLOCKS_DIFFER.as_nanos())
        }
        _ => "SELECT TS_VALUE FROM oceanbase.V$OB_TIMESTAMP_SERVICE".to_owned(),
    };
    let statement = Statement::read(sql);
    let rows = session.rows(&statement).await?;
    rows.first().ok_or_else(|| Error::no_rows(&statement))?.u64(0)
}

/// Reads a table at an SCN, to check that this is still possible.
///
/// # Errors
/// Fails when the SCN or the table can no longer be read.
pub async fn probe(session: &mut Session, scn: u64, database: &str, table: &str) -> Result<(), Error> {
    let (database, table) = (identifier(database), identifier(table));
    let sql = format!("SELECT /*+ full(x) */ 1 FROM {database}.{table} AS OF SNAPSHOT {scn} x LIMIT 1");
    session.rows(&Statement::read(sql)).await.map(drop)
}
