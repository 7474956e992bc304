//! The plan: every table split into its chunks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::inventory::{LeftOut, ObjectKind};
use model::text::Text;
use model::version::ServerVersion;
use oceanbase::Session;
use tokio_util::sync::CancellationToken;

use crate::chunk::{Cutter, KnownRows, SMALL_TABLE_ROWS, whole};
use crate::column::Form;
use crate::crew::{self, Work};
use crate::dumping::Options;
use crate::dumping::left_out::{changed, is_change, leaves_out, unreadable_rows};
use crate::dumping::survey::{Survey, TableSurvey};
use crate::dumping::together::let_go;
use crate::error::{Error, Result};
use crate::id::DumpId;
use crate::moment::Moment;
use crate::plan::{DatabasePlan, Plan, TablePlan, full_name};
use crate::source::{Source, ready_for_reading};

/// The inputs of a plan.
#[derive(Clone)]
pub(super) struct Planning {
    dump: DumpId,
    options: Options,
    server: ServerVersion,
    origin: Option<String>,
    scn: u64,
    moment: Moment,
}

/// A table with its chunks and notes for the log; or why it is left out.
type Planned = std::result::Result<(TablePlan, Vec<Text>), LeftOut>;

/// The tables by the positions of the database and the table, to keep their order.
type Tables = BTreeMap<(usize, usize), Planned>;

/// Tables of a database that one connection splits. A single query determines which of them are small.
struct Job {
    database: String,
    tables: Vec<((usize, usize), TableSurvey)>,
}

/// The number of tables per query.
const TOGETHER_MOST: usize = 32;

impl Planning {
    pub(super) fn new(
        dump: &DumpId,
        options: &Options,
        server: &ServerVersion,
        origin: Option<String>,
        scn: u64,
    ) -> Self {
        let (dump, options, moment) = (dump.clone(), options.clone(), Moment::of(server, scn));
        Self { dump, options, server: server.clone(), origin, scn, moment }
    }

    fn jobs(&self, survey: &mut Survey) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (first, database) in survey.databases.iter_mut().enumerate() {
            let found = std::mem::take(&mut database.tables).into_iter().enumerate();
            let found = found.map(|(second, found)| ((first, second), found));
            let (perhaps_small, others): (Vec<_>, Vec<_>) =
                found.partition(|(_, found)| self.is_perhaps_small(found));
            let job = |tables| Job { database: database.name.clone(), tables };
            jobs.extend(others.into_iter().map(|table| job(vec![table])));
            let mut perhaps_small = perhaps_small.into_iter().peekable();
            while perhaps_small.peek().is_some() {
                jobs.push(job(perhaps_small.by_ref().take(TOGETHER_MOST).collect()));
            }
        }
        jobs
    }

    /// Returns whether a table may be too small to be split, so that it is included in the first query.
    fn is_perhaps_small(&self, found: &TableSurvey) -> bool {
        let table = &found.plan;
        found.rows_guess < SMALL_TABLE_ROWS
            && found.partitions.is_empty()
            && !(table.key.is_empty() || table.hidden_key)
            && self.options.chunk.rows.is_none()
    }

    /// Plans on separate connections, which read the snapshot by its SCN.
    pub(super) async fn plan_on_many(self, source: &Source, mut survey: Survey) -> Result<Plan> {
        let planned = Arc::new(Mutex::new(Tables::new()));
        let work = Cutting { planning: self.clone(), planned: Arc::clone(&planned) };
        let jobs = self.jobs(&mut survey);
        crew::run(source, self.options.connections, jobs, work, &CancellationToken::new()).await?;
        let planned = std::mem::take(&mut *planned.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(self.put_together(survey, planned))
    }

    /// Plans on a connection that sees the snapshot.
    pub(super) async fn plan_on_one(self, session: &mut Session, mut survey: Survey) -> Result<Plan> {
        let mut planned = Tables::new();
        for job in self.jobs(&mut survey) {
            planned.extend(self.cut_all(session, job).await?);
            let_go(session).await?;
        }
        Ok(self.put_together(survey, planned))
    }

    async fn cut_all(&self, session: &mut Session, job: Job) -> Result<Tables> {
        let Job { database, tables } = job;
        let small = match &tables[..] {
            [_] => vec![None],
            several => {
                let plans: Vec<&TablePlan> = several.iter().map(|(_, found)| &found.plan).collect();
                match self.cutter(&database).are_small(session, &plans).await {
                    Ok(small) => small.into_iter().map(Some).collect(),
                    // One of the tables cannot be read; separate queries show which one.
                    Err(error) if self.leaves_out(&error) => vec![None; several.len()],
                    Err(error) => return Err(error),
                }
            }
        };
        let mut planned = Tables::new();
        for ((place, found), is_small) in tables.into_iter().zip(small) {
            let name = full_name(&database, &found.plan.name);
            let cut = match self.cut(session, &database, found, is_small).await {
                Ok(cut) => Ok(cut),
                Err(error) if self.leaves_out(&error) => {
                    let reason = if is_change(&error) { changed(&name) } else { unreadable_rows(&error) };
                    Err(self.options.consent.left_out(ObjectKind::Tables, name, reason))
                }
                Err(error) => return Err(error),
            };
            planned.insert(place, cut);
        }
        Ok(planned)
    }

    fn leaves_out(&self, error: &Error) -> bool {
        leaves_out(error, self.options.leave_out_changed)
    }

    fn cutter<'a>(&'a self, database: &'a str) -> Cutter<'a> {
        let (dump, scn, moment) = (&self.dump, self.scn, self.moment);
        Cutter { dump, scn, moment, database, aim: self.options.chunk }
    }

    async fn cut(
        &self,
        session: &mut Session,
        database: &str,
        found: TableSurvey,
        is_small: Option<bool>,
    ) -> Result<(TablePlan, Vec<Text>)> {
        let (mut table, mut notes) = (found.plan, Vec::new());
        let full = full_name(database, &table.name);
        // The cuts are values of the key, and the plan is not encrypted.
        let is_secret = !self.options.recipients.is_empty();
        if is_secret && table.key.iter().any(|column| column.form != Form::Number) {
            table.key = Vec::new();
            notes.push(Text::new("dump-key-kept-secret").with("table", &full));
        }
        let cutter = self.cutter(database);
        if table.hidden_key && !cutter.sees_hidden_key(session, &table).await? {
            (table.hidden_key, table.key) = (false, Vec::new());
            notes.push(Text::new("dump-table-without-key").with("table", &full));
        }
        let known = KnownRows { guess: found.rows_guess, are_few: is_small };
        table.chunks = match cutter.cut(session, &table, &found.partitions, known).await? {
            Some(chunks) => chunks,
            None => {
                (table.hidden_key, table.key) = (false, Vec::new());
                notes.push(Text::new("dump-key-not-usable").with("table", &full));
                whole(&found.partitions)
            }
        };
        Ok((table, notes))
    }

    fn put_together(self, survey: Survey, mut planned: Tables) -> Plan {
        let (mut notes, mut databases, mut left_out) = (survey.notes, Vec::new(), survey.left_out);
        for (first, database) in survey.databases.into_iter().enumerate() {
            let behind = planned.split_off(&(first + 1, 0));
            let mut tables = Vec::new();
            for cut in std::mem::replace(&mut planned, behind).into_values() {
                match cut {
                    Ok((table, said)) => {
                        tables.push(table);
                        notes.extend(said);
                    }
                    Err(lost) => left_out.push(lost),
                }
            }
            let (name, views, sequences) = (database.name, database.views, database.sequences);
            databases.push(DatabasePlan { name, tables, views, sequences });
        }
        Plan {
            format: crate::FORMAT,
            dump: self.dump,
            server: self.server,
            origin: self.origin,
            owner: self.options.owner,
            scn: self.scn,
            selection: self.options.selection,
            consent: self.options.consent,
            compression: self.options.compression,
            recipients: self.options.recipients,
            databases,
            left_out,
            notes,
        }
    }
}

/// Cuts tables on several connections.
struct Cutting {
    planning: Planning,
    planned: Arc<Mutex<Tables>>,
}

impl Work for Cutting {
    type Job = Job;

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        ready_for_reading(session).await
    }

    async fn work(&self, session: &mut Session, job: Job) -> Result<()> {
        let planned = self.planning.cut_all(session, job).await?;
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).extend(planned);
        Ok(())
    }
}
