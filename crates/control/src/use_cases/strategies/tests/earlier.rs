//! Strategies that an earlier version saved, with a schedule that this version refuses.

use model::id::TenantId;
use model::schedule::{Form, Saved, Schedule};
use model::strategy::draft::ThresholdConfig;
use model::strategy::{Scope, Strategy};
use sim::Profile;

use super::{create, hourly, refusal, round, tasks, until_due, whole};
use crate::PageAsk;
use crate::strategies::{self, PauseToo, StrategyChange};
use crate::testing::simulated::SimWorld;

/// Saves the strategy of a scope again, with a quiet window that was allowed earlier.
async fn shorten(world: &SimWorld, scope: Scope, from: &str, until: &str) {
    let old = strategies::get(&world.control, &world.actor, scope).await.expect("found").strategy;
    let mut form = serde_json::to_value(Form::from(old.settings.schedule.clone())).expect("JSON");
    form["quietWindow"] = serde_json::json!({"from": from, "until": until});
    let form: Form = serde_json::from_value(form).expect("a form");
    let mut settings = old.settings.clone();
    settings.schedule = Schedule::try_from(Saved(form)).expect("readable");
    let mut writer = world.control.metadata().begin().await.expect("may write");
    writer.strategy_update(&Strategy { settings, ..old }).await.expect("saved");
    writer.commit().await.expect("saved");
}

#[tokio::test]
async fn a_schedule_that_breaks_a_newer_rule_is_named_and_runs_and_stops_no_other() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop", "crm"]).await;
    let (control, actor, cluster) = (&world.control, &world.actor, whole(&world));
    let shop = Scope::Tenant(world.cluster, TenantId(1002));
    for scope in [cluster, shop] {
        create(&world, scope, "FULL_BACKUP").await;
    }
    shorten(&world, cluster, "09:30:00", "09:30:59").await;
    let found = strategies::list(control, actor, None, PageAsk::default()).await.expect("listed").contents;
    let broken = |number: usize| found[number].invalid.as_ref().map(|text| text.id.clone());
    assert_eq!((found.len(), broken(0), broken(1)), (2, Some("schedule-window-too-short".to_owned()), None));
    let unreadable = strategies::list_unreadable(control, actor, None).await.expect("listed");
    assert_eq!(unreadable, []);
    assert_eq!(strategies::next_runs(control, actor, cluster).await.expect("listed").runs.len(), 30);

    // What does not touch the schedule may change. The schedule may be mended, but not saved again as it is.
    let keep = StrategyChange::default;
    let thresholds = ThresholdConfig { log_backup_delay_seconds: Some(60), ..ThresholdConfig::default() };
    let changed = strategies::change(control, actor, cluster, StrategyChange { thresholds, ..keep() }).await;
    assert_eq!(changed.expect("changed").strategy.settings.thresholds.log_backup_delay_s, 60);
    strategies::pause(control, actor, cluster, PauseToo::default()).await.expect("paused");
    strategies::resume(control, actor, cluster).await.expect("resumed");
    let mut as_short = hourly("FULL_BACKUP");
    as_short.schedule.quiet_window =
        Some(model::schedule::form::QuietWindowForm { from: "09:31".into(), until: "09:31:30".into() });
    let refused =
        strategies::change(control, actor, cluster, StrategyChange { schedule: Some(as_short), ..keep() })
            .await;
    assert_eq!(refusal(refused).1, "schedule-window-too-short");

    until_due(&world).await;
    round(&world).await;
    assert_eq!(tasks(&world).await.len(), 2, "both run");
    let mended = StrategyChange { schedule: Some(hourly("FULL_BACKUP")), ..keep() };
    assert_eq!(strategies::change(control, actor, cluster, mended).await.expect("mended").invalid, None);
}
