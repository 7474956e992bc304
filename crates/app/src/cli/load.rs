//! `lifeboat load`: the logical engine alone, no server needed.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use dump::load::{self, IntoExisting, Made, Options, Standing};
use dump::{DumpId, Manifest, Meter, Report, Source, TableEntry, full_name};
use model::Problem;
use model::inventory::ObjectKind;
use model::not_made::{NotMade, PartKind};
use model::problem::codes;
use model::recovery::check_without;
use model::text::Text;
use serde_json::{Value, json};
use storage::Client;
use tokio_util::sync::CancellationToken;

use super::interrupt::{ending, interrupted, this_command, until};
use super::left_out;
use super::local::{Answer, connections, dump_folder, found, identities, metered, source};
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
    /// Create procedures, functions, triggers, events, outlines, users and their privileges. Without this option, a load
    /// that skips some of them is partial, and exits with status 4
    #[arg(long)]
    with_code: bool,
    /// Leave out objects of this kind, and do not count the load as partial for it: routines, triggers, events,
    /// outlines, users or grants; repeatable
    #[arg(long, value_name = "KIND")]
    without: Vec<ObjectKind>,
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
    let cancel = CancellationToken::new();
    interrupted(&cancel)?;
    let opened = until(&cancel, dump::open_manifest(&client, &dump)).await?;
    let origin = args.trust.judge_for_load(&args.from, &opened, args.accept_unsigned)?;
    screen.say(&described(&origin));
    let (databases, selection) = found(&opened.manifest, asked, rename)?;
    let identities = identities(args.identity.as_deref())?;
    let into_existing = if args.into_existing { IntoExisting::Always } else { IntoExisting::Never };
    check_without(&args.without)?;
    let (with_code, without) = (args.with_code, args.without);
    let expected_manifest = Some(opened.blake3);
    let options =
        Options { databases, selection, into_existing, with_code, without, identities, expected_manifest };
    let privileged = load::privileged(&client, &dump, &options, &target.endpoint.user);
    let privileged = until(&cancel, privileged).await?;
    privileged.iter().for_each(|text| screen.say(text));
    let connections = usize::from(args.threads);
    let loading = Loading { screen, target, client, dump, options, connections, cancel };
    let manifest = &opened.manifest;
    let mut made = Made { notes: manifest.notes.clone(), not_made: Vec::new() };
    made.notes.extend(accounts_not_asked(manifest, &loading.options));
    made.add(load::not_requested(manifest, &loading.options));
    made.texts().iter().for_each(|text| screen.say(text));
    let mut left = None;
    let (rows, is_verified) = match loading.run(!args.no_verify, &mut made).await {
        Ok(done) => done,
        Err(Ended::Load(error)) => return Err(loading.interrupted(error).await),
        Err(Ended::Verify(failure)) => return Err(failure),
        Err(Ended::Finish { error, rows, is_verified }) => {
            let said = error.problem().text.raw.unwrap_or_else(|| error.to_string());
            let problem = Problem::outside("load-notes-left").with("dump", &loading.dump);
            left = Some(Failure::from(problem.with("table", load::MARKS_TABLE).raw(said)));
            (rows, is_verified)
        }
    };
    let names: Vec<&String> = loading.options.databases.values().collect();
    let privileged: Vec<String> = privileged.iter().map(|text| text.message(language())).collect();
    let notes: Vec<String> = made.notes.iter().map(|note| note.message(language())).collect();
    let status = match (&left, made.not_made.is_empty()) {
        (Some(_), _) => "NOT_FINISHED",
        (None, true) => "COMPLETE",
        (None, false) => "PARTIAL",
    };
    let data = json!({
        "dump": loading.dump, "status": status, "origin": origin, "databases": names,
        "tables": tables(manifest, &loading.options, &made.not_made),
        "privileged": privileged, "rows": rows, "verified": is_verified, "notes": notes,
        "leftOut": left_out::described(manifest),
        "notMade": made.not_made.iter().map(described_part).collect::<Vec<_>>(),
    });
    screen.show(&data, |screen| {
        if left.is_some() || !made.not_made.is_empty() {
            return; // the last line is then the error: the load is not complete
        }
        let text = if args.no_verify { "cli-load-not-verified" } else { "cli-load-complete" };
        screen.say(&Text::new(text).with("dump", &loading.dump).with("rows", rows));
    });
    let Some(left) = left else { return complete(&made.not_made) };
    // What could not be created is told as well.
    complete(&made.not_made).inspect_err(|_| left.show(screen.is_json())).and(Err(left))
}

/// Names the tables that were loaded, with their rows.
fn tables(manifest: &Manifest, options: &Options, not_made: &[NotMade]) -> Vec<Value> {
    let lacks: HashSet<&str> =
        not_made.iter().filter(|part| part.kind == PartKind::Tables).map(|part| part.name.as_str()).collect();
    let table = |(database, table): (&str, &TableEntry)| {
        let database = options.databases.get(database)?;
        let is_lacking = lacks.contains(full_name(database, &table.name).as_str());
        let row = json!({ "database": database, "name": table.name, "rows": table.rows });
        (!is_lacking).then_some(row)
    };
    manifest.tables_of(&options.selection).filter_map(table).collect()
}

/// Returns a note if the dump has users, and this load of a part of it does not create them.
fn accounts_not_asked(manifest: &Manifest, options: &Options) -> Option<Text> {
    let accounts = manifest.accounts.len();
    let is_left = options.with_code && accounts > 0 && !options.selection.is_all();
    is_left.then(|| Text::new("cli-load-without-accounts").with("accounts", accounts))
}

fn failures(report: &Report) -> Vec<Failure> {
    report.findings.iter().map(|finding| finding.problem().coded(codes::RECOVERY_FAILED).into()).collect()
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

/// Why a load did not end well.
enum Ended {
    /// It could not continue.
    Load(dump::Error),
    /// The rows in the target are not those of the dump.
    Verify(Failure),
    /// Only its last step failed: its notes may remain in the target.
    Finish { error: dump::Error, rows: u64, is_verified: bool },
}

impl From<dump::Error> for Ended {
    fn from(error: dump::Error) -> Self {
        Self::Load(error)
    }
}

/// The server's error numbers for a log-on that it refuses.
const LOG_ON_REFUSED: [u16; 2] = [1045, 1698];

/// How long the target may take to show what is loaded.
const STANDING_LIMIT: Duration = Duration::from_secs(3);

/// How many tables are listed by name.
const LISTED: usize = 20;

impl Loading {
    /// Loads the dump, verifies it if requested, and returns the number of loaded rows, and whether all were
    /// verified to be those of the dump. Notes are printed as they come, and collected.
    async fn run(&self, verify: bool, made: &mut Made) -> Result<(u64, bool), Ended> {
        let Self { screen, target, client, dump, options, connections, cancel } = self;
        let mut add = |more: Made| {
            more.texts().iter().for_each(|text| screen.say(text));
            made.add(more);
        };
        let (all, connections) = (options, *connections);
        add(ending(cancel, load::create_schema(target, client, dump, all, connections, cancel)).await?);
        let meter = Meter::new();
        let work = load::load_data(target, client, dump, options, connections, &meter, cancel);
        add(ending(cancel, metered(*screen, "load-data", &meter, work)).await?);
        if options.with_code {
            add(ending(cancel, load::create_routines(target, client, dump, options)).await?);
        }
        add(ending(cancel, load::create_indexes(target, client, dump, all, connections, cancel)).await?);
        let (mut rows, mut is_verified) = (meter.now().rows, false);
        if verify {
            let (compared, differing) = self.verify().await?;
            (rows, is_verified) = (compared, differing.not_made.is_empty());
            add(differing);
        }
        if options.with_code {
            add(ending(cancel, load::create_triggers(target, client, dump, options)).await?);
        }
        let finished = ending(cancel, load::finish(target, client, dump, options)).await;
        finished.map_err(|error| Ended::Finish { error, rows, is_verified })?;
        Ok((rows, is_verified))
    }

    /// Reports what is loaded and how to resume, if a load of the same dump can continue in the target.
    async fn interrupted(&self, error: dump::Error) -> Failure {
        let can_pass = match &error {
            // A refused log-on says nothing about what is loaded, and the same command would be refused again.
            dump::Error::Database { source, .. } => {
                !source.number().is_some_and(|number| LOG_ON_REFUSED.contains(&number))
            }
            dump::Error::Storage { .. } | dump::Error::Cancelled => true,
            _ => false,
        };
        if can_pass {
            let Self { target, client, dump, options, .. } = self;
            let standing = Box::pin(load::standing(target, client, dump, options));
            let standing = tokio::time::timeout(STANDING_LIMIT, standing).await;
            self.stands(standing.ok().and_then(Result::ok).as_ref());
        }
        match error {
            dump::Error::Cancelled => {
                Problem::refused(codes::CONFLICT, "load-cancelled").with("dump", &self.dump).into()
            }
            error => error.into(),
        }
    }

    fn stands(&self, standing: Option<&Standing>) {
        let screen = self.screen;
        match standing {
            None => screen.say(&Text::new("cli-load-stands-unknown")),
            Some(Standing { loaded, rows, missing }) => {
                let text = Text::new("cli-load-stands").with("loaded", loaded.len());
                screen.say(&text.with("total", loaded.len() + missing.len()).with("rows", rows));
                if !missing.is_empty() {
                    let names = missing.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
                    let more = missing.len().saturating_sub(LISTED);
                    let id = if more == 0 { "cli-load-stands-not" } else { "cli-load-stands-not-more" };
                    screen.say(&Text::new(id).with("tables", names).with("more", more));
                }
                screen.say(&Text::new("cli-load-stands-later"));
            }
        }
        screen.say(&Text::new("cli-load-resume").with("command", this_command()));
    }

    /// Reads all rows back. Returns the number of compared rows, and the tables that differ.
    async fn verify(&self) -> Result<(u64, Made), Ended> {
        let Self { screen, target, client, dump, options, connections, cancel, .. } = self;
        let meter = Meter::new();
        let work = load::verify_data(target, client, dump, options, *connections, &meter, cancel);
        let report = ending(cancel, metered(*screen, "verify-data", &meter, work)).await?;
        if let Some(differing) = load::differing(&report) {
            if let Some(last) = Failure::last_of(failures(&report), screen.is_json()) {
                last.show(screen.is_json());
            }
            return Ok((report.rows, differing));
        }
        match Failure::last_of(failures(&report), screen.is_json()) {
            Some(last) => Err(Ended::Verify(last)),
            None => Ok((report.rows, Made::default())),
        }
    }
}
