//! What would be dumped, and what stands against it, found out without writing anything.

use model::Problem;
use model::text::Text;
use model::version::{Product, ServerVersion, Version};
use oceanbase::grants::Grants;
use oceanbase::{Session, catalog};

use crate::dumping::survey::{Readers, chosen_databases, survey};
use crate::error::{DuringSql as _, Error, Result};
use crate::plan::Selection;
use crate::source::Source;

/// What would be dumped, and what stands against it.
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
    /// Reasons to refuse. A dump fails on each.
    pub problems: Vec<Problem>,
    /// What the reader of the log should know: left out, read in one go, short retention.
    pub notes: Vec<Text>,
}

/// Looks at the server, on at most so many connections beside one, without changing anything.
///
/// # Errors
/// Fails when the server does, when it is none that a dump can be taken of, or when what was chosen is not there.
pub async fn preflight(source: &Source, selection: &Selection, connections: usize) -> Result<Preflight> {
    let mut session = source.open_for_definitions().await?;
    check_server(session.server())?;
    let databases = chosen_databases(&mut session, selection).await?;
    let mut found = survey(&mut session, Readers { source, connections }, selection, &databases).await?;
    note_around(&mut session, selection, &databases, &mut found.notes).await?;
    let tables = || found.databases.iter().flat_map(|database| &database.tables);
    let preflight = Preflight {
        server: session.server().clone(),
        tables: tables().count() as u64,
        views: found.databases.iter().map(|database| database.views.len() as u64).sum(),
        rows_guess: tables().map(|table| table.rows_guess).sum(),
        bytes_guess: tables().map(|table| table.bytes_guess).sum(),
        databases,
        problems: found.problems,
        notes: found.notes,
    };
    session.close().await;
    Ok(preflight)
}

/// Says what a dump would leave behind, and what bounds it, without looking at any table: [`take_snapshot`] does that,
/// and refuses, before it writes anything.
///
/// [`take_snapshot`]: crate::take_snapshot
///
/// # Errors
/// Fails when the server does, when it is none that a dump can be taken of, or when what was chosen is not there.
pub async fn warnings(mut session: Session, selection: &Selection) -> Result<Vec<Text>> {
    check_server(session.server())?;
    let databases = chosen_databases(&mut session, selection).await?;
    let mut notes = Vec::new();
    note_around(&mut session, selection, &databases, &mut notes).await?;
    session.close().await;
    Ok(notes)
}

async fn note_around(
    session: &mut Session,
    selection: &Selection,
    databases: &[String],
    notes: &mut Vec<Text>,
) -> Result<()> {
    for database in databases {
        note_left_out(session, database, notes).await?;
    }
    if selection.is_all() {
        let accounts = catalog::accounts(session).await.during(|| "read the users".to_owned())?;
        notes.extend(accounts.is_none().then(|| Text::new("dump-accounts-unseen")));
    }
    note_privileges(session, databases, selection.is_all(), notes).await?;
    note_retention(session, notes).await
}

/// Refuses servers that several connections can't see at one moment, or whose definitions are printed otherwise.
pub(super) fn check_server(server: &ServerVersion) -> Result<()> {
    let supported = match server.product {
        Product::Seekdb => true,
        Product::Oceanbase => server.version >= Version::new(4, 0, 0),
        Product::Mysql => server.version >= Version::new(5, 7, 0),
        Product::Mariadb => server.version >= Version::new(10, 2, 0),
    };
    if supported { Ok(()) } else { Err(Error::SourceUnsupported { server: server.to_string() }) }
}

/// Says what a dump leaves behind.
async fn note_left_out(session: &mut Session, database: &str, notes: &mut Vec<Text>) -> Result<()> {
    let others = catalog::other_objects(session, database).await;
    for (what, count) in others.during(|| format!("list what else is in `{database}`"))? {
        let note = Text::new("dump-kind-of-object-left-out").with("count", count).with("what", what);
        notes.push(note.with("database", database));
    }
    Ok(())
}

/// Says which privileges are missing. A server answers whoever lacks one with less, not with an error: SHOW TRIGGERS
/// with an empty list.
async fn note_privileges(
    session: &mut Session,
    databases: &[String],
    is_all: bool,
    notes: &mut Vec<Text>,
) -> Result<()> {
    let grants = Grants::read(session).await.during(|| "read the user's privileges".to_owned())?;
    if grants.has_roles() {
        return Ok(()); // what they hold is not seen
    }
    if is_all && !grants.has_everywhere("SELECT") {
        notes.push(Text::new("dump-sees-part").with("databases", databases.join(", ")));
    }
    let needed: &[&str] = if session.server().product.is_oceanbase() {
        &["SELECT", "SHOW VIEW", "TRIGGER"]
    } else {
        &["SELECT", "SHOW VIEW", "TRIGGER", "RELOAD", "PROCESS"] // to lock, and to tell tables from their successors
    };
    for &privilege in needed {
        let lacking: Vec<&str> =
            databases.iter().filter(|name| !grants.has_on(name, privilege)).map(String::as_str).collect();
        if !lacking.is_empty() {
            let note = Text::new("dump-privilege-missing").with("privilege", privilege);
            notes.push(note.with("databases", lacking.join(", ")));
        }
    }
    Ok(())
}

/// How long old versions of rows are kept bounds how long a broken dump can be resumed.
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
