//! Loading a dump, call by call. Each call can be repeated after a crash and resumes where it stopped.
//!
//! The progress is stored in the target, in a table beside the rows ([`marks`]). Rows and their notes are committed
//! together, so no failure causes rows to be loaded twice.

mod allowed;
mod code;
mod connection;
mod data;
mod database;
mod keys;
mod large;
mod made;
mod marks;
mod not_requested;
mod orphan;
mod privileged;
mod refused;
mod schema;
mod standing;
mod target;
mod undo;
mod views;

use std::collections::BTreeMap;

use model::inventory::ObjectKind;
use model::not_made::PartKind;
use model::text::Text;
use storage::Client;
use tokio_util::sync::CancellationToken;

pub use code::{create_routines, create_triggers};
pub use data::load_data;
pub use keys::create_indexes;
pub use made::Made;
pub use marks::{MARKS_TABLE, progress_tables};
pub use not_requested::not_requested;
pub use privileged::privileged;
pub use schema::create_schema;
pub use standing::{Standing, standing};
pub use target::{TargetCheck, check_target};
pub use undo::drop_accounts;

use crate::archive::Archive;
use crate::choice::Choice;
use crate::encryption::Identities;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::manifest::Manifest;
use crate::plan::Selection;
use crate::progress::Meter;
use crate::source::Target;
use crate::verify::{Finding, Report, compare};

/// Which databases may hold other tables before a load begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntoExisting {
    /// None.
    #[default]
    Never,
    /// Databases of which only some tables are loaded.
    InPart,
    /// All.
    Always,
}

/// How a dump is loaded. All calls of one load must use the same options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The databases by their names in the dump, with their names in the target. Empty: all, under their own names.
    pub databases: BTreeMap<String, String>,
    /// The tables and views, by their names in the dump. If a database is loaded only in part, its code and the users
    /// are not loaded.
    pub selection: Selection,
    /// Which databases may already contain other tables. Tables with the same names are never allowed.
    pub into_existing: IntoExisting,
    /// Whether code, accounts and privileges are created too: then they are checked before the first statement runs.
    pub with_code: bool,
    /// The kinds of [`model::recovery::ON_REQUEST`] that are not created by agreement.
    pub without: Vec<ObjectKind>,
    /// The keys of an encrypted dump.
    pub identities: Identities,
    /// The BLAKE3 hash of the manifest whose origin was already checked, from [`crate::OpenManifest`]: no other dump
    /// is loaded. `None` accepts any.
    pub expected_manifest: Option<String>,
}

impl Options {
    fn choice(&self) -> Choice<'_> {
        Choice {
            names: &self.databases,
            selection: &self.selection,
            expected_manifest: self.expected_manifest.as_deref(),
        }
    }

    /// Returns whether the target of this database may contain other tables.
    fn may_lie_beside_others(&self, database: &str) -> bool {
        match self.into_existing {
            IntoExisting::Never => false,
            IntoExisting::InPart => !self.selection.has_whole_database(database),
            IntoExisting::Always => true,
        }
    }
}

/// Compares the loaded data with the dump, except refused tables and those with refused rows.
///
/// # Errors
/// Fails as [`crate::verify_against`] does.
pub async fn verify_data(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<Report> {
    let expected = options.expected_manifest.as_deref();
    let (_, manifest) = Archive::open(client, dump, &options.identities, expected).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let without = marks::Marks::refused_in_all(&mut session, &manifest, &names).await?;
    session.close().await;
    compare(target, client, dump, options.choice(), &without, connections, meter, cancel).await
}

/// Returns the tables whose rows differ from the dump, as the target stored other values: they are not restored
/// completely, and the others are. `None` if no table is equal, if a table has more or fewer rows than the dump, or if
/// something else is wrong.
#[must_use]
pub fn differing(report: &Report) -> Option<Made> {
    let mut tables: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for finding in &report.findings {
        let Finding::RowsDiffer { table, expected, found, .. } = finding else { return None };
        let (all_expected, all_found) = tables.entry(table).or_default();
        (*all_expected, *all_found) = (*all_expected + expected, *all_found + found);
    }
    let has_all_rows = tables.values().all(|(expected, found)| expected == found);
    if !has_all_rows || tables.len() as u64 >= report.tables.max(1) {
        return None;
    }
    let mut made = Made::default();
    for table in tables.into_keys() {
        let reason = Text::new("load-rows-changed").with("table", table);
        made.lack(PartKind::Tables, table, reason);
    }
    Some(made)
}

/// Ends a load: removes its notes from the target.
///
/// # Errors
/// Fails when the server does.
pub async fn finish(target: &Target, client: &Client, dump: &DumpId, options: &Options) -> Result<()> {
    let expected = options.expected_manifest.as_deref();
    let (_, manifest) = Archive::open(client, dump, &options.identities, expected).await?;
    let mut session = target.open().await?;
    let names = names(&manifest, options)?;
    for (database, marks) in marks::Marks::find_all(&mut session, &manifest, &names).await? {
        let dropped = session.run(&marks.drop_statement()).await;
        dropped.during(|| format!("remove the notes of the load from `{database}`"))?;
    }
    session.close().await;
    Ok(())
}

/// Returns the chosen databases: names in the target by names in the dump.
fn names(manifest: &Manifest, options: &Options) -> Result<BTreeMap<String, String>> {
    options.choice().databases(manifest)
}
