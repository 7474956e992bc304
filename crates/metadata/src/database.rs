//! Connections and transactions. Which database it is, only this file and `dialect` know.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use engine::Moment;
use model::Timestamp;
use sqlx::mysql::MySqlPool;
use sqlx::query::Query;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Encode, MySql, Sqlite, Type};

use crate::dialect::{MYSQL_NOW, MYSQL_TAKE_TURN, SQLITE_BEGIN_WRITE};
use crate::error::Error;
use crate::seal::Sealer;
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

/// Our database, opened.
#[derive(Debug)]
pub(crate) struct Database {
    pools: Pools,
    /// How far the clock is ahead of the real one; tests let time pass by it.
    ahead_us: Arc<AtomicI64>,
}

#[derive(Debug)]
enum Pools {
    /// SQLite takes one write at a time, so there is one connection for it: who waits, waits in our queue.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Others write too, so each takes its turn in the database.
    Mysql { writers: MySqlPool, readers: MySqlPool },
}

impl Database {
    pub(crate) fn sqlite(writer: SqlitePool, readers: SqlitePool) -> Self {
        Self { pools: Pools::Sqlite { writer, readers }, ahead_us: Arc::default() }
    }

    pub(crate) fn mysql(writers: MySqlPool, readers: MySqlPool) -> Self {
        Self { pools: Pools::Mysql { writers, readers }, ahead_us: Arc::default() }
    }

    /// Begins a transaction that may write. Until it ends, nobody else writes.
    pub(crate) async fn begin(&self) -> Result<Connection, Error> {
        let begun = match &self.pools {
            Pools::Sqlite { writer, .. } => writer.begin_with(SQLITE_BEGIN_WRITE).await.map(Driver::Sqlite),
            Pools::Mysql { writers, .. } => begin_whole(writers).await?,
        };
        let mut connection = self.connection(begun)?;
        if matches!(connection.inner, Driver::Mysql(_)) {
            connection.rows(statement("wait for the turn to write", MYSQL_TAKE_TURN)).await?;
        }
        Ok(connection)
    }

    /// Begins a transaction that sees everything as it is at its first look, and does not write.
    pub(crate) async fn read(&self) -> Result<Connection, Error> {
        let begun = match &self.pools {
            Pools::Sqlite { readers, .. } => readers.begin().await.map(Driver::Sqlite),
            Pools::Mysql { readers, .. } => begin_whole(readers).await?,
        };
        self.connection(begun)
    }

    /// Lets the clock be so much further ahead.
    pub(crate) fn advance(&self, time: Duration) {
        self.ahead_us.fetch_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Ends all connections.
    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await; // last: it takes the write-ahead log into the file
            }
            Pools::Mysql { writers, readers } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }

    fn connection(&self, begun: sqlx::Result<Driver>) -> Result<Connection, Error> {
        match begun {
            Ok(inner) => Ok(Connection { inner, ahead_us: self.ahead_us.clone() }),
            Err(cause) => Err(Error::Database { verb: "begin a transaction", cause }),
        }
    }
}

/// A connection in a transaction; dropped, what was written in it is taken back.
#[derive(Debug)]
pub(crate) struct Connection {
    inner: Driver,
    ahead_us: Arc<AtomicI64>,
}

#[derive(Debug)]
enum Driver {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// Taken out while a statement is under way, and gone when its caller gave up.
    Mysql(Option<sqlx::Transaction<'static, MySql>>),
}

/// Does something with a connection to a server to its end, also when the caller gives up in between: one that is
/// left in the midst of an answer takes the rest of it for the answer to the next question.
async fn whole<T: Send + 'static>(
    verb: &'static str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.map_err(|_| Error::NoAnswer { verb })
}

async fn begin_whole(pool: &MySqlPool) -> Result<sqlx::Result<Driver>, Error> {
    let pool = pool.clone();
    let begun = whole("begin a transaction", async move { pool.begin().await }).await?;
    Ok(begun.map(|transaction| Driver::Mysql(Some(transaction))))
}

impl Connection {
    /// Carries out a statement; returns how many rows it was about.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
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
        done.map_err(|cause| Error::Database { verb, cause })
    }

    /// Reads all rows that come back.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
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
            Err(cause) => Err(Error::Database { verb, cause }),
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

    /// Takes so many new numbers of a counter; returns the first.
    pub(crate) async fn take_numbers(&mut self, counter: &'static str, count: i64) -> Result<i64, Error> {
        let raise = statement("count on", "UPDATE counters SET value = value + ? WHERE name = ?");
        self.execute(raise.bind(count).bind(counter)).await?;
        let read = statement("count on", "SELECT value FROM counters WHERE name = ?").bind(counter);
        let row = self.row(read).await?.expect("the migrations have made every counter");
        Ok(row.integer("value")? - count + 1)
    }

    /// Returns what time it is by the database's clock. SQLite has none of its own: it is part of this program.
    pub(crate) async fn now(&mut self) -> Result<Moment, Error> {
        let ahead = Duration::from_micros(self.ahead_us.load(Ordering::SeqCst).unsigned_abs());
        if matches!(self.inner, Driver::Sqlite(_)) {
            let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            return Ok(Moment(0).plus(real).plus(ahead));
        }
        let row = self.row(statement("ask the database for the time", MYSQL_NOW)).await?;
        Ok(row.expect("a clock always answers").moment("now_us")?.plus(ahead))
    }

    /// Makes everything that was written in the transaction visible, and lasting.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let done = match self.inner {
            Driver::Sqlite(transaction) => transaction.commit().await,
            Driver::Mysql(held) => {
                let transaction = held.ok_or(Error::NoAnswer { verb: "commit" })?;
                whole("commit", transaction.commit()).await?
            }
        };
        done.map_err(|cause| Error::Database { verb: "commit", cause })
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

/// Writing: everything that is written in it becomes visible at once, or nothing does. Dropped without
/// [`Transaction::commit`], it takes everything back. The methods stand in the files of their nouns.
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
