//! A paused simulator with its files in a directory of its own, and a client to ask it.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row, Value};
use sim::{ClusterConfig, Config, Handle, Profile, Server, TenantConfig};
use tempfile::TempDir;

/// A simulator whose clock stands.
pub(crate) struct Sim {
    pub(crate) handle: Handle,
    pub(crate) files: TempDir,
}

impl Sim {
    /// One cluster with the tenants `t1` and `t2`.
    pub(crate) async fn start(profile: Profile) -> Self {
        Self::start_with(profile, 0.0, |_| ()).await
    }

    /// The same, changed before it starts.
    pub(crate) async fn start_with(profile: Profile, speed: f64, change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().expect("room for a directory");
        let mut config = Config {
            clusters: vec![ClusterConfig {
                version: profile.to_string(),
                tenants: vec![TenantConfig::named("t1"), TenantConfig::named("t2")],
                ..ClusterConfig::default()
            }],
            speed,
            start_us: Some(1_760_000_000_000_000),
            file_root: Some(files.path().to_owned()),
            ..Config::default()
        };
        change(&mut config);
        let handle = Server::start(config).await.expect("free ports");
        Self { handle, files }
    }

    /// A client logged in as root of a tenant.
    pub(crate) async fn client(&self, tenant: &str) -> Client {
        Client(Conn::new(options(self.handle.port(), &format!("root@{tenant}"))).await.expect("a login"))
    }

    pub(crate) fn pass(&self, seconds: f64) {
        self.handle.advance_seconds(seconds);
    }

    pub(crate) fn file(&self, path: &str) -> std::path::PathBuf {
        self.files.path().join(path.trim_start_matches('/'))
    }
}

pub(crate) fn options(port: u16, user: &str) -> Opts {
    OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(user))
        .prefer_socket(false)
        .db_name(Some("oceanbase"))
        .into()
}

/// A connection that asks in text.
pub(crate) struct Client(pub(crate) Conn);

impl Client {
    /// Runs a statement that must succeed.
    pub(crate) async fn run(&mut self, sql: &str) {
        self.0.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The rows of a query, joined by `|`; NULL is `NULL`.
    pub(crate) async fn rows(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Row> = self.0.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| row.unwrap().iter().map(text).collect::<Vec<_>>().join("|")).collect()
    }

    /// The single cell of a query.
    pub(crate) async fn cell(&mut self, sql: &str) -> String {
        let mut rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows.remove(0)
    }

    /// The refusal of a statement: number, SQLSTATE, text.
    pub(crate) async fn refusal(&mut self, sql: &str) -> (u16, String, String) {
        match self.0.query_drop(sql).await {
            Err(mysql_async::Error::Server(error)) => (error.code, error.state, error.message),
            other => panic!("{sql}: expected a refusal, got {other:?}"),
        }
    }

    /// Names of a result's columns.
    pub(crate) async fn columns(&mut self, sql: &str) -> Vec<String> {
        let result = self.0.query_iter(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let columns = result.columns_ref().iter().map(|column| column.name_str().into_owned()).collect();
        result.drop_result().await.expect("the rest of the rows");
        columns
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::NULL => "NULL".to_owned(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.as_sql(true),
    }
}
