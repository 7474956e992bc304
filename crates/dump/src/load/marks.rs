//! What a load has done, remembered in the target.
//!
//! A table in each database that is loaded into:
//!
//! | column | what it says |
//! |---|---|
//! | `table_name`, `piece` | which piece; `''` and 0 for the load itself; a user or role and 0 for one that it made |
//! | `dump` | which dump |
//! | `statements` | how many of the piece's statements are in, while not all are |
//! | `done` | 1 when all are |
//!
//! A transaction that loads rows locks the rows of its pieces first and moves them on last. So rows and notes are
//! committed together; and a load that takes over from one that died, but whose last transaction the server still works
//! on, waits for that transaction's end and then goes on behind it.

use std::collections::BTreeMap;

use oceanbase::statement::{identifier, literal};
use oceanbase::{Row, Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::load::connection::STATEMENT_LIMIT;

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

/// A table and the number of one of its pieces; or a user or role and 0.
pub(super) type PieceName<'a> = (&'a str, u32);

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

    /// Makes the table, whatever the server's default engine and row format are, and notes that the database is this
    /// load's from now on. Tells whether it was not before: then
    /// this load has made nothing there yet.
    pub(super) async fn begin(&self, session: &mut Session) -> Result<bool> {
        let table = self.table();
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
             table_name VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             piece INT NOT NULL, dump VARCHAR(80) NOT NULL, statements BIGINT NOT NULL, done INT NOT NULL, \
             PRIMARY KEY (table_name, piece)) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 \
             COMMENT = 'kept by lifeboat load until it is done'"
        );
        let noting = || format!("note the load in `{}`", self.database);
        session.run(&Statement::act(create)).await.during(noting)?;
        if session.run(&Statement::act(self.insert(&[("", 0)]))).await.during(noting)? == 1 {
            return Ok(true);
        }
        match self.owner(session).await? {
            Some(owner) if owner == self.dump.as_str() => Ok(false),
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
        self.read_marks(&rows)
    }

    fn read_marks(&self, rows: &[Row]) -> Result<BTreeMap<(String, u32), Mark>> {
        let read = |row: &Row| -> std::result::Result<_, oceanbase::Error> {
            let piece = u32::try_from(row.u64(1)?).unwrap_or(u32::MAX);
            Ok(((row.str(0)?.to_owned(), piece), Mark { statements: row.u64(2)?, done: row.u64(3)? != 0 }))
        };
        rows.iter().map(read).collect::<std::result::Result<_, _>>().during(|| self.reading())
    }

    /// Makes sure that each of these pieces has a row, outside of any transaction: one commit for many pieces, not for each.
    pub(super) async fn ensure(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<()> {
        for some in pieces.chunks(ROWS_AT_ONCE) {
            session
                .run(&Statement::act(self.insert(some)))
                .await
                .during(|| format!("note pieces in `{}`", self.database))?;
        }
        Ok(())
    }

    /// Begins a transaction that holds the rows of these pieces; returns how far each is, in their order.
    pub(super) async fn lock(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<Vec<Mark>> {
        let begin = Statement::act("START TRANSACTION").within(STATEMENT_LIMIT);
        session.run(&begin).await.during(|| "begin a transaction".to_owned())?;
        let sql = format!(
            "SELECT table_name, piece, statements, done FROM {} WHERE {} FOR UPDATE",
            self.table(),
            self.which(pieces)
        );
        let rows = session.rows(&Statement::act(sql).within(STATEMENT_LIMIT)).await;
        let found = self.read_marks(&rows.during(|| self.reading())?)?;
        let mark = |&(table, piece): &PieceName<'_>| found.get(&(table.to_owned(), piece)).copied();
        let marks: Option<Vec<Mark>> = pieces.iter().map(mark).collect();
        marks.ok_or_else(|| self.changed("the note of a piece is gone"))
    }

    /// Notes how many statements of a piece are in now and commits that together with them.
    pub(super) async fn advance(
        &self,
        session: &mut Session,
        piece: PieceName<'_>,
        statements: u64,
    ) -> Result<()> {
        self.commit(session, &[piece], &format!("statements = {statements}")).await
    }

    /// Notes that all of these pieces is in and commits that together with their rows. They were not noted so before.
    pub(super) async fn finish(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<()> {
        self.commit(session, pieces, "done = 1").await
    }

    async fn commit(&self, session: &mut Session, pieces: &[PieceName<'_>], change: &str) -> Result<()> {
        if !pieces.is_empty() {
            let sql = format!("UPDATE {} SET {change} WHERE {}", self.table(), self.which(pieces));
            let noting = || format!("note how far the load of `{}` is", self.database);
            let update = Statement::act(sql).within(STATEMENT_LIMIT);
            if session.run(&update).await.during(noting)? != pieces.len() as u64 {
                return Err(self.changed("the note of a piece is gone"));
            }
        }
        let commit = Statement::act("COMMIT").within(STATEMENT_LIMIT);
        session.run(&commit).await.during(|| "commit".to_owned()).map(drop)
    }

    fn insert(&self, pieces: &[PieceName<'_>]) -> String {
        let dump = literal(self.dump.as_str());
        let row = |(table, piece): &PieceName<'_>| format!("({}, {piece}, {dump}, 0, 0)", literal(table));
        format!(
            "INSERT IGNORE INTO {} (table_name, piece, dump, statements, done) VALUES {}",
            self.table(),
            pieces.iter().map(row).collect::<Vec<_>>().join(", ")
        )
    }

    /// Spelled out for each piece, so that every server finds the rows by their key and locks no others.
    fn which(&self, pieces: &[PieceName<'_>]) -> String {
        let one =
            |(table, piece): &PieceName<'_>| format!("(table_name = {} AND piece = {piece})", literal(table));
        let any = pieces.iter().map(one).collect::<Vec<_>>().join(" OR ");
        format!("dump = {} AND ({any})", literal(self.dump.as_str()))
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
