//! One connection to a server, and the one function that sends a statement.
//!
//! A session is either at rest or broken: whenever an answer was not read to its end (a time-out, a reader that
//! left, a future that was dropped), the connection is closed rather than read empty, and every later statement
//! fails with [`Error::Broken`]. Open a new one then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use model::cluster::Address;
use model::version::{Product, ServerVersion};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::answer::{Failure, Row, RowStream, Shape};
use crate::connect::{self, Endpoint};
use crate::error::Error;
use crate::statement::{End, NoWitness, Outcome, Statement, Witness};

/// How much longer than the server the client waits, so that it is the server that ends a statement: its error says
/// more than our silence, and it stops working on it.
const GRACE: Duration = Duration::from_secs(5);

/// How long the server may work on a streamed answer: it counts the time that the reader takes too.
const STREAM_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// MySQL's number for `KILL` of a connection that is gone.
const UNKNOWN_THREAD: u16 = 1094;

/// A connection to one server.
pub struct Session {
    /// `None` once it is broken, and while a statement runs.
    wire: Option<Wire>,
    address: Address,
    connection_id: u32,
    server: ServerVersion,
    /// The session's `ob_query_timeout`, once we set it.
    server_limit: Option<Duration>,
    witness: Arc<dyn Witness>,
}

impl Session {
    /// Opens a session on the first address that answers.
    ///
    /// # Errors
    /// Fails when no address answers, or the first that does refuses the user or is no database that we know.
    pub async fn open(endpoint: &Endpoint, witness: Arc<dyn Witness>) -> Result<Self, Error> {
        let mut reasons = Vec::new();
        for address in &endpoint.addresses {
            match Self::open_at(endpoint, address, Arc::clone(&witness)).await {
                Ok(session) => return Ok(session),
                // Another server of the cluster may do better. A wrong password is wrong everywhere, and trying it
                // everywhere locks the account.
                Err(error) if error.is_transient() || error.is_about_one_server() => reasons.push(error),
                Err(error) => return Err(error),
            }
        }
        Err(Error::none_answers(reasons))
    }

    /// Opens a session on that server and no other.
    ///
    /// # Errors
    /// Fails as [`Session::open`] does.
    pub async fn open_at(
        endpoint: &Endpoint,
        address: &Address,
        witness: Arc<dyn Witness>,
    ) -> Result<Self, Error> {
        let conn = connect::connect(endpoint, address).await?;
        let unknown =
            ServerVersion { product: Product::Mysql, version: connect::NO_VERSION, community: false };
        let mut session = Self {
            connection_id: conn.id(),
            wire: Some(Wire(Some(conn))),
            address: address.clone(),
            server: unknown,
            server_limit: None,
            witness,
        };
        session.server = session.identify().await?;
        session.pin().await?;
        Ok(session)
    }

    /// Returns what the server is.
    #[must_use]
    pub fn server(&self) -> &ServerVersion {
        &self.server
    }

    /// Returns the address that answered.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the number by which the server knows this connection, for [`kill_query`].
    #[must_use]
    pub fn connection_id(&self) -> u32 {
        self.connection_id
    }

    /// Tells whether the connection was closed in the midst of something. Open another session then.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.wire.is_none()
    }

    /// Runs a statement whose rows, if any, do not matter; returns how many rows it changed.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn run(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.exchange(statement).await.map(|answer| answer.changed)
    }

    /// Runs a statement and returns all its rows. For small answers.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.exchange(statement).await.map(|answer| answer.rows)
    }

    /// Runs a statement and returns its rows as they arrive.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone; so can every row.
    pub async fn stream(&mut self, statement: &Statement) -> Result<RowStream<'_>, Error> {
        self.limit_on_server(STREAM_LIMIT).await?;
        let (mut wire, begun) = self.begin(statement)?;
        let columns = async { Ok(wire.conn().query_iter(statement.text()).await?.columns()) };
        match within(statement.timeout, columns).await {
            Ok(columns) => Ok(RowStream::new(self, wire, statement, Shape::of(statement, columns), begun)),
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Says good-bye to the server. Dropping the session does too, without waiting.
    pub async fn close(mut self) {
        if let Some(conn) = self.wire.take().and_then(|mut wire| wire.0.take()) {
            let _ = tokio::time::timeout(GRACE, conn.disconnect()).await; // it is gone either way
        }
    }

    pub(crate) fn witness(&self) -> &dyn Witness {
        self.witness.as_ref()
    }

    /// Takes a connection back that is at rest.
    pub(crate) fn give_back(&mut self, wire: Wire) {
        self.wire = Some(wire);
    }

    /// Sends a statement and reads its answer. Every statement but a stream goes through here.
    async fn exchange(&mut self, statement: &Statement) -> Result<Answer, Error> {
        let (mut wire, begun) = self.begin(statement)?;
        match within(statement.timeout + GRACE, ask(wire.conn(), statement)).await {
            Ok(answer) => {
                self.give_back(wire);
                let rows = u64::try_from(answer.rows.len()).unwrap_or(u64::MAX);
                let end = if answer.has_columns { End::Rows(rows) } else { End::Changed(answer.changed) };
                self.witness.answered(statement, &Outcome { elapsed: begun.elapsed(), end });
                Ok(answer)
            }
            Err(failure) => Err(self.fail(failure, wire, statement, begun)),
        }
    }

    /// Takes the connection for the time of a statement: whoever stops waiting in its midst drops it, and with it
    /// the socket.
    fn begin(&mut self, statement: &Statement) -> Result<(Wire, Instant), Error> {
        let wire = self.wire.take().ok_or_else(|| Error::broken(statement, &self.address))?;
        self.witness.sent(statement, &self.address);
        Ok((wire, Instant::now()))
    }

    fn fail(&mut self, failure: Failure, wire: Wire, statement: &Statement, begun: Instant) -> Error {
        let error = failure.at(statement, &self.address);
        if error.number().is_some() {
            self.give_back(wire); // the server said no, and waits for the next statement
        }
        self.witness.answered(statement, &Outcome { elapsed: begun.elapsed(), end: End::Failed(&error) });
        error
    }

    async fn identify(&mut self) -> Result<ServerVersion, Error> {
        let statement = Statement::read("SELECT version(), @@version_comment");
        let rows = self.exchange(&statement).await?;
        let row = rows.rows.first().ok_or_else(|| Error::no_rows(&statement))?;
        let (version, comment) = (row.str(0)?, row.maybe_str(1)?.unwrap_or_default());
        ServerVersion::identify(version, comment).ok_or_else(|| Error::UnknownServer {
            address: self.address.clone(),
            found: format!("{version} {comment}").trim_end().to_owned(),
        })
    }

    /// Makes the session the same everywhere: the defaults differ by server and by what its owner set.
    async fn pin(&mut self) -> Result<(), Error> {
        self.exchange(&Statement::read("SET NAMES utf8mb4")).await?;
        self.exchange(&Statement::read("SET SESSION time_zone = '+00:00'")).await?;
        Ok(())
    }

    /// Lets OceanBase work on the next statement for so long: by itself it ends each one after ten seconds (4012).
    async fn limit_on_server(&mut self, limit: Duration) -> Result<(), Error> {
        let has_limit = matches!(self.server.product, Product::Oceanbase | Product::Seekdb);
        if has_limit && self.server_limit != Some(limit) {
            let text = format!("SET SESSION ob_query_timeout = {}", limit.as_micros());
            self.exchange(&Statement::read(text)).await?;
            self.server_limit = Some(limit);
        }
        Ok(())
    }
}

/// Stops what a connection does, on a connection of its own to the same server.
///
/// # Errors
/// Fails when the server can't be reached or refuses. A connection that is gone already is no error.
pub async fn kill_query(endpoint: &Endpoint, server: &Address, connection_id: u32) -> Result<(), Error> {
    let mut session = Session::open_at(endpoint, server, Arc::new(NoWitness)).await?;
    match session.run(&Statement::act(format!("KILL QUERY {connection_id}"))).await {
        Err(error) if error.number() != Some(UNKNOWN_THREAD) => Err(error),
        _ => Ok(()),
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

struct Answer {
    rows: Vec<Row>,
    has_columns: bool,
    changed: u64,
}

async fn ask(conn: &mut Conn, statement: &Statement) -> Result<Answer, mysql_async::Error> {
    let mut result = conn.query_iter(statement.text()).await?;
    let columns = result.columns();
    let has_columns = columns.as_ref().is_some_and(|columns| !columns.is_empty());
    let shape = Shape::of(statement, columns);
    let mut rows = Vec::new();
    while let Some(values) = result.next().await? {
        rows.push(Row::new(&shape, values));
    }
    let changed = result.affected_rows();
    result.drop_result().await?;
    Ok(Answer { rows, has_columns, changed })
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, mysql_async::Error>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(Failure::Driver),
        Err(_) => Err(Failure::Silence(limit)),
    }
}
