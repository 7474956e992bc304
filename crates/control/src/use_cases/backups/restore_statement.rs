//! The statements that restore a tenant manually from a physical backup set. They contain no key.

use model::ability::Generation;
use model::backup::BackupMethod;
use model::backup_set::BackupSet;
use model::id::BackupSetId;
use model::physical::destination::tenant_places;
use model::physical::{address, bare};
use model::problem::codes;
use model::user::Permission;
use model::{Problem, Secret};
use oceanbase::physical::{RestoreSource, RestoreTarget, Verbs};

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;

/// The placeholder for the key of the storage.
const KEY: &str = "***";

/// The placeholder for the address of the logs, if it is unknown.
const LOGS_UNKNOWN: &str = "<address of the tenant's log archive>";

/// The target of the restore, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct RestoreInto {
    /// The name of the new tenant. Defaults to one derived from the old name.
    pub tenant: Option<String>,
    /// Its resource pools, separated by commas. Defaults to one named after the tenant.
    pub pools: Option<String>,
}

/// Returns the statements that restore a physical backup set, with masked keys.
///
/// # Errors
/// When there is no such set, its cluster was removed, or the set is logical.
pub async fn restore_statements(
    control: &Control,
    actor: &Actor,
    id: BackupSetId,
    into: &RestoreInto,
) -> Result<Vec<String>, Error> {
    actor.must(Permission::Read)?;
    let set = control.context.backup_set(id).await?;
    if set.method != BackupMethod::Physical {
        let refusal = Problem::refused(codes::METHOD_UNSUPPORTED, "restore-statement-is-physical");
        return Err(refusal.with("set", id).into());
    }
    let facts = control.context.cluster(set.cluster).await?.facts;
    let location = control.context.storage(set.storage).await?.location;
    let masked = Secret::new(KEY);
    let written = |place| address::written(&place, Some(&masked), &facts.server);
    let folder = set.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (data_place, log_place) = tenant_places(&location, &facts.ob_name, facts.ob_cluster_id, set.tenant);
    let unknown = || Secret::new(LOGS_UNKNOWN);
    let (data, log) = if set.path.contains("://") {
        (Secret::new(folder), unknown())
    } else if folder.is_empty() {
        (written(location)?, unknown())
    } else if address::shown(&location.below(folder)) == bare(&address::shown(&data_place)) {
        (written(data_place)?, written(log_place)?)
    } else {
        (written(location.below(folder))?, unknown())
    };
    let from = RestoreSource {
        tenant: &set.tenant_name,
        cluster: &facts.ob_name,
        cluster_id: facts.ob_cluster_id,
        data: &data,
        log: &log,
        scn: scn(&set, facts.generation),
    };
    let given = |wish: &Option<String>| {
        wish.as_deref().map(str::trim).filter(|wish| !wish.is_empty()).map(str::to_owned)
    };
    let tenant = given(&into.tenant).unwrap_or_else(|| format!("{}_restored", set.tenant_name));
    let pools = given(&into.pools).unwrap_or_else(|| format!("{tenant}_pool"));
    let into = RestoreTarget { tenant: &tenant, pools: &pools };
    let verbs = Verbs::new(facts.generation, facts.server.version.clone());
    Ok(verbs.restore(&from, &into).into_iter().map(|statement| statement.masked).collect())
}

/// Returns the earliest time that the set can be restored to: before 4.0 only a time after its end is safe.
fn scn(set: &BackupSet, generation: Generation) -> u64 {
    match generation {
        Generation::Gen3 => set.scn.max(u64::try_from(set.finished.0).unwrap_or(0).saturating_mul(1_000)),
        Generation::Gen4 | Generation::Seekdb => set.scn,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::backup::DataBackupMode;
    use sim::Profile;

    use super::{RestoreInto, restore_statements};
    use crate::testing::simulated::SimWorld;

    #[tokio::test]
    async fn the_statements_of_a_set_are_those_that_the_cluster_restores_by() {
        for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V4_2_5, Profile::V4_6] {
            let world = SimWorld::new(profile).await;
            let task = world.begin(world.wish(DataBackupMode::Full)).await;
            world.finish(task).await;
            let set = world.sets_of(task).await.remove(0);
            let into = RestoreInto { tenant: Some("again".into()), pools: None };
            let statements = restore_statements(&world.control, &world.actor, set.id, &into).await;
            let statements = statements.expect("statements");
            let memory = if profile == Profile::V4_2_5 { "MEMORY_SIZE '2G'" } else { "MAX_MEMORY '2G'" };
            world.say(&format!("CREATE RESOURCE UNIT u MAX_CPU 1, {memory}")).await;
            world.say("CREATE RESOURCE POOL again_pool UNIT 'u', UNIT_NUM 1").await;
            world.handle.advance_seconds(600.0); // until the logs have passed that time
            if let [first, _, _] = &statements[..] {
                world.say(first).await;
                world.handle.advance_seconds(10.0); // until every server has read it
            }
            let last = statements.len().saturating_sub(2);
            let statement = statements[last..].join("; ");
            let mut said = std::pin::pin!(world.say(&statement));
            // From 4.0 on the statement returns only when the tenant exists.
            while tokio::time::timeout(Duration::from_millis(20), &mut said).await.is_err() {
                world.handle.advance_seconds(5.0);
            }
            assert!(statements.iter().any(|statement| statement.contains("again_pool")), "{statements:?}");
            assert!(statements.iter().all(|statement| !statement.contains('<')), "{statements:?}");
        }
    }
}
