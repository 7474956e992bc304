//! A server that stores the metadata for several Lifeboats: OceanBase, seekdb, MariaDB or MySQL.

use std::io;
use std::time::Duration;

use model::Secret;
use percent_encoding::percent_decode_str;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor};
use tokio::time::timeout;
use url::Url;

use crate::database::without_unended;
use crate::dialect::{MYSQL_PINS, MYSQL_READER, MYSQL_UNKNOWN_VARIABLE, MYSQL_WRITER};
use crate::error::Error;

/// The default port.
const PORT: u16 = 3306;

/// The maximum numbers of one Lifeboat's concurrent readers, and of its writers, including waiting ones.
const READERS: u32 = 4;
const WRITERS: u32 = 2;

/// The number of prepared statements per connection. OceanBase refuses more than `open_cursors` (50 by default, error
/// 5930), and restoring a copy uses more statements than that.
const STATEMENTS_KEPT: usize = 32;

/// The timeout for getting a connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// The timeout of a log-on.
const CHECK_WAIT: Duration = Duration::from_secs(3);

/// The maximum idle time of a connection; less than the server's timeout of a writer.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// The address of a server, and the log-on data.
#[derive(Debug, Clone)]
pub struct Server {
    host: String,
    port: u16,
    user: String,
    database: String,
    tls: MySqlSslMode,
    password: Secret,
}

impl Server {
    /// Reads `mysql://user@host:port/database`; `?tls=off`, `?tls=required` or `?tls=verify` set the protection of
    /// the connection (default: whatever the server offers).
    ///
    /// # Errors
    /// Names what is wrong with it. A password in it is refused, because everybody who lists processes would see it.
    pub fn from_url(url: &str, password: Secret) -> Result<Self, Error> {
        let malformed = |why: &'static str| Error::ServerUrl { url: model::storage::mask_uri(url), why };
        let parsed = Url::parse(url).map_err(|_| malformed("it is no URL"))?;
        if parsed.scheme() != "mysql" {
            return Err(malformed("it does not begin with mysql://"));
        }
        if parsed.password().is_some() {
            return Err(malformed("a password does not belong into it"));
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let user = decoded(parsed.username());
        let database = decoded(parsed.path().trim_start_matches('/'));
        if host.is_empty() || user.is_empty() {
            return Err(malformed("it has no host or no user"));
        }
        let plain = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '$');
        if database.is_empty() || database.len() > 64 || !database.chars().all(plain) {
            return Err(malformed("it has no database, or one with odd signs in its name"));
        }
        let mut tls = MySqlSslMode::Preferred;
        for (name, value) in parsed.query_pairs() {
            tls = match (&*name, &*value) {
                ("tls", "off") => MySqlSslMode::Disabled,
                ("tls", "required") => MySqlSslMode::Required,
                ("tls", "verify") => MySqlSslMode::VerifyIdentity,
                _ => return Err(malformed("it knows only tls=off, tls=required and tls=verify")),
            };
        }
        Ok(Self { host, port: parsed.port().unwrap_or(PORT), user, database, tls, password })
    }

    /// Returns its name in messages.
    pub(crate) fn place(&self) -> String {
        let Self { host, port, user, database, .. } = self;
        format!("mysql://{user}@{host}:{port}/{database}")
    }

    /// Returns connections for reading, and for writing.
    pub(crate) async fn pools(&self) -> Result<(MySqlPool, MySqlPool), Error> {
        let writers = self.pool("open the metadata", WRITERS, &MYSQL_WRITER).await?;
        let readers = self.pool("open the metadata for reading", READERS, &MYSQL_READER).await?;
        Ok((writers, readers))
    }

    /// Checks that the server responds, accepts the log-on and has our database.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        match timeout(CHECK_WAIT, self.connect()).await {
            Ok(connected) => {
                let _ = connected?.close().await;
                Ok(())
            }
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> Error {
        let cause = io::Error::from(io::ErrorKind::TimedOut).into();
        Error::Unavailable { place: self.place(), cause }
    }

    /// Connects once, for a change of the schema.
    pub(crate) async fn connect(&self) -> Result<MySqlConnection, Error> {
        let connected = async {
            let mut connection = self.options().connect().await?;
            tell(&mut connection, &MYSQL_PINS).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        connected.await.map_err(|cause| self.failure(cause))
    }

    /// Returns the error for a failed connection.
    pub(crate) fn failure(&self, cause: sqlx::Error) -> Error {
        Error::Unavailable { place: self.place(), cause }
    }

    async fn pool(
        &self,
        verb: &'static str,
        connections: u32,
        told: &'static [(&'static str, bool)],
    ) -> Result<MySqlPool, Error> {
        let pool = without_unended(MySqlPoolOptions::new())
            .max_connections(connections)
            .acquire_timeout(CONNECTION_WAIT)
            .idle_timeout(IDLE_LIMIT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    tell(connection, &MYSQL_PINS).await?;
                    tell(connection, told).await
                })
            });
        pool.connect_with(self.options()).await.map_err(|cause| Error::Database { verb, cause })
    }

    fn options(&self) -> MySqlConnectOptions {
        let options = MySqlConnectOptions::new()
            .statement_cache_capacity(STATEMENTS_KEPT)
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .database(&self.database)
            .ssl_mode(self.tls)
            .charset("utf8mb4");
        // Without this, an empty password would be sent as the hash of an empty text, which the server refuses.
        match self.password.expose() {
            "" => options,
            password => options.password(password),
        }
    }
}

/// Configures a connection; a server may lack optional settings.
pub(crate) async fn tell(
    connection: &mut MySqlConnection,
    told: &'static [(&'static str, bool)],
) -> sqlx::Result<()> {
    for (text, may_be_unknown) in told {
        match (&mut *connection).execute(AssertSqlSafe(*text)).await {
            Err(sqlx::Error::Database(cause)) if *may_be_unknown && is_unknown(&*cause) => {}
            done => {
                done?;
            }
        }
    }
    Ok(())
}

fn is_unknown(cause: &dyn sqlx::error::DatabaseError) -> bool {
    number(cause) == Some(MYSQL_UNKNOWN_VARIABLE)
}

/// Returns the server's own number of an error.
pub(crate) fn number(cause: &dyn sqlx::error::DatabaseError) -> Option<u16> {
    cause.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(sqlx::mysql::MySqlDatabaseError::number)
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::Server;

    #[test]
    fn a_url_contains_server_and_user() {
        let cases = [
            ("mysql://root%40sys@db:2881/lifeboat", "mysql://root@sys@db:2881/lifeboat"),
            ("mysql://lifeboat@[::1]/meta?tls=verify", "mysql://lifeboat@::1:3306/meta"),
        ];
        for (url, place) in cases {
            assert_eq!(Server::from_url(url, Secret::new("x")).expect(url).place(), place);
        }
    }

    #[test]
    fn a_url_that_is_none_is_refused_and_its_password_not_shown() {
        let bad = [
            "",
            "db:2881",
            "http://root@db/lifeboat",
            "mysql://db/lifeboat",
            "mysql://root@db",
            "mysql://root@db/",
            "mysql://root@db/a`b",
            "mysql://root@db/lifeboat?tls=maybe",
            "mysql://root@db/lifeboat?ssl=on",
            "mysql://root:hunter2@db/lifeboat",
        ];
        for url in bad {
            let error = Server::from_url(url, Secret::new("hunter3")).expect_err(url);
            let shown = format!("{error:?} {error} {:?}", error.problem());
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let server = Server::from_url("mysql://root@db/lifeboat", Secret::new("hunter2")).expect("a server");
        assert!(!format!("{server:?}").contains("hunter2"));
    }
}
