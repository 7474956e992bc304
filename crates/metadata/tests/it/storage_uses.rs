//! Samples of the space of backups in storages.

use std::time::Duration;

use engine::testkit::Timed as _;
use metadata::Metadata;
use metadata::storage_uses::{APART, KEPT, NewUse, StorageUse, StorageUseQuery};
use model::Timestamp;
use model::id::{ClusterId, StorageId};
use model::storage::StorageLocation;
use model::storage_use::Room;

use crate::stand::{begin, commit, for_every_database, new_cluster};

for_every_database! {
    a_sample_is_taken_every_half_hour_and_kept_for_half_a_year
    of_a_long_time_the_newest_of_each_span_is_shown
}

async fn ground(metadata: &Metadata) -> (ClusterId, [StorageId; 2]) {
    let mut writer = begin(metadata).await;
    let cluster = writer.cluster_insert(&new_cluster("prod", "")).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let one = writer.storage_insert(Some("one"), &location, None).await.expect("kept").id;
    let other = writer.storage_insert(None, &location, None).await.expect("kept").id;
    commit(writer).await;
    (cluster, [one, other])
}

fn taken(storage: StorageId, data_bytes: u64) -> NewUse {
    NewUse { storage, data_bytes, log_bytes: Some(1), room: None }
}

async fn sample(metadata: &Metadata, cluster: ClusterId, uses: &[NewUse]) -> bool {
    let is_due = metadata.storage_use_due(cluster).await.expect("answers");
    let mut writer = begin(metadata).await;
    let is_stored = writer.storage_uses_insert(cluster, uses).await.expect("answers");
    commit(writer).await;
    assert!(is_due || !is_stored, "what is stored was due");
    is_stored
}

async fn pass(metadata: &Metadata, time: Duration) {
    metadata.pass(time).await.expect("the clock can be moved");
}

async fn all(metadata: &Metadata, query: StorageUseQuery) -> Vec<StorageUse> {
    metadata.storage_use_list(&query).await.expect("answers")
}

fn whole(cluster: ClusterId) -> StorageUseQuery {
    StorageUseQuery { cluster, storage: None, from: Timestamp(0), until: Timestamp(i64::MAX), span_us: 1 }
}

fn found(uses: &[StorageUse]) -> Vec<(StorageId, u64)> {
    uses.iter().map(|found| (found.storage, found.data_bytes)).collect()
}

async fn a_sample_is_taken_every_half_hour_and_kept_for_half_a_year(metadata: Metadata) {
    let (cluster, [one, other]) = ground(&metadata).await;
    assert!(!sample(&metadata, cluster, &[]).await, "there is no storage");
    let room = Some(Room { capacity_bytes: 100, used_bytes: 60 });
    let of_other = NewUse { log_bytes: None, room, ..taken(other, 2) };
    assert!(sample(&metadata, cluster, &[taken(one, 1), of_other]).await);
    assert!(!sample(&metadata, cluster, &[taken(one, 3)]).await, "another server was here");
    let stored = all(&metadata, whole(cluster)).await;
    assert_eq!((stored[0].log_bytes, stored[0].room), (Some(1), None));
    assert_eq!((stored[1].log_bytes, stored[1].room), (None, room));
    pass(&metadata, APART).await;
    assert!(sample(&metadata, cluster, &[taken(one, 4)]).await);
    assert_eq!(found(&all(&metadata, whole(cluster)).await), [(one, 1), (one, 4), (other, 2)]);
    let of_other = StorageUseQuery { storage: Some(other), ..whole(cluster) };
    assert_eq!(found(&all(&metadata, of_other).await), [(other, 2)]);
    let newest = metadata.storage_use_newest(Timestamp(0)).await.expect("answers");
    assert_eq!(found(&newest), [(one, 4), (other, 2)]);
    let since = metadata.now().await.expect("answers");
    pass(&metadata, KEPT).await;
    assert!(sample(&metadata, cluster, &[taken(one, 5)]).await);
    assert_eq!(found(&all(&metadata, whole(cluster)).await), [(one, 5)]);
    assert_eq!(found(&metadata.storage_use_newest(since).await.expect("answers")), [(one, 5)]);
    let mut writer = begin(&metadata).await;
    writer.storage_remove(one).await.expect("removed");
    commit(writer).await;
    assert_eq!(all(&metadata, whole(cluster)).await, [], "samples go with their storage");
}

async fn of_a_long_time_the_newest_of_each_span_is_shown(metadata: Metadata) {
    let (cluster, [one, _]) = ground(&metadata).await;
    let begun = metadata.now().await.expect("answers");
    for data_bytes in [7, 9, 8] {
        assert!(sample(&metadata, cluster, &[taken(one, data_bytes)]).await);
        pass(&metadata, APART).await;
    }
    let year_us = 366 * 86_400_000_000;
    let newest = StorageUseQuery { span_us: 100 * year_us, ..whole(cluster) };
    assert_eq!(found(&all(&metadata, newest).await), [(one, 8)]);
    let later = StorageUseQuery { from: Timestamp(begun.0 + 60_000_000), ..whole(cluster) };
    assert_eq!(found(&all(&metadata, later).await), [(one, 9), (one, 8)]);
}
