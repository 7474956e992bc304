//! Removes the objects that a recovery has created, and nothing else.
//!
//! A database is touched only if all of this is true:
//!
//! - this task recovers it;
//! - it carries the mark of this task's dump, which only a load creates;
//! - all its objects come from the dump.
//!
//! Otherwise it stays unchanged, and the log shows the reason. There is one exception to the last condition: single
//! tables are dropped from a database that existed before even if other tables exist beside them, because no table of
//! those names existed when the load began. Procedures and functions that existed in such a database stay too. Users
//! and roles are dropped if the load recorded that it created them, and they did not exist before.

use std::collections::{BTreeMap, BTreeSet};

use dump::load::{self, IntoExisting};
use dump::{CodeEntry, DatabaseEntry, Manifest, Selection};
use engine::flow::Answer;
use engine::{Next, Note, StepError};
use model::Problem;
use model::inventory::ObjectKind;
use model::problem::codes;
use oceanbase::catalog::{self, Routine, Table, TableKind};
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement};

use super::loading::{Loading, checked_manifest, open};
use super::{Here, STATEMENT_LIMIT, State};
use crate::error::Error;
use crate::words;

/// The undo of `create-schema`, the first step that changes the cluster.
pub(super) async fn remove_what_was_made(at: &Here, state: &mut State) -> Answer {
    // Nothing was created before step 2 listed the existing databases.
    let Some(existed) = &state.existed else { return Ok(Next::Done) };
    let loading = Loading::open(at, state).await?;
    // The manifest lists the tables to remove.
    let manifest = checked_manifest(at, state, &loading.client).await?.manifest;
    drop_accounts(at, state, &loading).await?;
    let mut session = open(&loading.target).await?;
    let mut refusal = None;
    for (name, database) in &state.databases {
        let removal = Removal { at, state, loading: &loading, name, database };
        let outcome = removal.carry_out(&mut session, &manifest, existed.contains(database)).await;
        match outcome {
            Err(error) if error.kind == engine::flow::ErrorKind::Permanent => {
                at.log(error.note.clone());
                refusal = Some(error); // the other databases are still removed
            }
            outcome => outcome?,
        }
    }
    session.close().await;
    refusal.map_or(Ok(Next::Done), Err)
}

/// Drops the users and roles that the load created, according to its notes in the target.
async fn drop_accounts(at: &Here, state: &State, loading: &Loading) -> Result<(), StepError> {
    if !state.with_code || !state.selection.is_all() {
        return Ok(());
    }
    // If the server did not show which users existed before, none is dropped.
    let Some(before) = &state.accounts_existed else { return Ok(()) };
    at.may_act(STATEMENT_LIMIT).await?;
    let Loading { target, client, options } = loading;
    let dropped = load::drop_accounts(target, client, &state.dump, options, before).await;
    for account in dropped.map_err(Error::from)? {
        at.log(Note::new("recovery-account-dropped").arg("account", account));
    }
    Ok(())
}

/// A database that may be removed.
struct Removal<'a> {
    at: &'a Here,
    state: &'a State,
    loading: &'a Loading,
    /// The database's name in the dump.
    name: &'a str,
    /// Its name in the cluster.
    database: &'a str,
}

impl Removal<'_> {
    async fn carry_out(
        &self,
        session: &mut Session,
        manifest: &Manifest,
        existed: bool,
    ) -> Result<(), StepError> {
        let there = catalog::databases(session).await.map_err(Error::from)?;
        if !there.iter().any(|name| name.eq_ignore_ascii_case(self.database)) {
            return Ok(());
        }
        if !self.is_marked().await? {
            self.at.log(Note::new("recovery-not-marked").arg("database", self.database));
            return Ok(());
        }
        let tables = catalog::tables(session, self.database).await.map_err(Error::from)?;
        let marks = load::progress_tables(session, self.database).await.map_err(Error::from)?;
        let held = manifest.databases.iter().find(|entry| entry.name == self.name);
        let (own, strangers): (Vec<Table>, Vec<Table>) = tables.into_iter().partition(|table| {
            marks.contains(&table.name) || is_held(held, &self.state.selection, &table.name)
        });
        let routines = catalog::routines(session, self.database).await.map_err(Error::from)?;
        let (own_routines, other_routines): (Vec<Routine>, Vec<Routine>) =
            routines.into_iter().partition(|routine| self.is_own_routine(held, routine));
        let may_lie_beside = existed && !self.state.selection.has_whole_database(self.name);
        // In a database that existed before, other routines may have existed too.
        let others = other_routines.iter().filter(|_| !existed).map(|routine| routine.name.as_str());
        let names: Vec<&str> = strangers.iter().map(|table| table.name.as_str()).chain(others).collect();
        if !names.is_empty() && !may_lie_beside {
            let problem = Problem::refused(codes::CONFLICT, "recovery-holds-other-tables");
            return Err(words::refused(
                problem.with("database", self.database).with("tables", names.join(", ")),
            ));
        }
        self.at.may_act(STATEMENT_LIMIT).await?;
        let (statements, note) = if !existed {
            (vec![drop_database(self.database)], Note::new("recovery-dropped"))
        } else if strangers.is_empty() {
            (drop_tables(self.database, &own, &marks), Note::new("recovery-emptied"))
        } else {
            (drop_tables(self.database, &own, &marks), Note::new("recovery-tables-dropped"))
        };
        // Routines are dropped before the marks: without the marks, the rest can't be recognized as ours. Dropping a
        // database drops its routines too.
        let routines = own_routines.iter().filter(|_| existed);
        let routines = routines.map(|routine| drop_routine(self.database, routine));
        for statement in routines.chain(statements) {
            session.run(&statement).await.map_err(Error::from)?;
        }
        self.at.log(note.arg("database", self.database));
        Ok(())
    }

    /// Returns whether this recovery created a routine: none of its name existed when the load began.
    fn is_own_routine(&self, held: Option<&DatabaseEntry>, routine: &Routine) -> bool {
        let is_it = |code: &CodeEntry| {
            code.kind.eq_ignore_ascii_case(routine.kind.word())
                && code.name.eq_ignore_ascii_case(&routine.name)
        };
        self.state.with_code
            && !self.state.without.contains(&ObjectKind::Routines)
            && self.state.selection.has_whole_database(self.name)
            && held.is_some_and(|entry| entry.code.iter().any(is_it))
    }

    /// Returns whether a load of this task's dump has started in the database and has not finished.
    async fn is_marked(&self) -> Result<bool, StepError> {
        let Loading { target, client, .. } = self.loading;
        let options = load::Options {
            databases: BTreeMap::from([(self.name.to_owned(), self.database.to_owned())]),
            selection: self.state.selection.clone(),
            into_existing: IntoExisting::Always,
            expected_manifest: self.loading.options.expected_manifest.clone(),
            ..load::Options::default()
        };
        match load::check_target(target, client, &self.state.dump, &options).await {
            Ok(check) => Ok(check.resumes),
            Err(dump::Error::LoadInterrupted { .. } | dump::Error::TargetNotEmpty { .. }) => Ok(false),
            Err(error) => Err(Error::from(error).into()),
        }
    }
}

fn is_held(held: Option<&DatabaseEntry>, selection: &Selection, name: &str) -> bool {
    let is_named = |other: &str| other.eq_ignore_ascii_case(name);
    let is_chosen = |entry: &DatabaseEntry| {
        entry.objects().any(|own| is_named(own) && selection.has_table(&entry.name, own))
    };
    held.is_some_and(is_chosen)
}

fn drop_database(database: &str) -> Statement {
    Statement::act(format!("DROP DATABASE IF EXISTS {}", identifier(database)))
}

fn drop_routine(database: &str, routine: &Routine) -> Statement {
    let full = format!("{}.{}", identifier(database), identifier(&routine.name));
    Statement::act(format!("DROP {} IF EXISTS {full}", routine.kind.word()))
}

/// Returns the statements that drop tables and views in a database that existed before. The marks go last: as long as
/// one object of ours is left, the database can be recognized.
fn drop_tables(database: &str, tables: &[Table], marks: &BTreeSet<String>) -> Vec<Statement> {
    let mut statements = vec![Statement::read("SET SESSION foreign_key_checks = 0")];
    let (marks, others): (Vec<&Table>, Vec<&Table>) =
        tables.iter().partition(|table| marks.contains(&table.name));
    let (views, tables): (Vec<&Table>, Vec<&Table>) =
        others.into_iter().partition(|table| table.kind == TableKind::View);
    for table in views.into_iter().chain(tables).chain(marks) {
        let kind = match table.kind {
            TableKind::View => "VIEW",
            TableKind::Sequence => "SEQUENCE",
            _ => "TABLE",
        };
        let full = format!("{}.{}", identifier(database), identifier(&table.name));
        statements.push(Statement::act(format!("DROP {kind} IF EXISTS {full}")));
    }
    statements
}

#[cfg(test)]
mod tests {
    use oceanbase::catalog::{Table, TableKind};

    use super::{drop_database, drop_tables};

    #[test]
    fn the_marks_are_the_last_to_go() {
        let table = |name: &str, kind| Table { name: name.to_owned(), kind, rows_guess: 0, bytes_guess: 0 };
        let there = [
            table("a`b", TableKind::Base),
            table("lifeboat_load_progress", TableKind::Base),
            table("s", TableKind::Sequence),
            table("v", TableKind::View),
        ];
        let marks = ["lifeboat_load_progress".to_owned()].into();
        let sent: Vec<String> =
            drop_tables("x", &there, &marks).into_iter().map(|statement| statement.masked).collect();
        let expected = [
            "SET SESSION foreign_key_checks = 0",
            "DROP VIEW IF EXISTS `x`.`v`",
            "DROP TABLE IF EXISTS `x`.`a``b`",
            "DROP SEQUENCE IF EXISTS `x`.`s`",
            "DROP TABLE IF EXISTS `x`.`lifeboat_load_progress`",
        ];
        assert_eq!(sent, expected);
        assert_eq!(drop_database("x`y").masked, "DROP DATABASE IF EXISTS `x``y`");
    }
}
