//! The promises hold with broken connections, lost answers and a slow store.

use bytes::Bytes;
use model::storage::StorageLocation;
use storage::{Client, ErrorKind};

use crate::bucket::{fresh_location, open, server};
use crate::proxy::Proxy;

const MIB: usize = 1 << 20;

/// Returns a client whose requests pass a proxy, and one whose requests do not.
async fn through_a_proxy() -> (Proxy, Client, Client) {
    let proxy = Proxy::start(server().await.port).await;
    let direct = fresh_location().await;
    let through = StorageLocation { endpoint: Some(proxy.endpoint()), ..direct.clone() };
    (proxy, open(&through).await, open(&direct).await)
}

/// Returns bytes that differ from place to place.
fn content(size: usize) -> Bytes {
    (0..size).map(|place| (place * 31 % 251) as u8).collect()
}

async fn write(client: &Client, key: &str, content: &Bytes) {
    let mut writer = client.writer(key).await.expect("a writer");
    for begin in (0..content.len()).step_by(MIB) {
        let end = content.len().min(begin + MIB);
        writer.write(content.slice(begin..end)).await.expect("write");
    }
    assert_eq!(writer.finish().await.expect("finish"), content.len() as u64);
}

async fn read(client: &Client, key: &str) -> Vec<u8> {
    let mut reader = client.reader(key).await.expect("a reader");
    let mut all = Vec::new();
    while let Some(piece) = reader.next().await.expect("a piece") {
        all.extend_from_slice(&piece);
    }
    all
}

#[tokio::test]
async fn an_upload_whose_connections_are_cut_is_whole() {
    let (proxy, client, direct) = through_a_proxy().await;
    let content = content(30 * MIB);
    proxy.cut(3, 5 * MIB as u64, true);
    write(&client, "large", &content).await;
    assert!(proxy.has_misbehaved());
    assert!(read(&direct, "large").await == content, "the bytes differ");
    assert_eq!(direct.clear_left_overs("", std::time::Duration::ZERO).await.expect("an answer"), 0);
}

#[tokio::test]
async fn a_download_resumes_after_cut_connections() {
    let (proxy, client, direct) = through_a_proxy().await;
    let content = content(20 * MIB);
    write(&direct, "large", &content).await;
    proxy.cut(3, 4 * MIB as u64, false);
    assert!(read(&client, "large").await == content, "the bytes differ");
    assert!(proxy.has_misbehaved());
    // It did not start over each time.
    assert!(proxy.received() < 22 * MIB as u64, "{}", proxy.received());
}

#[tokio::test]
async fn a_writer_of_a_new_object_learns_after_a_lost_answer_that_it_was_first() {
    let (proxy, client, direct) = through_a_proxy().await;
    proxy.swallow_answers(1, "PUT ");
    assert!(client.put_new("manifest", Bytes::from_static(b"ours")).await.expect("an answer in the end"));
    assert!(proxy.has_misbehaved());
    proxy.swallow_answers(1, "PUT ");
    assert!(!client.put_new("manifest", Bytes::from_static(b"ours")).await.expect("an answer in the end"));
    assert_eq!(direct.get("manifest", 10).await.expect("get"), "ours");
}

#[tokio::test]
async fn an_object_is_finished_although_the_last_answer_was_lost() {
    let (proxy, client, direct) = through_a_proxy().await;
    let content = content(17 * MIB);
    proxy.swallow_answers(1, "?uploadId=");
    let mut writer = client.writer("large").await.expect("a writer");
    writer.write(content.slice(..MIB)).await.expect("write");
    writer.write(content.slice(MIB..)).await.expect("write");
    assert_eq!(writer.finish().await.expect("finish"), content.len() as u64);
    assert!(proxy.has_misbehaved());
    assert!(read(&direct, "large").await == content, "the bytes differ");
}

#[tokio::test]
async fn a_slow_store_holds_the_writer_back() {
    let (proxy, client, direct) = through_a_proxy().await;
    proxy.pace(64 * 1024); // about 64 MiB a second
    let piece = content(2 * MIB);
    let mut writer = client.writer("large").await.expect("a writer");
    for number in 1..=40_u64 {
        writer.write(piece.clone()).await.expect("write");
        // Three parts in memory, and the kernel's buffers.
        let waiting = (number * piece.len() as u64).saturating_sub(proxy.sent());
        assert!(waiting < 44 * MIB as u64, "{waiting} bytes wait after {number} pieces");
    }
    assert_eq!(writer.finish().await.expect("finish"), 80 * MIB as u64);
    let listed = direct.list("").await.expect("a listing");
    assert_eq!((listed.len(), listed[0].size_bytes), (1, 80 * MIB as u64));

    proxy.pace(0);
    let before = proxy.received();
    let mut reader = client.reader("large").await.expect("a reader");
    let mut taken = 0;
    while let Some(piece) = reader.next().await.expect("a piece") {
        taken += piece.len() as u64;
        let ahead = (proxy.received() - before).saturating_sub(taken);
        // The size of the kernel's buffers depends on the machine; the object is twice as large.
        assert!(ahead < 44 * MIB as u64, "{ahead} bytes were sent before anybody wanted them");
    }
    assert_eq!(taken, 80 * MIB as u64);
}

#[tokio::test]
async fn a_writer_that_is_dropped_halfway_leaves_nothing() {
    let (proxy, client, direct) = through_a_proxy().await;
    let mut writer = client.writer("large").await.expect("a writer");
    for _ in 0..20 {
        writer.write(content(MIB)).await.expect("write");
    }
    for _ in 0..20_000 {
        if proxy.sent() > 8 * MIB as u64 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert!(proxy.sent() > 8 * MIB as u64, "a part is on its way");
    drop(writer);
    // Another client removes the parts, so the test waits for the request.
    let mut left = 1;
    for _ in 0..2_000 {
        left = unfinished(&direct).await;
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0, "parts stay behind");
    assert!(!direct.exists("large").await.expect("an answer"));
}

async fn unfinished(client: &Client) -> usize {
    let prefix = client.location().path.split_once('/').expect("a folder").1.replace('/', "%2F");
    let target = format!("shared?prefix={prefix}%2F&uploads=");
    crate::bucket::administer(http::Method::GET, &target, "").await.matches("<UploadId>").count()
}

#[tokio::test]
async fn a_service_that_is_not_there_may_come_back() {
    let direct = fresh_location().await;
    let nowhere = StorageLocation { endpoint: Some("http://127.0.0.1:1".into()), ..direct };
    let error = open(&nowhere).await.list("").await.expect_err("nobody answers");
    assert_eq!(*error.kind(), ErrorKind::Passing, "{error:?}");
    assert!(error.is_transient());
}
