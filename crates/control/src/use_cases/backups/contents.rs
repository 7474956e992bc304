//! The contents of a logical backup set that can be recovered, from its manifest.

use dump::TableEntry;
use model::Problem;
use model::id::BackupSetId;
use model::user::Permission;

use crate::actor::Actor;
use crate::clusters::{DatabaseFacts, TableFacts};
use crate::context::Control;
use crate::error::Error;
use crate::flows::restore_logical::open_set;
use crate::page::{Page, PageAsk};

/// Returns the databases of a logical backup set.
///
/// # Errors
/// When there is no such set, it is a physical one, was deleted, or can't be read.
pub async fn databases_in_set(
    control: &Control,
    actor: &Actor,
    id: BackupSetId,
    page: PageAsk,
) -> Result<Page<DatabaseFacts>, Error> {
    actor.must(Permission::Read)?;
    let manifest = open_set(&control.context, id).await?.manifest;
    let databases = page.of(manifest.databases);
    Ok(databases.map(|database| DatabaseFacts {
        name: database.name,
        tables: database.tables.len() as u64,
        bytes: database.tables.iter().map(TableEntry::bytes).sum(),
    }))
}

/// Returns the tables of a database in a logical backup set. Views are not listed: they are recovered with the whole
/// database.
///
/// # Errors
/// As [`databases_in_set`], and when the set does not contain the database.
pub async fn tables_in_set(
    control: &Control,
    actor: &Actor,
    id: BackupSetId,
    database: &str,
    page: PageAsk,
) -> Result<Page<TableFacts>, Error> {
    actor.must(Permission::Read)?;
    let manifest = open_set(&control.context, id).await?.manifest;
    let held: Vec<&str> = manifest.databases.iter().map(|entry| entry.name.as_str()).collect();
    let unknown = Problem::not_found("database-not-in-set").with("database", database);
    let unknown = unknown.with("held", held.join(", "));
    let entry = manifest.databases.into_iter().find(|entry| entry.name == database).ok_or(unknown)?;
    let facts = |table: TableEntry| TableFacts { bytes: table.bytes(), rows: table.rows, name: table.name };
    Ok(page.of(entry.tables).map(facts))
}
