//! The preview of a schedule that is not saved.

use model::Problem;
use model::schedule::Form;

use super::super::{NextRuns, PlannedFor, next_runs, planned_runs};
use super::*;

async fn planned(world: &SimWorld, form: &Form, scope: Scope) -> Result<NextRuns, Problem> {
    let meant = PlannedFor { scope, storage: Some(world.storage) };
    planned_runs(&world.control, &world.actor, form.clone(), Some(meant)).await.map_err(Error::into_problem)
}

#[tokio::test]
async fn the_preview_of_a_saved_schedule_shows_what_its_strategy_shows() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    until_due(&world).await; // so that no full hour passes during the checks
    let books = Scope::Tenant(world.cluster, TenantId(1004));
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    let form = hourly("INCREMENTAL_BACKUP").schedule;
    let kind = |runs: &NextRuns| runs.runs[0].due.kind;
    // A tenant's strategy leaves the others to that of the cluster, whether it is saved already or only planned.
    create(&world, books, "FULL_BACKUP").await;
    assert_eq!(kind(&planned(&world, &form, whole(&world)).await.expect("planned")), Incremental);
    create(&world, whole(&world), "INCREMENTAL_BACKUP").await;
    let shown = next_runs(&world.control, &world.actor, whole(&world)).await.expect("listed");
    assert_eq!(kind(&shown), Incremental, "there is a full set of shop");
    assert_eq!(planned(&world, &form, whole(&world)).await, Ok(shown));
    let later = Form { cron_expression: Some("30 * * * *".to_owned()), ..form };
    assert_eq!(kind(&planned(&world, &later, whole(&world)).await.expect("planned")), Incremental);
}

#[tokio::test]
async fn a_preview_is_refused_as_the_save_would_be() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let form = Form { jitter_seconds: Some(99_999), ..hourly("FULL_BACKUP").schedule };
    let refused = planned(&world, &form, whole(&world)).await.expect_err("refused");
    assert_eq!(refused.text.id, "schedule-jitter-too-long");
    let ask = StrategyAsk {
        schedule: ScheduleConfig { schedule: form, ..hourly("FULL_BACKUP") },
        ..ask(&world, "FULL_BACKUP")
    };
    let saved = super::super::create(&world.control, &world.actor, whole(&world), ask).await;
    assert_eq!(refusal(saved).1, refused.text.id);
    let form = Form { jitter_seconds: Some(600), ..hourly("FULL_BACKUP").schedule };
    let runs = planned(&world, &form, whole(&world)).await.expect("planned").runs;
    assert!(runs.iter().all(|run| run.starts == run.due.at), "the delay depends on the strategy's number");
}
