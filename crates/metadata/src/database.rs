//! Connections and transactions. Which database it is, only this file and `dialect` know.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use engine::Moment;
use model::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{AssertSqlSafe, Sqlite};

use crate::dialect::SQLITE_BEGIN_WRITE;
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
}

impl Database {
    pub(crate) fn sqlite(writer: SqlitePool, readers: SqlitePool) -> Self {
        Self { pools: Pools::Sqlite { writer, readers }, ahead_us: Arc::default() }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Connection, Error> {
        let Pools::Sqlite { writer, .. } = &self.pools;
        let begun = writer.begin_with(SQLITE_BEGIN_WRITE).await;
        self.connection(begun)
    }

    /// Begins a transaction that sees everything as it is at its first look, and does not write.
    pub(crate) async fn read(&self) -> Result<Connection, Error> {
        let Pools::Sqlite { readers, .. } = &self.pools;
        let begun = readers.begin().await;
        self.connection(begun)
    }

    /// Lets the clock be so much further ahead.
    pub(crate) fn advance(&self, time: Duration) {
        self.ahead_us.fetch_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Ends all connections.
    pub(crate) async fn close(&self) {
        let Pools::Sqlite { writer, readers } = &self.pools;
        readers.close().await;
        writer.close().await; // last: it takes the write-ahead log into the file
    }

    fn connection(
        &self,
        begun: sqlx::Result<sqlx::Transaction<'static, Sqlite>>,
    ) -> Result<Connection, Error> {
        match begun {
            Ok(transaction) => {
                Ok(Connection { inner: Driver::Sqlite(transaction), ahead_us: self.ahead_us.clone() })
            }
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
}

impl Connection {
    /// Carries out a statement; returns how many rows it was about.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        let Driver::Sqlite(transaction) = &mut self.inner;
        let verb = statement.verb;
        match sqlite_query(statement).execute(&mut **transaction).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(cause) => Err(Error::Database { verb, cause }),
        }
    }

    /// Reads all rows that come back.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, Error> {
        let Driver::Sqlite(transaction) = &mut self.inner;
        let verb = statement.verb;
        match sqlite_query(statement).fetch_all(&mut **transaction).await {
            Ok(rows) => Ok(rows.into_iter().map(|row| Row { verb, inner: Inner::Sqlite(row) }).collect()),
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
    #[expect(clippy::unused_async, reason = "databases elsewhere have to be asked")]
    pub(crate) async fn now(&mut self) -> Result<Moment, Error> {
        let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Moment(self.ahead_us.load(Ordering::SeqCst)).plus(real))
    }

    /// Makes everything that was written in the transaction visible, and lasting.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Driver::Sqlite(transaction) = self.inner;
        transaction.commit().await.map_err(|cause| Error::Database { verb: "commit", cause })
    }
}

/// Turns the number of changed rows into an error when the thing is not there.
pub(crate) fn exactly_one(changed: u64, noun: &'static str, id: i64) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::Missing { noun, id }) }
}

fn sqlite_query<'q>(statement: Statement) -> Query<'q, Sqlite, SqliteArguments> {
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
