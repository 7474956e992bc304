//! Databases and tables, created before their rows are loaded.

use std::collections::{BTreeMap, HashSet};

use model::not_made::{NotMade, PartKind};
use model::text::Text;
use oceanbase::{Session, Statement, catalog};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::ddl::table::TableDefinition;
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::load::connection::{
    Defined, Definition, Refused, STATEMENT_LIMIT, Settings, TableStatements, define, enter, is_refused,
    make, open_for_loading,
};
use crate::load::database::create_database;
use crate::load::marks::Marks;
use crate::load::target::check;
use crate::load::{Made, Options, allowed, names, refused};
use crate::manifest::DatabaseEntry;
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject};
use crate::source::Target;

/// A table with fewer rows gets its keys immediately: creating them later costs more than it saves.
pub(super) const KEYS_AT_ONCE_ROWS: u64 = 1000;

/// Checks the target, then creates the databases and their tables, without the keys that are cheaper to add after the
/// rows. A table that the server refuses is noted in the target, and the other calls of the load skip it.
///
/// # Errors
/// Fails as [`super::check_target`] does, and when the server refuses a database or every table;
/// [`crate::Error::Cancelled`] when the token is cancelled.
pub async fn create_schema(
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
    let (found, leftovers) = check(&mut session, &archive, &manifest, &names, options).await?;
    for marks in leftovers {
        let dropped = session.run(&marks.drop_statement()).await;
        dropped.during(|| "remove the notes of an earlier load".to_owned())?;
    }
    let (mut tables, mut all_marks, mut has_tables) = (Vec::new(), BTreeMap::new(), false);
    let (mut not_made, mut notes) = (Vec::new(), found.notes);
    for entry in &manifest.databases {
        let Some(database) = names.get(&entry.name) else { continue };
        notes.extend(create_database(&mut session, &archive, &entry.name, database).await?);
        let marks = Marks::find(&mut session, entry, database, dump).await?;
        let is_new = marks.begin(&mut session).await?;
        // Tables that an earlier attempt gave up are loaded again from the beginning.
        for table in marks.refused_rows(&mut session).await? {
            refused::discard(&mut session, &marks, database, &table).await?;
        }
        marks.forget_refused(&mut session).await?;
        all_marks.insert(database.clone(), marks);
        // No object with these names existed before this load, so existing ones are from an earlier attempt.
        let there = if is_new { Existing::default() } else { Existing::read(&mut session, database).await? };
        let folds = session.server().product.is_oceanbase();
        // Sequences come before the tables, whose defaults use them.
        let refused = create_sequences(&mut session, &archive, entry, database, &options.selection, &there);
        not_made.extend(refused.await?);
        let missing = missing_tables(&archive, entry, &names, &options.selection, &there, folds).await?;
        let is_new = |table: &&TableStatements| !table.statements.is_empty();
        has_tables |= missing.iter().filter(is_new).count() < entry.tables.len();
        tables.extend(missing);
    }
    let count = tables.len();
    // The tables have no foreign keys yet, so their order does not matter.
    let Defined { mut refused, otherwise } =
        define(target, connections, tables, STATEMENT_LIMIT, cancel).await?;
    not_made.extend(otherwise);
    if !has_tables && count > 0 && refused.len() == count {
        return Err(refused.swap_remove(0).into_error());
    }
    for (database, marks) in &all_marks {
        let own = refused.iter().filter(|table| table.database == *database);
        let own: Vec<&str> = own.map(|table| table.table.as_str()).collect();
        marks.refuse(&mut session, &own).await?;
    }
    session.close().await;
    not_made.extend(refused.iter().map(|table: &Refused| table.not_made(PartKind::Tables)));
    Ok(Made { notes, not_made })
}

/// Creates the selected sequences of a database, each with its next number in the source. Returns those that the
/// server refuses: OceanBase does not support MariaDB's sequences.
async fn create_sequences(
    session: &mut Session,
    archive: &Archive,
    entry: &DatabaseEntry,
    database: &str,
    selection: &Selection,
    there: &Existing,
) -> Result<Vec<NotMade>> {
    let chosen = |name: &str| {
        entry.sequences.iter().any(|held| held == name) && selection.has_table(&entry.name, name)
    };
    let mut not_made = Vec::new();
    if !entry.sequences.iter().any(|name| chosen(name)) {
        return Ok(not_made);
    }
    enter(session, database).await?;
    let mut refused = HashSet::new();
    let key = ObjectKey::Sequences { database: &entry.name };
    for object in allowed::objects(archive, key, |object| chosen(&object.name)).await? {
        let is_there = object.kind == SchemaKind::Sequence && there.has(&object.name, false);
        if is_there || refused.contains(&object.name) {
            continue; // from an earlier attempt, or its sequence does not exist
        }
        let what = full_name(database, &object.name);
        match make(session, &Statement::act(object.statement)).await {
            Ok(_) => {}
            Err(error) if is_refused(&error) => {
                let reason = Text::new("load-sequence-refused").with("sequence", &what).with("why", error);
                not_made.push(NotMade { kind: PartKind::Sequences, name: what, reason });
                refused.insert(object.name);
            }
            Err(error) => return Err(error).during(|| format!("create the sequence {what}")),
        }
    }
    Ok(not_made)
}

/// The tables and views that a database has.
#[derive(Default)]
struct Existing(HashSet<String>);

impl Existing {
    async fn read(session: &mut Session, database: &str) -> Result<Self> {
        let tables = catalog::tables(session, database).await;
        let tables = tables.during(|| format!("list the tables of `{database}`"))?;
        Ok(Self(tables.into_iter().map(|table| table.name).collect()))
    }

    /// Returns whether there is one with this name. OceanBase may store all names in lower case.
    fn has(&self, name: &str, folds: bool) -> bool {
        self.0.contains(name) || folds && self.0.contains(&name.to_lowercase())
    }
}

/// Returns the chosen tables of a database that are not there yet.
async fn missing_tables(
    archive: &Archive,
    entry: &DatabaseEntry,
    names: &BTreeMap<String, String>,
    selection: &Selection,
    there: &Existing,
    folds: bool,
) -> Result<Vec<TableStatements>> {
    let database = names.get(&entry.name).unwrap_or(&entry.name);
    let rows: BTreeMap<&str, u64> =
        entry.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    let mut tables = Vec::new();
    for object in table_objects(archive, entry, selection).await? {
        if there.has(&object.name, folds) {
            // From an earlier attempt, which may not have told under which settings it was created.
            let (settings, statements) = (Settings::of(&object), Vec::new());
            if !settings.are_usual() {
                let (database, table) = (database.to_owned(), object.name);
                tables.push(TableStatements { database, table, statements, settings });
            }
            continue;
        }
        let mut definition = read_definition(&entry.name, &object)?;
        definition.rename(names);
        let small = rows.get(object.name.as_str()).is_none_or(|&rows| rows < KEYS_AT_ONCE_ROWS);
        // MySQL and MariaDB show keys in the order of their creation.
        let at_once = small || !folds && definition.has_special_keys();
        let statement = if at_once { definition.without_foreign_keys() } else { definition.bare() };
        let settings = Settings::of(&object);
        let (database, table) = (database.to_owned(), object.name);
        let statements = vec![Definition { key: String::new(), sql: statement }];
        tables.push(TableStatements { database, table, statements, settings });
    }
    Ok(tables)
}

/// Reads the definitions of a database's tables from the dump, except those of tables whose rows could not be read.
pub(super) async fn table_objects(
    archive: &Archive,
    entry: &DatabaseEntry,
    selection: &Selection,
) -> Result<Vec<SchemaObject>> {
    let database = entry.name.as_str();
    let held: HashSet<&str> = entry.tables.iter().map(|table| table.name.as_str()).collect();
    let chosen = |object: &SchemaObject| {
        held.contains(object.name.as_str()) && selection.has_table(database, &object.name)
    };
    allowed::objects(archive, ObjectKey::Tables { database }, chosen).await
}

pub(super) fn read_definition(database: &str, object: &SchemaObject) -> Result<TableDefinition> {
    TableDefinition::read(&object.statement).ok_or_else(|| Error::Damaged {
        path: ObjectKey::Tables { database }.path(),
        why: format!("the definition of `{}` is unreadable", object.name),
    })
}
