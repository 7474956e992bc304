//! The rows: each piece is loaded statement by statement, on N connections.

use std::collections::BTreeMap;

use model::size;
use oceanbase::{Session, Statement};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::crew::{self, Work};
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::input::PieceInput;
use crate::load::marks::{Mark, Marks};
use crate::load::schema::{enter, make_lenient};
use crate::load::{Options, names, orphan};
use crate::manifest::{Manifest, ObjectEntry, Piece};
use crate::piece::{PREAMBLE, Splitter, statement_head};
use crate::plan::{Compression, Plan, Selection, full_name, planned};
use crate::progress::{Meter, Progress};
use crate::source::Target;

/// After how many bytes of statements the rows are committed: large transactions cost the server memory.
const COMMIT_BYTES: u64 = 16 << 20;

/// MySQL's number for a transaction that was undone for the sake of another.
const DEADLOCK: u16 = 1213;

/// How often a piece is gone on with after a deadlock.
const DEADLOCKS_MAX: u32 = 10;

/// How long a statement with rows may take.
const INSERT_LIMIT: std::time::Duration = std::time::Duration::from_secs(600);

/// Loads all rows that are not in yet.
///
/// # Errors
/// [`Error::Damaged`] when a piece is not what was written; [`Error::Cancelled`] when the token says so, with no
/// statement left on the server.
pub async fn load_data(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<()> {
    let (archive, manifest) = Archive::open(client, dump, &options.identities).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let mut marks = BTreeMap::new();
    for database in names.values() {
        marks.insert(database.clone(), Marks::new(database, dump).all(&mut session).await?);
    }
    let plan = archive.require_plan().await?;
    let (jobs, progress) = jobs(&plan, &manifest, &names, &options.selection, &marks)?;
    meter.change(|now| *now = progress);
    for database in names.values() {
        let new = jobs.iter().filter(|job| job.database == *database && !job.is_noted);
        let pieces: Vec<_> = new.map(|job| (job.table.as_str(), job.piece.number)).collect();
        Marks::new(database, dump).ensure(&mut session, &pieces).await?;
    }
    session.close().await;
    if jobs.is_empty() {
        return Ok(());
    }
    let work = LoadPieces { archive, compression: manifest.compression, meter: meter.clone() };
    crew::run(target, connections, jobs, work, cancel).await
}

type AllMarks = BTreeMap<String, BTreeMap<(String, u32), Mark>>;

/// Returns what is left to do, of each table the last and largest pieces first, and how far it is.
fn jobs(
    plan: &Plan,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    selection: &Selection,
    marks: &AllMarks,
) -> Result<(Vec<Job>, Progress)> {
    let mut progress = Progress::default();
    let mut jobs = Vec::new();
    for (database, table) in manifest.tables() {
        let Some(target) = names.get(database) else { continue };
        if !selection.has_table(database, &table.name) {
            continue;
        }
        let columns = &planned(plan, database, table)?.columns;
        for piece in table.pieces.iter().rev() {
            let Some(object) = &piece.object else { continue };
            progress.pieces += 1;
            let mark = marks.get(target).and_then(|all| all.get(&(table.name.clone(), piece.number)));
            if mark.is_some_and(|mark| mark.done) {
                progress.pieces_done += 1;
                progress.rows += piece.rows;
                progress.raw_bytes += piece.raw_bytes;
                progress.bytes += object.bytes;
            } else {
                jobs.push(Job {
                    database: target.clone(),
                    table: table.name.clone(),
                    is_noted: mark.is_some(),
                    head: statement_head(&table.name, columns),
                    piece: piece.clone(),
                    object: object.clone(),
                });
            }
        }
    }
    Ok((jobs, progress))
}

/// A piece and where its rows go.
struct Job {
    /// The database, in the target's name.
    database: String,
    table: String,
    /// Whether the piece has a note already, from an earlier attempt.
    is_noted: bool,
    /// How the piece's statements begin.
    head: Vec<u8>,
    piece: Piece,
    object: ObjectEntry,
}

struct LoadPieces {
    archive: Archive,
    compression: Compression,
    meter: Meter,
}

impl Work for LoadPieces {
    type Job = Job;

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        make_lenient(session).await?;
        orphan::limit_waiting(session).await
    }

    async fn work(&self, session: &mut Session, job: Job) -> Result<()> {
        let mut deadlocks = 0;
        loop {
            match self.load_piece(session, &job).await {
                // Two pieces of one table: InnoDB locks the gaps between rows, and undoes one of the transactions.
                Err(error) if is_deadlock(&error) && deadlocks < DEADLOCKS_MAX => deadlocks += 1,
                Err(error) => return Err(orphan::explain(session, error).await),
                done => return done,
            }
        }
    }
}

fn is_deadlock(error: &Error) -> bool {
    matches!(error, Error::Database { source, .. } if source.number() == Some(DEADLOCK))
}

impl LoadPieces {
    /// Loads a piece from its last commit on; what is read anew counts as progress once more.
    async fn load_piece(&self, session: &mut Session, job: &Job) -> Result<()> {
        enter(session, &job.database).await?;
        let marks = Marks::new(&job.database, &self.archive.dump);
        let mark = marks.lock(session, &job.table, job.piece.number).await?;
        let mut loader = Loader { work: self, job, marks, seen: 0, mark, pending_bytes: 0 };
        loader.load(session).await?;
        self.meter.change(|progress| {
            progress.pieces_done += 1;
            progress.rows += job.piece.rows;
        });
        Ok(())
    }
}

/// One piece on its way into a table.
struct Loader<'a> {
    work: &'a LoadPieces,
    job: &'a Job,
    marks: Marks,
    /// How many statements with rows were seen.
    seen: u64,
    /// How far the piece is, with what is not committed yet.
    mark: Mark,
    pending_bytes: u64,
}

impl Loader<'_> {
    /// Loads what is not in yet. The transaction that holds the piece's mark is open.
    async fn load(&mut self, session: &mut Session) -> Result<()> {
        let work = self.work;
        let mut text =
            PieceInput::open(&work.archive, &self.job.object, work.compression, &work.meter).await?;
        let mut splitter = Splitter::new(self.job.head.clone());
        while let Some(bytes) = text.next().await? {
            splitter.push(&bytes);
            while let Some(statement) = splitter.next_statement() {
                let read = statement.len() as u64;
                self.statement(session, statement).await?;
                self.work.meter.change(|progress| progress.raw_bytes += read);
            }
        }
        if !splitter.is_empty() || self.seen < self.mark.statements {
            return Err(text.damaged("it ends too early"));
        }
        self.mark.done = true;
        self.marks.commit(session, &self.job.table, self.job.piece.number, self.mark).await
    }

    async fn statement(&mut self, session: &mut Session, statement: &[u8]) -> Result<()> {
        if PREAMBLE.iter().any(|known| known.as_bytes() == statement) {
            return Ok(()); // done when the connection was opened
        }
        self.seen += 1;
        if self.seen <= self.mark.statements {
            return Ok(()); // in since an earlier attempt
        }
        let full = full_name(&self.job.database, &self.job.table);
        let bytes = statement.len() as u64;
        let summary = format!(
            "INSERT INTO {full} … ({}, statement {} of piece {})",
            size::bytes(bytes),
            self.seen,
            self.job.piece.number
        );
        let insert = Statement::bulk(statement, summary).within(INSERT_LIMIT);
        session.run(&insert).await.during(|| format!("load {full}, piece {}", self.job.piece.number))?;
        self.mark.statements = self.seen;
        self.pending_bytes += bytes;
        if self.pending_bytes >= COMMIT_BYTES {
            self.pending_bytes = 0;
            self.marks.commit(session, &self.job.table, self.job.piece.number, self.mark).await?;
            let now = self.marks.lock(session, &self.job.table, self.job.piece.number).await?;
            if now != self.mark {
                let why = format!("somebody else loads {full} too");
                return Err(Error::TargetChanged { database: self.job.database.clone(), why });
            }
        }
        Ok(())
    }
}
