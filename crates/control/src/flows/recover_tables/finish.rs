//! 5. and 6. Every selected object is recovered; and the recovery is recorded.

use std::collections::BTreeMap;

use engine::flow::Answer;
use engine::{Next, Note, StepError};
use metadata::restores::Restore;
use model::Problem;
use model::backup::BackupObject;
use model::id::{BackupSetId, TaskId};
use model::physical::table_recovery::{ImportedTable, RecoveredObject, TableImport, TableJob, shown};
use model::problem::codes;
use oceanbase::Driver;

use super::state::{Here, State};
use crate::error::Error;
use crate::flows::recovery_source::driver;
use crate::words;

/// How many recovered tables the log names.
const TABLES_SHOWN: usize = 500;

/// How many objects an error names; the log names all.
const NAMES_SHOWN: usize = 10;

/// 5. Every selected object is recovered.
pub(super) async fn check_tables(at: &Here, state: &mut State) -> Answer {
    let mut driver = driver(at, state.origin.cluster).await?;
    let jobs = driver.table_jobs(&state.tenant_name).await.map_err(Error::from)?;
    let tenant = state.tenant_name.clone();
    let about = |problem: Problem| problem.coded(codes::RECOVERY_FAILED).with("tenant", &tenant);
    let Some(job) = jobs.iter().find(|job| Some(job.id) == state.job) else {
        let problem = about(Problem::outside("table-job-gone"));
        return Err(words::refused(problem.with("job", state.job.unwrap_or(0))));
    };
    let (import, tables) = imports(&mut driver, job).await?;
    let made: Vec<&ImportedTable> = tables.iter().filter(|table| table.is_made == Some(true)).collect();
    for table in made.iter().take(TABLES_SHOWN) {
        let name = shown(&BackupObject::Table(table.to.0.clone(), table.to.1.clone()));
        let note = Note::new("table-imported").arg("database", &table.from.0).arg("table", &table.from.1);
        at.log(note.arg("name", name));
    }
    if made.len() > TABLES_SHOWN {
        at.log(Note::new("tables-imported-more").arg("count", made.len() - TABLES_SHOWN));
    }
    state.learn(import, &tables);
    let lost = &state.not_made;
    for object in lost {
        at.log(words::note(object.reason.clone()));
    }
    let refusal = (!lost.is_empty()).then(|| {
        let mut names: Vec<&str> = lost.iter().take(NAMES_SHOWN).map(|object| object.name.as_str()).collect();
        if lost.len() > NAMES_SHOWN {
            names.push("…");
        }
        let problem = about(Problem::outside("tables-not-recovered")).with("count", lost.len());
        words::refused(problem.with("names", names.join(", ")).with("made", made.len()))
    });
    match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(Next::Done),
    }
}

/// Reads the counts of a job's import and the outcome of each table; nothing for a job that never got to its import.
pub(super) async fn imports(
    driver: &mut Driver,
    job: &TableJob,
) -> Result<(TableImport, Vec<ImportedTable>), StepError> {
    let import = driver.table_import(job).await.map_err(Error::from)?;
    let (Some(import), Some((tenant, _))) = (import, job.own) else { return Ok(Default::default()) };
    let tables = driver.imported_tables(tenant, &import).await.map_err(Error::from)?;
    Ok((import, tables))
}

/// 6. The recovery is recorded, and the passwords are removed.
pub(super) async fn record_recovery(at: &Here, state: &mut State) -> Answer {
    if state.tables == 0 {
        // The check was skipped, and nothing proves that a table is recovered.
        let problem = Problem::outside("table-recovery-empty").coded(codes::RECOVERY_FAILED);
        return Err(words::refused(problem.with("tenant", &state.tenant_name)));
    }
    let mut writer = at.context().metadata.begin().await.map_err(Error::from)?;
    let restore = Restore {
        task: TaskId(at.task().0),
        backup_set: BackupSetId(0), // the cluster reads its own sets, not one of the catalogue
        cluster: state.origin.cluster,
        tenant: state.tenant,
        databases: state.databases(),
        bytes: state.origin.source_bytes,
        rows: 0,
        tables: state.tables,
        started: state.requested,
        finished: writer.now().await.map_err(Error::from)?,
    };
    writer.restore_record(&restore).await.map_err(Error::from)?;
    writer.commit().await.map_err(Error::from)?;
    state.origin.passwords = None;
    let note = Note::new("tables-recorded").arg("count", state.tables).arg("tenant", &state.tenant_name);
    at.log(note.arg("cluster", &state.origin.cluster_name));
    if !state.not_made.is_empty() {
        at.log(Note::new("recovery-partial").arg("count", state.not_made.len()));
    }
    Ok(Next::Done)
}

impl State {
    /// Returns the new name of each database that is recovered, whole or in part. If its tables go to several, it is
    /// one of them.
    pub(crate) fn databases(&self) -> BTreeMap<String, String> {
        let names =
            |object: &RecoveredObject| (object.from.database().to_owned(), object.to.database().to_owned());
        self.objects.iter().map(names).collect()
    }
}
