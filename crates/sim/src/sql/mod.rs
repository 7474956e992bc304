//! SQL text: tokens, parsing statements, and answering SELECTs with an embedded engine.

pub(crate) mod cursor;
pub(crate) mod engine;
mod functions;
mod rewrite;
pub(crate) mod table;
pub(crate) mod token;

pub(crate) use cursor::Cursor;
pub(crate) use table::{Answer, Column, Kind, Shape, Table, Value};
pub(crate) use token::Token;
