//! The selected objects of a dump for a load or a comparison, and their names.

use std::collections::BTreeMap;

use model::backup::BackupObject;

use crate::error::{Error, Result};
use crate::manifest::{DatabaseEntry, Manifest};
use crate::plan::{Selection, full_name};

/// The selected part of a dump, and its names in the server.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The databases by their names in the dump, with their names in the server. Empty: all databases, under their
    /// own names.
    pub names: &'a BTreeMap<String, String>,
    /// Which of their tables.
    pub selection: &'a Selection,
    /// The BLAKE3 hash of the manifest whose origin was already checked; no other is accepted. `None` accepts any.
    pub expected_manifest: Option<&'a str>,
}

impl Choice<'_> {
    /// Returns the chosen databases: names in the server by names in the dump.
    ///
    /// # Errors
    /// [`Error::NothingThere`] if the dump does not contain a selected object.
    pub(crate) fn databases(&self, manifest: &Manifest) -> Result<BTreeMap<String, String>> {
        let held = |name: &String| manifest.databases.iter().any(|database| database.name == *name);
        if let Some(stranger) = self.names.keys().find(|name| !held(name)) {
            return Err(Error::NothingThere { what: format!("database `{stranger}`") });
        }
        for object in &self.selection.0 {
            let holds = |entry: &DatabaseEntry| match object {
                BackupObject::Database(database) => entry.name == *database,
                BackupObject::Table(database, table) => {
                    entry.name == *database && entry.objects().any(|name| name == table)
                }
            };
            if !manifest.databases.iter().any(holds) {
                let what = match object {
                    BackupObject::Database(name) => format!("database `{name}`"),
                    BackupObject::Table(database, table) => format!("table {}", full_name(database, table)),
                };
                return Err(Error::NothingThere { what });
            }
        }
        let own =
            || manifest.databases.iter().map(|entry| (entry.name.clone(), entry.name.clone())).collect();
        let all = if self.names.is_empty() { own() } else { self.names.clone() };
        Ok(all.into_iter().filter(|(name, _)| self.selection.has_database(name)).collect())
    }
}
