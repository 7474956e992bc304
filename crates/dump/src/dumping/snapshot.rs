//! The snapshot of a dump: taken, planned and pinned, or found again.
//!
//! The order ensures that no change of a table is missed: read the identities of the tables, pin, take the SCN, read
//! the identities again. A table that is replaced in between, as by an online schema change, would otherwise be read
//! half-filled at the SCN, without an error.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::inventory::LeftOut;
use oceanbase::catalog::{self, TableKind};
use oceanbase::snapshot::{self, Pin};
use oceanbase::{Error as SqlError, Session};
use storage::Client;

use crate::archive::Archive;
use crate::dumping::Options;
use crate::dumping::definition::Kept;
use crate::dumping::left_out::{is_change, left_out};
use crate::dumping::names;
use crate::dumping::planning::Planning;
use crate::dumping::preflight::{check_server, refuse};
use crate::dumping::restless::{ATTEMPTS, Changes, STILL_ATTEMPTS};
use crate::dumping::resume::{origin, refuse_other};
use crate::dumping::survey::{Readers, Survey, chosen_databases, identities, survey};
use crate::dumping::together::{Lock, Together, now};
use crate::error::{DuringIo as _, DuringSql as _, Error, Result};
use crate::id::DumpId;
use crate::layout::ObjectKey;
use crate::moment::Moment;
use crate::plan::{Plan, full_name};
use crate::signing::SigningKey;
use crate::source::Source;

/// The wait for the server's next second.
const NEXT_SECOND: Duration = Duration::from_millis(1100);

/// The snapshot of a dump. Keep it until the dump's data are complete: while it exists, the server keeps the snapshot
/// readable. After a crash, or when a flow cannot keep it between two steps, [`resume_snapshot`] opens it again, as
/// long as the server still has it.
///
/// On MySQL and MariaDB, the snapshot lives in the connections that read it, and cannot be opened again.
pub struct Snapshot {
    plan: Arc<Plan>,
    hold: Hold,
    /// The table statements that were read for the plan; none if the snapshot was opened again.
    kept: Mutex<Kept>,
    /// The key that signs the dump.
    signer: Option<SigningKey>,
    /// Whether tables that change in the meantime are left out.
    leave_out_changed: bool,
}

/// The transaction that keeps the snapshot readable.
enum Hold {
    /// OceanBase's transaction that pins the SCN for all connections.
    Pin(Box<Pin>),
    /// The connections that see the snapshot.
    Together(Arc<Together>),
}

impl Hold {
    async fn release(self) {
        match self {
            Self::Pin(pin) => pin.release().await,
            Self::Together(together) => together.end().await,
        }
    }
}

impl Snapshot {
    /// Returns the dump's plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Returns the SCN.
    #[must_use]
    pub fn scn(&self) -> u64 {
        self.plan.scn
    }

    /// Releases the snapshot. After a drop, it is released when the server notices the closed connection.
    pub async fn release(self) {
        self.hold.release().await;
    }

    /// Returns the key that signs the dump.
    pub(super) fn signer(&self) -> Option<&SigningKey> {
        self.signer.as_ref()
    }

    /// Returns whether tables that change in the meantime are left out.
    pub(super) fn leaves_out_changed(&self) -> bool {
        self.leave_out_changed
    }

    /// Returns the statements that were read when the snapshot was taken.
    pub(super) fn take_kept(&self) -> Kept {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the connections that see the snapshot, if other connections cannot.
    pub(super) fn together(&self) -> Option<Arc<Together>> {
        match &self.hold {
            Hold::Pin(_) => None,
            Hold::Together(together) => Some(Arc::clone(together)),
        }
    }

    /// Returns the number of connections that can read, if this many are requested.
    pub(super) fn most_connections(&self, wished: usize) -> usize {
        match &self.hold {
            Hold::Pin(_) => wished,
            Hold::Together(together) => wished.min(together.count()),
        }
    }
}

/// Takes the snapshot and plans a new dump.
///
/// # Errors
/// [`Error::IdTaken`] when the dump's folder is not empty; [`Error::CannotCarry`] when the server has objects that a
/// dump would lose.
pub async fn take_snapshot(
    source: &Source,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Snapshot> {
    let archive = Archive::signing(client, dump, options.signer.as_ref());
    let taken = || Error::IdTaken { dump: dump.clone() };
    if !client.list(dump.as_str()).await.during(|| format!("list the folder {dump}"))?.is_empty() {
        return Err(taken());
    }
    clear_orphans(client).await;
    let mut session = source.open_for_reading().await?;
    check_server(session.server())?;
    let origin = origin(source, &mut session).await?;
    let options = &names::resolved(&mut session, options).await?;
    let (plan, hold, kept) = if session.server().product.is_oceanbase() {
        let still = Box::pin(stand_still(source, &mut session, options));
        let ((pin, scn, mut survey), lost) = tokio::try_join!(still, look_around(source, options))?;
        survey.add_lost(lost);
        refuse(survey.problems())?;
        let kept = std::mem::take(&mut survey.kept);
        let planning = Planning::new(dump, options, session.server(), origin, scn);
        (planning.plan_on_many(source, survey).await?, Hold::Pin(Box::new(pin)), kept)
    } else {
        let (together, scn, mut survey) = Box::pin(begin_together(source, options)).await?;
        survey.add_lost(look_around(source, options).await?);
        refuse(survey.problems())?;
        let mut reader = together.take().ok_or_else(|| Error::SnapshotLost { dump: dump.clone() })?;
        let planning = Planning::new(dump, options, session.server(), origin, scn);
        let plan = planning.plan_on_one(&mut reader, survey).await?;
        together.give(reader);
        (plan, Hold::Together(Arc::new(together)), Kept::default())
    };
    session.close().await;
    if archive.write_new_sealed(ObjectKey::Plan, &plan).await? {
        let signer = options.signer.clone();
        let leave_out_changed = options.leave_out_changed;
        return Ok(Snapshot {
            plan: Arc::new(plan),
            hold,
            kept: Mutex::new(kept),
            signer,
            leave_out_changed,
        });
    }
    hold.release().await; // another process planned a dump with this ID first
    Err(taken())
}

/// Removes the unfinished files of killed dumps; a file that cannot be removed is harmless.
async fn clear_orphans(client: &Client) {
    match client.clear_orphans(|folder| folder.parse::<DumpId>().is_ok()).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "unfinished files of a dump that was killed are removed"),
        Err(error) => tracing::warn!(%error, "unfinished files of an earlier dump may stay behind"),
    }
}

/// Pins the snapshot of an interrupted dump, to complete it.
///
/// # Errors
/// [`Error::NothingToResume`] when there is no plan of that id, [`Error::AlreadyComplete`] when there is a manifest,
/// [`Error::ResumeDiffers`] when the dump belongs to another server or was started with other options, and
/// [`Error::SnapshotGone`] or [`Error::SnapshotLost`] when its snapshot can no longer be read.
pub async fn resume_snapshot(
    source: &Source,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Snapshot> {
    let archive = Archive::signing(client, dump, options.signer.as_ref());
    let plan = archive.plan().await?.ok_or_else(|| Error::NothingToResume { dump: dump.clone() })?;
    if archive.manifest().await?.is_some() {
        return Err(Error::AlreadyComplete { dump: dump.clone() });
    }
    pin_again(source, plan, options).await
}

/// Takes a snapshot, or resumes the dump of that id. For a caller that generated a random ID, does not share it, and
/// may have crashed since.
///
/// # Errors
/// As [`take_snapshot`] and [`resume_snapshot`].
pub async fn take_or_resume_snapshot(
    source: &Source,
    client: &Client,
    dump: &DumpId,
    options: &Options,
) -> Result<Snapshot> {
    let archive = Archive::signing(client, dump, options.signer.as_ref());
    if archive.plan().await?.is_none() {
        match take_snapshot(source, client, dump, options).await {
            Err(Error::IdTaken { .. }) => {} // an earlier run of the caller may have taken it
            taken => return taken,
        }
    }
    let plan = archive.plan().await?.ok_or_else(|| Error::IdTaken { dump: dump.clone() })?;
    pin_again(source, plan, options).await
}

/// Pins the snapshot of an earlier plan, after checking that it is the same dump and can still be read.
async fn pin_again(source: &Source, mut plan: Plan, options: &Options) -> Result<Snapshot> {
    if plan.moment() == Moment::Transaction {
        return Err(Error::SnapshotLost { dump: plan.dump });
    }
    let mut session = source.open().await?;
    let origin = origin(source, &mut session).await?;
    let typed = options;
    let options = match names::resolved(&mut session, typed).await {
        // A selected or excluded object was dropped meanwhile.
        Err(Error::NothingThere { .. } | Error::NothingToExclude { .. }) => names::as_planned(typed, &plan),
        resolved => resolved?,
    };
    if (&plan.selection, &plan.consent) == (&typed.selection, &typed.consent) {
        // Older versions planned with the names as they were typed.
        (plan.selection, plan.consent) = (options.selection.clone(), options.consent.clone());
    }
    refuse_other(&plan, session.server(), origin.as_deref(), &options)?;
    let anchor = anchor_of(&mut session, &plan, options.leave_out_changed).await?;
    session.close().await;
    let pin = Pin::open(&source.endpoint, Arc::clone(&source.witness), anchor).await;
    let pin =
        pin.during_read(&plan.dump, plan.scn, || "open the transaction that keeps the snapshot".to_owned())?;
    let (kept, signer) = (Mutex::default(), options.signer.clone());
    let (plan, hold, leave_out_changed) =
        (Arc::new(plan), Hold::Pin(Box::new(pin)), options.leave_out_changed);
    Ok(Snapshot { plan, hold, kept, signer, leave_out_changed })
}

/// Returns the first table of the plan, after checking that it can be read at the plan's SCN. If changed tables are left
/// out, it is the first that still can; if there is none, the check fails as for the first.
async fn anchor_of<'p>(
    session: &mut Session,
    plan: &'p Plan,
    leave_out_changed: bool,
) -> Result<Option<(&'p str, &'p str)>> {
    let mut refused = Ok(None);
    for database in &plan.databases {
        for table in &database.tables {
            let (database, table) = (database.name.as_str(), table.name.as_str());
            let probed = snapshot::probe(session, plan.scn, database, table).await;
            let probed =
                probed.during_read(&plan.dump, plan.scn, || format!("read {}", full_name(database, table)));
            match probed {
                Ok(()) => return Ok(Some((database, table))),
                Err(error) if leave_out_changed && is_change(&error) => refused = refused.and(Err(error)),
                Err(error) => return Err(error),
            }
        }
    }
    refused
}

/// Finds the objects besides tables that the dump leaves out.
async fn look_around(source: &Source, options: &Options) -> Result<Vec<LeftOut>> {
    let mut session = source.open_for_definitions().await?;
    let databases = chosen_databases(&mut session, options.scope()).await?;
    let found = left_out(&mut session, options.scope(), &databases).await?;
    session.close().await;
    Ok(found)
}

/// Takes an SCN at which no table was being changed. Tables that change during each attempt are left out.
async fn stand_still(
    source: &Source,
    session: &mut Session,
    options: &Options,
) -> Result<(Pin, u64, Survey)> {
    let readers = Readers { source, connections: options.connections };
    for attempt in 1..=ATTEMPTS {
        let databases = chosen_databases(session, options.scope()).await?;
        let before = identities(session, &databases).await?;
        let anchor = match &before {
            Some(known) => known.iter().find_map(|(database, tables)| {
                tables.keys().next().map(|table| (database.clone(), table.clone()))
            }),
            None => first_table(session, &databases).await?,
        };
        let anchor = anchor.as_ref().map(|(database, table)| (database.as_str(), table.as_str()));
        let mut pin = match Pin::open(&source.endpoint, Arc::clone(&source.witness), anchor).await {
            Ok(pin) => pin,
            Err(SqlError::Server { number: 1146 | 1049, .. }) => continue, // dropped after it was listed
            Err(error) => {
                return Err(error).during(|| "open the transaction that keeps the snapshot".to_owned());
            }
        };
        let scn = pin.current_scn().await.during(|| "ask for the SCN".to_owned())?;
        let mut survey = survey(session, readers, options.scope(), &databases).await?;
        let after = identities(session, &databases).await?;
        let there = chosen_databases(session, options.scope()).await?;
        let changes = Changes::of_tables(options.scope(), &before, &after).and_databases(&databases, &there);
        if changes.settle(attempt, &mut survey, options.scope())? {
            return Ok((pin, scn, survey));
        }
        pin.release().await;
    }
    Err(Error::SchemaRestless { attempts: ATTEMPTS, tables: Vec::new() })
}

/// Starts the transactions of all connections together, while no table is changed or written. Tables that change
/// during every attempt are left out.
async fn begin_together(source: &Source, options: &Options) -> Result<(Together, u64, Survey)> {
    let readers = Readers { source, connections: options.connections };
    for attempt in 1..=ATTEMPTS {
        let mut lock = Lock::take(source, options.lock_wait).await?;
        let databases = chosen_databases(lock.session(), options.scope()).await?;
        let before = identities(lock.session(), &databases).await?;
        let together = Together::begin(source, &lock, options.connections).await?;
        let scn = lock.now().await?;
        let mut session = lock.release().await?;
        // A table that was changed in this second may be changed again in it, without a visible difference.
        let just_now = Changes::default().and_within(options.scope(), &before, scn, scn);
        if !just_now.is_empty() && attempt <= STILL_ATTEMPTS {
            together.end().await;
            session.close().await;
            tokio::time::sleep(NEXT_SECOND).await;
            continue;
        }
        // From here on, other clients can write and change tables again, so the identities are compared with the
        // earlier ones.
        let mut survey = survey(&mut session, readers, options.scope(), &databases).await?;
        let after = identities(&mut session, &databases).await?;
        // After the clock was set back, changes may carry future seconds that have passed in the meantime.
        let until = now(&mut session).await?;
        session.close().await;
        let changes = Changes::of_tables(options.scope(), &before, &after);
        let changes = changes.and_within(options.scope(), &before, scn, until);
        if changes.settle(attempt, &mut survey, options.scope())? {
            return Ok((together, scn, survey));
        }
        together.end().await;
    }
    Err(Error::SchemaRestless { attempts: ATTEMPTS, tables: Vec::new() })
}

/// Opens a connection that reads the plan's snapshot.
pub(super) async fn open(plan: &Plan, together: Option<&Together>, source: &Source) -> Result<Session> {
    match together {
        None => source.open().await,
        Some(together) => together.take().ok_or_else(|| Error::SnapshotLost { dump: plan.dump.clone() }),
    }
}

/// Ends the connection, or keeps it for the next reader.
pub(super) async fn close(together: Option<&Together>, session: Session) {
    match together {
        None => session.close().await,
        Some(together) => together.give(session),
    }
}

async fn first_table(session: &mut Session, databases: &[String]) -> Result<Option<(String, String)>> {
    for name in databases {
        let tables =
            catalog::tables(session, name).await.during(|| format!("list the tables of `{name}`"))?;
        if let Some(table) = tables.into_iter().find(|table| table.kind == TableKind::Base) {
            return Ok(Some((name.clone(), table.name)));
        }
    }
    Ok(None)
}
