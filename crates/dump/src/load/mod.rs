//! Loading a dump, call by call. Each call can be repeated after a crash and continues where it was.
//!
//! The progress is stored in the target, in a table beside the rows ([`marks`]). Rows and the note about them are
//! committed together: nothing is loaded twice, whatever fails when.

mod allowed;
mod code;
mod connection;
mod data;
mod keys;
mod large;
mod made;
mod marks;
mod orphan;
mod privileged;
mod schema;
mod target;
mod undo;
mod views;

use std::collections::BTreeMap;

use storage::Client;
use tokio_util::sync::CancellationToken;

pub use code::{create_routines, create_triggers};
pub use data::load_data;
pub use keys::create_indexes;
pub use made::Made;
pub use marks::{MARKS_TABLE, progress_tables};
pub use privileged::privileged;
pub use schema::create_schema;
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
use crate::verify::{Report, compare};

/// Which databases may hold other tables before a load begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntoExisting {
    /// None.
    #[default]
    Never,
    /// Those of which single tables are taken.
    InPart,
    /// All.
    Always,
}

/// How a dump is loaded. The same for all calls of one load.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Which databases, and under which names, by their names in the dump; none means all under their own.
    pub databases: BTreeMap<String, String>,
    /// Which of their tables and views, by their names in the dump. Of a database that is not taken whole, neither code
    /// nor users are.
    pub selection: Selection,
    /// Which databases may hold other tables already. Tables of the same names never may be there.
    pub into_existing: IntoExisting,
    /// Whether code, accounts and privileges are created too: then they are checked before the first statement runs.
    pub with_code: bool,
    /// The keys of an encrypted dump.
    pub identities: Identities,
    /// The BLAKE3 of the manifest whose origin was checked before, as [`crate::OpenManifest`] gives it: no other is
    /// loaded. None: any.
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

    /// Returns whether other tables may be where this database goes.
    fn may_lie_beside_others(&self, database: &str) -> bool {
        match self.into_existing {
            IntoExisting::Never => false,
            IntoExisting::InPart => !self.selection.has_whole_database(database),
            IntoExisting::Always => true,
        }
    }
}

/// Compares the loaded data with the dump, except refused tables.
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

/// Ends a load: removes what was remembered in the target.
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
