//! Databases, tables and views that were dropped after the catalogue had listed them: they count as objects that did
//! not exist when it was listed. What still exists, and cannot be read, is never treated as dropped.

use std::collections::BTreeSet;

use oceanbase::{Session, catalog};

use crate::error::{DuringSql as _, Error, Result};

/// The numbers for a database or table that does not exist.
pub(super) const NO_SUCH: [u16; 2] = [1049, 1146];

/// Returns whether something failed because a database or table does not exist.
pub(super) fn is_about_missing(error: &Error) -> bool {
    match error {
        Error::Database { source, .. } => source.number().is_some_and(|number| NO_SUCH.contains(&number)),
        _ => false,
    }
}

/// Returns whether a database does not exist.
pub(super) async fn is_gone(session: &mut Session, name: &str) -> Result<bool> {
    let all = catalog::all_databases(session).await.during(|| "list the databases".to_owned())?;
    Ok(!all.iter().any(|there| there == name))
}

/// Returns the tables and views that a database has now.
pub(super) async fn tables_now(session: &mut Session, name: &str) -> Result<BTreeSet<String>> {
    let there = catalog::tables(session, name).await;
    let there = there.during(|| format!("list the tables of `{name}`"))?;
    Ok(there.into_iter().map(|table| table.name).collect())
}
