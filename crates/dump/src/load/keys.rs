//! The objects that are created after the rows: keys, foreign keys, views.

use std::collections::{BTreeMap, BTreeSet};

use model::not_made::PartKind;
use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, catalog};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::ddl::qualify::{reference, with_reference};
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::load::connection::{Defined, Definition, Settings, TableStatements, define, open_for_loading};
use crate::load::marks::Marks;
use crate::load::schema::{read_definition, table_objects};
use crate::load::{Made, Options, names, orphan, views};
use crate::manifest::{DANGLING, DatabaseEntry, Manifest};
use crate::plan::{Selection, full_name};
use crate::source::Target;

/// The timeout for creating one key.
const KEY_LIMIT: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Creates keys, then foreign keys, then views.
///
/// # Errors
/// Fails if the server does; [`crate::Error::Cancelled`] if the token is cancelled. The result lists what the server
/// refused.
pub async fn create_indexes(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
    connections: usize,
    cancel: &CancellationToken,
) -> Result<Made> {
    let (archive, manifest) =
        Archive::open(client, dump, &options.identities, options.expected_manifest.as_deref()).await?;
    let names = names(&manifest, options)?;
    let mut session = open_for_loading(target).await?;
    let (mut keys, mut foreign_keys) = (Vec::new(), Vec::new());
    let refused = Marks::refused_in_all(&mut session, &manifest, &names).await?;
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        let found = missing_keys(&mut session, &archive, entry, database, &names, &options.selection).await?;
        let is_there = |job: &TableStatements| !refused.contains(&(job.database.clone(), job.table.clone()));
        keys.extend(found.keys.into_iter().filter(is_there));
        foreign_keys.extend(found.foreign_keys.into_iter().filter(is_there));
    }
    // A selected table may refer to a table that was not selected, is not in the dump, or was refused by the target.
    let (mut made, dangling) = (Made::default(), dangling(&manifest, &names));
    leave_out_parentless(&mut session, &mut foreign_keys, &dangling, &mut made).await?;
    if !keys.is_empty() || !foreign_keys.is_empty() {
        orphan::refuse(&mut session).await?;
    }
    let Defined { refused, .. } = define(target, connections, keys, KEY_LIMIT, cancel).await?;
    made.not_made.extend(refused.iter().map(|key| key.not_made(PartKind::Indexes)));
    // One after the other: two foreign keys between the same tables would wait for each other.
    let Defined { refused, .. } = define(target, 1, foreign_keys, KEY_LIMIT, cancel).await?;
    made.not_made.extend(refused.iter().map(|key| key.not_made(PartKind::ForeignKeys)));
    made.add(views::create_views(&mut session, &archive, &manifest, &names, &options.selection).await?);
    session.close().await;
    Ok(made)
}

/// The keys that tables lack.
#[derive(Default)]
struct Missing {
    keys: Vec<TableStatements>,
    foreign_keys: Vec<TableStatements>,
}

/// Finds the keys of the dump that the target does not have yet.
async fn missing_keys(
    session: &mut Session,
    archive: &Archive,
    entry: &DatabaseEntry,
    database: &str,
    names: &BTreeMap<String, String>,
    selection: &Selection,
) -> Result<Missing> {
    let mut tables = Vec::new();
    for object in table_objects(archive, entry, selection).await? {
        let definition = read_definition(&entry.name, &object)?;
        tables.push((Settings::of(&object), object.name, definition));
    }
    let reading = || format!("list the keys of `{database}`");
    let (mut keys, mut foreign_keys) = (BTreeMap::new(), BTreeMap::new());
    if tables.iter().any(|(.., definition)| definition.late_keys().next().is_some()) {
        keys = sets(catalog::key_names(session, database).await.during(reading)?);
    }
    if tables.iter().any(|(.., definition)| definition.foreign_keys().next().is_some()) {
        foreign_keys = sets(catalog::foreign_key_names(session, database).await.during(reading)?);
    }
    let mut missing = Missing::default();
    for (settings, table, definition) in tables {
        let alter = |item: &[u8]| -> Vec<u8> {
            let mut sql = format!("ALTER TABLE {} ADD ", identifier(&table)).into_bytes();
            sql.extend_from_slice(item);
            sql
        };
        let there = |all: &BTreeMap<String, BTreeSet<String>>, key: &str| {
            // The target may store all names in lower case.
            let own = all.get(&table).or_else(|| all.get(&table.to_lowercase()));
            own.is_some_and(|names| names.contains(&key.to_lowercase()))
        };
        let job = |statements, settings| TableStatements {
            database: database.to_owned(),
            table: table.clone(),
            statements,
            settings,
        };
        let late: Vec<_> = definition
            .late_keys()
            .filter(|(key, _)| !there(&keys, key))
            .map(|(key, item)| Definition { key: key.to_owned(), sql: alter(item) })
            .collect();
        if !late.is_empty() {
            missing.keys.push(job(late, settings));
        }
        // OceanBase shows the newest key first. If they are created from last to first, they appear in the original
        // order.
        let foreign: Vec<_> = definition
            .foreign_keys()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .filter(|(key, _)| !key.is_some_and(|key| there(&foreign_keys, key)))
            .map(|(key, item)| {
                let refer = |old: &str| Some(names.get(old).cloned().unwrap_or_else(|| old.to_owned()));
                let (key, sql) = (key.unwrap_or_default().to_owned(), alter(&with_reference(item, refer)));
                Definition { key, sql }
            })
            .collect();
        if !foreign.is_empty() {
            missing.foreign_keys.push(job(foreign, Settings::default()));
        }
    }
    Ok(missing)
}

/// Returns the foreign keys whose other table did not exist in the source either, by table in the target and name.
fn dangling(manifest: &Manifest, names: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let mut dangling = BTreeSet::new();
    for note in manifest.notes.iter().filter(|note| note.id == DANGLING) {
        let (Some(table), Some(key)) = (note.args.get("table"), note.args.get("key")) else { continue };
        for (old, new) in names {
            if let Some(name) = table.strip_prefix(&format!("{}.", identifier(old))) {
                dangling.insert((format!("{}.{name}", identifier(new)), key.clone()));
            }
        }
    }
    dangling
}

/// Removes the foreign keys that refer to a table that the target does not have, except those that also did so in the
/// source.
async fn leave_out_parentless(
    session: &mut Session,
    jobs: &mut [TableStatements],
    dangling: &BTreeSet<(String, String)>,
    made: &mut Made,
) -> Result<()> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for job in jobs {
        let mut kept = Vec::new();
        for made_by in std::mem::take(&mut job.statements) {
            let Some((database, parent)) = reference(&made_by.sql) else {
                kept.push(made_by);
                continue;
            };
            let database = database.unwrap_or_else(|| job.database.clone());
            if !tables.contains_key(&database) {
                let found = catalog::tables(session, &database).await;
                let found = found.during(|| format!("list the tables of `{database}`"))?;
                let names = found.into_iter().map(|table| table.name.to_lowercase()).collect();
                tables.insert(database.clone(), names);
            }
            let table = full_name(&job.database, &job.table);
            if tables[&database].contains(&parent.to_lowercase())
                || dangling.contains(&(table.clone(), made_by.key.clone()))
            {
                kept.push(made_by);
                continue;
            }
            let key = made_by.key;
            let reason = Text::new("load-foreign-key-without-parent").with("key", &key).with("table", &table);
            let reason = reason.with("parent", full_name(&database, &parent));
            made.lack(PartKind::ForeignKeys, format!("{table}.{}", identifier(&key)), reason);
        }
        job.statements = kept;
    }
    Ok(())
}

/// Names of keys are case-insensitive.
fn sets(names: BTreeMap<String, Vec<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let small = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase()).collect();
    names.into_iter().map(|(table, names)| (table, small(names))).collect()
}
