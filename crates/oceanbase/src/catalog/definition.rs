//! The statements that create views and code, with the character set and collation of their creation: string literals
//! in them have that character set and collation.

use super::RoutineKind;
use crate::error::Error;
use crate::session::Session;
use crate::statement::{Statement, identifier};

/// The character set and collation that a statement was created with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// `character_set_client`: the encoding of the statement.
    pub client: String,
    /// `collation_connection`: the collation and character set of string literals.
    pub collation: String,
}

/// A statement that creates a view or code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The statement, in UTF-8.
    pub text: Vec<u8>,
    /// The context of its creation, if the server shows it.
    pub context: Option<Context>,
    /// The collation that the database of code had when it was created: parameters and variables of text have it.
    /// `None` on OceanBase and seekdb.
    pub database_collation: Option<String>,
}

/// Returns the statement that creates a view.
///
/// # Errors
/// Fails when there is no such view, or the server does.
pub async fn view_definition(session: &mut Session, database: &str, view: &str) -> Result<Definition, Error> {
    let sql = format!("SHOW CREATE VIEW {}.{}", identifier(database), identifier(view));
    definition(session, sql, 1).await
}

/// Returns the statement that creates a procedure or function.
///
/// # Errors
/// Fails when there is no such routine, or the server does.
pub async fn routine_definition(
    session: &mut Session,
    database: &str,
    name: &str,
    kind: RoutineKind,
) -> Result<Definition, Error> {
    let sql = format!("SHOW CREATE {} {}.{}", kind.word(), identifier(database), identifier(name));
    definition(session, sql, 2).await
}

/// Returns the statement that creates a trigger.
///
/// # Errors
/// Fails when there is no such trigger, or the server does.
pub async fn trigger_definition(
    session: &mut Session,
    database: &str,
    name: &str,
) -> Result<Definition, Error> {
    let sql = format!("SHOW CREATE TRIGGER {}.{}", identifier(database), identifier(name));
    definition(session, sql, 2).await
}

/// Returns the statement that creates an event.
///
/// # Errors
/// Fails when there is no such event, or the server does.
pub async fn event_definition(
    session: &mut Session,
    database: &str,
    name: &str,
) -> Result<Definition, Error> {
    let sql = format!("SHOW CREATE EVENT {}.{}", identifier(database), identifier(name));
    definition(session, sql, 3).await
}

/// Reads a definition; the statement is in that column.
async fn definition(session: &mut Session, sql: String, column: usize) -> Result<Definition, Error> {
    let statement = Statement::read(sql);
    let found = read(session, &statement, column).await?;
    let is_utf8 = |context: &Context| context.client.to_ascii_lowercase().starts_with("utf8");
    if session.server().product.is_oceanbase() || found.context.as_ref().is_none_or(is_utf8) {
        return Ok(found);
    }
    // A connection that reads definitions as bytes receives this one in its original character set.
    session.run(&Statement::read("SET SESSION character_set_results = utf8mb4")).await?;
    let found = read(session, &statement, column).await;
    session.run(&Statement::read("SET SESSION character_set_results = NULL")).await?;
    found
}

async fn read(session: &mut Session, statement: &Statement, column: usize) -> Result<Definition, Error> {
    let rows = session.rows(statement).await?;
    let row = rows.first().ok_or_else(|| Error::no_rows(statement))?;
    let text = row.bytes(column).map(<[u8]>::to_vec).ok_or_else(|| Error::no_rows(statement))?;
    let shown = |name: &str| {
        let name = if row.has(name) { row.maybe_str(name).ok().flatten() } else { None };
        name.filter(|name| !name.is_empty()).map(str::to_owned)
    };
    // For triggers, OceanBase shows a character set in the collation column.
    let is_collation = |name: &String| name.contains('_') || name.as_str() == "binary";
    let context = shown("character_set_client").zip(shown("collation_connection").filter(is_collation));
    let context = context.map(|(client, collation)| Context { client, collation });
    let has_own = !session.server().product.is_oceanbase();
    let database_collation = shown("Database Collation").filter(|_| has_own);
    Ok(Definition { text, context, database_collation })
}
