//! The form of each statement of a dump: a single statement that creates the object it is stored under.
//!
//! A server's SHOW CREATE prints some names without quoting them properly, and a dump may be forged. So a statement is
//! checked when it is written into a dump, and again before a load runs anything. What is not understood is refused.

mod account;
mod body;
mod code;
mod outline;
mod reader;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use reader::Refusal;

use crate::ddl::form::reader::Reader;
use crate::ddl::token::Quoting;
use crate::schema_file::{SchemaKind, SchemaObject};
use crate::table_settings::{is_context_of_tables, is_mode_of_tables};

/// Checks the statement of an object against what its kind allows.
///
/// # Errors
/// Reports what in it is not allowed.
pub(crate) fn check(object: &SchemaObject) -> Result<(), Refusal> {
    let (name, sql) = (object.name.as_str(), object.statement.as_slice());
    let quoting = Quoting::of_mode(object.mode.as_deref().unwrap_or_default());
    check_settings(object)?;
    match object.kind {
        SchemaKind::Table => table::check(Reader::strict(sql)?, name),
        SchemaKind::View => view::check(Reader::with_hints(sql)?, name),
        SchemaKind::BrokenView => Ok(()), // comment lines, which nobody runs
        SchemaKind::Procedure => code::check(sql, quoting, "PROCEDURE", name),
        SchemaKind::Function => code::check(sql, quoting, "FUNCTION", name),
        SchemaKind::Trigger => code::check(sql, quoting, "TRIGGER", name),
        SchemaKind::Event => code::check(sql, quoting, "EVENT", name),
        SchemaKind::Outline => outline::check(Reader::with_hints(sql)?, name),
        SchemaKind::Sequence => sequence::check(Reader::strict(sql)?, name),
        SchemaKind::SequenceValue => sequence::check_value(Reader::strict(sql)?, name),
        SchemaKind::Account => account::check_creation(Reader::strict(sql)?, name),
        SchemaKind::AccountChange => account::check_change(Reader::strict(sql)?, name),
        SchemaKind::Grant => account::check_grant(Reader::strict(sql)?, name),
    }
}

/// Checks the session variables that an object is created under. Under others, the server could read a statement of a
/// table otherwise than the check.
fn check_settings(object: &SchemaObject) -> Result<(), Refusal> {
    let refused = |what: &str| Err(Refusal(format!("it is created under {what}")));
    let SchemaObject { mode, context, zone, .. } = object;
    match object.kind {
        SchemaKind::Table => {
            if let Some(mode) = mode.as_deref().filter(|mode| !is_mode_of_tables(mode)) {
                return refused(&format!("the sql_mode `{mode}`"));
            }
            if let Some(context) = context.as_ref().filter(|context| !is_context_of_tables(context)) {
                return refused(&format!("the collation `{}`", context.collation));
            }
            Ok(())
        }
        SchemaKind::Sequence
        | SchemaKind::SequenceValue
        | SchemaKind::Account
        | SchemaKind::AccountChange
        | SchemaKind::Grant
            if mode.is_some() || context.is_some() || zone.is_some() =>
        {
            refused("variables that it does not need")
        }
        _ => Ok(()),
    }
}

/// Checks the statement that creates a database.
///
/// # Errors
/// Reports what in it is not allowed.
pub(crate) fn check_database(sql: &[u8], name: &str) -> Result<(), Refusal> {
    table::check_database(Reader::strict(sql)?, name)
}
