//! Errors that only object stores have, on a real one: keys, buckets, locks, connections.

use bytes::Bytes;
use http::Method;
use model::Secret;
use model::storage::{StorageLocation, TestLine, TestOutcome};
use storage::{Client, ErrorKind, FileRoots, probe};

use crate::bucket::{administer, create, fresh_location, location, open, secret};

#[tokio::test]
async fn a_key_that_is_not_accepted_is_called_so_and_its_secret_is_never_shown() {
    let right = fresh_location().await;
    let unknown = StorageLocation { access_key_id: Some("nobody".into()), ..right.clone() };
    let wrong = Secret::new("hunter2-hunter2");
    for location in [right, unknown] {
        let client = Client::open(&location, Some(&wrong), &FileRoots::default()).expect("not asked yet");
        let errors = [
            client.put("a", Bytes::from_static(b"x")).await.expect_err("put"),
            client.put_new("a", Bytes::from_static(b"x")).await.expect_err("put_new"),
            client.get("a", 10).await.expect_err("get"),
            client.exists("a").await.expect_err("exists"),
            client.list("").await.expect_err("list"),
            client.delete("a").await.expect_err("delete"),
            client.clear_left_overs("", std::time::Duration::ZERO).await.expect_err("clear"),
        ];
        for error in errors {
            assert_eq!(*error.kind(), ErrorKind::KeyRefused, "{error:?}");
            assert!(!error.is_transient());
            let shown = format!("{client:?} {error:?} {error} {:?}", error.problem());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_object_store_without_a_key_is_refused() {
    let location = fresh_location().await;
    let nameless = StorageLocation { access_key_id: None, ..location.clone() };
    let secret = secret().await;
    for (location, secret) in [(&location, None), (&nameless, Some(&secret))] {
        let refused = Client::open(location, secret, &FileRoots::default()).expect_err("no key");
        assert_eq!(*refused.kind(), ErrorKind::KeyMissing);
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_missing_rather_than_empty() {
    let client = open(&location("no-such-bucket/base").await).await;
    let mut unfinished = client.writer("large").await.expect("nothing is sent yet");
    unfinished.write(Bytes::from_static(b"x")).await.expect("nothing is sent yet");
    let errors = [
        client.list("").await.expect_err("list"),
        client.exists("a").await.expect_err("exists"),
        client.get("a", 10).await.expect_err("get"),
        client.put("a", Bytes::from_static(b"x")).await.expect_err("put"),
        client.put_new("a", Bytes::from_static(b"x")).await.expect_err("put_new"),
        client.delete("a").await.expect_err("delete"),
        client.delete_below("").await.expect_err("delete_below"),
        unfinished.finish().await.expect_err("finish"),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::BucketMissing, "{error:?}");
        assert!(error.place().starts_with("s3://no-such-bucket"), "{error}");
        assert_eq!(error.problem().text.id, "storage-bucket-absent");
    }
}

#[tokio::test]
async fn a_key_without_the_right_to_delete_may_do_all_else() {
    create("undeletable", false).await;
    administer(
        Method::PUT,
        "undeletable?policy=",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["s3:DeleteObject"],
            "Resource":["arn:aws:s3:::undeletable/*"]}]}"#,
    )
    .await;
    let base = location("undeletable/base").await;
    let client = open(&base).await;
    client.put("folder/a", Bytes::from_static(b"kept")).await.expect("put");
    for error in [
        client.delete("folder/a").await.expect_err("delete"),
        client.delete_below("folder").await.expect_err("delete_below"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::Forbidden, "{error:?}");
    }
    assert_eq!(client.get("folder/a", 10).await.expect("get"), "kept");
    let lines = probe(&base, Some(&secret().await), &FileRoots::default()).await;
    assert_eq!(failure(&lines), Some(("storage-test-delete", "storage-forbidden".to_owned())), "{lines:?}");
}

#[tokio::test]
async fn a_bucket_with_object_lock_takes_backups_and_keeps_what_is_deleted() {
    create("locked", true).await;
    let base = location("locked/base").await;
    let client = open(&base).await;
    let lines = probe(&base, Some(&secret().await), &FileRoots::default()).await;
    assert_eq!(failure(&lines), None, "{lines:?}");

    assert!(client.put_new("manifest", Bytes::from_static(b"first")).await.expect("put_new"));
    assert!(!client.put_new("manifest", Bytes::from_static(b"second")).await.expect("put_new"));
    let mut writer = client.writer("data").await.expect("a writer");
    for number in 0..3 {
        writer.write(Bytes::from(vec![number; 8 << 20])).await.expect("write");
    }
    writer.finish().await.expect("an upload in parts is taken, too");
    assert!(client.delete("manifest").await.expect("it goes out of sight"));
    assert!(!client.exists("manifest").await.expect("an answer"));
    assert_eq!(client.delete_below("").await.expect("it goes out of sight"), 1);
    assert!(client.list("").await.expect("a listing").is_empty());
    let versions = administer(Method::GET, "locked?versions=", "").await;
    for kept in ["<Version><Key>base/manifest</Key>", "<Version><Key>base/data</Key>"] {
        assert!(versions.contains(kept), "{kept}: {versions}");
    }
}

#[tokio::test]
async fn a_good_place_passes_every_line_and_is_left_as_it_was() {
    let base = fresh_location().await;
    let client = open(&base).await;
    client.put("precious", Bytes::from_static(b"kept")).await.expect("put");
    for tested in [&base, &base.below("not/there/yet")] {
        let lines = probe(tested, Some(&secret().await), &FileRoots::default()).await;
        assert_eq!(lines.len(), 6);
        assert_eq!(failure(&lines), None, "{lines:?}");
        assert!(lines.iter().all(|line| model::text::has_line(&line.check)), "{lines:?}");
    }
    let left: Vec<_> = client.list("").await.expect("a listing").into_iter().map(|entry| entry.key).collect();
    assert_eq!(left, ["precious"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_place_fails_its_own_line() {
    let base = fresh_location().await;
    let right = secret().await;
    let wrong = Secret::new("hunter2-hunter2");
    let elsewhere = StorageLocation { endpoint: Some("http://host/path".into()), ..base.clone() };
    let gone = location("no-such-bucket").await;
    let cases = [
        (&elsewhere, &right, "storage-test-shape", "storage-endpoint-malformed"),
        (&base, &wrong, "storage-test-reach", "storage-key-refused"),
        (&gone, &right, "storage-test-reach", "storage-bucket-absent"),
    ];
    for (location, secret, line, problem) in cases {
        let lines = probe(location, Some(secret), &FileRoots::default()).await;
        assert_eq!(failure(&lines), Some((line, problem.to_owned())), "{lines:?}");
    }
}

#[tokio::test]
async fn nothing_is_written_into_a_clusters_own_destination() {
    let base = fresh_location().await;
    let client = open(&base).await;
    client.put("obdemo/data/format.obbak", Bytes::from_static(b"x")).await.expect("put");
    for below in ["obdemo/data", "obdemo/data/backup_set_1_full"] {
        let lines = probe(&base.below(below), Some(&secret().await), &FileRoots::default()).await;
        let problem = "storage-inside-destination".to_owned();
        assert_eq!(failure(&lines), Some(("storage-test-reach", problem)), "{lines:?}");
    }
    assert_eq!(client.list("").await.expect("a listing").len(), 1);
}

/// Returns the line that failed, and why.
fn failure(lines: &[TestLine]) -> Option<(&str, String)> {
    let failed = lines.iter().find(|line| line.outcome == TestOutcome::Failed)?;
    Some((&failed.check, failed.problem.as_ref().expect("a problem").text.id.clone()))
}
