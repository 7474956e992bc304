//! How far an interrupted load is: what is loaded, and what is not.

use std::collections::BTreeSet;

use oceanbase::catalog;
use storage::Client;

use crate::archive::Archive;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::load::marks::Marks;
use crate::load::{Options, names};
use crate::plan::full_name;
use crate::source::Target;

/// The progress of a load, by the names in the target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The tables all of whose rows are loaded.
    pub loaded: Vec<String>,
    /// How many rows these have.
    pub rows: u64,
    /// The tables that are missing, or of which only some rows are loaded.
    pub missing: Vec<String>,
}

/// Reads how far a load is, without changing anything.
///
/// # Errors
/// Fails when the server or the storage does.
pub async fn standing(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Standing> {
    let expected = options.expected_manifest.as_deref();
    let (_, manifest) = Archive::open(client, dump, &options.identities, expected).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let mut standing = Standing::default();
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        let marks = Marks::find(&mut session, entry, database, dump).await?;
        let is_ours = marks.owner(&mut session).await?.as_deref() == Some(dump.as_str());
        let (mut there, mut pieces) = (BTreeSet::new(), Default::default());
        if is_ours {
            let tables = catalog::tables(&mut session, database).await;
            let tables = tables.during(|| format!("list the tables of `{database}`"))?;
            // OceanBase may store all names in lower case.
            there = tables.into_iter().map(|table| table.name.to_lowercase()).collect();
            pieces = marks.all(&mut session).await?;
        }
        for table in entry.tables.iter().filter(|table| options.selection.has_table(&entry.name, &table.name))
        {
            let full = full_name(database, &table.name);
            let is_done =
                |number: u32| pieces.get(&(table.name.clone(), number)).is_some_and(|mark| mark.done);
            let mut stored = table.pieces.iter().filter(|piece| piece.object.is_some());
            if there.contains(&table.name.to_lowercase()) && stored.all(|piece| is_done(piece.number)) {
                standing.loaded.push(full);
                standing.rows += table.rows;
            } else {
                standing.missing.push(full);
            }
        }
    }
    session.close().await;
    Ok(standing)
}
