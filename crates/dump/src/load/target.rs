//! Checks whether a dump can be loaded into a target, without changing it.

use std::collections::BTreeMap;

use model::not_made::PartKind;
use model::text::Text;
use model::version::ServerVersion;
use oceanbase::{Session, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::allowed::{self, Wanted};
use crate::load::marks::{Marks, progress_tables};
use crate::load::{Options, code, names, not_requested, orphan};
use crate::manifest::Manifest;
use crate::plan::full_name;
use crate::source::Target;

/// The result of checking a target.
#[derive(Debug, Clone)]
pub struct TargetCheck {
    /// The server.
    pub server: ServerVersion,
    /// Whether an earlier load of the same dump continues.
    pub resumes: bool,
    /// What the reader of the log should know.
    pub notes: Vec<Text>,
}

/// Checks whether a dump can be loaded, without changing anything.
///
/// # Errors
/// [`Error::TargetNotEmpty`] if it conflicts with existing objects; [`Error::LoadInterrupted`] if the load of another
/// dump has not ended there.
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
    let (found, _) = check(&mut session, &archive, &manifest, &names, options).await?;
    session.close().await;
    Ok(found)
}

/// The same, on a connection to the target. Also returns the notes of earlier loads that are left over.
pub(super) async fn check(
    session: &mut Session,
    archive: &Archive,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    options: &Options,
) -> Result<(TargetCheck, Vec<Marks>)> {
    if let Some(database) = names.keys().next() {
        archive.read_schema(ObjectKey::Database { database }).await?; // checks the decryption keys early
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
    refuse_folded(session, manifest, names, options).await?;
    let chosen = |database: &str, table: &str| options.selection.has_table(database, table);
    let mut notes = Vec::new();
    if server.product != manifest.server.product || server.version < manifest.server.version {
        notes.push(Text::new("load-other-server").with("source", &manifest.server).with("target", &server));
    }
    if manifest.is_partial() {
        let count = manifest.left_out.iter().filter(|object| !object.agreed).count();
        notes.push(Text::new("load-dump-partial").with("count", count));
    }
    notes.extend(manifest.left_out.iter().map(|object| object.reason.clone()));
    let whole = |name: &str| names.contains_key(name) && options.selection.has_whole_database(name);
    let left = not_requested(manifest, options).not_made;
    let accounts = left.iter().filter(|part| part.kind == PartKind::Users).count();
    for (id, count) in [("load-code-held", left.len() - accounts), ("load-accounts-held", accounts)] {
        if count > 0 {
            notes.push(Text::new(id).with("count", count));
        }
    }
    let mut resumes = false;
    let (mut found, mut leftovers, mut has_others) = (Vec::new(), Vec::new(), false);
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        let marks = Marks::find(session, entry, database, &archive.dump).await?;
        let owner = marks.owner(session).await?;
        let notes_of_loads = progress_tables(session, database).await?;
        let there = catalog::tables(session, database).await;
        let mut there = there.during(|| format!("list the tables of `{database}`"))?;
        there.retain(|table| !notes_of_loads.contains(&table.name));
        let is_ours = owner.as_deref() == Some(archive.dump.as_str());
        if is_ours {
            let is_own = |name: &str| {
                entry.objects().any(|own| own.eq_ignore_ascii_case(name) && chosen(&entry.name, own))
            };
            // If the tables were dropped, the loaded rows are gone and their notes are wrong.
            if there.iter().any(|table| is_own(&table.name)) || marks.all(session).await?.is_empty() {
                resumes = true;
                continue;
            }
        }
        let clashes = |name: &str| {
            !options.may_lie_beside_others(&entry.name)
                || entry.objects().any(|own| own.eq_ignore_ascii_case(name) && chosen(&entry.name, own))
        };
        has_others |= !options.may_lie_beside_others(&entry.name) && !there.is_empty();
        let clashing: Vec<_> = there.into_iter().filter(|table| clashes(&table.name)).collect();
        if let Some(owner) = owner {
            if owner != archive.dump.as_str() && !clashing.is_empty() {
                return Err(Error::LoadInterrupted { database: database.clone(), other: owner });
            }
            notes.push(Text::new("load-leftover-removed").with("dump", owner).with("database", database));
            leftovers.push(marks);
        }
        found.extend(clashing.into_iter().map(|table| full_name(database, &table.name)));
        // Objects of an earlier attempt of this load are harmless.
        if options.with_code && !is_ours && whole(&entry.name) && !entry.code.is_empty() {
            found.extend(code::clashing(session, entry, database, &options.without).await?);
        }
    }
    if found.is_empty() {
        Ok((TargetCheck { server, resumes, notes }, leftovers))
    } else {
        Err(Error::TargetNotEmpty { found, same_names: !has_others })
    }
}

/// Refuses names that a target treats as equal because it does not distinguish upper and lower case.
async fn refuse_folded(
    session: &mut Session,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    options: &Options,
) -> Result<()> {
    let value = catalog::variable(session, "lower_case_table_names").await;
    let value = value.during(|| "read lower_case_table_names".to_owned())?.unwrap_or(0);
    if value == 0 {
        return Ok(());
    }
    let mut all: Vec<String> = names.values().map(|database| format!("`{database}`")).collect();
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        let own = entry.objects().filter(|name| options.selection.has_table(&entry.name, name));
        all.extend(own.map(|name| full_name(database, name)));
    }
    let folded = folded(&all);
    if folded.is_empty() { Ok(()) } else { Err(Error::NamesFold { value, names: folded }) }
}

/// Returns the names that differ from others only in upper and lower case.
fn folded(names: &[String]) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in names {
        groups.entry(name.to_lowercase()).or_default().push(name);
    }
    groups.into_values().filter(|group| group.len() > 1).flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn names_that_differ_in_capital_letters_only_are_found() {
        let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(folded(&names(&["`d`", "`d`.`T`", "`d`.`u`", "`d`.`t`"])), ["`d`.`T`", "`d`.`t`"]);
        assert_eq!(folded(&names(&["`D`", "`d`"])), ["`D`", "`d`"]);
        assert_eq!(folded(&names(&["`d`.`t`", "`e`.`t`"])), [""; 0]);
    }
}
