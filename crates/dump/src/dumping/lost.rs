//! Tables that are left out because their rows cannot be read: the others are dumped anyway.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::Problem;
use model::inventory::{Consent, LeftOut, ObjectKind};
use model::problem::codes;
use serde::{Deserialize, Serialize};

use crate::dumping::left_out::{changed, is_change, leaves_out, unreadable_rows};
use crate::error::{Error, Result};
use crate::plan::{Plan, full_name};

/// A table whose rows can't be read, as noted in the storage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LostTable {
    pub(super) database: String,
    pub(super) table: String,
    pub(super) left_out: LeftOut,
}

/// The tables that were lost so far, by database and name.
pub(super) struct Lost {
    tables: Mutex<BTreeMap<(String, String), LeftOut>>,
    leave_out_changed: bool,
}

impl Lost {
    /// Returns what was lost before the dump was interrupted.
    pub(super) fn of(tables: Vec<LostTable>, leave_out_changed: bool) -> Self {
        let tables = tables.into_iter().map(|lost| ((lost.database, lost.table), lost.left_out));
        Self { tables: Mutex::new(tables.collect()), leave_out_changed }
    }

    /// Returns whether a failure affects only the table that was read, and not the whole dump.
    pub(super) fn takes(&self, error: &Error) -> bool {
        leaves_out(error, self.leave_out_changed)
    }

    /// Notes that the rows of a table can't be read.
    pub(super) fn add(&self, consent: &Consent, database: &str, table: &str, error: &Error) {
        let full = full_name(database, table);
        let reason = if is_change(error) { changed(&full) } else { unreadable_rows(error) };
        let left_out = consent.left_out(ObjectKind::Tables, full, reason);
        self.tables().entry((database.to_owned(), table.to_owned())).or_insert(left_out);
    }

    /// Returns whether the table was lost.
    pub(super) fn has(&self, database: &str, table: &str) -> bool {
        self.tables().contains_key(&(database.to_owned(), table.to_owned()))
    }

    /// Returns what was lost.
    ///
    /// # Errors
    /// [`Error::CannotCarry`] when nothing of the plan is left.
    pub(super) fn all(&self, plan: &Plan) -> Result<Vec<LostTable>> {
        let tables = self.tables();
        let are_changed = tables.values().all(|left_out| left_out.reason.id == changed("").id);
        // A whole database may have code, and the dump names what it lacks.
        let has_others = plan.databases.iter().any(|database| {
            !(database.views.is_empty() && database.sequences.is_empty())
                || are_changed && plan.selection.has_whole_database(&database.name)
        });
        if !tables.is_empty() && tables.len() as u64 == plan.tables() && !has_others {
            let problem = |left_out: &LeftOut| {
                let text = left_out.reason.clone();
                Problem { text, ..Problem::refused(codes::DATA_BACKUP_FAILED, "") }
            };
            return Err(Error::CannotCarry { problems: tables.values().map(problem).collect() });
        }
        let lost = tables.iter().map(|((database, table), left_out)| LostTable {
            database: database.clone(),
            table: table.clone(),
            left_out: left_out.clone(),
        });
        Ok(lost.collect())
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<(String, String), LeftOut>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
