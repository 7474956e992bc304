//! Thresholds of strategies that raise alarms.

use std::time::Duration;

use model::alarm::AlarmKind::{BaseBackupTimeout, NoSuccessfulBackup};
use model::backup::DataBackupMode::Full;
use model::strategy::draft::ThresholdConfig;
use model::text::Language;
use sim::Profile;

use super::super::{PauseToo, StrategyAsk, create, pause};
use super::{alarms, ask, only_task, pass, round, until_due, whole};
use crate::testing::simulated::SimWorld;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns each alarm with its tenant, and checks its text.
async fn raised(world: &SimWorld) -> Vec<(model::alarm::AlarmKind, String)> {
    let alarms = alarms(world).await;
    let shown = alarms.into_iter().map(|alarm| {
        for language in [Language::En, Language::Zh] {
            let words = alarm.text.message(language);
            assert!(words.contains("prod") && !words.contains('{'), "{words}");
        }
        (alarm.kind, alarm.tenant.map(|(_, name)| name).unwrap_or_default())
    });
    shown.collect()
}

#[tokio::test]
async fn a_run_and_a_manual_backup_that_take_too_long_are_alarms_until_they_end() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let thresholds = ThresholdConfig { data_backup_timeout_minutes: Some(30), ..ThresholdConfig::default() };
    let ask = StrategyAsk { thresholds, ..ask(&world, "FULL_BACKUP") };
    create(&world.control, &world.actor, whole(&world), ask).await.expect("created");
    until_due(&world).await;
    round(&world).await;
    let run = only_task(&world).await;
    for manual in [false, true] {
        let task = if manual { world.begin(world.wish(Full)).await } else { run };
        world.run_until(task, None, |task| task.started_at.is_some()).await;
        assert_eq!(raised(&world).await, [], "it has just begun");
        pass(&world, Duration::from_secs(31 * 60)).await;
        assert_eq!(raised(&world).await, [(BaseBackupTimeout, String::new())], "manual: {manual}");
        assert_eq!(alarms(&world).await[0].task, Some(task));
        world.finish(task).await;
        assert_eq!(raised(&world).await, [], "it ended well");
    }
}

#[tokio::test]
async fn days_without_a_successful_backup_are_an_alarm_also_while_the_strategy_is_paused() {
    for (profile, object) in [(Profile::V4_2_5, "shop"), (Profile::V3_1_5, "")] {
        let world = SimWorld::with(profile, &["shop"]).await;
        let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
        let thresholds =
            ThresholdConfig { no_successful_data_backup_alarm_days: Some(3), ..ThresholdConfig::default() };
        let ask = StrategyAsk { thresholds, ..ask(&world, "FULL_BACKUP") };
        create(control, actor, scope, ask).await.expect("created");
        pause(control, actor, scope, PauseToo::default()).await.expect("paused");
        pass(&world, 2 * DAY).await;
        assert_eq!(raised(&world).await, [], "{profile}");
        pass(&world, 2 * DAY).await;
        assert_eq!(raised(&world).await, [(NoSuccessfulBackup, String::new())], "{profile}");
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        assert_eq!(raised(&world).await, [], "{profile}: any good backup counts");
        pass(&world, 4 * DAY).await;
        let expected = [(NoSuccessfulBackup, object.to_owned())];
        assert_eq!(raised(&world).await, expected, "{profile}: the newest one is too old");
    }
}
