//! Follows a task to its end: bars on a terminal, otherwise a line per change.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use model::Problem;
use model::text::Text;
use model::visible::{visible, visible_line};
use model::{problem, size};
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::language::{language, words};
use crate::rows::{ProgressRow, SubtaskRow, TaskRow, read};
use crate::screen::Screen;

/// The polling interval of the task.
const PACE: Duration = Duration::from_millis(500);

/// How long to wait for a server that does not answer: it may be restarting, and the task continues after that.
const PATIENCE: Duration = Duration::from_secs(120);

/// Follows a task to its end and returns it; a task that failed is a failure.
pub(crate) async fn to_end(client: &Client, screen: Screen, task: i64) -> Result<Value, Failure> {
    let mut display = Display::new(screen);
    let ended = look_until_ended(client, task, &mut display).await;
    display.clear();
    let (data, ended) = ended?;
    if ended.status == "SUCCESSFUL" {
        let said = match ended.partial {
            true if ended.not_made.is_empty() => "cli-task-partial",
            true => "cli-task-recovery-partial",
            false => "cli-task-succeeded",
        };
        screen.say(&Text::new(said).with("task", task));
        return Ok(data);
    }
    screen.show(&data, |screen| say_restored(screen, &ended));
    let failure = Failure::from_task(&data).unwrap_or_else(|| {
        let problem =
            Problem::new(problem::ProblemKind::Outside, problem::codes::DATA_BACKUP_FAILED, "task-failed");
        problem.with("task", task).into()
    });
    Err(if ended.restored_tenants.is_empty() { failure } else { failure.of_part() })
}

/// Prints the tenants that a recovery of a cluster has restored although it did not succeed.
pub(crate) fn say_restored(screen: Screen, task: &TaskRow) {
    let names = &task.restored_tenants;
    if !names.is_empty() && task.status == "FAILED" {
        let text = Text::new("cli-tenants-restored").with("tenants", names.join(", "));
        screen.say(&text.with("count", names.len()));
    }
}

/// Follows the rollback of a task to its end and returns the task; anything but a complete rollback is a failure.
pub(crate) async fn to_rolled_back(client: &Client, screen: Screen, task: i64) -> Result<Value, Failure> {
    let mut display = Display::new(screen);
    let ended = look_until_ended(client, task, &mut display).await;
    display.clear();
    let (data, ended) = ended?;
    if data["error"]["id"] == "task-rolled-back" {
        screen.say(&Text::new("cli-task-rolled-back-whole").with("task", task));
        say_restored(screen, &ended);
        return Ok(data);
    }
    screen.show(&data, |_| {});
    let unknown = Problem::outside("task-failed").coded(problem::codes::RECOVERY_FAILED);
    Err(Failure::from_task(&data).unwrap_or_else(|| unknown.with("task", task).into()))
}

async fn look_until_ended(
    client: &Client,
    task: i64,
    display: &mut Display,
) -> Result<(Value, TaskRow), Failure> {
    let path = format!("/tasks/instances/{task}");
    let mut silent_since: Option<Instant> = None;
    loop {
        match client.get(&path, &[]).await {
            Ok(data) => {
                silent_since = None;
                let row: TaskRow = read(&data)?;
                display.show(&row.subtasks);
                if row.status != "RUNNING" {
                    return Ok((data, row));
                }
            }
            Err(failure) if failure.is_passing => {
                if silent_since.is_none() {
                    display.line(&words("cli-server-silent"));
                }
                if silent_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(PACE).await;
    }
}

/// The display of the subtasks, and what was already printed about each.
struct Display {
    screen: Screen,
    bars: Option<MultiProgress>,
    said: HashMap<i64, Shown>,
}

#[derive(Default)]
struct Shown {
    status: String,
    tenths: Option<u64>,
    note: Option<String>,
    bar: Option<ProgressBar>,
}

impl Display {
    fn new(screen: Screen) -> Self {
        let with_bars = !screen.is_json() && std::io::stdout().is_terminal();
        Self { screen, bars: with_bars.then(MultiProgress::new), said: HashMap::new() }
    }

    fn line(&self, line: &str) {
        match &self.bars {
            Some(bars) => {
                let _ = bars.println(visible(line));
            }
            None => self.screen.line(line),
        }
    }

    fn clear(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
    }

    fn show(&mut self, subtasks: &[SubtaskRow]) {
        for subtask in subtasks {
            let mut shown = self.said.remove(&subtask.id).unwrap_or_default();
            self.show_one(subtask, &mut shown);
            self.said.insert(subtask.id, shown);
        }
    }

    fn show_one(&self, subtask: &SubtaskRow, shown: &mut Shown) {
        let is_running = matches!(subtask.status.as_str(), "RUNNING" | "CANCELING");
        if is_running && let Some(bars) = &self.bars {
            let bar = shown.bar.get_or_insert_with(|| bars.add(new_bar(subtask)));
            paint(bar, subtask);
        }
        if shown.status != subtask.status {
            let is_news = !matches!(subtask.status.as_str(), "PENDING" | "READY");
            if !is_running && let Some(bar) = shown.bar.take() {
                bar.finish_and_clear();
            }
            if is_news && (self.bars.is_none() || !is_running) {
                self.line(&format!("{}: {}", subtask.title(), state(subtask)));
            }
            shown.status.clone_from(&subtask.status);
            shown.tenths = None;
        }
        let note = subtask.note.as_ref().map(|note| note.message.clone());
        if is_running && note != shown.note {
            if let Some(note) = &note {
                self.line(&format!("{}: {note}", subtask.title()));
            }
            shown.note = note;
        }
        let tenths =
            subtask.progress.as_ref().and_then(|progress| progress.percent).map(|percent| percent / 10);
        if self.bars.is_none() && is_running && tenths > shown.tenths.or(Some(0)) {
            shown.tenths = tenths;
            if let Some(progress) = &subtask.progress {
                self.line(&format!("{}: {}", subtask.title(), progress_words(progress)));
            }
        }
    }
}

fn new_bar(subtask: &SubtaskRow) -> ProgressBar {
    let bar = ProgressBar::new(100);
    let style = ProgressStyle::with_template("{spinner} {prefix}  {bar:30} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_prefix(visible_line(&subtask.title()).into_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn paint(bar: &ProgressBar, subtask: &SubtaskRow) {
    if let Some(progress) = &subtask.progress {
        bar.set_position(progress.percent.unwrap_or(0));
        bar.set_message(progress_words(progress));
    }
}

/// Returns the status of a subtask, and why it failed.
fn state(subtask: &SubtaskRow) -> String {
    let word = match subtask.status.as_str() {
        "RUNNING" => "cli-state-running",
        "CANCELING" => "cli-state-canceling",
        "FAILED" => "cli-state-failed",
        _ if subtask.skipped => "cli-state-skipped",
        _ => "cli-state-done",
    };
    match &subtask.note {
        Some(note) if subtask.status == "FAILED" => format!("{}: {}", words(word), note.message),
        _ => words(word),
    }
}

/// Returns the progress as text: `40 %, 12.0 MiB of 30.0 MiB, 5.0 MiB/s, 4 s left`.
fn progress_words(progress: &ProgressRow) -> String {
    let amount = |count: u64| match progress.unit.as_str() {
        "bytes" => size::bytes(count),
        _ => count.to_string(),
    };
    let mut parts = Vec::new();
    parts.extend(progress.percent.map(|percent| format!("{percent} %")));
    parts.push(match progress.total {
        Some(total) => Text::new("cli-progress-of")
            .with("done", amount(progress.done))
            .with("total", amount(total))
            .message(language()),
        None => amount(progress.done),
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is shown in whole units"
    )]
    parts.extend(
        progress.rate_per_s.filter(|rate| *rate > 0.0).map(|rate| format!("{}/s", amount(rate as u64))),
    );
    parts.extend(progress.remaining_s.map(|seconds| {
        let left = size::span(Duration::from_secs(seconds));
        Text::new("cli-progress-left").with("left", left).message(language())
    }));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::new_bar;
    use crate::rows::SubtaskRow;

    #[test]
    fn the_name_of_a_tenant_in_a_bar_moves_no_cursor() {
        let subtask = json!({
            "id": 1, "name": "Dump data", "lane": "a\u{1b}[2J\n\u{202e}b", "status": "RUNNING", "skipped": false,
            "skippable": false, "undone": false, "runTime": 1,
        });
        let subtask: SubtaskRow = serde_json::from_value(subtask).expect("a subtask");
        assert_eq!(new_bar(&subtask).prefix(), "Dump data [a\\u{1b}[2J\\n\\u{202e}b]");
    }
}
