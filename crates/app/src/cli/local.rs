//! Shared parts of `dump`, `load` and `verify`: a server by its URL, a dump by its folder, and their progress.

use std::collections::BTreeMap;
use std::fs;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use dump::{DumpId, Identities, Manifest, Meter, Progress, Selection, Source};
use indicatif::{ProgressBar, ProgressStyle};
use model::cluster::{Address, DEFAULT_PORT};
use model::id::{BackupSetId, ClusterId, TenantId};
use model::recovery::{RecoveryRequest, choose};
use model::storage::{StorageLocation, StorageType, mask_uri};
use model::text::{Text, step_name};
use model::{Problem, Secret, size};
use oceanbase::{Endpoint, NoWitness};
use percent_encoding::percent_decode_str;
use storage::{Client, FileRoots};
use url::Url;

use super::names::check_no_password;
use super::storage::{KeyArgs, read_uri};
use crate::bounds;
use crate::failure::Failure;
use crate::language::language;
use crate::screen::{Form, Screen};
use crate::secrets;

/// The form of the answer.
#[derive(Args)]
pub(crate) struct Answer {
    /// The output format
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Form,
}

impl Answer {
    /// Returns the screen for answers.
    pub(crate) fn screen(&self) -> Screen {
        Screen { form: self.output }
    }
}

/// Reads a number of connections.
pub(crate) fn connections() -> RangedU64ValueParser<u16> {
    RangedU64ValueParser::new().range(1..=64)
}

/// Returns the server of a URL, with the password of its user.
pub(crate) fn source(url: &str) -> Result<Source, Failure> {
    check_no_password(url)?;
    let (address, user) = read_url(url)?;
    let password = secrets::read("LIFEBOAT_CLUSTER_PASSWORD", "cli-prompt-cluster-password")?;
    let limits = bounds::limits_of_environment()?;
    let endpoint = Endpoint { limits, ..Endpoint::new(vec![address], user, password) };
    Ok(Source { endpoint, witness: Arc::new(NoWitness) })
}

/// Reads `mysql://user@host:port`.
fn read_url(url: &str) -> Result<(Address, String), Problem> {
    let malformed = || Problem::invalid("database-url-malformed").with("url", mask_uri(url));
    let read = Url::parse(url).map_err(|_| malformed())?;
    let user = percent_decode_str(read.username()).decode_utf8().map_err(|_| malformed())?;
    let host = read.host_str().filter(|host| !host.is_empty()).ok_or_else(malformed)?;
    let is_plain = matches!(read.path(), "" | "/") && read.query().is_none() && read.fragment().is_none();
    if read.scheme() != "mysql" || user.is_empty() || !is_plain {
        return Err(malformed());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((Address { host: host.to_owned(), port: read.port().unwrap_or(DEFAULT_PORT) }, user.into_owned()))
}

/// Opens the storage for dumps; creates a missing directory.
pub(crate) fn folder(uri: &str, key: &KeyArgs) -> Result<Client, Failure> {
    let location = read_uri(uri)?;
    if location.kind == StorageType::File {
        fs::create_dir_all(&location.path).map_err(|cause| {
            Problem::outside("directory-not-made").with("path", &location.path).raw(cause)
        })?;
    }
    open(location, key)
}

/// Reads the secret keys of an encrypted dump.
pub(crate) fn identities(file: Option<&Path>) -> Result<Identities, Failure> {
    let Some(file) = file else { return Ok(Identities::default()) };
    let unreadable = |cause: &dyn std::fmt::Display| {
        Problem::invalid("identity-file-unreadable").with("path", file.display()).raw(cause)
    };
    let text = fs::read_to_string(file).map(Secret::new).map_err(|cause| unreadable(&cause))?;
    Ok(Identities::read(text.expose()).map_err(|cause| unreadable(&cause))?)
}

/// Opens a dump by its own folder.
pub(crate) fn dump_folder(uri: &str, key: &KeyArgs) -> Result<(Client, DumpId), Failure> {
    let location = read_uri(uri)?;
    let malformed = || Problem::invalid("dump-uri-malformed").with("uri", uri);
    let (parent, name) = location.path.rsplit_once('/').ok_or_else(malformed)?;
    let dump: DumpId = name.parse().map_err(|_| malformed())?;
    if parent.is_empty() {
        return Err(malformed().into());
    }
    let parent = StorageLocation { path: parent.to_owned(), ..location.clone() };
    Ok((open(parent, key)?, dump))
}

/// Opens a location with its key. A directory from the command line is its own root, below which no link is followed.
fn open(bare: StorageLocation, key: &KeyArgs) -> Result<Client, Failure> {
    let (location, secret) = key.complete(bare)?;
    let own = (location.kind == StorageType::File).then_some(&location.path);
    let roots = FileRoots::new(own).map_err(|error| error.problem())?;
    Ok(Client::open(&location, secret.as_ref(), &roots).map_err(|error| error.problem())?)
}

/// Returns the name of each selected database of the dump on the server, by the rules of a recovery.
pub(crate) fn found(
    manifest: &Manifest,
    selection: Selection,
    rename: BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Selection), Failure> {
    // Only the names are checked: without a catalogue, the rest is unknown here.
    let (backup_set, cluster, tenant) = (BackupSetId(0), ClusterId(0), TenantId(0));
    let objects = selection.0;
    let wish = RecoveryRequest {
        backup_set,
        cluster,
        tenant,
        objects,
        rename,
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    let chosen = choose(&manifest.held(), &wish)?;
    Ok((chosen.databases, Selection(chosen.objects)))
}

/// How often a progress bar is repainted.
const PACE: Duration = Duration::from_millis(250);

/// Does the work and shows its progress: a bar on a terminal, otherwise a line for every 10 percent.
pub(crate) async fn metered<T>(
    screen: Screen,
    step: &str,
    meter: &Meter,
    work: impl Future<Output = dump::Result<T>>,
) -> dump::Result<T> {
    let name = step_name(language(), step);
    let bar = (!screen.is_json() && std::io::stdout().is_terminal()).then(|| new_bar(&name));
    let mut work = std::pin::pin!(work);
    let mut pace = tokio::time::interval(PACE);
    let mut told = 0;
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = pace.tick() => {
                let (percent, words) = words(meter.now());
                match &bar {
                    Some(bar) => {
                        bar.set_position(percent);
                        bar.set_message(words);
                    }
                    None if percent / 10 > told => {
                        told = percent / 10;
                        screen.line(&format!("{name}: {words}"));
                    }
                    None => {}
                }
            }
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    done
}

fn new_bar(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix}  {bar:30} {wide_msg}");
    let bar = ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    bar
}

/// Returns the percentage and the text of the progress.
fn words(progress: Progress) -> (u64, String) {
    let Progress { pieces_done, pieces, rows, bytes, raw_bytes: _ } = progress;
    let percent = (pieces_done * 100).checked_div(pieces).unwrap_or(0);
    let text = Text::new("cli-pieces")
        .with("percent", percent)
        .with("done", pieces_done)
        .with("total", pieces)
        .with("rows", rows)
        .with("size", size::bytes(bytes));
    (percent, text.message(language()))
}

#[cfg(test)]
mod tests {
    use super::read_url;

    #[test]
    fn a_server_is_named_by_its_url_or_refused() {
        let cases = [
            ("mysql://root@127.0.0.1:2881", Some("root@127.0.0.1:2881")),
            ("mysql://root@db1", Some("root@db1:2881")),
            ("mysql://root%40sys%23prod@db1:2883/", Some("root@sys#prod@db1:2883")),
            ("mysql://root@[::1]:2881", Some("root@[::1]:2881")),
            ("mysql://db1", None),
            ("mysql://root@db1/shop", None),
            ("mysql://root@db1?ssl=1", None),
            ("postgres://root@db1", None),
            ("db1:2881", None),
        ];
        for (url, expected) in cases {
            let read = read_url(url).ok().map(|(address, user)| format!("{user}@{address}"));
            assert_eq!(read.as_deref(), expected, "{url}");
        }
    }
}
