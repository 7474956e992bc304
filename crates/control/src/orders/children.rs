//! The tasks that a task creates and supervises, one at a time for each of its lanes. A child names its parent and the
//! lane in its subjects, so that a parent that crashed finds the child again instead of creating another.

use engine::TaskId;
use engine::operator::{Command, OperateError};
use metadata::Transaction;
use metadata::tasks::{ChildTask, subject};
use model::Problem;
use serde::{Deserialize, Serialize};

use super::steering::try_command;
use super::submit::inserted;
use crate::context::{Actor, Attempt, Conflict, Context, Draft, Error};

/// The user whose order created the parent, and for whom it acts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Initiator {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl Initiator {
    pub(crate) fn of(actor: &Actor) -> Self {
        Self { name: actor.name.clone(), address: actor.address.clone() }
    }
}

/// A lane of a parent.
pub(crate) struct Parent<'a> {
    pub(crate) task: TaskId,
    pub(crate) lane: &'a str,
    pub(crate) initiator: &'a Initiator,
    /// The maximum number of unfinished children of all lanes.
    pub(crate) at_once: u32,
    /// The number of lanes whose turn comes first.
    pub(crate) before: usize,
}

/// The outcome of a request to the children of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It was done.
    Done(TaskId),
    /// The lane has a child that the caller does not know.
    Found(TaskId),
    /// As many children are unfinished as allowed.
    Full,
    /// The child does not accept the command: it changed after the caller read it. Nothing was done.
    Refused(Problem),
}

impl Parent<'_> {
    /// Creates the lane's child. `after` is the child that it replaces; if the lane has a newer one, that is found
    /// instead.
    ///
    /// # Errors
    /// If another task excludes it.
    pub(crate) async fn create(
        &self,
        context: &Context,
        after: Option<TaskId>,
        draft: Draft,
        conflict: Conflict,
    ) -> Result<Admission, Error> {
        let attempt = self.attempt("restore");
        let work = async {
            let mut writer = context.metadata.begin().await?;
            let children = writer.task_children_now(self.task).await?;
            if let Some(newest) = newest(&children, self.lane).filter(|newest| Some(*newest) != after) {
                return Ok(Admission::Found(newest));
            }
            if self.is_full(&children) {
                return Ok(Admission::Full);
            }
            let task = draft.first(&mut writer).await?.creator(&self.initiator.name);
            let task = task.subject(subject::PARENT, self.task.0.to_string());
            let task = task.subject(subject::PARENT_LANE, self.lane);
            let child = inserted(&mut writer, &task, conflict).await?;
            attempt.done(&mut writer).await?;
            writer.commit().await?;
            Ok(Admission::Done(TaskId(child.0)))
        };
        attempt.watch(context, Box::pin(work)).await
    }

    /// Runs the failed steps of a child again.
    ///
    /// # Errors
    /// If another task excludes it.
    pub(crate) async fn retry(&self, context: &Context, child: TaskId) -> Result<Admission, Error> {
        self.steer(context, child, Command::RetryTask, "task-retry").await
    }

    /// Cancels a child.
    ///
    /// # Errors
    /// If there is no such task.
    pub(crate) async fn cancel(&self, context: &Context, child: TaskId) -> Result<Admission, Error> {
        self.steer(context, child, Command::CancelTask, "task-cancel").await
    }

    /// Rolls a child back.
    ///
    /// # Errors
    /// If another task excludes it.
    pub(crate) async fn roll_back(&self, context: &Context, child: TaskId) -> Result<Admission, Error> {
        self.steer(context, child, Command::RollBack, "task-roll-back").await
    }

    async fn steer(
        &self,
        context: &Context,
        child: TaskId,
        wish: Command,
        action: &str,
    ) -> Result<Admission, Error> {
        let attempt = self.attempt_on(action, child);
        let work = async {
            let mut writer = context.metadata.begin().await?;
            if wish == Command::RetryTask && self.is_full(&writer.task_children_now(self.task).await?) {
                return Ok(Admission::Full);
            }
            if let Some(why) = refusal(&mut writer, child, wish).await? {
                return Ok(Admission::Refused(why));
            }
            attempt.done(&mut writer).await?;
            writer.commit().await?;
            Ok(Admission::Done(child))
        };
        attempt.watch(context, Box::pin(work)).await
    }

    fn is_full(&self, children: &[ChildTask]) -> bool {
        let running = children.iter().filter(|child| !child.is_finished).count();
        running.saturating_add(self.before) >= usize::try_from(self.at_once).unwrap_or(usize::MAX)
    }

    fn attempt(&self, action: &str) -> Attempt {
        self.attempt_at(action, format!("task/{}", self.task))
    }

    fn attempt_on(&self, action: &str, child: TaskId) -> Attempt {
        self.attempt_at(action, format!("task/{child}"))
    }

    fn attempt_at(&self, action: &str, target: String) -> Attempt {
        Attempt::of(&self.initiator.name, &self.initiator.address, action, target)
    }
}

/// Gives a command to a child; returns why the child does not accept it.
async fn refusal(writer: &mut Transaction, child: TaskId, wish: Command) -> Result<Option<Problem>, Error> {
    match try_command(writer, child, wish).await? {
        Ok(()) => Ok(None),
        Err(error @ (OperateError::Refused(_) | OperateError::Busy(_))) => {
            Ok(Some(Error::from(error).into_problem()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the children of a lane, newest first.
pub(crate) async fn of_lane(context: &Context, parent: TaskId, lane: &str) -> Result<Vec<TaskId>, Error> {
    let children = context.metadata.task_children(parent).await?;
    Ok(children.into_iter().rev().filter(|child| child.lane == lane).map(|child| child.id).collect())
}

fn newest(children: &[ChildTask], lane: &str) -> Option<TaskId> {
    children.iter().rev().find(|child| child.lane == lane).map(|child| child.id)
}
