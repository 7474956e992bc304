//! A killed writer leaves only complete objects.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use storage::{Client, FileRoots};

use crate::directory::{Directory, location};

/// The variable with the child's directory; only a child has it.
const PLACE: &str = "LIFEBOAT_TEST_STORAGE_KILL";

/// The size of each version of the manifest.
const SIZE_BYTES: usize = 256 * 1024;

/// Not a test: the body of the child process, which writes until it is killed.
#[tokio::test]
#[ignore = "a child of the test below"]
async fn child_writes_for_ever() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let roots = FileRoots::new([&place]).expect("roots");
    let client = Client::open(&location(place.as_ref()), None, &roots).expect("a client");
    for version in 0..100_000_u32 {
        let content = Bytes::from(vec![version.to_le_bytes()[0]; SIZE_BYTES]);
        client.put("manifest", content.clone()).await.expect("put");
        assert!(client.put_new(&format!("receipts/{version}"), content).await.expect("put_new"));
        println!("wrote {version}");
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_every_object_whole() {
    let directory = Directory::new();
    let client = Client::open(&location(directory.path()), None, &directory.roots()).expect("a client");
    for round in 1..=8 {
        let written = kill_after(&directory, round);
        let manifest = client.get("manifest", 1 << 20).await.expect("it was there when the first line came");
        assert!(manifest.len() == SIZE_BYTES && manifest.iter().all(|byte| *byte == manifest[0]), "torn");
        let receipts = client.list("receipts").await.expect("a listing");
        assert!(receipts.len() >= written, "{} of {written}", receipts.len());
        assert!(receipts.iter().all(|receipt| receipt.size_bytes == SIZE_BYTES as u64), "{receipts:?}");
        assert!(client.clear_left_overs("", Duration::ZERO).await.expect("an answer") <= 2);
        client.delete_below("").await.expect("a clean start");
        assert!(directory.everything().is_empty(), "{:?}", directory.everything());
    }
}

/// Not a test: the body of the child process, which is killed while it writes one object.
#[tokio::test]
#[ignore = "a child of the test below"]
async fn child_holds_a_part() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let roots = FileRoots::new([&place]).expect("roots");
    let client = Client::open(&location(place.as_ref()), None, &roots).expect("a client");
    let mut writer = client.writer("dump-1/data/half").await.expect("a writer");
    writer.write(Bytes::from_static(b"half")).await.expect("written");
    println!("wrote half");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_a_killed_writer_left_is_cleared_and_what_is_being_written_is_not() {
    let directory = Directory::new();
    let client = Client::open(&location(directory.path()), None, &directory.roots()).expect("a client");
    let mut alive = client.writer("dump-1/data/alive").await.expect("a writer");
    alive.write(Bytes::from_static(b"alive")).await.expect("written");
    kill_child_after(&directory, "child_holds_a_part", 1);
    let parts = || {
        directory
            .everything()
            .iter()
            .filter(|path| path.to_string_lossy().contains(".lifeboat-part-"))
            .count()
    };
    assert_eq!(parts(), 2);
    let is_dump = |folder: &str| folder.starts_with("dump-");
    for _ in 0..200 {
        // The lock of a part counts from its third second on.
        if client.clear_orphans(is_dump).await.expect("an answer") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(parts(), 1, "{:?}", directory.everything());
    alive.finish().await.expect("it is whole");
    assert_eq!(client.list("dump-1").await.expect("a listing").len(), 1);
}

/// Starts the child, kills it after this many lines, during the next writes; returns the lines seen.
fn kill_after(directory: &Directory, lines: usize) -> usize {
    kill_child_after(directory, "child_writes_for_ever", lines)
}

fn kill_child_after(directory: &Directory, child: &str, lines: usize) -> usize {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("kill::{child}"), "--ignored", "--nocapture"])
        .env(PLACE, directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program starts again");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let seen = output.lines().map_while(Result::ok).filter(|line| line.contains("wrote")).take(lines).count();
    child.kill().expect("it runs");
    child.wait().expect("it was killed");
    assert_eq!(seen, lines, "the child ended by itself");
    seen
}
