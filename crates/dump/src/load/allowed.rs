//! Checks what a dump's statements do before the first of them runs: a dump may be forged.

use std::collections::BTreeMap;

use crate::archive::Archive;
use crate::ddl::form;
use crate::error::{Error, Result};
use crate::layout::ObjectKey;
use crate::manifest::Manifest;
use crate::plan::{Selection, full_name};
use crate::schema_file::{SchemaKind, SchemaObject};

/// Checks the statements of all chosen databases, tables and views.
///
/// # Errors
/// [`Error::StatementRefused`] names the first object whose statement does anything but create it.
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
            objects(archive, ObjectKey::Sequences { database: &entry.name }, chosen).await?;
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

/// Returns what a file holds.
fn fitting(key: ObjectKey<'_>) -> &'static [SchemaKind] {
    match key {
        ObjectKey::Tables { .. } => &[SchemaKind::Table],
        ObjectKey::Sequences { .. } => &[SchemaKind::Sequence, SchemaKind::SequenceValue],
        ObjectKey::Views { .. } => &[SchemaKind::View, SchemaKind::BrokenView],
        ObjectKey::Code { .. } => &[
            SchemaKind::Procedure,
            SchemaKind::Function,
            SchemaKind::Trigger,
            SchemaKind::EventZone,
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
