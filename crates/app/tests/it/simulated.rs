//! A server, a simulated cluster whose hours pass in seconds, and a REST client.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sim::{ClusterConfig, Config, Handle, Profile, TenantConfig};

use crate::lifeboat::{PASSWORD, Server};

/// The speed of the simulated clusters.
pub(crate) const SPEED: f64 = 240.0;

/// The longest time that a task may take here.
const LIMIT: Duration = Duration::from_secs(300);

/// The password of the simulated cluster, which must never appear anywhere.
pub(crate) const SYS_PASSWORD: &str = "of-the-sys-tenant";

/// A server with a cluster and a storage.
pub(crate) struct Stand {
    pub(crate) server: Server,
    pub(crate) cluster: i64,
    pub(crate) storage: i64,
    simulator: Option<Handle>,
    /// The secret that no answer may contain.
    secret: String,
    pub(crate) http: reqwest::Client,
}

/// The answer to a call: the HTTP status, and the data or the error.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) data: Value,
    pub(crate) error: Value,
}

impl Stand {
    pub(crate) async fn new(profile: Profile, tenants: &[&str]) -> Self {
        let clusters = vec![simulated_cluster(profile, tenants)];
        Self::on(Config { clusters, speed: SPEED, ..Config::paused(profile) }).await
    }

    /// Creates a stand with a simulated cluster whose clock moves only when the test advances it.
    pub(crate) async fn standing_still(profile: Profile, tenants: &[&str]) -> Self {
        let clusters = vec![simulated_cluster(profile, tenants)];
        Self::on(Config { clusters, ..Config::paused(profile) }).await
    }

    /// Creates a stand with a simulated cluster, whose user is `root@sys` with [`SYS_PASSWORD`].
    pub(crate) async fn on(config: Config) -> Self {
        Self::simulated(config, Server::start()).await
    }

    /// As [`Stand::on`], with a server that the test has started.
    pub(crate) async fn simulated(config: Config, server: Server) -> Self {
        let simulator = sim::Server::start(config).await.expect("the simulator starts");
        std::fs::create_dir(server.path("backups")).expect("a directory");
        let (address, place) = (format!("127.0.0.1:{}", simulator.port()), server.path("backups"));
        let mut stand = Self::over(server, &address, "root@sys", SYS_PASSWORD, &place).await;
        stand.simulator = Some(simulator);
        stand
    }

    /// Takes over a cluster, and saves a storage in a directory that both see.
    pub(crate) async fn over(
        server: Server,
        address: &str,
        user: &str,
        password: &str,
        place: &Path,
    ) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        let http = builder.build().expect("a client");
        let secret = password.to_owned();
        let mut stand = Self { server, cluster: 0, storage: 0, simulator: None, secret, http };
        let body = json!({ "name": "prod", "addresses": [address], "user": user, "password": password });
        stand.cluster = stand.post("/ob/clusters", &body).await.done()["id"].as_i64().expect("an id");
        let body = json!({
            "configName": "local",
            "obBackupStorageBaseInfo": { "backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": place },
        });
        let kept = stand.post("/backup/storages", &body).await.done();
        stand.storage = kept["storageId"].as_i64().expect("an id");
        stand
    }

    /// Returns the simulator of a simulated cluster.
    pub(crate) fn simulator(&self) -> &Handle {
        self.simulator.as_ref().expect("the cluster is simulated")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, &format!("/api/v2{path}"), None).await.done()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, &format!("/api/v2{path}"), Some(body)).await
    }

    /// Sends a request to a full path, such as one from an answer.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.server.url));
        request = request.basic_auth("admin", Some(PASSWORD));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("the server answers");
        let status = response.status().as_u16();
        let text = response.text().await.expect("the whole answer");
        let is_shown = !self.secret.is_empty() && text.contains(&self.secret);
        assert!(!is_shown, "a password was shown: {text}");
        let envelope: Value = serde_json::from_str(&text).expect("JSON");
        Answer { status, data: envelope["data"].clone(), error: envelope["error"].clone() }
    }

    /// Returns a path below the cluster.
    pub(crate) fn below(&self, rest: &str) -> String {
        format!("/ob/clusters/{}/{rest}", self.cluster)
    }

    /// Requests a backup; `more` is added to the usual body.
    pub(crate) async fn back_up(&self, mode: &str, more: Value) -> Answer {
        let mut body = json!({
            "backupMode": "PHYSICAL_BACKUP", "dataBackupMode": mode,
            "obBackupServiceStorageConfig": { "storageId": self.storage },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        self.post(&self.below("backup/backupNow"), &body).await
    }

    /// Waits for the end of a task, and returns it.
    pub(crate) async fn ended(&self, task: i64) -> Value {
        let begun = Instant::now();
        loop {
            let seen = self.get(&format!("/tasks/instances/{task}")).await;
            if seen["status"] != "RUNNING" {
                return seen;
            }
            assert!(begun.elapsed() < LIMIT, "task {task} does not end: {seen:#}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits for a task that must succeed.
    pub(crate) async fn succeeded(&self, task: i64) -> Value {
        let ended = self.ended(task).await;
        assert_eq!(ended["status"], "SUCCESSFUL", "{ended:#}");
        ended
    }

    /// Waits for a task that must fail; returns the first subtask that did.
    pub(crate) async fn failed(&self, task: i64) -> Value {
        let ended = self.ended(task).await;
        assert_eq!(ended["status"], "FAILED", "{ended:#}");
        let mut subtasks = ended["subtasks"].as_array().expect("a list").iter();
        subtasks.find(|subtask| subtask["status"] == "FAILED").expect("one has failed").clone()
    }

    /// Presses a button of a failed subtask.
    pub(crate) async fn press(&self, subtask: &Value, id: &str) -> Answer {
        let actions = subtask["nextActions"].as_array().expect("a list");
        let action = actions.iter().find(|action| action["id"] == id);
        let action = action.unwrap_or_else(|| panic!("{id} is not offered: {subtask:#}"));
        let method = action["method"].as_str().expect("a method").parse().expect("a method");
        self.ask(method, action["path"].as_str().expect("a path"), action.get("body")).await
    }

    /// Sends a statement to the cluster as another client would.
    pub(crate) async fn say(&self, sql: &str) {
        use mysql_async::prelude::Queryable as _;
        let options = mysql_async::OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.simulator().port())
            .user(Some("root@sys"))
            .pass(Some(SYS_PASSWORD))
            .prefer_socket(false);
        let mut connection = mysql_async::Conn::new(options).await.expect("logs on");
        connection.query_drop(sql).await.expect("the cluster takes it");
        connection.disconnect().await.expect("it ends");
    }
}

/// Returns a cluster for [`Stand::on`].
pub(crate) fn simulated_cluster(profile: Profile, tenants: &[&str]) -> ClusterConfig {
    ClusterConfig {
        version: profile.to_string(),
        sys_password: SYS_PASSWORD.into(),
        major_freeze_duty_time: "disable".into(),
        tenants: tenants.iter().map(|name| TenantConfig::named(name)).collect(),
        ..ClusterConfig::default()
    }
}

impl Answer {
    /// Returns the data of a call that must succeed.
    pub(crate) fn done(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.error);
        self.data
    }

    /// Returns the created task.
    pub(crate) fn task(self) -> i64 {
        let data = self.done();
        data["backupObjectOpsResultList"][0]["taskIdList"][0].as_i64().expect("a task")
    }

    /// Returns OCP's error code and the message of a refusal.
    pub(crate) fn refused(self) -> (u64, String) {
        assert_ne!(self.status, 200, "{:#}", self.data);
        let message = self.error["message"].as_str().expect("a message").to_owned();
        (self.error["code"].as_u64().expect("a number"), message)
    }
}
