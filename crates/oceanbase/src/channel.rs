//! The connection to a server, and the functions that send a statement over it.
//!
//! Between statements, a channel is either idle or broken. If an answer is not read to its end (a time-out, a dropped
//! stream or future), the socket is closed instead of drained, and every later statement fails with
//! [`Error::Broken`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::cluster::Address;

use crate::answer::{Row, Shape};
use crate::connect::{self, Endpoint};
use crate::error::Error;
use crate::measure;
use crate::statement::{End, Outcome, Statement, Value, Witness};
use crate::wire::{self, Beginning, Next, TooLarge, Wire};

/// How much longer than the server's own limit the client waits. The server then ends a statement first: its error is
/// more specific than our time-out, and the server stops working on the statement.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// An idle or broken connection, with its witness.
pub(crate) struct Channel {
    /// `None` when it is broken, and while a statement runs.
    wire: Option<Wire>,
    line: Line,
    witness: Arc<dyn Witness>,
}

/// The complete answer to a statement.
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) changed: u64,
    has_columns: bool,
}

impl Channel {
    pub(crate) fn new(wire: Wire, endpoint: &Endpoint, address: Address, witness: Arc<dyn Witness>) -> Self {
        let line = Line { endpoint: Box::new(endpoint.clone()), address, peer: wire.peer() };
        Self { wire: Some(wire), line, witness }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.line.address
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.wire.is_none()
    }

    /// Sends a statement and reads its whole answer.
    pub(crate) async fn exchange(&mut self, statement: &Statement) -> Result<Answer, Error> {
        let (mut wire, begun) = self.begin(statement)?;
        let limit = self.line.endpoint.limits.answer_bytes;
        match self.line.within(statement.timeout + GRACE, ask(&mut wire, statement, limit)).await {
            Ok(answer) => {
                self.give_back(wire);
                let rows = u64::try_from(answer.rows.len()).unwrap_or(u64::MAX);
                let end = if answer.has_columns { End::Rows(rows) } else { End::Changed(answer.changed) };
                self.tell(statement, begun, end);
                Ok(answer)
            }
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Sends a statement with separate values; returns the number of changed rows.
    pub(crate) async fn exchange_bound(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, Error> {
        let (mut wire, begun) = self.begin(statement)?;
        match self.line.within(statement.timeout + GRACE, wire.run_bound(statement.text(), values)).await {
            Ok(changed) => {
                self.give_back(wire);
                self.tell(statement, begun, End::Changed(changed));
                Ok(changed)
            }
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Sends a statement and reads the columns of its answer. The caller reads the rows from the wire and then gives
    /// the wire back.
    pub(crate) async fn ask_for_rows(
        &mut self,
        statement: &Statement,
    ) -> Result<(Wire, Arc<Shape>, Instant), Error> {
        let (mut wire, begun) = self.begin(statement)?;
        match self.line.within(statement.timeout + GRACE, columns(&mut wire, statement)).await {
            Ok(names) => Ok((wire, Shape::of(statement, names), begun)),
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Takes back the wire, which is idle again.
    pub(crate) fn give_back(&mut self, wire: Wire) {
        self.wire = Some(wire);
    }

    /// Converts a failure into an error, keeps the wire if it is still usable after that error, and notifies the
    /// witness.
    pub(crate) fn fail(
        &mut self,
        failure: Failure,
        wire: Wire,
        statement: &Statement,
        begun: Instant,
    ) -> Error {
        let error = match failure {
            Failure::Wire(cause) => Error::of_statement(cause, statement, self.address()),
            Failure::Silence(after) => Error::timed_out(statement, self.address(), after),
        };
        if error.leaves_connection() {
            self.give_back(wire);
        }
        self.tell(statement, begun, End::Failed(&error));
        error
    }

    pub(crate) fn tell(&self, statement: &Statement, begun: Instant, end: End<'_>) {
        let elapsed = begun.elapsed();
        measure::note(statement.text(), elapsed, matches!(end, End::Failed(_)));
        self.witness.answered(statement, &Outcome { elapsed, end });
    }

    /// Sends a quit command to the server.
    pub(crate) async fn close(mut self) {
        if let Some(wire) = self.wire.take() {
            let _ = tokio::time::timeout(GRACE, wire.quit()).await; // closed either way
        }
    }

    /// Takes the wire for the duration of a statement: if the caller stops waiting, the wire and its socket are
    /// dropped.
    fn begin(&mut self, statement: &Statement) -> Result<(Wire, Instant), Error> {
        let wire = self.wire.take().ok_or_else(|| Error::broken(statement, self.address()))?;
        self.witness.sent(statement, self.address());
        Ok((wire, Instant::now()))
    }
}

/// A failure on the wire, or silence for that long.
pub(crate) enum Failure {
    Wire(wire::Failure),
    Silence(Duration),
}

impl From<wire::Failure> for Failure {
    fn from(failure: wire::Failure) -> Self {
        Self::Wire(failure)
    }
}

/// The server's endpoint, used to check whether a silent server still answers.
pub(crate) struct Line {
    /// Boxed: every future that holds a session holds it.
    endpoint: Box<Endpoint>,
    address: Address,
    /// What the name of the address led to when the connection was opened.
    peer: SocketAddr,
}

impl Line {
    /// Runs work on a wire with a time limit. A silent server is checked periodically, so that a broken network is
    /// detected before the limit of a slow statement.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, wire::Failure>>,
    ) -> Result<T, Failure> {
        let (begun, quiet) = (Instant::now(), self.endpoint.quiet);
        let mut work = std::pin::pin!(work);
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            if let Ok(result) = tokio::time::timeout(left.min(quiet), &mut work).await {
                return result.map_err(Failure::Wire);
            }
            if left <= quiet {
                return Err(Failure::Silence(limit));
            }
            tokio::select! {
                biased;
                result = &mut work => return result.map_err(Failure::Wire),
                answers = Box::pin(connect::answers(&self.endpoint, &self.address, self.peer)) => if !answers {
                    return Err(Failure::Silence(begun.elapsed()));
                }
            }
        }
    }
}

/// Sends a statement and reads the whole answer, up to `limit` bytes of rows.
async fn ask(wire: &mut Wire, statement: &Statement, limit: usize) -> Result<Answer, wire::Failure> {
    wire.send(statement.text()).await?;
    let names = match wire.beginning().await? {
        Beginning::Done { changed, more } => {
            wire.finish(more).await?;
            return Ok(Answer { rows: Vec::new(), changed, has_columns: false });
        }
        Beginning::Rows { names } => names,
    };
    let (shape, mut rows, mut bytes) = (Shape::of(statement, names), Vec::new(), 0);
    loop {
        let mut row = Row::empty(&shape);
        match row.receive(wire).await? {
            Next::Row => {
                bytes += row.size();
                if bytes > limit {
                    return Err(io::Error::from(TooLarge { limit, setting: "limits.answer_mib" }).into());
                }
                rows.push(row);
            }
            Next::End { more } => {
                wire.finish(more).await?;
                return Ok(Answer { rows, changed: 0, has_columns: true });
            }
        }
    }
}

/// Sends a statement and returns the columns of its answer, whose rows follow.
async fn columns(wire: &mut Wire, statement: &Statement) -> Result<Vec<String>, wire::Failure> {
    wire.send(statement.text()).await?;
    match wire.beginning().await? {
        Beginning::Rows { names } => Ok(names),
        Beginning::Done { .. } => {
            let cause =
                io::Error::new(io::ErrorKind::InvalidData, "an answer without rows where rows must be");
            Err(cause.into())
        }
    }
}
