//! A session on one server, independent of the server's global settings ([`crate::settings`]), with a time limit for
//! its statements.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::cluster::Address;
use model::version::ServerVersion;

use crate::answer::{Row, RowStream};
use crate::channel::Channel;
use crate::connect::{self, Endpoint};
use crate::error::Error;
use crate::settings::{self, Purpose, Setting};
use crate::statement::{NoWitness, Statement, Value, Witness, identifier};

/// How long the server may work on a streamed answer; this includes the time that the reader takes.
const STREAM_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// MySQL's error number for `KILL` of a connection that no longer exists.
const UNKNOWN_THREAD: u16 = 1094;

/// How often a statement that is being killed is looked at.
const KILL_INTERVAL: Duration = Duration::from_millis(50);

/// MySQL's error number for an unknown variable.
const UNKNOWN_VARIABLE: u16 = 1193;

/// MySQL's error number for a missing global privilege.
const ACCESS_DENIED: u16 = 1227;

/// A session on one server.
///
/// If an answer is not read to its end (a time-out, a dropped stream or future), the session is broken: its
/// connection is closed, and every later statement fails with [`Error::Broken`]. Open a new session then.
pub struct Session {
    channel: Channel,
    connection_id: u32,
    server: ServerVersion,
    /// The session's `ob_query_timeout`, once it is set.
    server_limit: Option<Duration>,
    /// The current database, once it is set.
    database: Option<String>,
}

impl Session {
    /// Opens a session on the first address that answers.
    ///
    /// # Errors
    /// Fails when no address answers, or when the first one that does refuses the user or is not a known database.
    pub async fn open(endpoint: &Endpoint, witness: Arc<dyn Witness>) -> Result<Self, Error> {
        let mut reasons = Vec::new();
        for address in &endpoint.addresses {
            match Self::open_at(endpoint, address, Arc::clone(&witness)).await {
                Ok(session) => return Ok(session),
                // Another server of the cluster may succeed. A wrong password, however, is wrong everywhere, and
                // trying it on every server locks the account.
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
        let mut channel = Channel::new(wire, endpoint, address.clone(), witness);
        channel.exchange(&settings::statement(&settings::first())).await?;
        let server = identify(&mut channel).await?;
        let mut session = Self { channel, connection_id, server, server_limit: None, database: None };
        session.prepare(Purpose::Any).await?;
        Ok(session)
    }

    /// Sets the session variables of a purpose, as far as the server has them.
    ///
    /// # Errors
    /// Fails when the server does.
    pub async fn prepare(&mut self, purpose: Purpose) -> Result<(), Error> {
        let mut wanted = settings::for_purpose(self.server.product, purpose);
        let mut done = self.set(&wanted).await;
        if is_refused(&done, UNKNOWN_VARIABLE) {
            let shown = self.shown(&wanted).await?;
            wanted.retain(|setting| shown.contains_key(setting.name));
            done = self.set(&wanted).await;
        }
        if is_refused(&done, ACCESS_DENIED) {
            done = self.set_what_may_be_set(&wanted).await;
        }
        done
    }

    /// Sets the variables one by one. A variable that this user may not set must already have the required value.
    async fn set_what_may_be_set(&mut self, wanted: &[&'static Setting]) -> Result<(), Error> {
        let shown = self.shown(wanted).await?;
        for setting in wanted {
            let done = self.set(&[setting]).await;
            let is_so = shown.get(setting.name).is_some_and(|value| setting.is(value));
            if !(is_refused(&done, ACCESS_DENIED) && is_so) {
                done?;
            }
        }
        Ok(())
    }

    async fn set(&mut self, settings: &[&'static Setting]) -> Result<(), Error> {
        if settings.is_empty() {
            return Ok(());
        }
        self.channel.exchange(&settings::statement(settings)).await.map(drop)
    }

    /// Returns the current values of the variables, as far as the server has them.
    async fn shown(&mut self, wanted: &[&'static Setting]) -> Result<BTreeMap<&'static str, String>, Error> {
        let rows = self.rows(&Statement::read("SHOW SESSION VARIABLES")).await?;
        let mut shown = BTreeMap::new();
        for row in &rows {
            let (name, value) = (row.str(0)?, row.maybe_str(1)?.unwrap_or_default());
            let found = wanted.iter().find(|setting| setting.name.eq_ignore_ascii_case(name));
            shown.extend(found.map(|setting| (setting.name, value.to_owned())));
        }
        Ok(shown)
    }

    /// Returns the server's product and version.
    #[must_use]
    pub fn server(&self) -> &ServerVersion {
        &self.server
    }

    /// Returns the address that answered.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.channel.address()
    }

    /// Returns the server's ID of this connection, for [`kill_query`].
    #[must_use]
    pub fn connection_id(&self) -> u32 {
        self.connection_id
    }

    /// Returns whether the connection was closed during a statement. Open a new session then.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.channel.is_broken()
    }

    /// Runs a statement and ignores its rows; returns the number of changed rows.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn run(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.channel.exchange(statement).await.map(|answer| answer.changed)
    }

    /// Runs a statement with these values, of any length, for its question marks; returns the number of changed rows.
    ///
    /// # Errors
    /// Fails when the server refuses, does not answer in time, or is gone.
    pub async fn run_bound(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Error> {
        self.limit_on_server(statement.timeout).await?;
        self.channel.exchange_bound(statement, values).await
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

    /// Makes a database the current one, unless it already is.
    ///
    /// # Errors
    /// Fails when the database does not exist or may not be used, or the server is gone.
    pub async fn enter(&mut self, database: &str) -> Result<(), Error> {
        if self.database.as_deref() != Some(database) {
            self.channel.exchange(&Statement::read(format!("USE {}", identifier(database)))).await?;
            self.database = Some(database.to_owned());
        }
        Ok(())
    }

    /// Sends a quit command to the server. Dropping the session closes the connection without it.
    pub async fn close(self) {
        self.channel.close().await;
    }

    /// Sets OceanBase's time limit for the next statement; by default, it ends each statement after ten seconds
    /// (4012).
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

/// Stops the statement of a connection, using a separate connection to the same server, and waits until it has ended: a
/// server that has accepted the KILL may execute the statement for a moment, or roll it back for longer. The caller sets
/// a time limit.
///
/// # Errors
/// Fails when the server cannot be reached or refuses. A connection that is already gone is not an error.
pub async fn kill_query(endpoint: &Endpoint, server: &Address, connection_id: u32) -> Result<(), Error> {
    let mut session = Session::open_at(endpoint, server, Arc::new(NoWitness)).await?;
    let kill = Statement::act(format!("KILL QUERY {connection_id}"));
    let list = Statement::read("SHOW PROCESSLIST");
    loop {
        match session.run(&kill).await {
            Err(error) if error.number() == Some(UNKNOWN_THREAD) => return Ok(()),
            done => done?,
        };
        let connections = session.rows(&list).await?;
        let is_running = |row: &Row| {
            let is_it = row.u64("Id").is_ok_and(|id| id == u64::from(connection_id));
            is_it && row.maybe_str("Info").is_ok_and(|statement| statement.is_some())
        };
        if !connections.iter().any(is_running) {
            return Ok(());
        }
        // A KILL that arrives between two statements stops neither: it is sent again.
        tokio::time::sleep(KILL_INTERVAL).await;
    }
}

fn is_refused(done: &Result<(), Error>, number: u16) -> bool {
    matches!(done, Err(error) if error.number() == Some(number))
}

/// Queries the server's product and version. The hint is for OceanBase, whose time limit may be set very low.
async fn identify(channel: &mut Channel) -> Result<ServerVersion, Error> {
    let statement = Statement::read("SELECT /*+ QUERY_TIMEOUT(30000000) */ version(), @@version_comment");
    let answer = channel.exchange(&statement).await?;
    let row = answer.rows.first().ok_or_else(|| Error::no_rows(&statement))?;
    let (version, comment) = (row.str(0)?, row.maybe_str(1)?.unwrap_or_default());
    ServerVersion::identify(version, comment).ok_or_else(|| Error::UnknownServer {
        address: channel.address().clone(),
        found: format!("{version} {comment}").trim_end().to_owned(),
    })
}
