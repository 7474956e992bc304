//! Parsing and changing the statements that create tables and views.
//!
//! They are bytes, because a default of a binary column may not be text. The code here only understands the words,
//! quotes and brackets of SQL; unrecognized parts are not changed.

pub(crate) mod code;
pub(crate) mod database;
pub(crate) mod form;
pub(crate) mod grant;
pub(crate) mod group;
pub(crate) mod installation;
pub(crate) mod qualified;
pub(crate) mod qualify;
pub(crate) mod questionable;
pub(crate) mod repair;
pub(crate) mod requote;
pub(crate) mod table;
pub(crate) mod token;
