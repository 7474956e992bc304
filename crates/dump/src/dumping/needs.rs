//! What a load needs beside the dump: objects that the dumped ones refer to, and that the dump does not contain.
//!
//! The dump is complete all the same: it contains everything that was requested. Each such reference becomes a note of
//! the dump, which names both objects.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::text::Text;
use oceanbase::catalog;
use oceanbase::statement::identifier;

use crate::ddl::grant::{Granted, granted, on_table};
use crate::ddl::installation::default_grant;
use crate::ddl::qualified::Qualified;
use crate::ddl::qualify::{reference, sequences};
use crate::ddl::table::TableDefinition;
use crate::ddl::token::Quoting;
use crate::manifest::DANGLING;
use crate::plan::{Plan, full_name};
use crate::schema_file::SchemaObject;

/// A foreign key whose table the dump does not contain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Orphan {
    /// The table with the foreign key, in full.
    table: String,
    key: String,
    /// The database of the other table.
    pub(super) database: String,
    pub(super) parent: String,
}

impl Orphan {
    /// Returns its note. `exists` tells whether the source has the other table.
    pub(super) fn note(&self, exists: bool) -> Text {
        let id = if exists { "dump-needs-foreign-key" } else { DANGLING };
        let needed = full_name(&self.database, &self.parent);
        Text::new(id).with("key", &self.key).with("table", &self.table).with("needed", needed)
    }
}

/// Finds out what the objects of a dump refer to.
pub(super) struct Needs<'a> {
    pub(super) plan: &'a Plan,
    /// The databases that this user sees, in lower case.
    visible: HashSet<String>,
}

impl<'a> Needs<'a> {
    pub(super) fn new(plan: &'a Plan, databases: &[String]) -> Self {
        Self { plan, visible: databases.iter().map(|name| name.to_lowercase()).collect() }
    }

    /// Returns whether this user sees a database.
    pub(super) fn sees(&self, database: &str) -> bool {
        self.visible.contains(&database.to_lowercase())
    }

    /// Returns the sequences that the defaults of a table draw from, as notes.
    pub(super) fn of_defaults(&self, database: &str, object: &SchemaObject) -> Vec<Text> {
        let Some(definition) = TableDefinition::read(&object.statement) else { return Vec::new() };
        let table = full_name(database, &object.name);
        let mut notes = Vec::new();
        for (column, text) in definition.column_items() {
            for (other, sequence) in sequences(text) {
                let other = other.unwrap_or_else(|| database.to_owned());
                if !self.has_table(&other, &sequence) {
                    let note = Text::new("dump-needs-default").with("column", identifier(column));
                    notes.push(note.with("table", &table).with("needed", full_name(&other, &sequence)));
                }
            }
        }
        notes
    }

    /// Returns the foreign keys of a table that refer to a table outside of the dump.
    pub(super) fn orphans(&self, database: &str, object: &SchemaObject) -> Vec<Orphan> {
        let Some(definition) = TableDefinition::read(&object.statement) else { return Vec::new() };
        let mut orphans = Vec::new();
        for (key, text) in definition.foreign_keys() {
            let Some((other, parent)) = reference(text) else { continue };
            let other = other.unwrap_or_else(|| database.to_owned());
            if !self.has_table(&other, &parent) {
                let (table, key) = (full_name(database, &object.name), key.unwrap_or_default().to_owned());
                orphans.push(Orphan { table, key, database: other, parent });
            }
        }
        orphans
    }

    /// Returns what a view reads, as notes. `text` names the databases of all objects.
    pub(super) fn of_view(&self, database: &str, view: &str, text: &[u8]) -> Vec<Text> {
        let name = full_name(database, view);
        let missing = |other: &str, object: Option<&str>, is_routine: bool| match object {
            Some(object) if !is_routine => !self.has_table(other, object),
            _ => !self.has_whole_database(other),
        };
        let needed = Qualified::read(text, |_| true).objects().into_iter().filter_map(|found| {
            let (other, object) = (found.database.as_str(), found.object.as_deref());
            let is_missing = !self.is_of_server(other) && missing(other, object, found.is_called);
            is_missing.then(|| spelled(other, object))
        });
        // A table that does not exist has a note of its own.
        let is_known = |needed: &String| {
            let is_it = |note: &Text| {
                note.id == "dump-view-table-missing"
                    && note.args.get("view") == Some(&name)
                    && note.args.get("table") == Some(needed)
            };
            self.plan.notes.iter().any(is_it)
        };
        let note = |needed| Text::new("dump-needs-view").with("name", &name).with("needed", needed);
        needed
            .filter(|needed| !is_known(needed))
            .collect::<BTreeSet<String>>()
            .into_iter()
            .map(note)
            .collect()
    }

    /// Returns the objects of other databases that code names, as notes. `kind` is its word in the manifest.
    pub(super) fn of_code(&self, database: &str, kind: &str, object: &SchemaObject) -> Vec<Text> {
        let quoting = Quoting::of_mode(object.mode.as_deref().unwrap_or_default());
        let found = Qualified::read_code(&object.statement, quoting, |_| true).objects();
        let needed = found.into_iter().filter_map(|found| {
            let (other, object) = (found.database.as_str(), found.object.as_deref());
            let is_excluded = object.is_some_and(|object| self.plan.consent.excludes_table(other, object));
            let is_held = other.eq_ignore_ascii_case(database) || self.has_whole_database(other);
            // Before a bracket, it may also be a package or a variable.
            let is_unsure = found.is_called && !self.sees(other);
            let is_missing = !self.is_of_server(other) && !is_unsure && (!is_held || is_excluded);
            is_missing.then(|| spelled(other, object))
        });
        let name = full_name(database, &object.name);
        let note = |needed| {
            Text::new("dump-needs-code").with("name", &name).with("kind", kind).with("needed", needed)
        };
        needed.collect::<BTreeSet<String>>().into_iter().map(note).collect()
    }

    /// Returns the database or table that a privilege applies to, as a note.
    pub(super) fn of_grant(&self, object: &SchemaObject) -> Option<Text> {
        if default_grant(&object.statement).is_some() {
            return None; // nobody granted it
        }
        let names = self.plan.databases.iter().map(|database| (database.name.clone(), database.name.clone()));
        let names: BTreeMap<String, String> = names.collect();
        let is_of_server = |name: &str| self.is_of_server(name);
        let note = |id: &str, needed: String| {
            Some(Text::new(id).with("account", &object.name).with("needed", needed))
        };
        match granted(&object.statement, &names, is_of_server) {
            Granted::Elsewhere(database) => note("dump-needs-grant", identifier(&database)),
            Granted::Pattern(_) => None,
            Granted::By(sql) => {
                let (database, table) = on_table(&sql)?;
                let is_held = self.is_of_server(&database) || self.has_table(&database, &table);
                if is_held { None } else { note("dump-needs-grant-table", full_name(&database, &table)) }
            }
        }
    }

    fn is_of_server(&self, database: &str) -> bool {
        catalog::every_server_has(self.plan.server.product, database)
    }

    /// Returns whether the dump contains the table, view or sequence. A server that stores names in lower case accepts
    /// them in any spelling.
    fn has_table(&self, database: &str, name: &str) -> bool {
        let mut own = self.plan.databases.iter().filter(|own| own.name.eq_ignore_ascii_case(database));
        own.any(|own| {
            let tables = own.tables.iter().map(|table| table.name.as_str());
            let views = own.views.iter().map(|view| view.name.as_str());
            let sequences = own.sequences.iter().map(String::as_str);
            tables.chain(views).chain(sequences).any(|held| held.eq_ignore_ascii_case(name))
        })
    }

    fn has_whole_database(&self, database: &str) -> bool {
        let mut own = self.plan.databases.iter().filter(|own| own.name.eq_ignore_ascii_case(database));
        own.any(|own| self.plan.selection.has_whole_database(&own.name))
    }
}

fn spelled(database: &str, object: Option<&str>) -> String {
    object.map_or_else(|| identifier(database), |object| full_name(database, object))
}
