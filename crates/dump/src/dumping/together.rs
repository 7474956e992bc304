//! Connections to MySQL or MariaDB that all see the same snapshot: they begin their transactions while all writes are
//! blocked. The snapshot lives as long as they do; a dump that lost them starts over.
//!
//! A transaction blocks changes of every table that it has read, and a waiting change blocks all other readers of the
//! table. So each connection returns to a savepoint after every read: that releases the tables, but not the snapshot.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oceanbase::{Session, Statement};

use crate::dumping::exchanged;
use crate::error::{DuringSql as _, Error, Holder, Result};
use crate::source::{Source, ready_for_reading};

/// The default timeout of the lock. The server blocks all writes during the wait, so a long statement would stop all
/// users.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// MySQL's number for a lock that was waited for without success.
const LOCK_WAIT_OVER: u16 = 1205;

/// A lock against all writes. If it is dropped, the server releases it when it notices the closed connection.
pub(super) struct Lock {
    session: Session,
    /// The number of [`exchanged::count`] before the lock was requested.
    exchanges: u64,
}

impl Lock {
    /// Waits until all writes end, and blocks new ones.
    ///
    /// # Errors
    /// [`Error::LockWaited`] when another connection holds tables for too long.
    pub(super) async fn take(source: &Source, wait: Option<Duration>) -> Result<Self> {
        let mut session = source.open_for_definitions().await?;
        let exchanges = exchanged::count(&mut session).await?;
        let seconds = wait.unwrap_or(LOCK_WAIT).as_secs().max(1);
        let locking = || "lock the tables for a moment (FLUSH TABLES WITH READ LOCK)".to_owned();
        let limit = Statement::read(format!("SET SESSION lock_wait_timeout = {seconds}"));
        session.run(&limit).await.during(locking)?;
        let lock =
            Statement::read("FLUSH TABLES WITH READ LOCK").within(Duration::from_secs(seconds) + LOCK_WAIT);
        match session.run(&lock).await {
            Ok(_) => Ok(Self { session, exchanges }),
            Err(error) if error.number() == Some(LOCK_WAIT_OVER) => {
                let holder = holder(&mut session).await?;
                Err(Error::LockWaited { seconds, holder })
            }
            Err(error) => Err(error).during(locking),
        }
    }

    /// Returns the connection, to look at what is locked.
    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Returns the server's time in nanoseconds since 1970, which identifies such a snapshot.
    pub(super) async fn now(&mut self) -> Result<u64> {
        now(&mut self.session).await
    }

    /// Unlocks the tables, and returns the connection.
    pub(super) async fn release(mut self) -> Result<Session> {
        let unlock = Statement::read("UNLOCK TABLES");
        self.session.run(&unlock).await.during(|| "unlock the tables".to_owned())?;
        Ok(self.session)
    }
}

/// Returns the server's time in nanoseconds since 1970.
pub(super) async fn now(session: &mut Session) -> Result<u64> {
    let clock = Statement::read("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000000 AS UNSIGNED)");
    let rows = session.rows(&clock).await.during(|| "ask for the time".to_owned())?;
    rows.first().map_or(Ok(0), |row| row.u64(0)).during(|| "ask for the time".to_owned())
}

/// Returns the connection that has been running a statement for the longest time.
async fn holder(session: &mut Session) -> Result<Option<Holder>> {
    let sql = "SELECT ID, CONCAT(USER, '@', SUBSTRING_INDEX(HOST, ':', 1)), COALESCE(INFO, ''), TIME \
               FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() \
               AND COMMAND IN ('Query', 'Execute') AND COALESCE(STATE, '') NOT LIKE 'Waiting for%' \
               ORDER BY TIME DESC, ID LIMIT 1";
    let looking = || "look for what holds the tables".to_owned();
    let rows = session.rows(&Statement::read(sql)).await.during(looking)?;
    let Some(row) = rows.first() else { return Ok(None) };
    let read = || -> std::result::Result<_, oceanbase::Error> {
        let text = String::from_utf8_lossy(row.bytes(2).unwrap_or_default()).into_owned();
        let word: String = text.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        let statement = if word.is_empty() { "a statement".to_owned() } else { word.to_uppercase() };
        Ok(Holder { id: row.u64(0)?, user: row.str(1)?.to_owned(), statement, running_s: row.u64(3)? })
    };
    read().during(looking).map(Some)
}

/// The currently idle connections.
pub(super) struct Together {
    idle: Mutex<Vec<Session>>,
    exchanges: u64,
}

impl Together {
    /// Opens this many connections that see the locked state.
    pub(super) async fn begin(source: &Source, lock: &Lock, connections: usize) -> Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..connections.max(1) {
            let mut session = source.open().await?;
            ready_for_reading(&mut session).await?;
            begin(&mut session).await?;
            idle.push(session);
        }
        Ok(Self { idle: Mutex::new(idle), exchanges: lock.exchanges })
    }

    /// Returns the number of idle connections.
    pub(super) fn count(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the number of [`exchanged::count`] before the tables were locked.
    pub(super) fn exchanges_before(&self) -> u64 {
        self.exchanges
    }

    /// Takes an idle connection, if there is one.
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

/// Begins a transaction that sees one snapshot.
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

/// Releases the metadata locks of the tables that were read.
pub(super) async fn let_go(session: &mut Session) -> Result<()> {
    let back = Statement::read("ROLLBACK TO SAVEPOINT lifeboat");
    session.run(&back).await.during(|| "let go of a table".to_owned()).map(drop)
}
