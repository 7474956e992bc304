//! What is deleted when it is old, and what stays.

use std::time::Duration;

use engine::testkit::Timed as _;
use model::backup::DataBackupMode::{Full, Incremental};
use model::history::HistoryPart;
use model::id::TaskId;
use sim::{FaultName, Profile};

use super::{forget, read};
use crate::PageAsk;
use crate::alarms;
use crate::testing::simulated::SimWorld;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn pass(world: &SimWorld, days: u32) {
    world.control.metadata().pass(DAY * days).await.expect("the clock can be moved");
    forget(&world.control).await.expect("deleted");
}

async fn exists(world: &SimWorld, task: TaskId) -> bool {
    world.control.context.task(task).await.is_ok()
}

async fn rows(world: &SimWorld, part: HistoryPart) -> u64 {
    let history = read(&world.control, &world.actor).await.expect("read");
    history.sizes.iter().find(|size| size.part == part).expect("every part").rows
}

#[tokio::test]
async fn logs_go_first_and_one_line_says_so() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    let lines = rows(&world, HistoryPart::Logs).await;
    pass(&world, 89).await;
    assert_eq!(rows(&world, HistoryPart::Logs).await, lines, "not old enough");
    pass(&world, 2).await;
    let left = rows(&world, HistoryPart::Logs).await;
    assert!(left > 0 && left < lines, "{left} of {lines}");
    let story = world.story(task).await;
    assert!(story.contains("log-deleted") && !story.contains("statement-sent"), "{story}");
    forget(&world.control).await.expect("nothing to do");
    assert_eq!(rows(&world, HistoryPart::Logs).await, left);
}

#[tokio::test]
async fn old_tasks_go_unless_a_set_or_an_alarm_is_from_them() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let overcome = world.begin(world.wish(Incremental)).await;
    world.fail(overcome).await;
    let with_set = world.begin(world.wish(Full)).await;
    world.finish(with_set).await;
    world.fault(FaultName::TenantNotNormal, Some("shop"));
    let failed = world.begin(world.wish(Full)).await;
    world.fail(failed).await;
    let audit = rows(&world, HistoryPart::Audit).await;
    let problems = async || {
        let page = alarms::problems(&world.control, &world.actor, None, PageAsk::default()).await;
        page.expect("read").contents
    };
    let before = problems().await;
    pass(&world, 365).await;
    assert!(exists(&world, overcome).await, "not old enough");
    pass(&world, 2).await;
    assert!(!exists(&world, overcome).await);
    assert!(exists(&world, with_set).await && exists(&world, failed).await);
    assert_eq!(problems().await, before, "no alarm ends because its task is old");
    assert_eq!(rows(&world, HistoryPart::Audit).await, audit, "the audit log is kept for ever");
}
