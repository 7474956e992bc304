//! The resource pools that recoveries create: their names, and the tasks that may still need them.

use engine::{Flow as _, Journal as _, TaskStatus};
use model::Problem;
use model::id::TaskId;
use model::physical::resources::{ClusterResources, RECOVERY_POOL};
use model::problem::codes;

use super::state::{RestoreTenant, State};
use crate::context::Context;
use crate::error::Error;

/// Returns the name of a pool. It contains the task's number, and a tag that distinguishes the task from another
/// installation's task with the same number.
pub(super) fn name(tag: &str, task: engine::TaskId, number: usize) -> String {
    format!("{RECOVERY_POOL}{tag}_{task}_{number}")
}

/// Returns the number of the task that has created a pool, if its name contains one.
fn task_in(name: &str) -> Option<TaskId> {
    let mut parts = name.strip_prefix(RECOVERY_POOL)?.rsplit('_');
    parts.next()?.parse::<usize>().ok()?;
    parts.next()?.parse().ok().map(TaskId)
}

/// Refuses the pools of a recovery that can still be retried or cleaned up: a retry uses them, a clean-up drops them.
pub(crate) async fn check_unclaimed(
    context: &Context,
    names: &[String],
    have: &ClusterResources,
) -> Result<(), Error> {
    for name in names {
        let name = name.to_lowercase();
        let Some(task) = task_in(&name) else { continue };
        let stored = context.metadata.load(engine::TaskId(task.0)).await?;
        let Some(stored) = stored.filter(|stored| stored.kind == RestoreTenant::KIND) else { continue };
        if matches!(stored.status, TaskStatus::Successful | TaskStatus::RolledBack) {
            continue;
        }
        let state: Option<State> = serde_json::from_value(stored.state).ok();
        if state.is_some_and(|state| state.made_pools.contains(&name)) {
            let refusal = Problem::refused(codes::UNIT_NOT_MADE, "recovery-pool-claimed");
            let refusal = refusal.with("pool", name).with("task", task);
            return Err(refusal
                .with("free", have.free_pools(|pool| !pool.starts_with(RECOVERY_POOL)))
                .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::id::TaskId;

    use super::{name, task_in};

    #[test]
    fn the_name_of_a_pool_contains_its_task() {
        let made = name("ab12", engine::TaskId(34), 2);
        assert_eq!(task_in(&made), Some(TaskId(34)));
        for other in ["pool_shop", "lifeboat_ab12_34_unit_2", "lifeboat_2", "lifeboat_ab12_x_2"] {
            assert_eq!(task_in(other), None, "{other}");
        }
    }
}
