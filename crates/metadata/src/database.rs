//! Connections and transactions. Only this file and `dialect` depend on the kind of database.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use engine::Moment;
use model::Timestamp;
use sqlx::mysql::MySqlPool;
use sqlx::pool::PoolOptions;
use sqlx::query::Query;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Encode, MySql, Sqlite, Type};
use tokio::time::timeout;

use crate::dialect::{MYSQL_NOW, MYSQL_TAKE_TURN, SQLITE_BEGIN_WRITE};
use crate::error::Error;
use crate::measured::Measured;
use crate::room::Room;
use crate::seal::Sealer;
use crate::server::Server;
use crate::sql::{Inner, Row, Statement, Value, statement};

/// The requested part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The number of entries before it.
    pub offset: u64,
    /// The maximum number of entries.
    pub limit: u32,
}

/// Part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The entries of this part.
    pub items: Vec<T>,
    /// The total number of entries.
    pub total: u64,
}

impl Slice {
    /// Everything, up to the limit of one answer.
    pub const ALL: Self = Self { offset: 0, limit: 10_000 };

    /// Limits a statement to this part.
    pub(crate) fn cut(self, statement: Statement) -> Statement {
        statement.push(" LIMIT ? OFFSET ?").bind(self.limit).bind(self.offset)
    }
}

/// The timeout of one statement, after which its connection is closed. It is longer than the server lets a statement
/// wait for its turn.
const STATEMENT_WAIT: Duration = Duration::from_secs(15);

/// How long to wait for a connection before checking whether the server responds.
const PATIENCE: Duration = Duration::from_millis(250);

/// The open database.
#[derive(Debug)]
pub(crate) struct Database {
    pools: Pools,
    /// The disk space, for a database in the data directory.
    room: Option<Arc<Room>>,
    /// How far the clock is ahead of the real one; tests use it to advance time.
    ahead_us: Arc<AtomicI64>,
    measured: Arc<Measured>,
}

#[derive(Debug)]
enum Pools {
    /// SQLite allows one writer at a time, so there is a single connection for writing. Other writers wait for that
    /// connection.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Other servers write, too, so each writer takes its turn in the database.
    Mysql { server: Server, writers: MySqlPool, readers: MySqlPool },
}

/// Sets up a pool so that a connection whose transaction could not be ended is closed, and never used again: a
/// `COMMIT` or `ROLLBACK` that failed, for example on a full disk, leaves it inside that transaction.
pub(crate) fn without_unended<D: sqlx::Database>(pool: PoolOptions<D>) -> PoolOptions<D> {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            sqlx::Connection::ping(connection).await?; // a pending rollback is executed first
            Ok(!sqlx::Connection::is_in_transaction(connection))
        })
    })
}

impl Database {
    pub(crate) fn sqlite(writer: SqlitePool, readers: SqlitePool, room: Option<Room>) -> Self {
        let room = room.map(Arc::new);
        Self {
            pools: Pools::Sqlite { writer, readers },
            room,
            ahead_us: Arc::default(),
            measured: Arc::default(),
        }
    }

    pub(crate) fn mysql(server: Server, writers: MySqlPool, readers: MySqlPool) -> Self {
        let pools = Pools::Mysql { server, writers, readers };
        Self { pools, room: None, ahead_us: Arc::default(), measured: Arc::default() }
    }

    /// Returns the known free space of the disk, if the database is on a local one.
    pub(crate) fn room(&self) -> Option<Arc<Room>> {
        self.room.clone()
    }

    /// Returns the measurements.
    pub(crate) fn measured(&self) -> &Measured {
        &self.measured
    }

    /// Begins a transaction that may write. Until it ends, no other one writes.
    pub(crate) async fn begin(&self) -> Result<Connection, Error> {
        let begun = Instant::now();
        let done = self.take_turn().await;
        self.measured.statement("begin to write", begun, done.is_err());
        done
    }

    async fn take_turn(&self) -> Result<Connection, Error> {
        let begun = match &self.pools {
            Pools::Sqlite { writer, .. } => writer.begin_with(SQLITE_BEGIN_WRITE).await.map(Driver::Sqlite),
            Pools::Mysql { server, writers, .. } => Ok(begin_whole(server, writers).await?),
        };
        let mut connection = self.connection(begun)?;
        if matches!(connection.inner, Driver::Mysql(_)) {
            connection.rows(statement("wait for the turn to write", MYSQL_TAKE_TURN)).await?;
        }
        Ok(connection)
    }

    /// Begins a read-only transaction, which sees the state at its first read.
    pub(crate) async fn read(&self) -> Result<Connection, Error> {
        let since = Instant::now();
        let done = async {
            let begun = match &self.pools {
                Pools::Sqlite { readers, .. } => readers.begin().await.map(Driver::Sqlite),
                Pools::Mysql { server, readers, .. } => Ok(begin_whole(server, readers).await?),
            };
            self.connection(begun)
        };
        let done = done.await;
        self.measured.statement("begin to read", since, done.is_err());
        done
    }

    /// Moves the clock by this much, forward or back.
    pub(crate) fn turn_clock(&self, by_us: i64) {
        self.ahead_us.fetch_add(by_us, Ordering::SeqCst);
    }

    /// Ends all connections.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await; // last, because it merges the write-ahead log into the file
            }
            Pools::Mysql { writers, readers, .. } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }

    fn connection(&self, begun: sqlx::Result<Driver>) -> Result<Connection, Error> {
        match begun {
            Ok(inner) => Ok(Connection {
                inner,
                room: self.room(),
                ahead_us: self.ahead_us.clone(),
                measured: self.measured.clone(),
            }),
            Err(cause) => Err(failure(self.room.as_deref(), "begin a transaction", cause)),
        }
    }
}

/// A connection in a transaction. If it is dropped, the transaction is rolled back.
#[derive(Debug)]
pub(crate) struct Connection {
    inner: Driver,
    room: Option<Arc<Room>>,
    ahead_us: Arc<AtomicI64>,
    measured: Arc<Measured>,
}

#[derive(Debug)]
enum Driver {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// Taken out during a statement; stays `None` if the caller gave up.
    Mysql(Option<sqlx::Transaction<'static, MySql>>),
}

/// Completes work on a connection to a server even if the caller gives up: a connection that is abandoned during an
/// answer would treat the rest of it as the answer to the next statement. If the server does not respond in time, the
/// connection is closed.
async fn whole<T: Send + 'static>(
    verb: &'static str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::spawn(timeout(STATEMENT_WAIT, work)).await;
    done.ok().and_then(Result::ok).ok_or(Error::NoAnswer { verb })
}

/// Begins a transaction on a server. Waits for a connection as long as the server responds: if it takes long, the
/// server is checked, because the pool retries a lost server until its timeout.
async fn begin_whole(server: &Server, pool: &MySqlPool) -> Result<Driver, Error> {
    let pool = pool.clone();
    let begun = whole("begin a transaction", async move { pool.begin().await });
    let is_gone = async {
        tokio::time::sleep(PATIENCE).await;
        // Boxed, because this future is large and rare.
        match Box::pin(server.check()).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        begun = begun => match begun? {
            Ok(transaction) => Ok(Driver::Mysql(Some(transaction))),
            Err(cause) => Err(server.failure(cause)),
        },
        error = is_gone => Err(error),
    }
}

/// Returns the error; for a full disk, releases the reserve, so that the next attempt has space.
fn failure(room: Option<&Room>, verb: &'static str, cause: sqlx::Error) -> Error {
    let error = Error::Database { verb, cause };
    if let Some(room) = room.filter(|_| error.is_disk_full()) {
        room.give_up();
    }
    error
}

impl Connection {
    /// Executes a statement; returns the number of affected rows.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        let (verb, begun) = (statement.verb, Instant::now());
        let done = self.carry_out(statement).await;
        self.measured.statement(verb, begun, done.is_err());
        done
    }

    /// Returns all rows of a statement.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
        let (verb, begun) = (statement.verb, Instant::now());
        let done = self.fetch(statement).await;
        self.measured.statement(verb, begun, done.is_err());
        done
    }

    async fn carry_out(&mut self, statement: Statement) -> Result<u64, Error> {
        let verb = statement.verb;
        let done = match &mut self.inner {
            Driver::Sqlite(transaction) => {
                query::<Sqlite>(statement).execute(&mut **transaction).await.map(|done| done.rows_affected())
            }
            Driver::Mysql(held) => {
                let mut transaction = held.take().ok_or(Error::NoAnswer { verb })?;
                let work = async move {
                    let done = query::<MySql>(statement).execute(&mut *transaction).await;
                    (transaction, done)
                };
                let (transaction, done) = whole(verb, work).await?;
                *held = Some(transaction);
                done.map(|done| done.rows_affected())
            }
        };
        done.map_err(|cause| failure(self.room.as_deref(), verb, cause))
    }

    async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
        let verb = statement.verb;
        let rows: sqlx::Result<Vec<Inner>> = match &mut self.inner {
            Driver::Sqlite(transaction) => {
                let rows = query::<Sqlite>(statement).fetch_all(&mut **transaction).await;
                rows.map(|rows| rows.into_iter().map(Inner::Sqlite).collect())
            }
            Driver::Mysql(held) => {
                let mut transaction = held.take().ok_or(Error::NoAnswer { verb })?;
                let work = async move {
                    let rows = query::<MySql>(statement).fetch_all(&mut *transaction).await;
                    (transaction, rows)
                };
                let (transaction, rows) = whole(verb, work).await?;
                *held = Some(transaction);
                rows.map(|rows| rows.into_iter().map(Inner::Mysql).collect())
            }
        };
        match rows {
            Ok(rows) => Ok(rows.into_iter().map(|inner| Row { verb, inner }).collect()),
            Err(cause) => Err(failure(self.room.as_deref(), verb, cause)),
        }
    }

    /// Returns the first row of a statement, if any.
    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Returns the result of a counting statement.
    pub(crate) async fn count(&mut self, statement: Statement) -> Result<u64, Error> {
        match self.row(statement).await? {
            Some(row) => row.large("total"),
            None => Ok(0),
        }
    }

    /// Takes this many new numbers of a counter; returns the first.
    pub(crate) async fn take_numbers(&mut self, counter: &'static str, count: i64) -> Result<i64, Error> {
        let raise = statement("count on", "UPDATE counters SET value = value + ? WHERE name = ?");
        self.execute(raise.bind(count).bind(counter)).await?;
        let read = statement("count on", "SELECT value FROM counters WHERE name = ?").bind(counter);
        let row = self.row(read).await?.expect("the migrations have made every counter");
        Ok(row.integer("value")? - count + 1)
    }

    /// Returns the time of the database's clock. SQLite runs in this process, so it uses the clock of this machine.
    pub(crate) async fn now(&mut self) -> Result<Moment, Error> {
        let ahead_us = self.ahead_us.load(Ordering::SeqCst);
        let ahead = |moment: Moment| Moment(moment.0.saturating_add(ahead_us));
        if matches!(self.inner, Driver::Sqlite(_)) {
            let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            return Ok(ahead(Moment(0).plus(real)));
        }
        let row = self.row(statement("ask the database for the time", MYSQL_NOW)).await?;
        Ok(ahead(row.expect("a clock always answers").moment("now_us")?))
    }

    /// Commits the transaction: its writes become visible and durable.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let (measured, begun) = (self.measured.clone(), Instant::now());
        let done = self.keep().await;
        measured.statement("commit", begun, done.is_err());
        done
    }

    async fn keep(self) -> Result<(), Error> {
        let done = match self.inner {
            Driver::Sqlite(transaction) => transaction.commit().await,
            Driver::Mysql(held) => {
                let transaction = held.ok_or(Error::NoAnswer { verb: "commit" })?;
                whole("commit", transaction.commit()).await?
            }
        };
        done.map_err(|cause| failure(self.room.as_deref(), "commit", cause))
    }
}

/// Returns an error if no row was changed, because the object does not exist.
pub(crate) fn exactly_one(changed: u64, noun: &'static str, id: i64) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::Missing { noun, id }) }
}

/// Converts a statement to a query for this kind of database.
fn query<'q, D>(statement: Statement) -> Query<'q, D, D::Arguments>
where
    D: sqlx::Database,
    i64: Encode<'q, D> + Type<D>,
    Option<i64>: Encode<'q, D> + Type<D>,
    String: Encode<'q, D> + Type<D>,
{
    let query = match statement.sql {
        Cow::Borrowed(sql) => sqlx::query(sql),
        // Safe, because `Statement` takes its text from literals only.
        Cow::Owned(sql) => sqlx::query(AssertSqlSafe(sql)),
    };
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Nothing => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}

/// A write transaction: all its writes become visible together, or none. If it is dropped without
/// [`Transaction::commit`], it rolls back. Its methods are in the files of their nouns.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) connection: Connection,
    pub(crate) sealer: Arc<Sealer>,
}

impl Transaction {
    /// Returns the time of the metadata's clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(&mut self) -> Result<Timestamp, Error> {
        Ok(Timestamp(self.connection.now().await?.0))
    }

    /// Commits the transaction: its writes become visible and durable.
    ///
    /// # Errors
    /// When the database fails; then nothing was written, or everything, if only the answer was lost.
    pub async fn commit(self) -> Result<(), Error> {
        self.connection.commit().await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::sqlite::SqlitePoolOptions;

    use super::{Database, without_unended};
    use crate::dialect::sqlite_options;
    use crate::room::{RESERVE_FILE, Room};
    use crate::sql::statement;

    /// A database with a page limit, which fills up like a disk.
    async fn small(directory: &Path, pages: &'static str) -> Database {
        let options = sqlite_options(&directory.join("small.db")).create_if_missing(true);
        let options = options.pragma("max_page_count", pages);
        let pool = without_unended(SqlitePoolOptions::new()).max_connections(1);
        let pool = pool.connect_with(options).await.expect("opens");
        Database::sqlite(pool.clone(), pool, Some(Room::open(directory)))
    }

    #[tokio::test]
    async fn a_write_that_finds_no_room_gives_the_reserve_up_and_the_next_is_not_hurt() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = small(directory.path(), "10").await;
        let mut writer = database.begin().await.expect("begins");
        writer.execute(statement("make", "CREATE TABLE t (x)")).await.expect("made");
        writer.commit().await.expect("kept");
        let fill = || statement("fill", "INSERT INTO t VALUES (randomblob(100000))");
        for _ in 0..3 {
            assert!(directory.path().join(RESERVE_FILE).exists());
            let mut writer =
                database.begin().await.expect("a transaction begins, whatever became of the last");
            let error = writer.execute(fill()).await.expect_err("no room");
            assert!(error.is_disk_full() && error.is_transient(), "{error:?}");
            assert!(writer.commit().await.is_ok() || !directory.path().join(RESERVE_FILE).exists());
            let room = database.room().expect("it lies on a disk");
            assert!(room.check().is_err() && !directory.path().join(RESERVE_FILE).exists());
            room.look();
        }
        let mut writer = database.begin().await.expect("begins");
        writer
            .execute(statement("keep", "INSERT INTO t VALUES (1)"))
            .await
            .expect("there is room for little");
        writer.commit().await.expect("kept");
    }

    #[tokio::test]
    async fn a_connection_whose_transaction_cannot_be_ended_is_never_used_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = small(directory.path(), "100").await;
        // Ends the transaction without sqlx, as SQLite itself does on some failures: COMMIT and ROLLBACK fail.
        for _ in 0..3 {
            let mut writer =
                database.begin().await.expect("a transaction begins, whatever became of the last");
            writer.execute(statement("end", "ROLLBACK")).await.expect("ended");
            writer.commit().await.expect_err("there is nothing to commit");
        }
    }
}
