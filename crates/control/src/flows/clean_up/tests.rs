//! Whatever crashes or repeats, only expired sets are deleted, and no partly deleted set is taken for a backup.

use dump::Meter;
use engine::{Fault, testkit};
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::{BackupSetId, TaskId};
use model::recovery::RecoveryRequest;
use model::retention::{DeleteReason, KeepReason, Policy, Verdict};
use model::storage::{StorageLocation, StorageType};
use model::{Secret, Timestamp};
use serde_json::json;
use storage::{Client, FileRoots};
use tokio_util::sync::CancellationToken;

use super::{CleanUp, Lane, State};
use crate::retention::{self, PlannedSet, RetentionAsk};
use crate::storages::{self, NewStorage, StorageChoice};
use crate::testing::{Ended, World};
use crate::{restores, storage_scan};

fn last(count: u32) -> Option<Policy> {
    Some(Policy { last: Some(count), ..Policy::KEEP_ALL })
}

fn ask(world: &World, policy: Option<Policy>) -> RetentionAsk {
    RetentionAsk { cluster: world.cluster, tenants: Vec::new(), storage: None, policy }
}

/// Takes a backup; returns its set.
async fn back_up(world: &World) -> BackupSet {
    let task = world.begin_backup().await;
    world.finish(task).await;
    let query = metadata::backup_sets::BackupSetQuery { task: Some(task), ..Default::default() };
    let found = world.control.metadata().backup_set_list(&query, metadata::Slice::ALL).await;
    found.expect("listed").items.remove(0)
}

async fn begin(world: &World, policy: Option<Policy>, sets: &[&BackupSet]) -> Result<TaskId, String> {
    let sets = sets.iter().map(|set| set.id).collect();
    let begun = retention::apply(&world.control, &world.actor, ask(world, policy), sets, None).await;
    begun.map(|accepted| accepted.task).map_err(|error| error.problem().text.id.clone())
}

async fn status(world: &World, set: &BackupSet) -> BackupSetStatus {
    world.control.context.backup_set(set.id).await.expect("it is known").status
}

async fn set_status(world: &World, set: &BackupSet, status: BackupSetStatus) {
    let mut writer = world.control.metadata().begin().await.expect("writes");
    writer.backup_set_set_status(set.id, status).await.expect("kept");
    writer.commit().await.expect("kept");
}

/// Returns the plan of each set, newest first.
async fn plan(world: &World, policy: Option<Policy>) -> Vec<PlannedSet> {
    let plans = retention::plan(&world.control, &world.actor, &ask(world, policy)).await.expect("planned");
    plans.into_iter().flat_map(|plan| plan.tenants).flat_map(|tenant| tenant.sets).collect()
}

async fn verdict(world: &World, policy: Option<Policy>, set: &BackupSet) -> Verdict {
    let planned = plan(world, policy).await.into_iter().find(|planned| planned.set.id == set.id);
    planned.expect("it lies there").verdict
}

fn manifest(set: &BackupSet) -> String {
    format!("{}/manifest.json", set.path.rsplit('/').next().expect("a folder"))
}

fn keep(reason: KeepReason) -> Verdict {
    Verdict::Keep(vec![reason])
}

#[test]
fn what_the_first_version_saved_is_still_read() {
    let state = json!({
        "cluster": 1, "cluster_name": "demo", "storage": 2,
        "policy": {"window_days": 7, "last": null, "calendar": null, "cap_bytes": null, "minimum": 1, "zone": "UTC"},
        "tenants": {"shop": {"tenant": 1002, "planned": [4, 3]}},
    });
    let state: State = serde_json::from_value(state).expect("a state");
    assert_eq!(state.tenants["shop"].planned, [BackupSetId(4), BackupSetId(3)]);
    let lane = json!({"gone": [{"set": 3, "bytes": 10}]});
    let lane: Lane = serde_json::from_value(lane).expect("a lane");
    assert_eq!(lane.gone[0].set, BackupSetId(3));
}

#[tokio::test]
async fn what_expires_is_deleted_whatever_step_crashes_or_repeats() {
    let world = World::new("control_clean_up").await;
    let mut old = back_up(&world).await;
    for fault in testkit::faults::<CleanUp>() {
        let what = format!("{fault:?}");
        let new = back_up(&world).await;
        let task = begin(&world, last(1), &[]).await.expect("the older one expires");
        let met = world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Fault::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}");
        if is_crash {
            // Nothing incomplete can ever be taken for a backup: a dump that has a manifest is complete.
            let (complete, _) = world.dump_ids().await;
            for dump in &complete {
                let (id, meter, cancel) =
                    (dump.parse().expect("an id"), Meter::new(), CancellationToken::new());
                let report = dump::verify(&world.dumps(), &id, None, 2, &meter, &cancel).await;
                assert!(report.expect("read").is_clean(), "{what}: {dump}");
            }
            world.finish(task).await;
        }
        let (complete, rest) = world.dump_ids().await;
        assert_eq!((complete.len(), rest), (1, vec![]), "{what}");
        assert!(new.path.ends_with(&complete[0]), "{what}: the newest stays");
        assert_eq!(status(&world, &old).await, BackupSetStatus::Deleted, "{what}");
        assert_eq!(status(&world, &new).await, BackupSetStatus::Available, "{what}");
        assert_eq!(begin(&world, last(1), &[]).await, Err("clean-up-nothing-expired".into()), "{what}");
        old = new;
    }
}

#[tokio::test]
async fn a_deletion_that_broke_off_is_no_backup_and_the_next_clean_up_ends_it() {
    let world = World::new("control_clean_up_halves").await;
    let [marked, bare, whole] = [back_up(&world).await, back_up(&world).await, back_up(&world).await];
    set_status(&world, &marked, BackupSetStatus::Deleting).await;
    set_status(&world, &bare, BackupSetStatus::Deleting).await;
    assert!(world.dumps().delete(&manifest(&bare)).await.expect("deleted"));
    assert_eq!(world.dump_ids().await.1.len(), 1, "files without a manifest");

    let wish = RecoveryRequest {
        backup_set: marked.id,
        cluster: world.cluster,
        tenant: world.tenant,
        objects: Vec::new(),
        rename: Default::default(),
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    let refused = restores::restore(&world.control, &world.actor, wish, None).await.expect_err("it goes");
    assert_eq!(refused.problem().text.id, "backup-set-deleted");
    let held = retention::hold(&world.control, &world.actor, marked.id, "too late", None).await;
    assert_eq!(held.expect_err("it goes").problem().text.id, "backup-set-deleted");
    let scan = storage_scan::scan(&world.control, &world.actor, whole.storage).await.expect("scanned");
    assert_eq!((scan.found, scan.known, scan.added.len()), (2, 2, 0), "nothing is entered again");

    // No rule lets a set expire, but a deletion that has begun is completed.
    for half in [&marked, &bare] {
        assert_eq!(verdict(&world, None, half).await, Verdict::Delete(DeleteReason::Interrupted));
    }
    let task = begin(&world, None, &[]).await.expect("two are half deleted");
    world.finish(task).await;
    let (complete, rest) = world.dump_ids().await;
    assert_eq!((complete.len(), rest), (1, vec![]));
    let standing = [status(&world, &marked).await, status(&world, &bare).await, status(&world, &whole).await];
    use BackupSetStatus::{Available, Deleted};
    assert_eq!(standing, [Deleted, Deleted, Available]);
}

#[tokio::test]
async fn what_is_held_used_or_was_not_planned_is_kept() {
    let world = World::new("control_clean_up_keeps").await;
    let (control, actor) = (&world.control, &world.actor);
    let mut sets = Vec::new();
    for _ in 0..4 {
        sets.push(back_up(&world).await);
    }
    let [first, second, third, newest] = &sets[..] else { panic!("four sets") };
    let hold = async |set: &BackupSet, until| retention::hold(control, actor, set.id, "audit", until).await;
    hold(first, None).await.expect("held");
    assert_eq!(verdict(&world, last(1), first).await, keep(KeepReason::Held));
    assert_eq!(begin(&world, last(1), &[first]).await, Err("clean-up-set-kept".into()));

    // A recovery of the second set is requested.
    let wish = RecoveryRequest {
        backup_set: second.id,
        cluster: world.cluster,
        tenant: world.tenant,
        objects: Vec::new(),
        rename: [(world.database.clone(), format!("{}_2", world.database))].into(),
        accept_foreign: false,
        with_code: false,
        without: Vec::new(),
    };
    world.alter(&format!("DROP DATABASE IF EXISTS `{}_2`", world.database)).await;
    let recovery = restores::restore(control, actor, wish, None).await.expect("accepted").task;
    assert_eq!(verdict(&world, last(1), second).await, keep(KeepReason::InUse));
    assert_eq!(begin(&world, last(1), &[second]).await, Err("clean-up-set-kept".into()));
    world.finish(recovery).await;

    // A set that is held between the request and the run is kept, and a set that was not named is not deleted.
    let task = begin(&world, last(1), &[third]).await.expect("it expires");
    hold(third, None).await.expect("held");
    world.finish(task).await;
    assert_eq!(world.dump_ids().await.0.len(), 4, "{}", world.story(task).await);
    assert!(world.story(task).await.contains("clean-up-keeps"), "{}", world.story(task).await);
    let another = begin(&world, last(1), &[]).await.expect("the second one expires");
    let twice = begin(&world, last(1), &[]).await;
    assert_eq!(twice, Err("clean-up-runs-already".into()));
    world.finish(another).await;
    let standing: Vec<_> = plan(&world, last(1)).await.into_iter().map(|planned| planned.set.id).collect();
    assert_eq!(standing, [newest.id, third.id, first.id], "the newest first");

    let released = retention::release(control, actor, first.id).await.expect("it was held");
    assert_eq!((released.owner.as_str(), released.reason.as_str()), ("admin", "audit"));
    let twice = retention::release(control, actor, first.id).await.expect_err("it is not held");
    assert_eq!(twice.problem().text.id, "hold-unknown");
    assert_eq!(verdict(&world, last(1), first).await, Verdict::Delete(DeleteReason::Expired));
    let over = hold(first, Some(Timestamp(1))).await.expect_err("that was long ago");
    assert_eq!(over.problem().text.id, "hold-ended-already");
    let viewer = crate::Actor { role: model::user::Role::ClusterViewer, ..actor.clone() };
    let refused = retention::hold(control, &viewer, first.id, "mine", None).await;
    assert_eq!(refused.expect_err("may only read").problem().text.id, "permission-missing");
}

#[tokio::test]
async fn a_set_that_is_partial_foreign_or_not_proved_counts_for_no_rule() {
    let world = World::new("control_clean_up_proofs").await;
    let mut sets = Vec::new();
    for _ in 0..4 {
        sets.push(back_up(&world).await);
    }
    let [first, second, third, newest] = &sets[..] else { panic!("four sets") };
    assert_eq!(verdict(&world, last(2), second).await, Verdict::Delete(DeleteReason::Expired));
    set_status(&world, third, BackupSetStatus::Partial).await;
    assert_eq!(verdict(&world, last(2), third).await, keep(KeepReason::Partial));
    assert_eq!(verdict(&world, last(2), second).await, keep(KeepReason::Last));
    set_status(&world, third, BackupSetStatus::Foreign).await;
    assert_eq!(verdict(&world, last(2), third).await, keep(KeepReason::Foreign));
    assert_eq!(verdict(&world, last(2), first).await, Verdict::Delete(DeleteReason::Expired));

    // The manifest is replaced by that of another dump, which this installation signed.
    set_status(&world, third, BackupSetStatus::Available).await;
    let dumps = world.dumps();
    let own = dumps.get(&manifest(second), 1 << 20).await.expect("read");
    let other = dumps.get(&manifest(newest), 1 << 20).await.expect("read");
    for (bytes, expected) in [(Some(other), KeepReason::Unproven), (None, KeepReason::Unproven)] {
        match bytes {
            Some(bytes) => dumps.put(&manifest(second), bytes).await.expect("written"),
            None => assert!(dumps.delete(&manifest(second)).await.expect("deleted")),
        }
        let planned = plan(&world, last(3)).await;
        let of =
            |set: &BackupSet| planned.iter().find(|planned| planned.set.id == set.id).expect("it is there");
        assert_eq!(of(second).verdict, keep(expected));
        assert!(of(second).doubt.is_some(), "it is said why");
        assert_eq!(of(first).verdict, keep(KeepReason::Last), "it counts in its place");
        assert_eq!(begin(&world, last(1), &[second]).await, Err("clean-up-set-kept".into()));
    }
    dumps.put(&manifest(second), own).await.expect("written");
    assert_eq!(verdict(&world, last(3), first).await, Verdict::Delete(DeleteReason::Expired));
}

#[tokio::test]
async fn expired_sets_are_deleted_from_a_real_object_store() {
    let world = World::new("control_clean_up_s3").await;
    let weed = tokio::task::spawn_blocking(xtask::seaweedfs::shared).await.expect("no panic");
    let weed = weed.expect("SeaweedFS starts");
    let bucket = format!("control-clean-up-{}", std::process::id());
    let made = {
        let bucket = bucket.clone();
        tokio::task::spawn_blocking(move || weed.create_bucket(&bucket))
    };
    made.await.expect("no panic").expect("a bucket");
    let location = StorageLocation {
        kind: StorageType::S3,
        path: format!("{bucket}/dir"),
        endpoint: Some(weed.endpoint.clone()),
        access_key_id: Some(weed.access_key_id.clone()),
        app_id: None,
    };
    let secret = Some(Secret::new(&*weed.secret));
    let client = Client::open(&location, secret.as_ref(), &FileRoots::default()).expect("opens");
    let new = NewStorage { name: "s3".into(), location, secret };
    let storage = storages::create(&world.control, &world.actor, new).await.expect("kept").id;
    let mut wish = world.wish();
    wish.storage = Some(StorageChoice::Saved(storage));
    for _ in 0..2 {
        let task = world.begin(wish.clone()).await.expect("accepted");
        world.finish(task).await;
    }
    let folders = async || {
        let objects = client.list("").await.expect("listed");
        let folder = |key: &str| key.split('/').take(5).collect::<Vec<_>>().join("/");
        let mut folders: Vec<String> = objects.iter().map(|object| folder(&object.key)).collect();
        folders.dedup();
        folders
    };
    let before = folders().await;
    assert_eq!(before.len(), 2, "{before:?}");
    let task = begin(&world, last(1), &[]).await.expect("one expires");
    world.finish(task).await;
    assert_eq!(folders().await, before[1..], "the older one is gone, with everything in it");
}
