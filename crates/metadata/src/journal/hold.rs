//! The calls of a task's holder: claim, renew, save, write its log. All except the claim first check, in the writing
//! transaction, whether the caller is still the holder.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::clock::latest_due;
use engine::journal::{Ask, Change, Claim, EventKind, HoldError, Pulse, Ticket};
use engine::task::{Cancels, Operation};
use engine::{Moment, Note, Progress, RowNumber, TaskId, TaskStatus};

use crate::database::Connection;
use crate::error::Error;
use crate::journal::events;
use crate::measured::{EndedRun, RunKind, RunOutcome};
use crate::sql::{json, statement, word};
use crate::task_queue::{self, Room};
use crate::tasks::{UNFINISHED, stored};

/// The maximum number of log lines of a row; the oldest are deleted.
const LOG_LINES_KEPT: i64 = 10_000;

/// Returns the task that a claim would get now.
pub(super) async fn next_due(connection: &mut Connection, ask: &Ask) -> Result<Option<TaskId>, Error> {
    if ask.can.is_empty() {
        return Ok(None);
    }
    let now = connection.now().await?;
    let waiting = statement("look for queued tasks", "SELECT task_id FROM task_queue LIMIT 1");
    let room = match connection.row(waiting).await? {
        Some(_) => task_queue::room(connection, &ask.limits).await?,
        None => Room::default(),
    };
    let find = statement(
        "look for a task that is due",
        "SELECT t.id FROM tasks t LEFT JOIN task_queue q ON q.task_id = t.id
         WHERE (t.due_at <= ? OR (t.due_at > ? AND q.task_id IS NULL))
           AND (t.lease_until IS NULL OR t.lease_until <= ?)",
    );
    let find =
        find.bind(now).bind(latest_due(now)).bind(now).and_one_of("t.status", UNFINISHED.iter().map(word));
    let mut find = task_queue::turn(find, &ask.limits, &room, now).push(" AND (");
    for (place, (kind, version)) in ask.can.iter().enumerate() {
        let or = if place == 0 { "" } else { " OR " };
        find = find.push(or).push("t.kind = ? AND t.version <= ?").bind(kind).bind(*version);
    }
    let row = connection.row(find.push(") ORDER BY t.due_at, t.id LIMIT 1")).await?;
    row.map(|row| row.integer("id").map(TaskId)).transpose()
}

/// Claims the next due task.
pub(super) async fn claim(connection: &mut Connection, ask: &Ask) -> Result<Option<Claim>, Error> {
    let Some(id) = next_due(connection, ask).await? else { return Ok(None) };
    let now = connection.now().await?;
    let until = now.plus(ask.lease);
    let take = statement(
        "claim a task",
        "UPDATE tasks SET fence = fence + 1, lease_owner = ?, lease_until = ? WHERE id = ?",
    );
    connection.execute(take.bind(&ask.worker).bind(until).bind(id.0)).await?;
    let read = statement("claim a task", "SELECT fence, operation FROM tasks WHERE id = ?").bind(id.0);
    let Some(row) = connection.row(read).await? else { return Ok(None) };
    // A cancelled task ends without its key, which another task may have.
    if row.word::<Operation>("operation")? != Operation::Cancel && task_queue::leave(connection, id).await? {
        let take = statement(
            "take a task from the queue",
            "UPDATE tasks SET occupied_key = exclusive_key WHERE id = ?",
        );
        connection.execute(take.bind(id.0)).await?;
    }
    let ticket = Ticket { task: id, fence: row.integer("fence")? };
    let Some(task) = stored::load(connection, id).await? else { return Ok(None) };
    let pulse = Pulse { left: until.since(now), now, cancels: task.cancels.clone() };
    Ok(Some(Claim { ticket, task, pulse }))
}

/// The facts about a task that its holder needs before it writes.
struct Held {
    now: Moment,
    until: Moment,
    cancels: Cancels,
}

impl Held {
    fn pulse(self) -> Pulse {
        Pulse { left: self.until.since(self.now), now: self.now, cancels: self.cancels }
    }
}

async fn held(connection: &mut Connection, ticket: Ticket) -> Result<Held, HoldError> {
    let now = connection.now().await?;
    let read =
        statement("look who holds a task", "SELECT fence, lease_until, cancels FROM tasks WHERE id = ?");
    let row = connection.row(read.bind(ticket.task.0)).await?.ok_or(HoldError::Lost)?;
    let until = row.moment_or_none("lease_until")?.ok_or(HoldError::Lost)?;
    if row.integer("fence")? != ticket.fence {
        return Err(HoldError::Lost);
    }
    Ok(Held { now, until, cancels: row.json("cancels")? })
}

pub(super) async fn renew(
    connection: &mut Connection,
    ticket: Ticket,
    lease: Duration,
) -> Result<Pulse, HoldError> {
    let mut held = held(connection, ticket).await?;
    held.until = held.until.max(held.now.plus(lease));
    let update = statement("renew a lease", "UPDATE tasks SET lease_until = ? WHERE id = ?");
    connection.execute(update.bind(held.until).bind(ticket.task.0)).await?;
    Ok(held.pulse())
}

pub(super) async fn save(
    connection: &mut Connection,
    ticket: Ticket,
    change: &Change,
) -> Result<Pulse, HoldError> {
    let held = held(connection, ticket).await?;
    let due_at = change.due(&held.cancels, held.now);
    write(connection, ticket.task, change, due_at).await?;
    if change.release {
        give_back(connection, ticket.task).await?;
    }
    events::record(connection, held.now, ticket.task, &change.events()).await?;
    Ok(held.pulse())
}

/// Stores a change.
pub(super) async fn write(
    connection: &mut Connection,
    task: TaskId,
    change: &Change,
    due_at: Moment,
) -> Result<(), Error> {
    let keep = statement(
        "save a task",
        "UPDATE tasks SET revision = revision + 1, status = ?, note = ?, started_at = ?, finished_at = ?, due_at = ?",
    );
    let keep = keep.bind(word(&change.status)).bind(change.note.as_ref().map(json));
    let mut keep = keep.bind(change.started_at).bind(change.finished_at).bind(due_at);
    keep = keep.push(match change.status.is_finished() {
        true => ", occupied_key = NULL",
        false => {
            ", occupied_key = CASE WHEN EXISTS (SELECT 1 FROM task_queue q WHERE q.task_id = tasks.id)
                                   THEN NULL ELSE exclusive_key END"
        }
    });
    if change.status.is_finished() {
        task_queue::leave(connection, task).await?;
    }
    if let Some(state) = &change.state {
        keep = keep.push(", state = ?").bind(json(state));
    }
    connection.execute(keep.push(" WHERE id = ?").bind(task.0)).await?;
    for lane in &change.lanes {
        let keep =
            statement("save a lane", "UPDATE task_lanes SET state = ? WHERE task_id = ? AND lane_key = ?");
        connection.execute(keep.bind(json(&lane.state)).bind(task.0).bind(&lane.key)).await?;
    }
    for row in &change.rows {
        stored::update_row(connection, task, row).await?;
    }
    Ok(())
}

/// Returns the measurements of a task that this change ends; `None` if it continues.
pub(super) async fn ended_run(
    connection: &mut Connection,
    task: TaskId,
    change: &Change,
) -> Result<Option<EndedRun>, Error> {
    if !(change.release && change.status.is_finished()) {
        return Ok(None);
    }
    let read = statement("measure a task", "SELECT kind, operation, state FROM tasks WHERE id = ?");
    let Some(row) = connection.row(read.bind(task.0)).await? else { return Ok(None) };
    let operation: Operation = row.word("operation")?;
    let outcome = match change.status {
        TaskStatus::Successful => RunOutcome::Successful,
        TaskStatus::RolledBack => RunOutcome::RolledBack,
        _ if operation == Operation::Cancel => RunOutcome::Cancelled,
        _ => RunOutcome::Failed,
    };
    let state: serde_json::Value = row.json("state")?;
    let kind = RunKind { kind: row.text("kind")?, mode: state["mode"].as_str().map(str::to_owned), outcome };
    let elapsed = change.started_at.zip(change.finished_at).map(|(begun, ended)| ended.since(begun));
    Ok(Some(EndedRun { kind, elapsed: elapsed.unwrap_or_default() }))
}

/// Ends the lease.
pub(super) async fn give_back(connection: &mut Connection, task: TaskId) -> Result<(), Error> {
    let end =
        statement("give a task back", "UPDATE tasks SET lease_owner = NULL, lease_until = NULL WHERE id = ?");
    connection.execute(end.bind(task.0)).await.map(drop)
}

/// Ends all leases, when all holders are known to be dead. Later saves of a holder are refused.
pub(crate) async fn end_all_leases(connection: &mut Connection) -> Result<(), Error> {
    let end = statement(
        "give all tasks back",
        "UPDATE tasks SET lease_owner = NULL, lease_until = NULL, fence = fence + 1 WHERE lease_until IS NOT NULL",
    );
    connection.execute(end).await.map(drop)
}

pub(super) async fn append_log(
    connection: &mut Connection,
    ticket: Ticket,
    lines: &[(RowNumber, Note)],
) -> Result<(), HoldError> {
    let now = held(connection, ticket).await?.now;
    let mut ends: BTreeMap<RowNumber, i64> = BTreeMap::new();
    for (number, note) in lines {
        let end = match ends.get(number) {
            Some(end) => *end,
            None => match log_end(connection, ticket.task, *number).await? {
                Some(end) => end,
                None => continue, // a row that the task does not have has no log
            },
        };
        let insert = statement(
            "write to a step's log",
            "INSERT INTO task_log (task_id, row_no, seq, written_at, note) VALUES (?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(ticket.task.0).bind(number.0).bind(end + 1).bind(now).bind(json(note));
        connection.execute(insert).await?;
        ends.insert(*number, end + 1);
    }
    for (number, end) in ends {
        let keep = statement(
            "write to a step's log",
            "UPDATE task_rows SET log_lines = ? WHERE task_id = ? AND row_no = ?",
        );
        connection.execute(keep.bind(end).bind(ticket.task.0).bind(number.0)).await?;
        let sweep = statement(
            "delete old lines of a log",
            "DELETE FROM task_log WHERE task_id = ? AND row_no = ? AND seq <= ?",
        );
        let sweep = sweep.bind(ticket.task.0).bind(number.0).bind(end - LOG_LINES_KEPT);
        connection.execute(sweep).await?;
    }
    Ok(())
}

async fn log_end(connection: &mut Connection, task: TaskId, row: RowNumber) -> Result<Option<i64>, Error> {
    let read = statement(
        "write to a step's log",
        "SELECT log_lines FROM task_rows WHERE task_id = ? AND row_no = ?",
    );
    let row = connection.row(read.bind(task.0).bind(row.0)).await?;
    row.map(|row| row.integer("log_lines")).transpose()
}

pub(super) async fn append_progress(
    connection: &mut Connection,
    ticket: Ticket,
    rows: &[(RowNumber, Progress)],
) -> Result<(), HoldError> {
    let now = held(connection, ticket).await?.now;
    let mut kinds = Vec::new();
    for (number, progress) in rows {
        let read = statement(
            "keep a step's progress",
            "SELECT lane FROM task_rows WHERE task_id = ? AND row_no = ?",
        );
        let Some(row) = connection.row(read.bind(ticket.task.0).bind(number.0)).await? else { continue };
        let is_lane = !row.text("lane")?.is_empty();
        kinds.push(if is_lane { EventKind::Lane(*number) } else { EventKind::Step(*number) });
        let keep = statement(
            "keep a step's progress",
            "UPDATE task_rows SET progress = ? WHERE task_id = ? AND row_no = ?",
        );
        connection.execute(keep.bind(json(progress)).bind(ticket.task.0).bind(number.0)).await?;
    }
    Ok(events::record(connection, now, ticket.task, &kinds).await?)
}
