//! The rows: each piece is loaded statement by statement, on N connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use model::limits::Limits;
use model::size;
use oceanbase::{Session, Statement, catalog};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::crew::{self, Work};
use crate::error::{DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::input::PieceInput;
use crate::insert_form::InsertForm;
use crate::load::connection::{STATEMENT_LIMIT, enter, make_lenient};
use crate::load::marks::{Mark, Marks, PieceName};
use crate::load::refused::{self, RefusedRows};
use crate::load::schema::create_schema;
use crate::load::{Made, Options, large, names, orphan};
use crate::manifest::{Manifest, ObjectEntry, Piece};
use crate::plan::{Compression, Plan, Selection, full_name, planned};
use crate::progress::{Meter, Progress};
use crate::source::Target;

/// The bytes of statements per transaction: large transactions cost the server memory.
const COMMIT_BYTES: u64 = 16 << 20;

/// MySQL's error number for a transaction that was rolled back because of a deadlock.
const DEADLOCK: u16 = 1213;

/// The maximum number of retries of a piece after a deadlock.
const DEADLOCKS_MAX: u32 = 10;

/// The most bytes of values in pieces that share one transaction: a commit costs the server as much as a small
/// statement.
const TOGETHER_BYTES: u64 = 1 << 20;

/// The most pieces in one transaction, so that the connections share the small tables evenly.
const TOGETHER_MOST: usize = 16;

/// Loads all missing rows, except those of refused tables. A table with a refused row is dropped again, and the others
/// are loaded. Another call creates such tables again and retries them.
///
/// # Errors
/// [`Error::Damaged`] if a piece differs from what was written; the server's error when it refuses rows of every
/// table; [`Error::Cancelled`] when the token is cancelled, with no statement left on the server.
pub async fn load_data(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<Made> {
    let (archive, manifest) =
        Archive::open(client, dump, &options.identities, options.expected_manifest.as_deref()).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let mut notes = Marks::find_all(&mut session, &manifest, &names).await?;
    if refused::are_noted(&mut session, &notes).await? {
        create_schema(target, client, dump, options, connections, cancel).await?;
        notes = Marks::find_all(&mut session, &manifest, &names).await?;
    }
    let refused = Marks::refused_in_all(&mut session, &manifest, &names).await?;
    let mut marks = BTreeMap::new();
    for (database, notes) in &notes {
        marks.insert(database.clone(), notes.all(&mut session).await?);
    }
    let plan = archive.require_plan().await?;
    let (jobs, progress) = jobs(&plan, &manifest, &names, &options.selection, &marks, &refused)?;
    let tables = chosen_rows(&manifest, &names, &options.selection, &refused);
    meter.change(|now| *now = progress);
    for (database, notes) in &notes {
        let own = jobs.iter().filter(|job| job.database == *database);
        let new: Vec<_> =
            own.flat_map(|job| &job.pieces).filter(|piece| !piece.is_noted).map(PieceJob::name).collect();
        notes.ensure(&mut session, &new).await?;
    }
    let packet_limit = catalog::variable(&mut session, "max_allowed_packet").await;
    let packet_limit = packet_limit.during(|| "read max_allowed_packet".to_owned())?;
    session.close().await;
    if jobs.is_empty() {
        return Ok(Made::default());
    }
    let lost = Arc::new(RefusedRows::default());
    let work = LoadPieces {
        archive,
        notes: notes.clone(),
        compression: manifest.compression,
        meter: meter.clone(),
        packet_limit,
        limits: target.endpoint.limits,
        lost: Arc::clone(&lost),
    };
    crew::run(target, connections, jobs, work, cancel).await?;
    let made = lost.settle(target, &notes, tables.len()).await?;
    if !made.not_made.is_empty() {
        let kept = tables.iter().filter(|(database, table, _)| !lost.has(database, table));
        let rows: u64 = kept.map(|(_, _, rows)| rows).sum();
        meter.change(|progress| progress.rows = rows);
    }
    Ok(made)
}

/// Returns the tables whose rows are loaded, with their databases in the target, and how many rows they have.
fn chosen_rows(
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    selection: &Selection,
    refused: &BTreeSet<(String, String)>,
) -> Vec<(String, String, u64)> {
    let chosen = manifest.tables().filter_map(|(database, table)| {
        let target = names.get(database).filter(|_| selection.has_table(database, &table.name))?;
        Some((target.clone(), table.name.clone(), table.rows))
    });
    chosen.filter(|(database, table, _)| !refused.contains(&(database.clone(), table.clone()))).collect()
}

type AllMarks = BTreeMap<String, BTreeMap<(String, u32), Mark>>;

/// Returns the remaining jobs, the last and largest pieces of each table first, and the progress.
fn jobs(
    plan: &Plan,
    manifest: &Manifest,
    names: &BTreeMap<String, String>,
    selection: &Selection,
    marks: &AllMarks,
    refused: &BTreeSet<(String, String)>,
) -> Result<(Vec<Job>, Progress)> {
    let mut progress = Progress::default();
    let mut jobs: Vec<Job> = Vec::new();
    for (database, table) in manifest.tables() {
        let Some(target) = names.get(database) else { continue };
        if !selection.has_table(database, &table.name)
            || refused.contains(&(target.clone(), table.name.clone()))
        {
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
                continue;
            }
            let piece = PieceJob {
                table: table.name.clone(),
                is_noted: mark.is_some(),
                form: InsertForm::new(&table.name, columns),
                piece: piece.clone(),
                object: object.clone(),
            };
            match jobs.last_mut().filter(|last| last.takes(target, &piece)) {
                Some(job) => job.pieces.push(piece),
                None => jobs.push(Job { database: target.clone(), pieces: vec![piece] }),
            }
        }
    }
    Ok((jobs, progress))
}

/// A piece, or several small ones that share a transaction. A large piece takes several transactions.
struct Job {
    /// The database, in the target's name.
    database: String,
    pieces: Vec<PieceJob>,
}

impl Job {
    /// Returns whether a piece is small enough to be loaded with these.
    fn takes(&self, database: &str, piece: &PieceJob) -> bool {
        let bytes: u64 = self.pieces.iter().chain([piece]).map(|piece| piece.piece.raw_bytes).sum();
        self.database == database && self.pieces.len() < TOGETHER_MOST && bytes <= TOGETHER_BYTES
    }
}

/// A piece and the table that it is loaded into.
struct PieceJob {
    table: String,
    /// Whether the piece already has a note from an earlier attempt.
    is_noted: bool,
    /// The form of the piece's statements.
    form: InsertForm,
    piece: Piece,
    object: ObjectEntry,
}

impl PieceJob {
    fn name(&self) -> PieceName<'_> {
        (&self.table, self.piece.number)
    }
}

struct LoadPieces {
    archive: Archive,
    /// The notes of the load, by database.
    notes: BTreeMap<String, Marks>,
    compression: Compression,
    meter: Meter,
    /// The target's `max_allowed_packet`.
    packet_limit: Option<u64>,
    lost: Arc<RefusedRows>,
    /// The limit for a statement in memory.
    limits: Limits,
}

impl Work for LoadPieces {
    type Job = Job;

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        make_lenient(session).await?;
        orphan::limit_waiting(session).await
    }

    async fn work(&self, session: &mut Session, mut job: Job) -> Result<()> {
        let mut deadlocks = 0;
        loop {
            self.pass_over_lost(&mut job);
            if job.pieces.is_empty() {
                return Ok(());
            }
            match self.load(session, &job).await {
                Ok(()) => return Ok(()),
                // Two pieces of one table may deadlock: InnoDB locks the gaps between rows, and rolls one transaction
                // back.
                Err(Failure { error, .. }) if is_deadlock(&error) && deadlocks < DEADLOCKS_MAX => {
                    deadlocks += 1;
                }
                Err(Failure { error, rows_of: Some(place) })
                    if refused::is_about_rows(&error) && !session.is_broken() =>
                {
                    self.lose(session, &job, place, error).await?;
                }
                Err(Failure { error, .. }) => return Err(orphan::explain(session, error).await),
            }
        }
    }
}

fn is_deadlock(error: &Error) -> bool {
    matches!(error, Error::Database { source, .. } if source.number() == Some(DEADLOCK))
}

/// Why pieces were not loaded.
struct Failure {
    /// The position in the job of the piece whose rows the server refused, if it refused rows.
    rows_of: Option<usize>,
    error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { rows_of: None, error }
    }
}

impl LoadPieces {
    /// Removes the pieces of tables with refused rows. They count as done.
    fn pass_over_lost(&self, job: &mut Job) {
        let before = job.pieces.len();
        job.pieces.retain(|piece| !self.lost.has(&job.database, &piece.table));
        let passed = (before - job.pieces.len()) as u64;
        if passed > 0 {
            self.meter.change(|progress| progress.pieces_done += passed);
        }
    }

    /// Gives up the table of a piece, and notes that immediately, so that a load that is killed knows it.
    async fn lose(&self, session: &mut Session, job: &Job, place: usize, error: Error) -> Result<()> {
        let PieceJob { table, piece, .. } = &job.pieces[place];
        let full = full_name(&job.database, table);
        let undo = Statement::act("ROLLBACK").within(STATEMENT_LIMIT);
        session.run(&undo).await.during(|| format!("undo loading {full}"))?;
        if let Some(notes) = self.notes.get(&job.database) {
            notes.refuse_rows(session, table).await?;
        }
        self.lost.add(&job.database, table, piece.number, error);
        Ok(())
    }

    /// Loads pieces from their last commit on. Rows that are read again count as progress again.
    async fn load(&self, session: &mut Session, job: &Job) -> std::result::Result<(), Failure> {
        enter(session, &job.database).await?;
        let inputs = job.pieces.iter().map(|job| {
            let PieceJob { piece, object, form, .. } = job;
            let (form, meter) = (form.clone(), &self.meter);
            PieceInput::open(&self.archive, piece, object, form, self.compression, meter, self.limits)
        });
        // Small pieces are read while others are loaded, because the storage may be remote.
        let inputs = futures::future::try_join_all(inputs).await?;
        let gone =
            || Error::TargetChanged { database: job.database.clone(), why: "it has no notes".to_owned() };
        let marks = self.notes.get(&job.database).ok_or_else(gone)?;
        let names: Vec<_> = job.pieces.iter().map(PieceJob::name).collect();
        let found = marks.lock(session, &names).await?;
        for (place, ((piece, input), mark)) in job.pieces.iter().zip(inputs).zip(&found).enumerate() {
            let database = &job.database;
            let (mark, seen, pending_bytes) = (*mark, 0, 0);
            let mut loader = Loader { work: self, database, piece, place, marks, mark, seen, pending_bytes };
            loader.load(session, input).await?;
        }
        // An earlier load may have finished the piece before this one got the lock.
        let not_done = names.iter().zip(&found).filter(|(_, mark)| !mark.done);
        let not_done: Vec<_> = not_done.map(|(name, _)| *name).collect();
        marks.finish(session, &not_done).await?;
        self.meter.change(|progress| {
            progress.pieces_done += job.pieces.len() as u64;
            progress.rows += job.pieces.iter().map(|piece| piece.piece.rows).sum::<u64>();
        });
        Ok(())
    }
}

/// A piece that is being loaded.
struct Loader<'a> {
    work: &'a LoadPieces,
    database: &'a str,
    piece: &'a PieceJob,
    /// The position of the piece in the job.
    place: usize,
    marks: &'a Marks,
    /// The progress of the piece, including uncommitted statements.
    mark: Mark,
    /// The number of statements that were read.
    seen: u64,
    pending_bytes: u64,
}

impl Loader<'_> {
    /// Loads the remaining statements. The transaction that holds the piece's note is open.
    async fn load(
        &mut self,
        session: &mut Session,
        mut input: PieceInput,
    ) -> std::result::Result<(), Failure> {
        while let Some(statement) = input.next().await? {
            let read = statement.len() as u64;
            self.statement(session, statement).await?;
            self.work.meter.change(|progress| progress.raw_bytes += read);
        }
        if self.seen >= self.mark.statements {
            Ok(())
        } else {
            Err(input.damaged("it ends too early").into())
        }
    }

    async fn statement(
        &mut self,
        session: &mut Session,
        statement: Bytes,
    ) -> std::result::Result<(), Failure> {
        self.seen += 1;
        if self.mark.done || self.seen <= self.mark.statements {
            return Ok(()); // loaded by an earlier attempt
        }
        let full = full_name(self.database, &self.piece.table);
        let number = self.piece.piece.number;
        let bytes = statement.len() as u64;
        let summary = format!(
            "INSERT INTO {full} … ({}, statement {} of piece {number})",
            size::bytes(bytes),
            self.seen,
        );
        let what = || format!("load {full}, piece {number}");
        let inserted = if large::is_too_long(&statement, self.work.packet_limit) {
            large::insert(session, &statement, self.piece.form.head(), self.work.packet_limit, &what()).await
        } else {
            let insert = Statement::bulk(statement, summary).within(STATEMENT_LIMIT);
            session.run(&insert).await.during(what).map(drop)
        };
        inserted.map_err(|error| Failure { rows_of: Some(self.place), error })?;
        self.mark.statements = self.seen;
        self.pending_bytes += bytes;
        if self.pending_bytes >= COMMIT_BYTES {
            self.pending_bytes = 0;
            self.marks.advance(session, self.piece.name(), self.seen).await?;
            if self.marks.lock(session, &[self.piece.name()]).await? != [self.mark] {
                let why = format!("somebody else loads {full} too");
                return Err(Error::TargetChanged { database: self.database.to_owned(), why }.into());
            }
        }
        Ok(())
    }
}
