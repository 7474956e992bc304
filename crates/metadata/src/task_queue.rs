//! Queued tasks, which wait until no other task has their exclusive key and the limits allow them to start. A
//! worker's claim removes a task from the queue; a withdrawal ends it before it starts.

use std::collections::BTreeMap;

use engine::journal::{EventKind, Limits, NewTask};
use engine::task::{Cancels, Operation};
use engine::{Moment, Note, TaskId, TaskStatus};
use model::Timestamp;
use model::id::StrategyId;

use crate::database::{Connection, Transaction};
use crate::error::Error;
use crate::journal::events;
use crate::open::Metadata;
use crate::sql::{Statement, json, statement, word};
use crate::tasks::{UNFINISHED, subject};

/// A queued task of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedTask {
    /// The task.
    pub task: TaskId,
    /// The strategy that created it.
    pub strategy: StrategyId,
    /// The earliest start.
    pub from: Timestamp,
    /// The time before which it must start.
    pub before: Timestamp,
}

/// The exhausted limits for queued tasks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Whether the limit of all these kinds is reached.
    is_full: bool,
    /// The values of the limited subject whose limit is reached.
    full: Vec<String>,
}

impl Metadata {
    /// Returns the queued tasks of strategies.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_queue_of_strategies(&self) -> Result<Vec<QueuedTask>, Error> {
        let list = statement(
            "list queued tasks",
            "SELECT q.task_id, q.start_before, t.due_at, s.value AS strategy FROM task_queue q
             JOIN tasks t ON t.id = q.task_id
             JOIN task_subjects s ON s.task_id = q.task_id AND s.name = ? ORDER BY q.task_id",
        );
        let mut queued = Vec::new();
        for row in self.read().await?.rows(list.bind(subject::STRATEGY)).await? {
            let Ok(strategy) = row.text("strategy")?.parse() else { continue };
            queued.push(QueuedTask {
                task: TaskId(row.integer("task_id")?),
                strategy: StrategyId(strategy),
                from: row.timestamp("due_at")?,
                before: row.timestamp("start_before")?,
            });
        }
        Ok(queued)
    }

    /// Returns the running task that has each of these exclusive keys.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_occupants(&self, keys: &[String]) -> Result<BTreeMap<String, TaskId>, Error> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let find = statement("look for exclusive keys", "SELECT id, occupied_key FROM tasks WHERE 1 = 1");
        let rows = self.read().await?.rows(find.and_one_of("occupied_key", keys)).await?;
        rows.iter().map(|row| Ok((row.text("occupied_key")?, TaskId(row.integer("id")?)))).collect()
    }
}

impl Transaction {
    /// Returns whether a new task could start immediately: no task has its exclusive key, and the limits allow it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_has_turn(&mut self, new: &NewTask, limits: &Limits) -> Result<bool, Error> {
        if let Some(key) = &new.exclusive
            && crate::tasks::stored::occupant(&mut self.connection, key, None).await?.is_some()
        {
            return Ok(false);
        }
        if !limits.kinds.contains(&new.kind) {
            return Ok(true);
        }
        let room = room(&mut self.connection, limits).await?;
        let value = limits.same_subject.as_ref().and_then(|(name, _)| new.subject.get(name));
        Ok(!room.is_full && value.is_none_or(|value| !room.full.contains(value)))
    }

    /// Changes the span in which a queued task may start: from a time on (`None`: since its creation), and before
    /// another. Does nothing if it has left the queue.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_queue_move(
        &mut self,
        task: TaskId,
        from: Option<Timestamp>,
        before: Timestamp,
    ) -> Result<(), Error> {
        let keep =
            statement("move a queued task", "UPDATE task_queue SET start_before = ? WHERE task_id = ?");
        self.connection.execute(keep.bind(before).bind(task.0)).await?;
        let keep = statement(
            "move a queued task",
            "UPDATE tasks SET due_at = COALESCE(?, created_at)
             WHERE id = ? AND operation <> ? AND EXISTS (SELECT 1 FROM task_queue q WHERE q.task_id = tasks.id)",
        );
        let keep = keep.bind(from).bind(task.0).bind(word(&Operation::Cancel));
        self.connection.execute(keep).await.map(drop)
    }

    /// Ends a queued task before it starts. Returns whether it was in the queue.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn task_withdraw(&mut self, task: TaskId, why: &Note) -> Result<bool, Error> {
        let leave = statement("withdraw a task", "DELETE FROM task_queue WHERE task_id = ?").bind(task.0);
        if self.connection.execute(leave).await? == 0 {
            return Ok(false);
        }
        let now = self.now().await?;
        let end = statement(
            "withdraw a task",
            "UPDATE tasks SET revision = revision + 1, fence = fence + 1, status = ?, operation = ?, note = ?,
                finished_at = ?, cancels = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?",
        );
        let end = end.bind(word(&TaskStatus::Failed)).bind(word(&Operation::Cancel)).bind(json(why));
        let end = end.bind(now).bind(json(&Cancels::default())).bind(task.0);
        self.connection.execute(end).await?;
        events::record(&mut self.connection, Moment(now.0), task, &[EventKind::Task]).await?;
        Ok(true)
    }
}

/// Puts a new task into the queue.
pub(crate) async fn enter(connection: &mut Connection, task: i64, before: Moment) -> Result<(), Error> {
    let insert = statement("queue a task", "INSERT INTO task_queue (task_id, start_before) VALUES (?, ?)");
    connection.execute(insert.bind(task).bind(before)).await.map(drop)
}

/// Removes a task from the queue. Returns whether it was there.
pub(crate) async fn leave(connection: &mut Connection, task: TaskId) -> Result<bool, Error> {
    let leave = statement("take a task from the queue", "DELETE FROM task_queue WHERE task_id = ?");
    Ok(connection.execute(leave.bind(task.0)).await? > 0)
}

/// Returns the exhausted limits.
pub(crate) async fn room(connection: &mut Connection, limits: &Limits) -> Result<Room, Error> {
    let mut room = Room::default();
    if limits.kinds.is_empty() {
        return Ok(room);
    }
    let is_reached = |count: u64, most: usize| usize::try_from(count).is_ok_and(|count| count >= most);
    if let Some(most) = limits.at_once {
        let count = statement("count tasks under way", "SELECT COUNT(*) AS total FROM tasks t WHERE 1 = 1");
        room.is_full = is_reached(connection.count(under_way(count, &limits.kinds)).await?, most);
    }
    if let Some((name, most)) = &limits.same_subject {
        let count = statement(
            "count tasks under way",
            "SELECT s.value, COUNT(*) AS total FROM tasks t
             JOIN task_subjects s ON s.task_id = t.id AND s.name = ? WHERE 1 = 1",
        );
        let count = under_way(count.bind(name), &limits.kinds).push(" GROUP BY s.value");
        for row in connection.rows(count).await? {
            if is_reached(row.large("total")?, *most) {
                room.full.push(row.text("value")?);
            }
        }
    }
    Ok(room)
}

/// Limits a statement to the unfinished tasks `t` of these kinds that are not in the queue.
pub(crate) fn under_way(statement: Statement, kinds: &[String]) -> Statement {
    let statement = statement.and_one_of("t.status", UNFINISHED.iter().map(word)).and_one_of("t.kind", kinds);
    statement.push(" AND NOT EXISTS (SELECT 1 FROM task_queue q WHERE q.task_id = t.id)")
}

/// Limits a statement to the tasks `t`, with their queue entries `q`, that the queue allows to start.
pub(crate) fn turn(statement: Statement, limits: &Limits, room: &Room, now: Moment) -> Statement {
    let statement = statement
        .push(" AND (q.task_id IS NULL OR t.operation = ? OR (q.start_before > ?")
        .bind(word(&Operation::Cancel))
        .bind(now)
        .push(" AND NOT EXISTS (SELECT 1 FROM tasks o WHERE o.occupied_key = t.exclusive_key)");
    let statement = if room.is_full {
        statement.push(" AND NOT (1 = 1").and_one_of("t.kind", &limits.kinds).push(")")
    } else {
        statement
    };
    let statement = match &limits.same_subject {
        Some((name, _)) if !room.full.is_empty() => statement
            .push(" AND NOT (1 = 1")
            .and_one_of("t.kind", &limits.kinds)
            .push(" AND EXISTS (SELECT 1 FROM task_subjects s WHERE s.task_id = t.id AND s.name = ?")
            .bind(name)
            .and_one_of("s.value", &room.full)
            .push("))"),
        _ => statement,
    };
    statement.push("))")
}
