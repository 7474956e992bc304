//! The recovery of tables and databases from a physical backup into an existing tenant: what is requested, the
//! database's job, and what became of each object.
//!
//! The database restores an auxiliary tenant, imports the tables from it, and drops it. A job can succeed in part.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backup::BackupObject;
use crate::id::TenantId;
use crate::not_made::{NotMade, PartKind};
use crate::physical::sent::{Sending, Sent};
use crate::problem::Problem;
use crate::recovery::check_database_name;
use crate::text::Text;
use crate::time::Timestamp;
use crate::version::Version;

/// The first version that recovers tables.
pub const TABLES_SINCE: Version = Version::new(4, 2, 1);

/// The most objects of one recovery.
pub const OBJECTS_MAX: usize = 200;

/// The most characters of a table's name in OceanBase.
const LONGEST_TABLE: usize = 64;

/// How long after its statement a job may appear, in microseconds: the statement is sent up to a minute after the
/// intention was saved, may run for 10 minutes, and RootService may finish it after the connection has timed out. The
/// rest is for clocks of servers that differ.
const LATE_US: u64 = 20 * 60 * 1_000_000;

/// A table or database to recover, and what it becomes. Both are of the same kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredObject {
    /// Its name in the backup.
    pub from: BackupObject,
    /// Its name in the target.
    pub to: BackupObject,
}

impl RecoveredObject {
    /// Returns whether it gets a new name.
    #[must_use]
    pub fn is_renamed(&self) -> bool {
        self.from != self.to
    }
}

/// Gives objects their new names. A new name of a database also applies to its tables that have none of their own.
///
/// # Errors
/// Fails for a name that is neither `database` nor `database.table`, for the name of a table as the new one of a
/// database and vice versa, and for a new name of an object that is not recovered.
pub fn renamed(
    objects: Vec<BackupObject>,
    rename: &BTreeMap<String, String>,
) -> Result<Vec<RecoveredObject>, Problem> {
    let read = |name: &String| {
        let malformed = |_| Problem::invalid("table-recovery-name-malformed").with("name", name);
        name.parse::<BackupObject>().map_err(malformed)
    };
    let mut names = Vec::new();
    for (old, new) in rename {
        let (from, to) = (read(old)?, read(new)?);
        let is_used = objects.iter().any(|object| match &from {
            BackupObject::Database(database) => object.database() == database,
            BackupObject::Table(..) => *object == from,
        });
        if !is_used {
            return Err(Problem::invalid("table-recovery-rename-unused").with("name", old));
        }
        let is_database = |object: &BackupObject| matches!(object, BackupObject::Database(_));
        if is_database(&from) != is_database(&to) {
            let problem = Problem::invalid("table-recovery-rename-kinds");
            return Err(problem.with("name", old).with("new", new));
        }
        names.push((from, to));
    }
    let new_name = |object: &BackupObject| {
        let own = names.iter().find(|(from, _)| from == object).map(|(_, to)| to.clone());
        let database = BackupObject::Database(object.database().to_owned());
        let whole = names.iter().find(|(from, _)| *from == database).map(|(_, to)| to.database().to_owned());
        own.or_else(|| match object {
            BackupObject::Database(_) => None,
            BackupObject::Table(_, table) => Some(BackupObject::Table(whole?, table.clone())),
        })
        .unwrap_or_else(|| object.clone())
    };
    Ok(objects.into_iter().map(|from| RecoveredObject { to: new_name(&from), from }).collect())
}

/// Checks the objects of a recovery.
///
/// # Errors
/// Fails for no object or more than [`OBJECTS_MAX`], an invalid or reserved name, an object that is named twice or is
/// part of another one, and for two objects that would get the same name.
pub fn check_objects(objects: &[RecoveredObject]) -> Result<(), Problem> {
    if objects.is_empty() {
        return Err(Problem::invalid("table-recovery-of-nothing"));
    }
    if objects.len() > OBJECTS_MAX {
        let problem = Problem::invalid("table-recovery-too-many");
        return Err(problem.with("count", objects.len()).with("most", OBJECTS_MAX));
    }
    for object in objects {
        check_name(&object.from)?;
        check_name(&object.to)?;
    }
    for (place, object) in objects.iter().enumerate() {
        for before in &objects[..place] {
            if covers(&before.from, &object.from) || covers(&object.from, &before.from) {
                let problem = Problem::invalid("table-recovery-overlaps");
                return Err(problem.with("first", shown(&before.from)).with("second", shown(&object.from)));
            }
            if before.to == object.to {
                let problem = Problem::invalid("table-recovery-targets-collide");
                let problem = problem.with("first", shown(&before.from)).with("second", shown(&object.from));
                return Err(problem.with("target", shown(&object.to)));
            }
        }
    }
    Ok(())
}

fn check_name(object: &BackupObject) -> Result<(), Problem> {
    check_database_name(object.database())?;
    let BackupObject::Table(_, table) = object else { return Ok(()) };
    let is_wrong = table.is_empty()
        || table.chars().count() > LONGEST_TABLE
        || table.contains('\0')
        || table.ends_with(' ');
    if is_wrong {
        let problem = Problem::invalid("table-name-malformed").with("table", table);
        return Err(problem.with("most", LONGEST_TABLE));
    }
    Ok(())
}

/// Returns whether an object is the other one, or the database of the other one.
fn covers(whole: &BackupObject, part: &BackupObject) -> bool {
    match whole {
        BackupObject::Database(database) => database == part.database(),
        BackupObject::Table(..) => whole == part,
    }
}

/// Writes an object as reports do: `` `database` `` or `` `database`.`table` ``.
#[must_use]
pub fn shown(object: &BackupObject) -> String {
    object.to_string()
}

/// The status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableJobStatus {
    /// It runs, or is being cancelled.
    Running,
    /// It ended, and imported all or some of the tables.
    Completed,
    /// It ended without an import, failed during one, or was cancelled.
    Failed,
}

impl TableJobStatus {
    /// Reads the word of a view; unknown words are stages of a running job.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// A recovery of tables, as the sys tenant's row shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableJob {
    /// `JOB_ID` of the sys tenant's row.
    pub id: i64,
    /// The target tenant and its own job; `None` until it has one.
    pub own: Option<(TenantId, i64)>,
    /// Its status.
    pub status: TableJobStatus,
    /// The database's own word for its stage.
    pub stage: String,
    /// The SCN that is restored to, in nanoseconds since 1970; 0 if the view does not show it.
    pub scn: u64,
    /// The description that the initiator wrote; empty if there was none.
    pub description: String,
    /// The database's message about a failure.
    pub comment: String,
    /// Whether the row is in the history. The row of a running job shows the outcome before the auxiliary tenant is
    /// dropped.
    pub is_past: bool,
}

/// The outcome of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableOutcome {
    /// It has not ended.
    Open,
    /// It failed, and imported nothing.
    Failed,
    /// It did not fail, and the database shows no table that it imported.
    Empty,
    /// It imported tables.
    Made,
}

impl TableJob {
    /// Returns its outcome; `made` is the number of its imported tables.
    #[must_use]
    pub fn outcome(&self, made: usize) -> TableOutcome {
        match (self.is_past, made, self.status) {
            (false, ..) => TableOutcome::Open,
            (true, 0, TableJobStatus::Failed) => TableOutcome::Failed,
            (true, 0, _) => TableOutcome::Empty,
            (true, ..) => TableOutcome::Made,
        }
    }

    /// Returns whether it is being cancelled, or has done everything but drop the auxiliary tenant.
    fn is_ending(&self) -> bool {
        ["CANCELING", "COMPLETED", "FAILED"].iter().any(|stage| self.stage.eq_ignore_ascii_case(stage))
    }
}

/// The import of a job's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableImport {
    /// `JOB_ID` of the import.
    pub id: i64,
    /// The tables in all; 0 until they are counted.
    pub total: u64,
    /// The imported ones.
    pub done: u64,
    /// The ones that could not be imported.
    pub failed: u64,
}

/// The import of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedTable {
    /// Its database and name in the backup.
    pub from: (String, String),
    /// Its database and name in the target.
    pub to: (String, String),
    /// Whether it succeeded; `None` until it has ended.
    pub is_made: Option<bool>,
    /// The database's message about a failure.
    pub comment: String,
}

/// The next act on the way to one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableStart<'j> {
    /// Our job exists.
    Found(&'j TableJob),
    /// Another user's job recovers into this tenant.
    Foreign(i64),
    /// There is no job.
    Not(Sending),
}

/// Decides how to get from here to one job, from the jobs of the target tenant, in the given run of the server.
#[must_use]
pub fn next_start<'j>(
    jobs: &'j [TableJob],
    tag: &str,
    sent: Option<Sent>,
    by: u64,
    now: Timestamp,
) -> TableStart<'j> {
    if let Some(job) = jobs.iter().find(|job| job.description == tag) {
        return TableStart::Found(job);
    }
    if let Some(job) = jobs.iter().find(|job| job.status == TableJobStatus::Running) {
        return TableStart::Foreign(job.id);
    }
    TableStart::Not(Sent::next(sent, by, now, LATE_US))
}

/// What a clean-up finds of our job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableJobLeft {
    /// Nothing runs.
    Nothing,
    /// Our job runs; cancelling it ends no other job.
    Runs(i64),
    /// Our job is being cancelled, or is about to move to the history.
    Ending,
    /// Our job runs beside another user's, which a cancel would end too.
    Beside(i64),
    /// The statement was about to be sent, and its job may still appear.
    MayCome,
}

/// Decides what a clean-up has to do about our job, from the jobs of the target tenant. The database cancels all jobs
/// of a tenant at once.
#[must_use]
pub fn left(jobs: &[TableJob], tag: &str, sent: Option<Sent>, now: Timestamp) -> TableJobLeft {
    let runs = |job: &&TableJob| job.status == TableJobStatus::Running;
    let Some(ours) = jobs.iter().find(|job| job.description == tag) else {
        let may_come = sent.is_some_and(|sent| sent.may_show(now, LATE_US));
        return if may_come { TableJobLeft::MayCome } else { TableJobLeft::Nothing };
    };
    match jobs.iter().filter(runs).find(|job| job.id != ours.id) {
        _ if ours.is_past => TableJobLeft::Nothing,
        _ if ours.is_ending() => TableJobLeft::Ending,
        Some(other) => TableJobLeft::Beside(other.id),
        None => TableJobLeft::Runs(ours.id),
    }
}

/// Returns the objects and tables that an ended job did not recover, by their names in the target. Tables that the
/// import counts and `imports` do not show are one entry.
#[must_use]
pub fn not_recovered(
    objects: &[RecoveredObject],
    import: TableImport,
    imports: &[ImportedTable],
) -> Vec<NotMade> {
    let lost = |name: String, reason: Text| {
        let reason = reason.with("name", &name);
        NotMade::new(PartKind::Tables, name, reason)
    };
    let mut all: Vec<NotMade> = imports
        .iter()
        .filter(|import| import.is_made != Some(true))
        .map(|import| {
            let name = shown(&BackupObject::Table(import.to.0.clone(), import.to.1.clone()));
            let comment = import.comment.trim();
            match (import.is_made, comment.is_empty()) {
                (None, _) => lost(name, Text::new("table-import-unfinished")),
                (_, true) => lost(name, Text::new("table-import-failed")),
                (_, false) => lost(name, Text::new("table-import-refused").with("why", comment)),
            }
        })
        .collect();
    let is_exact = |import: &ImportedTable, object: &BackupObject| is_of(import, object, |a, b| a == b);
    let is_seen = |object: &BackupObject| {
        // A server may distinguish `A` from `a`: a row of another requested object is not of this one.
        let is_others = |import: &ImportedTable| objects.iter().any(|other| is_exact(import, &other.from));
        let is_alike =
            |import: &ImportedTable| is_of(import, object, |a, b| a.to_lowercase() == b.to_lowercase());
        imports.iter().any(|import| is_exact(import, object) || is_alike(import) && !is_others(import))
    };
    let unseen = objects.iter().filter(|object| !is_seen(&object.from));
    all.extend(unseen.map(|object| lost(shown(&object.to), Text::new("table-import-missing"))));
    let unproven = unproven(import, imports);
    if unproven > 0 {
        all.push(lost("…".to_owned(), Text::new("table-imports-unproven").with("count", unproven)));
    }
    all
}

/// Returns whether a row is of an object, by this comparison of names.
fn is_of(import: &ImportedTable, object: &BackupObject, is_same: fn(&str, &str) -> bool) -> bool {
    match object {
        BackupObject::Database(database) => is_same(database, &import.from.0),
        BackupObject::Table(database, table) => {
            is_same(database, &import.from.0) && is_same(table, &import.from.1)
        }
    }
}

/// Returns how many tables more are not recovered by the counts of an import than by its rows.
fn unproven(import: TableImport, imports: &[ImportedTable]) -> u64 {
    let count = |wanted: &[Option<bool>]| {
        imports.iter().fold(0_u64, |sum, import| sum + u64::from(wanted.contains(&import.is_made)))
    };
    let (made, failed) = (count(&[Some(true)]), count(&[Some(false)]));
    let rows = made + failed + count(&[None]);
    let counted = import.total.max(import.done.saturating_add(import.failed));
    let missing = counted.saturating_sub(rows);
    missing.max(import.failed.saturating_sub(failed)).max(made.saturating_sub(import.done))
}

/// Explains the database's message about a job that failed before it imported anything.
#[must_use]
pub fn explained(comment: &str) -> Option<Text> {
    let rest = comment.trim().strip_prefix("import ")?;
    let (kind, rest) = rest.split_once(' ')?;
    let (name, id) = match rest.strip_suffix(" not exist") {
        Some(name) => {
            (name, if kind == "table" { "table-recovery-not-held" } else { "table-recovery-no-database" })
        }
        None => (rest.strip_suffix(" exist")?, "table-recovery-name-taken"),
    };
    matches!(kind, "table" | "database").then(|| Text::new(id).with("name", name))
}

#[cfg(test)]
mod tests;
