//! A recovery to the end of one set, which the request names by its ID in the cluster.

use model::backup::DataBackupMode::Full;
use model::order::{RecoverUntil, TenantRecovery};
use sim::Profile;

use super::Recovery;
use crate::backups;
use crate::testing::simulated::on_both_4x;

on_both_4x! {
    a_tenant_is_recovered_to_the_end_of_the_set_that_is_named,
}

async fn a_tenant_is_recovered_to_the_end_of_the_set_that_is_named(profile: Profile) {
    let recovery = Recovery::small(profile).await;
    let world = &recovery.world;
    let task = world.begin(backups::BackupNow { plus_archivelog: true, ..world.wish(Full) }).await;
    world.finish(task).await;
    world.handle.advance_seconds(120.0); // log backup passes the end of the set
    let end = world.sets_of(task).await.first().expect("a set was recorded").scn;
    let [first, ..] = recovery.moments().await;
    for (name, set, expected) in [("shop_2", 2, end), ("shop_3", 1, first)] {
        let wish = TenantRecovery { tenant: name.into(), ..recovery.wish(RecoverUntil::Set(set)) };
        let task = recovery.begin(wish).await;
        world.finish(task).await;
        assert_eq!(recovery.tenant(name).expect("it is there")["data_scn"], expected, "{name}");
    }
    let wish = TenantRecovery { tenant: "shop_4".into(), ..recovery.wish(RecoverUntil::Set(7)) };
    let task = recovery.begin(wish).await;
    let expected = ("check-recovery-source".to_owned(), "recovery-set-unknown".to_owned());
    assert_eq!(world.fail(task).await, expected);
    assert!(recovery.message(task).await.contains("1, 2"), "the sets that can be chosen are named");
}
