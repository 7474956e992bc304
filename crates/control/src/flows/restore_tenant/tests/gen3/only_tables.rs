//! A new tenant with some tables only.

use engine::{TaskStatus, testkit};
use model::order::{RecoverUntil, TenantRecovery};
use model::physical::restore::TableName;
use serde_json::json;
use sim::Profile;

use super::{Recovery, VERSIONS};
use crate::flows::restore_tenant::RestoreTenant;
use crate::flows::restore_tenant::tests::roll_back_in;
use crate::restores;
use crate::testing::Ended;
use crate::testing::simulated::SimWorld;

/// Both are in the backup.
const BOTH: [&str; 2] = ["shop.items", "shop.odd`name"];

async fn recovery(profile: Profile) -> Recovery {
    let change = |cluster: &mut sim::ClusterConfig| {
        cluster.tenants[0].tables =
            ["shop.items", "shop.odd`name", "shop.orders", "crm.people"].map(String::from).into();
    };
    let world = SimWorld::changed(profile, &["shop"], change).await;
    Recovery::of(world, None, &[model::backup::DataBackupMode::Full]).await
}

fn only(recovery: &Recovery, scn: u64, names: &[&str]) -> TenantRecovery {
    let table = |name: &&str| {
        let (database, table) = name.split_once('.').expect("a table");
        TableName { database: database.into(), table: table.into() }
    };
    TenantRecovery { tables: names.iter().map(table).collect(), ..recovery.wish(RecoverUntil::Scn(scn)) }
}

impl Recovery {
    fn assert_tables(&self, expected: &[&str], what: &str) {
        let tenant = self.tenant("shop_2").unwrap_or_else(|| panic!("{what}: it is not there"));
        let tables = tenant["tables"].as_object().expect("a map").keys().cloned().collect::<Vec<_>>();
        assert_eq!(tables, expected, "{what}");
    }
}

#[tokio::test]
async fn a_new_tenant_gets_only_the_chosen_tables() {
    for profile in VERSIONS {
        let (recovery, what) = (recovery(profile).await, profile.to_string());
        let [_, _, between] = recovery.moments().await;
        let (control, actor) = (&recovery.world.control, &recovery.world.actor);
        let wish = only(&recovery, between, &BOTH);
        let plan = restores::plan_tenant(control, actor, wish.clone()).await.expect("planned");
        let check = plan.steps.iter().find(|step| step.step == "check-destination").expect("a step");
        assert!(check.notes.iter().any(|note| note.id == "recovery-only-tables"), "{check:?}");
        let task = recovery.begin(wish).await;
        recovery.world.finish(task).await;
        recovery.assert_recovered(between, &what);
        recovery.assert_tables(&BOTH, &what);
        let start =
            "ALTER SYSTEM RESTORE `shop`.`items`,`shop`.`odd``name` FOR `shop_2` FROM `shop` AT 'file://";
        assert_eq!(recovery.world.count_acts(start), 1, "{what}: {:?}", recovery.world.acts());
        let job = &recovery.world.handle.world(0)["three"]["restores"][0];
        assert_eq!(job["tables"], json!([["shop", "items"], ["shop", "odd`name"]]), "{what}");
    }
}

#[tokio::test]
async fn a_table_that_the_backup_does_not_have_fails_the_recovery_and_leaves_nothing() {
    let recovery = recovery(Profile::V3_2_4).await;
    let [_, _, between] = recovery.moments().await;
    let before = recovery.pools();
    let task = recovery.begin(only(&recovery, between, &["shop.items", "shop.gone"])).await;
    let expected = ("wait-for-restore".to_owned(), "restore-job-failed".to_owned());
    assert_eq!(recovery.world.fail(task).await, expected);
    assert_eq!(roll_back_in(&recovery.world, task).await, TaskStatus::RolledBack);
    assert_eq!((recovery.tenant("shop_2"), recovery.pools()), (None, before));
}

#[tokio::test]
async fn one_restore_of_tables_is_begun_whatever_step_crashes_or_repeats() {
    for fault in testkit::faults::<RestoreTenant>() {
        let (recovery, what) = (recovery(Profile::V3_1_5).await, format!("{fault:?}"));
        let [_, _, between] = recovery.moments().await;
        let task = recovery.begin(only(&recovery, between, &BOTH)).await;
        if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(between, &what);
        recovery.assert_tables(&BOTH, &what);
    }
}

#[tokio::test]
async fn since_4_0_no_new_tenant_is_restored_with_some_tables_only() {
    let world = SimWorld::with(Profile::V4_2_5, &["shop"]).await;
    let tenants = world.control.metadata().tenant_list(world.cluster).await.expect("answers");
    let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it is known").id;
    let recovery = Recovery { world, shop };
    let wish = only(&recovery, 1_760_000_000_000_000_000, &BOTH);
    let (control, actor) = (&recovery.world.control, &recovery.world.actor);
    let refusal = restores::restore_tenant(control, actor, wish, None).await.expect_err("refused");
    assert_eq!(
        (refusal.problem().text.id.as_str(), refusal.problem().code),
        ("recovery-table-list-not-offered", 20108)
    );
    assert_eq!(recovery.changes(), 0);
}
