//! Durable tasks for users: lists, single ones, and their events. `journal` is the workers' side.

pub(crate) mod stored;

use std::collections::BTreeMap;

use engine::journal::{ApplyError, Decision, Event, InsertError, NewTask, PAGE_MAX};
use engine::{Task, TaskId, TaskStatus};
use model::Timestamp;
use model::id::ClusterId;

use crate::database::{Connection, Listing, Slice, Transaction};
use crate::error::Error;
use crate::journal::{decision, events};
use crate::open::Metadata;
use crate::sql::{Statement, statement, word};
use crate::task_queue;

/// The names of a task's subjects; the values are IDs in digits.
pub mod subject {
    /// The cluster.
    pub const CLUSTER: &str = "cluster";
    /// The tenant, if the task is about one.
    pub const TENANT: &str = "tenant";
    /// The storage configuration.
    pub const STORAGE: &str = "storage";
    /// The backup set that it reads, if any.
    pub const BACKUP_SET: &str = "backup-set";
    /// The backup strategy that created it, if any.
    pub const STRATEGY: &str = "strategy";
    /// The task that created it and supervises it, if any.
    pub const PARENT: &str = "parent";
    /// The lane of that task.
    pub const PARENT_LANE: &str = "parent-lane";
}

/// A task that another task created and supervises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildTask {
    /// The task.
    pub id: TaskId,
    /// The lane of the task that created it.
    pub lane: String,
    /// Whether it has ended.
    pub is_finished: bool,
}

/// The states in which a task is not finished.
pub(crate) const UNFINISHED: [TaskStatus; 3] =
    [TaskStatus::Pending, TaskStatus::Running, TaskStatus::RollingBack];

/// A filter for tasks; empty fields do not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// In one of these states.
    pub statuses: Vec<TaskStatus>,
    /// Of one of these kinds.
    pub kinds: Vec<String>,
    /// About all of these: name and value, see [`subject`].
    pub subjects: Vec<(String, String)>,
    /// Without those that ended before they started.
    pub without_withdrawn: bool,
    /// Started (or, before that, created) at that time or later.
    pub from: Option<Timestamp>,
    /// Started (or, before that, created) before that time.
    pub until: Option<Timestamp>,
    /// The oldest first instead of the newest.
    pub oldest_first: bool,
}

/// A filter for events; `None` does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Of this task.
    pub task: Option<TaskId>,
    /// Of tasks about this cluster.
    pub cluster: Option<ClusterId>,
}

/// An event of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEvent {
    /// The event.
    pub event: Event,
    /// The cluster that the task is about.
    pub cluster: Option<ClusterId>,
}

impl Metadata {
    /// Returns tasks with all their rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_list(&self, query: &TaskQuery, slice: Slice) -> Result<Listing<Task>, Error> {
        let mut reader = self.read().await?;
        let count = statement("count tasks", "SELECT COUNT(*) AS total FROM tasks t WHERE 1 = 1");
        let total = reader.count(limit(count, query)).await?;
        let list = limit(statement("list tasks", "SELECT t.* FROM tasks t WHERE 1 = 1"), query);
        let order = if query.oldest_first { " ORDER BY t.id" } else { " ORDER BY t.id DESC" };
        let rows = reader.rows(slice.cut(list.push(order))).await?;
        let items = stored::complete(&mut reader, &rows).await?;
        Ok(Listing { items, total })
    }

    /// Returns the subjects of each running, not queued task of these kinds; see [`subject`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_under_way_subjects(
        &self,
        kinds: &[String],
    ) -> Result<Vec<BTreeMap<String, String>>, Error> {
        let find = statement(
            "look for tasks under way",
            "SELECT t.id, s.name, s.value FROM tasks t JOIN task_subjects s ON s.task_id = t.id WHERE 1 = 1",
        );
        let find = task_queue::under_way(find, kinds);
        let mut tasks: BTreeMap<i64, BTreeMap<String, String>> = BTreeMap::new();
        for row in self.read().await?.rows(find).await? {
            tasks.entry(row.integer("id")?).or_default().insert(row.text("name")?, row.text("value")?);
        }
        Ok(tasks.into_values().collect())
    }

    /// Returns the tasks that a task has created, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_children(&self, parent: TaskId) -> Result<Vec<ChildTask>, Error> {
        children(&mut self.read().await?, parent).await
    }

    /// Returns the events after `after_seq`, oldest first, at most `limit` and [`PAGE_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_event_list(
        &self,
        query: &EventQuery,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<TaskEvent>, Error> {
        let list = statement(
            "list events",
            "SELECT e.*, s.value AS cluster FROM task_events e
             LEFT JOIN task_subjects s ON s.task_id = e.task_id AND s.name = ? WHERE e.seq > ?",
        );
        let list = list.bind(subject::CLUSTER).bind(after_seq);
        let list = list
            .and_if("e.task_id = ?", query.task.map(|task| task.0))
            .and_if("s.value = ?", query.cluster.map(|cluster| cluster.to_string()));
        let list = list.push(" ORDER BY e.seq LIMIT ?").bind(limit.min(PAGE_MAX));
        let rows = self.read().await?.rows(list).await?;
        let read = rows.iter().map(|row| {
            let cluster = row.text_or_none("cluster")?.and_then(|id| id.parse().ok()).map(ClusterId);
            Ok(TaskEvent { event: events::event(row)?, cluster })
        });
        read.collect()
    }

    /// Returns the number of the newest event, from which a new follower starts reading.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_event_newest(&self) -> Result<i64, Error> {
        let read =
            statement("read the newest event", "SELECT COALESCE(MAX(seq), 0) AS newest FROM task_events");
        let row = self.read().await?.row(read).await?;
        row.map_or(Ok(0), |row| row.integer("newest"))
    }
}

impl Transaction {
    /// Stores a new task, in the same transaction as the other writes. Workers see it after the commit.
    ///
    /// # Errors
    /// When an unfinished task has its exclusive key, or the database fails.
    pub async fn task_insert(&mut self, new: &NewTask) -> Result<TaskId, InsertError> {
        stored::insert(&mut self.connection, new).await
    }

    /// Returns a task with all its rows, which does not change until this transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_now(&mut self, task: TaskId) -> Result<Option<Task>, Error> {
        stored::load(&mut self.connection, task).await
    }

    /// Returns the tasks that a task has created, oldest first. No other is created until this transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_children_now(&mut self, parent: TaskId) -> Result<Vec<ChildTask>, Error> {
        children(&mut self.connection, parent).await
    }

    /// Applies an operator's decision, in the same transaction as the other writes.
    ///
    /// # Errors
    /// When the state of the task does not allow the decision, another task has its exclusive key, or the database
    /// fails.
    pub async fn task_apply(&mut self, task: TaskId, decision: &Decision) -> Result<(), ApplyError> {
        decision::apply(&mut self.connection, task, decision).await
    }

    /// Returns an unfinished task with this subject; see [`subject`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_unfinished_about(
        &mut self,
        name: &'static str,
        value: &str,
    ) -> Result<Option<TaskId>, Error> {
        let find = statement(
            "look for unfinished tasks",
            "SELECT t.id FROM tasks t JOIN task_subjects s ON s.task_id = t.id WHERE s.name = ? AND s.value = ?",
        );
        let find = find.bind(name).bind(value).and_one_of("t.status", UNFINISHED.iter().map(word));
        let row = self.connection.row(find.push(" ORDER BY t.id LIMIT 1")).await?;
        row.map(|row| row.integer("id").map(TaskId)).transpose()
    }
}

async fn children(connection: &mut Connection, parent: TaskId) -> Result<Vec<ChildTask>, Error> {
    let find = statement(
        "look for the tasks of a task",
        "SELECT t.id, t.status, l.value AS lane FROM tasks t
         JOIN task_subjects p ON p.task_id = t.id AND p.name = ? AND p.value = ?
         JOIN task_subjects l ON l.task_id = t.id AND l.name = ? ORDER BY t.id",
    );
    let find = find.bind(subject::PARENT).bind(parent.0.to_string()).bind(subject::PARENT_LANE);
    let rows = connection.rows(find).await?;
    let children = rows.iter().map(|row| {
        let status: TaskStatus = row.word("status")?;
        let is_finished = !UNFINISHED.contains(&status);
        Ok(ChildTask { id: TaskId(row.integer("id")?), lane: row.text("lane")?, is_finished })
    });
    children.collect()
}

fn limit(statement: Statement, query: &TaskQuery) -> Statement {
    let statement = statement
        .and_one_of("t.status", query.statuses.iter().map(word))
        .and_one_of("t.kind", &query.kinds)
        .and_if("COALESCE(t.started_at, t.created_at) >= ?", query.from)
        .and_if("COALESCE(t.started_at, t.created_at) < ?", query.until);
    let statement = if query.without_withdrawn {
        statement.push(" AND (t.started_at IS NOT NULL OR t.finished_at IS NULL)")
    } else {
        statement
    };
    query.subjects.iter().fold(statement, |statement, (name, value)| {
        let about = " AND EXISTS (SELECT 1 FROM task_subjects s WHERE s.task_id = t.id AND s.name = ? AND s.value = ?)";
        statement.push(about).bind(name).bind(value)
    })
}
