//! Whatever step crashes or repeats, the cluster gets one job. Each version, and each kind of kernel, is a test of its own,
//! so that they run at the same time.

use engine::{Fault as Crash, testkit};
use model::backup::DataBackupMode::Full;
use sim::{FaultName, Profile};

use crate::flows::backup_physical::BackupPhysical;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;

/// Kernels of 3.x differ in what their views of running jobs show of a finished one.
async fn one_job_is_begun(profile: Profile, kernel: Option<FaultName>) {
    for fault in testkit::faults::<BackupPhysical>() {
        let what = format!("{profile} {kernel:?} {fault:?}");
        let world = SimWorld::with(profile, &["shop"]).await;
        kernel.into_iter().for_each(|name| world.fault(name, None));
        let task = world.begin(world.wish(Full)).await;
        let met = world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Crash::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}");
        if is_crash {
            world.finish(task).await;
        }
        assert_eq!(world.count_acts("ALTER SYSTEM BACKUP"), 1, "{what}: {:?}", world.acts());
        assert_eq!(world.sets_of(task).await.len(), 1, "{what}");
    }
}

#[tokio::test]
async fn one_job_is_begun_on_2_2_77() {
    one_job_is_begun(Profile::V2_2_77, None).await;
}

#[tokio::test]
async fn one_job_is_begun_on_2_2_77_that_cleans_up_at_once() {
    one_job_is_begun(Profile::V2_2_77, Some(FaultName::BackupCleanedUpAtOnce)).await;
}

#[tokio::test]
async fn one_job_is_begun_on_3_1_5_that_keeps_rows() {
    one_job_is_begun(Profile::V3_1_5, Some(FaultName::BackupRowsKept)).await;
}

#[tokio::test]
async fn one_job_is_begun_on_4_0() {
    one_job_is_begun(Profile::V4_0, None).await;
}

#[tokio::test]
async fn one_job_is_begun_on_4_2_5() {
    one_job_is_begun(Profile::V4_2_5, None).await;
}

#[tokio::test]
async fn one_job_is_begun_on_4_6() {
    one_job_is_begun(Profile::V4_6, None).await;
}
