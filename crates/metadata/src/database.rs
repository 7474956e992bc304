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

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many entries come before it.
    pub offset: u64,
    /// How many entries it holds at most.
    pub limit: u32,
}

/// Part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The entries of this part.
    pub items: Vec<T>,
    /// How many entries there are in all.
    pub total: u64,
}

impl Slice {
    /// Everything, as far as one answer may hold it.
    pub const ALL: Self = Self { offset: 0, limit: 10_000 };

    /// Appends the part to a statement.
    pub(crate) fn cut(self, statement: Statement) -> Statement {
        statement.push(" LIMIT ? OFFSET ?").bind(self.limit).bind(self.offset)
    }
}

/// How long a server may take for one statement before its connection is given up; more than it lets a statement wait
/// for its turn.
const STATEMENT_WAIT: Duration = Duration::from_secs(15);

/// How long to wait for a connection before checking whether the server is there.
const PATIENCE: Duration = Duration::from_millis(250);

/// Our database, opened.
#[derive(Debug)]
pub(crate) struct Database {
    pools: Pools,
    /// Room on the disk of a database in the data directory.
    room: Option<Arc<Room>>,
    /// How far the clock is ahead of the real one; tests let time pass by it.
    ahead_us: Arc<AtomicI64>,
    measured: Arc<Measured>,
}

#[derive(Debug)]
enum Pools {
    /// SQLite takes one write at a time, so there is one connection for it: who waits, waits in our queue.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Others write too, so each takes its turn in the database.
    Mysql { server: Server, writers: MySqlPool, readers: MySqlPool },
}

/// Sets up a pool so that a connection whose transaction could not be ended is closed, and never used again: a `COMMIT`
/// or `ROLLBACK` that failed, as on a full disk, leaves it during that transaction.
pub(crate) fn without_unended<D: sqlx::Database>(pool: PoolOptions<D>) -> PoolOptions<D> {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            sqlx::Connection::ping(connection).await?; // a rollback on its way is carried out before
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

    /// Returns what was measured.
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

    /// Begins a transaction that sees everything as it is at its first look, and does not write.
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
                writer.close().await; // last: it takes the write-ahead log into the file
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

/// A connection in a transaction; dropped, what was written in it is taken back.
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
    /// Taken out while a statement is under way, and gone when its caller gave up.
    Mysql(Option<sqlx::Transaction<'static, MySql>>),
}

/// Does something with a connection to a server to its end, also when the caller gives up in between: one that is
/// left during an answer takes the rest of it for the answer to the next question. A server that is silent
/// for too long loses the connection.
async fn whole<T: Send + 'static>(
    verb: &'static str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::spawn(timeout(STATEMENT_WAIT, work)).await;
    done.ok().and_then(Result::ok).ok_or(Error::NoAnswer { verb })
}

/// Begins a transaction on a server. It waits for a connection as long as the server responds: the server is checked
/// when that takes long, because the pool keeps trying a lost one until its timeout.
async fn begin_whole(server: &Server, pool: &MySqlPool) -> Result<Driver, Error> {
    let pool = pool.clone();
    let begun = whole("begin a transaction", async move { pool.begin().await });
    let is_gone = async {
        tokio::time::sleep(PATIENCE).await;
        // In a box: it is rare, and large.
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
    /// Carries out a statement; returns how many rows it was about.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        let (verb, begun) = (statement.verb, Instant::now());
        let done = self.carry_out(statement).await;
        self.measured.statement(verb, begun, done.is_err());
        done
    }

    /// Reads all rows that come back.
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

    /// Reads the first row that comes back, if one does.
    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Reads the one number of a statement that counts.
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

    /// Returns what time it is by the database's clock. SQLite has none of its own: it is part of this program.
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

    /// Makes everything that was written in the transaction visible, and lasting.
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

/// Turns the number of changed rows into an error when the thing is not there.
pub(crate) fn exactly_one(changed: u64, noun: &'static str, id: i64) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::Missing { noun, id }) }
}

/// Turns a statement into one of this kind of database.
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

/// A write transaction: all its writes become visible together, or none. Dropped without [`Transaction::commit`], it
/// rolls back. The methods are in the files of their nouns.
#[derive(Debug)]
pub struct Transaction {
    pub(crate) connection: Connection,
    pub(crate) sealer: Arc<Sealer>,
}

impl Transaction {
    /// Returns what time it is by the metadata's clock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(&mut self) -> Result<Timestamp, Error> {
        Ok(Timestamp(self.connection.now().await?.0))
    }

    /// Makes everything that was written visible, and lasting.
    ///
    /// # Errors
    /// When the database fails; then nothing was written, or, if it failed while answering, everything.
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

    /// A database with a limit of pages, which becomes full as a disk does.
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
