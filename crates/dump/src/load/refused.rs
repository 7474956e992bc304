//! Tables of which the target refuses rows: the load skips them completely, and loads the others.
//!
//! The table is noted when its first row is refused, and dropped when the other rows are loaded. Its pieces then
//! count as not loaded. A load that is killed in between drops the table before it resumes, so a half-loaded table
//! never passes for a complete one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::not_made::{NotMade, PartKind};
use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement};

use crate::error::{DuringSql as _, Error, Result};
use crate::load::Made;
use crate::load::connection::{STATEMENT_LIMIT, is_refused, make, open_for_loading};
use crate::load::marks::Marks;
use crate::plan::full_name;
use crate::source::Target;

/// The target's error for a row.
struct Refusal {
    piece: u32,
    error: Error,
}

/// The tables with refused rows, by database in the target and name.
#[derive(Default)]
pub(super) struct RefusedRows(Mutex<BTreeMap<(String, String), Refusal>>);

impl RefusedRows {
    /// Gives up a table. The first error is kept.
    pub(super) fn add(&self, database: &str, table: &str, piece: u32, error: Error) {
        let name = (database.to_owned(), table.to_owned());
        self.tables().entry(name).or_insert(Refusal { piece, error });
    }

    /// Returns whether a table is given up.
    pub(super) fn has(&self, database: &str, table: &str) -> bool {
        self.tables().contains_key(&(database.to_owned(), table.to_owned()))
    }

    /// Drops the tables that were given up and returns them. `tables` is their total. If all were given up, nothing
    /// is dropped: their loaded rows stay until the load is resumed.
    ///
    /// # Errors
    /// The first refusal, if the server refused rows of every table; fails if the server does.
    pub(super) async fn settle(
        &self,
        target: &Target,
        notes: &BTreeMap<String, Marks>,
        tables: usize,
    ) -> Result<Made> {
        let lost: Vec<(String, String)> = self.tables().keys().cloned().collect();
        let mut made = Made::default();
        if lost.is_empty() {
            return Ok(made);
        }
        let mut session = open_for_loading(target).await?;
        if lost.len() == tables {
            for marks in notes.values() {
                marks.forget_refused_rows(&mut session).await?;
            }
            session.close().await;
            let first = self.tables().pop_first();
            return first.map_or(Ok(made), |(_, refusal)| Err(refusal.error));
        }
        for (database, table) in &lost {
            if let Some(marks) = notes.get(database) {
                discard(&mut session, marks, database, table).await?;
            }
        }
        session.close().await;
        made.not_made.extend(self.tables().iter().map(|((database, table), refusal)| {
            let full = full_name(database, table);
            let reason = reason(&full, refusal);
            NotMade::new(PartKind::Tables, full, reason)
        }));
        Ok(made)
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<(String, String), Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reason(table: &str, refusal: &Refusal) -> Text {
    match &refusal.error {
        Error::PacketTooSmall { limit, longest, .. } => Text::new("load-rows-too-long")
            .with("table", table)
            .with("limit", limit)
            .with("longest", longest)
            .with("piece", refusal.piece),
        Error::Database { source, .. } => Text::new("load-rows-refused")
            .with("table", table)
            .with("piece", refusal.piece)
            .with("why", source),
        error => Text::new("load-rows-refused")
            .with("table", table)
            .with("piece", refusal.piece)
            .with("why", error),
    }
}

/// Returns whether inserting rows failed because of the rows, and not because of the server or the connection.
pub(super) fn is_about_rows(error: &Error) -> bool {
    match error {
        Error::Database { source, .. } => is_refused(source),
        Error::PacketTooSmall { .. } => true,
        _ => false,
    }
}

/// Returns whether an earlier attempt gave up tables with refused rows.
pub(super) async fn are_noted(session: &mut Session, notes: &BTreeMap<String, Marks>) -> Result<bool> {
    for marks in notes.values() {
        if !marks.refused_rows(session).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Drops a table that this load created, and then notes that nothing of it is loaded. The note of the refusal stays,
/// so that a repeated call after a crash does both again.
pub(super) async fn discard(session: &mut Session, marks: &Marks, database: &str, table: &str) -> Result<()> {
    let drop_table = format!("DROP TABLE IF EXISTS {}.{}", identifier(database), identifier(table));
    let dropped = make(session, &Statement::act(drop_table).within(STATEMENT_LIMIT)).await;
    dropped.during(|| format!("drop {} again, of which rows were refused", full_name(database, table)))?;
    marks.forget_pieces(session, table).await
}
