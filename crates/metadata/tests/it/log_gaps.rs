//! Gaps in archived logs.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::log_gaps::KEPT;
use metadata::{Metadata, Slice};
use model::Timestamp;
use model::id::{ClusterId, TaskId, TenantId};
use model::log_gap::{GapKey, LogGap, Mending};

use crate::stand::{begin, commit, for_every_database, new_cluster};

for_every_database! {
    a_gap_is_recorded_once_and_each_of_its_steps_has_one_task
}

async fn all(metadata: &Metadata, cluster: ClusterId) -> Vec<LogGap> {
    metadata.log_gap_list(cluster, Slice::ALL).await.expect("answers").items
}

async fn a_gap_is_recorded_once_and_each_of_its_steps_has_one_task(metadata: Metadata) {
    let mut writer = begin(&metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let key = GapKey { cluster, tenant: TenantId(1002), round: 3 };
    let (from, until) = (Some(Timestamp(7)), Some(Timestamp(9)));
    assert!(writer.log_gap_insert(key, from, "logs were recycled").await.expect("kept"));
    assert!(!writer.log_gap_insert(key, None, "").await.expect("answers"), "it is known");
    let steps = [(Mending::Stop, TaskId(1)), (Mending::Start, TaskId(2)), (Mending::BackUp, TaskId(3))];
    for (step, task) in steps {
        assert!(writer.log_gap_task(key, step, task).await.expect("kept"), "{step:?}");
        assert!(!writer.log_gap_task(key, step, TaskId(9)).await.expect("answers"), "{step:?} has a task");
    }
    commit(writer).await;
    let now = metadata.now().await.expect("answers");
    let [gap] = &metadata.log_gap_open(cluster).await.expect("answers")[..] else { panic!("one gap") };
    assert_eq!((gap.key, gap.from, gap.comment.as_str()), (key, from, "logs were recycled"));
    assert_eq!((gap.stop, gap.start, gap.backup), (Some(TaskId(1)), Some(TaskId(2)), Some(TaskId(3))));
    let mended = async |tenant, since| {
        metadata.log_gap_mended_since(cluster, TenantId(tenant), since).await.expect("answers")
    };
    assert!(mended(1002, gap.found).await && !mended(1004, gap.found).await);
    assert!(!mended(1002, Timestamp(now.0 + 1_000_000)).await, "that was before");
    let mut writer = begin(&metadata).await;
    writer.log_gap_ended(key, until, false).await.expect("kept");
    writer.log_gap_ended(key, None, true).await.expect("kept");
    let next = GapKey { round: 4, ..key };
    commit(writer).await;
    assert_eq!(metadata.log_gap_open(cluster).await.expect("answers"), []);
    assert_eq!(all(&metadata, cluster).await.iter().map(|gap| gap.until).collect::<Vec<_>>(), [until]);
    metadata.pass(KEPT + Duration::from_secs(1)).await.expect("the clock can be moved");
    let mut writer = begin(&metadata).await;
    assert!(writer.log_gap_insert(next, None, "").await.expect("kept"));
    commit(writer).await;
    assert_eq!(all(&metadata, cluster).await.iter().map(|gap| gap.key).collect::<Vec<_>>(), [next]);
}
