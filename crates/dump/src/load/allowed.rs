//! Checks the statements of a dump before the first of them runs: a dump may be forged.

use std::collections::BTreeMap;

use crate::archive::Archive;
use crate::ddl::form;
use crate::error::{Error, Result};
use crate::layout::ObjectKey;
use crate::manifest::Manifest;
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject};

/// The selection that decides which code and accounts of a dump a load may create.
pub(super) struct Wanted<'a> {
    /// The chosen databases: names in the target by names in the dump.
    pub(super) names: &'a BTreeMap<String, String>,
    pub(super) selection: &'a Selection,
}

impl Wanted<'_> {
    /// Returns the databases whose code may be created: those that are loaded completely.
    pub(super) fn code<'m>(&self, manifest: &'m Manifest) -> impl Iterator<Item = &'m str> {
        let is_wanted = |name: &str| self.names.contains_key(name) && self.selection.has_whole_database(name);
        manifest
            .databases
            .iter()
            .filter(move |entry| !entry.code.is_empty() && is_wanted(&entry.name))
            .map(|entry| entry.name.as_str())
    }

    /// Returns the files with accounts and privileges that may be created; none unless the whole dump is loaded.
    pub(super) fn accounts(&self, archive: &Archive, manifest: &Manifest) -> Vec<ObjectKey<'static>> {
        let is_held = |key: ObjectKey<'_>| {
            let path = archive.stored_path(key);
            manifest.schema.iter().any(|object| object.path == path)
        };
        let all = [ObjectKey::Accounts, ObjectKey::Grants].into_iter();
        all.filter(|&key| self.selection.is_all() && is_held(key)).collect()
    }
}

/// Checks all code, accounts and privileges that a load may create.
///
/// # Errors
/// As [`check_schema`].
pub(super) async fn check_code(archive: &Archive, manifest: &Manifest, wanted: Wanted<'_>) -> Result<()> {
    for database in wanted.code(manifest) {
        objects(archive, ObjectKey::Code { database }, |_| true).await?;
    }
    for key in wanted.accounts(archive, manifest) {
        objects(archive, key, |_| true).await?;
    }
    Ok(())
}

/// Checks the statements of all chosen databases, tables and views.
///
/// # Errors
/// [`Error::StatementRefused`] names the first object whose statement does more than create it.
pub(super) async fn check_schema(
    archive: &Archive,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    selection: &Selection,
) -> Result<()> {
    for entry in manifest.databases.iter().filter(|entry| names.contains_key(&entry.name)) {
        database(archive, &entry.name).await?;
        let chosen = |object: &SchemaObject| selection.has_table(&entry.name, &object.name);
        objects(archive, ObjectKey::Tables { database: &entry.name }, chosen).await?;
        if !entry.sequences.is_empty() {
            let held = |object: &SchemaObject| entry.sequences.contains(&object.name) && chosen(object);
            objects(archive, ObjectKey::Sequences { database: &entry.name }, held).await?;
        }
        if !entry.views.is_empty() {
            objects(archive, ObjectKey::Views { database: &entry.name }, chosen).await?;
        }
    }
    Ok(())
}

/// Returns the statement that creates a database, checked.
pub(super) async fn database(archive: &Archive, name: &str) -> Result<Vec<u8>> {
    let text = archive.read_schema(ObjectKey::Database { database: name }).await?;
    let sql = text.strip_suffix(b";\n").unwrap_or(&text);
    match form::check_database(sql, name) {
        Ok(()) => Ok(sql.to_vec()),
        Err(why) => Err(Error::StatementRefused { object: format!("`{name}`"), why: why.to_string() }),
    }
}

/// Returns those objects of a file that are chosen, each checked.
pub(super) async fn objects(
    archive: &Archive,
    key: ObjectKey<'_>,
    chosen: impl Fn(&SchemaObject) -> bool,
) -> Result<Vec<SchemaObject>> {
    let fits = fitting(key);
    let mut objects = archive.read_objects(key).await?;
    objects.retain(chosen);
    for object in &objects {
        let refused = |why: String| Error::StatementRefused { object: named(key, &object.name), why };
        if !fits.contains(&object.kind) {
            return Err(refused(format!("{} holds no such object", key.path())));
        }
        form::check(object).map_err(|why| refused(why.to_string()))?;
    }
    Ok(objects)
}

/// Returns the kinds of objects that a file may contain.
fn fitting(key: ObjectKey<'_>) -> &'static [SchemaKind] {
    match key {
        ObjectKey::Tables { .. } => &[SchemaKind::Table],
        ObjectKey::Sequences { .. } => &[SchemaKind::Sequence, SchemaKind::SequenceValue],
        ObjectKey::Views { .. } => &[SchemaKind::View, SchemaKind::BrokenView],
        ObjectKey::Code { .. } => &[
            SchemaKind::Procedure,
            SchemaKind::Function,
            SchemaKind::Trigger,
            SchemaKind::Event,
            SchemaKind::Outline,
        ],
        ObjectKey::Accounts => &[SchemaKind::Account, SchemaKind::AccountChange],
        ObjectKey::Grants => &[SchemaKind::Grant],
        _ => &[],
    }
}

fn named(key: ObjectKey<'_>, name: &str) -> String {
    match key {
        ObjectKey::Tables { database }
        | ObjectKey::Sequences { database }
        | ObjectKey::Views { database }
        | ObjectKey::Code { database } => full_name(database, name),
        _ => name.to_owned(),
    }
}
