//! What a lane says when the task of its tenant does not end as it should: it never claims a cancel that did not happen,
//! gives up no running task, and continues a rollback that stopped half way.

use engine::note;
use model::order::{ClusterRecovery, RecoverUntil};
use sim::{Fault, FaultName};

use super::{Crash, Profile, Recovery, Secret, Steer, TaskId, TaskStatus};
use crate::clusters;
use crate::orders::children::{Admission, Initiator, Parent};

impl Recovery {
    /// From now on, the cluster ends each connection that reads this view.
    fn cut(&self, view: &str) {
        let statement = Some(view.to_owned());
        self.world.handle.fault(&Fault { statement, ..Fault::new(FaultName::ConnectionCut) });
    }

    /// Returns why the wait of a lane failed.
    async fn why(&self, task: TaskId, lane: &str) -> Option<engine::Note> {
        let stored = self.world.task(task).await;
        let row = stored.rows.iter().find(|row| row.step == "wait-for-recovery" && row.lane == lane);
        row.and_then(|row| row.note.clone())
    }

    /// Lets the recovery of `games_r` fail, because the servers can no longer read its backups.
    async fn fail_games(&self, task: TaskId) -> TaskId {
        self.run_into_wait(task, 3).await;
        let games = self.tenant_id("games").await;
        let base = self.world.dir.path().join("data/backups");
        self.world.handle.fault(&Fault {
            path: Some(format!("file://{}/obcluster/1/{games}", base.display())),
            ..Fault::new(FaultName::DestinationUnreachable)
        });
        self.end(task, TaskStatus::Failed).await;
        self.world.handle.clear_faults(None);
        self.child(task, "games_r").await
    }

    async fn assert_nothing_left(&self, what: &str) {
        for name in ["books_r", "games_r", "shop_r"] {
            assert!(self.tenant(name).is_none(), "{what}: {name}");
        }
        assert_eq!(self.made(), Vec::<String>::new(), "{what}");
    }
}

#[tokio::test]
async fn a_lane_is_not_cancelled_while_the_database_may_still_restore() {
    for profile in [Profile::V4_2_5, Profile::V4_6] {
        // Their restores take longer than Lifeboat tries to cancel them.
        let recovery = Recovery::sized(profile, 100_000, None).await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
        recovery.run_into_wait(task, 2).await;
        recovery.cut("CDB_OB_RESTORE_PROGRESS");
        recovery.world.steer(task, Steer::Cancel).await;
        recovery.end(task, TaskStatus::Failed).await;
        let story = recovery.world.story(task).await;
        for name in ["books_r", "games_r"] {
            let child = recovery.world.task(recovery.child(task, name).await).await;
            assert_eq!(recovery.tenant(name).expect("half of it is there")["role"], "Restore", "{profile}");
            let why = recovery.why(task, name).await;
            assert_eq!(why, child.note, "{profile}: the lane has the problem of its task");
            assert!(why.is_some_and(|why| why.id != note::CANCELLED), "{profile}: {story}");
            let told = format!("cluster-recovery-not-canceled task={}", child.id);
            assert!(story.contains(&told), "{profile}: {story}");
        }
        recovery.world.handle.clear_faults(None);
        if profile == Profile::V4_2_5 {
            recovery.world.steer(task, Steer::RollBack).await;
            recovery.end(task, TaskStatus::RolledBack).await;
            recovery.assert_nothing_left(&profile.to_string()).await;
        } else {
            // The restores that were not cancelled continue.
            recovery.world.steer(task, Steer::Retry).await;
            recovery.end(task, TaskStatus::Successful).await;
            assert_eq!(recovery.children().await.len(), 3, "{profile}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_rollback_of_a_tenant_is_no_cancelled_lane() {
    let recovery = Recovery::large(Profile::V4_2_5).await;
    let wish = ClusterRecovery { parallel: 3, ..recovery.wish(RecoverUntil::Latest) };
    let task = recovery.begin(wish).await;
    let child = recovery.fail_games(task).await;
    recovery.cut("CDB_OB_RESTORE_PROGRESS");
    recovery.world.steer(task, Steer::RollBack).await;
    let is_asked = |stored: &engine::Task| {
        let lane = stored.lanes.iter().find(|lane| lane.key == "games_r").expect("a lane");
        lane.state["rolled_back"].as_array().is_some_and(|tasks| !tasks.is_empty())
    };
    let ended = recovery.world.run_until(task, None, is_asked).await;
    assert_eq!(ended, None, "{}", recovery.world.story(task).await);
    recovery.world.steer(child, Steer::Cancel).await;
    recovery.end(task, TaskStatus::Failed).await;
    let cancelled = recovery.world.task(child).await.note.map(|note| note.id);
    assert_eq!(cancelled.as_deref(), Some(note::CANCELLED), "{}", recovery.world.story(child).await);
    let why = recovery.world.task(task).await.note.map(|note| note.id);
    assert_eq!(why.as_deref(), Some("cluster-recovery-rollback-canceled"));

    recovery.world.handle.clear_faults(None);
    recovery.world.steer(task, Steer::RollBack).await;
    recovery.end(task, TaskStatus::RolledBack).await;
    assert_eq!(recovery.made().len(), 2, "{:?}", recovery.made());
}

#[tokio::test]
async fn a_half_done_rollback_of_a_tenant_is_told_and_continued() {
    for profile in [Profile::V4_2_5, Profile::V4_6] {
        let recovery = Recovery::large(profile).await;
        let wish = ClusterRecovery { parallel: 3, ..recovery.wish(RecoverUntil::Latest) };
        let task = recovery.begin(wish).await;
        let child = recovery.fail_games(task).await;
        // The tenant is dropped, but its pools cannot be.
        recovery.cut("DBA_OB_RESOURCE_POOLS");
        recovery.world.steer(child, Steer::RollBack).await;
        recovery.end(child, TaskStatus::Failed).await;
        assert!(recovery.tenant("games_r").is_none(), "{profile}");
        let next = if profile == Profile::V4_2_5 { Steer::Retry } else { Steer::RollBack };
        for _ in 0..2 {
            recovery.world.steer(task, next).await;
            recovery.end(task, TaskStatus::Failed).await;
            let stored = recovery.world.task(task).await;
            let problem = recovery.world.task(child).await.note;
            let told = stored.rows.iter().filter(|row| row.lane == "games_r" && row.note == problem);
            assert!(told.count() > 0, "{profile}: {}", recovery.world.story(task).await);
        }
        recovery.world.handle.clear_faults(None);
        recovery.world.steer(task, next).await;
        if matches!(next, Steer::Retry) {
            recovery.end(task, TaskStatus::Successful).await;
            assert_eq!(recovery.tenant("games_r").expect("it is there")["status"], "NORMAL", "{profile}");
            assert_eq!(recovery.made().len(), 3, "{profile}: {:?}", recovery.made());
        } else {
            recovery.end(task, TaskStatus::RolledBack).await;
            assert_eq!(recovery.made().len(), 2, "{profile}: {:?}", recovery.made());
        }
        assert_eq!(recovery.world.task(child).await.status, TaskStatus::RolledBack, "{profile}");
    }
}

#[tokio::test]
async fn a_task_that_a_crash_hid_is_followed_even_if_its_order_would_be_refused_now() {
    let recovery = Recovery::new(Profile::V4_2_5).await;
    let world = &recovery.world;
    let (cluster, _handle) = super::elsewhere::with_target(&recovery, Profile::V4_2_5, 1).await;
    let wish = ClusterRecovery { cluster, parallel: 3, ..recovery.wish(RecoverUntil::Latest) };
    let task = recovery.begin(wish).await;
    assert_eq!(world.run(task, Some(Crash::CrashAfter("start-recovery"))).await, super::Ended::Crashed);
    let hidden = recovery.children().await;
    assert!(!hidden.is_empty(), "{}", world.story(task).await);
    // Without its cluster, no recovery of it can be ordered.
    clusters::remove(&world.control, &world.actor, world.cluster, false).await.expect("no task changes it");
    recovery.end(task, TaskStatus::Failed).await;
    assert_eq!(recovery.running().await, 0, "a failed lane leaves no task running");
    let stored = world.task(task).await;
    for child in hidden {
        let lane = &child.subject["parent-lane"];
        assert_eq!(recovery.child(task, lane).await.0, child.id.0, "{}", world.story(task).await);
        let started = stored.rows.iter().find(|row| row.step == "start-recovery" && row.lane == *lane);
        assert!(started.is_some_and(|row| row.note.is_none()), "{}", world.story(task).await);
    }
}

#[tokio::test]
async fn a_lane_waits_longer_than_all_steps_of_its_task_may_take() {
    let recovery = Recovery::new(Profile::V4_2_5).await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    recovery.world.finish(task).await;
    let child = recovery.world.task(recovery.child(task, "games_r").await).await;
    let steps: std::time::Duration = child.rows.iter().map(|row| row.timeout).sum();
    let stored = recovery.world.task(task).await;
    let wait = stored.rows.iter().find(|row| row.step == "wait-for-recovery").expect("it has the step");
    assert!(wait.timeout > steps, "{:?} for {steps:?}", wait.timeout);
}

#[tokio::test]
async fn a_command_that_a_task_no_longer_accepts_is_an_answer_and_no_failure() {
    let recovery = Recovery::new(Profile::V4_2_5).await;
    let task = recovery.begin(recovery.wish(RecoverUntil::Latest)).await;
    recovery.world.finish(task).await;
    let child = engine::TaskId(recovery.child(task, "games_r").await.0);
    let initiator = Initiator::of(&recovery.world.actor);
    let task = engine::TaskId(task.0);
    let parent = Parent { task, lane: "games_r", initiator: &initiator, at_once: 1, before: 0 };
    let context = &recovery.world.control.context;
    for answer in [
        parent.cancel(context, child).await,
        parent.retry(context, child).await,
        parent.roll_back(context, child).await,
    ] {
        let answer = answer.expect("it is no failure");
        assert!(
            matches!(&answer, Admission::Refused(why) if why.text.id == "task-state-unfit"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn passwords_are_kept_while_a_retry_may_need_them_and_removed_by_a_rollback() {
    let recovery = Recovery::sized(Profile::V4_2_5, 20_000, Some("hunter2")).await;
    let wish = recovery.wish(RecoverUntil::Latest);
    let wish = ClusterRecovery { passwords: vec![Secret::new("hunter2")], ..wish };
    let task = recovery.begin(wish).await;
    recovery.run_into_wait(task, 2).await;
    recovery.world.steer(task, Steer::Cancel).await;
    recovery.end(task, TaskStatus::Failed).await;
    let mut states = vec![recovery.world.task(task).await.state];
    states.extend(recovery.children().await.into_iter().map(|child| child.state));
    assert_eq!(states.len(), 3);
    for state in &states {
        let sealed = state["passwords"].as_str().expect("a retry needs them");
        assert!(!sealed.contains("hunter2"), "{sealed}");
    }
    recovery.world.steer(task, Steer::RollBack).await;
    recovery.end(task, TaskStatus::RolledBack).await;
    assert!(recovery.world.task(task).await.state["passwords"].is_null());
    for child in recovery.children().await {
        assert!(child.state["passwords"].is_null(), "task {}", child.id);
    }
}

#[tokio::test]
async fn a_recovery_that_changed_nothing_can_be_given_up_and_forgets_its_passwords() {
    let recovery = Recovery::sized(Profile::V4_2_5, 1_000, Some("hunter2")).await;
    let wish = recovery.wish(RecoverUntil::Latest);
    let task = recovery.begin(ClusterRecovery { passwords: vec![Secret::new("other")], ..wish }).await;
    assert_eq!(recovery.world.fail(task).await.0, "check-recovery-sources");
    assert!(recovery.world.task(task).await.state["passwords"].is_string(), "a retry needs them");
    recovery.world.steer(task, Steer::RollBack).await;
    recovery.end(task, TaskStatus::RolledBack).await;
    assert!(recovery.world.task(task).await.state["passwords"].is_null());
    assert!(recovery.children().await.is_empty());
}
