//! The result of a statement: rows, one by one or all at once, and their values.
//!
//! Values are the bytes that the server sent (text protocol). Reading a value as a number fails with an error that
//! names the column and the statement if it is none; nothing here panics on a server's answer.

use std::sync::Arc;
use std::time::Instant;

use crate::channel::{self, Channel};
use crate::error::{self, Error};
use crate::statement::{End, Statement};
use crate::wire::{Failure, Next, Places, Wire};

/// The columns of an answer, shared by its rows.
#[derive(Debug)]
pub(crate) struct Shape {
    statement: String,
    names: Vec<String>,
}

impl Shape {
    /// Returns the columns of the answer that is being received.
    pub(crate) fn of(statement: &Statement, names: Vec<String>) -> Arc<Self> {
        Arc::new(Self { statement: error::shortened(&statement.masked), names })
    }
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    shape: Arc<Shape>,
    /// The row as the server sent it.
    payload: Vec<u8>,
    places: Places,
}

/// A column by its index (from 0) or its name (case-insensitive: generations spell names differently).
pub trait Column: Copy {
    #[doc(hidden)]
    fn place(self, names: &[String]) -> Option<usize>;
    #[doc(hidden)]
    fn label(self, names: &[String]) -> String;
}

impl Column for usize {
    fn place(self, names: &[String]) -> Option<usize> {
        (self < names.len()).then_some(self)
    }

    fn label(self, names: &[String]) -> String {
        names.get(self).cloned().unwrap_or_else(|| format!("number {}", self + 1))
    }
}

impl Column for &str {
    fn place(self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name.eq_ignore_ascii_case(self))
    }

    fn label(self, _: &[String]) -> String {
        self.to_owned()
    }
}

impl Row {
    /// Returns an empty row, into which rows are received.
    pub(crate) fn empty(shape: &Arc<Shape>) -> Self {
        Self { shape: Arc::clone(shape), payload: Vec::new(), places: Places::default() }
    }

    /// Replaces this row with the next one.
    pub(crate) async fn receive(&mut self, wire: &mut Wire) -> Result<Next, Failure> {
        let next = wire.next(&mut self.payload).await?;
        self.found(next)
    }

    /// Returns the approximate memory size of the row.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.payload.capacity() + self.places.size()
    }

    /// Replaces this row with the next one, if all of it has already arrived.
    fn receive_arrived(&mut self, wire: &mut Wire) -> Result<Option<Next>, Failure> {
        match wire.next_arrived(&mut self.payload)? {
            Some(next) => self.found(next).map(Some),
            None => Ok(None),
        }
    }

    fn found(&mut self, next: Next) -> Result<Next, Failure> {
        if matches!(next, Next::Row) {
            self.places.find(&self.payload, self.shape.names.len())?;
        }
        Ok(next)
    }

    /// Returns the row as in the protocol, with each length in its shortest encoding. `None` if the server encoded a
    /// length differently.
    #[must_use]
    pub fn protocol_form(&self) -> Option<&[u8]> {
        self.places.is_short().then_some(&*self.payload)
    }

    /// Returns the number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.names.len()
    }

    /// Returns the names of the columns, as the server spells them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.shape.names
    }

    /// Returns the bytes of a value; `None` for NULL and for a column that does not exist.
    #[must_use]
    pub fn bytes(&self, column: impl Column) -> Option<&[u8]> {
        self.places.value(&self.payload, column.place(&self.shape.names)?)
    }

    /// Returns whether the answer has that column: newer versions add columns to the views.
    #[must_use]
    pub fn has(&self, column: impl Column) -> bool {
        column.place(&self.shape.names).is_some()
    }

    /// Returns a required text.
    ///
    /// # Errors
    /// Fails for NULL, for a missing column, and for bytes that are not UTF-8.
    pub fn str(&self, column: impl Column) -> Result<&str, Error> {
        self.maybe_str(column)?.ok_or_else(|| self.unexpected(column, "a text", "NULL"))
    }

    /// Returns a text, or `None` for NULL.
    ///
    /// # Errors
    /// Fails for a missing column and for bytes that are not UTF-8.
    pub fn maybe_str(&self, column: impl Column) -> Result<Option<&str>, Error> {
        if !self.has(column) {
            return Err(self.unexpected(column, "a column of that name", "none"));
        }
        self.bytes(column)
            .map(|bytes| {
                std::str::from_utf8(bytes).map_err(|_| self.unexpected(column, "a text", "other bytes"))
            })
            .transpose()
    }

    /// Returns a number that must be there.
    ///
    /// # Errors
    /// Fails for NULL, for a missing column, and for a value that is not a number of that range.
    pub fn u64(&self, column: impl Column) -> Result<u64, Error> {
        self.number(column, "a number from 0 on")
    }

    /// Returns a number that must be there.
    ///
    /// # Errors
    /// Fails for NULL, for a missing column, and for a value that is not a number of that range.
    pub fn i64(&self, column: impl Column) -> Result<i64, Error> {
        self.number(column, "a whole number")
    }

    /// Returns a required number of any type.
    pub(crate) fn number<T: std::str::FromStr>(
        &self,
        column: impl Column,
        expected: &'static str,
    ) -> Result<T, Error> {
        let text = self.str(column)?;
        text.trim().parse().map_err(|_| self.unexpected(column, expected, text))
    }

    fn unexpected(&self, column: impl Column, expected: &'static str, found: &str) -> Error {
        Error::UnexpectedAnswer {
            statement: self.shape.statement.clone(),
            column: column.label(&self.shape.names),
            expected,
            found: error::shortened(found),
        }
    }
}

/// The rows of a large answer, as they arrive.
///
/// Dropping it before the end closes the connection and leaves the session broken: discarding the rest row by row, as
/// drivers do, can take hours.
pub struct RowStream<'s> {
    channel: &'s mut Channel,
    /// `None` after the end, and after a call that failed or was cancelled.
    wire: Option<Wire>,
    /// Whether the server sent the end of the rows.
    complete: bool,
    /// Whether the witness was notified of the end.
    told: bool,
    statement: Statement,
    current: Row,
    rows: u64,
    begun: Instant,
}

impl<'s> RowStream<'s> {
    pub(crate) fn new(
        channel: &'s mut Channel,
        wire: Wire,
        statement: &Statement,
        shape: &Arc<Shape>,
        begun: Instant,
    ) -> Self {
        let (wire, statement, current) = (Some(wire), statement.clone(), Row::empty(shape));
        Self { channel, wire, complete: false, told: false, statement, current, rows: 0, begun }
    }

    /// Returns the names of the columns, as the server spells them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.current.shape.names
    }

    /// Returns the next row, or `None` after the last. The row is valid until the next call.
    ///
    /// # Errors
    /// Fails when the server aborts the answer, is silent for longer than the statement's time-out, or is gone. The
    /// rows read before an error are not the whole answer.
    pub async fn next(&mut self) -> Result<Option<&Row>, Error> {
        if self.complete {
            return Ok(None);
        }
        // Taken for the duration of the wait: if the caller stops waiting, the position in the stream is unknown, so
        // the connection is closed, and the next call reports an error, not the end.
        let Some(mut wire) = self.wire.take() else {
            return Err(Error::broken(&self.statement, self.channel.address()));
        };
        match self.receive(&mut wire).await {
            Ok(true) => {
                self.wire = Some(wire);
                self.rows += 1;
                Ok(Some(&self.current))
            }
            Ok(false) => {
                (self.complete, self.told) = (true, true);
                self.channel.give_back(wire);
                self.channel.tell(&self.statement, self.begun, End::Rows(self.rows));
                Ok(None)
            }
            Err(failure) => {
                self.told = true;
                Err(self.channel.fail(failure, wire, &self.statement, self.begun))
            }
        }
    }

    /// Receives the next row, or the server's final packet after the last one. A timer runs only while there is
    /// something to wait for.
    async fn receive(&mut self, wire: &mut Wire) -> Result<bool, channel::Failure> {
        let limit = self.statement.timeout;
        let next = match self.current.receive_arrived(wire)? {
            Some(next) => next,
            None => self.channel.line().within(limit, self.current.receive(wire)).await?,
        };
        if let Next::End { more } = next {
            self.channel.line().within(limit, wire.finish(more)).await?;
            return Ok(false);
        }
        Ok(true)
    }
}

impl Drop for RowStream<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.channel.tell(&self.statement, self.begun, End::Abandoned);
        }
    }
}
