//! The wire to a server, and the one function that sends a statement over it.
//!
//! A channel is either at rest or broken: whenever an answer was not read to its end (a time-out, a reader that
//! left, a future that was dropped), the socket is closed rather than read empty, and every later statement fails
//! with [`Error::Broken`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use model::cluster::Address;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::answer::{Row, Shape};
use crate::error::Error;
use crate::statement::{End, Outcome, Statement, Witness};

/// How much longer than the server the client waits, so that it is the server that ends a statement: its error says
/// more than our silence, and it stops working on it.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// A connection at rest or a broken one, with whoever looks on.
pub(crate) struct Channel {
    /// `None` once it is broken, and while a statement runs.
    wire: Option<Wire>,
    address: Address,
    witness: Arc<dyn Witness>,
}

/// All that came back for a statement.
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    pub(crate) changed: u64,
    has_columns: bool,
}

impl Channel {
    pub(crate) fn new(conn: Conn, address: Address, witness: Arc<dyn Witness>) -> Self {
        Self { wire: Some(Wire(Some(conn))), address, witness }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.wire.is_none()
    }

    /// Sends a statement and reads its whole answer.
    pub(crate) async fn exchange(&mut self, statement: &Statement) -> Result<Answer, Error> {
        let (mut wire, begun) = self.begin(statement)?;
        match within(statement.timeout + GRACE, ask(wire.conn(), statement)).await {
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

    /// Sends a statement and reads the columns of its answer; the rows are the caller's to read from the wire, and
    /// the wire is the caller's to give back.
    pub(crate) async fn ask_for_rows(
        &mut self,
        statement: &Statement,
    ) -> Result<(Wire, Arc<Shape>, Instant), Error> {
        let (mut wire, begun) = self.begin(statement)?;
        let columns = async { Ok(wire.conn().query_iter(statement.text()).await?.columns()) };
        match within(statement.timeout + GRACE, columns).await {
            Ok(columns) => Ok((wire, Shape::of(statement, columns.as_deref().unwrap_or_default()), begun)),
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Takes the wire back, which is at rest again.
    pub(crate) fn give_back(&mut self, wire: Wire) {
        self.wire = Some(wire);
    }

    /// Turns a failure into an error, which decides what becomes of the wire, and tells the witness.
    pub(crate) fn fail(
        &mut self,
        failure: Failure,
        wire: Wire,
        statement: &Statement,
        begun: Instant,
    ) -> Error {
        let error = match failure {
            Failure::Driver(cause) => Error::of_statement(cause, statement, &self.address),
            Failure::Silence(after) => Error::timed_out(statement, &self.address, after),
        };
        if error.leaves_connection() {
            self.give_back(wire);
        }
        self.tell(statement, begun, End::Failed(&error));
        error
    }

    pub(crate) fn tell(&self, statement: &Statement, begun: Instant, end: End<'_>) {
        self.witness.answered(statement, &Outcome { elapsed: begun.elapsed(), end });
    }

    /// Says good-bye to the server.
    pub(crate) async fn close(mut self) {
        if let Some(conn) = self.wire.take().and_then(|mut wire| wire.0.take()) {
            let _ = tokio::time::timeout(GRACE, conn.disconnect()).await; // it is gone either way
        }
    }

    /// Takes the wire for the time of a statement: whoever stops waiting in its midst drops it, and with it the
    /// socket.
    fn begin(&mut self, statement: &Statement) -> Result<(Wire, Instant), Error> {
        let wire = self.wire.take().ok_or_else(|| Error::broken(statement, &self.address))?;
        self.witness.sent(statement, &self.address);
        Ok((wire, Instant::now()))
    }
}

/// The driver's connection. Dropping it closes the socket and reads nothing more.
pub(crate) struct Wire(Option<Conn>);

impl Wire {
    pub(crate) fn conn(&mut self) -> &mut Conn {
        self.0.as_mut().expect("only `drop` and `close` take it, and both end the wire")
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            // Left to itself, a dropped connection spawns a task that reads the rest of the answer. `disconnect`
            // marks it as closed before it waits for anything; so one step of it, then the socket goes.
            let _ = conn.disconnect().now_or_never();
        }
    }
}

/// A failure of the driver, or silence for so long.
pub(crate) enum Failure {
    Driver(mysql_async::Error),
    Silence(Duration),
}

/// Waits for the driver, for so long.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, mysql_async::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(Failure::Driver),
        Err(_) => Err(Failure::Silence(limit)),
    }
}

async fn ask(conn: &mut Conn, statement: &Statement) -> Result<Answer, mysql_async::Error> {
    let mut result = conn.query_iter(statement.text()).await?;
    let shape = Shape::of(statement, result.columns_ref());
    let has_columns = !result.columns_ref().is_empty();
    let mut rows = Vec::new();
    while let Some(values) = result.next().await? {
        rows.push(Row::new(&shape, values));
    }
    let changed = result.affected_rows();
    result.drop_result().await?;
    Ok(Answer { rows, changed, has_columns })
}
