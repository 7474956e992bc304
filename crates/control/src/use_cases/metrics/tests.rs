//! The metrics, from metadata with very many tenants and from a simulated cluster.

use std::time::Duration;

use metadata::clusters::NewCluster;
use model::backup::DataBackupMode::{Full, Incremental};
use model::backup::{BackupMethod, BackupObject, DataBackupMode};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::cluster::ClusterStatus;
use model::id::{BackupSetId, ClusterId, StorageId, TaskId, TenantId};
use model::storage::StorageLocation;
use model::tenant::{Tenant, TenantMode};
use model::{Secret, Timestamp};
use sim::Profile;

use super::{Metrics, OBJECTS_MAX, read};
use crate::context::Control;
use crate::flows::backup_logical;
use crate::protection::ProtectedObject;
use crate::testing::simulated::SimWorld;
use crate::{clusters, log_backups};

async fn metrics(world: &SimWorld) -> Metrics {
    read(&world.control, &world.actor).await.expect("read")
}

/// Counts the statements that were sent to the metadata database so far.
fn statements(control: &Control) -> u64 {
    control.metadata().statement_timings().iter().map(|(_, timing)| timing.count).sum()
}

fn tenant(number: usize) -> Tenant {
    Tenant {
        id: TenantId(i64::try_from(number).expect("few")),
        name: format!("t{number}"),
        mode: TenantMode::Mysql,
        status: "NORMAL".into(),
        role: "PRIMARY".into(),
        locked: false,
        primary_zone: "zone1".into(),
        locality: "FULL{1}@zone1".into(),
        data_version: None,
    }
}

/// Takes over another cluster with this many tenants, each with two backup sets.
async fn add_cluster(world: &SimWorld, name: &str, tenants: std::ops::Range<usize>) -> ClusterId {
    let known = world.control.context.cluster(world.cluster).await.expect("it is there");
    let mut writer = world.control.metadata().begin().await.expect("begins");
    let new = NewCluster {
        name: name.to_owned(),
        addresses: known.addresses,
        user: known.user,
        password: Secret::new("x"),
        facts: known.facts,
        status: ClusterStatus::Unavailable,
    };
    let cluster = writer.cluster_insert(&new).await.expect("kept");
    let location = StorageLocation::directory(&format!("/{name}")).expect("a location");
    let storage = writer.storage_insert(None, &location, None).await.expect("kept").id;
    let all: Vec<Tenant> = tenants.map(|number| tenant(2_000 + number)).collect();
    writer.tenants_probed(cluster, &all).await.expect("kept");
    for tenant in &all {
        for (task, mode) in [(1, Full), (2, Incremental)] {
            let task = TaskId(cluster.0 * 1_000 + task);
            writer.backup_set_record(&set(cluster, storage, task, tenant.id, mode)).await.expect("recorded");
        }
    }
    writer.commit().await.expect("kept");
    cluster
}

fn set(
    cluster: ClusterId,
    storage: StorageId,
    task: TaskId,
    tenant: TenantId,
    mode: DataBackupMode,
) -> BackupSet {
    BackupSet {
        id: BackupSetId(0),
        task,
        cluster,
        cluster_name: "many".into(),
        tenant,
        tenant_name: "t".into(),
        method: BackupMethod::Physical,
        mode,
        storage,
        path: "p".into(),
        scn: 1,
        bytes: 1,
        rows: 0,
        tables: 0,
        started: Timestamp(1),
        finished: Timestamp(2),
        status: BackupSetStatus::Available,
        left_out: Vec::new(),
    }
}

#[tokio::test]
async fn a_scrape_takes_as_many_statements_for_ten_thousand_tenants_as_for_two() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let begun = statements(&world.control);
    assert_eq!(metrics(&world).await.objects.len(), 2);
    let few = statements(&world.control) - begun;
    assert!((1..=18).contains(&few), "{few} statements for two tenants");

    let half = OBJECTS_MAX / 2;
    add_cluster(&world, "many", 0..half).await;
    add_cluster(&world, "more", half..OBJECTS_MAX + 3).await;
    let begun = statements(&world.control);
    let found = metrics(&world).await;
    assert_eq!((found.objects.len(), found.objects_left_out), (OBJECTS_MAX, 5), "never silently");
    // Clusters that do not answer raise alarms: the names of all their tenants are read in one statement too.
    let many = statements(&world.control) - begun;
    assert!(many <= few + 2, "{many} statements for {OBJECTS_MAX} tenants, {few} for two");
    let with_age =
        found.objects.iter().filter(|object| object.full.is_some() && object.incremental.is_some());
    assert_eq!(with_age.count(), OBJECTS_MAX - 2);
}

fn named<'a>(found: &'a Metrics, name: &str) -> &'a ProtectedObject {
    found.objects.iter().find(|object| object.tenant_name == name).expect("it is there")
}

#[tokio::test]
async fn what_is_unknown_has_no_age_and_what_was_backed_up_has_one() {
    for profile in [Profile::V4_2_5, Profile::V3_1_5] {
        let world = SimWorld::new(profile).await;
        let before = metrics(&world).await;
        assert_eq!(before.objects.len(), 2, "the sys tenant is none: {:?}", before.objects);
        assert!(before.objects.iter().all(|object| object.full.is_none() && object.incremental.is_none()));
        let full = world.begin(world.wish(Full)).await;
        world.finish(full).await;
        let found = metrics(&world).await;
        assert!(found.objects.iter().all(|object| object.full.is_some() && object.incremental.is_none()));
        let kinds: Vec<_> = found
            .runs
            .iter()
            .map(|(run, timing)| (run.kind.as_str(), run.mode.as_deref(), timing.count))
            .collect();
        assert_eq!(kinds, [("backup-physical", Some("FULL_BACKUP"), 1)], "{profile}");
        let stored: u64 = found.sets.iter().map(|(_, totals)| totals.bytes).sum();
        assert!(
            stored > 0
                && found.cluster_statements.iter().any(|(verb, _)| verb.starts_with("alter system backup"))
        );
    }
}

#[tokio::test]
async fn a_log_checkpoint_ages_between_refreshes_and_shows_whether_log_backup_is_running() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("it answers");
    let before = named(&metrics(&world).await, "shop").logs.expect("it was looked at");
    assert_eq!((before.age, before.is_running), (None, false), "logs were never backed up");
    let full = world.begin(world.wish(Full)).await;
    world.finish(full).await;
    clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("it answers");
    let running = named(&metrics(&world).await, "shop").logs.expect("it was looked at");
    assert!(running.is_running && running.age.is_some(), "{running:?}");
    let wish = model::archive::LogBackupWish::Pause;
    let paused = log_backups::change(&world.control, &world.actor, world.cluster, &[], wish, None).await;
    world.finish(paused.expect("accepted").task).await;
    world.handle.advance_seconds(7_200.0);
    let unseen = named(&metrics(&world).await, "shop").logs.expect("it was looked at");
    assert!(unseen.is_running, "a scrape asks no cluster");
    clusters::refresh(&world.control, &world.actor, world.cluster).await.expect("it answers");
    let paused = named(&metrics(&world).await, "shop").logs.expect("it was looked at");
    assert!(!paused.is_running && paused.age >= Some(Duration::from_secs(7_200)), "{paused:?}");
}

#[test]
fn a_logical_backup_of_everything_is_stored_as_the_catalogue_looks_for_it() {
    let everything = dump::Selection::default();
    let some = dump::Selection(vec![BackupObject::Database("shop".into())]);
    for (selection, expected) in [(everything, "[]"), (some, r#"[{"Database":"shop"}]"#)] {
        let state = backup_logical::State {
            cluster: ClusterId(1),
            cluster_name: "prod".into(),
            ob_cluster_id: 1,
            storage: StorageId(1),
            tenants: [("shop".to_owned(), TenantId(1_002))].into(),
            selection,
            consent: Default::default(),
            compression: dump::Compression::default(),
            connections: 1,
            requested: Timestamp(1),
            tag: String::new(),
        };
        let stored = serde_json::to_string(&state).expect("JSON");
        assert!(stored.contains(&format!(r#""selection":{expected}"#)), "{stored}");
    }
}
