//! The databases and tables that a request names, as the server spells them.

use model::backup::BackupObject;
use model::inventory::Consent;
use model::naming::{self, Held, Unresolved};
use model::near::nearest;
use oceanbase::inventory::system_databases;
use oceanbase::statement::identifier;
use oceanbase::{Session, catalog};

use crate::dumping::Options;
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::{Plan, Selection, full_name};

/// Returns the selection and the exclusions as the server spells them. A selected table that is not visible keeps its
/// typed name.
///
/// # Errors
/// [`Error::NothingThere`] if a selected database does not exist, [`Error::NothingToExclude`] if an excluded object
/// does not exist, [`Error::NameAmbiguous`] if a name may be one of several; fails when the server does.
pub(super) async fn resolve(
    session: &mut Session,
    selection: &Selection,
    consent: &Consent,
) -> Result<(Selection, Consent)> {
    if selection.is_all() && consent.exclude.is_empty() {
        return Ok((selection.clone(), consent.clone()));
    }
    let what = || "list the databases".to_owned();
    let databases = catalog::databases(session).await.during(what)?;
    let mut held: Held = databases.into_iter().map(|name| (name, Vec::new())).collect();
    let mut selected = Vec::new();
    for object in &selection.0 {
        read_tables(session, &mut held, object).await?;
        selected.push(match naming::resolve(&held, object) {
            Ok(found) => found,
            // Perhaps this user may not see it; then its whole database is left out.
            Err(Unresolved::NoTable { database, typed }) => BackupObject::Table(database, typed),
            Err(Unresolved::NoDatabase { typed }) => return Err(no_such_database(session, typed).await?),
            Err(Unresolved::Several(several)) => return Err(Error::NameAmbiguous(several)),
        });
    }
    let mut exclude = Vec::new();
    if !consent.exclude.is_empty() {
        let of_server = system_databases(session).await.during(what)?;
        held.extend(of_server.into_iter().map(|name| (name, Vec::new())));
    }
    let is_exact = !consent.exclude.is_empty() && distinguishes_case(session).await?;
    for object in &consent.exclude {
        read_tables(session, &mut held, object).await?;
        let found = naming::resolve(&held, object).map_err(|why| nothing_to_exclude(&held, why))?;
        if is_exact && found != *object {
            return Err(other_spelling(object, &found));
        }
        exclude.push(found);
    }
    Ok((Selection(selected), Consent { exclude, without: consent.without.clone() }))
}

/// Returns the options with the names of an earlier plan, some of whose objects no longer exist.
pub(super) fn as_planned(typed: &Options, plan: &Plan) -> Options {
    let planned = |objects: &[BackupObject], before: &[BackupObject]| -> Vec<BackupObject> {
        let spelled = |object: &BackupObject| object.to_string().to_lowercase();
        let find = |object: &BackupObject| {
            let mut alike = before.iter().filter(|planned| spelled(planned) == spelled(object));
            let only = alike.next().filter(|_| alike.next().is_none());
            if before.contains(object) { object.clone() } else { only.unwrap_or(object).clone() }
        };
        objects.iter().map(find).collect()
    };
    let selection = Selection(planned(&typed.selection.0, &plan.selection.0));
    let exclude = planned(&typed.consent.exclude, &plan.consent.exclude);
    let consent = Consent { exclude, without: typed.consent.without.clone() };
    Options { selection, consent, ..typed.clone() }
}

/// Returns the options with the names as the server spells them.
///
/// # Errors
/// As [`resolve`].
pub(super) async fn resolved(session: &mut Session, options: &Options) -> Result<Options> {
    let (selection, consent) = resolve(session, &options.selection, &options.consent).await?;
    Ok(Options { selection, consent, ..options.clone() })
}

/// Reads the tables of the database of a named table.
async fn read_tables(session: &mut Session, held: &mut Held, object: &BackupObject) -> Result<()> {
    let BackupObject::Table(typed, _) = object else { return Ok(()) };
    let Ok(database) = naming::database(typed, held.keys().map(String::as_str)) else { return Ok(()) };
    let database = database.to_owned();
    if held.get(&database).is_some_and(|tables| !tables.is_empty()) {
        return Ok(());
    }
    let tables = catalog::tables(session, &database).await;
    let tables = tables.during(|| format!("list the tables of {}", identifier(&database)))?;
    held.insert(database, tables.into_iter().map(|table| table.name).collect());
    Ok(())
}

/// Reports a selected database that is none of a user.
async fn no_such_database(session: &mut Session, typed: String) -> Result<Error> {
    let all = catalog::all_databases(session).await.during(|| "list the databases".to_owned())?;
    Ok(match naming::database(&typed, all.iter().map(String::as_str)) {
        Ok(database) => Error::SystemDatabase { database: database.to_owned() },
        Err(_) => Error::NothingThere { what: format!("database {}", identifier(&typed)) },
    })
}

/// Returns whether names that differ only in upper and lower case are different ones on this server.
async fn distinguishes_case(session: &mut Session) -> Result<bool> {
    let value = catalog::variable(session, "lower_case_table_names").await;
    Ok(value.during(|| "read lower_case_table_names".to_owned())? == Some(0))
}

/// Reports an excluded name that only another object has, in another spelling: an exclusion never guesses.
fn other_spelling(typed: &BackupObject, found: &BackupObject) -> Error {
    let kind = if matches!(typed, BackupObject::Database(_)) { "database" } else { "table" };
    Error::NothingToExclude { what: format!("{kind} {typed}"), near: vec![found.to_string()] }
}

fn nothing_to_exclude(held: &Held, why: Unresolved) -> Error {
    match why {
        Unresolved::NoDatabase { typed } => {
            let near = nearest(&typed, held.keys().map(String::as_str)).into_iter().map(identifier).collect();
            Error::NothingToExclude { what: format!("database {}", identifier(&typed)), near }
        }
        Unresolved::NoTable { database, typed } => {
            let tables = held.get(&database).map_or(&[][..], Vec::as_slice);
            let near = nearest(&typed, tables.iter().map(String::as_str));
            let near = near.into_iter().map(|name| full_name(&database, name)).collect();
            Error::NothingToExclude { what: format!("table {}", full_name(&database, &typed)), near }
        }
        Unresolved::Several(several) => Error::NameAmbiguous(several),
    }
}
