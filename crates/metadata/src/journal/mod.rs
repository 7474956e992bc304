//! Durable tasks for workers: implements [`engine::Journal`] in the database.
//!
//! `hold` contains the calls of a task's holder, `decision` those of an operator, `events` those of followers. Each
//! call is one transaction; its writes and its events become visible together.

pub(crate) mod decision;
pub(crate) mod events;
mod hold;

use std::future::Future;
use std::time::Duration;

use engine::journal::{
    ApplyError, Ask, Change, Claim, Decision, Event, HoldError, InsertError, Journal, JournalError, LogLine,
    NewTask, PAGE_MAX, Pulse, Ticket,
};
use engine::testkit::Timed;
use engine::{Moment, Note, Progress, RowNumber, Task, TaskId};
use tokio::time::timeout;

pub(crate) use self::hold::end_all_leases;
use crate::error::Error;
use crate::open::Metadata;
use crate::sql::statement;
use crate::tasks::stored;

/// The timeout of a call, because a lease is running.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

impl Journal for Metadata {
    async fn insert(&self, new: NewTask) -> Result<TaskId, InsertError> {
        in_time("keep a task", async {
            let mut writer = self.database.begin().await?;
            let id = stored::insert(&mut writer, &new).await?;
            writer.commit().await?;
            Ok(id)
        })
        .await
    }

    async fn claim(&self, ask: &Ask) -> Result<Option<Claim>, JournalError> {
        in_time("claim a task", async {
            // Usually, nothing is due. This check does not take the turn to write.
            if hold::next_due(&mut self.read().await?, ask).await?.is_none() {
                return Ok(None);
            }
            if let Some(room) = self.database.room() {
                room.check()?;
            }
            let mut writer = self.database.begin().await?;
            let claim = hold::claim(&mut writer, ask).await?;
            writer.commit().await?;
            Ok(claim)
        })
        .await
    }

    async fn renew(&self, ticket: Ticket, lease: Duration) -> Result<Pulse, HoldError> {
        in_time("renew a lease", async {
            let mut writer = self.database.begin().await?;
            let pulse = hold::renew(&mut writer, ticket, lease).await?;
            writer.commit().await?;
            Ok(pulse)
        })
        .await
    }

    async fn save(&self, ticket: Ticket, change: &Change) -> Result<Pulse, HoldError> {
        in_time("save a task", async {
            let mut writer = self.database.begin().await?;
            let pulse = hold::save(&mut writer, ticket, change).await?;
            let ended = hold::ended_run(&mut writer, ticket.task, change).await?;
            writer.commit().await?;
            if let Some(ended) = ended {
                self.database.measured().run(ended);
            }
            Ok(pulse)
        })
        .await
    }

    async fn append_log(&self, ticket: Ticket, lines: &[(RowNumber, Note)]) -> Result<(), HoldError> {
        in_time("write to a step's log", async {
            let mut writer = self.database.begin().await?;
            hold::append_log(&mut writer, ticket, lines).await?;
            Ok(writer.commit().await?)
        })
        .await
    }

    async fn append_progress(&self, ticket: Ticket, rows: &[(RowNumber, Progress)]) -> Result<(), HoldError> {
        in_time("keep a step's progress", async {
            let mut writer = self.database.begin().await?;
            hold::append_progress(&mut writer, ticket, rows).await?;
            Ok(writer.commit().await?)
        })
        .await
    }

    async fn load(&self, task: TaskId) -> Result<Option<Task>, JournalError> {
        in_time("read a task", async { Ok(stored::load(&mut self.read().await?, task).await?) }).await
    }

    async fn logs(
        &self,
        task: TaskId,
        row: RowNumber,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<LogLine>, JournalError> {
        in_time("read a step's log", async {
            let list = statement(
                "read a step's log",
                "SELECT seq, written_at, note FROM task_log
                 WHERE task_id = ? AND row_no = ? AND seq > ? ORDER BY seq LIMIT ?",
            );
            let list = list.bind(task.0).bind(row.0).bind(after_seq).bind(limit.min(PAGE_MAX));
            let rows = self.read().await?.rows(list).await?;
            let lines = rows.iter().map(|row| {
                Ok(LogLine {
                    seq: row.integer("seq")?,
                    at: row.moment("written_at")?,
                    note: row.json("note")?,
                })
            });
            Ok(lines.collect::<Result<_, Error>>()?)
        })
        .await
    }

    async fn apply(&self, task: TaskId, decision: &Decision) -> Result<(), ApplyError> {
        in_time("carry out an operator's decision", async {
            let mut writer = self.database.begin().await?;
            decision::apply(&mut writer, task, decision).await?;
            Ok(writer.commit().await?)
        })
        .await
    }

    async fn events(&self, after_seq: i64, limit: u32) -> Result<Vec<Event>, JournalError> {
        in_time("read events", async { Ok(events::list(&mut self.read().await?, after_seq, limit).await?) })
            .await
    }
}

/// For tests: the clock of this server's metadata can be moved, so that leases and waits end immediately.
impl Timed for Metadata {
    async fn time(&self) -> Result<Moment, JournalError> {
        Ok(self.read().await?.now().await?)
    }

    async fn pass(&self, time: Duration) -> Result<(), JournalError> {
        self.turn_clock(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
        Ok(())
    }
}

/// Limits the duration of a call.
pub(crate) async fn in_time<T, E: From<Error>>(
    verb: &'static str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match timeout(ANSWER_WAIT, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::NoAnswer { verb }.into()),
    }
}
