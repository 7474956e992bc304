//! Refused requests, and their entries in the audit log.

use std::collections::BTreeSet;

use metadata::Slice;
use model::Timestamp;
use model::backup::BackupMethod::Logical;
use model::backup::DataBackupMode::Incremental;
use model::storage::StorageLocation;
use model::user::Role;
use sim::Profile;

use super::{ask, create, hourly, outcomes, refusal, round, until_due, whole};
use crate::storages::StorageChoice;
use crate::strategies::{self, NamedStorage, RunStatus, StrategyAsk, StrategyChange};
use crate::testing::simulated::SimWorld;
use crate::{Actor, PageAsk};

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
    assert_eq!(refusal(strategies::remove(control, actor, scope).await).0, 20106);
    create(&world, scope, "FULL_BACKUP").await;
    assert_eq!(refusal(strategies::create(control, actor, scope, ask(&world, "FULL_BACKUP")).await).0, 20100);
    assert_eq!(refusal(strategies::change(control, actor, scope, StrategyChange::default()).await).0, 20116);
    let other = StrategyChange { schedule: Some(hourly("INCREMENTAL_BACKUP")), ..StrategyChange::default() };
    until_due(&world).await;
    strategies::change(control, actor, scope, other).await.expect("changed");
    round(&world).await;
    let replaced = (RunStatus::Missed, Some("run-replaced".to_owned()));
    assert_eq!(
        outcomes(&world, scope).await,
        [replaced],
        "the old schedule's run is not lost without a trace"
    );
    let next = strategies::next_runs(control, actor, scope).await.expect("listed");
    assert_eq!(next.len(), 30);
    assert!(next[0].due.at > Timestamp(0) && next.iter().all(|run| run.due.kind == Incremental));
    let page = strategies::list(control, actor, None, PageAsk::default()).await.expect("listed");
    assert_eq!((page.total_elements, page.contents[0].cluster_name.as_str()), (1, "prod"));
    strategies::remove(control, actor, scope).await.expect("deleted");
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
