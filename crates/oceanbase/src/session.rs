//! A session on one server: pinned to UTC and utf8mb4, allowed as long as its statements need.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::cluster::Address;
use model::version::ServerVersion;

use crate::answer::{Row, RowStream};
use crate::channel::Channel;
use crate::connect::{self, Endpoint};
use crate::error::Error;
use crate::statement::{NoWitness, Statement, Witness, identifier};

/// How long the server may work on a streamed answer: it counts the time that the reader takes too.
const STREAM_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// MySQL's number for `KILL` of a connection that is gone.
const UNKNOWN_THREAD: u16 = 1094;

/// A session on one server.
///
/// Once an answer was not read to its end (a time-out, a reader that left, a future that was dropped), the session
/// is broken: its connection is closed, and every later statement fails with [`Error::Broken`]. Open another then.
pub struct Session {
    channel: Channel,
    connection_id: u32,
    server: ServerVersion,
    /// The session's `ob_query_timeout`, once we set it.
    server_limit: Option<Duration>,
    /// The current database, once we chose it.
    database: Option<String>,
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
                Err(error) if error.is_about_one_server() => reasons.push(error),
                Err(error) => return Err(error),
            }
        }
        Err(Error::none_answered(reasons))
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
        let wire = connect::connect(endpoint, address).await?;
        let connection_id = wire.connection_id();
        let mut channel = Channel::new(wire, address.clone(), witness);
        let server = identify(&mut channel).await?;
        pin(&mut channel).await?;
        Ok(Self { channel, connection_id, server, server_limit: None, database: None })
    }

    /// Returns what the server is.
    #[must_use]
    pub fn server(&self) -> &ServerVersion {
        &self.server
    }

    /// Returns the address that answered.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.channel.address()
    }

    /// Returns the number by which the server knows this connection, for [`kill_query`].
    #[must_use]
    pub fn connection_id(&self) -> u32 {
        self.connection_id
    }

    /// Tells whether the connection was closed in the midst of something. Open another session then.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.channel.is_broken()
    }

    /// Runs a statement whose rows, if any, do not matter; returns how many rows it changed.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn run(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.channel.exchange(statement).await.map(|answer| answer.changed)
    }

    /// Runs a statement and returns all its rows. For small answers.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.channel.exchange(statement).await.map(|answer| answer.rows)
    }

    /// Runs a statement and returns its rows as they arrive.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone; so can every row.
    pub async fn stream(&mut self, statement: &Statement) -> Result<RowStream<'_>, Error> {
        self.limit_on_server(STREAM_LIMIT).await?;
        let (wire, shape, begun) = self.channel.ask_for_rows(statement).await?;
        Ok(RowStream::new(&mut self.channel, wire, statement, &shape, begun))
    }

    /// Makes a database current, unless it is.
    ///
    /// # Errors
    /// Fails when there is no such database, it is not to be used, or the server is gone.
    pub async fn enter(&mut self, database: &str) -> Result<(), Error> {
        if self.database.as_deref() != Some(database) {
            self.channel.exchange(&Statement::read(format!("USE {}", identifier(database)))).await?;
            self.database = Some(database.to_owned());
        }
        Ok(())
    }

    /// Says good-bye to the server. Dropping the session does too, without waiting.
    pub async fn close(self) {
        self.channel.close().await;
    }

    /// Lets OceanBase work on the next statement for so long: by itself it ends each one after ten seconds (4012).
    async fn limit_on_server(&mut self, limit: Duration) -> Result<(), Error> {
        let has_limit = self.server.product.is_oceanbase();
        if has_limit && self.server_limit != Some(limit) {
            let text = format!("SET SESSION ob_query_timeout = {}", limit.as_micros());
            self.channel.exchange(&Statement::read(text)).await?;
            self.server_limit = Some(limit);
        }
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("address", self.address())
            .field("server", &self.server)
            .field("connection_id", &self.connection_id)
            .field("is_broken", &self.is_broken())
            .finish_non_exhaustive()
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

/// Asks the server what it is.
async fn identify(channel: &mut Channel) -> Result<ServerVersion, Error> {
    let statement = Statement::read("SELECT version(), @@version_comment");
    let answer = channel.exchange(&statement).await?;
    let row = answer.rows.first().ok_or_else(|| Error::no_rows(&statement))?;
    let (version, comment) = (row.str(0)?, row.maybe_str(1)?.unwrap_or_default());
    ServerVersion::identify(version, comment).ok_or_else(|| Error::UnknownServer {
        address: channel.address().clone(),
        found: format!("{version} {comment}").trim_end().to_owned(),
    })
}

/// Makes the session the same everywhere: the defaults differ by server and by what its owner set.
async fn pin(channel: &mut Channel) -> Result<(), Error> {
    channel.exchange(&Statement::read("SET NAMES utf8mb4")).await?;
    channel.exchange(&Statement::read("SET SESSION time_zone = '+00:00'")).await?;
    Ok(())
}
