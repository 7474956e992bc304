//! The configuration of a server: a file, then the environment, then flags; each later one wins.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use control::configuration::ConfigurationValue;
use model::Problem;
use model::egress::Egress;
use model::history::HistoryDays;
use model::limits::Limits;
use serde::Deserialize;

use crate::log::LogFormat;
use crate::setting::read;
use crate::tls::TlsFiles;
use crate::{bounds, history, metadata_place, setting};

/// The configuration of a server.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    /// The database server of the metadata, as a URL; none for metadata in the data directory.
    pub(crate) metadata: Option<String>,
    pub(crate) listen: SocketAddr,
    /// The files for HTTPS; none for plain HTTP.
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) file_roots: Vec<PathBuf>,
    pub(crate) server_name: String,
    pub(crate) tasks_at_once: usize,
    pub(crate) data_backups_at_once: usize,
    pub(crate) backups_per_storage: Option<usize>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) log_format: LogFormat,
    /// The file with the URL that receives heartbeats.
    pub(crate) heartbeat_url_file: Option<PathBuf>,
    pub(crate) heartbeat_every: Duration,
    pub(crate) egress: Egress,
    pub(crate) limits: Limits,
    pub(crate) history: HistoryDays,
    /// Each value as text with its source, for `--print-config` and administrators.
    pub(crate) shown: Vec<ConfigurationValue>,
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Flag,
    Environment(String),
    File(PathBuf),
    BuiltIn,
}

/// The values by key, as text; a list has several values.
pub(crate) type Values = BTreeMap<&'static str, Vec<String>>;

/// Every key with its default; a dot separates a table of the file from a key in it. [`setting::variable`] returns the
/// environment variable of a key.
const KEYS: &[(&str, &[&str])] = &[
    ("data_dir", &["./lifeboat-data"]),
    ("metadata", &[metadata_place::IN_DATA_DIRECTORY]),
    ("listen", &["127.0.0.1:8180"]),
    ("tls_cert", &[]),
    ("tls_key", &[]),
    ("insecure_http", &["false"]),
    ("file_roots", &[]),
    ("server_name", &[HOST_NAME]),
    ("tasks_at_once", &["8"]),
    ("data_backups_at_once", &["4"]),
    ("backups_per_storage", &[]),
    ("trusted_proxies", &[]),
    ("log.format", &["text"]),
    ("heartbeat.url_file", &[]),
    ("heartbeat.minutes", &["1"]),
    (bounds::ALLOW, &[]),
    (bounds::DENY, &[]),
    (bounds::ROW, &["256"]),
    (bounds::ANSWER, &["256"]),
    (bounds::STORE_ANSWER, &["16"]),
    (history::LOGS, &["90"]),
    (history::AUDIT, &[history::UNLIMITED]),
];

/// The placeholder for the host name; it is not a valid name itself.
const HOST_NAME: &str = "<host name>";

/// The file, all keys optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<String>,
    metadata: Option<String>,
    listen: Option<String>,
    tls_cert: Option<String>,
    tls_key: Option<String>,
    insecure_http: Option<bool>,
    file_roots: Option<Vec<String>>,
    server_name: Option<String>,
    tasks_at_once: Option<u32>,
    data_backups_at_once: Option<u32>,
    backups_per_storage: Option<u32>,
    trusted_proxies: Option<Vec<String>>,
    #[serde(default)]
    log: FileLog,
    #[serde(default)]
    heartbeat: FileHeartbeat,
    #[serde(default)]
    egress: FileEgress,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    history: FileHistory,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLog {
    format: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHeartbeat {
    url_file: Option<String>,
    minutes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEgress {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLimits {
    row_mib: Option<u32>,
    answer_mib: Option<u32>,
    store_answer_mib: Option<u32>,
}

/// Numbers of days, or `"unlimited"`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHistory {
    log_days: Option<Days>,
    audit_days: Option<Days>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Days {
    Number(u32),
    Word(String),
}

impl File {
    fn read(path: &Path) -> Result<Values, Problem> {
        let wrong = |id: &str, cause: String| Problem::invalid(id).with("path", path.display()).raw(cause);
        let text = fs::read_to_string(path).map_err(|cause| wrong("config-unreadable", cause.to_string()))?;
        let file: Self =
            toml::from_str(&text).map_err(|cause| wrong("config-malformed", cause.to_string()))?;
        let Self {
            data_dir,
            metadata,
            listen,
            tls_cert,
            tls_key,
            insecure_http,
            file_roots,
            server_name,
            tasks_at_once,
            data_backups_at_once,
            backups_per_storage,
            trusted_proxies,
            log,
            heartbeat,
            egress,
            limits,
            history,
        } = file;
        let number = |value: Option<u32>| value.map(|number| vec![number.to_string()]);
        let one = |value: Option<String>| value.map(|value| vec![value]);
        let days = |value: Option<Days>| match value? {
            Days::Number(days) => Some(vec![days.to_string()]),
            Days::Word(word) => Some(vec![word]),
        };
        let values = [
            ("data_dir", one(data_dir)),
            ("metadata", one(metadata)),
            ("listen", one(listen)),
            ("tls_cert", one(tls_cert)),
            ("tls_key", one(tls_key)),
            ("insecure_http", one(insecure_http.map(|flag| flag.to_string()))),
            ("file_roots", file_roots),
            ("server_name", one(server_name)),
            ("tasks_at_once", number(tasks_at_once)),
            ("data_backups_at_once", number(data_backups_at_once)),
            ("backups_per_storage", number(backups_per_storage)),
            ("trusted_proxies", trusted_proxies),
            ("log.format", one(log.format)),
            ("heartbeat.url_file", one(heartbeat.url_file)),
            ("heartbeat.minutes", number(heartbeat.minutes)),
            (bounds::ALLOW, egress.allow),
            (bounds::DENY, egress.deny),
            (bounds::ROW, number(limits.row_mib)),
            (bounds::ANSWER, number(limits.answer_mib)),
            (bounds::STORE_ANSWER, number(limits.store_answer_mib)),
            (history::LOGS, days(history.log_days)),
            (history::AUDIT, days(history.audit_days)),
        ];
        Ok(values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
    }
}

impl Config {
    /// Determines every value. `file` is the configuration file; without it, `lifeboat.toml` is used if it exists.
    ///
    /// # Errors
    /// Names the value that can't be read, and its source.
    pub(crate) fn settle(flags: &Values, file: Option<&Path>) -> Result<Self, Problem> {
        let usual = Path::new("lifeboat.toml");
        let path = file.or_else(|| usual.exists().then_some(usual));
        let file = path.map(File::read).transpose()?.unwrap_or_default();
        let variables = |name: &str| env::var(name).ok();
        Settler { flags, variables: &variables, file, path: path.unwrap_or(usual).to_path_buf() }.settle()
    }

    /// Returns each value and its source, line by line.
    pub(crate) fn explain(&self) -> String {
        let mut text = String::new();
        for ConfigurationValue { key, value, source } in &self.shown {
            let _ = writeln!(text, "{key:<23} = {value:<24} # {source}");
        }
        text
    }
}

struct Settler<'a> {
    flags: &'a Values,
    variables: &'a dyn Fn(&str) -> Option<String>,
    file: Values,
    path: PathBuf,
}

impl Settler<'_> {
    fn settle(&self) -> Result<Config, Problem> {
        let shown: Vec<(&'static str, Vec<String>, Source)> =
            KEYS.iter().map(|(key, built_in)| self.choose(key, built_in)).collect();
        let values = |key: &str| {
            let found = shown.iter().find(|(name, ..)| *name == key);
            found.map_or(&[][..], |(_, values, _)| values.as_slice())
        };
        let one = |key: &str| values(key).first().cloned().unwrap_or_default();
        let listen: SocketAddr = read("listen", &one("listen"))?;
        let insecure_http: bool = read("insecure_http", &one("insecure_http"))?;
        let tls = match (values("tls_cert").first(), values("tls_key").first()) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: certificate.into(), key: key.into() })
            }
            (None, None) => None,
            _ => return Err(Problem::invalid("tls-half-given")),
        };
        if tls.is_none() && !listen.ip().is_loopback() && !insecure_http {
            return Err(Problem::invalid("listen-without-tls").with("listen", listen));
        }
        let metadata = metadata_place::url(&one("metadata"))?;
        let per_storage = values("backups_per_storage").first();
        let proxies = values("trusted_proxies").iter().map(|proxy| read("trusted_proxies", proxy));
        Ok(Config {
            data_dir: one("data_dir").into(),
            metadata,
            listen,
            tls,
            file_roots: values("file_roots").iter().map(PathBuf::from).collect(),
            server_name: one("server_name"),
            tasks_at_once: read("tasks_at_once", &one("tasks_at_once"))?,
            data_backups_at_once: read("data_backups_at_once", &one("data_backups_at_once"))?,
            backups_per_storage: per_storage.map(|value| read("backups_per_storage", value)).transpose()?,
            trusted_proxies: proxies.collect::<Result<_, _>>()?,
            log_format: read("log.format", &one("log.format"))?,
            heartbeat_url_file: values("heartbeat.url_file").first().map(PathBuf::from),
            heartbeat_every: minutes("heartbeat.minutes", &one("heartbeat.minutes"))?,
            egress: bounds::egress(values(bounds::ALLOW), values(bounds::DENY))?,
            limits: bounds::limits(|key| values(key).first().cloned())?,
            history: history::days(one)?,
            shown: shown.into_iter().map(written).collect(),
        })
    }

    fn choose(&self, key: &'static str, built_in: &[&str]) -> (&'static str, Vec<String>, Source) {
        if let Some(values) = self.flags.get(key) {
            return (key, values.clone(), Source::Flag);
        }
        let variable = setting::variable(key);
        if let Some(value) = (self.variables)(&variable) {
            let values =
                if built_in.is_empty() { value.split(',').map(str::to_owned).collect() } else { vec![value] };
            return (key, values, Source::Environment(variable));
        }
        if let Some(values) = self.file.get(key) {
            return (key, values.clone(), Source::File(self.path.clone()));
        }
        let built_in =
            built_in.iter().map(|&value| if value == HOST_NAME { host_name() } else { value.to_owned() });
        (key, built_in.collect(), Source::BuiltIn)
    }
}

/// Returns a value as text with its source.
fn written((key, values, source): (&'static str, Vec<String>, Source)) -> ConfigurationValue {
    let source = match source {
        Source::Flag => "flag".to_owned(),
        Source::Environment(name) => name,
        Source::File(path) => path.display().to_string(),
        Source::BuiltIn => "built in".to_owned(),
    };
    ConfigurationValue { key, value: values.join(", "), source }
}

/// Reads an interval from a minute to a day.
fn minutes(key: &str, text: &str) -> Result<Duration, Problem> {
    let number: u64 = read(key, text)?;
    let fits = (1..=24 * 60).contains(&number);
    fits.then(|| Duration::from_secs(number * 60))
        .ok_or_else(|| Problem::invalid("config-value").with("key", key).with("value", text))
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "lifeboat".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Config, Settler, Values};
    use model::Problem;

    fn settle(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        file: &[(&'static str, &str)],
    ) -> Result<Config, Problem> {
        let values = |pairs: &[(&'static str, &str)]| -> Values {
            pairs.iter().map(|&(key, value)| (key, vec![value.to_owned()])).collect()
        };
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let (flags, file) = (values(flags), values(file));
        Settler { flags: &flags, variables: &find, file, path: PathBuf::from("lifeboat.toml") }.settle()
    }

    #[test]
    fn a_flag_outranks_the_environment_which_outranks_the_file() {
        let file = [("listen", "127.0.0.1:1"), ("data_dir", "/file"), ("tasks_at_once", "3")];
        let variables = [("LIFEBOAT_LISTEN", "127.0.0.1:2"), ("LIFEBOAT_DATA_DIR", "/environment")];
        let config = settle(&[("listen", "127.0.0.1:3")], &variables, &file).expect("good values");
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.data_dir, PathBuf::from("/environment"));
        assert_eq!(config.tasks_at_once, 3);
        let explained = config.explain();
        let line =
            |key: &str| explained.lines().find(|line| line.starts_with(key)).expect("a line").to_owned();
        assert!(line("listen").ends_with("# flag"), "{explained}");
        assert!(line("data_dir").ends_with("# LIFEBOAT_DATA_DIR"), "{explained}");
        assert!(line("tasks_at_once").ends_with("# lifeboat.toml"), "{explained}");
        assert!(line("insecure_http").ends_with("# built in"), "{explained}");
    }

    #[test]
    fn plain_http_from_other_machines_needs_consent() {
        let refusal = settle(&[("listen", "0.0.0.0:8180")], &[], &[]).expect_err("refused");
        assert_eq!(refusal.text.id, "listen-without-tls");
        let allowed = settle(&[("listen", "0.0.0.0:8180")], &[("LIFEBOAT_INSECURE_HTTP", "true")], &[]);
        assert!(allowed.is_ok());
        let pair = [("listen", "0.0.0.0:8180"), ("tls_cert", "c.pem"), ("tls_key", "k.pem")];
        assert!(settle(&pair, &[], &[]).expect("encrypted").tls.is_some());
        let half = settle(&[("tls_cert", "c.pem")], &[], &[]).expect_err("refused");
        assert_eq!(half.text.id, "tls-half-given");
    }

    #[test]
    fn metadata_lie_in_the_data_directory_or_on_a_server_whose_password_is_never_part_of_the_url() {
        assert_eq!(settle(&[], &[], &[]).expect("good values").metadata, None);
        let url = "mysql://lifeboat@db:3306/lifeboat?tls=verify";
        let config = settle(&[], &[("LIFEBOAT_METADATA", url)], &[]).expect("good values");
        assert_eq!(config.metadata.as_deref(), Some(url));
        for bad in ["mysql://lifeboat:hunter2@db/lifeboat", "postgres://lifeboat@db/lifeboat", "mysql://db"] {
            let refusal = settle(&[("metadata", bad)], &[], &[]).expect_err("refused");
            assert_eq!(refusal.text.id, "metadata-url-malformed");
            assert!(!format!("{refusal:?}").contains("hunter2"), "{refusal:?}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named() {
        let refusal = settle(&[], &[("LIFEBOAT_TASKS_AT_ONCE", "many")], &[]).expect_err("refused");
        assert_eq!(refusal.args().get("key").map(String::as_str), Some("tasks_at_once"));
        assert_eq!(refusal.args().get("value").map(String::as_str), Some("many"));
        for (key, value) in [("log.format", "xml"), ("heartbeat.minutes", "0"), ("heartbeat.minutes", "1441")]
        {
            let refusal = settle(&[(key, value)], &[], &[]).expect_err("refused");
            assert_eq!(refusal.args().get("key").map(String::as_str), Some(key));
        }
    }
}
