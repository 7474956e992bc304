//! Whether a target can be loaded into, found out without changing it.

use std::collections::BTreeMap;

use model::text::Text;
use model::version::ServerVersion;
use oceanbase::{Session, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::allowed::{self, Wanted};
use crate::load::marks::{MARKS_TABLE, Marks};
use crate::load::{Options, names, orphan};
use crate::manifest::Manifest;
use crate::source::Target;

/// What a target is like.
#[derive(Debug, Clone)]
pub struct TargetCheck {
    /// The server.
    pub server: ServerVersion,
    /// Whether an earlier load of the same dump goes on.
    pub resumes: bool,
    /// What the reader of the log should know.
    pub notes: Vec<Text>,
}

/// Looks whether a dump can be loaded, without changing anything.
///
/// # Errors
/// [`Error::TargetNotEmpty`] when it would clash with what is there; [`Error::LoadInterrupted`] when another dump
/// was being loaded there.
pub async fn check_target(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<TargetCheck> {
    let (archive, manifest) =
        Archive::open(client, dump, &options.identities, options.expected_manifest.as_deref()).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let found = check(&mut session, &archive, &manifest, &names, options).await?;
    session.close().await;
    Ok(found)
}

/// The same, on a connection to the target.
pub(super) async fn check(
    session: &mut Session,
    archive: &Archive,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    options: &Options,
) -> Result<TargetCheck> {
    if let Some(database) = names.keys().next() {
        archive.read_schema(ObjectKey::Database { database }).await?; // the keys fit, or nothing is begun
    }
    allowed::check_schema(archive, manifest, names, &options.selection).await?;
    if options.with_code {
        let wanted = Wanted { names, selection: &options.selection };
        allowed::check_code(archive, manifest, wanted).await?;
    }
    let server = session.server().clone();
    if manifest.server.product.is_oceanbase() && !server.product.is_oceanbase() {
        return Err(Error::TargetUnfit {
            source_server: manifest.server.to_string(),
            target: server.to_string(),
        });
    }
    orphan::refuse(session).await?;
    let chosen = |database: &str, table: &str| options.selection.has_table(database, table);
    let mut notes = Vec::new();
    if server.product != manifest.server.product || server.version < manifest.server.version {
        notes.push(Text::new("load-other-server").with("source", &manifest.server).with("target", &server));
    }
    let whole = |name: &str| names.contains_key(name) && options.selection.has_whole_database(name);
    let code: usize =
        manifest.databases.iter().filter(|entry| whole(&entry.name)).map(|entry| entry.code.len()).sum();
    if code > 0 {
        notes.push(Text::new("load-code-held").with("count", code));
    }
    let mut resumes = false;
    let mut found = Vec::new();
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        match Marks::new(database, &archive.dump).owner(session).await? {
            Some(owner) if owner == archive.dump.as_str() => {
                resumes = true;
                continue;
            }
            Some(other) => return Err(Error::LoadInterrupted { database: database.clone(), other }),
            None => {}
        }
        let there = catalog::tables(session, database).await;
        let there = there.during(|| format!("list the tables of `{database}`"))?;
        let clashes = |name: &str| {
            !options.may_lie_beside_others(&entry.name)
                || entry.objects().any(|own| own.eq_ignore_ascii_case(name) && chosen(&entry.name, own))
        };
        let clashing = there.into_iter().filter(|table| table.name != MARKS_TABLE && clashes(&table.name));
        found.extend(clashing.map(|table| crate::plan::full_name(database, &table.name)));
    }
    if found.is_empty() {
        Ok(TargetCheck { server, resumes, notes })
    } else {
        Err(Error::TargetNotEmpty { found })
    }
}
