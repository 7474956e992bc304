//! Connections to a MySQL or MariaDB that all see the same moment: they begin their transactions while nobody may
//! write. The moment lives as long as they do; a dump that lost them begins anew.
//!
//! A transaction keeps every table that it has read from being changed, and a change that waits keeps everybody else
//! out of the table. So each goes back to a savepoint behind every read: that lets go of the tables, not of the moment.

use std::sync::{Mutex, PoisonError};

use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Result};
use crate::source::{Source, ready_for_reading};

/// How many seconds the lock may be waited for. Meanwhile the server lets nobody else write, so that waiting behind a
/// long statement stops everybody.
const LOCK_LIMIT_S: u32 = 30;

/// A lock on everything that is written. Dropping it gives it back, when the server notices.
pub(super) struct Lock {
    session: Session,
}

impl Lock {
    /// Waits until nobody writes, and keeps it so.
    pub(super) async fn take(source: &Source) -> Result<Self> {
        let mut session = source.open_for_definitions().await?;
        for sql in [
            format!("SET SESSION lock_wait_timeout = {LOCK_LIMIT_S}"),
            "FLUSH TABLES WITH READ LOCK".to_owned(),
        ] {
            let locking = || "lock the tables for a moment (FLUSH TABLES WITH READ LOCK)".to_owned();
            session.run(&Statement::read(sql)).await.during(locking)?;
        }
        Ok(Self { session })
    }

    /// Returns the connection, to look at what is locked.
    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Returns the server's time in nanoseconds since 1970: how such a moment is called.
    pub(super) async fn now(&mut self) -> Result<u64> {
        let clock = Statement::read("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000000 AS UNSIGNED)");
        let rows = self.session.rows(&clock).await.during(|| "ask for the time".to_owned())?;
        rows.first().map_or(Ok(0), |row| row.u64(0)).during(|| "ask for the time".to_owned())
    }

    /// Lets everybody write again, and returns the connection.
    pub(super) async fn release(mut self) -> Result<Session> {
        let unlock = Statement::read("UNLOCK TABLES");
        self.session.run(&unlock).await.during(|| "unlock the tables".to_owned())?;
        Ok(self.session)
    }
}

/// The connections that nobody works with at the moment.
pub(super) struct Together {
    idle: Mutex<Vec<Session>>,
}

impl Together {
    /// Opens so many connections that see what is locked.
    pub(super) async fn begin(source: &Source, connections: usize) -> Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..connections.max(1) {
            let mut session = source.open().await?;
            ready_for_reading(&mut session).await?;
            begin(&mut session).await?;
            idle.push(session);
        }
        Ok(Self { idle: Mutex::new(idle) })
    }

    /// Returns how many connections nobody works with.
    pub(super) fn count(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes a connection; nothing when there is none.
    pub(super) fn take(&self) -> Option<Session> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Gives a connection back.
    pub(super) fn give(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    /// Ends the transactions.
    pub(super) async fn end(&self) {
        while let Some(session) = self.take() {
            session.close().await;
        }
    }
}

/// Begins a transaction that sees one moment.
async fn begin(session: &mut Session) -> Result<()> {
    for sql in [
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        "SAVEPOINT lifeboat",
    ] {
        session.run(&Statement::read(sql)).await.during(|| "begin a transaction".to_owned())?;
    }
    Ok(())
}

/// Lets go of the tables that were read.
pub(super) async fn let_go(session: &mut Session) -> Result<()> {
    let back = Statement::read("ROLLBACK TO SAVEPOINT lifeboat");
    session.run(&back).await.during(|| "let go of a table".to_owned()).map(drop)
}
