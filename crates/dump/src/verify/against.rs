//! Verifies that a database matches a dump: the same checksums, piece by piece, in one snapshot.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use oceanbase::snapshot::Pin;
use oceanbase::{Session, Statement};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::checksum::{Checksum, RowHasher};
use crate::choice::Choice;
use crate::chunk::select_rows;
use crate::crew::{self, Work};
use crate::encryption::Identities;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::manifest::{Manifest, Piece};
use crate::moment::Moment;
use crate::plan::{Chunk, Plan, TablePlan, full_name, planned};
use crate::progress::{Meter, Progress};
use crate::source::{Source, ready_for_reading};
use crate::typed::Typed;
use crate::typed_query::{Part, Trouble, find};
use crate::verify::{Finding, Report};

/// The number of rows between two reports to the meter.
const ROWS_PER_NEWS: u64 = 10_000;

/// Reads the selected tables of a dump from a database, in one snapshot, and compares them with the dump.
///
/// # Errors
/// Fails if the dump is unreadable or does not contain the selection, or if the server fails. The report lists
/// differences.
pub async fn verify_against(
    source: &Source,
    client: &Client,
    dump: &DumpId,
    choice: Choice<'_>,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<Report> {
    compare(source, client, dump, choice, &BTreeSet::new(), connections, meter, cancel).await
}

/// The same, except the tables in `without`, which are given with their database in the server.
#[expect(clippy::too_many_arguments, reason = "as many as its caller has, and one")]
pub(crate) async fn compare(
    source: &Source,
    client: &Client,
    dump: &DumpId,
    choice: Choice<'_>,
    without: &BTreeSet<(String, String)>,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<Report> {
    let (archive, manifest) =
        Archive::open(client, dump, &Identities::default(), choice.expected_manifest).await?;
    let plan = archive.require_plan().await?;
    let mut jobs = jobs(&plan, &manifest, choice)?;
    jobs.retain(|job| !without.contains(&(job.database.clone(), job.table.name.clone())));
    let tables = jobs.iter().map(|job| (job.database.clone(), job.table.name.clone())).collect();
    let (pin, moment) = open_pin(source, tables).await?;
    let pieces = jobs.len() as u64;
    meter.change(|progress| *progress = Progress { pieces, ..Progress::default() });
    let tables: BTreeSet<String> = jobs.iter().map(Job::full_name).collect();
    let whole = whole_tables(&jobs);
    let crew = Crew { source, connections, moment, cancel };
    let outcome = crew.compare(jobs, whole, meter).await;
    if let Some(pin) = pin {
        pin.release().await;
    }
    let mut findings = outcome?;
    findings.sort();
    findings.dedup();
    let now = meter.now();
    Ok(Report {
        findings,
        checked: pieces,
        tables: tables.len() as u64,
        bytes: now.raw_bytes,
        rows: now.rows,
    })
}

/// The connections that compare, and the moment that they read.
struct Crew<'a> {
    source: &'a Source,
    connections: usize,
    moment: Moment,
    cancel: &'a CancellationToken,
}

impl Crew<'_> {
    /// Compares the parts of all tables. Tables with differing partitions are compared as a whole before they are
    /// reported: another product or version may place a row in another partition.
    async fn compare(
        &self,
        jobs: Vec<Job>,
        mut whole: BTreeMap<String, Job>,
        meter: &Meter,
    ) -> Result<Vec<Finding>> {
        let mut findings = self.run(jobs, meter.clone()).await?;
        let differing: BTreeSet<&str> = findings.iter().filter_map(Finding::differing_table).collect();
        whole.retain(|table, _| differing.contains(table.as_str()));
        if whole.is_empty() {
            return Ok(findings);
        }
        let suspected: BTreeSet<String> = whole.keys().cloned().collect();
        // Its rows have been counted already.
        let again = self.run(whole.into_values().collect(), Meter::default()).await?;
        let failing: BTreeSet<&str> = again.iter().filter_map(Finding::table).collect();
        findings.retain(|finding| {
            let table = finding.differing_table();
            table.is_none_or(|table| !suspected.contains(table) || failing.contains(table))
        });
        findings.extend(again.iter().filter(|finding| finding.differing_table().is_none()).cloned());
        Ok(findings)
    }

    async fn run(&self, jobs: Vec<Job>, meter: Meter) -> Result<Vec<Finding>> {
        let findings = Arc::new(Mutex::new(Vec::new()));
        let work = ComparePieces { moment: self.moment, meter, findings: Arc::clone(&findings) };
        crew::run(self.source, self.connections, jobs, work, self.cancel).await?;
        let found = std::mem::take(&mut *findings.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(found)
    }
}

/// Returns a comparison of each partitioned table as a whole, by its full name.
fn whole_tables(jobs: &[Job]) -> BTreeMap<String, Job> {
    let mut whole: BTreeMap<String, Job> = BTreeMap::new();
    for job in jobs.iter().filter(|job| job.chunk.partition.is_some()) {
        match whole.entry(job.full_name()) {
            Entry::Vacant(entry) => {
                entry.insert(Job { chunk: Chunk::default(), ..job.clone() });
            }
            Entry::Occupied(mut entry) => {
                let sum = &mut entry.get_mut().piece;
                sum.rows += job.piece.rows;
                sum.checksum.add(job.piece.checksum);
            }
        }
    }
    whole
}

/// Opens the transaction that holds the snapshot. It reads from one of the tables that exist; without any, there is
/// nothing to keep. On MySQL and MariaDB, each connection reads its own snapshot, so other clients should not write
/// during the comparison.
async fn open_pin(source: &Source, mut tables: BTreeSet<(String, String)>) -> Result<(Option<Pin>, Moment)> {
    let session = source.open().await?;
    let server = session.server().clone();
    session.close().await;
    if !server.product.is_oceanbase() {
        return Ok((None, Moment::Transaction));
    }
    let mut pin = loop {
        let anchor = tables.pop_first();
        let names = anchor.as_ref().map(|(database, table)| (database.as_str(), table.as_str()));
        match Pin::open(&source.endpoint, Arc::clone(&source.witness), names).await {
            Ok(pin) => break pin,
            // Its comparison reports it.
            Err(error) if error.number().is_some_and(is_missing) && names.is_some() => {}
            Err(error) => {
                return Err(error).during(|| "open the transaction that keeps the snapshot".to_owned());
            }
        }
    };
    let scn = pin.current_scn().await.during(|| "ask for the SCN".to_owned())?;
    Ok((Some(pin), Moment::of(&server, scn)))
}

/// Returns whether the server reports a missing table, column or partition.
fn is_missing(number: u16) -> bool {
    matches!(number, 1146 | 1049 | 1054 | 1735)
}

/// A piece and the place where its rows should be.
#[derive(Clone)]
struct Job {
    /// The database, in the target's name.
    database: String,
    table: Arc<TablePlan>,
    chunk: Chunk,
    piece: Piece,
}

impl Job {
    /// Returns the name of the table with its database.
    fn full_name(&self) -> String {
        full_name(&self.database, &self.table.name)
    }
}

fn jobs(plan: &Plan, manifest: &Manifest, choice: Choice<'_>) -> Result<Vec<Job>> {
    let targets = choice.databases(manifest)?;
    let mut jobs = Vec::new();
    for (database, entry) in manifest.tables() {
        let Some(target) = targets.get(database) else { continue };
        if !choice.selection.has_table(database, &entry.name) {
            continue;
        }
        let table = Arc::new(planned(plan, database, entry)?.clone());
        for (chunk, piece) in comparable(&table, &entry.pieces) {
            jobs.push(Job { database: target.to_owned(), table: Arc::clone(&table), chunk, piece });
        }
    }
    Ok(jobs)
}

/// Returns the parts of a table that can be compared between databases, with the dump's pieces for them: its chunks;
/// or its partitions, if the chunks were split by the source's hidden key.
fn comparable(table: &TablePlan, pieces: &[Piece]) -> Vec<(Chunk, Piece)> {
    let mut parts: Vec<(Chunk, Piece)> = Vec::new();
    for (chunk, piece) in table.chunks.iter().zip(pieces) {
        if !table.hidden_key {
            parts.push((chunk.clone(), piece.clone()));
            continue;
        }
        match parts.last_mut().filter(|(last, _)| last.partition == chunk.partition) {
            Some((_, sum)) => {
                sum.rows += piece.rows;
                sum.checksum.add(piece.checksum);
            }
            None => {
                let whole = Chunk { after: None, up_to: None, ..chunk.clone() };
                parts.push((whole, piece.clone()));
            }
        }
    }
    parts
}

struct ComparePieces {
    moment: Moment,
    meter: Meter,
    findings: Arc<Mutex<Vec<Finding>>>,
}

impl Work for ComparePieces {
    type Job = Job;

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        ready_for_reading(session).await
    }

    async fn work(&self, session: &mut Session, job: Job) -> Result<()> {
        let table = job.full_name();
        let finding = match self.read(session, &job).await {
            Ok((rows, checksum)) if (rows, checksum) == (job.piece.rows, job.piece.checksum) => None,
            Ok((found, _)) => {
                Some(Finding::RowsDiffer { table, piece: job.piece.number, expected: job.piece.rows, found })
            }
            Err(error) if error.number().is_some_and(is_missing) => {
                Some(Finding::TableMissing { table, why: error.to_string() })
            }
            Err(error) => return Err(error).during(|| format!("read {table}, piece {}", job.piece.number)),
        };
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).extend(finding);
        self.meter.change(|progress| progress.pieces_done += 1);
        Ok(())
    }
}

impl ComparePieces {
    async fn read(
        &self,
        session: &mut Session,
        job: &Job,
    ) -> std::result::Result<(u64, Checksum), oceanbase::Error> {
        let (rows, checksum, hasher) = self.read_once(session, job, Typed::default()).await?;
        if hasher.suspects.is_empty() {
            return Ok((rows, checksum));
        }
        let part =
            Part { moment: self.moment, database: &job.database, table: &job.table, chunk: &job.chunk };
        match find(session, part, &hasher.suspects).await {
            Ok(typed) if typed.is_empty() => Ok((rows, checksum)),
            Ok(typed) => {
                let (rows, checksum, _) = self.read_once(session, job, typed).await?;
                Ok((rows, checksum))
            }
            // No dump contains such a document.
            Err(Trouble::Unwritable(..)) => Ok((rows, Checksum::default())),
            Err(Trouble::Server(error)) => Err(error),
        }
    }

    async fn read_once(
        &self,
        session: &mut Session,
        job: &Job,
        typed: Typed,
    ) -> std::result::Result<(u64, Checksum, RowHasher), oceanbase::Error> {
        let sql = select_rows(self.moment, &job.database, &job.table, &job.chunk);
        let statement = Statement::read(sql).within(crate::SILENCE);
        let mut stream = session.stream(&statement).await?;
        let (mut rows, mut bytes, mut checksum) = (0, 0, Checksum::default());
        let is_again = !typed.is_empty();
        let mut hasher = RowHasher::new(&job.table.columns).with(typed);
        let mut told = (0, 0);
        while let Some(row) = stream.next().await? {
            let form = hasher.form(|place| row.bytes(place), row.protocol_form());
            checksum.add_row(form);
            rows += 1;
            bytes += form.len() as u64;
            if rows - told.0 == ROWS_PER_NEWS && !is_again {
                self.tell(rows - told.0, bytes - told.1);
                told = (rows, bytes);
            }
        }
        if !is_again {
            self.tell(rows - told.0, bytes - told.1);
        }
        drop(stream);
        Ok((rows, checksum, hasher))
    }

    fn tell(&self, rows: u64, bytes: u64) {
        self.meter.change(|progress| {
            progress.rows += rows;
            progress.raw_bytes += bytes;
        });
    }
}
