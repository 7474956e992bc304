//! Watching and controlling tasks.

use control::tasks::{self, EventFilter, EventKind, Steer, TaskFilter, TaskOrder};
use control::{PageAsk, backups};
use model::id::{SubtaskId, TaskId};
use model::task::{SubtaskStatus, TaskOperation, TaskStatus};

use crate::backups::{run_to_the_end, wish};
use crate::stand::{Stand, why};

#[tokio::test]
async fn a_task_is_followed_by_its_steps_logs_and_events() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await;
    stand.add_storage("local").await;
    let mut request = wish(cluster.id);
    let database = model::backup::BackupObject::Database("no_such_database".into());
    request.wish.objects = vec![database];
    let task = backups::backup_now(control, admin, request, None).await.expect("accepted").task;
    assert_eq!(run_to_the_end(&stand, task).await, TaskStatus::Failed);

    let seen = tasks::get(control, admin, task).await.expect("it is there");
    assert_eq!((seen.kind.as_str(), seen.creator.as_str()), ("backup-logical", "admin"));
    assert_eq!((seen.cluster, seen.tenant_name.as_deref()), (Some(cluster.id), Some("sys")));
    let steps: Vec<(&str, SubtaskStatus)> =
        seen.subtasks.iter().map(|subtask| (subtask.step.as_str(), subtask.status)).collect();
    assert_eq!(steps[0], ("check-cluster-status", SubtaskStatus::Successful));
    assert_eq!(steps[2], ("check-ready", SubtaskStatus::Failed));
    assert_eq!(seen.subtasks[3].lane.as_deref(), Some("sys"));
    assert!(!seen.can_roll_back, "nothing was begun that could be undone");

    let log = tasks::log(control, admin, task, SubtaskId(1), 0, 100).await.expect("read");
    let sent = log.iter().filter(|line| line.text.id == "statement-sent").count();
    assert!(sent > 0, "{log:?}");
    let answered = ["statement-rows", "statement-changed", "statement-failed"];
    assert_eq!(log.iter().filter(|line| answered.contains(&line.text.id.as_str())).count(), sent);
    let rest = tasks::log(control, admin, task, SubtaskId(1), log[0].seq, 1).await.expect("read");
    assert_eq!(rest, [log[1].clone()]);
    assert_eq!(why(tasks::log(control, admin, task, SubtaskId(99), 0, 1).await), "subtask-unknown");

    let events = tasks::events(control, admin, 0, 1_000, EventFilter::default()).await.expect("read");
    assert!(events.iter().all(|event| event.task == task && event.cluster == Some(cluster.id)));
    assert!(events.iter().any(|event| event.kind == EventKind::Step(SubtaskId(3))));
    let newest = tasks::newest_event(control, admin).await.expect("read");
    assert_eq!(events.last().map(|event| event.seq), Some(newest));
    let none = EventFilter { task: Some(TaskId(99)), ..EventFilter::default() };
    assert_eq!(tasks::events(control, admin, 0, 1_000, none).await.expect("read"), []);
}

#[tokio::test]
async fn tasks_are_found_by_what_they_are_about() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await;
    stand.add_storage("local").await;
    let task = backups::backup_now(control, admin, wish(cluster.id), None).await.expect("accepted").task;
    let find = async |filter: TaskFilter| {
        let found = tasks::list(control, admin, &filter, TaskOrder::NewestFirst, PageAsk::default()).await;
        found.expect("listed").contents.iter().map(|task| task.id).collect::<Vec<_>>()
    };
    let any = TaskFilter::default;
    for (filter, is_found) in [
        (any(), true),
        (TaskFilter { cluster: Some(cluster.id), ..any() }, true),
        (TaskFilter { cluster_name: Some("demo".into()), ..any() }, true),
        (TaskFilter { cluster_name: Some("other".into()), ..any() }, false),
        (TaskFilter { tenant_name: Some("sys".into()), ..any() }, true),
        (TaskFilter { status: Some(TaskStatus::Running), ..any() }, true),
        (TaskFilter { status: Some(TaskStatus::Failed), ..any() }, false),
        (TaskFilter { kind: Some("restore-logical".into()), ..any() }, false),
    ] {
        assert_eq!(find(filter.clone()).await == [task], is_found, "{filter:?}");
    }
}

#[tokio::test]
async fn a_command_that_does_not_fit_is_refused_with_the_reason() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await;
    stand.add_storage("local").await;
    let task = backups::backup_now(control, admin, wish(cluster.id), None).await.expect("accepted").task;
    let steer = async |wish: Steer| tasks::steer(control, admin, task, wish).await;
    assert_eq!(why(steer(Steer::Retry).await), "task-state-unfit");
    assert_eq!(why(steer(Steer::RollBack).await), "task-state-unfit");
    assert_eq!(why(tasks::steer(control, admin, TaskId(99), Steer::Cancel).await), "task-unknown");
    assert_eq!(why(tasks::steer(control, &stand.viewer(), task, Steer::Cancel).await), "permission-missing");
    steer(Steer::Cancel).await.expect("it can be cancelled before it has begun");
    assert_eq!(run_to_the_end(&stand, task).await, TaskStatus::Failed);
    let seen = tasks::get(control, admin, task).await.expect("it is there");
    assert_eq!(seen.operation, TaskOperation::Cancel);
    assert_eq!(why(steer(Steer::SkipSubtask(SubtaskId(1))).await), "subtask-not-skippable");
    assert_eq!(why(steer(Steer::Cancel).await), "task-state-unfit");
}
