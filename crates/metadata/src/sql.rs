//! One SQL statement with its values, and one returned row. Only integers and texts are stored, because every
//! database returns them unchanged.

use std::borrow::Cow;

use engine::Moment;
use model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, MySql, Row as _, Sqlite, Type};

use crate::error::Error;

/// A value in a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Nothing,
    Integer(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u64> for Value {
    /// Keeps all bits: numbers of 2^63 and above are stored as negative ones, and converted back when read.
    fn from(value: u64) -> Self {
        Self::Integer(value.cast_signed())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Integer(value.0)
    }
}

impl From<Moment> for Value {
    fn from(value: Moment) -> Self {
        Self::Integer(value.0)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// Returns a value's JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("what we store has a JSON form: its maps have texts as keys")
}

/// Returns the word that a value without fields is stored as: its serde name.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("only what serialises to one word is stored as one: {other:?}"),
    }
}

/// A statement. Its text is composed only of texts in this program; everything else is a value.
#[derive(Debug)]
pub(crate) struct Statement {
    /// What it does, for messages.
    pub(crate) verb: &'static str,
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

/// Returns a statement with this `verb`.
pub(crate) fn statement(verb: &'static str, sql: &'static str) -> Statement {
    Statement { verb, sql: Cow::Borrowed(sql), values: Vec::new() }
}

impl Statement {
    /// Binds the next `?` to a value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends to the text.
    pub(crate) fn push(mut self, sql: &'static str) -> Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Appends a condition with one value.
    pub(crate) fn and(self, sql: &'static str, value: impl Into<Value>) -> Self {
        self.push(" AND ").push(sql).bind(value)
    }

    /// Appends a condition, unless there is no value for it.
    pub(crate) fn and_if<T: Into<Value>>(self, sql: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.and(sql, value),
            None => self,
        }
    }

    /// Appends the condition that the column has one of these values; without values, no condition.
    pub(crate) fn and_one_of<T: Into<Value>>(
        self,
        column: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return self };
        let begun = self.push(" AND ").push(column).push(" IN (?").bind(first);
        values.fold(begun, |statement, value| statement.push(", ?").bind(value)).push(")")
    }
}

/// Returns what the rows contain. A row that cannot be read, for example because a newer version wrote it, is logged and
/// left out, so that it does not hide the others.
pub(crate) fn readable<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, Error>) -> Vec<T> {
    let report = |row: &Row, error: &Error| {
        let id = row.integer_or_none("id").ok().flatten();
        tracing::error!(verb = row.verb, id, %error, "a stored row cannot be read, and is left out");
    };
    rows.iter().filter_map(|row| read(row).inspect_err(|error| report(row, error)).ok()).collect()
}

/// A row that was read.
pub(crate) struct Row {
    pub(crate) verb: &'static str,
    pub(crate) inner: Inner,
}

pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Mysql(MySqlRow),
}

impl Row {
    fn get<'r, T>(&'r self, column: &'static str) -> Result<T, Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, MySql> + Type<MySql>,
    {
        let read = match &self.inner {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Mysql(row) => row.try_get(column),
        };
        read.map_err(|cause| Error::Database { verb: self.verb, cause })
    }

    pub(crate) fn integer(&self, column: &'static str) -> Result<i64, Error> {
        self.get(column)
    }

    pub(crate) fn integer_or_none(&self, column: &'static str) -> Result<Option<i64>, Error> {
        self.get(column)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        self.get(column)
    }

    pub(crate) fn text_or_none(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.get(column)
    }

    pub(crate) fn small(&self, column: &'static str) -> Result<u32, Error> {
        u32::try_from(self.integer(column)?).map_err(|cause| self.unreadable(column, cause))
    }

    /// Reads a value that was written as a `u64`.
    pub(crate) fn large(&self, column: &'static str) -> Result<u64, Error> {
        self.integer(column).map(i64::cast_unsigned)
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, Error> {
        self.integer(column).map(|value| value != 0)
    }

    pub(crate) fn timestamp(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.integer(column).map(Timestamp)
    }

    pub(crate) fn moment(&self, column: &'static str) -> Result<Moment, Error> {
        self.integer(column).map(Moment)
    }

    pub(crate) fn moment_or_none(&self, column: &'static str) -> Result<Option<Moment>, Error> {
        Ok(self.integer_or_none(column)?.map(Moment))
    }

    /// Reads a value that [`json`] wrote.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|cause| self.unreadable(column, cause))
    }

    /// Reads a value that [`json`] wrote, if there is one.
    pub(crate) fn json_or_none<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, Error> {
        let text: Option<&str> = self.get(column)?;
        text.map(serde_json::from_str).transpose().map_err(|cause| self.unreadable(column, cause))
    }

    /// Reads a value that [`word`] wrote.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let text = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(text).map_err(|cause| self.unreadable(column, cause))
    }

    fn unreadable(
        &self,
        column: &'static str,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        Error::Unreadable { verb: self.verb, column, cause: Box::new(cause) }
    }
}
