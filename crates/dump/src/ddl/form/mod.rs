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

/// Checks the statement of an object against what its kind allows.
///
/// # Errors
/// Reports what in it is not allowed.
pub(crate) fn check(object: &SchemaObject) -> Result<(), Refusal> {
    let (name, sql) = (object.name.as_str(), object.statement.as_slice());
    let quoting = Quoting::of_mode(object.mode.as_deref().unwrap_or_default());
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

/// Checks the statement that creates a database.
///
/// # Errors
/// Reports what in it is not allowed.
pub(crate) fn check_database(sql: &[u8], name: &str) -> Result<(), Refusal> {
    table::check_database(Reader::strict(sql)?, name)
}
