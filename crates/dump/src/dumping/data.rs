//! The rows: each chunk of the plan becomes a piece, on N connections.

use std::collections::HashSet;
use std::sync::Arc;

use model::size;
use model::text::Text;
use oceanbase::statement::identifier;
use oceanbase::{Session, Statement, catalog};
use storage::Client;
use tokio_util::sync::CancellationToken;

use crate::archive::{Archive, PieceReceipt};
use crate::chunk::select_rows;
use crate::column::Column;
use crate::crew::{self, Work};
use crate::dumping::Snapshot;
use crate::dumping::closing::Closing;
use crate::dumping::count::{CountRows, counts};
use crate::dumping::definition::Definitions;
use crate::dumping::exchanged::note_doubts;
use crate::dumping::lost::Lost;
use crate::dumping::receipts::Receipts;
use crate::dumping::snapshot::{close, open};
use crate::dumping::together::{Together, let_go};
use crate::error::{DuringSql as _, Error, Result};
use crate::layout::ObjectKey;
use crate::manifest::Piece;
use crate::output::{Buffers, PieceOutput, Settled};
use crate::piece::{PieceText, push_preamble};
use crate::plan::{Plan, TablePlan, full_name};
use crate::progress::{Meter, Progress};
use crate::source::{Source, ready_for_reading};
use crate::typed::Typed;
use crate::typed_query::{Part, Trouble, find};
use crate::unwritable::Unwritable;

/// Reads all rows that are not in finished pieces yet. Then checks that no table was changed in the meantime, or
/// leaves out changed tables if the snapshot allows that.
///
/// # Errors
/// [`Error::SnapshotGone`] and [`Error::SchemaChanged`] when the dump must start over under a new id;
/// [`Error::Cancelled`] when the token is cancelled, with no statement left on the server.
pub async fn dump_data(
    source: &Source,
    client: &Client,
    snapshot: &Snapshot,
    connections: usize,
    meter: &Meter,
    cancel: &CancellationToken,
) -> Result<()> {
    let plan = snapshot.plan();
    let archive = Archive::of_plan(client, plan, snapshot.signer());
    let receipts = archive.piece_receipts().await?;
    meter.change(|progress| *progress = so_far(plan, &receipts));
    let jobs = open_jobs(plan, &receipts);
    let lost = archive.read_sealed(ObjectKey::LostReceipt).await?.unwrap_or_default();
    let lost = Arc::new(Lost::of(lost, snapshot.leaves_out_changed()));
    let connections = snapshot.most_connections(connections);
    if !jobs.is_empty() {
        let packet_limit = packet_limit(source).await?;
        let receipts = Arc::new(Receipts::new(archive.clone()));
        let closing = Arc::new(Closing::new(connections));
        let work = DumpPieces {
            archive: archive.clone(),
            receipts: Arc::clone(&receipts),
            closing: Arc::clone(&closing),
            buffers: Arc::default(),
            plan: Arc::clone(plan),
            meter: meter.clone(),
            together: snapshot.together(),
            lost: Arc::clone(&lost),
            packet_limit,
        };
        let done = crew::run(source, connections, jobs, work, cancel).await;
        let closed = closing.end(done.is_err()).await;
        let noted = receipts.flush().await; // including pieces that were finished before a failure
        done.and(closed).and(noted)?;
    }
    let mut counts = counts(plan, &archive.piece_receipts().await?);
    counts.retain(|count| !lost.has(&count.database, &count.table.name));
    let work = CountRows { plan: Arc::clone(plan), together: snapshot.together(), lost: Arc::clone(&lost) };
    crew::run(source, connections, counts, work, cancel).await?;
    if let Some(together) = snapshot.together() {
        note_doubts(source, &archive, plan, together.exchanges_before()).await?;
    }
    leave_out_changed(source, plan, &lost).await?;
    let lost = lost.all(plan)?;
    if !lost.is_empty() {
        // Noted before the pieces are deleted, so that a resumed dump knows that they are gone.
        archive.write_sealed(ObjectKey::LostReceipt, &lost).await?;
    }
    for table in lost {
        archive.delete_pieces(&table.database, &table.table).await?;
    }
    Ok(())
}

/// Returns the longest value that a server with the source's settings accepts.
async fn packet_limit(source: &Source) -> Result<usize> {
    let mut session = source.open().await?;
    let limit = catalog::variable(&mut session, "max_allowed_packet").await;
    session.close().await;
    let limit = limit.during(|| "read max_allowed_packet".to_owned())?;
    Ok(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX))
}

fn so_far(plan: &Plan, receipts: &[PieceReceipt]) -> Progress {
    let pieces = || receipts.iter().map(|receipt| &receipt.piece);
    Progress {
        pieces_done: receipts.len() as u64,
        pieces: plan.pieces(),
        rows: pieces().map(|piece| piece.rows).sum(),
        raw_bytes: pieces().map(|piece| piece.raw_bytes).sum(),
        bytes: pieces().filter_map(|piece| piece.object.as_ref()).map(|object| object.bytes).sum(),
    }
}

/// A chunk, by its positions in the plan.
#[derive(Debug, Clone, Copy)]
struct Job {
    database: usize,
    table: usize,
    chunk: usize,
}

impl Job {
    fn number(self) -> u32 {
        u32::try_from(self.chunk + 1).expect("a plan with so many chunks does not fit into memory")
    }
}

/// Returns the remaining jobs: tables with many chunks first, and of each table the last and largest chunks first, so
/// that no connection reads a large chunk alone at the end.
fn open_jobs(plan: &Plan, receipts: &[PieceReceipt]) -> Vec<Job> {
    let done: HashSet<(&str, &str, u32)> = receipts
        .iter()
        .map(|receipt| (receipt.database.as_str(), receipt.table.as_str(), receipt.piece.number))
        .collect();
    let mut jobs = Vec::new();
    for (database, in_database) in plan.databases.iter().enumerate() {
        for (table, of_table) in in_database.tables.iter().enumerate() {
            for chunk in (0..of_table.chunks.len()).rev() {
                let job = Job { database, table, chunk };
                if !done.contains(&(in_database.name.as_str(), of_table.name.as_str(), job.number())) {
                    jobs.push((of_table.chunks.len(), job));
                }
            }
        }
    }
    jobs.sort_by_key(|(chunks, _)| std::cmp::Reverse(*chunks)); // stable: otherwise in the plan's order
    jobs.into_iter().map(|(_, job)| job).collect()
}

struct DumpPieces {
    archive: Archive,
    receipts: Arc<Receipts>,
    closing: Arc<Closing>,
    buffers: Arc<Buffers>,
    plan: Arc<Plan>,
    meter: Meter,
    together: Option<Arc<Together>>,
    lost: Arc<Lost>,
    /// The server's own `max_allowed_packet`.
    packet_limit: usize,
}

impl Work for DumpPieces {
    type Job = Job;

    async fn open(&self, source: &Source) -> Result<Session> {
        open(&self.plan, self.together.as_deref(), source).await
    }

    async fn close(&self, session: Session) {
        close(self.together.as_deref(), session).await;
    }

    async fn prepare(&self, session: &mut Session) -> Result<()> {
        ready_for_reading(session).await
    }

    async fn work(&self, session: &mut Session, job: Job) -> Result<()> {
        let database = &self.plan.databases[job.database];
        let table = &database.tables[job.table];
        if self.lost.has(&database.name, &table.name) {
            return Ok(());
        }
        let read = Box::pin(self.read_piece(session, &database.name, table, job)).await;
        if read.is_err() && session.is_broken() {
            return read.map(drop);
        }
        if self.together.is_some() {
            let_go(session).await?;
        }
        let (text, piece) = match read {
            Err(error) if self.lost.takes(&error) => {
                self.lost.add(&self.plan.consent, &database.name, &table.name, &error);
                return Ok(());
            }
            read => read?,
        };
        let (database, table) = (database.name.clone(), table.name.clone());
        let receipt = PieceReceipt { database, table, piece, also: Vec::new() };
        let closing = close_piece(text, receipt, Arc::clone(&self.receipts), self.meter.clone());
        self.closing.begin(Box::pin(closing)).await
    }
}

/// Makes a piece durable and records it. After its receipt is written, it is not read again.
async fn close_piece(
    text: Settled,
    mut receipt: PieceReceipt,
    receipts: Arc<Receipts>,
    meter: Meter,
) -> Result<()> {
    let before = text.bytes;
    receipt.piece.object = text.finish().await?;
    let bytes = receipt.piece.object.as_ref().map_or(0, |object| object.bytes);
    receipts.add(receipt).await?;
    meter.change(|progress| {
        progress.bytes += bytes - before;
        progress.pieces_done += 1;
    });
    Ok(())
}

impl DumpPieces {
    /// Reads a piece and passes its text to the storage. If it contains documents that their texts do not restore, it
    /// is read once more, and these are written as expressions.
    async fn read_piece(
        &self,
        session: &mut Session,
        database: &str,
        table: &TablePlan,
        job: Job,
    ) -> Result<(Settled, Piece)> {
        match self.read_once(session, database, table, job, None).await? {
            Read::Whole(read) => Ok(*read),
            Read::Typed(typed) => match self.read_once(session, database, table, job, Some(typed)).await? {
                Read::Whole(read) => Ok(*read),
                Read::Typed(_) => Err(Error::ValueUnwritable {
                    column: full_name(database, &table.name),
                    row: format!("piece {}", job.number()),
                    why: Unwritable::FromFunction.problem_id(),
                    number: String::new(),
                }),
            },
        }
    }

    /// Reads a piece; `typed` are the documents that are written as expressions, if they are known.
    async fn read_once(
        &self,
        session: &mut Session,
        database: &str,
        table: &TablePlan,
        job: Job,
        typed: Option<Typed>,
    ) -> Result<Read> {
        let (plan, number) = (&self.plan, job.number());
        let full = full_name(database, &table.name);
        let what = || format!("read {full}, piece {number}");
        let extension = plan.compression.extension();
        let key = ObjectKey::Piece { database, table: &table.name, number, extension };
        let path = self.archive.stored_path(key);
        let stored = format!("{}/{path}", plan.dump);
        let mut output = PieceOutput::new(&self.archive, &self.buffers, stored, path, plan.compression);
        let is_first = typed.is_none();
        let mut text = PieceText::new(&table.name, &table.columns).with(typed.unwrap_or_default());
        let mut buffer = output.buffer();
        push_preamble(&mut buffer, &format!("rows of {full}, piece {number} of {}", table.chunks.len()));

        let sql = select_rows(plan.moment(), database, table, &table.chunks[job.chunk]);
        let statement = Statement::read(sql).within(crate::SILENCE);
        let mut rows = session.stream(&statement).await.during_read(&plan.dump, plan.scn, what)?;
        let (wanted, mut told, mut longest) = (output.wants_bytes(), 0, 0);
        let (mut handed, mut refused) = (0, None);
        while let Some(row) = rows.next().await.during_read(&plan.dump, plan.scn, what)? {
            let before = buffer.len();
            let pushed = text.push_row(&mut buffer, |place| row.bytes(place), row.protocol_form());
            if let Err((place, why)) = pushed {
                let error = Error::ValueUnwritable {
                    column: format!("{full}.{}", identifier(&table.columns[place].name)),
                    row: row_name(table, text.rows, |place| row.bytes(place)),
                    why: why.problem_id(),
                    number: why.number().to_owned(),
                };
                if is_first && !text.suspects.is_empty() {
                    // A function may have stored the value; then an expression may restore it.
                    refused.get_or_insert(error);
                    continue;
                }
                // Read to the end, so that the connection is usable: the other tables are dumped anyway.
                while rows.next().await.during_read(&plan.dump, plan.scn, what)?.is_some() {}
                return Err(error);
            }
            // The text of a value is never shorter than the value.
            if buffer.len() - before > self.packet_limit {
                longest = longest.max(longest_value(table, |place| row.bytes(place)));
            }
            if buffer.len() >= wanted && text.is_between_statements() {
                handed += buffer.len() as u64;
                buffer = self.push(&mut output, buffer, text.rows - told).await?;
                told = text.rows;
            }
        }
        drop(rows); // read to the end, so the connection is usable
        if is_first && !text.suspects.is_empty() {
            let typed = self.find_typed(session, database, table, job, &text).await?;
            if !typed.is_empty() {
                self.meter.change(|progress| {
                    progress.rows -= told;
                    progress.raw_bytes -= handed;
                    progress.bytes -= output.bytes;
                });
                return Ok(Read::Typed(typed));
            }
        } else if !text.has_all_typed() {
            return Ok(Read::Typed(Typed::default())); // other documents have the same text
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        if text.rows > 0 {
            text.end(&mut buffer);
            buffer = self.push(&mut output, buffer, text.rows - told).await?;
        }
        let before = output.bytes;
        let notes = self.large_value(&full, longest).into_iter().collect();
        let settled = output.settle(buffer).await?;
        self.meter.change(|progress| progress.bytes += settled.bytes - before);
        let piece = Piece {
            number,
            rows: text.rows,
            checksum: text.checksum,
            raw_bytes: settled.raw_bytes,
            longest_statement: text.longest_statement(),
            object: None,
            notes,
        };
        Ok(Read::Whole(Box::new((settled, piece))))
    }

    /// Queries which documents of a piece are not restored by their texts.
    async fn find_typed(
        &self,
        session: &mut Session,
        database: &str,
        table: &TablePlan,
        job: Job,
        text: &PieceText,
    ) -> Result<Typed> {
        let (plan, full) = (&self.plan, full_name(database, &table.name));
        let part = Part { moment: plan.moment(), database, table, chunk: &table.chunks[job.chunk] };
        match find(session, part, &text.suspects).await {
            Ok(typed) => Ok(typed),
            Err(Trouble::Server(error)) => Err(error).during_read(&plan.dump, plan.scn, || {
                format!("read the types of values in {full}, piece {}", job.number())
            }),
            Err(Trouble::Unwritable(place, document)) => Err(Error::ValueUnwritable {
                column: format!("{full}.{}", identifier(&table.columns[place].name)),
                row: format!("{:.60}", String::from_utf8_lossy(&document)),
                why: Unwritable::FromFunction.problem_id(),
                number: String::new(),
            }),
        }
    }

    /// Reports a value that exceeds the source's current limit, which may have been larger before.
    fn large_value(&self, table: &str, longest: usize) -> Option<Text> {
        (longest > self.packet_limit).then(|| {
            Text::new("dump-value-large")
                .with("table", table)
                .with("size", size::bytes(longest as u64))
                .with("limit", self.packet_limit)
                .with("needed", longest.next_power_of_two())
        })
    }

    async fn push(&self, output: &mut PieceOutput, text: Vec<u8>, rows: u64) -> Result<Vec<u8>> {
        let (raw_bytes, before) = (text.len() as u64, output.bytes);
        let empty = output.push(text).await?;
        self.meter.change(|progress| {
            progress.rows += rows;
            progress.raw_bytes += raw_bytes;
            progress.bytes += output.bytes - before;
        });
        Ok(empty)
    }
}

/// The result of reading a piece.
enum Read {
    /// The piece is complete.
    Whole(Box<(Settled, Piece)>),
    /// The piece must be read again, with these documents.
    Typed(Typed),
}

/// Returns the length of the longest value of a row.
fn longest_value<'v>(table: &TablePlan, value: impl Fn(usize) -> Option<&'v [u8]>) -> usize {
    (0..table.columns.len()).filter_map(|place| value(place).map(<[u8]>::len)).max().unwrap_or(0)
}

/// Names a row by its key, or by its place among the rows that were read.
fn row_name<'v>(table: &TablePlan, rows_before: u64, value: impl Fn(usize) -> Option<&'v [u8]>) -> String {
    let part = |key: &Column| {
        let place = table.columns.iter().position(|column| column.name == key.name)?;
        let text = value(place).map_or("NULL".into(), String::from_utf8_lossy);
        Some(format!("{} = {text:.60}", identifier(&key.name)))
    };
    let parts: Option<Vec<String>> = table.key.iter().map(part).collect();
    parts
        .filter(|parts| !parts.is_empty())
        .map_or_else(|| format!("#{}", rows_before + 1), |parts| parts.join(", "))
}

/// Checks that each table is still as planned, or leaves out those that are not.
async fn leave_out_changed(source: &Source, plan: &Plan, lost: &Lost) -> Result<()> {
    let changed = changed(source, plan).await?;
    let tables = changed.iter().map(|(database, table)| full_name(database, table)).collect();
    let error = Error::SchemaChanged { dump: plan.dump.clone(), tables };
    if !changed.is_empty() && !lost.takes(&error) {
        return Err(error);
    }
    for (database, table) in changed {
        lost.add(&plan.consent, &database, &table, &error);
    }
    Ok(())
}

/// Returns the tables that are no longer the planned ones, with their databases. After a change of a table during a
/// dump, the server fails most reads, but not all: a column that was dropped and added again reads as its default.
async fn changed(source: &Source, plan: &Plan) -> Result<Vec<(String, String)>> {
    let mut session = source.open_for_definitions().await?;
    let mut changed = Vec::new();
    for database in &plan.databases {
        let definitions = Definitions::read(&mut session, &database.name).await;
        let definitions = definitions.during(|| format!("read the catalogue of `{}`", database.name))?;
        let touched =
            database.tables.iter().filter(|table| !definitions.is_untouched(&table.name, &table.identity));
        for table in touched {
            let full = full_name(&database.name, &table.name);
            let now = match definitions.table(&mut session, &table.name).await {
                Err(error) if matches!(error.number(), Some(1146 | 1049)) => None,
                now => now.during(|| format!("read the definition of {full}"))?,
            };
            let now = now.map(|definition| definitions.identity(&table.name, &definition));
            if !now.is_some_and(|now| table.identity.is_of(&now)) {
                changed.push((database.name.clone(), table.name.clone()));
            }
        }
    }
    session.close().await;
    Ok(changed)
}
