//! Backups of a tenant move between storages, and the database deletes in none of them what nobody has agreed to.

use model::backup::DataBackupMode::Full;
use model::id::StorageId;
use model::order::StorageChoice;
use model::storage::StorageLocation;
use sim::Profile;

use super::{
    ADD, DAY, DROP, HOUR, SHOP, alarm, alarms, ask, backed_up, changes, create, of, pass, remove, schedule,
    sets, settle, whole, windows,
};
use crate::backups::{self, BackupNow};
use crate::strategies::{self, NamedStorage, StrategyAsk, StrategyChange};
use crate::tasks::Steer;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};

on_both_4x! {
    a_longer_window_in_another_storage_is_set_after_the_move_whatever_crashes,
    sets_in_the_storage_of_the_clusters_strategy_are_deleted_only_if_that_is_accepted,
    a_users_policy_moves_only_where_it_deletes_nothing_or_if_that_is_accepted,
    a_typed_storage_with_expired_sets_is_refused_with_the_reason,
}

/// Returns another place than the storage of the world.
fn archive(world: &SimWorld) -> StorageLocation {
    let other = world.dir.path().join("data/archive");
    std::fs::create_dir_all(&other).expect("a directory");
    StorageLocation::from_uri(&format!("file://{}", other.display())).expect("a path")
}

fn typed(location: StorageLocation) -> StorageChoice {
    StorageChoice::Typed { location, secret: None }
}

fn named(choice: StorageChoice) -> Option<NamedStorage> {
    Some(NamedStorage { choice, name: None })
}

/// Stops log backup, so that it can move.
async fn stop_logs(world: &SimWorld) {
    world.say("ALTER SYSTEM NOARCHIVELOG TENANT = shop").await;
    pass(world, DAY / 24).await;
}

fn full_in(world: &SimWorld, storage: StorageChoice) -> BackupNow {
    BackupNow { storage: Some(storage), ..world.wish(Full) }
}

async fn storage_of_strategy(world: &SimWorld) -> StorageId {
    let found = world.control.metadata().strategy_list(Some(world.cluster)).await.expect("listed");
    found[0].settings.storage
}

async fn a_longer_window_in_another_storage_is_set_after_the_move_whatever_crashes(profile: Profile) {
    use engine::Fault as Crash;
    let faults = [
        Crash::CrashBefore("set-backup-storage"),
        Crash::CrashAfter("set-backup-storage"),
        Crash::RunTwice("set-backup-storage"),
    ];
    for fault in faults {
        let world = SimWorld::with(profile, &["shop"]).await;
        create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
        assert_eq!(settle(&world).await, 1);
        let task = world.begin(world.wish(Full)).await;
        world.finish(task).await;
        let moved = StrategyChange {
            storage: named(typed(archive(&world))),
            schedule: Some(schedule(Some(60))),
            accept_storage_move: true,
            ..StrategyChange::default()
        };
        strategies::change(&world.control, &world.actor, whole(&world), moved).await.expect("saved");
        assert_eq!(
            (settle(&world).await, windows(&world).await),
            (0, vec!["30d".into()]),
            "not in its storage"
        );
        let storage = StorageChoice::Saved(storage_of_strategy(&world).await);
        stop_logs(&world).await;
        let task = world.begin(full_in(&world, storage)).await;
        if world.run(task, Some(fault)).await == Ended::Crashed {
            world.finish(task).await;
        }
        assert_eq!(windows(&world).await, ["-"], "{fault:?}: nobody has agreed to the old one there");
        assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["60d".into()]), "{fault:?}");
        assert_eq!(alarms(&world).await, []);
        // That was for once.
        world.say(&format!("{DROP} 'default' TENANT shop")).await;
        assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-dropped")));
    }
}

async fn sets_in_the_storage_of_the_clusters_strategy_are_deleted_only_if_that_is_accepted(profile: Profile) {
    let world = backed_up(profile).await;
    let own = async |window_days| {
        let asked = StrategyAsk { storage: named(typed(archive(&world))), ..ask(&world, Some(window_days)) };
        create(&world, of(&world, SHOP), asked).await.expect("saved");
    };
    own(3).await;
    create(&world, whole(&world), ask(&world, Some(3))).await.expect("no other tenant");
    // The windows are the same, but the sets of the tenant that have expired are in the other storage.
    let refused = remove(&world, of(&world, SHOP), false).await;
    assert_eq!(refused, Err("strategy-delete-expires-elsewhere".into()));
    remove(&world, of(&world, SHOP), true).await.expect("accepted");
    own(3).await;
    let longer = StrategyChange { schedule: Some(schedule(Some(30))), ..StrategyChange::default() };
    strategies::change(&world.control, &world.actor, whole(&world), longer).await.expect("changed");
    remove(&world, of(&world, SHOP), false).await.expect("nothing has expired by this window");
    assert_eq!(sets(&world), [1, 2, 3]);
}

async fn a_users_policy_moves_only_where_it_deletes_nothing_or_if_that_is_accepted(profile: Profile) {
    for (window, accepts, deletes) in [("30d", false, false), ("3d", false, true), ("3d", true, true)] {
        let world = backed_up(profile).await;
        stop_logs(&world).await;
        let task = world.begin(full_in(&world, typed(archive(&world)))).await;
        world.finish(task).await;
        world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '{window}' TENANT shop")).await;
        pass(&world, 2 * HOUR).await;
        assert_eq!(sets(&world), [1, 2, 3, 4], "nothing has expired there");
        stop_logs(&world).await;
        let back = full_in(&world, StorageChoice::Saved(world.storage));
        let back = BackupNow { accept_deletions: accepts, ..back };
        let plan = backups::plan(&world.control, &world.actor, back.clone()).await.expect("it is possible");
        let told = |id: &str| plan.steps.iter().flat_map(|step| &step.notes).any(|note| note.id == id);
        assert!(told("delete-policy-moves"), "{window}: {plan:?}");
        assert_eq!(told("plan-stop-for-delete-policy"), deletes && !accepts, "{window}: {plan:?}");
        let task = world.begin(back).await;
        if deletes && !accepts {
            let failed = world.fail(task).await;
            let expected = ("set-backup-storage".to_owned(), "delete-policy-moves-and-deletes".to_owned());
            assert_eq!(failed, expected);
            pass(&world, 2 * HOUR).await;
            assert_eq!(sets(&world), [1, 2, 3, 4], "nothing was moved");
            // The advice is followed.
            world.say(&format!("{DROP} 'default' TENANT shop")).await;
            world.steer(task, Steer::Retry).await;
        }
        world.finish(task).await;
        assert!(world.story(task).await.contains("delete-policy-moves"), "{window}");
        pass(&world, 2 * HOUR).await;
        assert_eq!(sets(&world).contains(&1), !(deletes && accepts), "{window} {accepts}");
        assert_eq!(changes(&world).await, [], "nobody else has changed the policy");
    }
}

async fn a_typed_storage_with_expired_sets_is_refused_with_the_reason(profile: Profile) {
    let world = backed_up(profile).await;
    let saved = world.control.context.storage(world.storage).await.expect("saved").location.uri();
    let above = saved.trim_end_matches('/').rsplit_once('/').expect("a folder").0;
    let location = StorageLocation::from_uri(above).expect("a path");
    let asked = |days, seen: Option<&String>| StrategyAsk {
        storage: named(typed(location.clone())),
        seen_policies: seen.cloned(),
        ..ask(&world, Some(days))
    };
    let other = "of another storage".to_owned();
    for seen in [None, Some(&other)] {
        let refused = create(&world, whole(&world), asked(3, seen)).await;
        assert_eq!(refused, Err("strategy-deletes-in-typed-storage".into()), "{seen:?}");
    }
    create(&world, whole(&world), asked(30, Some(&other))).await.expect("nothing has expired by this window");
    remove(&world, whole(&world), false).await.expect("deleted");
    let unseen = create(&world, whole(&world), ask(&world, Some(3))).await;
    assert_eq!(unseen, Err("strategy-deletes-unseen".into()), "of a saved one there is a preview");
}
