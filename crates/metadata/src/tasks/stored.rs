//! The stored form of a task and its rows.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use engine::journal::{EventKind, InsertError, NewTask};
use engine::task::{Cancels, LaneState, Lease, Operation};
use engine::{Moment, Row as TaskRow, RowNumber, Task, TaskId, TaskStatus};

use crate::database::Connection;
use crate::error::Error;
use crate::journal::events;
use crate::sql::{Row, json, statement, word};
use crate::task_queue;

/// Stores a new task.
pub(crate) async fn insert(connection: &mut Connection, new: &NewTask) -> Result<TaskId, InsertError> {
    if new.queued.is_none()
        && let Some(key) = &new.exclusive
        && let Some(task) = occupant(connection, key, None).await?
    {
        return Err(InsertError::Occupied { key: key.clone(), task });
    }
    let now = connection.now().await?;
    let id = connection.take_numbers("tasks", 1).await?;
    insert_task(connection, id, new, now).await?;
    if let Some(before) = new.queued {
        task_queue::enter(connection, id, before).await?;
    }
    for (name, value) in &new.subject {
        let insert = statement(
            "keep a task's subject",
            "INSERT INTO task_subjects (task_id, name, value) VALUES (?, ?, ?)",
        );
        connection.execute(insert.bind(id).bind(name).bind(value)).await?;
    }
    for (place, lane) in (0_i64..).zip(&new.lanes) {
        let insert = statement(
            "keep a task's lane",
            "INSERT INTO task_lanes (task_id, place, lane_key, state) VALUES (?, ?, ?, ?)",
        );
        connection.execute(insert.bind(id).bind(place).bind(&lane.key).bind(json(&lane.state))).await?;
    }
    for row in &new.rows {
        insert_row(connection, id, row).await?;
    }
    events::record(connection, now, TaskId(id), &[EventKind::Task]).await?;
    Ok(TaskId(id))
}

async fn insert_task(connection: &mut Connection, id: i64, new: &NewTask, now: Moment) -> Result<(), Error> {
    let insert = statement(
        "keep a task",
        "INSERT INTO tasks (id, kind, version, status, operation, creator, name, exclusive_key, occupied_key, state,
            cancels, revision, fence, created_at, due_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)",
    );
    let insert = insert.bind(id).bind(&new.kind).bind(new.version).bind(word(&TaskStatus::Pending));
    let insert = insert.bind(word(&Operation::Execute)).bind(&new.creator).bind(json(&new.name));
    let occupied = new.exclusive.as_deref().filter(|_| new.queued.is_none());
    let insert = insert.bind(new.exclusive.as_deref()).bind(occupied);
    let insert = insert.bind(json(&new.state)).bind(json(&Cancels::default())).bind(now).bind(now);
    connection.execute(insert).await.map(drop)
}

async fn insert_row(connection: &mut Connection, task: i64, row: &TaskRow) -> Result<(), Error> {
    let insert = statement(
        "keep a task's row",
        "INSERT INTO task_rows (task_id, row_no, step, lane, skippable, timeout_us, status, skipped, undo_state, runs,
            attempts, progress, note, started_at, finished_at, since, due_at, log_lines)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
    );
    let timeout_us = u64::try_from(row.timeout.as_micros()).unwrap_or(u64::MAX);
    let insert = insert.bind(task).bind(row.number.0).bind(&row.step).bind(&row.lane).bind(row.skippable);
    let insert = insert.bind(timeout_us).bind(word(&row.status)).bind(row.skipped).bind(word(&row.undo));
    let insert = insert.bind(row.runs).bind(row.attempts);
    let insert = insert.bind(row.progress.as_ref().map(json)).bind(row.note.as_ref().map(json));
    let insert = insert.bind(row.started_at).bind(row.finished_at).bind(row.since).bind(row.due_at);
    connection.execute(insert).await.map(drop)
}

/// Stores the current state of a row; the parts that its flow fixed stay.
pub(crate) async fn update_row(
    connection: &mut Connection,
    task: TaskId,
    row: &TaskRow,
) -> Result<(), Error> {
    let update = statement(
        "keep a task's row",
        "UPDATE task_rows SET status = ?, skipped = ?, undo_state = ?, runs = ?, attempts = ?, progress = ?, note = ?,
            started_at = ?, finished_at = ?, since = ?, due_at = ?
         WHERE task_id = ? AND row_no = ?",
    );
    let update = update.bind(word(&row.status)).bind(row.skipped).bind(word(&row.undo));
    let update = update.bind(row.runs).bind(row.attempts);
    let update = update.bind(row.progress.as_ref().map(json)).bind(row.note.as_ref().map(json));
    let update = update.bind(row.started_at).bind(row.finished_at).bind(row.since).bind(row.due_at);
    connection.execute(update.bind(task.0).bind(row.number.0)).await.map(drop)
}

/// Returns the unfinished task, other than `but`, that has this exclusive key.
pub(crate) async fn occupant(
    connection: &mut Connection,
    key: &str,
    but: Option<TaskId>,
) -> Result<Option<TaskId>, Error> {
    let find =
        statement("look for an exclusive key", "SELECT id FROM tasks WHERE occupied_key = ?").bind(key);
    let row = connection.row(find.and_if("id <> ?", but.map(|task| task.0))).await?;
    row.map(|row| row.integer("id").map(TaskId)).transpose()
}

/// Reads a task with its rows.
pub(crate) async fn load(connection: &mut Connection, id: TaskId) -> Result<Option<Task>, Error> {
    let get = statement("read a task", "SELECT * FROM tasks WHERE id = ?").bind(id.0);
    let rows = connection.rows(get).await?;
    Ok(complete(connection, &rows).await?.pop())
}

/// Turns rows of `tasks` into tasks, with the data of other tables.
pub(crate) async fn complete(connection: &mut Connection, tasks: &[Row]) -> Result<Vec<Task>, Error> {
    let ids = tasks.iter().map(|row| row.integer("id")).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = read_parts(connection, &ids).await?;
    tasks.iter().zip(ids).map(|(row, id)| task(row, parts.remove(&id).unwrap_or_default())).collect()
}

/// The data of other tables about one task.
#[derive(Default)]
struct Parts {
    subject: BTreeMap<String, String>,
    lanes: Vec<LaneState>,
    rows: Vec<TaskRow>,
    queued: Option<Moment>,
}

async fn read_parts(connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Parts>, Error> {
    let mut parts: HashMap<i64, Parts> = HashMap::new();
    let read = statement("read tasks' subjects", "SELECT * FROM task_subjects WHERE 1 = 1");
    for row in connection.rows(read.and_one_of("task_id", ids.iter().copied())).await? {
        let subject = &mut parts.entry(row.integer("task_id")?).or_default().subject;
        subject.insert(row.text("name")?, row.text("value")?);
    }
    let read = statement("read tasks' places in the queue", "SELECT * FROM task_queue WHERE 1 = 1");
    for row in connection.rows(read.and_one_of("task_id", ids.iter().copied())).await? {
        parts.entry(row.integer("task_id")?).or_default().queued = Some(row.moment("start_before")?);
    }
    let read = statement("read tasks' lanes", "SELECT * FROM task_lanes WHERE 1 = 1");
    let read = read.and_one_of("task_id", ids.iter().copied()).push(" ORDER BY task_id, place");
    for row in connection.rows(read).await? {
        let lane = LaneState { key: row.text("lane_key")?, state: row.json("state")? };
        parts.entry(row.integer("task_id")?).or_default().lanes.push(lane);
    }
    let read = statement("read tasks' rows", "SELECT * FROM task_rows WHERE 1 = 1");
    let read = read.and_one_of("task_id", ids.iter().copied()).push(" ORDER BY task_id, row_no");
    for row in connection.rows(read).await? {
        parts.entry(row.integer("task_id")?).or_default().rows.push(task_row(&row)?);
    }
    Ok(parts)
}

fn task(row: &Row, parts: Parts) -> Result<Task, Error> {
    let lease = match (row.text_or_none("lease_owner")?, row.moment_or_none("lease_until")?) {
        (Some(owner), Some(until)) => Some(Lease { owner, until }),
        _ => None,
    };
    Ok(Task {
        id: TaskId(row.integer("id")?),
        kind: row.text("kind")?,
        version: row.small("version")?,
        status: row.word("status")?,
        operation: row.word("operation")?,
        creator: row.text("creator")?,
        name: row.json("name")?,
        subject: parts.subject,
        exclusive: row.text_or_none("exclusive_key")?,
        queued: parts.queued,
        state: row.json("state")?,
        lanes: parts.lanes,
        note: row.json_or_none("note")?,
        cancels: row.json("cancels")?,
        revision: row.integer("revision")?,
        created_at: row.moment("created_at")?,
        started_at: row.moment_or_none("started_at")?,
        finished_at: row.moment_or_none("finished_at")?,
        due_at: row.moment("due_at")?,
        lease,
        rows: parts.rows,
    })
}

fn task_row(row: &Row) -> Result<TaskRow, Error> {
    Ok(TaskRow {
        number: RowNumber(row.small("row_no")?),
        step: row.text("step")?,
        lane: row.text("lane")?,
        skippable: row.flag("skippable")?,
        timeout: Duration::from_micros(row.large("timeout_us")?),
        status: row.word("status")?,
        skipped: row.flag("skipped")?,
        undo: row.word("undo_state")?,
        runs: row.small("runs")?,
        attempts: row.small("attempts")?,
        progress: row.json_or_none("progress")?,
        note: row.json_or_none("note")?,
        started_at: row.moment_or_none("started_at")?,
        finished_at: row.moment_or_none("finished_at")?,
        since: row.moment_or_none("since")?,
        due_at: row.moment_or_none("due_at")?,
    })
}
