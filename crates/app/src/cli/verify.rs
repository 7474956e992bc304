//! `lifeboat verify`: the logical engine alone, no server needed.

use clap::Args;
use dump::{Choice, Meter, Report};
use model::size;
use model::text::Text;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::interrupt::{ending, interrupted, until};
use super::left_out;
use super::local::{Answer, connections, dump_folder, found, metered, source};
use super::names::{chosen, read_rename};
use super::signing_key::{self, TrustArgs};
use super::storage::KeyArgs;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The folder of the dump, such as file:///DIR/DUMP or s3://BUCKET/DIR/DUMP
    #[arg(long, value_name = "file:///DIR/DUMP")]
    from: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Compare the dump with this database server. The password of the user comes from LIFEBOAT_CLUSTER_PASSWORD,
    /// LIFEBOAT_CLUSTER_PASSWORD_FILE, a prompt or standard input
    #[arg(long, value_name = "mysql://USER@HOST:PORT")]
    against: Option<String>,
    /// Compare only this database; repeatable
    #[arg(long, value_name = "NAME", requires = "against")]
    database: Vec<String>,
    /// Compare only this table; repeatable
    #[arg(long, value_name = "DATABASE.TABLE", requires = "against")]
    table: Vec<String>,
    /// Compare a database with one of a new name on the server; repeatable
    #[arg(long, value_name = "OLD=NEW", requires = "against")]
    rename: Vec<String>,
    #[command(flatten)]
    trust: TrustArgs,
    /// The number of concurrent reads
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = connections())]
    threads: u16,
    #[command(flatten)]
    pub(crate) answer: Answer,
}

pub(crate) async fn run(args: VerifyArgs) -> Result<(), Failure> {
    let screen = args.answer.screen();
    let rename = read_rename(&args.rename)?;
    let (client, dump) = dump_folder(&args.from, &args.key)?;
    let cancel = CancellationToken::new();
    interrupted(&cancel)?;
    let threads = usize::from(args.threads);
    let against = args.against.as_deref().map(source).transpose()?;
    let opened = until(&cancel, dump::open_manifest(&client, &dump)).await?;
    let origin = args.trust.judge(&args.from, &opened)?;
    let meter = Meter::new();
    let work = dump::verify(&client, &dump, Some(&opened.blake3), threads, &meter, &cancel);
    let objects = ending(&cancel, metered(screen, "verify-backup-set", &meter, work)).await?;
    let manifest = &opened.manifest;
    let mut said = json!({
        "dump": dump, "origin": origin, "status": left_out::status(manifest),
        "leftOut": left_out::described(manifest), "notes": left_out::notes(manifest), "objects": described(&objects),
    });
    let mut lines = vec![signing_key::described(&origin)];
    lines.extend(left_out::lines(manifest));
    lines.extend(manifest.notes.iter().cloned());
    lines.push(line("cli-verify-objects", &objects));
    let mut findings = objects.findings;
    if let Some(server) = against {
        let asked = chosen(&args.database, &args.table)?;
        let (names, selection) = found(manifest, asked, rename)?;
        let meter = Meter::new();
        let choice = Choice { names: &names, selection: &selection, expected_manifest: Some(&opened.blake3) };
        let work = dump::verify_against(&server, &client, &dump, choice, threads, &meter, &cancel);
        let rows = ending(&cancel, metered(screen, "verify-data", &meter, work)).await?;
        said["against"] = described(&rows);
        lines.push(line("cli-verify-rows", &rows));
        findings.extend(rows.findings);
    }
    let failures: Vec<Failure> = findings.iter().map(|finding| finding.problem().into()).collect();
    report(screen, &said, &lines, failures)?;
    left_out::refused(manifest)
}

fn report(screen: Screen, said: &Value, lines: &[Text], failures: Vec<Failure>) -> Result<(), Failure> {
    screen.show(said, |screen| lines.iter().for_each(|line| screen.say(line)));
    Failure::last_of(failures, screen.is_json()).map_or(Ok(()), Err)
}

fn described(report: &Report) -> Value {
    json!({
        "passed": report.is_clean(), "checked": report.checked, "bytes": report.bytes, "rows": report.rows,
        "findings": report.findings.iter().map(|finding| finding.problem().to_string()).collect::<Vec<_>>(),
    })
}

fn line(id: &str, report: &Report) -> Text {
    Text::new(id)
        .with("checked", report.checked)
        .with("size", size::bytes(report.bytes))
        .with("rows", report.rows)
        .with("findings", report.findings.len())
}
