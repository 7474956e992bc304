//! The database deletes nothing by the policy of a strategy that nobody has agreed to.

use engine::Fault as Crash;
use model::backup::DataBackupMode::Full;
use model::order::{DeletePolicyOrder, Order, StorageChoice};
use model::physical::delete_policy::PolicyWish;
use model::retention::kernel::KernelPolicy;
use model::storage::StorageLocation;
use sim::Profile;

use super::{
    ADD, BOOKS, DAY, DROP, SHOP, alarm, alarms, ask, ask_seen, backed_up, changes, counts, create, digest,
    edit, look, of, pass, policies, remove, running, sets, settle, whole, windows,
};
use crate::backups::{self, BackupNow};
use crate::delete_policies::{self, PolicyFilter};
use crate::flows::delete_policy;
use crate::orders;
use crate::strategies::StrategyAsk;
use crate::testing::Ended;
use crate::testing::simulated::{SimWorld, on_both_4x};

on_both_4x! {
    without_its_own_strategy_a_tenants_backups_are_not_deleted_earlier_unless_that_is_accepted,
    a_task_does_only_what_its_strategy_still_wants,
    what_is_deleted_at_once_must_have_been_seen,
    a_longer_window_of_a_user_or_another_strategy_is_shortened_only_with_consent,
    a_policy_deletes_only_in_the_storage_of_the_strategy,
    a_policy_does_not_follow_a_backup_into_another_storage,
    what_is_in_the_storage_must_have_been_seen_even_if_the_destination_is_elsewhere,
}

fn days(days: u32) -> PolicyWish {
    PolicyWish::Set { rule: KernelPolicy::Default, days }
}

async fn without_its_own_strategy_a_tenants_backups_are_not_deleted_earlier_unless_that_is_accepted(
    profile: Profile,
) {
    let world = SimWorld::new(profile).await;
    create(&world, of(&world, SHOP), ask(&world, Some(365))).await.expect("saved");
    create(&world, of(&world, BOOKS), ask(&world, None)).await.expect("it keeps all");
    create(&world, whole(&world), ask(&world, Some(7))).await.expect("no other tenant");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["365d".into(), "-".into()]));
    assert_eq!(remove(&world, of(&world, SHOP), false).await, Err("strategy-delete-shortens".into()));
    let keeps_all = remove(&world, of(&world, BOOKS), false).await;
    assert_eq!(keeps_all, Err("strategy-delete-starts-clean-up".into()));
    assert_eq!((settle(&world).await, windows(&world).await), (0, vec!["365d".into(), "-".into()]));

    remove(&world, of(&world, SHOP), true).await.expect("accepted");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into(), "-".into()]));
    remove(&world, of(&world, BOOKS), true).await.expect("accepted");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into(), "7d".into()]));

    // What somebody else has set is not what was accepted.
    create(&world, of(&world, SHOP), ask(&world, Some(60))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    world.say(&format!("{DROP} 'default' TENANT shop")).await;
    world.say(&format!("{ADD} 'default' RECOVERY_WINDOW '90d' TENANT shop")).await;
    remove(&world, of(&world, SHOP), true).await.expect("accepted");
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-differs")));

    // A shorter window of its own deletes no more without it.
    let shorter = StrategyAsk { take_over_policies: true, ..ask(&world, Some(3)) };
    create(&world, of(&world, SHOP), shorter).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    remove(&world, of(&world, SHOP), false).await.expect("the window becomes longer");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into(), "7d".into()]));
    assert_eq!(alarms(&world).await, []);
}

async fn a_task_does_only_what_its_strategy_still_wants(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!(settle(&world).await, 1);
    let ordered = async |window_days: u32, until: &'static str| {
        edit(&world, whole(&world), Some(window_days), false).await.expect("changed");
        look(&world).await;
        let task = running(&world).await.expect("it is ordered");
        assert_eq!(world.run(task, Some(Crash::CrashBefore(until))).await, Ended::Crashed);
        task
    };
    // The strategy is edited before the policy is dropped, and between DROP and ADD.
    let cases = [
        (40, "check-delete-policy", "check-delete-policy", "30d"),
        (42, "drop-delete-policy", "drop-delete-policy", "41d"),
        (44, "add-delete-policy", "add-delete-policy", "-"),
    ];
    for (window_days, until, step, left) in cases {
        let task = ordered(window_days, until).await;
        edit(&world, whole(&world), Some(window_days + 1), false).await.expect("changed");
        let failed = world.fail(task).await;
        assert_eq!(failed, (step.to_owned(), "delete-policy-not-wanted".to_owned()));
        assert_eq!(windows(&world).await, [left], "{step}");
        assert_eq!(settle(&world).await, 1, "{step}: the failure of another wish is no reason to wait");
        assert_eq!(windows(&world).await, [format!("{}d", window_days + 1)], "{step}");
        assert_eq!(alarms(&world).await, []);
    }
    // It is deleted meanwhile.
    let task = ordered(50, "drop-delete-policy").await;
    remove(&world, whole(&world), false).await.expect("deleted");
    assert_eq!(world.fail(task).await.1, "delete-policy-not-wanted");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["-".into()]));
    world.steer(task, crate::tasks::Steer::Retry).await;
    assert_eq!(world.fail(task).await.1, "delete-policy-not-wanted", "not by a retry either");
    assert_eq!(windows(&world).await, ["-"]);

    // It is edited after the watcher has decided: the transaction that writes the task sees that.
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    let strategy = world.control.metadata().strategy_list(Some(world.cluster)).await.expect("listed")[0].id;
    let context = &world.control.context;
    let cluster = context.cluster(world.cluster).await.expect("known");
    let plan = delete_policy::plan_now(context, &cluster, &[SHOP], days(60), Some(strategy)).await;
    let order = DeletePolicyOrder {
        cluster: world.cluster,
        tenants: vec![SHOP],
        wish: days(60),
        take_over: false,
        plan: plan.expect("planned").digest,
        strategy: Some(strategy),
    };
    let before = changes(&world).await.len();
    let refused = orders::submit(&world.control, &world.actor, Order::DeletePolicy(order), None).await;
    assert_eq!(refused.expect_err("another window").problem().text.id, "delete-policy-not-wanted");
    assert_eq!(changes(&world).await.len(), before);
}

async fn what_is_deleted_at_once_must_have_been_seen(profile: Profile) {
    let world = backed_up(profile).await;
    let unseen = create(&world, whole(&world), ask(&world, Some(3))).await;
    assert_eq!(unseen, Err("strategy-deletes-unseen".into()));
    let other = Some(digest(&world, whole(&world), 5).await);
    let other = StrategyAsk { seen_policies: other, ..ask(&world, Some(3)) };
    assert_eq!(create(&world, whole(&world), other).await, Err("strategy-policies-changed".into()));
    // Another set expires before the strategy is saved.
    let stale = ask_seen(&world, whole(&world), 3).await;
    pass(&world, 2 * DAY).await;
    assert_eq!(create(&world, whole(&world), stale).await, Err("strategy-policies-changed".into()));
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("nothing has expired by this window");
    assert_eq!(settle(&world).await, 1);
    let shorter = edit(&world, whole(&world), Some(3), false).await;
    assert_eq!(shorter, Err("strategy-deletes-unseen".into()));
    assert_eq!((settle(&world).await, sets(&world)), (0, vec![1, 2, 3]));
}

async fn a_longer_window_of_a_user_or_another_strategy_is_shortened_only_with_consent(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    let (control, actor) = (&world.control, &world.actor);
    let plan = delete_policies::preview(control, actor, world.cluster, &[SHOP], days(30)).await;
    let order = DeletePolicyOrder {
        cluster: world.cluster,
        tenants: vec![SHOP],
        wish: days(30),
        take_over: false,
        plan: plan.expect("planned").digest,
        strategy: None,
    };
    let task = delete_policies::change(control, actor, order, None).await.expect("accepted").task;
    world.finish(task).await;
    let needs_consent = async |window_days| {
        let filter =
            PolicyFilter { retention_days: Some(window_days), scope: Some(whole(&world)), storage: None };
        policies(&world, filter).await[0].needs_consent
    };
    assert!(needs_consent(7).await && !needs_consent(30).await && !needs_consent(31).await);
    let refused = create(&world, whole(&world), ask(&world, Some(7))).await;
    assert_eq!(refused, Err("strategy-foreign-policies".into()));
    create(&world, whole(&world), ask(&world, Some(31))).await.expect("longer");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["31d".into()]));
    // Its own is shortened without, and that of the cluster for a tenant only with consent.
    edit(&world, whole(&world), Some(29), false).await.expect("its own");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["29d".into()]));
    let refused = create(&world, of(&world, SHOP), ask(&world, Some(7))).await;
    assert_eq!(refused, Err("strategy-foreign-policies".into()));
    let agreed = StrategyAsk { take_over_policies: true, ..ask(&world, Some(7)) };
    create(&world, of(&world, SHOP), agreed).await.expect("with consent");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["7d".into()]));
    assert_eq!(alarms(&world).await, []);
}

/// Sets another destination of data for `shop` than the storage.
async fn elsewhere(world: &SimWorld) {
    let other = world.dir.path().join("data/elsewhere");
    std::fs::create_dir_all(&other).expect("a directory");
    let other = other.display();
    world.say(&format!("ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://{other}' TENANT = shop")).await;
}

async fn what_is_in_the_storage_must_have_been_seen_even_if_the_destination_is_elsewhere(profile: Profile) {
    let world = backed_up(profile).await;
    elsewhere(&world).await;
    // A backup of the strategy moves the destination into the storage, and then the database deletes there.
    let unseen = create(&world, whole(&world), ask(&world, Some(3))).await;
    assert_eq!(unseen, Err("strategy-deletes-unseen".into()));
    let storage = Some(world.storage);
    let filter = PolicyFilter { retention_days: Some(3), scope: Some(whole(&world)), storage };
    let shown = delete_policies::delete_policies(&world.control, &world.actor, world.cluster, filter).await;
    let shown = shown.expect("told");
    let expiring = shown.tenants[0].prediction.as_ref().expect("a window is asked about");
    assert_eq!(expiring.sets.iter().map(|set| set.id).collect::<Vec<_>>(), [1]);
    let seen = StrategyAsk { seen_policies: shown.digest, ..ask(&world, Some(3)) };
    create(&world, whole(&world), seen).await.expect("it was seen");
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-refused")));
    assert_eq!(sets(&world), [1, 2, 3]);
}

async fn a_policy_deletes_only_in_the_storage_of_the_strategy(profile: Profile) {
    let world = SimWorld::with(profile, &["shop"]).await;
    elsewhere(&world).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!((settle(&world).await, counts(&world)), (0, (0, 0)));
    assert_eq!(alarms(&world).await, alarm("shop", "policy-refused"), "it says why");
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["30d".into()]));
    assert_eq!(alarms(&world).await, []);
}

async fn a_policy_does_not_follow_a_backup_into_another_storage(profile: Profile) {
    let world = backed_up(profile).await;
    create(&world, whole(&world), ask(&world, Some(30))).await.expect("saved");
    assert_eq!((settle(&world).await, windows(&world).await), (1, vec!["30d".into()]));
    // In its own storage, it stays.
    let task = world.begin(world.wish(Full)).await;
    world.finish(task).await;
    assert_eq!(windows(&world).await, ["30d"]);
    let other = world.dir.path().join("data/archive");
    std::fs::create_dir_all(&other).expect("a directory");
    let location = StorageLocation::from_uri(&format!("file://{}", other.display())).expect("a path");
    let storage = Some(StorageChoice::Typed { location, secret: None });
    world.say("ALTER SYSTEM NOARCHIVELOG TENANT = shop").await;
    pass(&world, DAY / 24).await;
    let wish = BackupNow { storage, ..world.wish(Full) };
    let plan = backups::plan(&world.control, &world.actor, wish.clone()).await.expect("it is possible");
    let told = |id: &str| plan.steps.iter().flat_map(|step| &step.notes).any(|note| note.id == id);
    assert!(told("plan-drop-delete-policy"), "{plan:?}");
    let task = world.begin(wish).await;
    world.finish(task).await;
    assert_eq!(windows(&world).await, ["-"], "it was dropped before the destination moved");
    assert!(world.story(task).await.contains("delete-policy-dropped-before-move"));
    assert_eq!((settle(&world).await, alarms(&world).await), (0, alarm("shop", "policy-dropped")));
    assert_eq!(sets(&world).len(), 5, "nothing was deleted");
}
