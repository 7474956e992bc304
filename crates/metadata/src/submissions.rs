//! Orders with an idempotency key, and the task of each, so that a repeated order does not create a second task. Only
//! a keyed digest of the order is stored, not its content, because an order may contain a password.

use std::time::Duration;

use engine::TaskId;
use model::id::UserId;
use model::{Secret, Timestamp};

use crate::database::{Connection, Transaction};
use crate::error::Error;
use crate::open::Metadata;
use crate::seal::Sealer;
use crate::sql::statement;

/// How long a submission is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The identity of a submission. Keys of different users and different actions are independent.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionKey<'a> {
    /// The user who submits.
    pub user: UserId,
    /// The action, such as `backup-now`.
    pub action: &'a str,
    /// The sender's key.
    pub key: &'a str,
}

/// The result of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission {
    /// The task that it created.
    pub task: TaskId,
    /// Whether it was the same order.
    pub is_same: bool,
}

impl Metadata {
    /// Returns the result of a submission with this key in the last [`REMEMBERED`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn submission_get(
        &self,
        key: &SubmissionKey<'_>,
        order: &Secret,
    ) -> Result<Option<Submission>, Error> {
        find(&mut self.read().await?, &self.sealer, key, order).await
    }
}

impl Transaction {
    /// Returns the result of a submission with this key in the last [`REMEMBERED`]. No other submission is possible
    /// until this transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn submission_now(
        &mut self,
        key: &SubmissionKey<'_>,
        order: &Secret,
    ) -> Result<Option<Submission>, Error> {
        find(&mut self.connection, &self.sealer, key, order).await
    }

    /// Stores the task of a submission, and deletes submissions that are older than [`REMEMBERED`].
    ///
    /// # Errors
    /// When the key is known, or the database fails.
    pub async fn submission_insert(
        &mut self,
        key: &SubmissionKey<'_>,
        order: &Secret,
        task: TaskId,
    ) -> Result<(), Error> {
        let now = self.now().await?;
        let forget = statement("forget old submissions", "DELETE FROM submissions WHERE submitted_at < ?");
        self.connection.execute(forget.bind(oldest(now))).await?;
        let insert = statement(
            "keep a submission",
            "INSERT INTO submissions (user_id, action, sender_key, order_digest, task_id, submitted_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        );
        let insert = insert.bind(key.user.0).bind(key.action).bind(key.key);
        let insert = insert.bind(self.sealer.digest(order)).bind(task.0).bind(now);
        self.connection.execute(insert).await?;
        Ok(())
    }
}

async fn find(
    connection: &mut Connection,
    sealer: &Sealer,
    key: &SubmissionKey<'_>,
    order: &Secret,
) -> Result<Option<Submission>, Error> {
    let now = Timestamp(connection.now().await?.0);
    let find = statement(
        "look for a submission",
        "SELECT task_id, order_digest FROM submissions
         WHERE user_id = ? AND action = ? AND sender_key = ? AND submitted_at >= ?",
    );
    let find = find.bind(key.user.0).bind(key.action).bind(key.key).bind(oldest(now));
    let Some(row) = connection.row(find).await? else { return Ok(None) };
    let is_same = row.text("order_digest")? == sealer.digest(order);
    Ok(Some(Submission { task: TaskId(row.integer("task_id")?), is_same }))
}

fn oldest(now: Timestamp) -> Timestamp {
    let remembered_us = i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_sub(remembered_us))
}
