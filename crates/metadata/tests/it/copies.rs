//! A copy of the metadata, and its restore: complete or without effect, and never without the key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine::journal::Ask;
use engine::{Journal, TaskId};
use metadata::audit::{AuditFilter, Deed};
use metadata::backup_sets::BackupSetQuery;
use metadata::channels::ChannelSettings;
use metadata::copy::restore;
use metadata::storage_uses::NewUse;
use metadata::tasks::TaskQuery;
use metadata::tenant_credentials::TenantCredential;
use metadata::{Error, Metadata, Slice, passwords};
use model::id::{ClusterId, TenantId, UserId};
use model::log_gap::GapKey;
use model::storage::StorageLocation;
use model::storage_use::Room;
use model::strategy::Scope;
use model::user::Role;
use model::{Secret, Timestamp};

use crate::alarms::{alarm, raised};
use crate::notices;
use crate::stand::{Kind, Stand, begin, commit, new_cluster, new_task, open, open_on};
use crate::strategies::{missed, settings};

const KINDS: [Kind; 3] = [Kind::Sqlite, Kind::Mariadb, Kind::Seekdb];

/// Writes an object of each kind; a worker holds one task.
async fn fill(metadata: &Metadata) -> (ClusterId, TaskId) {
    let hash = passwords::hash(&Secret::new("x")).await.expect("hashed");
    let mut writer = begin(metadata).await;
    let cluster =
        writer.cluster_insert(&new_cluster("prod 集群 \\ ' \" \u{1f6df}", "hunter2")).await.expect("kept");
    let of_tenant = TenantCredential { user: "backup".into(), password: Secret::new("of-the-tenant") };
    writer.tenant_credential_set(cluster, TenantId(1002), &of_tenant).await.expect("kept");
    let location = StorageLocation::directory("/backup").expect("a location");
    let storage = writer.storage_insert(None, &location, Some(&Secret::new("s3cr3t"))).await.expect("kept");
    let scope = Scope::Cluster(cluster);
    let strategy =
        writer.strategy_insert(scope, UserId(1), &settings(storage.id), false).await.expect("kept").id;
    writer.strategy_run_insert(&missed(strategy, Timestamp(1))).await.expect("kept");
    writer.log_delays_insert(cluster, &[(TenantId(1002), 7)]).await.expect("kept");
    let gap = GapKey { cluster, tenant: TenantId(1002), round: 3 };
    writer.log_gap_insert(gap, None, "recycled").await.expect("kept");
    let room = Some(Room { capacity_bytes: 9, used_bytes: 8 });
    let taken = NewUse { storage: storage.id, data_bytes: 7, log_bytes: None, room };
    writer.storage_uses_insert(cluster, &[taken]).await.expect("kept");
    writer.channel_insert(&notices::settings("dba"), &notices::secrets()).await.expect("kept");
    let email = notices::email("dba@db.example");
    let mail = ChannelSettings { receiver: email.shown(), ..notices::settings("mail") };
    writer.channel_insert(&mail, &email.into()).await.expect("kept");
    writer.alarm_apply(&raised(alarm(cluster.0, "a"))).await.expect("kept");
    writer.user_insert("eva", Role::Admin, &hash, false).await.expect("kept");
    writer.signing_key_ensure(&Secret::new("signing-seed")).await.expect("kept");
    let deed = Deed {
        user: "eva".into(),
        address: "::1".into(),
        action: "a".into(),
        target: "t\nu".into(),
        outcome: "done".into(),
    };
    for _ in 0..1_500 {
        writer.audit_append(&deed).await.expect("kept"); // more than one page
    }
    commit(writer).await;
    let task =
        metadata.insert(new_task(&["a", "b"]).exclusive("k").subject("cluster", "1")).await.expect("kept");
    let ask = Ask {
        worker: "w".into(),
        can: vec![("plain".into(), 1)],
        lease: std::time::Duration::from_secs(900),
        limits: engine::journal::Limits::default(),
    };
    let claim = metadata.claim(&ask).await.expect("answers").expect("due");
    let line = [(engine::RowNumber(0), engine::Note::new("line"))];
    metadata.append_log(claim.ticket, &line).await.expect("the holder may write");
    (cluster, task)
}

#[tokio::test]
async fn what_was_copied_is_there_after_it_was_put_back_on_any_kind_of_database() {
    for (from, to) in KINDS.into_iter().zip([Kind::Seekdb, Kind::Sqlite, Kind::Mariadb]) {
        let stand = Stand::on(from).await;
        let (cluster, task) = fill(&stand.metadata).await;
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("copy");
        let written = stand.metadata.copy_to(&file).await.expect("a copy");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).expect("text");
        for secret in ["hunter2", "s3cr3t", "of-the-tenant", "signing-seed", "of-the-url", "of-the-header"] {
            assert!(!text.contains(secret), "secrets stay sealed");
        }

        let directory = tempfile::tempdir().expect("a directory");
        fs::copy(stand.path().join("secret.key"), directory.path().join("secret.key")).expect("copied");
        let server = match to {
            Kind::Sqlite => None,
            _ => Some(to.fresh_server().await),
        };
        for time in ["once", "and again, as after a kill at its very end"] {
            let read = restore(&file, directory.path(), server.as_ref()).await.expect("put back");
            assert_eq!(read, written, "{from:?} to {to:?}, {time}");
        }
        let metadata = match &server {
            None => open(directory.path()).await,
            Some(server) => open_on(directory.path(), server).await,
        };
        same(&stand.metadata, &metadata).await;
        assert_eq!(metadata.cluster_password(cluster).await.expect("opens").expose(), "hunter2");
        let of_tenant = metadata.tenant_credential_get(cluster, TenantId(1002)).await.expect("opens");
        assert_eq!(of_tenant.expect("it is there").password.expose(), "of-the-tenant");
        let key = metadata.signing_key().await.expect("opens");
        assert_eq!(key.expect("it is there").expose(), "signing-seed");
        let ask = Ask {
            worker: "x".into(),
            can: vec![("plain".into(), 1)],
            lease: std::time::Duration::ZERO,
            limits: engine::journal::Limits::default(),
        };
        let claim = metadata.claim(&ask).await.expect("answers").expect("nobody holds it any more");
        assert_eq!(claim.ticket.task, task);
        let next = metadata.insert(new_task(&["c"])).await.expect("kept");
        assert!(next > task, "numbers go on");

        metadata.close().await;
        let refused = restore(&file, directory.path(), server.as_ref()).await.expect_err("not empty");
        assert!(matches!(refused, Error::NotEmpty { .. }), "{refused:?}");
        stand.metadata.close().await;
    }
}

async fn same(old: &Metadata, new: &Metadata) {
    let (query, sets) = (TaskQuery::default(), BackupSetQuery::default());
    assert_eq!(old.cluster_list().await.expect("answers"), new.cluster_list().await.expect("answers"));
    assert_eq!(old.user_list().await.expect("answers"), new.user_list().await.expect("answers"));
    let deeds = [
        old.audit_list(&AuditFilter::default(), Slice::ALL).await.expect("answers"),
        new.audit_list(&AuditFilter::default(), Slice::ALL).await.expect("answers"),
    ];
    assert!(deeds[0] == deeds[1] && deeds[0].total == 1_500);
    let mut tasks = old.task_list(&query, Slice::ALL).await.expect("answers").items;
    tasks.iter_mut().for_each(|task| task.lease = None);
    assert_eq!(tasks, new.task_list(&query, Slice::ALL).await.expect("answers").items);
    let sets = [old.backup_set_list(&sets, Slice::ALL).await, new.backup_set_list(&sets, Slice::ALL).await];
    assert_eq!(sets[0].as_ref().expect("answers"), sets[1].as_ref().expect("answers"));
    let strategies = old.strategy_list(None).await.expect("answers");
    assert_eq!(strategies, new.strategy_list(None).await.expect("answers"));
    let runs = old.strategy_run_history(strategies[0].id, Timestamp(0)).await.expect("answers");
    assert_eq!(runs, new.strategy_run_history(strategies[0].id, Timestamp(0)).await.expect("answers"));
    assert_eq!((strategies.len(), runs.len()), (1, 1));
    let channels = old.channel_list().await.expect("answers");
    assert_eq!((channels.len(), &channels), (2, &new.channel_list().await.expect("answers")));
    let email = notices::email("dba@db.example").into();
    for (channel, target) in channels.iter().zip([notices::secrets(), email]) {
        assert_eq!(new.channel_target(channel.id).await.expect("opens"), target);
    }
    let alarms = old.alarm_list_open().await.expect("answers");
    assert_eq!((alarms.len(), &alarms), (1, &new.alarm_list_open().await.expect("answers")));
    assert_eq!(old.events(0, 1_000).await.expect("answers"), new.events(0, 1_000).await.expect("answers"));
}

#[tokio::test]
async fn no_copy_is_put_back_into_a_directory_in_use() {
    let stand = Stand::new().await;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("copy");
    stand.metadata.copy_to(&file).await.expect("a copy");
    fs::remove_file(stand.path().join("lifeboat.lock")).expect("removed");
    let refused = restore(&file, stand.path(), None).await.expect_err("in use");
    assert!(matches!(refused, Error::DirectoryInUse { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_damaged_copy_changes_nothing() {
    let stand = Stand::new().await;
    fill(&stand.metadata).await;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("copy");
    stand.metadata.copy_to(&file).await.expect("a copy");
    let whole = fs::read_to_string(&file).expect("text");
    let lines: Vec<&str> = whole.lines().collect();
    let damaged = [
        String::new(),
        "hello\n".to_owned(),
        whole[..whole.len() / 2].to_owned(),
        lines[..lines.len() - 1].join("\n") + "\n",
        whole.replacen("eva", "eve", 1),
        whole.clone() + "\n",
        whole.replacen("lifeboat-metadata-copy", "something-else", 1),
    ];
    let directory = tempfile::tempdir().expect("a directory");
    fs::copy(stand.path().join("secret.key"), directory.path().join("secret.key")).expect("copied");
    for text in damaged {
        fs::write(&file, &text).expect("written");
        let refused = restore(&file, directory.path(), None).await.expect_err("damaged");
        assert!(matches!(refused, Error::CopyDamaged { .. }), "{refused:?}");
        assert!(!directory.path().join("lifeboat.db").exists(), "nothing was touched");
    }
    fs::write(&file, whole.replacen("\"schema\":", "\"schema\":9", 1)).expect("written");
    let refused = restore(&file, directory.path(), None).await.expect_err("another schema");
    assert!(matches!(refused, Error::CopyOtherSchema { found: 900..1_000, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_copy_is_put_back_only_with_its_key_and_where_nothing_is() {
    let stand = Stand::new().await;
    fill(&stand.metadata).await;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("copy");
    stand.metadata.copy_to(&file).await.expect("a copy");
    let again = stand.metadata.copy_to(&file).await.expect_err("there is a file");
    assert!(matches!(again, Error::Copy { .. }), "{again:?}");

    let directory = tempfile::tempdir().expect("a directory");
    let refused = restore(&file, directory.path(), None).await.expect_err("no key");
    assert!(matches!(refused, Error::KeyMissing { .. }), "{refused:?}");
    let other = Stand::new().await;
    fs::copy(other.path().join("secret.key"), directory.path().join("secret.key")).expect("copied");
    let refused = restore(&file, directory.path(), None).await.expect_err("another key");
    assert!(matches!(refused, Error::KeyOther { .. }), "{refused:?}");
    assert!(!directory.path().join("lifeboat.db").exists(), "nothing was touched");

    let mine = stand.close().await;
    let refused = restore(&file, mine.path(), None).await.expect_err("not empty");
    assert!(matches!(refused, Error::NotEmpty { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_copy_put_back_in_part_keeps_servers_from_starting_until_it_is_whole() {
    let stand = Stand::new().await;
    fill(&stand.metadata).await;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("copy");
    stand.metadata.copy_to(&file).await.expect("a copy");
    let directory = tempfile::tempdir().expect("a directory");
    fs::copy(stand.path().join("secret.key"), directory.path().join("secret.key")).expect("copied");
    restore(&file, directory.path(), None).await.expect("put back");
    // As a crash during a restore would have left it.
    for sql in ["INSERT INTO settings (name, value) VALUES ('restoring', '')", "DELETE FROM users"] {
        alter(directory.path(), sql).await;
    }
    let refused = Metadata::open(directory.path()).await.expect_err("half");
    assert!(matches!(refused, Error::RestoreUnfinished { .. }), "{refused:?}");
    restore(&file, directory.path(), None).await.expect("it begins anew");
    let metadata = open(directory.path()).await;
    same(&stand.metadata, &metadata).await;
}

async fn alter(directory: &Path, sql: &'static str) {
    use sqlx::{ConnectOptions, Connection};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(directory.join("lifeboat.db"));
    let mut connection = options.connect().await.expect("a database");
    sqlx::query(sql).execute(&mut connection).await.expect("altered");
    connection.close().await.expect("closed");
}
