//! Samples of the log backup delay.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::Metadata;
use metadata::log_delays::{APART, KEPT, LogDelay, LogDelayQuery};
use model::Timestamp;
use model::id::{ClusterId, TenantId};

use crate::stand::{begin, commit, for_every_database, new_cluster};

for_every_database! {
    a_sample_is_taken_every_few_minutes_and_kept_for_ninety_days
    of_a_long_time_the_worst_of_each_span_is_shown
}

const SHOP: TenantId = TenantId(1002);
const BOOKS: TenantId = TenantId(1004);

async fn cluster(metadata: &Metadata) -> ClusterId {
    let mut writer = begin(metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    commit(writer).await;
    cluster
}

async fn sample(metadata: &Metadata, cluster: ClusterId, delays_us: &[(TenantId, u64)]) -> bool {
    let mut writer = begin(metadata).await;
    let is_stored = writer.log_delays_insert(cluster, delays_us).await.expect("answers");
    commit(writer).await;
    is_stored
}

async fn pass(metadata: &Metadata, time: Duration) {
    metadata.pass(time).await.expect("the clock can be moved");
}

async fn all(
    metadata: &Metadata,
    cluster: ClusterId,
    tenant: Option<TenantId>,
    span_us: i64,
) -> Vec<LogDelay> {
    let (from, until) = (Timestamp(0), Timestamp(i64::MAX));
    let query = LogDelayQuery { cluster, tenant, from, until, span_us };
    metadata.log_delay_list(&query).await.expect("answers")
}

async fn a_sample_is_taken_every_few_minutes_and_kept_for_ninety_days(metadata: Metadata) {
    let cluster = cluster(&metadata).await;
    assert!(!sample(&metadata, cluster, &[]).await, "nothing runs");
    assert!(sample(&metadata, cluster, &[(SHOP, 1), (BOOKS, 2)]).await);
    assert!(sample(&metadata, cluster, &[(SHOP, 3)]).await, "the worst until the next sample");
    assert!(!sample(&metadata, cluster, &[(SHOP, 2), (BOOKS, 2)]).await, "another server was here");
    pass(&metadata, APART).await;
    assert!(sample(&metadata, cluster, &[(SHOP, 4)]).await);
    let found = |delays: Vec<LogDelay>| -> Vec<(TenantId, u64)> {
        delays.into_iter().map(|delay| (delay.tenant, delay.delay_us)).collect()
    };
    assert_eq!(found(all(&metadata, cluster, None, 1).await), [(SHOP, 3), (SHOP, 4), (BOOKS, 2)]);
    assert_eq!(found(all(&metadata, cluster, Some(BOOKS), 1).await), [(BOOKS, 2)]);
    pass(&metadata, KEPT).await;
    assert!(sample(&metadata, cluster, &[(SHOP, 5)]).await);
    assert_eq!(found(all(&metadata, cluster, None, 1).await), [(SHOP, 5)]);
    let mut writer = begin(&metadata).await;
    writer.cluster_remove(cluster).await.expect("removed");
    commit(writer).await;
    assert_eq!(all(&metadata, cluster, None, 1).await, [], "samples go with their cluster");
}

async fn of_a_long_time_the_worst_of_each_span_is_shown(metadata: Metadata) {
    let cluster = cluster(&metadata).await;
    let day_us = 86_400_000_000;
    let mut begun = None;
    for delay_us in [7, 9, 8] {
        let now = metadata.now().await.expect("answers");
        begun.get_or_insert(now);
        assert!(sample(&metadata, cluster, &[(SHOP, delay_us)]).await);
        pass(&metadata, APART).await;
    }
    let begun = begun.expect("three samples");
    let worst = all(&metadata, cluster, None, 3_650 * day_us).await;
    assert_eq!(worst.iter().map(|delay| delay.delay_us).collect::<Vec<_>>(), [9]);
    let query = LogDelayQuery {
        cluster,
        tenant: None,
        from: Timestamp(begun.0 + 60_000_000),
        until: Timestamp(begun.0 + day_us),
        span_us: 1,
    };
    let later = metadata.log_delay_list(&query).await.expect("answers");
    assert_eq!(later.iter().map(|delay| delay.delay_us).collect::<Vec<_>>(), [9, 8]);
}
