//! A clock that was ahead and was set back.

use sim::FaultName;

use super::*;

#[tokio::test]
async fn a_success_while_the_clock_was_ahead_hides_no_later_failure() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    let metadata = world.control.metadata();
    let day_us = 86_400_000_000;
    metadata.turn_clock(day_us);
    round(&world).await;
    let well = only_task(&world).await;
    world.finish(well).await;
    metadata.turn_clock(-day_us);

    until_due(&world).await;
    world.fault(FaultName::DestinationUnreachable, None);
    round(&world).await;
    let badly = TaskId(tasks(&world).await[1].id.0);
    world.fail(badly).await;
    let detail = super::super::get(&world.control, &world.actor, whole(&world)).await.expect("found");
    assert_eq!(detail.standing.status, ScheduleStatus::Abnormal);
    let last = detail.standing.last.expect("a run");
    assert_eq!((last.task, last.status), (Some(badly), RunStatus::Failed));
    let kinds: Vec<AlarmKind> = alarms(&world).await.iter().map(|alarm| alarm.kind).collect();
    assert!(kinds.contains(&AlarmKind::BaseBackupFail), "{kinds:?}");
}

#[tokio::test]
async fn a_run_that_failed_for_a_tenant_says_why() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    create(&world, whole(&world), "FULL_BACKUP").await;
    until_due(&world).await;
    world.fault(FaultName::TenantNotNormal, Some("books"));
    round(&world).await;
    let task = only_task(&world).await;
    world.fail(task).await;
    let why =
        world.task(task).await.rows.into_iter().find_map(|row| row.note.filter(|_| row.lane == "books"));
    let why = why.expect("its step has failed").id;
    let run = &runs(&world, whole(&world)).await[0];
    let reason = run.reason.as_ref().expect("a reason");
    assert_eq!(reason.id, why);
    assert!(reason.message(Language::En).starts_with("Tenant books: "), "{reason:?}");
}
