//! Monitoring as operators set it up: a real Prometheus, the alert rules and the dashboard of the documentation, and
//! the command for Nagios.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use regex::Regex;
use serde_json::{Value, json};
use sim::{ClusterConfig, Config, Profile, TenantConfig};
use tempfile::TempDir;

use crate::lifeboat::Ran;
use crate::simulated::{SYS_PASSWORD, Stand};

/// The longest time that Prometheus may take for anything here.
const LIMIT: Duration = Duration::from_secs(120);

/// The files that operators copy.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/monitoring")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("a file of the documentation")
}

/// A Prometheus in its own folder. Dropping it stops it.
struct Prometheus {
    url: String,
    http: reqwest::Client,
    child: Child,
    _dir: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes a Lifeboat with a token, and lets alerts fire at once.
    fn start(lifeboat: &str, token: &str) -> Self {
        let dir = TempDir::new().expect("a directory");
        let target = lifeboat.strip_prefix("http://").expect("plain HTTP");
        let held = Regex::new("(?m)^( +for): .*$").expect("a pattern");
        let rules = held.replace_all(&read("alerts.yml"), "$1: 0s").into_owned();
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nrule_files: [alerts.yml]\nscrape_configs:\n\
             - job_name: lifeboat\n  authorization:\n    credentials_file: token\n  static_configs:\n  - targets: ['{target}']\n"
        );
        for (name, text) in [("alerts.yml", rules.as_str()), ("token", token), ("prometheus.yml", &config)] {
            std::fs::write(dir.path().join(name), text).expect("written");
        }
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", dir.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the Debian package prometheus is installed");
        let mut said = BufReader::new(child.stderr.take().expect("piped")).lines();
        let listens = Regex::new(r#"msg="Listening on" address=(\S+)"#).expect("a pattern");
        let address = said.find_map(|line| {
            let line = line.expect("text");
            listens.captures(&line).map(|found| found[1].to_owned())
        });
        let address = address.expect("it says where it listens");
        // Before that it answers every query with 503.
        let is_ready =
            said.any(|line| line.expect("text").contains("Server is ready to receive web requests"));
        assert!(is_ready, "it says when it is ready");
        std::thread::spawn(move || said.for_each(drop)); // so that it never blocks on its output
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
        Self { url: format!("http://{address}"), http, child, _dir: dir }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.http.get(format!("{}/api/v1/{path}", self.url)).query(query);
        let text = request.send().await.expect("Prometheus answers").text().await.expect("text");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["status"], "success", "{query:?}: {answer:#}");
        answer["data"].clone()
    }

    /// Returns the series of a query.
    async fn query(&self, query: &str) -> Vec<Value> {
        self.get("query", &[("query", query)]).await["result"].as_array().expect("a list").clone()
    }

    /// Waits until an alert fires, or no longer fires.
    async fn alert(&self, name: &str, fires: bool) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let all = self.get("alerts", &[]).await["alerts"].as_array().expect("a list").clone();
            let named = |alert: &&Value| alert["labels"]["alertname"] == name && alert["state"] == "firing";
            let found: Vec<Value> = all.iter().filter(named).cloned().collect();
            if found.is_empty() != fires {
                return found;
            }
            if begun.elapsed() > LIMIT {
                let targets = self.get("targets", &[]).await;
                panic!("{name} does not change: {all:#?} {targets:#}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the queries of the dashboard, with what Grafana fills in.
fn dashboard_queries() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|field| collect(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).expect("JSON");
    let mut found = Vec::new();
    collect(&dashboard, &mut found);
    found.iter().map(|expr| expr.replace("$cluster", ".*").replace("$__rate_interval", "1m")).collect()
}

/// Returns the names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let name = Regex::new("lifeboat_[a-z0-9_]+").expect("a pattern");
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// Returns the names of all series that a scrape may have, by its descriptors, and those of the families.
fn names_of_scrape(scrape: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut series, mut families) = (BTreeSet::new(), BTreeSet::new());
    for line in scrape.lines() {
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        series.extend(endings.iter().map(|ending| format!("{name}{ending}")));
        let shown = if kind == "histogram" { name.to_owned() } else { format!("{name}{}", endings[0]) };
        assert!(families.insert(shown), "{name} is described twice");
    }
    (series, families)
}

async fn scrape(stand: &Stand, token: &str) -> String {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
    let answer = client.get(format!("{}/metrics", stand.server.url)).bearer_auth(token).send().await;
    let answer = answer.expect("the server answers");
    assert_eq!(answer.status().as_u16(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    answer.text().await.expect("text")
}

#[test]
fn the_alert_rules_are_right_and_each_fires() {
    for (verb, file) in [("check", "alerts.yml"), ("test", "alerts.test.yml")] {
        let ran = Command::new("promtool").args([verb, "rules", file]).current_dir(folder()).output();
        let ran = ran.expect("the Debian package prometheus is installed");
        let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(ran.status.success(), "{verb}: {said:#?}");
    }
    let fired = read("alerts.test.yml");
    let alert = Regex::new("- alert: (.+)").expect("a pattern");
    for alert in alert.captures_iter(&read("alerts.yml")) {
        let name = format!("alertname: {}\n", &alert[1]);
        assert!(fired.contains(&name), "no test fires {}", &alert[1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_prometheus_scrapes_with_a_token_and_fires_the_alert_of_a_failed_backup() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    assert_eq!(stand.server.get("/metrics").0, 401, "this machine is no exception");
    let failed = stand.back_up("INCREMENTAL_BACKUP", json!({})).await.task();
    stand.failed(failed).await;
    let made = stand.server.run("admin token create prometheus --days 1");
    assert_eq!(made.status, 0, "{}", made.err);
    let token = made.out.lines().next().expect("the token").trim();

    let prometheus = Prometheus::start(&stand.server.url, token);
    let fired = prometheus.alert("LifeboatAlarm", true).await;
    assert_eq!(fired[0]["labels"]["alarm"], "base_backup_fail", "{fired:#?}");
    let never = prometheus.alert("LifeboatNeverBackedUp", true).await;
    assert_eq!(
        (&never[0]["labels"]["cluster"], &never[0]["labels"]["tenant"]),
        (&json!("prod"), &json!("shop"))
    );
    let ages = "lifeboat_object_backup_age_seconds";
    assert_eq!(prometheus.query(ages).await, Vec::<Value>::new(), "unknown is absent");

    let full = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(full).await;
    prometheus.alert("LifeboatAlarm", false).await;
    prometheus.alert("LifeboatNeverBackedUp", false).await;
    let known = prometheus.query(ages).await;
    assert_eq!((known.len(), &known[0]["metric"]["mode"]), (1, &json!("full")), "{known:#?}");

    let (series, families) = names_of_scrape(&scrape(&stand, token).await);
    let queries = dashboard_queries();
    assert!(queries.len() > 20, "{queries:#?}");
    for query in &queries {
        prometheus.query(query).await;
        let unknown: Vec<_> = names(query).difference(&series).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{query}");
    }
    let rules = read("alerts.yml");
    let expressions: Vec<&str> =
        rules.lines().filter(|line| !line.trim_start().starts_with("- alert")).collect();
    let unknown: Vec<_> = names(&expressions.join("\n")).difference(&series).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new(), "alerts.yml");
    let described = names(&read("README.md"));
    let untold: Vec<_> = families.difference(&described).collect();
    assert!(untold.is_empty(), "README.md names every metric; it lacks {untold:?}");
}

/// Creates a stand with a cluster whose clock is ten days behind.
async fn ten_days_ago() -> Stand {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let begun = since_1970 - Duration::from_secs(10 * 86_400);
    let cluster = ClusterConfig {
        version: Profile::V4_2_5.to_string(),
        sys_password: SYS_PASSWORD.into(),
        tenants: vec![TenantConfig::named("shop")],
        ..ClusterConfig::default()
    };
    let start_us = Some(i64::try_from(begun.as_micros()).expect("before the year 294,000"));
    let config =
        Config { clusters: vec![cluster], speed: 240.0, start_us, ..Config::paused(Profile::V4_2_5) };
    Stand::on(config).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_reports_old_and_unknown_backups_to_nagios() {
    let stand = ten_days_ago().await;
    let check = |arguments: &str| -> (i32, String) {
        let Ran { status, out, err } = stand.server.run(&format!("check {arguments}"));
        assert_eq!((err.as_str(), out.lines().count()), ("", 1), "{out}");
        (status, out)
    };
    let unknown = "LIFEBOAT UNKNOWN - 1 of 1 object without a known good backup: prod/shop | objects=1;;;0 late=0;;;0 unknown=1;;;0\n";
    assert_eq!(check(""), (3, unknown.to_owned()));

    let full = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(full).await;
    let cases = [
        ("", 2, "LIFEBOAT CRITICAL - 1 of 1 object not backed up within 26 h 0 min: prod/shop (2"),
        (
            "--warning 5d --critical 30d",
            1,
            "LIFEBOAT WARNING - 1 of 1 object not backed up within 120 h 0 min: prod/shop (2",
        ),
        (
            "--warning 30d --critical 60d",
            0,
            "LIFEBOAT OK - 1 object backed up within 720 h 0 min; the oldest backup is 2",
        ),
        ("--of full --cluster prod --tenant shop", 2, "LIFEBOAT CRITICAL - "),
        ("--cluster nowhere", 3, "LIFEBOAT UNKNOWN - "),
        (
            "--cluster prod --tenant shop --database orders",
            3,
            "LIFEBOAT UNKNOWN - No tenant or database matches",
        ),
        (
            "--warning 2d --critical 1d",
            3,
            "LIFEBOAT UNKNOWN - `--critical 1d` is shorter than `--warning 2d`",
        ),
        ("--warning soon", 3, "LIFEBOAT UNKNOWN - `soon` is not a valid age"),
        ("--tenant shop", 3, "LIFEBOAT UNKNOWN - "),
        ("--server http://127.0.0.1:9", 3, "LIFEBOAT UNKNOWN - "),
    ];
    for (arguments, status, begins) in cases {
        let found = check(arguments);
        assert!(found.0 == status && found.1.starts_with(begins), "{arguments}: {found:?}");
    }
    let numbers =
        Regex::new(r"\| oldest_age=(\d+)s;93600;180000;0 objects=1;;;0 late=1;;;0 unknown=0;;;0\n$");
    let (_, line) = check("");
    let age_s =
        numbers.expect("a pattern").captures(&line).map(|found| found[1].parse::<u64>().expect("a number"));
    assert!(age_s.is_some_and(|age_s| (700_000..=864_100).contains(&age_s)), "{line}");
}
