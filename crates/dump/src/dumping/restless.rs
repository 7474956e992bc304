//! Objects that change repeatedly while a snapshot is taken: after some attempts they are left out, and the rest is
//! dumped.

use std::collections::{BTreeMap, BTreeSet};

use model::inventory::{Consent, ObjectKind};
use oceanbase::catalog::TableIdentity;
use oceanbase::statement::identifier;

use crate::dumping::left_out::{Scope, changed, changed_database};
use crate::dumping::survey::{DatabaseSurvey, Identities, Survey};
use crate::error::{Error, Result};
use crate::plan::full_name;

/// The maximum number of attempts to take a snapshot while tables are being changed.
pub(super) const ATTEMPTS: u32 = 8;

/// The number of attempts that require that no table was changed. Later attempts leave changed tables out.
pub(super) const STILL_ATTEMPTS: u32 = 3;

/// Nanoseconds in a second.
const NANOSECONDS: u64 = 1_000_000_000;

/// The objects that changed between two reads of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// With their databases.
    tables: BTreeSet<(String, String)>,
    databases: BTreeSet<String>,
}

impl Changes {
    /// Returns the tables in the scope that were replaced, dropped or created.
    pub(super) fn of_tables(scope: Scope<'_>, before: &Identities, after: &Identities) -> Self {
        let (before, after) = (by_name(before), by_name(after));
        let names: BTreeSet<&(&str, &str)> = before.keys().chain(after.keys()).collect();
        let is_changed = |name: &&&(&str, &str)| {
            let (database, table) = ***name;
            scope.has_table(database, table) && before.get(**name) != after.get(**name)
        };
        let tables = names.iter().filter(is_changed);
        let tables = tables.map(|(database, table)| ((*database).to_owned(), (*table).to_owned()));
        Self { tables: tables.collect(), databases: BTreeSet::new() }
    }

    /// Adds the databases that were dropped or created.
    pub(super) fn and_databases(mut self, before: &[String], after: &[String]) -> Self {
        let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
        self.databases.extend(before.symmetric_difference(&after).map(|name| (*name).clone()));
        self
    }

    /// Adds the tables in the scope that were changed between two times, in nanoseconds, both rounded to full
    /// seconds: InnoDB records only the second of a change, so it may have happened later in that second.
    pub(super) fn and_within(mut self, scope: Scope<'_>, tables: &Identities, from: u64, to: u64) -> Self {
        let seconds = from / NANOSECONDS..=to / NANOSECONDS;
        let found = by_name(tables).into_iter().filter(|((database, table), identity)| {
            seconds.contains(&identity.version) && scope.has_table(database, table)
        });
        self.tables.extend(found.map(|((database, table), _)| (database.to_owned(), table.to_owned())));
        self
    }

    /// Returns the names of all changed objects.
    fn names(&self) -> Vec<String> {
        let databases = self.databases.iter().map(|name| identifier(name));
        databases.chain(self.tables.iter().map(|(database, table)| full_name(database, table))).collect()
    }

    /// Returns whether a snapshot is taken despite the changes, and removes the changed objects from the survey.
    /// While other attempts remain, only if it still has tables; at the last one, a whole database is enough.
    ///
    /// # Errors
    /// [`Error::SchemaRestless`] at the last attempt, if nothing is left.
    pub(super) fn settle(self, attempt: u32, survey: &mut Survey, scope: Scope<'_>) -> Result<bool> {
        if self.is_empty() {
            return Ok(true);
        }
        if attempt <= STILL_ATTEMPTS {
            return Ok(false);
        }
        let names = self.names();
        self.leave_out(survey, scope.consent);
        let is_whole = |database: &DatabaseSurvey| scope.selection.has_whole_database(&database.name);
        if survey.has_something() {
            Ok(true)
        } else if attempt < ATTEMPTS {
            Ok(false)
        } else if survey.databases.iter().any(is_whole) {
            Ok(true) // it may have code, and the dump names what it lacks
        } else {
            Err(Error::SchemaRestless { attempts: ATTEMPTS, tables: names })
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.databases.is_empty()
    }

    /// Removes all changed objects from the survey.
    fn leave_out(self, survey: &mut Survey, consent: &Consent) {
        survey.databases.retain(|database| !self.databases.contains(&database.name));
        for database in &mut survey.databases {
            let name = database.name.clone();
            database.tables.retain(|table| !self.tables.contains(&(name.clone(), table.plan.name.clone())));
        }
        let tables = self.tables.iter().filter(|(database, _)| !self.databases.contains(database));
        let tables = tables.map(|(database, table)| {
            let full = full_name(database, table);
            let reason = changed(&full);
            consent.left_out(ObjectKind::Tables, full, reason)
        });
        let databases = self.databases.iter().map(|name| changed_database(consent, name));
        for lost in tables.chain(databases) {
            // Other reasons, such as an unreadable definition, have the same cause.
            survey.left_out.retain(|other| (other.kind, &other.name) != (lost.kind, &lost.name));
            survey.left_out.push(lost);
        }
    }
}

fn by_name(tables: &Identities) -> BTreeMap<(&str, &str), &TableIdentity> {
    let mut all = BTreeMap::new();
    for (database, tables) in tables.iter().flatten() {
        all.extend(tables.iter().map(|(table, identity)| ((database.as_str(), table.as_str()), identity)));
    }
    all
}
