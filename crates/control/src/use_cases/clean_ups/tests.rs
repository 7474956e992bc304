//! A strategy's clean-up runs once a day, from the day after it was saved.

use std::time::Duration;

use engine::testkit::Timed as _;
use model::backup::BackupMethod;
use model::backup_set::BackupSetStatus;
use model::id::TaskId;
use model::strategy::Scope;
use model::strategy::draft::{ScheduleConfig, ThresholdConfig};
use serde_json::json;

use crate::backups::{self, BackupFilter};
use crate::strategies::{self, PauseToo, StrategyAsk, StrategyChange};
use crate::tasks::{self, TaskFilter};
use crate::testing::World;
use crate::{PageAsk, retention};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn schedule(days: u32) -> ScheduleConfig {
    let schedule = json!({
        "backupScheduleMode": "CRON", "cronExpression": "0 2 1 1 *", "scheduleZone": "UTC",
        "cleanEnabled": true, "backupDataRetentionDays": days, "cleanScheduleTime": "00:00",
    });
    serde_json::from_value(schedule).expect("a schedule")
}

async fn clean_ups(world: &World) -> Vec<TaskId> {
    let filter = TaskFilter { kind: Some("clean-up".into()), ..TaskFilter::default() };
    let listed =
        tasks::list(&world.control, &world.actor, &filter, Default::default(), PageAsk::default()).await;
    listed.expect("listed").contents.into_iter().map(|task| task.id).collect()
}

async fn left(world: &World) -> usize {
    let filter = BackupFilter::default();
    let sets = backups::backup_sets(&world.control, &world.actor, &filter, PageAsk::default()).await;
    let sets = sets.expect("listed").contents;
    assert!(sets.iter().all(|set| set.status == BackupSetStatus::Available), "{sets:?}");
    sets.len()
}

#[tokio::test]
async fn a_strategy_cleans_up_once_a_day_and_not_the_moment_it_is_saved() {
    let world = World::new("control_clean_ups").await;
    let (control, actor) = (&world.control, &world.actor);
    for _ in 0..3 {
        let task = world.begin_backup().await;
        world.finish(task).await;
    }
    let scope = Scope::Cluster(world.cluster);
    let ask = StrategyAsk {
        method: Some(BackupMethod::Logical),
        storage: None,
        schedule: schedule(2),
        thresholds: ThresholdConfig::default(),
        secondary_backup: false,
        take_over_policies: false,
        seen_policies: None,
    };
    let saved = strategies::create(control, actor, scope, ask).await.expect("a logical strategy cleans up");
    let clean_up = saved.strategy.settings.clean_up.expect("it is saved");
    assert_eq!((clean_up.retention_days, clean_up.time.to_string().as_str()), (2, "00:00:00"));
    super::watch(control).await.expect("a look");
    assert_eq!(clean_ups(&world).await, [], "the next time is still to come");

    // A day later no set is older than two days, so none has expired.
    control.metadata().pass(DAY).await.expect("the clock can be moved");
    super::watch(control).await.expect("a look");
    assert_eq!((clean_ups(&world).await, left(&world).await), (vec![], 3));

    control.metadata().pass(3 * DAY).await.expect("the clock can be moved");
    let plan =
        retention::RetentionAsk { cluster: world.cluster, tenants: vec![], storage: None, policy: None };
    let plan = retention::plan(control, actor, &plan).await.expect("planned");
    assert_eq!(plan[0].tenants[0].deleted().count(), 2, "what goes is seen before");
    super::watch(control).await.expect("a look");
    let [task] = clean_ups(&world).await[..] else { panic!("one clean-up") };
    // Another server, or this one after a restart, checks too.
    control.context.cleaned.forget(saved.strategy.id);
    super::watch(control).await.expect("a look");
    assert_eq!(clean_ups(&world).await, [task], "one a day");
    world.finish(task).await;
    assert_eq!(left(&world).await, 1);

    // A clean-up that was paused at the time of day cleans up at the next one after it is resumed.
    let clean_up_too = PauseToo { clean_up: true, ..PauseToo::default() };
    strategies::pause(control, actor, scope, clean_up_too).await.expect("paused");
    let task = world.begin_backup().await;
    world.finish(task).await;
    control.metadata().pass(5 * DAY).await.expect("the clock can be moved");
    super::watch(control).await.expect("a look");
    strategies::resume(control, actor, scope).await.expect("resumed");
    super::watch(control).await.expect("a look");
    assert_eq!((clean_ups(&world).await.len(), left(&world).await), (1, 2));
    control.metadata().pass(DAY).await.expect("the clock can be moved");
    super::watch(control).await.expect("a look");
    let [second, _] = clean_ups(&world).await[..] else { panic!("another day, another clean-up") };
    world.finish(second).await;
    assert_eq!(left(&world).await, 1);

    // A pause of the schedule alone does not stop it.
    strategies::pause(control, actor, scope, PauseToo::default()).await.expect("paused");
    let task = world.begin_backup().await;
    world.finish(task).await;
    control.metadata().pass(4 * DAY).await.expect("the clock can be moved");
    super::watch(control).await.expect("a look");
    let [third, ..] = clean_ups(&world).await[..] else { panic!("it cleans up while it is paused") };
    world.finish(third).await;
    assert_eq!((clean_ups(&world).await.len(), left(&world).await), (3, 1));
    strategies::resume(control, actor, scope).await.expect("resumed");

    let off = StrategyChange {
        schedule: Some(ScheduleConfig {
            clean_enabled: false,
            backup_data_retention_days: None,
            clean_schedule_time: None,
            ..schedule(2)
        }),
        ..StrategyChange::default()
    };
    let changed = strategies::change(control, actor, scope, off).await.expect("turned off");
    assert_eq!(changed.strategy.settings.clean_up, None);
    let task = world.begin_backup().await;
    world.finish(task).await;
    control.metadata().pass(DAY).await.expect("the clock can be moved");
    super::watch(control).await.expect("a look");
    assert_eq!((clean_ups(&world).await.len(), left(&world).await), (3, 2));
    let refused = strategies::pause(control, actor, scope, clean_up_too).await;
    let refused = refused.expect_err("there is no clean-up to pause").into_problem();
    assert_eq!(refused.text.id, "strategy-without-clean-up");
}
