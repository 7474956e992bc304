//! An error of a directory names it, and is harmless.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use storage::{Client, ErrorKind, FileRoots};

use crate::directory::{Directory, Mount, location};

#[test]
fn a_directory_outside_the_roots_is_refused_with_the_roots_named() {
    let roots = FileRoots::new(["/backup", "/data"]).expect("roots");
    let refused = Client::open(&location(Path::new("/etc/lifeboat")), None, &roots).expect_err("outside");
    let problem = refused.problem();
    assert_eq!(problem.text.id, "storage-outside-roots");
    assert_eq!(problem.args()["roots"], "/backup, /data");
    assert_eq!(problem.args()["place"], "/etc/lifeboat");
}

#[tokio::test]
async fn a_root_that_is_not_mounted_is_missing_rather_than_empty() {
    let directory = Directory::new();
    let roots = FileRoots::new([directory.path().join("gone")]).expect("roots");
    let client = Client::open(&directory.location("gone/base"), None, &roots).expect("below its root");
    let place = directory.path().join("gone");
    for error in [
        client.list("").await.expect_err("list"),
        client.exists("a").await.expect_err("exists"),
        client.put("a", Bytes::new()).await.expect_err("put"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::Missing);
        assert_eq!(Path::new(error.place()), place);
    }
    assert!(directory.everything().is_empty());
}

#[tokio::test]
async fn a_symbolic_link_is_never_followed() {
    let (directory, outside) = (Directory::new(), Directory::new());
    std::fs::write(outside.path().join("precious"), "kept").expect("a file");
    let client = directory.client();
    client.put("real/a", Bytes::from_static(b"1")).await.expect("put");
    let base = directory.path().join("base");
    symlink(outside.path(), base.join("folder")).expect("a link");
    symlink(outside.path().join("precious"), base.join("file")).expect("a link");

    for error in [
        client.put("folder/new", Bytes::new()).await.expect_err("put"),
        client.get("folder/precious", 10).await.expect_err("get"),
        client.get("file", 10).await.expect_err("get"),
        client.delete("folder/precious").await.expect_err("delete"),
        client.list("folder").await.expect_err("list"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::SymbolicLink, "{error}");
    }
    let listed = client.list("").await.expect("a listing");
    assert_eq!(listed.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["real/a"]);
    client.put("file", Bytes::from_static(b"ours")).await.expect("the link is replaced, not followed");
    client.delete_below("").await.expect("links are removed, not followed");
    assert_eq!(outside.everything(), [Path::new("precious")]);
    assert_eq!(std::fs::read_to_string(outside.path().join("precious")).expect("a file"), "kept");
}

#[tokio::test]
async fn a_location_below_a_link_is_refused_unless_the_link_is_the_root() {
    let (directory, outside) = (Directory::new(), Directory::new());
    symlink(outside.path(), directory.path().join("link")).expect("a link");
    let through = directory.location("link/base");
    let client = Client::open(&through, None, &directory.roots()).expect("not looked at yet");
    let refused = client.put("a", Bytes::new()).await.expect_err("a link");
    assert_eq!(*refused.kind(), ErrorKind::SymbolicLink);
    assert!(outside.everything().is_empty());

    let roots = FileRoots::new([directory.path().join("link")]).expect("roots");
    let client = Client::open(&through, None, &roots).expect("the administrator's own choice");
    client.put("a", Bytes::new()).await.expect("put");
    assert_eq!(outside.everything(), [Path::new("base"), Path::new("base/a")]);
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let directory = Directory::new();
    let client = directory.client();
    client.put("file", Bytes::new()).await.expect("put");
    client.put("folder/a", Bytes::new()).await.expect("put");
    let error = client.put("file/a", Bytes::new()).await.expect_err("below a file");
    assert_eq!(*error.kind(), ErrorKind::NotADirectory);
    assert_eq!(Path::new(error.place()), directory.path().join("base/file"));
    for error in [
        client.put("folder", Bytes::new()).await.expect_err("a folder's name"),
        client.get("folder", 10).await.expect_err("a folder"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::NotAFile);
    }
    let pipe = directory.path().join("base/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    assert_eq!(*client.get("pipe", 10).await.expect_err("a pipe").kind(), ErrorKind::NotAFile);
}

#[tokio::test]
async fn a_full_storage_is_called_full_and_keeps_no_half() {
    let Some(mount) = Mount::new() else { return };
    let client = mount.directory().client();
    client.put("kept", Bytes::from_static(b"older")).await.expect("it fits");
    let large = Bytes::from(vec![1; 3 << 20]);
    for error in [
        client.put("kept", large.clone()).await.expect_err("put"),
        client.put_new("new", large.clone()).await.expect_err("put_new"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::Full);
        assert!(!error.is_transient());
        assert_eq!(error.problem().text.id, "storage-full");
    }
    let mut writer = client.writer("stream").await.expect("a writer");
    let mut written = Ok(());
    for _ in 0..3 {
        written = writer.write(large.slice(..1 << 20)).await;
        if written.is_err() {
            break;
        }
    }
    assert_eq!(*written.expect_err("three are too many").kind(), ErrorKind::Full);
    assert!(writer.finish().await.is_err(), "a writer that failed cannot finish");
    assert_eq!(client.get("kept", 10).await.expect("get"), "older");
    assert_eq!(mount.directory().everything(), [Path::new("base"), Path::new("base/kept")]);
}

#[tokio::test]
async fn a_read_only_storage_is_read_and_not_written() {
    let Some(mount) = Mount::new() else { return };
    let client = mount.directory().client();
    client.put("a", Bytes::from_static(b"1")).await.expect("put");
    mount.make_read_only();
    assert_eq!(client.get("a", 10).await.expect("get"), "1");
    for error in [
        client.put("a", Bytes::new()).await.expect_err("put"),
        client.put("new/folder", Bytes::new()).await.expect_err("put"),
        client.delete("a").await.expect_err("delete"),
    ] {
        assert_eq!(*error.kind(), ErrorKind::ReadOnly);
    }
}

#[tokio::test]
async fn a_storage_that_we_may_not_write_is_called_so() {
    // Even the superuser cannot create files there.
    let roots = FileRoots::new(["/sys/kernel"]).expect("roots");
    let client = Client::open(&location(Path::new("/sys/kernel")), None, &roots).expect("below its root");
    let error = client.put("lifeboat", Bytes::new()).await.expect_err("put");
    assert!(matches!(error.kind(), ErrorKind::Denied | ErrorKind::ReadOnly), "{error:?}");
    assert_eq!(Path::new(error.place()).parent(), Some(Path::new("/sys/kernel")));
}
