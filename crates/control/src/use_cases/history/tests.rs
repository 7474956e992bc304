//! What is deleted when it is old, and what stays.

use std::time::Duration;

use engine::TaskId;
use engine::testkit::Timed as _;
use metadata::history::OldLog;
use model::backup::DataBackupMode::{Full, Incremental};
use model::history::{HistoryDays, HistoryPart};
use sim::Profile;

use super::{fitting, forget, read};
use crate::PageAsk;
use crate::alarms;
use crate::testing::simulated::SimWorld;

async fn pass(world: &SimWorld, days: u32) {
    let day = Duration::from_secs(24 * 60 * 60);
    world.control.metadata().pass(day * days).await.expect("the clock can be moved");
    forget(&world.control).await.expect("deleted");
}

async fn rows(world: &SimWorld, part: HistoryPart) -> u64 {
    let history = read(&world.control, &world.actor).await.expect("read");
    history.sizes.iter().find(|(known, _)| *known == part).expect("every part").1
}

#[tokio::test]
async fn old_logs_go_and_one_line_says_so_and_all_else_stays() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let failed = world.begin(world.wish(Incremental)).await;
    world.fail(failed).await;
    let problems = async || {
        let page = alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
        page.expect("read").contents
    };
    let before = problems().await;
    let [lines, tasks, audit] = [
        rows(&world, HistoryPart::Logs).await,
        rows(&world, HistoryPart::Tasks).await,
        rows(&world, HistoryPart::Audit).await,
    ];
    pass(&world, 89).await;
    assert_eq!(rows(&world, HistoryPart::Logs).await, lines, "not old enough");
    pass(&world, 2).await;
    let left = rows(&world, HistoryPart::Logs).await;
    assert!(left > 0 && left < lines, "{left} of {lines}");
    let story = world.story(failed).await;
    assert!(story.contains("log-deleted") && !story.contains("statement-sent"), "{story}");
    pass(&world, 3_000).await;
    assert_eq!(rows(&world, HistoryPart::Logs).await, left, "a deleted log is not deleted again");
    assert_eq!(rows(&world, HistoryPart::Tasks).await, tasks);
    assert_eq!(rows(&world, HistoryPart::Audit).await, audit, "the audit log is kept for ever");
    assert_eq!(problems().await, before, "an alarm does not end because its task is old");

    // A retried task writes below the mark, and is not finished.
    world.handle.advance_seconds(900.0);
    let full = world.begin(world.wish(Full)).await;
    world.finish(full).await;
    world.steer(failed, crate::tasks::Steer::Retry).await;
    world.finish(failed).await;
    pass(&world, 1).await;
    assert!(world.story(failed).await.contains("statement-sent"), "{}", world.story(failed).await);
}

#[tokio::test]
async fn old_audit_lines_go_if_the_settings_say_so() {
    let days = HistoryDays { logs: None, audit: Some(7) };
    let world = SimWorld::set_up(Profile::V4_2_5, &["shop"], |settings| settings.history = days).await;
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    assert!(rows(&world, HistoryPart::Audit).await > 0);
    let lines = rows(&world, HistoryPart::Logs).await;
    pass(&world, 8).await;
    assert_eq!((rows(&world, HistoryPart::Audit).await, rows(&world, HistoryPart::Logs).await), (0, lines));
}

#[test]
fn a_transaction_has_few_lines_or_one_log() {
    let logs = |lines: &[i64]| -> Vec<OldLog> {
        lines.iter().map(|&lines| OldLog { task: TaskId(1), row: engine::RowNumber(1), lines }).collect()
    };
    assert_eq!(fitting(&logs(&[200, 300, 1])), 2);
    assert_eq!(fitting(&logs(&[10_000, 1])), 1);
    assert_eq!(fitting(&logs(&[1])), 1);
}
