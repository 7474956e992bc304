//! `lifeboat load`: the logical engine alone, no server needed.

use std::path::PathBuf;

use clap::Args;
use dump::load::{self, IntoExisting, Made, Options};
use dump::{DumpId, Meter, Source};
use model::Problem;
use model::not_made::NotMade;
use model::problem::codes;
use model::text::Text;
use serde_json::{Value, json};
use storage::Client;
use tokio_util::sync::CancellationToken;

use super::local::{Answer, connections, dump_folder, found, identities, interrupted, metered, source};
use super::names::{chosen, read_rename};
use super::signing_key::{TrustArgs, described};
use super::storage::KeyArgs;
use crate::failure::Failure;
use crate::language::language;
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct LoadArgs {
    /// The folder of the dump, such as file:///DIR/DUMP or s3://BUCKET/DIR/DUMP
    #[arg(long, value_name = "file:///DIR/DUMP")]
    from: String,
    #[command(flatten)]
    key: KeyArgs,
    /// The database server. The password of the user comes from LIFEBOAT_CLUSTER_PASSWORD,
    /// LIFEBOAT_CLUSTER_PASSWORD_FILE, a prompt or standard input
    #[arg(long, value_name = "mysql://USER@HOST:PORT")]
    url: String,
    /// Select only this database; repeatable. Defaults to all databases
    #[arg(long, value_name = "NAME")]
    database: Vec<String>,
    /// Select only this table or view; repeatable. Defaults to all tables and views
    #[arg(long, value_name = "DATABASE.TABLE")]
    table: Vec<String>,
    /// Load a database under a new name; repeatable
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
    /// Load into databases that already contain other tables. Tables of the same names are never replaced
    #[arg(long)]
    into_existing: bool,
    /// Create procedures, functions, triggers, users and their privileges
    #[arg(long)]
    with_code: bool,
    /// The file with the secret keys of an encrypted dump, in the format of `age-keygen`
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Accept a dump that is not signed. It is not known who wrote it, and its definitions run on the target
    #[arg(long, conflicts_with = "trust_key")]
    accept_unsigned: bool,
    /// Do not read the rows back and compare them with the dump; `lifeboat verify` can do it later
    #[arg(long)]
    no_verify: bool,
    /// The number of concurrent write connections
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = connections())]
    threads: u16,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

pub(crate) async fn run(args: LoadArgs) -> Result<(), Failure> {
    let screen = args.answer.screen();
    let rename = read_rename(&args.rename)?;
    let (client, dump) = dump_folder(&args.from, &args.key)?;
    let target = source(&args.url)?;
    let asked = chosen(&args.database, &args.table)?;
    let opened = dump::open_manifest(&client, &dump).await.map_err(|error| error.problem())?;
    let origin = args.trust.judge_for_load(&args.from, &opened, args.accept_unsigned)?;
    screen.say(&described(&origin));
    let (databases, selection) = found(&opened.manifest, asked, rename)?;
    let identities = identities(args.identity.as_deref())?;
    let into_existing = if args.into_existing { IntoExisting::Always } else { IntoExisting::Never };
    let with_code = args.with_code;
    let expected_manifest = Some(opened.blake3);
    let options = Options { databases, selection, into_existing, with_code, identities, expected_manifest };
    let privileged = load::privileged(&client, &dump, &options, &target.endpoint.user).await;
    let privileged = privileged.map_err(|error| error.problem())?;
    privileged.iter().for_each(|text| screen.say(text));
    let cancel = CancellationToken::new();
    interrupted(&cancel)?;
    let connections = usize::from(args.threads);
    let loading = Loading { screen, target, client, dump, options, connections, cancel };
    let mut made = Made { notes: opened.manifest.notes, not_made: Vec::new() };
    made.notes.iter().for_each(|note| screen.say(note));
    let (rows, is_verified) = loading.run(!args.no_verify, &mut made).await?;
    let names: Vec<&String> = loading.options.databases.values().collect();
    let privileged: Vec<String> = privileged.iter().map(|text| text.message(language())).collect();
    let notes: Vec<String> = made.notes.iter().map(|note| note.message(language())).collect();
    let data = json!({
        "dump": loading.dump, "origin": origin, "databases": names,
        "privileged": privileged, "rows": rows, "verified": is_verified,
        "notes": notes, "notMade": made.not_made.iter().map(described_part).collect::<Vec<_>>(),
    });
    screen.show(&data, |screen| {
        if !made.not_made.is_empty() {
            return; // the last line is then the error: the load is not complete
        }
        let text = if args.no_verify { "cli-load-not-verified" } else { "cli-load-complete" };
        screen.say(&Text::new(text).with("dump", &loading.dump).with("rows", rows));
    });
    complete(&made.not_made)
}

fn described_part(part: &NotMade) -> Value {
    json!({ "kind": part.kind, "name": part.name, "reason": part.reason.message(language()) })
}

/// Fails for a load that could not create every object.
fn complete(not_made: &[NotMade]) -> Result<(), Failure> {
    if not_made.is_empty() {
        return Ok(());
    }
    let problem = Problem::refused(codes::RECOVERY_FAILED, "load-incomplete").with("count", not_made.len());
    Err(Failure::partial(problem))
}

struct Loading {
    screen: Screen,
    target: Source,
    client: Client,
    dump: DumpId,
    options: Options,
    connections: usize,
    cancel: CancellationToken,
}

impl Loading {
    /// Loads the dump, verifies it if requested, and returns the number of loaded rows, and whether all were
    /// verified to be those of the dump. Notes are printed as they come, and collected.
    async fn run(&self, verify: bool, made: &mut Made) -> Result<(u64, bool), Failure> {
        let Self { screen, target, client, dump, options, connections, cancel } = self;
        let mut add = |more: dump::Result<Made>| -> Result<(), Failure> {
            let more = more.map_err(|error| error.problem())?;
            more.texts().iter().for_each(|text| screen.say(text));
            made.add(more);
            Ok(())
        };
        add(load::create_schema(target, client, dump, options, *connections, cancel).await)?;
        let meter = Meter::new();
        let work = load::load_data(target, client, dump, options, *connections, &meter, cancel);
        add(metered(*screen, "load-data", &meter, work).await)?;
        if options.with_code {
            add(load::create_routines(target, client, dump, options).await)?;
        }
        add(load::create_indexes(target, client, dump, options, *connections, cancel).await)?;
        let (mut rows, mut is_verified) = (meter.now().rows, false);
        if verify {
            let (compared, differing) = self.verify().await?;
            (rows, is_verified) = (compared, differing.not_made.is_empty());
            add(Ok(differing))?;
        }
        if options.with_code {
            add(load::create_triggers(target, client, dump, options).await)?;
        }
        load::finish(target, client, dump, options).await.map_err(|error| error.problem())?;
        Ok((rows, is_verified))
    }

    /// Reads all rows back. Returns the number of compared rows, and the tables that differ.
    async fn verify(&self) -> Result<(u64, Made), Failure> {
        let Self { screen, target, client, dump, options, connections, cancel, .. } = self;
        let meter = Meter::new();
        let work = load::verify_data(target, client, dump, options, *connections, &meter, cancel);
        let report = metered(*screen, "verify-data", &meter, work).await?;
        if let Some(differing) = load::differing(&report) {
            report
                .findings
                .iter()
                .for_each(|finding| Failure::from(finding.problem()).show(screen.is_json()));
            return Ok((report.rows, differing));
        }
        if let Some((last, others)) = report.findings.split_last() {
            others.iter().for_each(|finding| Failure::from(finding.problem()).show(screen.is_json()));
            return Err(last.problem().coded(codes::RECOVERY_FAILED).into());
        }
        Ok((report.rows, Made::default()))
    }
}
