//! Metadata of an earlier version are upgraded to this one, with their contents.

use std::path::Path;

use metadata::channels::ChannelSettings;
use metadata::{Metadata, Server, Slice};
use model::Secret;
use model::Timestamp;
use model::channel::NoticeEvent;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use crate::alarms::{alarm, raised};
use crate::notices::{email, secrets, settings};
use crate::stand::{Kind, begin, commit};

/// The schema before alarms were recorded: the last step for SQLite, and the same for servers.
const BEFORE_ALARMS: (i64, i64) = (17, 33);

/// The schema before channels had kinds.
const BEFORE_KINDS: (i64, i64) = (20, 41);

/// A channel as a Lifeboat with that schema stored it, with these sealed secrets.
const WEBHOOK: &str =
    "INSERT INTO channels (id, name, endpoint, header_names, is_signed, rule_json, language, enabled,
    secrets, created_at) VALUES (1, 'dba', 'https://hooks.example', '[\"Authorization\"]', 1,
    '{\"levels\":[\"stopped\"],\"clusters\":[7],\"recovered\":true}', 'zh-CN', 1, ?, 7)";

/// What a Lifeboat with the schema before alarms had stored.
const ROW: &str = "INSERT INTO users (id, name, role, password_hash, must_change_password, created_at)
    VALUES (1, 'eva', 'ADMIN', 'x', 0, 7)";

/// Returns the steps of a folder up to this one, in order: number, name and statement.
fn steps(folder: &str, last: i64) -> Vec<(i64, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let mut steps: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let number = name[..4].parse().expect("a number");
            (number, name, std::fs::read_to_string(&path).expect("a statement"))
        })
        .filter(|(number, _, _)| *number <= last)
        .collect();
    steps.sort();
    assert_eq!(steps.last().map(|(number, _, _)| *number), Some(last));
    steps
}

#[tokio::test]
async fn metadata_without_alarms_are_upgraded_on_sqlite() {
    let (directory, older) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    for (_, name, statement) in steps("sqlite", BEFORE_ALARMS.0) {
        std::fs::write(older.path().join(name), statement).expect("written");
    }
    let options = SqliteConnectOptions::new().filename(directory.path().join("lifeboat.db"));
    let mut connection = options.create_if_missing(true).connect().await.expect("a database");
    let migrator = sqlx::migrate::Migrator::new(older.path()).await.expect("steps");
    migrator.run(&mut connection).await.expect("the older schema");
    connection.execute(ROW).await.expect("written");
    connection.close().await.expect("closed");
    let metadata = Metadata::open(directory.path()).await.expect("upgraded");
    works(&metadata).await;
    metadata.close().await;
}

#[tokio::test]
async fn metadata_without_alarms_are_upgraded_on_servers() {
    for kind in Kind::SERVERS {
        let (url, password) = kind.fresh_database().await.expect("a server");
        let mut connection = older_server(&url, &password, BEFORE_ALARMS.1).await;
        connection.execute(ROW).await.expect("written");
        // Another Lifeboat was stopped after it had created an index, before it noted that.
        for (number, _, statement) in
            steps("mysql", 40).iter().filter(|(number, _, _)| [34, 40].contains(number))
        {
            assert!(*number > BEFORE_ALARMS.1);
            connection.execute(AssertSqlSafe(statement.clone())).await.expect("executed");
        }
        connection.close().await.expect("closed");
        let directory = tempfile::tempdir().expect("a directory");
        let server = Server::from_url(&url, Secret::new(password)).expect("a URL");
        let metadata = Metadata::open_on(directory.path(), &server).await.expect("upgraded");
        works(&metadata).await;
        metadata.close().await;
    }
}

/// What a fixture needs of a database of its own.
struct Sealed {
    /// A directory with the key that seals secrets.
    directory: tempfile::TempDir,
    /// The sealed secrets of a web address. Their form has not changed, as a test in `metadata` shows.
    secrets: String,
    /// The settings, which know the key.
    settings: Vec<(String, String)>,
}

async fn sealed() -> Sealed {
    let directory = tempfile::tempdir().expect("a directory");
    let metadata = Metadata::open(directory.path()).await.expect("opens");
    let mut writer = begin(&metadata).await;
    writer.channel_insert(&settings("dba"), &secrets()).await.expect("stored");
    commit(writer).await;
    metadata.close().await;
    let options = SqliteConnectOptions::new().filename(directory.path().join("lifeboat.db"));
    let mut connection = options.connect().await.expect("a database");
    let row =
        sqlx::query_scalar("SELECT secrets FROM channels WHERE id = 1").fetch_one(&mut connection).await;
    let settings = sqlx::query_as("SELECT name, value FROM settings").fetch_all(&mut connection).await;
    connection.close().await.expect("closed");
    Sealed { directory, secrets: row.expect("sealed"), settings: settings.expect("listed") }
}

/// The channel is a webhook with its secrets, and one of another kind can be added.
async fn knows_the_webhook(metadata: &Metadata) {
    let [channel] = &metadata.channel_list().await.expect("listed")[..] else { panic!("one channel") };
    assert_eq!((&channel.receiver, &channel.rule), (&settings("dba").receiver, &settings("dba").rule));
    assert_eq!(metadata.channel_target(channel.id).await.expect("opens"), secrets());
    let mail = email("dba@db.example");
    let of_mail = ChannelSettings { receiver: mail.shown(), ..settings("mail") };
    let mut writer = begin(metadata).await;
    writer
        .channel_update(channel.id, &ChannelSettings { enabled: false, ..settings("renamed") }, None)
        .await
        .expect("changed");
    writer.channel_remove(channel.id).await.expect("removed");
    let id = writer.channel_insert(&of_mail, &mail.clone().into()).await.expect("stored");
    commit(writer).await;
    assert_eq!(metadata.channel_target(id).await.expect("opens"), mail.into());
}

#[tokio::test]
async fn channels_without_kinds_are_upgraded_on_sqlite() {
    let (Sealed { directory, secrets, settings }, older) =
        (sealed().await, tempfile::tempdir().expect("a directory"));
    for file in ["lifeboat.db", "lifeboat.db-wal", "lifeboat.db-shm"] {
        let _ = std::fs::remove_file(directory.path().join(file));
    }
    for (_, name, statement) in steps("sqlite", BEFORE_KINDS.0) {
        std::fs::write(older.path().join(name), statement).expect("written");
    }
    let options = SqliteConnectOptions::new().filename(directory.path().join("lifeboat.db"));
    let mut connection = options.create_if_missing(true).connect().await.expect("a database");
    let migrator = sqlx::migrate::Migrator::new(older.path()).await.expect("steps");
    migrator.run(&mut connection).await.expect("the older schema");
    for (name, value) in settings {
        let insert = sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)");
        insert.bind(name).bind(value).execute(&mut connection).await.expect("written");
    }
    sqlx::query(WEBHOOK).bind(secrets).execute(&mut connection).await.expect("written");
    connection.close().await.expect("closed");
    let metadata = Metadata::open(directory.path()).await.expect("upgraded");
    knows_the_webhook(&metadata).await;
    metadata.close().await;
}

#[tokio::test]
async fn channels_without_kinds_are_upgraded_on_servers() {
    for kind in Kind::SERVERS {
        let (url, password) = kind.fresh_database().await.expect("a server");
        let Sealed { directory, secrets, .. } = sealed().await;
        std::fs::remove_file(directory.path().join("lifeboat.db")).expect("there was one");
        let mut connection = older_server(&url, &password, BEFORE_KINDS.1).await;
        sqlx::query(WEBHOOK).bind(secrets).execute(&mut connection).await.expect("written");
        connection.close().await.expect("closed");
        let server = Server::from_url(&url, Secret::new(password)).expect("a URL");
        let metadata = Metadata::open_on(directory.path(), &server).await.expect("upgraded");
        knows_the_webhook(&metadata).await;
        metadata.close().await;
    }
}

/// Creates an older schema on a server.
async fn older_server(url: &str, password: &str, last: i64) -> sqlx::MySqlConnection {
    let options: MySqlConnectOptions = url.parse().expect("a URL");
    let options = options.charset("utf8mb4");
    let options = if password.is_empty() { options } else { options.password(password) };
    let mut connection = options.connect().await.expect("a database");
    let table = "CREATE TABLE schema_steps
        (version BIGINT NOT NULL PRIMARY KEY, description VARCHAR(255) NOT NULL)";
    connection.execute(table).await.expect("created");
    for (number, name, statement) in steps("mysql", last) {
        connection.execute(AssertSqlSafe(statement)).await.expect("the older schema");
        let note = sqlx::query("INSERT INTO schema_steps (version, description) VALUES (?, ?)");
        note.bind(number).bind(name).execute(&mut connection).await.expect("noted");
    }
    connection
}

/// The contents are still there, and what this version stores can be stored.
async fn works(metadata: &Metadata) {
    let [eva] = &metadata.user_list().await.expect("listed")[..] else { panic!("one account") };
    assert_eq!(eva.name, "eva");
    let mut writer = begin(metadata).await;
    let channel = writer.channel_insert(&settings("dba"), &secrets()).await.expect("stored");
    let alarm = writer.alarm_apply(&raised(alarm(1, "a"))).await.expect("recorded");
    let new = metadata::notices::NewNotice {
        channel,
        alarm: Some(alarm),
        event: NoticeEvent::Raised,
        body: "{}".into(),
        due: Timestamp(0),
    };
    writer.notice_insert(&new).await.expect("written");
    commit(writer).await;
    assert_eq!(metadata.notice_list(channel, Slice::ALL).await.expect("listed").total, 1);
    assert_eq!(metadata.channel_failures().await.expect("listed"), []);
}
