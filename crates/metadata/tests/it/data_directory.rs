//! The data directory: who may open it, its files, and the preconditions for any work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use engine::Journal;
use engine::journal::{Ask, HoldError};
use metadata::{Error, Metadata, passwords};
use model::Secret;
use model::storage::StorageLocation;
use model::user::Role;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::stand::{Stand, begin, commit, new_cluster, new_task, open};

#[tokio::test]
async fn no_secret_lies_in_clear_in_any_file_of_the_directory() {
    let stand = Stand::new().await;
    let secrets = ["cluster-hunter2", "storage-hunter2", "changed-hunter2", "user-hunter2"];
    let [cluster, storage, changed, user] = secrets.map(Secret::new);
    let location = StorageLocation::directory("/backup").expect("a location");
    let hash = passwords::hash(&user).await.expect("hashed");
    let mut writer = begin(&stand.metadata).await;
    let id = writer.cluster_insert(&new_cluster("prod", cluster.expose())).await.expect("kept");
    writer.storage_insert(Some("nas"), &location, Some(&storage)).await.expect("kept");
    writer.user_insert("eva", Role::Admin, &hash, false).await.expect("kept");
    commit(writer).await;
    let mut writer = begin(&stand.metadata).await;
    writer.cluster_set_password(id, &changed).await.expect("kept");
    commit(writer).await;

    let key = fs::read_to_string(stand.path().join("secret.key")).expect("a key");
    let mut seen = Vec::new();
    for open in [true, false] {
        let files: Vec<_> =
            fs::read_dir(stand.path()).expect("a directory").map(|e| e.expect("an entry").path()).collect();
        for file in files.iter().filter(|file| !file.ends_with("secret.key")) {
            let bytes = fs::read(file).expect("a file");
            for secret in secrets.iter().copied().chain([key.trim()]) {
                assert!(!holds(&bytes, secret.as_bytes()), "{file:?} holds {secret:?} (open: {open})");
            }
            seen.extend(bytes);
        }
        if open {
            stand.metadata.clone().close().await;
        }
    }
    assert!(holds(&seen, b"root@sys"), "what is no secret is found, so a secret would be, too");
}

#[tokio::test]
async fn a_second_server_is_kept_out_until_the_first_is_gone() {
    let stand = Stand::new().await;
    let refused = Metadata::open(stand.path()).await.expect_err("it is in use");
    assert!(matches!(refused, Error::DirectoryInUse { .. }), "{refused:?}");
    let directory = stand.close().await;
    open(directory.path()).await.close().await;
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let stand = Stand::new().await;
    let mut writer = begin(&stand.metadata).await;
    let id = writer.cluster_insert(&new_cluster("prod", "hunter2")).await.expect("kept");
    commit(writer).await;
    let directory = stand.close().await;
    let metadata = open(directory.path()).await;
    assert_eq!(metadata.cluster_password(id).await.expect("opens").expose(), "hunter2");
}

#[tokio::test]
async fn a_server_with_another_key_does_not_start() {
    let directory = with_a_secret().await;
    let key = directory.path().join("secret.key");
    let right = fs::read(&key).expect("a key");
    let other = Stand::new().await;
    fs::copy(other.path().join("secret.key"), &key).expect("copied");
    let refused = Metadata::open(directory.path()).await.expect_err("another key");
    assert!(matches!(&refused, Error::KeyOther { found, expected, .. } if found != expected), "{refused:?}");
    fs::write(&key, "not a key\n").expect("written");
    let refused = Metadata::open(directory.path()).await.expect_err("no key");
    assert!(matches!(refused, Error::KeyMalformed { .. }), "{refused:?}");
    fs::write(&key, right).expect("written");
    open(directory.path()).await;
}

#[tokio::test]
async fn a_new_key_is_never_made_where_an_old_one_is_missing() {
    let directory = with_a_secret().await;
    let key = directory.path().join("secret.key");
    fs::remove_file(&key).expect("removed");
    let refused = Metadata::open(directory.path()).await.expect_err("the key is missing");
    assert!(matches!(refused, Error::KeyMissing { .. }), "{refused:?}");
    // Also refused if the fingerprint was lost, as long as a sealed secret exists.
    alter(directory.path(), "DELETE FROM settings").await;
    let refused = Metadata::open(directory.path()).await.expect_err("the key is missing");
    assert!(matches!(refused, Error::KeyMissing { .. }), "{refused:?}");
    assert!(!key.exists());
}

#[tokio::test]
async fn a_key_beside_a_missing_or_empty_database_is_not_a_new_installation() {
    let directory = with_a_secret().await;
    let (database, key) = (directory.path().join("lifeboat.db"), directory.path().join("secret.key"));
    let whole = fs::read(&database).expect("a database");
    let refused = async |what: &str| {
        let error = Metadata::open(directory.path()).await.expect_err(what);
        assert!(matches!(error, Error::DatabaseLost { .. }), "{what}: {error:?}");
        // A second attempt has the same result.
        let error = Metadata::open(directory.path()).await.expect_err(what);
        assert!(matches!(error, Error::DatabaseLost { .. }), "{what}: {error:?}");
    };
    fs::remove_file(&database).expect("removed");
    refused("it is missing").await;
    fs::write(&database, "").expect("written");
    refused("it is emptied").await;
    alter(directory.path(), "VACUUM").await;
    refused("it is a database without a table").await;
    let other = Stand::new().await.close().await;
    fs::copy(other.path().join("lifeboat.db"), &database).expect("copied");
    alter(directory.path(), "DELETE FROM settings").await;
    refused("it is one that knows no key").await;
    fs::write(&database, whole).expect("put back");
    open(directory.path()).await.close().await;
    // The way to a new installation.
    fs::remove_file(&database).expect("removed");
    fs::remove_file(&key).expect("removed");
    open(directory.path()).await.close().await;
}

#[tokio::test]
async fn a_first_start_that_died_after_it_created_the_key_continues() {
    let directory = Stand::new().await.close().await;
    let pending = "UPDATE settings SET name = 'key-pending', value = '' WHERE name = 'key-fingerprint'";
    alter(directory.path(), pending).await;
    open(directory.path()).await.close().await;
}

#[tokio::test]
async fn garbage_never_starts_and_is_left_alone() {
    let directory = with_a_secret().await;
    let database = directory.path().join("lifeboat.db");
    let whole = fs::read(&database).expect("a database");
    let mut torn = whole.clone();
    torn[8_192..12_288].fill(0xa5);
    let zeros = vec![0; 4096];
    for garbage in [b"not a database at all".repeat(1_000), zeros, whole[..5_000].to_vec(), torn] {
        fs::write(&database, &garbage).expect("written");
        let error = Metadata::open(directory.path()).await.expect_err("garbage");
        assert!(matches!(error, Error::DatabaseDamaged { .. }), "{} bytes: {error:?}", garbage.len());
        assert!(fs::read(&database).expect("a file") == garbage, "{} bytes were written to", garbage.len());
    }
    fs::write(&database, whole).expect("put back");
    open(directory.path()).await.close().await;
}

#[tokio::test]
async fn a_lock_holds_when_its_file_is_removed_or_replaced() {
    let stand = Stand::new().await;
    let lock = stand.path().join("lifeboat.lock");
    for replaced in [false, true] {
        let _ = fs::remove_file(&lock); // a refused process creates no new one
        if replaced {
            fs::write(&lock, "").expect("written");
        }
        let refused = Metadata::open(stand.path()).await.expect_err("it is in use");
        assert!(matches!(refused, Error::DirectoryInUse { .. }), "{refused:?}");
    }
    let refused = metadata::copy::restore(&lock, stand.path(), None).await.expect_err("no copy");
    assert!(matches!(refused, Error::CopyDamaged { .. }), "{refused:?}");
}

#[tokio::test]
async fn other_users_cannot_read_the_files() {
    let stand = Stand::new().await;
    let place = stand.path().join("deep/data");
    let metadata = open(&place).await;
    begin(&metadata).await.cluster_insert(&new_cluster("prod", "x")).await.expect("kept");
    let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    let mut files = Vec::new();
    for entry in fs::read_dir(&place).expect("a directory") {
        let entry = entry.expect("an entry");
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        files.push(entry.file_name().into_string().expect("UTF-8"));
    }
    files.sort();
    let expected = [
        "lifeboat.db",
        "lifeboat.db-shm",
        "lifeboat.db-wal",
        "lifeboat.lock",
        "lifeboat.reserve",
        "secret.key",
    ];
    assert_eq!(files, expected);
}

#[tokio::test]
async fn metadata_of_a_newer_version_are_refused_and_left_alone() {
    let directory = Stand::new().await.close().await;
    alter(
        directory.path(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', 1, x'00', 0)",
    )
    .await;
    let before = fs::read(directory.path().join("lifeboat.db")).expect("a file");
    let refused = Metadata::open(directory.path()).await.expect_err("a newer schema");
    assert!(matches!(refused, Error::NewerSchema { found: 9999, known: 1..9999, .. }), "{refused:?}");
    assert!(fs::read(directory.path().join("lifeboat.db")).expect("a file") == before, "it was written to");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let in_the_way = directory.path().join("file");
    fs::write(&in_the_way, "").expect("written");
    let refused = Metadata::open(&in_the_way.join("data")).await.expect_err("a file is in the way");
    assert!(
        matches!(&refused, Error::DataDirectory { path, .. } if path.ends_with("file/data")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_secret_that_was_moved_to_another_row_does_not_open() {
    let stand = Stand::new().await;
    let mut writer = begin(&stand.metadata).await;
    writer.cluster_insert(&new_cluster("prod", "hunter2")).await.expect("kept");
    let mine = writer.cluster_insert(&new_cluster("mine", "x")).await.expect("kept");
    commit(writer).await;
    let directory = stand.close().await;
    let steal = "UPDATE clusters SET password = (SELECT password FROM clusters WHERE name = 'prod')";
    alter(directory.path(), steal).await;
    let metadata = open(directory.path()).await;
    let refused = metadata.cluster_password(mine).await.expect_err("it is sealed to its row");
    assert!(matches!(&refused, Error::SealBroken { place } if place == "clusters/2/password"), "{refused:?}");
}

async fn with_a_secret() -> tempfile::TempDir {
    let stand = Stand::new().await;
    let mut writer = begin(&stand.metadata).await;
    writer.cluster_insert(&new_cluster("prod", "hunter2")).await.expect("kept");
    commit(writer).await;
    stand.close().await
}

/// Changes a closed database without the program.
async fn alter(directory: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(directory.join("lifeboat.db"));
    let mut connection: SqliteConnection = options.connect().await.expect("a database");
    sqlx::query(sql).execute(&mut connection).await.expect("altered");
    connection.close().await.expect("closed");
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn what_a_dead_server_held_is_free_as_soon_as_the_next_one_has_the_directory() {
    let stand = Stand::new().await;
    let mut writer = begin(&stand.metadata).await;
    writer.task_insert(&new_task(&["a"])).await.expect("kept");
    commit(writer).await;
    let ask = Ask {
        worker: "dead".into(),
        can: vec![("plain".into(), 1)],
        lease: Duration::from_secs(3600),
        limits: engine::journal::Limits::default(),
    };
    let held = stand.metadata.claim(&ask).await.expect("answers").expect("a task is due").ticket;
    assert!(stand.metadata.claim(&ask).await.expect("answers").is_none(), "it is held");

    let directory = stand.close().await;
    let metadata = open(directory.path()).await;
    let lost = metadata.renew(held, ask.lease).await;
    assert!(matches!(lost, Err(HoldError::Lost)), "{lost:?}");
    let claim = metadata.claim(&ask).await.expect("answers").expect("nobody holds it any more");
    assert_eq!(claim.ticket.task, held.task);
    metadata.close().await;
}
