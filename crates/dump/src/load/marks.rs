//! The progress of a load, stored in the target.
//!
//! A table in each database that is loaded into:
//!
//! | column | content |
//! |---|---|
//! | `table_name`, `piece` | the piece, or one of the special values below |
//! | `dump` | the dump |
//! | `statements` | the number of statements of the piece that are loaded, until all are |
//! | `done` | 1 if all are loaded |
//!
//! | `table_name` | `piece` | meaning |
//! |---|---|---|
//! | `''` | 0 | the load itself |
//! | a user or role | 0 | the load created it |
//! | a table | 2147483647 | the server refused to create it |
//! | a table | 2147483646 | the server refused rows of it; `done` when it is retried |
//!
//! A transaction that loads rows locks the notes of its pieces first and updates them last. So rows and notes are
//! committed together. If the last transaction of a dead load is still active on the server, the next load waits for
//! its end and then continues.
//!
//! The table is recognized by its comment. If the database or the dump has another table of its name, it gets another
//! name.

use std::collections::{BTreeMap, BTreeSet};

use oceanbase::statement::{identifier, literal};
use oceanbase::{Row, Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::load::connection::{STATEMENT_LIMIT, make};
use crate::manifest::{DatabaseEntry, Manifest};
use crate::plan::full_name;

/// The table's name if no other table has it. It exists in each target database during a load, and is removed
/// afterwards.
pub const MARKS_TABLE: &str = "lifeboat_load_progress";

/// Its comment, which distinguishes it from a foreign table.
const COMMENT: &str = "kept by lifeboat load until it is done";

/// MySQL's error numbers for a table and a database that do not exist.
const NOT_THERE: [u16; 2] = [1146, 1049];

/// Replaces the piece number in the note of a table that the server refused to create.
const REFUSED: u32 = i32::MAX as u32;

/// Replaces the piece number in the note of a table whose rows the server refused. Piece numbers are smaller.
const ROWS_REFUSED: u32 = REFUSED - 1;

/// The number of pieces that one statement notes.
const ROWS_AT_ONCE: usize = 500;

/// The progress of a piece.
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
    /// The table's name.
    name: String,
    dump: DumpId,
}

/// Returns the tables of a database that hold the notes of a load.
///
/// # Errors
/// Fails when the server does.
pub async fn progress_tables(session: &mut Session, database: &str) -> Result<BTreeSet<String>> {
    let there = named_so(session, database).await?;
    Ok(there.into_iter().filter(|(_, is_ours)| *is_ours).map(|(name, _)| name).collect())
}

/// Returns the tables and views of a database that have such a name, and whether they hold the notes of a load.
async fn named_so(session: &mut Session, database: &str) -> Result<BTreeMap<String, bool>> {
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} AND LOWER(TABLE_NAME) LIKE {}",
        literal(database),
        literal(&format!("{}%", MARKS_TABLE.replace('_', "\\_")))
    );
    let reading = || format!("look for notes of a load in `{database}`");
    let rows = session.rows(&Statement::read(sql)).await.during(reading)?;
    let read = |row: &Row| -> std::result::Result<_, oceanbase::Error> {
        Ok((row.str(0)?.to_owned(), row.maybe_str(1)? == Some(COMMENT)))
    };
    rows.iter().map(read).collect::<std::result::Result<_, _>>().during(reading)
}

/// Returns the name of the existing table; otherwise, the first name that neither the database nor the dump uses.
fn table_name(there: &BTreeMap<String, bool>, held: &dyn Fn(&str) -> bool) -> String {
    if let Some((name, _)) = there.iter().find(|(name, is_ours)| **is_ours && !held(name)) {
        return name.clone();
    }
    let is_taken = |name: &str| held(name) || there.keys().any(|other| other.eq_ignore_ascii_case(name));
    let numbered = (2_u64..).map(|number| format!("{MARKS_TABLE}_{number}"));
    let mut names = std::iter::once(MARKS_TABLE.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| MARKS_TABLE.to_owned())
}

impl Marks {
    /// Finds the table with the notes of the load into this database, which may not exist yet.
    pub(super) async fn find(
        session: &mut Session,
        entry: &DatabaseEntry,
        database: &str,
        dump: &DumpId,
    ) -> Result<Self> {
        let there = named_so(session, database).await?;
        let held = |name: &str| entry.objects().any(|own| own.eq_ignore_ascii_case(name));
        let name = table_name(&there, &held);
        Ok(Self { database: database.to_owned(), name, dump: dump.clone() })
    }

    /// The same for all databases that are loaded into, by their names in the target.
    pub(super) async fn find_all(
        session: &mut Session,
        manifest: &Manifest,
        names: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Self>> {
        let mut all = BTreeMap::new();
        for entry in &manifest.databases {
            if let Some(database) = names.get(&entry.name) {
                all.insert(database.clone(), Self::find(session, entry, database, &manifest.dump).await?);
            }
        }
        Ok(all)
    }

    fn table(&self) -> String {
        format!("{}.{}", identifier(&self.database), identifier(&self.name))
    }

    /// Returns the statement that removes the table.
    pub(super) fn drop_statement(&self) -> Statement {
        Statement::act(format!("DROP TABLE IF EXISTS {}", self.table()))
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

    /// Creates the table, whatever the server's default engine and row format are, and marks the database as
    /// belonging to this load. Returns whether it was unmarked before: then this load has created nothing there yet.
    pub(super) async fn begin(&self, session: &mut Session) -> Result<bool> {
        let table = self.table();
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
             table_name VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             piece INT NOT NULL, dump VARCHAR(80) NOT NULL, statements BIGINT NOT NULL, done INT NOT NULL, \
             PRIMARY KEY (table_name, piece)) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 \
             COMMENT = {}",
            literal(COMMENT)
        );
        let noting = || format!("note the load in `{}`", self.database);
        make(session, &Statement::act(create)).await.during(noting)?;
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

    /// Returns the progress of each piece, by table and number.
    pub(super) async fn all(&self, session: &mut Session) -> Result<BTreeMap<(String, u32), Mark>> {
        let sql = format!(
            "SELECT table_name, piece, statements, done FROM {} WHERE table_name <> '' AND piece < {ROWS_REFUSED}",
            self.table()
        );
        let rows = session.rows(&Statement::read(sql)).await.during(|| self.reading())?;
        self.read_marks(&rows)
    }

    /// Notes that the server refused to create these tables, so that no connection waits for them.
    pub(super) async fn refuse(&self, session: &mut Session, tables: &[&str]) -> Result<()> {
        for table in tables {
            self.note_refused(session, (table, REFUSED)).await?;
        }
        Ok(())
    }

    /// Notes that the server refused rows of a table: it will be dropped, and no connection waits for it.
    pub(super) async fn refuse_rows(&self, session: &mut Session, table: &str) -> Result<()> {
        self.note_refused(session, (table, ROWS_REFUSED)).await
    }

    async fn note_refused(&self, session: &mut Session, note: PieceName<'_>) -> Result<()> {
        self.ensure(session, &[note]).await?;
        let (table, piece) = note;
        self.set_refused(session, &format!("0 WHERE piece = {piece} AND table_name = {}", literal(table)))
            .await
    }

    /// Notes that nothing of a table is loaded, so that a retry loads all of it.
    pub(super) async fn forget_pieces(&self, session: &mut Session, table: &str) -> Result<()> {
        let sql = format!(
            "UPDATE {} SET statements = 0, done = 0 WHERE table_name = {} AND piece > 0 AND piece < {ROWS_REFUSED}",
            self.table(),
            literal(table)
        );
        let updated = session.run(&Statement::act(sql)).await;
        updated.during(|| format!("note pieces in `{}`", self.database)).map(drop)
    }

    /// Forgets the refused tables, so that they are retried. It updates the notes, because a load needs no DELETE
    /// privilege.
    pub(super) async fn forget_refused(&self, session: &mut Session) -> Result<()> {
        self.set_refused(session, &format!("1 WHERE piece >= {ROWS_REFUSED}")).await
    }

    /// Forgets which tables had refused rows; their loaded rows stay.
    pub(super) async fn forget_refused_rows(&self, session: &mut Session) -> Result<()> {
        self.set_refused(session, &format!("1 WHERE piece = {ROWS_REFUSED}")).await
    }

    async fn set_refused(&self, session: &mut Session, done: &str) -> Result<()> {
        let updated =
            session.run(&Statement::act(format!("UPDATE {} SET done = {done}", self.table()))).await;
        updated.during(|| format!("note pieces in `{}`", self.database)).map(drop)
    }

    /// Returns the tables that were refused, as a whole or for their rows.
    async fn refused(&self, session: &mut Session) -> Result<BTreeSet<String>> {
        self.noted(session, &format!("piece >= {ROWS_REFUSED}")).await
    }

    /// Returns the tables with refused rows.
    pub(super) async fn refused_rows(&self, session: &mut Session) -> Result<BTreeSet<String>> {
        self.noted(session, &format!("piece = {ROWS_REFUSED}")).await
    }

    async fn noted(&self, session: &mut Session, condition: &str) -> Result<BTreeSet<String>> {
        let sql = format!("SELECT table_name FROM {} WHERE {condition} AND done = 0", self.table());
        match session.rows(&Statement::read(sql)).await {
            Ok(rows) => {
                let names: std::result::Result<_, oceanbase::Error> =
                    rows.iter().map(|row| row.str(0).map(str::to_owned)).collect();
                names.during(|| self.reading())
            }
            Err(error) if error.number().is_some_and(|number| NOT_THERE.contains(&number)) => {
                Ok(BTreeSet::new())
            }
            Err(error) => Err(error).during(|| self.reading()),
        }
    }

    /// Returns the tables that were refused, with their databases in the target.
    pub(super) async fn refused_in_all(
        session: &mut Session,
        manifest: &Manifest,
        names: &BTreeMap<String, String>,
    ) -> Result<BTreeSet<(String, String)>> {
        let mut all = BTreeSet::new();
        for (database, marks) in Self::find_all(session, manifest, names).await? {
            let refused = marks.refused(session).await?;
            all.extend(refused.into_iter().map(|table| (database.clone(), table)));
        }
        Ok(all)
    }

    fn read_marks(&self, rows: &[Row]) -> Result<BTreeMap<(String, u32), Mark>> {
        let read = |row: &Row| -> std::result::Result<_, oceanbase::Error> {
            let piece = u32::try_from(row.u64(1)?).unwrap_or(u32::MAX);
            Ok(((row.str(0)?.to_owned(), piece), Mark { statements: row.u64(2)?, done: row.u64(3)? != 0 }))
        };
        rows.iter().map(read).collect::<std::result::Result<_, _>>().during(|| self.reading())
    }

    /// Creates the missing notes of these pieces, outside of any transaction, so that many pieces share one commit.
    pub(super) async fn ensure(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<()> {
        for some in pieces.chunks(ROWS_AT_ONCE) {
            session
                .run(&Statement::act(self.insert(some)))
                .await
                .during(|| format!("note pieces in `{}`", self.database))?;
        }
        Ok(())
    }

    /// Begins a transaction that locks the notes of these pieces; returns their progress in the given order.
    pub(super) async fn lock(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<Vec<Mark>> {
        let begin = Statement::act("START TRANSACTION").within(STATEMENT_LIMIT);
        session.run(&begin).await.during(|| self.loading(pieces))?;
        let mut marks = Vec::with_capacity(pieces.len());
        for &piece in pieces {
            let rows = session.rows(&Statement::act(self.lock_one(piece)).within(STATEMENT_LIMIT)).await;
            let found = self.read_marks(&rows.during(|| self.loading(pieces))?)?;
            let mark = found.into_values().next();
            marks.push(mark.ok_or_else(|| self.changed("the note of a piece is gone"))?);
        }
        Ok(marks)
    }

    /// Notes how many statements of a piece are loaded, and commits the note together with their rows.
    pub(super) async fn advance(
        &self,
        session: &mut Session,
        piece: PieceName<'_>,
        statements: u64,
    ) -> Result<()> {
        self.commit(session, &[piece], &format!("statements = {statements}")).await
    }

    /// Notes that these pieces are completely loaded, and commits that together with their rows. None of them may be
    /// noted as done before.
    pub(super) async fn finish(&self, session: &mut Session, pieces: &[PieceName<'_>]) -> Result<()> {
        self.commit(session, pieces, "done = 1").await
    }

    async fn commit(&self, session: &mut Session, pieces: &[PieceName<'_>], change: &str) -> Result<()> {
        for &piece in pieces {
            let update = Statement::act(self.update_one(piece, change)).within(STATEMENT_LIMIT);
            if session.run(&update).await.during(|| self.loading(pieces))? != 1 {
                return Err(self.changed("the note of a piece is gone"));
            }
        }
        let commit = Statement::act("COMMIT").within(STATEMENT_LIMIT);
        session.run(&commit).await.during(|| self.loading(pieces)).map(drop)
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

    fn lock_one(&self, piece: PieceName<'_>) -> String {
        let (table, which) = (self.table(), self.which(piece));
        format!("SELECT table_name, piece, statements, done FROM {table} WHERE {which} FOR UPDATE")
    }

    fn update_one(&self, piece: PieceName<'_>, change: &str) -> String {
        format!("UPDATE {} SET {change} WHERE {}", self.table(), self.which(piece))
    }

    /// Names the row of one piece by its whole key, so that every server reads and locks no other. With several rows
    /// in one statement, MariaDB may read, and lock, the whole table: then one large piece stops all others.
    fn which(&self, (table, piece): PieceName<'_>) -> String {
        let dump = literal(self.dump.as_str());
        format!("table_name = {} AND piece = {piece} AND dump = {dump}", literal(table))
    }

    fn reading(&self) -> String {
        format!("read how far the load of `{}` is", self.database)
    }

    /// Names the first table whose pieces a transaction loads, and the number of further ones.
    fn loading(&self, pieces: &[PieceName<'_>]) -> String {
        let tables: BTreeSet<&str> = pieces.iter().map(|(table, _)| *table).collect();
        match tables.first() {
            None => format!("load rows of `{}`", self.database),
            Some(first) => {
                let first = full_name(&self.database, first);
                let more = tables.len() - 1;
                if more == 0 {
                    format!("load {first}")
                } else {
                    format!("load {first} and {more} more tables")
                }
            }
        }
    }

    fn changed(&self, why: &str) -> Error {
        Error::TargetChanged { database: self.database.clone(), why: why.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Marks, table_name};

    #[test]
    fn one_statement_locks_the_row_of_one_piece() {
        let marks =
            Marks { database: "d".to_owned(), name: "n".to_owned(), dump: "one".parse().expect("an id") };
        let which = "WHERE table_name = 'it''s' AND piece = 7 AND dump = 'one'";
        assert_eq!(
            marks.lock_one(("it's", 7)),
            format!("SELECT table_name, piece, statements, done FROM `d`.`n` {which} FOR UPDATE")
        );
        assert_eq!(marks.update_one(("it's", 7), "done = 1"), format!("UPDATE `d`.`n` SET done = 1 {which}"));
    }

    #[test]
    fn the_notes_have_a_unique_name() {
        const FIRST: &str = "lifeboat_load_progress";
        const SECOND: &str = "lifeboat_load_progress_2";
        const OURS: bool = true;
        const THEIRS: bool = false;
        type Case = (&'static [(&'static str, bool)], &'static [&'static str], &'static str);
        let cases: [Case; 7] = [
            (&[], &[], FIRST),
            (&[(FIRST, OURS)], &[], FIRST),
            (&[("LIFEBOAT_load_progress", THEIRS)], &[], SECOND),
            (&[], &[FIRST], SECOND),
            (&[], &[FIRST, SECOND], "lifeboat_load_progress_3"),
            (&[(FIRST, THEIRS), (SECOND, OURS)], &[FIRST], SECOND),
            (&[(FIRST, OURS), (SECOND, THEIRS)], &[], FIRST),
        ];
        for (there, held, expected) in cases {
            let there: BTreeMap<String, bool> =
                there.iter().map(|(name, is_ours)| ((*name).to_owned(), *is_ours)).collect();
            assert_eq!(table_name(&there, &|name| held.contains(&name)), expected, "{there:?} {held:?}");
        }
    }
}
