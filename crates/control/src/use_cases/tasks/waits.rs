//! The text that shows what a task in the queue waits for.

use std::collections::BTreeMap;

use engine::task::Operation;
use engine::{Task, TaskId};
use metadata::tasks::subject;
use model::cluster::ClusterStatus;
use model::id::{ClusterId, StorageId};
use model::schedule::decide::Hindrance;
use model::text::Text;

use crate::context::Context;
use crate::error::Error;
use crate::orders::Running;

/// Returns what each of these tasks waits for, if it is in the queue.
pub(crate) async fn reasons(context: &Context, tasks: &[Task]) -> Result<BTreeMap<TaskId, Text>, Error> {
    let is_waiting = |task: &&Task| task.queued.is_some() && task.operation != Operation::Cancel;
    let waiting: Vec<&Task> = tasks.iter().filter(is_waiting).collect();
    if waiting.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys: Vec<String> = waiting.iter().filter_map(|task| task.exclusive.clone()).collect();
    let occupants = context.metadata.task_occupants(&keys).await?;
    let running = Running::read(context).await?;
    let now = context.metadata.now().await?;
    let mut reasons = BTreeMap::new();
    for task in waiting {
        let occupant = task.exclusive.as_ref().and_then(|key| occupants.get(key));
        let why = match occupant {
            _ if task.due_at.0 > now.0 => held(context, task).await?,
            Some(other) => Text::new("task-waits-for-backup").with("task", other),
            None => room(context, task, &running),
        };
        reasons.insert(task.id, why);
    }
    Ok(reasons)
}

/// Returns why a held task does not start even if there is room.
async fn held(context: &Context, task: &Task) -> Result<Text, Error> {
    let cluster = match number(task, subject::CLUSTER) {
        Some(id) => context.metadata.cluster_get(ClusterId(id)).await?,
        None => None,
    };
    let why = match cluster {
        Some(cluster) if cluster.status == ClusterStatus::Unavailable => Hindrance::Unreachable,
        Some(cluster) if cluster.facts.upgrading || cluster.status == ClusterStatus::Upgrading => {
            Hindrance::Upgrading
        }
        _ => Hindrance::WindowClosed,
    };
    Ok(why.text())
}

fn room(context: &Context, task: &Task, running: &Running) -> Text {
    let is_full = |storage| context.backups_per_storage.is_some_and(|most| running.count_to(storage) >= most);
    if running.count() >= context.data_backups_at_once {
        Hindrance::TooManyBackups.text()
    } else if number(task, subject::STORAGE).map(StorageId).is_some_and(is_full) {
        Hindrance::StorageBusy.text()
    } else {
        Text::new("task-waits-for-worker")
    }
}

fn number(task: &Task, name: &str) -> Option<i64> {
    task.subject.get(name).and_then(|id| id.parse().ok())
}
