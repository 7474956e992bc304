//! `lifeboat admin diagnose`: one zip file with the answers of the REST API that explain a problem.
//!
//! Every part is an answer of the API, which contains no secrets. A part that fails does not stop the others: the file
//! `about.json` names it with the reason.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use model::text::Text;
use model::{Problem, size};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::reach::Reach;
use super::task::log_pages;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{LogRows, TaskRow, read};

/// How many of the newest failed tasks are collected.
const TASKS_MAX: u32 = 50;

/// The answers that are no lists, and their files.
const ANSWERS: &[(&str, &str)] = &[
    ("configuration.json", "/configuration"),
    ("watchers.json", "/watchers"),
    ("history.json", "/history"),
    ("overview.json", "/backup/overview"),
];

/// The lists of the API, and their files.
const LISTS: &[(&str, &str)] = &[
    ("alarms.json", "/alarm/alarms"),
    ("channels.json", "/alarm/channels"),
    ("tenants.json", "/ob/tenants"),
    ("protection.json", "/backup/objects"),
    ("storages.json", "/backup/storages"),
    ("strategies.json", "/backup/strategies"),
];

/// The answers about each cluster.
const OF_CLUSTER: &[&str] = &["servers", "zones", "backup/ability", "backup/overview"];

/// The texts outside the API, and their files.
const TEXTS: &[(&str, &str)] = &[("readyz.txt", "/readyz"), ("metrics.txt", "/metrics")];

#[derive(Args)]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// The zip file to create
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Collect this task too, whatever its status; repeatable. The 50 newest failed tasks are always collected
    #[arg(long, value_name = "TASK")]
    task: Vec<i64>,
}

pub(crate) async fn run(args: DiagnoseArgs) -> Result<(), Failure> {
    let (client, screen) = (args.reach.client()?, args.reach.screen());
    let version = client.get("/version", &[]).await?; // no bundle if the server is gone or refuses the account
    let mut bundle = Bundle::create(&args.to)?;
    collect(&client, &args.task, &mut bundle).await?;
    let missing = bundle.missing.len();
    let bytes = bundle.finish(&version)?;
    let done = json!({ "path": args.to.display().to_string(), "bytes": bytes, "missing": missing });
    let said =
        Text::new("cli-diagnosis-written").with("path", args.to.display()).with("size", size::bytes(bytes));
    screen.show(&done, |screen| {
        screen.say(&said);
        if missing > 0 {
            screen.say(&Text::new("cli-diagnosis-incomplete").with("parts", missing));
        }
    });
    Ok(())
}

async fn collect(client: &Client, tasks: &[i64], bundle: &mut Bundle) -> Result<(), Failure> {
    for (file, path) in ANSWERS {
        bundle.answer(file, client.get(path, &[]).await)?;
    }
    for (file, path) in TEXTS {
        bundle.add(file, client.text(path).await)?;
    }
    for (file, path) in LISTS {
        bundle.answer(file, client.list(path, &[]).await.map(Value::Array))?;
    }
    let clusters = client.list("/ob/clusters", &[]).await;
    let known = ids(clusters.as_ref().ok().map(Vec::as_slice));
    bundle.answer("clusters.json", clusters.map(Value::Array))?;
    for cluster in known {
        bundle.answer(
            &format!("clusters/{cluster}.json"),
            client.get(&format!("/ob/clusters/{cluster}"), &[]).await,
        )?;
        for part in OF_CLUSTER {
            let file = format!("clusters/{cluster}/{}.json", part.replace('/', "-"));
            bundle.answer(&file, client.get(&format!("/ob/clusters/{cluster}/{part}"), &[]).await)?;
        }
    }
    let query = [("status", "FAILED".to_owned()), ("size", TASKS_MAX.to_string())];
    let failed = client.get("/tasks/instances", &query).await;
    let mut wanted =
        ids(failed.as_ref().ok().and_then(|page| page["contents"].as_array()).map(Vec::as_slice));
    bundle.answer("tasks.json", failed)?;
    wanted.extend(tasks);
    wanted.sort_unstable();
    wanted.dedup();
    for task in wanted {
        collect_task(client, task, bundle).await?;
    }
    Ok(())
}

/// Collects a task, and a log for each of its steps.
async fn collect_task(client: &Client, task: i64, bundle: &mut Bundle) -> Result<(), Failure> {
    let answer = client.get(&format!("/tasks/instances/{task}"), &[]).await;
    let steps = answer.as_ref().ok().and_then(|shown| read::<TaskRow>(shown).ok());
    bundle.answer(&format!("tasks/{task}.json"), answer)?;
    for step in steps.map(|shown| shown.subtasks).unwrap_or_default() {
        let log = log_pages(client, task, step.id).await.and_then(|pages| lines(&pages));
        bundle.add(&format!("tasks/{task}/{}.log", step.id), log)?;
    }
    Ok(())
}

fn lines(pages: &[Value]) -> Result<String, Failure> {
    let mut text = String::new();
    for page in pages {
        for line in read::<LogRows>(page)?.lines {
            text.push_str(&format!("{}  {}\n", line.at, line.text));
        }
    }
    Ok(text)
}

fn ids(rows: Option<&[Value]>) -> Vec<i64> {
    rows.unwrap_or_default().iter().filter_map(|row| row["id"].as_i64()).collect()
}

/// The zip file, which only its owner can read. It gets its name when it is complete.
struct Bundle {
    zip: ZipWriter<File>,
    path: PathBuf,
    part: PathBuf,
    missing: Vec<(String, String)>,
}

impl Bundle {
    fn create(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
        name.push(".part");
        let part = path.with_file_name(name);
        if path.exists() {
            return Err(Problem::invalid("diagnosis-exists").with("path", path.display()).into());
        }
        let _ = std::fs::remove_file(&part); // of an interrupted collection
        let open = File::options().write(true).create_new(true).mode(0o600).open(&part);
        let file = open.map_err(|cause| unwritten(path, &cause))?;
        Ok(Self { zip: ZipWriter::new(file), path: path.to_owned(), part, missing: Vec::new() })
    }

    fn answer(&mut self, file: &str, answer: Result<Value, Failure>) -> Result<(), Failure> {
        self.add(file, answer.map(|data| format!("{data:#}\n")))
    }

    /// Adds a file, or notes why it is missing.
    fn add(&mut self, file: &str, text: Result<String, Failure>) -> Result<(), Failure> {
        match text {
            Ok(text) => self.write(file, &text).map_err(|cause| unwritten(&self.path, &cause).into()),
            Err(failure) => {
                self.missing.push((file.to_owned(), failure.line()));
                Ok(())
            }
        }
    }

    fn write(&mut self, file: &str, text: &str) -> io::Result<()> {
        self.zip.start_file(file, SimpleFileOptions::default())?;
        self.zip.write_all(text.as_bytes())
    }

    /// Writes `about.json`, and gives the file its name; returns its size.
    fn finish(mut self, version: &Value) -> Result<u64, Failure> {
        let missing: Vec<Value> =
            self.missing.iter().map(|(file, reason)| json!({ "file": file, "reason": reason })).collect();
        let about = json!({
            "server": version,
            "commandLine": env!("CARGO_PKG_VERSION"),
            "missing": missing,
        });
        let Self { path, part, .. } = &self;
        let (path, part) = (path.clone(), part.clone());
        let failed = |cause: &io::Error| unwritten(&path, cause);
        self.write("about.json", &format!("{about:#}\n")).map_err(|cause| failed(&cause))?;
        let file = self.zip.finish().map_err(|cause| failed(&cause.into()))?;
        file.sync_all().map_err(|cause| failed(&cause))?;
        let bytes = file.metadata().map_err(|cause| failed(&cause))?.len();
        std::fs::rename(part, &path).map_err(|cause| failed(&cause))?;
        Ok(bytes)
    }
}

fn unwritten(path: &Path, cause: &io::Error) -> Problem {
    Problem::outside("diagnosis-not-written").with("path", path.display()).raw(cause)
}
