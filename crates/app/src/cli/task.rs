//! `lifeboat task`.

use clap::{Args, Subcommand, ValueEnum};
use model::Problem;
use model::problem::codes;
use model::text::Text;
use serde_json::Value;

use super::left_out;
use super::names::{cluster, short, short_or_none};
use super::reach::Reach;
use crate::client::Client;
use crate::failure::Failure;
use crate::rows::{AgreementRow, LogRows, MissingRow, NotMadeRow, SubtaskRow, TaskRow, read, read_all};
use crate::screen::Screen;
use crate::{follow, language};

#[derive(Args)]
pub(crate) struct TaskArgs {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the tasks, newest first
    List {
        /// Show only tasks of this cluster
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
        /// Show only tasks in this state
        #[arg(long)]
        status: Option<Status>,
        /// The maximum number of tasks
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=2000))]
        limit: u32,
    },
    /// Show a task with its subtasks
    Show {
        /// The ID of the task
        task: i64,
    },
    /// Watch a task until it ends
    Watch {
        /// The ID of the task
        task: i64,
    },
    /// Show the logs of the subtasks of a task
    Log {
        /// The ID of the task
        task: i64,
        /// Show only this subtask
        #[arg(value_name = "SUBTASK")]
        subtask: Option<i64>,
    },
    /// Retry a failed task from the step that failed
    Retry {
        /// The ID of the task
        task: i64,
        /// Only this subtask. Defaults to all
        subtask: Option<i64>,
    },
    /// Skip a failed subtask and continue
    Skip {
        /// The ID of the task
        task: i64,
        /// The ID of the subtask
        subtask: i64,
    },
    /// Cancel a task
    Cancel {
        /// The ID of the task
        task: i64,
        /// Only this subtask. Defaults to all
        subtask: Option<i64>,
    },
    /// Roll back a failed task, last step first
    Rollback {
        /// The ID of the task
        task: i64,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    Running,
    Failed,
    Successful,
}

pub(crate) async fn run(args: TaskArgs) -> Result<(), Failure> {
    let TaskArgs { reach, verb } = args;
    let part = |subtask: Option<i64>, deed: &str| match subtask {
        Some(subtask) => format!("subtasks/{subtask}/{deed}"),
        None => deed.to_owned(),
    };
    match verb {
        Verb::List { cluster, status, limit } => list(&reach, cluster.as_deref(), status, limit).await,
        Verb::Show { task } => show(&reach, task).await,
        Verb::Watch { task } => {
            let (client, screen) = (reach.client()?, reach.screen());
            let data = follow::to_end(&client, screen, task).await?;
            let ended: TaskRow = read(&data)?;
            screen.show(&data, |screen| say_what_lacks(screen, &ended));
            complete(&ended)
        }
        Verb::Log { task, subtask } => log(&reach, task, subtask).await,
        Verb::Retry { task, subtask } => {
            steer(&reach, task, &part(subtask, "retry"), "cli-task-retried").await
        }
        Verb::Skip { task, subtask } => {
            steer(&reach, task, &part(Some(subtask), "skip"), "cli-task-skipped").await
        }
        Verb::Cancel { task, subtask } => {
            steer(&reach, task, &part(subtask, "cancel"), "cli-task-canceled").await
        }
        Verb::Rollback { task } => steer(&reach, task, "rollback", "cli-task-rolled-back").await,
    }
}

/// Requests an action of a task, and prints a confirmation.
pub(crate) async fn steer(reach: &Reach, task: i64, deed: &str, said: &str) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let data = client.post(&format!("/tasks/instances/{task}/{deed}"), None).await?;
    screen.show(&data, |screen| screen.say(&Text::new(said).with("task", task)));
    Ok(())
}

async fn list(reach: &Reach, name: Option<&str>, status: Option<Status>, limit: u32) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let mut query = vec![("page", "1".to_owned()), ("size", limit.to_string())];
    if let Some(name) = name {
        query.push(("clusterId", cluster(&client, name).await?.id.to_string()));
    }
    query.extend(status.map(|status| {
        let word = match status {
            Status::Running => "RUNNING",
            Status::Failed => "FAILED",
            Status::Successful => "SUCCESSFUL",
        };
        ("status", word.to_owned())
    }));
    let mut data = client.get("/tasks/instances", &query).await?;
    let rows = data["contents"].take();
    let tasks: Vec<TaskRow> = read_all(rows.as_array().map_or(&[], Vec::as_slice))?;
    screen.show(&rows, |screen| {
        let rows: Vec<Vec<String>> = tasks
            .iter()
            .map(|task| {
                vec![
                    task.id.to_string(),
                    task.name.clone(),
                    task.standing(),
                    task.creator.name.clone(),
                    short(&task.create_time),
                    short_or_none(task.finish_time.as_ref()),
                ]
            })
            .collect();
        screen.table(&["ID", "NAME", "STATUS", "CREATOR", "CREATED", "ENDED"], &rows);
    });
    Ok(())
}

async fn show(reach: &Reach, task: i64) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let data = client.get(&format!("/tasks/instances/{task}"), &[]).await?;
    let shown: TaskRow = read(&data)?;
    screen.show(&data, |screen| show_task(screen, &shown));
    Ok(())
}

/// Fails for a partial task: objects are missing in its backup or recovery.
pub(crate) fn complete(ended: &TaskRow) -> Result<(), Failure> {
    let lost = ended.left_out.iter().filter(|object| !object.agreed).count();
    let problem = match ended.not_made.len() {
        _ if !ended.partial => return Ok(()),
        0 => Problem::refused(codes::DATA_BACKUP_FAILED, "task-partial").with("count", lost),
        count => Problem::refused(codes::RECOVERY_FAILED, "recovery-partial").with("count", count),
    };
    Err(Failure::partial(problem.with("task", ended.id)))
}

/// Prints the objects that the backup left out, or that the recovery did not create.
pub(crate) fn say_what_lacks(screen: Screen, task: &TaskRow) {
    say_left_out(screen, &task.left_out);
    say_not_made(screen, &task.not_made);
}

/// Prints the objects that a recovery does not create.
pub(crate) fn say_not_made(screen: Screen, parts: &[NotMadeRow]) {
    for part in parts {
        screen.say(&Text::new("cli-not-made").with("what", &part.reason));
    }
}

/// Prints the objects that a backup left out.
pub(crate) fn say_left_out(screen: Screen, objects: &[MissingRow]) {
    for object in objects {
        let agreement = object.agreement.as_ref().and_then(AgreementRow::read);
        screen.say(&left_out::line(&object.reason, object.agreed, agreement.as_ref()));
    }
}

fn show_task(screen: Screen, task: &TaskRow) {
    screen.facts(&[
        ("ID", task.id.to_string()),
        ("Name", task.name.clone()),
        ("Status", task.standing()),
        ("Operation", task.operation.clone()),
        ("Creator", task.creator.name.clone()),
        ("Server", task.executor.clone().unwrap_or_else(|| "-".to_owned())),
        ("Created", short(&task.create_time)),
        ("Started", short_or_none(task.start_time.as_ref())),
        ("Ended", short_or_none(task.finish_time.as_ref())),
    ]);
    say_what_lacks(screen, task);
    follow::say_restored(screen, task);
    // A task that was withdrawn has no step that says why.
    if let Some(error) = &task.error
        && task.subtasks.iter().all(|subtask| subtask.note.is_none())
    {
        screen.line(&error.message);
    }
    screen.line("");
    let rows: Vec<Vec<String>> = task
        .subtasks
        .iter()
        .map(|subtask| {
            vec![
                subtask.id.to_string(),
                subtask.title(),
                state(subtask),
                subtask.run_time.to_string(),
                short_or_none(subtask.start_time.as_ref()),
                short_or_none(subtask.finish_time.as_ref()),
            ]
        })
        .collect();
    screen.table(&["SUBTASK", "STEP", "STATUS", "RUNS", "STARTED", "ENDED"], &rows);
    for subtask in &task.subtasks {
        let Some(note) = &subtask.note else { continue };
        screen.line("");
        screen.line(&format!("{}: {}", subtask.title(), note.message));
        let parts = [("cli-cause", &note.cause), ("cli-said", &note.raw), ("cli-action", &note.action)];
        for (label, part) in parts {
            if let Some(part) = part {
                screen.line(&format!("  {}{part}", language::words(label)));
            }
        }
    }
}

fn state(subtask: &SubtaskRow) -> String {
    let mut state = subtask.status.clone();
    let may_skip = subtask.skippable && subtask.status == "FAILED";
    for (is_so, word) in [(subtask.skipped, "skipped"), (subtask.undone, "undone"), (may_skip, "skippable")] {
        if is_so {
            state = format!("{state} ({word})");
        }
    }
    state
}

async fn log(reach: &Reach, task: i64, only: Option<i64>) -> Result<(), Failure> {
    let (client, screen) = (reach.client()?, reach.screen());
    let shown: TaskRow = read(&client.get(&format!("/tasks/instances/{task}"), &[]).await?)?;
    let wanted: Vec<&SubtaskRow> =
        shown.subtasks.iter().filter(|subtask| only.is_none_or(|id| id == subtask.id)).collect();
    if let (Some(id), []) = (only, wanted.as_slice()) {
        return Err(Problem::not_found("subtask-unknown").with("subtask", id).into());
    }
    let mut all = Vec::new();
    for subtask in wanted {
        let pages = log_pages(&client, task, subtask.id).await?;
        if screen.is_json() {
            let lines = pages.iter().flat_map(|page| page["lines"].as_array().into_iter().flatten().cloned());
            all.push(serde_json::json!({ "subtask": subtask.id, "lines": lines.collect::<Vec<_>>() }));
            continue;
        }
        screen.line(&format!("── {} ({})", subtask.title(), state(subtask)));
        for page in &pages {
            for line in read::<LogRows>(page)?.lines {
                screen.line(&format!("{}  {}", short(&line.at), line.text));
            }
        }
    }
    screen.show(&Value::Array(all), |_| {});
    Ok(())
}

/// The maximum number of pages of one log that are read; of a longer log, only the beginning is shown.
const LOG_PAGES_MAX: usize = 100;

pub(super) async fn log_pages(client: &Client, task: i64, subtask: i64) -> Result<Vec<Value>, Failure> {
    let path = format!("/tasks/instances/{task}/subtasks/{subtask}/log");
    let (mut pages, mut after) = (Vec::new(), 0);
    for _ in 0..LOG_PAGES_MAX {
        let page = client.get(&path, &[("after", after.to_string())]).await?;
        let rows: LogRows = read(&page)?;
        if rows.lines.is_empty() {
            break;
        }
        after = rows.next;
        pages.push(page);
    }
    Ok(pages)
}
