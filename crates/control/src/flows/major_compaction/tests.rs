//! One freeze is requested, whatever crashes or repeats; an error is reported and can be cleared.

use engine::{Fault as Crash, testkit};
use model::compaction::{Compaction, CompactionStatus};
use sim::{FaultName, Profile};

use super::MajorCompaction;
use crate::compactions;
use crate::tasks::Steer;
use crate::testing::simulated::SimWorld;
use crate::testing::{Ended, World};

async fn shown(world: &SimWorld) -> Vec<Compaction> {
    let shown = compactions::show(&world.control, &world.actor, world.cluster).await.expect("answers");
    shown.tenants.into_iter().map(|(_, one)| one).collect()
}

#[tokio::test]
async fn every_version_is_compacted() {
    for profile in Profile::ALL {
        let world = SimWorld::new(profile).await;
        let before = shown(&world).await;
        let begun = compactions::start(&world.control, &world.actor, world.cluster, &[], None).await;
        let task = begun.expect("it is accepted").task;
        world.finish(task).await;
        let after = shown(&world).await;
        let merged = before.iter().zip(&after).filter(|(before, after)| after.merged > before.merged).count();
        let expected = if profile.is_tenant_level() { 2 } else { 1 };
        assert_eq!(merged, expected, "{profile}: {after:?}");
        assert!(after.iter().all(|one| one.status == CompactionStatus::Idle), "{profile}: {after:?}");
        world.assert_clean(task).await;
    }
}

#[tokio::test]
async fn one_freeze_is_requested_whatever_step_crashes_or_repeats() {
    for profile in [Profile::V3_1_5, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::with(profile, &["shop"]).await;
        for (number, fault) in testkit::faults::<MajorCompaction>().enumerate() {
            let begun = compactions::start(&world.control, &world.actor, world.cluster, &[], None).await;
            let task = begun.expect("it is accepted").task;
            let met = world.run(task, Some(fault)).await;
            if matches!(fault, Crash::RunTwice(_)) {
                assert_ne!(met, Ended::Crashed, "{fault:?}");
            } else {
                world.finish(task).await;
            }
            assert_eq!(world.count_acts("ALTER SYSTEM MAJOR FREEZE"), number + 1, "{profile} {fault:?}");
        }
    }
}

#[tokio::test]
async fn an_error_of_the_merge_is_reported_and_cleared_and_the_merge_continues() {
    for profile in [Profile::V3_1_5, Profile::V4_2_5, Profile::V4_6] {
        let world = SimWorld::with(profile, &["shop"]).await;
        world.fault(FaultName::MergeError, None);
        let begun = compactions::start(&world.control, &world.actor, world.cluster, &[], None).await;
        let task = begun.expect("it is accepted").task;
        let (step, why) = world.fail(task).await;
        assert_eq!(
            (step.as_str(), why.as_str()),
            ("wait-for-compaction", "compaction-in-error"),
            "{profile}"
        );
        world.handle.clear_faults(None);
        let cleared = compactions::clear_exceptions(&world.control, &world.actor, world.cluster, &[]).await;
        let cleared = cleared.map_err(|error| error.problem().text.id.clone());
        assert!(
            matches!(&cleared, Ok(tenants) if tenants.len() == 1)
                || cleared == Err("compaction-without-error".into())
        );
        world.steer(task, Steer::Retry).await;
        world.finish(task).await;
    }
}

#[tokio::test]
async fn the_real_kernel_is_compacted() {
    let world = World::new("control_compaction").await;
    let begun = compactions::start(&world.control, &world.actor, world.cluster, &[], None).await;
    let task = begun.expect("it is accepted").task;
    let shutdown = tokio_util::sync::CancellationToken::new();
    let (control, stop) = (world.control.clone(), shutdown.clone());
    let running = tokio::spawn(async move { control.run(stop).await });
    world.wait_until(task, |task| task.status.is_finished()).await;
    shutdown.cancel();
    running.await.expect("ends");
    world.finish(task).await;
}
