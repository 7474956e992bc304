//! What a load has done, remembered in the target.
//!
//! A table in each database that is loaded into:
//!
//! | column | what it says |
//! |---|---|
//! | `table_name`, `piece` | which piece; `''` and 0 for the load itself; a user or role and 0 for one that it made |
//! | `dump` | which dump |
//! | `statements` | how many of the piece's statements are in |
//! | `done` | 1 when all are |
//!
//! A transaction that loads rows locks the piece's row first and moves it on last. So rows and note are committed
//! together; and a load that takes over from one that died, but whose last transaction the server still works on,
//! waits for that transaction's end and then goes on behind it.

use std::collections::BTreeMap;

use oceanbase::statement::{identifier, literal};
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;

/// The table's name. While a load runs it is in each database that is loaded into, and nowhere afterwards.
pub const MARKS_TABLE: &str = "lifeboat_load_progress";

/// MySQL's numbers for a table and for a database that do not exist.
const NOT_THERE: [u16; 2] = [1146, 1049];

/// How many pieces are noted by one statement.
const ROWS_AT_ONCE: usize = 500;

/// How far a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub(super) statements: u64,
    pub(super) done: bool,
}

/// The notes of one load in one database.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    database: String,
    dump: DumpId,
}

impl Marks {
    pub(super) fn new(database: &str, dump: &DumpId) -> Self {
        Self { database: database.to_owned(), dump: dump.clone() }
    }

    fn table(&self) -> String {
        marks_table(&self.database)
    }

    /// Returns which dump is being loaded into the database, if one is.
    pub(super) async fn owner(&self, session: &mut Session) -> Result<Option<String>> {
        let sql = format!("SELECT dump FROM {} WHERE table_name = '' AND piece = 0", self.table());
        match session.rows(&Statement::read(sql)).await {
            Ok(rows) => match rows.first() {
                Some(row) => Ok(Some(row.str(0).during(|| self.reading())?.to_owned())),
                None => Ok(None),
            },
            Err(error) if error.number().is_some_and(|number| NOT_THERE.contains(&number)) => Ok(None),
            Err(error) => Err(error).during(|| self.reading()),
        }
    }

    /// Makes the table and notes that the database is this load's from now on.
    pub(super) async fn begin(&self, session: &mut Session) -> Result<()> {
        let table = self.table();
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
             table_name VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             piece INT NOT NULL, dump VARCHAR(80) NOT NULL, statements BIGINT NOT NULL, done INT NOT NULL, \
             PRIMARY KEY (table_name, piece)) COMMENT 'kept by lifeboat load until it is done'"
        );
        for sql in [create, self.insert(&[("", 0)])] {
            session
                .run(&Statement::act(sql))
                .await
                .during(|| format!("note the load in `{}`", self.database))?;
        }
        match self.owner(session).await? {
            Some(owner) if owner == self.dump.as_str() => Ok(()),
            other => Err(Error::LoadInterrupted {
                database: self.database.clone(),
                other: other.unwrap_or_default(),
            }),
        }
    }

    /// Returns how far each piece is, by table and number.
    pub(super) async fn all(&self, session: &mut Session) -> Result<BTreeMap<(String, u32), Mark>> {
        let sql = format!(
            "SELECT table_name, piece, statements, done FROM {} WHERE table_name <> ''",
            self.table()
        );
        let rows = session.rows(&Statement::read(sql)).await.during(|| self.reading())?;
        let mut marks = BTreeMap::new();
        for row in rows {
            let read = || -> std::result::Result<_, oceanbase::Error> {
                let piece = u32::try_from(row.u64(1)?).unwrap_or(u32::MAX);
                Ok((
                    (row.str(0)?.to_owned(), piece),
                    Mark { statements: row.u64(2)?, done: row.u64(3)? != 0 },
                ))
            };
            let (key, mark) = read().during(|| self.reading())?;
            marks.insert(key, mark);
        }
        Ok(marks)
    }

    /// Makes sure that each of these pieces has a row, outside of any transaction: one commit for many pieces, not for each.
    pub(super) async fn ensure(&self, session: &mut Session, pieces: &[(&str, u32)]) -> Result<()> {
        for some in pieces.chunks(ROWS_AT_ONCE) {
            session
                .run(&Statement::act(self.insert(some)))
                .await
                .during(|| format!("note pieces in `{}`", self.database))?;
        }
        Ok(())
    }

    /// Begins a transaction that holds the piece's row; returns how far the piece is.
    pub(super) async fn lock(&self, session: &mut Session, table: &str, piece: u32) -> Result<Mark> {
        let begin = Statement::act("START TRANSACTION");
        session.run(&begin).await.during(|| "begin a transaction".to_owned())?;
        let sql = format!(
            "SELECT statements, done FROM {} WHERE {} FOR UPDATE",
            self.table(),
            self.which(table, piece)
        );
        let rows = session.rows(&Statement::act(sql)).await.during(|| self.reading())?;
        let row = rows.first().ok_or_else(|| self.changed("the note of a piece is gone"))?;
        let mark = || Ok(Mark { statements: row.u64(0)?, done: row.u64(1)? != 0 });
        mark().during(|| self.reading())
    }

    /// Notes how far the piece is now and commits that together with the rows.
    pub(super) async fn commit(
        &self,
        session: &mut Session,
        table: &str,
        piece: u32,
        mark: Mark,
    ) -> Result<()> {
        let sql = format!(
            "UPDATE {} SET statements = {}, done = {} WHERE {}",
            self.table(),
            mark.statements,
            u8::from(mark.done),
            self.which(table, piece)
        );
        let noting = || format!("note how far {table} is in `{}`", self.database);
        if session.run(&Statement::act(sql)).await.during(noting)? != 1 {
            return Err(self.changed("the note of a piece is gone"));
        }
        session.run(&Statement::act("COMMIT")).await.during(|| "commit".to_owned()).map(drop)
    }

    fn insert(&self, pieces: &[(&str, u32)]) -> String {
        let dump = literal(self.dump.as_str());
        let row = |(table, piece): &(&str, u32)| format!("({}, {piece}, {dump}, 0, 0)", literal(table));
        format!(
            "INSERT IGNORE INTO {} (table_name, piece, dump, statements, done) VALUES {}",
            self.table(),
            pieces.iter().map(row).collect::<Vec<_>>().join(", ")
        )
    }

    fn which(&self, table: &str, piece: u32) -> String {
        let (table, dump) = (literal(table), literal(self.dump.as_str()));
        format!("table_name = {table} AND piece = {piece} AND dump = {dump}")
    }

    fn reading(&self) -> String {
        format!("read how far the load of `{}` is", self.database)
    }

    fn changed(&self, why: &str) -> Error {
        Error::TargetChanged { database: self.database.clone(), why: why.to_owned() }
    }
}

/// Returns the statement that removes the table.
pub(super) fn drop_statement(database: &str) -> Statement {
    Statement::act(format!("DROP TABLE IF EXISTS {}", marks_table(database)))
}

fn marks_table(database: &str) -> String {
    format!("{}.{}", identifier(database), identifier(MARKS_TABLE))
}
