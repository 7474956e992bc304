//! The promises of every kind of storage, each tested with each kind.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use storage::{Client, ErrorKind};

/// Runs every promise against every kind of storage. A new kind is a module here.
macro_rules! for_every_kind {
    ($($promise:ident)*) => {
        mod a_directory {
            $(
                #[tokio::test]
                async fn $promise() {
                    let directory = crate::directory::Directory::new();
                    super::$promise(directory.client()).await;
                }
            )*
        }
        mod an_object_store {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(crate::bucket::client().await).await;
                }
            )*
        }
    };
}

for_every_kind! {
    what_was_put_is_read_back
    a_put_replaces_the_older_object
    of_many_that_put_a_new_object_one_succeeds
    an_object_is_not_seen_before_it_is_finished
    an_unfinished_object_leaves_the_older_one
    a_large_object_is_read_back_piece_by_piece
    an_object_larger_than_expected_is_refused
    what_is_not_there_is_called_missing
    a_listing_holds_what_is_below_a_folder_in_order
    the_children_of_a_folder_are_the_names_directly_in_it
    deleting_returns_whether_the_object_existed
    delete_below_removes_a_folder_and_nothing_else
    a_client_of_a_folder_stays_in_it
    a_key_that_could_lead_elsewhere_is_refused
    left_overs_are_cleared_and_objects_are_not
}

async fn what_was_put_is_read_back(client: Client) {
    let names = ["a", "folder/b", "a folder/with%20signs/订单 ~!@#$&'()*+,;=?", ".hidden"];
    for (size, name) in [0, 1, 70_000, 300_000].into_iter().zip(names) {
        let bytes = Bytes::from(vec![b'x'; size]);
        client.put(name, bytes.clone()).await.expect(name);
        assert_eq!(client.get(name, size as u64).await.expect(name), bytes, "{name}");
        let entry = client.stat(name).await.expect(name).expect("it is there");
        assert_eq!((entry.key.as_str(), entry.size_bytes), (name, size as u64));
    }
}

async fn a_put_replaces_the_older_object(client: Client) {
    for text in ["first, and longer", "second"] {
        client.put("a/b", Bytes::from_static(text.as_bytes())).await.expect("put");
        assert_eq!(client.get("a/b", 100).await.expect("get"), text);
    }
}

async fn of_many_that_put_a_new_object_one_succeeds(client: Client) {
    let tries = (0..16).map(|number: u8| {
        let client = client.clone();
        async move { client.put_new("lock", Bytes::from(vec![number; 1000])).await.expect("an answer") }
    });
    let won = join_all(tries).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let winner = won.iter().position(|&won| won).expect("one");
    let kept = client.get("lock", 1000).await.expect("get");
    assert_eq!(kept, vec![u8::try_from(winner).expect("below 16"); 1000]);
    assert_eq!(keys(&client, "").await, ["lock"]);
}

async fn an_object_is_not_seen_before_it_is_finished(client: Client) {
    let mut writer = client.writer("data/0").await.expect("a writer");
    for _ in 0..3 {
        writer.write(Bytes::from(vec![7; 100_000])).await.expect("write");
        assert!(!client.exists("data/0").await.expect("an answer"));
        assert!(keys(&client, "").await.is_empty());
    }
    assert_eq!(writer.finish().await.expect("finish"), 300_000);
    assert_eq!(keys(&client, "").await, ["data/0"]);
}

async fn an_unfinished_object_leaves_the_older_one(client: Client) {
    client.put("a", Bytes::from_static(b"older")).await.expect("put");
    let mut aborted = client.writer("a").await.expect("a writer");
    aborted.write(Bytes::from_static(b"newer")).await.expect("write");
    aborted.abort().await.expect("abort");
    let mut dropped = client.writer("a").await.expect("a writer");
    dropped.write(Bytes::from_static(b"newer")).await.expect("write");
    drop(dropped);
    assert_eq!(client.get("a", 100).await.expect("get"), "older");
    assert_eq!(
        client.clear_left_overs("", Duration::ZERO).await.expect("an answer"),
        0,
        "nothing stays behind"
    );
}

async fn a_large_object_is_read_back_piece_by_piece(client: Client) {
    let pieces: Vec<Bytes> = (0..7_u8).map(|number| Bytes::from(vec![number; 131_071])).collect();
    let mut writer = client.writer("large").await.expect("a writer");
    for piece in &pieces {
        writer.write(piece.clone()).await.expect("write");
    }
    let size = writer.finish().await.expect("finish");
    let reader = client.reader("large").await.expect("a reader");
    assert_eq!(reader.size_bytes(), size);
    let read: Vec<Bytes> = reader.into_stream().try_collect().await.expect("all pieces");
    assert!(read.len() > 1 && read.iter().all(|piece| !piece.is_empty()), "{}", read.len());
    assert!(read.concat() == pieces.concat(), "the bytes differ");
}

async fn an_object_larger_than_expected_is_refused(client: Client) {
    client.put("a", Bytes::from(vec![1; 11])).await.expect("put");
    let refused = client.get("a", 10).await.expect_err("too large");
    assert_eq!(*refused.kind(), ErrorKind::TooLarge { found: 11, limit: 10 });
    assert_eq!(client.get("a", 11).await.expect("exactly so large").len(), 11);
}

async fn what_is_not_there_is_called_missing(client: Client) {
    for round in 0..2 {
        for name in ["a", "folder/a"] {
            assert_eq!(*client.get(name, 10).await.expect_err(name).kind(), ErrorKind::Missing);
            assert_eq!(*client.reader(name).await.expect_err(name).kind(), ErrorKind::Missing);
            assert!(!client.exists(name).await.expect(name));
        }
        assert!(keys(&client, "folder").await.is_empty() && keys(&client, "no/such").await.is_empty());
        // The second round queries a storage and a folder that exist.
        client.put("folder/b", Bytes::new()).await.expect("put");
        assert!(round == 1 || client.delete("folder/b").await.expect("delete"));
    }
}

async fn a_listing_holds_what_is_below_a_folder_in_order(client: Client) {
    for name in ["b/2", "b/10", "b/1/x", "ba/1", "a", "b.txt"] {
        client.put(name, Bytes::from_static(b"12345")).await.expect(name);
    }
    assert_eq!(keys(&client, "").await, ["a", "b.txt", "b/1/x", "b/10", "b/2", "ba/1"]);
    assert_eq!(keys(&client, "b").await, ["b/1/x", "b/10", "b/2"]);
    assert_eq!(keys(&client, "b/").await, ["b/1/x", "b/10", "b/2"]);
    assert!(client.list("b").await.expect("a listing").iter().all(|entry| entry.size_bytes == 5));
}

async fn the_children_of_a_folder_are_the_names_directly_in_it(client: Client) {
    for key in ["a/1/x", "a/1/y/z", "a/2", "a/%20b/c", "ab/1", "top"] {
        client.put(key, Bytes::from_static(b"x")).await.expect(key);
    }
    let mut open = client.writer("a/unfinished").await.expect("a writer");
    open.write(Bytes::from_static(b"x")).await.expect("written");
    for (folder, folders, objects) in [
        ("", &["a", "ab"][..], &["top"][..]),
        ("a", &["%20b", "1"], &["2"]),
        ("a/1", &["y"], &["x"]),
        ("a/%20b", &[], &["c"]),
        ("missing", &[], &[]),
    ] {
        let found = client.children(folder).await.expect(folder);
        assert_eq!((found.folders, found.objects), (owned(folders), owned(objects)), "{folder}");
    }
    let below = client.below("a").expect("a folder").children("1").await.expect("names");
    assert_eq!(below.objects, ["x"]);
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

async fn deleting_returns_whether_the_object_existed(client: Client) {
    assert!(!client.delete("a/b").await.expect("an answer"));
    client.put("a/b", Bytes::new()).await.expect("put");
    assert!(client.delete("a/b").await.expect("an answer"));
    assert!(!client.delete("a/b").await.expect("an answer"));
    assert!(keys(&client, "").await.is_empty());
}

async fn delete_below_removes_a_folder_and_nothing_else(client: Client) {
    for name in ["a/1", "a/b/2", "a/b/c/3", "ab", "b/4"] {
        client.put(name, Bytes::new()).await.expect(name);
    }
    let mut unfinished = client.writer("a/b/5").await.expect("a writer");
    unfinished.write(Bytes::from_static(b"x")).await.expect("write");
    assert_eq!(client.delete_below("a").await.expect("delete"), 3);
    assert_eq!(client.delete_below("a").await.expect("delete again"), 0);
    assert_eq!(keys(&client, "").await, ["ab", "b/4"]);
    client.put("a/1", Bytes::new()).await.expect("a folder of that name can be again");
    assert_eq!(client.delete_below("").await.expect("delete all"), 3);
    assert!(keys(&client, "").await.is_empty());
}

async fn a_client_of_a_folder_stays_in_it(client: Client) {
    let below = client.below("obdemo/1").expect("a folder");
    below.put("x", Bytes::from_static(b"1")).await.expect("put");
    client.put("y", Bytes::from_static(b"2")).await.expect("put");
    assert_eq!(keys(&client, "").await, ["obdemo/1/x", "y"]);
    assert_eq!(keys(&below, "").await, ["x"]);
    assert_eq!(below.location().path, format!("{}/obdemo/1", client.location().path));
    assert_eq!(below.delete_below("").await.expect("delete all"), 1);
    assert_eq!(keys(&client, "").await, ["y"]);
    assert!(client.below("../elsewhere").is_err() && client.below("/etc").is_err());
}

async fn a_key_that_could_lead_elsewhere_is_refused(client: Client) {
    for key in
        ["../a", "a/../../b", "/etc/passwd", "", "a//b", "a/", "a\0", "a\n", " a", "a ", ".lifeboat-part-1"]
    {
        let refused = client.put(key, Bytes::new()).await.expect_err(key);
        assert_eq!(*refused.kind(), ErrorKind::KeyMalformed, "{key}");
        assert!(client.get(key, 1).await.is_err() && client.delete(key).await.is_err(), "{key}");
    }
    assert!(client.list("..").await.is_err() && client.delete_below("a/../..").await.is_err());
}

async fn left_overs_are_cleared_and_objects_are_not(client: Client) {
    client.put("a/whole", Bytes::new()).await.expect("put");
    let mut crashed = client.writer("a/b/half").await.expect("a writer");
    for _ in 0..3 {
        // Enough bytes that an object store has received some of them.
        crashed.write(Bytes::from(vec![7; 8 << 20])).await.expect("write");
    }
    std::mem::forget(crashed);
    assert_eq!(
        client.clear_left_overs("a", Duration::from_secs(3600)).await.expect("an answer"),
        0,
        "too young"
    );
    assert_eq!(client.clear_left_overs("a", Duration::ZERO).await.expect("an answer"), 1);
    assert_eq!(client.clear_left_overs("a", Duration::ZERO).await.expect("an answer"), 0);
    assert_eq!(keys(&client, "").await, ["a/whole"]);
}

async fn keys(client: &Client, folder: &str) -> Vec<String> {
    client.list(folder).await.expect("a listing").into_iter().map(|entry| entry.key).collect()
}
