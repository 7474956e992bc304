//! The test of a storage for the backups of one cluster. It touches the cluster by looking at it only.
//!
//! Before the usual lines say whether this server can use the storage; where it can't reach it at all, that says nothing
//! about the OBServers, which do the writing of physical backups. Then comes where the cluster backs up to now, and that
//! nobody knows whether each OBServer can write there before it is set.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use model::Problem;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::ClusterId;
use model::storage::{TestLine, TestOutcome};
use oceanbase::{Driver, NoWitness};

use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::backup_physical::checks::SAYS_NOTHING;
use crate::storages::{self, StorageChoice};

/// Tests a storage for the backups of a cluster, line by line. It changes nothing in the cluster.
///
/// # Errors
/// When the actor may not test storages, or there is no such cluster or storage.
pub async fn test(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    choice: &StorageChoice,
) -> Result<Vec<TestLine>, Error> {
    let context = &control.context;
    let mut lines = storages::test(control, actor, choice).await?;
    let cluster = context.cluster(id).await?;
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Ok(lines);
    }
    lines.iter_mut().for_each(forgive);
    lines.push(destinations(context, &cluster).await);
    lines.push(TestLine {
        check: "storage-test-observers".into(),
        outcome: TestOutcome::NotChecked,
        latency_us: 0,
        problem: Some(Problem::outside("storage-observers-unknown")),
    });
    Ok(lines)
}

/// What this server can't reach is not checked, rather than bad.
fn forgive(line: &mut TestLine) {
    let says_nothing =
        line.problem.as_ref().is_some_and(|problem| SAYS_NOTHING.contains(&problem.text.id.as_str()));
    if line.outcome == TestOutcome::Failed && says_nothing {
        line.outcome = TestOutcome::NotChecked;
    }
}

/// Looks where the cluster backs up to now.
async fn destinations(context: &Context, cluster: &Cluster) -> TestLine {
    let begun = Instant::now();
    let (outcome, problem) = match in_use(context, cluster).await {
        Ok(places) if places.is_empty() => (TestOutcome::Passed, None),
        Ok(places) => {
            let places: Vec<String> = places.into_iter().collect();
            let note = Problem::outside("storage-cluster-uses").with("places", places.join(", "));
            (TestOutcome::Passed, Some(note))
        }
        Err(error) => (TestOutcome::NotChecked, Some(error.into_problem())),
    };
    TestLine {
        check: "storage-test-destinations".into(),
        outcome,
        latency_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        problem,
    }
}

async fn in_use(context: &Context, cluster: &Cluster) -> Result<BTreeSet<String>, Error> {
    let endpoint = context.endpoint(cluster).await?;
    let mut driver = Driver::open(&endpoint, Arc::new(NoWitness)).await?;
    if cluster.facts.generation == Generation::Gen3 {
        let found = driver.cluster_destinations().await?;
        return Ok(found.into_iter().filter(|place| !place.is_empty()).collect());
    }
    let mut places = BTreeSet::new();
    for tenant in context.metadata.tenant_list(cluster.id).await? {
        let found = driver.tenant_destinations(tenant.id).await?;
        places.extend(found.data);
        places.extend(found.log.map(|log| log.path));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use model::storage::{StorageLocation, TestOutcome};
    use sim::Profile;

    use super::test;
    use crate::flows::simulated::SimWorld;
    use crate::storages::StorageChoice;

    #[tokio::test]
    async fn a_test_shows_what_the_cluster_uses_and_changes_nothing_in_it() {
        for profile in [Profile::V2_2_77, Profile::V4_2_5] {
            let world = SimWorld::new(profile).await;
            let before = world.acts();
            let far = StorageLocation::directory("/nowhere/near/this/server").expect("a path");
            let choices = [
                (StorageChoice::Saved(world.storage), TestOutcome::Passed),
                (StorageChoice::Typed { location: far, secret: None }, TestOutcome::NotChecked),
            ];
            for (choice, first) in choices {
                let lines = test(&world.control, &world.actor, world.cluster, &choice).await.expect("lines");
                assert_eq!(lines[0].outcome, first, "{profile}: {lines:?}");
                assert!(lines.iter().all(|line| line.outcome != TestOutcome::Failed), "{profile}: {lines:?}");
                let [.., uses, observers] = &lines[..] else { panic!("{lines:?}") };
                assert_eq!((&*uses.check, uses.outcome), ("storage-test-destinations", TestOutcome::Passed));
                assert_eq!(
                    (&*observers.check, observers.outcome),
                    ("storage-test-observers", TestOutcome::NotChecked)
                );
            }
            assert_eq!(world.acts(), before, "{profile}: a test never changes a cluster");
        }
    }
}
