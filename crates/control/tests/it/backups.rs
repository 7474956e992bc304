//! Back up Now and recovery, as requests.

use std::collections::BTreeMap;
use std::time::Duration;

use control::backups::{self, BackupFilter, BackupNow, Ended};
use control::storages::StorageChoice;
use control::{PageAsk, clusters, restores, storages, tasks};
use model::backup::{BackupMethod, BackupObject, BackupWish, DataBackupMode};
use model::backup_set::BackupSet;
use model::id::{ClusterId, TaskId, TenantId};
use model::problem::codes;
use model::recovery::RecoveryRequest;
use model::task::TaskStatus;
use tokio_util::sync::CancellationToken;

use crate::stand::{Stand, code, server, why};

pub(crate) fn wish(cluster: ClusterId) -> BackupNow {
    BackupNow {
        cluster,
        wish: BackupWish::default(),
        consent: Default::default(),
        storage: None,
        auto_compaction: true,
        accept_deletions: false,
        plus_archivelog: false,
        encryption: None,
        threads: None,
        compression: None,
    }
}

fn of_database(cluster: ClusterId, database: &str) -> BackupNow {
    let objects = vec![BackupObject::Database(database.into())];
    BackupNow { wish: BackupWish { objects, ..BackupWish::default() }, ..wish(cluster) }
}

/// Runs the server until a task has ended; bounded.
pub(crate) async fn run_to_the_end(stand: &Stand, task: TaskId) -> TaskStatus {
    let (shutdown, control) = (CancellationToken::new(), stand.control.clone());
    let ended = async {
        let mut changes = tasks::changes(&control);
        loop {
            let seen = tasks::get(&control, &stand.admin, task).await.expect("the task is there");
            if seen.status != TaskStatus::Running {
                shutdown.cancel();
                return seen.status;
            }
            changes.changed().await.expect("the server runs");
        }
    };
    let run = Box::pin(async { tokio::join!(control.run(shutdown.clone()), ended).1 });
    tokio::time::timeout(Duration::from_secs(120), run).await.expect("the task ends")
}

/// Backs up a small database, from the request to the catalogue.
pub(crate) async fn finished_backup(stand: &Stand, database: &str) -> BackupSet {
    server().fresh_database(database).expect("made");
    let fill = [
        format!("CREATE TABLE {database}.t (id INT PRIMARY KEY, v VARCHAR(20))"),
        format!("INSERT INTO {database}.t VALUES (1, 'one'), (2, NULL)"),
    ];
    server().run(&fill).expect("filled");
    let cluster = stand.add_seekdb("demo").await;
    stand.add_storage("local").await;
    let accepted =
        backups::backup_now(&stand.control, &stand.admin, of_database(cluster.id, database), None).await;
    let task = accepted.expect("accepted").task;
    assert_eq!(run_to_the_end(stand, task).await, TaskStatus::Successful);
    let sets =
        backups::backup_sets(&stand.control, &stand.admin, &BackupFilter::default(), PageAsk::default())
            .await;
    sets.expect("listed").contents.remove(0)
}

#[tokio::test]
async fn a_backup_is_listed_with_all_that_ocp_shows() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let set = finished_backup(&stand, "control_backup_listed").await;
    assert_eq!((set.tables, set.rows, set.tenant), (1, 2, TenantId(1)));

    let rows = backups::data_backup_tasks(control, admin, &BackupFilter::default(), PageAsk::default()).await;
    let rows = rows.expect("listed").page.contents;
    let [row] = &rows[..] else { panic!("one task of one tenant: {rows:?}") };
    assert_eq!(
        (row.task, row.backup_set, row.status),
        (Some(set.task), Some(set.id), TaskStatus::Successful)
    );
    assert_eq!((row.tenant_name.as_str(), row.bytes), ("sys", Some(set.bytes)));
    assert!(row.uri.starts_with("file://") && row.uri.ends_with(&set.path), "{}", row.uri);
    assert!(row.started.is_some() && row.finished >= row.started);

    let overview = backups::overview(control, admin, set.cluster).await.expect("seen");
    assert_eq!((overview.running, overview.backup_sets), (None, 1));
    assert_eq!((overview.backup_bytes, overview.last_data_backup), (set.bytes, Some(set.finished)));
    let all = backups::all_overview(control, admin).await.expect("seen");
    let [cluster] = &all.clusters[..] else { panic!("one cluster: {all:?}") };
    assert_eq!((cluster.objects(), cluster.protected_objects(), cluster.standing.running), (1, 1, None));
    assert_eq!((cluster.standing.sets.bytes, all.recent.well, all.recent.badly), (set.bytes, 1, 0));
    let ability = backups::ability(control, admin, set.cluster, None).await.expect("seen");
    assert_eq!((ability.preferred, ability.incremental_enabled), (BackupMethod::Logical, false));
    assert_eq!(ability.storage, Some((set.storage, backups::StorageSource::LastUsed)));

    // After a day it is no longer recent; after a week it is no longer of this week.
    let (one, none) = (Ended { well: 1, badly: 0 }, Ended::default());
    for (days, recent, week) in [(0, one, one), (2, none, one), (6, none, none)] {
        control.pass(Duration::from_hours(days * 24)).await.expect("the clock can be moved");
        let all = backups::all_overview(control, admin).await.expect("seen");
        assert_eq!((all.recent, all.week, all.week_recoveries), (recent, week, none));
    }
}

#[tokio::test]
async fn a_rule_refuses_at_once_and_nothing_is_left_of_the_request() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    let ask = async |wish: BackupNow| backups::backup_now(control, admin, wish, None).await;
    assert_eq!(why(ask(wish(cluster)).await), "storage-not-chosen");
    stand.add_storage("local").await;
    let with = |change: &dyn Fn(&mut BackupNow)| {
        let mut wish = wish(cluster);
        change(&mut wish);
        wish
    };
    let incremental = with(&|wish| wish.wish.mode = Some(DataBackupMode::Incremental));
    assert_eq!(code(ask(incremental).await), codes::LOGICAL_IS_FULL_ONLY);
    let physical = with(&|wish| wish.wish.method = Some(BackupMethod::Physical));
    assert_eq!(code(ask(physical).await), codes::METHOD_UNSUPPORTED);
    assert_eq!(why(ask(with(&|wish| wish.wish.tenants = vec![TenantId(7)])).await), "tenant-unknown");
    assert_eq!(why(ask(with(&|wish| wish.threads = Some(0))).await), "threads-out-of-range");
    assert_eq!(why(ask(with(&|wish| wish.compression = Some("gzip".into()))).await), "compression-unknown");
    assert_eq!(why(ask(wish(ClusterId(99))).await), "cluster-unknown");
    let denied = backups::backup_now(control, &stand.viewer(), wish(cluster), None).await;
    assert_eq!(why(denied), "permission-missing");
    let all = tasks::list(control, admin, &Default::default(), Default::default(), PageAsk::default()).await;
    assert_eq!(all.expect("listed").total_elements, 0);
}

#[tokio::test]
async fn of_two_requests_at_once_one_is_refused_and_leaves_no_storage_behind() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    let typed = |folder: &str| BackupNow {
        storage: Some(StorageChoice::Typed { location: stand.directory(folder), secret: None }),
        ..wish(cluster)
    };
    let (one, other) = tokio::join!(
        backups::backup_now(control, admin, typed("a"), None),
        backups::backup_now(control, admin, typed("b"), None),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = if one.is_ok() { other } else { one };
    assert_eq!(code(refused), codes::BACKUP_RUNS_ALREADY);
    let overview = backups::overview(control, admin, cluster).await.expect("seen");
    assert!(overview.running.is_some());
    assert_eq!(why(clusters::remove(control, admin, cluster, false).await), "task-not-finished");
    let library = storages::list(control, admin, PageAsk::default()).await.expect("listed");
    assert_eq!(library.total_elements, 0, "a typed storage is in no library");
    // The accepted storage is saved with its task, and there is no second one.
    storages::get(control, admin, model::id::StorageId(1)).await.expect("kept");
    assert_eq!(why(storages::get(control, admin, model::id::StorageId(2)).await), "storage-unknown");
}

#[tokio::test]
async fn what_does_not_exist_fails_the_task_before_anything_is_written() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    stand.add_storage("local").await;
    let accepted = backups::backup_now(control, admin, of_database(cluster, "no_such_database"), None).await;
    let task = accepted.expect("accepted").task;
    assert_eq!(run_to_the_end(&stand, task).await, TaskStatus::Failed);
    let rows = backups::data_backup_tasks(control, admin, &BackupFilter::default(), PageAsk::default()).await;
    let problem = rows.expect("listed").page.contents[0].problem.clone().expect("it says why");
    assert_eq!(problem.id, "dump-nothing-there");
    assert!(!stand.dir.path().join("data/local/demo").exists());
}

#[tokio::test]
async fn a_plan_names_every_step_and_changes_nothing() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let set = finished_backup(&stand, "control_plan").await;
    let before =
        std::fs::read_dir(stand.dir.path().join("data/local/demo/1/1/logical")).expect("read").count();
    let plan =
        backups::plan(control, admin, of_database(set.cluster, "control_plan")).await.expect("planned");
    let steps: Vec<&str> = plan.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(steps.len(), 8);
    assert_eq!((plan.method, plan.mode), (BackupMethod::Logical, DataBackupMode::Full));
    let ready = plan.steps.iter().find(|step| step.step == "check-ready").expect("the step");
    assert!(ready.statements.iter().any(|sql| sql.contains("control_plan")), "{:?}", ready.statements);
    let words = |plan: &backups::Plan| {
        let notes = plan.steps.iter().flat_map(|step| &step.notes);
        notes.map(|note| note.message(model::text::Language::En)).collect::<Vec<_>>()
    };
    assert!(words(&plan).iter().all(|words| !words.contains('{')), "{:?}", words(&plan));
    let missing = backups::plan(control, admin, of_database(set.cluster, "no_such_database")).await;
    assert_eq!(why(missing), "dump-nothing-there");

    let rename = BTreeMap::from([("control_plan".to_owned(), "control_plan_2".to_owned())]);
    let request = RecoveryRequest {
        backup_set: set.id,
        cluster: set.cluster,
        tenant: set.tenant,
        objects: vec![],
        rename,
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    let plan = restores::plan(control, admin, request.clone()).await.expect("planned");
    assert_eq!(plan.steps.len(), 7);
    assert!(words(&plan).iter().all(|words| !words.contains('{')), "{:?}", words(&plan));
    let in_place = RecoveryRequest { rename: BTreeMap::new(), ..request };
    assert_eq!(code(restores::plan(control, admin, in_place).await), codes::NAME_EXISTS);

    let after =
        std::fs::read_dir(stand.dir.path().join("data/local/demo/1/1/logical")).expect("read").count();
    assert_eq!(before, after);
    let all = tasks::list(control, admin, &Default::default(), Default::default(), PageAsk::default()).await;
    assert_eq!(all.expect("listed").total_elements, 1, "only the backup");
}

#[tokio::test]
async fn of_two_recoveries_at_once_into_one_name_one_is_refused() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let set = finished_backup(&stand, "control_two").await;
    let request = |target: &str| RecoveryRequest {
        backup_set: set.id,
        cluster: set.cluster,
        tenant: set.tenant,
        objects: vec![],
        rename: BTreeMap::from([("control_two".to_owned(), target.to_owned())]),
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    let (one, other) = tokio::join!(
        restores::restore(control, admin, request("control_two_x"), None),
        restores::restore(control, admin, request("CONTROL_TWO_X"), None),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(code(if one.is_ok() { other } else { one }), codes::RECOVERY_RUNS_ALREADY);
    restores::restore(control, admin, request("control_two_y"), None)
        .await
        .expect("another name is another matter");
    let table = |name: &str| BackupObject::Table("control_two".into(), name.into());
    for (object, expected) in
        [(BackupObject::Database("nope".into()), "database-not-in-set"), (table("nope"), "table-not-in-set")]
    {
        let unknown = RecoveryRequest { objects: vec![object], ..request("control_two_z") };
        let refused = restores::restore(control, admin, unknown, None).await.expect_err("there is none");
        assert_eq!(refused.problem().text.id, expected);
        assert!(refused.problem().to_string().contains("`nope`"), "{}", refused.problem());
    }
}

#[tokio::test]
async fn a_recovery_is_listed_with_where_it_came_from_and_went() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let set = finished_backup(&stand, "control_recovery").await;
    server().run(&["DROP DATABASE IF EXISTS control_recovery_2"]).expect("dropped");
    let rename = BTreeMap::from([("control_recovery".to_owned(), "control_recovery_2".to_owned())]);
    let request = RecoveryRequest {
        backup_set: set.id,
        cluster: set.cluster,
        tenant: set.tenant,
        objects: vec![],
        rename: rename.clone(),
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    let task = restores::restore(control, admin, request, None).await.expect("accepted").task;
    assert_eq!(run_to_the_end(&stand, task).await, TaskStatus::Successful);
    let rows = restores::restore_tasks(control, admin, &Default::default(), PageAsk::default()).await;
    let row = rows.expect("listed").contents.remove(0);
    assert_eq!((row.task, row.backup_set, row.status), (task, Some(set.id), TaskStatus::Successful));
    assert_eq!((row.databases, row.tenant_name.as_str()), (rename, "sys"));
    assert_eq!(row.until, Some(model::Timestamp::from_scn(set.scn)));
}

#[tokio::test]
async fn what_a_logical_set_holds_is_listed_page_by_page() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let set = finished_backup(&stand, "control_contents").await;
    let databases = backups::databases_in_set(control, admin, set.id, PageAsk::default()).await;
    let databases = databases.expect("listed");
    let [database] = &databases.contents[..] else { panic!("one database: {databases:?}") };
    assert_eq!((database.name.as_str(), database.tables), ("control_contents", 1));
    let tables = async |database: &str, number| {
        let page = PageAsk::new(number, 1).expect("in range");
        backups::tables_in_set(control, admin, set.id, database, page).await
    };
    let first = tables("control_contents", 1).await.expect("listed");
    assert_eq!((first.contents.len(), first.total_elements), (1, 1), "{first:?}");
    assert_eq!(first.contents[0].bytes, database.bytes);
    assert!(tables("control_contents", 2).await.expect("listed").contents.is_empty());
    assert_eq!(why(tables("elsewhere", 1).await), "database-not-in-set");
}
