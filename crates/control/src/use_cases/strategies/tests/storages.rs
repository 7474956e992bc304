//! Storages that are typed in with a strategy.

use model::Secret;
use model::backup::BackupMethod;
use model::id::TenantId;
use model::storage::{StorageLocation, StorageType};
use model::strategy::Scope;
use sim::Profile;

use super::super::{
    NamedStorage, PauseToo, StrategyAsk, StrategyChange, change, create, next_runs, pause, remove,
};
use super::refusals::give_account;
use super::{ask, refusal, whole};
use crate::storages::StorageChoice;
use crate::testing::simulated::SimWorld;

#[tokio::test]
async fn a_typed_in_storage_is_edited_and_used_again_instead_of_added_twice() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
    let typed = |id: &str, secret: Option<&str>, name: Option<&str>| {
        let location = StorageLocation {
            kind: StorageType::S3,
            path: "bucket/prod".into(),
            endpoint: Some("s3.example.com".into()),
            access_key_id: Some(id.into()),
            app_id: None,
        };
        let choice = StorageChoice::Typed { location, secret: secret.map(Secret::new) };
        Some(NamedStorage { choice, name: name.map(str::to_owned) })
    };
    let new = StrategyAsk { storage: typed("eve", Some("one"), None), ..ask(&world, "FULL_BACKUP") };
    let made = create(control, actor, scope, new).await.expect("created").storage;
    let edit = async |storage| {
        change(control, actor, scope, StrategyChange { storage, ..StrategyChange::default() }).await
    };
    let secret = async || {
        let secret = control.metadata().storage_secret(made.id).await.expect("answers");
        secret.expect("a secret").expose().to_owned()
    };
    assert_eq!(refusal(edit(typed("eve", None, Some("prod"))).await).0, 20116, "nothing is changed");
    assert_eq!(refusal(edit(typed("eve", Some("one"), None)).await).0, 20116, "nothing is changed");
    let changed = edit(typed("eve", Some("two"), Some("night"))).await.expect("changed").storage;
    assert_eq!((changed.id, changed.name.as_deref()), (made.id, Some("night")));
    assert_eq!(secret().await, "two");
    let other_account = edit(typed("mallory", None, None)).await;
    assert_eq!(refusal(other_account).1, "storage-secret-needed", "the stored secret is eve's");
    edit(typed("mallory", Some("three"), None)).await.expect("changed");
    assert_eq!(secret().await, "three");

    remove(control, actor, scope, false).await.expect("deleted");
    let again = StrategyAsk { storage: typed("mallory", Some("three"), None), ..ask(&world, "FULL_BACKUP") };
    let again = create(control, actor, scope, again).await.expect("created").storage;
    assert_eq!(again.id, made.id, "the library has it already");
    let named = StrategyAsk { storage: typed("mallory", Some("four"), None), ..ask(&world, "FULL_BACKUP") };
    let shop = Scope::Tenant(world.cluster, TenantId(1002));
    let of_shop = create(control, actor, shop, named).await.expect("created").storage;
    assert_eq!(of_shop.name.as_deref(), Some("prod-shop"), "another key is another storage");
    let next = next_runs(control, actor, scope).await.expect("listed");
    assert_eq!(next.runs.len(), 30);
    pause(control, actor, scope, PauseToo::default()).await.expect("paused");
    let next = next_runs(control, actor, scope).await.expect("listed");
    assert_eq!((next.runs, next.last_day_continues), (vec![], false), "none while it is paused");
}

#[tokio::test]
async fn a_tenants_strategy_without_a_storage_takes_that_of_the_cluster_with_the_same_method() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (control, actor) = (&world.control, &world.actor);
    let shop = Scope::Tenant(world.cluster, TenantId(1002));
    let without = || StrategyAsk { storage: None, ..ask(&world, "FULL_BACKUP") };
    let location = StorageLocation::directory(&world.dir.path().join("data/other").to_string_lossy());
    let typed = StorageChoice::Typed { location: location.expect("a path"), secret: None };
    let elsewhere = Some(NamedStorage { choice: typed, name: None });
    let new = StrategyAsk { storage: elsewhere, ..ask(&world, "FULL_BACKUP") };
    let of_cluster = create(control, actor, whole(&world), new).await.expect("created").storage;
    assert_ne!(of_cluster.id, world.storage);

    // With two storages and no backup, there is no other default.
    give_account(&world, 1002).await;
    let logical = StrategyAsk { method: Some(BackupMethod::Logical), ..without() };
    assert_eq!(refusal(create(control, actor, shop, logical).await).0, 20010);
    let of_shop = create(control, actor, shop, without()).await.expect("created").storage;
    assert_eq!(of_shop.id, of_cluster.id);
    for (scope, code) in [(whole(&world), 20100), (shop, 20101)] {
        assert_eq!(refusal(create(control, actor, scope, without()).await).0, code, "before the storage");
    }
}

#[tokio::test]
async fn a_default_name_that_another_storage_has_gets_a_number() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let directory = |name: &str| {
        let path = world.dir.path().join("data").join(name);
        StorageLocation::directory(&path.to_string_lossy()).expect("a path")
    };
    let mut writer = world.control.metadata().begin().await.expect("begins");
    writer.storage_insert(Some("prod"), &directory("first"), None).await.expect("saved");
    writer.commit().await.expect("saved");
    let choice = StorageChoice::Typed { location: directory("other"), secret: None };
    let new =
        StrategyAsk { storage: Some(NamedStorage { choice, name: None }), ..ask(&world, "FULL_BACKUP") };
    let made = create(&world.control, &world.actor, whole(&world), new).await.expect("created");
    assert_eq!(made.storage.name.as_deref(), Some("prod-2"));
}
