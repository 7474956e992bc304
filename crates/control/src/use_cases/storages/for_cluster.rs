//! The test of a storage for the backups of one cluster: the test from this server, the cluster's current destinations,
//! and the rules of its version. It never sends the cluster a statement that changes it: only a step of the backup
//! finds out whether the OBServers can write to the storage.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use model::Problem;
use model::ability::Generation;
use model::backup::BackupMethod;
use model::cluster::Cluster;
use model::id::ClusterId;
use model::physical::address;
use model::storage::{TestLine, TestOutcome};
use model::user::Permission;
use oceanbase::{Driver, NoWitness};

use super::{StorageChoice, place};
use crate::actor::Actor;
use crate::context::{Context, Control};
use crate::error::Error;
use crate::flows::backup_physical::says_nothing;

/// Tests a storage for a cluster, line by line.
///
/// # Errors
/// When the actor may not test storages, or there is no such cluster or storage.
pub async fn test_for_cluster(
    control: &Control,
    actor: &Actor,
    id: ClusterId,
    choice: &StorageChoice,
) -> Result<Vec<TestLine>, Error> {
    actor.must(Permission::Backup)?;
    let cluster = control.context.cluster(id).await?;
    let (location, secret) = place(control, choice).await?;
    let mut lines = storage::probe(&location, secret.as_ref(), &control.context.rules).await;
    if !cluster.facts.ability.offers(BackupMethod::Physical) {
        return Ok(lines);
    }
    // The OBServers write physical backups, so this server need not reach the storage.
    lines.iter_mut().for_each(forgive);
    lines.push(destinations(&control.context, &cluster).await);
    let written = address::written(&location, secret.as_ref(), &cluster.facts.server);
    lines.push(line("storage-test-version", written.err(), TestOutcome::Failed));
    let later = Problem::refused(model::problem::codes::CONFLICT, "storage-checked-by-backup");
    lines.push(line("storage-test-observers", Some(later), TestOutcome::NotChecked));
    Ok(lines)
}

fn line(check: &str, problem: Option<Problem>, otherwise: TestOutcome) -> TestLine {
    let outcome = if problem.is_some() { otherwise } else { TestOutcome::Passed };
    TestLine { check: check.to_owned(), outcome, latency_us: 0, problem }
}

fn forgive(line: &mut TestLine) {
    if line.outcome == TestOutcome::Failed && line.problem.as_ref().is_some_and(says_nothing) {
        line.outcome = TestOutcome::NotChecked;
    }
}

/// Reads the cluster's current backup destinations.
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

    use super::test_for_cluster;
    use crate::storages::StorageChoice;
    use crate::testing::simulated::SimWorld;

    #[tokio::test]
    async fn a_test_shows_what_the_cluster_uses_and_changes_nothing_in_it() {
        for profile in [Profile::V2_2_77, Profile::V4_2_5, Profile::V4_6] {
            let world = SimWorld::new(profile).await;
            let before = world.acts();
            let far = StorageLocation::directory("/nowhere/near/this/server").expect("a path");
            let choices = [
                (StorageChoice::Saved(world.storage), TestOutcome::Passed),
                (StorageChoice::Typed { location: far, secret: None }, TestOutcome::NotChecked),
            ];
            for (choice, first) in choices {
                let lines = test_for_cluster(&world.control, &world.actor, world.cluster, &choice)
                    .await
                    .expect("lines");
                assert_eq!(lines[0].outcome, first, "{profile}: {lines:?}");
                assert!(lines.iter().all(|line| line.outcome != TestOutcome::Failed), "{profile}: {lines:?}");
                let [.., uses, _version, observers] = &lines[..] else { panic!("{lines:?}") };
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
