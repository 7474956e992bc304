//! The check before a dump: the objects to dump and the obstacles, without writing anything.

use model::Problem;
use model::inventory::{Consent, LeftOut};
use model::text::Text;
use model::version::{Product, ServerVersion, Version};
use oceanbase::grants::Grants;
use oceanbase::{Session, catalog};

use crate::dumping::left_out::{Scope, left_out};
use crate::dumping::names;
use crate::dumping::survey::{Readers, chosen_databases, survey};
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::Selection;
use crate::source::Source;

/// The objects to dump, and the obstacles.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// The server.
    pub server: ServerVersion,
    /// The databases.
    pub databases: Vec<String>,
    /// How many tables.
    pub tables: u64,
    /// How many views.
    pub views: u64,
    /// How many rows, as the server guesses.
    pub rows_guess: u64,
    /// How many bytes they take, as the server guesses.
    pub bytes_guess: u64,
    /// Why nothing can be dumped; empty if something can.
    pub problems: Vec<Problem>,
    /// What a dump leaves out, or may leave out.
    pub left_out: Vec<LeftOut>,
    /// What the reader of the log should know: read in one go, short retention.
    pub notes: Vec<Text>,
}

/// Checks the server without changing anything, on one connection and at most `connections` others.
///
/// # Errors
/// Fails if the server does, if it is unsupported, or if a selected object does not exist.
pub async fn preflight(
    source: &Source,
    selection: &Selection,
    consent: &Consent,
    connections: usize,
) -> Result<Preflight> {
    let mut session = source.open_for_definitions().await?;
    check_server(session.server())?;
    let (selection, consent) = names::resolve(&mut session, selection, consent).await?;
    let scope = Scope { selection: &selection, consent: &consent };
    let mut databases = chosen_databases(&mut session, scope).await?;
    let mut found = survey(&mut session, Readers { source, connections }, scope, &databases).await?;
    databases.retain(|name| found.mentions(name));
    found.add_lost(left_out(&mut session, scope, &databases).await?);
    note_privileges(&mut session, &mut found.notes).await?;
    note_retention(&mut session, &mut found.notes).await?;
    let problems = found.problems();
    let tables = || found.databases.iter().flat_map(|database| &database.tables);
    let preflight = Preflight {
        server: session.server().clone(),
        tables: tables().count() as u64,
        views: found.databases.iter().map(|database| database.views.len() as u64).sum(),
        rows_guess: tables().map(|table| table.rows_guess).sum(),
        bytes_guess: tables().map(|table| table.bytes_guess).sum(),
        databases,
        problems,
        left_out: found.left_out,
        notes: found.notes,
    };
    session.close().await;
    Ok(preflight)
}

/// Reports the limits of a dump, without reading any table: [`take_snapshot`] does that, and finds what the dump
/// leaves out, before it writes anything.
///
/// [`take_snapshot`]: crate::take_snapshot
///
/// # Errors
/// Fails if the server does, or if it is unsupported.
pub async fn warnings(mut session: Session) -> Result<Vec<Text>> {
    check_server(session.server())?;
    let mut notes = Vec::new();
    note_privileges(&mut session, &mut notes).await?;
    note_retention(&mut session, &mut notes).await?;
    session.close().await;
    Ok(notes)
}

/// Refuses servers whose connections cannot see one snapshot, or whose definitions are printed in another form.
pub(super) fn check_server(server: &ServerVersion) -> Result<()> {
    let supported = match server.product {
        Product::Seekdb => true,
        Product::Oceanbase => server.version >= Version::new(4, 0, 0),
        Product::Mysql => server.version >= Version::new(5, 7, 0),
        Product::Mariadb => server.version >= Version::new(10, 2, 0),
    };
    if supported { Ok(()) } else { Err(Error::SourceUnsupported { server: server.to_string() }) }
}

/// Reports missing privileges that do not concern objects: MySQL and MariaDB need `RELOAD` to lock tables, and
/// `PROCESS` shows whether a table was exchanged.
async fn note_privileges(session: &mut Session, notes: &mut Vec<Text>) -> Result<()> {
    if session.server().product.is_oceanbase() {
        return Ok(());
    }
    let grants = Grants::read(session).await.during(|| "read the user's privileges".to_owned())?;
    let needed = [("RELOAD", "dump-reload-missing"), ("PROCESS", "dump-process-missing")];
    let lacking = needed.into_iter().filter(|(privilege, _)| !grants.has_everywhere(privilege));
    notes.extend(lacking.map(|(privilege, id)| Text::new(id).with("privilege", privilege)));
    Ok(())
}

/// Reports how long old row versions are kept, which limits how long an interrupted dump can be resumed.
async fn note_retention(session: &mut Session, notes: &mut Vec<Text>) -> Result<()> {
    let seconds = catalog::variable(session, "undo_retention").await;
    if let Some(seconds) = seconds.during(|| "read undo_retention".to_owned())? {
        notes.push(Text::new("dump-retention").with("seconds", seconds));
    }
    Ok(())
}

/// Turns reasons to refuse into an error.
pub(super) fn refuse(problems: Vec<Problem>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::CannotCarry { problems }) }
}
