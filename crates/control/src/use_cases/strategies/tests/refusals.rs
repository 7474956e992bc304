//! Refused requests, and their entries in the audit log.

use std::collections::BTreeSet;

use metadata::Slice;
use metadata::tenant_credentials::TenantCredential;
use model::backup::BackupMethod::{Logical, Physical};
use model::backup::DataBackupMode::{Full, Incremental};
use model::id::TenantId;
use model::storage::StorageLocation;
use model::strategy::Scope;
use model::text::Language;
use model::user::Role;
use model::{Secret, Timestamp};
use sim::Profile;

use super::{ask, create, hourly, outcomes, refusal, round, until_due, whole};
use crate::storages::StorageChoice;
use crate::strategies::{self, NamedStorage, RunFilter, RunStatus, StrategyAsk, StrategyChange};
use crate::testing::simulated::SimWorld;
use crate::{Actor, PageAsk};

/// Stores a logical backup account of a tenant.
pub(super) async fn give_account(world: &SimWorld, tenant: i64) {
    let account = TenantCredential { user: "backup".to_owned(), password: Secret::new("secret") };
    let mut writer = world.control.metadata().begin().await.expect("may write");
    writer.tenant_credential_set(world.cluster, TenantId(tenant), &account).await.expect("kept");
    writer.commit().await.expect("kept");
}

#[tokio::test]
async fn a_strategy_is_refused_with_ocps_numbers_and_every_change_is_in_the_audit_log() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
    let viewer = Actor { role: Role::ClusterViewer, ..actor.clone() };
    let refused = strategies::create(control, &viewer, scope, ask(&world, "FULL_BACKUP")).await;
    assert_eq!(refusal(refused).1, "permission-missing");
    assert_eq!(refusal(strategies::get(control, actor, scope).await).0, 20106);
    assert_eq!(
        refusal(strategies::pause(control, actor, scope, strategies::PauseToo::default()).await).0,
        20106
    );
    assert_eq!(refusal(strategies::remove(control, actor, scope, false).await).0, 20106);
    create(&world, scope, "FULL_BACKUP").await;
    assert_eq!(refusal(strategies::create(control, actor, scope, ask(&world, "FULL_BACKUP")).await).0, 20100);
    assert_eq!(refusal(strategies::change(control, actor, scope, StrategyChange::default()).await).0, 20116);
    let other = StrategyChange { schedule: Some(hourly("INCREMENTAL_BACKUP")), ..StrategyChange::default() };
    until_due(&world).await;
    strategies::change(control, actor, scope, other).await.expect("changed");
    round(&world).await;
    let changed = (RunStatus::Missed, Some("run-schedule-changed".to_owned()));
    assert_eq!(
        outcomes(&world, scope).await,
        [changed],
        "the old schedule's run is not lost without a trace"
    );
    let next = strategies::next_runs(control, actor, scope).await.expect("listed").runs;
    assert_eq!(next.len(), 30);
    assert_eq!(next[0].due.kind, Full, "there is no full backup to build on");
    assert!(next[0].due.at > Timestamp(0) && next[1..].iter().all(|run| run.due.kind == Incremental));
    let page = strategies::list(control, actor, None, PageAsk::default()).await.expect("listed");
    assert_eq!((page.total_elements, page.contents[0].cluster_name.as_str()), (1, "prod"));
    strategies::remove(control, actor, scope, false).await.expect("deleted");
    assert_eq!(refusal(strategies::get(control, actor, scope).await).0, 20106);
    let lines =
        world.control.metadata().audit_list(&metadata::audit::AuditFilter::default(), Slice::ALL).await;
    let deeds: BTreeSet<_> = lines
        .expect("listed")
        .items
        .into_iter()
        .map(|line| (line.deed.action, line.deed.outcome))
        .filter(|(action, _)| action.starts_with("strategy"))
        .collect();
    let deed = |action: &str, outcome: &str| (action.to_owned(), outcome.to_owned());
    let expected = [
        deed("strategy-create", "done"),
        deed("strategy-create", "permission-missing"),
        deed("strategy-create", "strategy-of-cluster-exists"),
        deed("strategy-delete", "done"),
        deed("strategy-delete", "strategy-missing"),
        deed("strategy-pause", "strategy-missing"),
        deed("strategy-update", "done"),
        deed("strategy-update", "strategy-unchanged"),
    ];
    assert_eq!(deeds, BTreeSet::from(expected));
}

/// One request for each of OCP's numbers that a strategy can be refused with. `docs/operate/strategies.md` says why the
/// others cannot occur.
#[tokio::test]
async fn every_refusal_names_the_object_or_the_setting_the_cause_and_the_fix_in_both_languages() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (control, actor, cluster) = (&world.control, &world.actor, whole(&world));
    let tenant = Scope::Tenant(world.cluster, TenantId(1002));
    let sys = Scope::Tenant(world.cluster, TenantId(1));
    let new = |scope, ask| strategies::create(control, actor, scope, ask);
    let edit = |change| strategies::change(control, actor, cluster, change);
    let usual = || ask(&world, "FULL_BACKUP");
    let of = |method, kind| StrategyAsk { method: Some(method), ..ask(&world, kind) };
    let get = |scope| strategies::get(control, actor, scope);
    let mut found =
        vec![(20106, "prod", get(cluster).await.err()), (20106, "prod/shop", get(tenant).await.err())];
    found.push((
        20106,
        "prod",
        strategies::runs(control, actor, cluster, RunFilter::default(), PageAsk::default()).await.err(),
    ));
    create(&world, cluster, "FULL_BACKUP").await;
    found.push((20100, "prod", new(cluster, usual()).await.err()));
    found.push((20106, "prod/shop", get(tenant).await.err()));
    found.push((20110, "", new(tenant, of(Logical, "INCREMENTAL_BACKUP")).await.err()));
    found.push((20113, "", new(tenant, StrategyAsk { secondary_backup: true, ..usual() }).await.err()));
    found.push((20108, "sys", new(sys, of(Physical, "FULL_BACKUP")).await.err()));
    // Without a storage, which none of the two would be by default, the reason is the same.
    let second = StorageLocation::directory(&world.dir.path().join("data/second").to_string_lossy());
    let mut writer = control.metadata().begin().await.expect("may write");
    writer.storage_insert(Some("second"), &second.expect("a path"), None).await.expect("added");
    writer.commit().await.expect("added");
    let nowhere = StrategyAsk { storage: None, ..of(Logical, "FULL_BACKUP") };
    found.push((20108, "sys", new(sys, nowhere).await.err()));
    create(&world, tenant, "FULL_BACKUP").await;
    found.push((20101, "prod/shop", new(tenant, usual()).await.err()));
    found.push((
        20112,
        "",
        edit(StrategyChange { method: Some(Logical), ..StrategyChange::default() }).await.err(),
    ));
    found.push((20116, "", edit(StrategyChange::default()).await.err()));
    found.push((
        20113,
        "",
        edit(StrategyChange { secondary_backup: true, ..StrategyChange::default() }).await.err(),
    ));
    for (code, object, refusal) in found {
        let problem = refusal.expect("refused").into_problem();
        assert_eq!(problem.code, code, "{problem:?}");
        for language in [Language::En, Language::Zh] {
            let words = [
                problem.text.cause(language),
                problem.text.action(language),
                Some(problem.text.message(language)),
            ];
            for words in words {
                let words = words.unwrap_or_else(|| panic!("{code} has no cause or fix: {problem:?}"));
                assert!(!words.contains('{') && words != problem.text.id, "{code}: {words}");
            }
            assert!(problem.text.message(language).contains(object), "{code}: {problem:?}");
        }
    }
}

#[tokio::test]
async fn a_check_is_refused_as_the_save_would_be_and_saves_nothing() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
    let typed = StorageLocation::directory(&world.dir.path().join("data/other").to_string_lossy());
    let typed = StorageChoice::Typed { location: typed.expect("a path"), secret: None };
    let elsewhere = || Some(NamedStorage { choice: typed.clone(), name: None });
    let new = StrategyAsk { storage: elsewhere(), ..ask(&world, "FULL_BACKUP") };
    strategies::check_new(control, actor, scope, new).await.expect("nothing to refuse");
    assert_eq!(refusal(strategies::get(control, actor, scope).await).0, 20106, "it is not created");
    let logical = || StrategyAsk { method: Some(Logical), ..ask(&world, "INCREMENTAL_BACKUP") };
    assert_eq!(refusal(strategies::check_new(control, actor, scope, logical()).await).0, 20110);

    create(&world, scope, "FULL_BACKUP").await;
    let before = strategies::get(control, actor, scope).await.expect("found");
    let check = async |change| strategies::check_change(control, actor, scope, change).await;
    let kept = StrategyChange::default;
    assert_eq!(refusal(check(kept()).await).0, 20116);
    assert_eq!(refusal(check(StrategyChange { method: Some(Logical), ..kept() }).await).0, 20112);
    let moved = StrategyChange { storage: elsewhere(), ..kept() };
    assert_eq!(refusal(check(moved.clone()).await).1, "strategy-storage-move");
    check(StrategyChange { accept_storage_move: true, ..moved }).await.expect("nothing to refuse");
    check(StrategyChange { enabled: Some(false), ..kept() }).await.expect("nothing to refuse");
    assert_eq!(strategies::get(control, actor, scope).await.expect("found"), before);
    let storages = control.metadata().storage_list().await.expect("listed");
    assert_eq!(storages.len(), 1, "the typed-in storage is not added: {storages:?}");
}

#[tokio::test]
async fn a_logical_strategy_without_an_account_to_read_with_is_refused() {
    let world = SimWorld::new(Profile::V4_2_5).await;
    let (scope, control, actor) = (whole(&world), &world.control, &world.actor);
    let logical = || StrategyAsk { method: Some(Logical), ..ask(&world, "FULL_BACKUP") };
    let shop = Scope::Tenant(world.cluster, TenantId(1002));
    for scope in [scope, shop] {
        let expected = (20036, "tenant-credential-missing".to_owned());
        assert_eq!(refusal(strategies::create(control, actor, scope, logical()).await), expected);
        assert_eq!(refusal(strategies::check_new(control, actor, scope, logical()).await), expected);
    }
    // One readable tenant is enough for the cluster; its backup names the others.
    give_account(&world, 1004).await;
    assert_eq!(refusal(strategies::create(control, actor, shop, logical()).await).0, 20036);
    strategies::check_new(control, actor, scope, logical()).await.expect("there is one to back up");
    // A tenant that has its own strategy does not help that of the cluster.
    let books = Scope::Tenant(world.cluster, TenantId(1004));
    strategies::create(control, actor, books, logical()).await.expect("created");
    assert_eq!(refusal(strategies::create(control, actor, scope, logical()).await).0, 20036);
}
