//! `lifeboat dump`: the logical engine alone, no server needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use dump::{
    Compression, DumpId, Manifest, Meter, NotARecipient, Options, Plan, PublicKey, Recipient, SigningKey,
    Snapshot, Source,
};
use model::text::Text;
use model::{Problem, Timestamp, size};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::consent::ConsentArgs;
use super::interrupt::{ending, interrupted, until};
use super::left_out;
use super::local::{Answer, connections, folder, metered, source};
use super::names::chosen;
use super::own_key::OwnKey;
use super::signing_key;
use super::storage::KeyArgs;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct DumpArgs {
    /// The database server. The password of the user comes from LIFEBOAT_CLUSTER_PASSWORD,
    /// LIFEBOAT_CLUSTER_PASSWORD_FILE, a prompt or standard input
    #[arg(long, value_name = "mysql://USER@HOST:PORT")]
    url: String,
    /// The directory, or folder of a bucket such as s3://BUCKET/DIR, to dump to. Each dump creates a new folder there
    #[arg(long, value_name = "file:///DIR")]
    to: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Select only this database; repeatable. Defaults to all databases
    #[arg(long, value_name = "NAME")]
    database: Vec<String>,
    /// Select only this table; repeatable. Defaults to all tables
    #[arg(long, value_name = "DATABASE.TABLE")]
    table: Vec<String>,
    #[command(flatten)]
    consent: ConsentArgs,
    /// The number of concurrent read connections
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = connections())]
    threads: u16,
    /// The compression: zstd:1 to zstd:19, lz4, or none
    #[arg(long, value_name = "METHOD", default_value = "zstd:1")]
    compression: Compression,
    /// Encrypt to this age public key, as `age-keygen` prints it; repeatable: each matching secret key decrypts the
    /// dump
    #[arg(long, value_name = "age1…")]
    encrypt_to: Vec<String>,
    /// Sign the dump with the key in this file, which `lifeboat keygen` creates. Use the same key to resume a dump.
    /// Defaults to your own key in ~/.config/lifeboat/signing-key, which the first dump creates
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Resume the interrupted dump with this ID, with its original server and options. OceanBase and seekdb only.
    /// Defaults to a new dump
    #[arg(long, value_name = "DUMP")]
    resume: Option<DumpId>,
    /// How long MySQL or MariaDB may block writes while the snapshot is taken
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = lock_wait())]
    lock_wait: u64,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

/// Reads a number of seconds.
fn lock_wait() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=3600)
}

pub(crate) async fn run(args: DumpArgs) -> Result<(), Failure> {
    let screen = args.answer.screen();
    let mut options = options(&args)?;
    options.signer = signer(screen, args.sign_key.as_deref())?;
    let client = folder(&args.to, &args.key)?;
    let source = source(&args.url)?;
    let cancel = CancellationToken::new();
    interrupted(&cancel)?;
    let snapshot = fix(screen, &source, &client, args.resume.as_ref(), &options, &cancel).await?;
    let plan = Arc::clone(snapshot.plan());
    let work = ending(&cancel, take(screen, &source, &client, snapshot, &options, &cancel));
    let manifest = work.await.map_err(|error| {
        way_on(screen, &client, &plan, &error);
        Failure::from(error)
    })?;
    // The notes of the plan were printed already. Notes about values are known only after reading them.
    manifest.notes.iter().filter(|note| !plan.notes.contains(note)).for_each(|note| screen.say(note));
    show(screen, &client, &manifest, options.signer.map(|key| key.public()));
    left_out::refused(&manifest)
}

/// Shows how to continue an interrupted dump.
fn way_on(screen: Screen, client: &storage::Client, plan: &Plan, error: &dump::Error) {
    // Any other error would happen again.
    let can_pass =
        matches!(error, dump::Error::Database { .. } | dump::Error::Storage { .. } | dump::Error::Cancelled);
    let can_resume = plan.server.product.is_oceanbase() && can_pass && !error.must_restart();
    let hint = if can_resume {
        Text::new("cli-dump-resume").with("dump", &plan.dump)
    } else {
        let uri = client.location().below(plan.dump.as_str()).uri();
        Text::new("cli-dump-remains").with("uri", uri)
    };
    screen.say(&hint);
}

fn options(args: &DumpArgs) -> Result<Options, Problem> {
    let selection = chosen(&args.database, &args.table)?;
    let compression = args.compression;
    let recipients = args.encrypt_to.iter().map(|text| recipient(text)).collect::<Result<_, _>>()?;
    Ok(Options {
        selection,
        consent: args.consent.read()?,
        compression,
        recipients,
        connections: usize::from(args.threads),
        lock_wait: Some(Duration::from_secs(args.lock_wait)),
        leave_out_changed: true,
        ..Options::default()
    })
}

/// Returns the signing key of the dump: the one in the file, or the user's own. Without either, the dump is unsigned.
fn signer(screen: Screen, file: Option<&Path>) -> Result<Option<SigningKey>, Problem> {
    if let Some(file) = file {
        return signing_key::read(file).map(Some);
    }
    match OwnKey::ensure()? {
        OwnKey::Found(key) => Ok(Some(key)),
        OwnKey::Created(key, file) => {
            screen.say(&signing_key::created(&file, key.public()));
            Ok(Some(key))
        }
        OwnKey::None(why) => {
            screen.say(&why);
            Ok(None)
        }
    }
}

/// Reads a public key. A secret key that was given by mistake is not repeated in the error, which may reach a log.
fn recipient(text: &str) -> Result<Recipient, Problem> {
    text.parse().map_err(|cause: NotARecipient| match cause.is_secret {
        true => Problem::invalid("recipient-is-secret"),
        false => Problem::invalid("recipient-malformed").with("text", text),
    })
}

/// Takes the snapshot and plans the dump; errors come before anything is written.
async fn fix(
    screen: Screen,
    source: &Source,
    client: &storage::Client,
    resumed: Option<&DumpId>,
    options: &Options,
    cancel: &CancellationToken,
) -> Result<Snapshot, Failure> {
    // Open this session first, so that a wrong password is tried only once.
    let session = until(cancel, source.open_for_definitions()).await?;
    let snapshot = async {
        match resumed {
            Some(dump) => dump::resume_snapshot(source, client, dump, options).await,
            None => dump::take_snapshot(source, client, &DumpId::unique(now()), options).await,
        }
    };
    let both = async { Ok(tokio::join!(dump::warnings(session), Box::pin(snapshot))) };
    let (warnings, snapshot) = until(cancel, both).await?;
    warnings?.iter().for_each(|note| screen.say(note));
    let snapshot = match snapshot {
        Err(
            dump::Error::CannotCarry { mut problems }
            | dump::Error::ResumeDiffers { differences: mut problems, .. },
        ) => {
            let last = problems.pop().expect("a refusal has a reason");
            problems.into_iter().for_each(|problem| Failure::from(problem).show(screen.is_json()));
            return Err(last.into());
        }
        snapshot => snapshot?,
    };
    snapshot.plan().notes.iter().for_each(|note| screen.say(note));
    Ok(snapshot)
}

async fn take(
    screen: Screen,
    source: &Source,
    client: &storage::Client,
    snapshot: Snapshot,
    options: &Options,
    cancel: &CancellationToken,
) -> dump::Result<Manifest> {
    let dump = &snapshot.plan().dump;
    screen.say(&Text::new("cli-dump-begun").with("dump", dump).with("scn", snapshot.scn()));
    let meter = Meter::new();
    let work = async {
        let rows = dump::dump_data(source, client, &snapshot, options.connections, &meter, cancel);
        tokio::try_join!(dump::dump_schema(source, client, &snapshot), rows).map(drop)
    };
    metered(screen, "dump-data", &meter, Box::pin(work)).await?;
    let manifest = dump::finish(client, dump, options.signer.as_ref()).await?;
    snapshot.release().await;
    Ok(manifest)
}

fn show(screen: Screen, client: &storage::Client, manifest: &Manifest, signer: Option<PublicKey>) {
    let uri = client.location().below(manifest.dump.as_str()).uri();
    let totals = &manifest.totals;
    let data = json!({
        "dump": manifest.dump, "uri": uri, "scn": manifest.scn.to_string(),
        "tables": totals.tables, "rows": totals.rows, "bytes": totals.bytes, "signer": signer,
        "status": left_out::status(manifest), "leftOut": left_out::described(manifest),
        "notes": left_out::notes(manifest),
    });
    screen.show(&data, |screen| {
        left_out::lines(manifest).iter().for_each(|line| screen.say(line));
        if manifest.is_partial() {
            return; // the last line is then the error: the dump is not complete
        }
        screen.say(
            &Text::new("cli-dump-complete")
                .with("uri", &uri)
                .with("tables", totals.tables)
                .with("rows", totals.rows)
                .with("size", size::bytes(totals.bytes)),
        );
    });
}

fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}
