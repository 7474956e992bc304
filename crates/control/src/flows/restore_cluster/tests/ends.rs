//! Cancelling, retrying and cleaning up a recovery of a cluster's tenants.

use engine::note;
use model::order::{ClusterRecovery, RecoverUntil};
use sim::{Fault, FaultName};

use super::super::outcome::may_have_left_something;
use super::{Crash, Ended, Profile, Recovery, RestoreCluster, Steer, TaskId, TaskStatus, testkit};

impl Recovery {
    /// Runs until this many tenants are being restored.
    pub(super) async fn run_into_wait(&self, task: TaskId, count: usize) {
        let waits = |stored: &engine::Task| {
            let waiting = stored.lanes.iter().filter(|lane| lane.state["child"].is_i64());
            waiting.count() >= count
        };
        assert_eq!(self.world.run_until(task, None, waits).await, None, "{}", self.world.story(task).await);
        // The children reach the wait for their restores.
        for _ in 0..200 {
            let is_restoring = |child: &engine::Task| {
                child.rows.iter().any(|row| row.step == "wait-for-restore" && row.runs > 0)
            };
            if self.children().await.iter().filter(|child| is_restoring(child)).count() >= count {
                return;
            }
            self.pass().await;
            assert_eq!(self.world.run_until(task, None, |_| true).await, None);
        }
        panic!("the tenants do not get there: {}", self.world.story(task).await);
    }

    pub(super) async fn end(&self, task: TaskId, expected: TaskStatus) {
        let ended = self.world.run(task, None).await;
        assert_eq!(ended, Ended::Finished(expected), "{}", self.world.story(task).await);
    }
}

#[tokio::test]
async fn a_cancel_ends_the_running_restores_and_a_retry_starts_them_anew() {
    for profile in [Profile::V3_2_4, Profile::V4_2_5, Profile::V4_6] {
        let recovery = Recovery::large(profile).await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
        recovery.run_into_wait(task, 2).await;
        recovery.world.steer(task, Steer::Cancel).await;
        recovery.end(task, TaskStatus::Failed).await;
        let children = recovery.children().await;
        assert_eq!(children.len(), 2, "{profile}: the third never started");
        for child in &children {
            assert_eq!(child.status, TaskStatus::Failed, "{profile}");
            assert_eq!(child.note.as_ref().map(|note| note.id.as_str()), Some(note::CANCELLED), "{profile}");
        }
        for name in ["books_r", "games_r", "shop_r"] {
            assert!(recovery.tenant(name).is_none(), "{profile}: {name}");
        }
        recovery.world.steer(task, Steer::Retry).await;
        recovery.end(task, TaskStatus::Successful).await;
        for name in ["books_r", "games_r", "shop_r"] {
            assert_eq!(recovery.tenant(name).expect("it is there")["status"], "NORMAL", "{profile}");
        }
        let children = recovery.children().await;
        let of = |status| children.iter().filter(|child| child.status == status).count();
        let counts = (of(TaskStatus::RolledBack), of(TaskStatus::Successful));
        assert_eq!(counts, (2, 3), "{profile}: {}", recovery.world.story(task).await);
        assert_eq!(recovery.made().len(), 3, "{profile}: the pools of cancelled tasks are gone");
    }
}

#[tokio::test]
async fn a_tenant_whose_task_somebody_else_ended_is_reported_and_a_retry_starts_another() {
    for (profile, rolls_back) in [(Profile::V4_2_5, false), (Profile::V4_6, true), (Profile::V3_2_4, true)] {
        let recovery = Recovery::large(profile).await;
        let wish = ClusterRecovery { parallel: 3, ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        recovery.run_into_wait(task, 3).await;
        let child = recovery.child(task, "games_r").await;
        recovery.world.steer(child, Steer::Cancel).await;
        if rolls_back {
            // Only the child runs, so that the lane sees it when it is rolled back.
            for _ in 0..500 {
                if recovery.world.task(child).await.status.is_finished() {
                    break;
                }
                recovery.world.run_until(child, None, |_| true).await;
                recovery.pass().await;
            }
        }
        recovery.end(task, TaskStatus::Failed).await;
        let stored = recovery.world.task(task).await;
        let failed = stored.rows.iter().find(|row| row.lane == "games_r" && row.note.is_some());
        let why = failed.and_then(|row| row.note.clone()).expect("it says why").id;
        assert_eq!(why, "cluster-recovery-canceled", "{profile}");
        if rolls_back {
            recovery.world.steer(child, Steer::RollBack).await;
            recovery.end(child, TaskStatus::RolledBack).await;
        }
        recovery.world.steer(task, Steer::Retry).await;
        recovery.end(task, TaskStatus::Successful).await;
        assert_ne!(recovery.child(task, "games_r").await, child, "{profile}");
        assert_eq!(recovery.children().await.len(), 4, "{profile}");
        assert_eq!(recovery.world.task(child).await.status, TaskStatus::RolledBack, "{profile}");
        assert_eq!(recovery.made().len(), 3, "{profile}: {:?}", recovery.made());
    }
}

#[tokio::test]
async fn a_clean_up_removes_what_failed_and_keeps_the_tenants_that_are_complete() {
    for profile in [Profile::V4_2_5, Profile::V4_6] {
        let recovery = Recovery::large(profile).await;
        let wish = ClusterRecovery { parallel: 3, ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        recovery.run_into_wait(task, 3).await;
        let games = recovery.tenant_id("games").await;
        let base = recovery.world.dir.path().join("data/backups");
        recovery.world.handle.fault(&Fault {
            path: Some(format!("file://{}/obcluster/1/{games}", base.display())),
            ..Fault::new(FaultName::DestinationUnreachable)
        });
        recovery.end(task, TaskStatus::Failed).await;
        recovery.world.handle.clear_faults(None);
        assert_eq!(recovery.tenant("games_r").expect("half of it is there")["role"], "Restore", "{profile}");
        let child = recovery.child(task, "games_r").await;
        assert!(may_have_left_something(&recovery.world.task(child).await), "{profile}");
        recovery.world.steer(task, Steer::RollBack).await;
        recovery.end(task, TaskStatus::RolledBack).await;
        assert_eq!(recovery.world.task(child).await.status, TaskStatus::RolledBack, "{profile}");
        assert_eq!(recovery.made().len(), 2, "{profile}: {:?}", recovery.made());
        assert!(recovery.tenant("games_r").is_none(), "{profile}");
        for name in ["books_r", "shop_r"] {
            assert_eq!(recovery.tenant(name).expect("it stays")["status"], "NORMAL", "{profile}");
        }
    }
}

#[tokio::test]
async fn a_clean_up_leaves_a_tenant_of_others_alone() {
    let recovery = Recovery::new(Profile::V3_2_4).await;
    let task = recovery.begin_with_taken_name(recovery.wish(RecoverUntil::Latest)).await;
    recovery.end(task, TaskStatus::Failed).await;
    let child = recovery.child(task, "games_r").await;
    assert!(!may_have_left_something(&recovery.world.task(child).await), "its checks only read");
    recovery.world.steer(task, Steer::RollBack).await;
    recovery.end(task, TaskStatus::RolledBack).await;
    assert_eq!(recovery.world.task(child).await.status, TaskStatus::RolledBack);
    assert_eq!(recovery.made().len(), 2, "{:?}", recovery.made());
    for name in ["books_r", "games_r", "shop_r"] {
        assert!(recovery.tenant(name).is_some(), "{name}");
    }
}

/// Two halves, so that they run at the same time.
#[tokio::test]
async fn a_clean_up_of_a_cancelled_recovery_leaves_nothing_whatever_step_crashes() {
    a_clean_up_leaves_nothing(0).await;
}

#[tokio::test]
async fn a_clean_up_of_a_cancelled_recovery_leaves_nothing_whatever_other_step_crashes() {
    a_clean_up_leaves_nothing(1).await;
}

async fn a_clean_up_leaves_nothing(half: usize) {
    for fault in testkit::faults::<RestoreCluster>().skip(half).step_by(2) {
        let recovery = Recovery::large(Profile::V4_2_5).await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
        recovery.run_into_wait(task, 2).await;
        recovery.world.steer(task, Steer::Cancel).await;
        recovery.end(task, TaskStatus::Failed).await;
        recovery.world.steer(task, Steer::RollBack).await;
        if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
            assert!(!matches!(fault, Crash::RunTwice(_)), "{fault:?}");
            recovery.end(task, TaskStatus::RolledBack).await;
        }
        let status = recovery.world.task(task).await.status;
        assert_eq!(status, TaskStatus::RolledBack, "{fault:?}: {}", recovery.world.story(task).await);
        assert_eq!(recovery.made(), Vec::<String>::new(), "{fault:?}");
        for child in recovery.children().await {
            assert_eq!(child.status, TaskStatus::RolledBack, "{fault:?}");
        }
    }
}
