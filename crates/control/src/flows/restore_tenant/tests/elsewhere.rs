//! The target's servers may see another storage at the same path, with backups of the same names and numbers.

use model::order::{RecoverUntil, TenantRecovery};
use sim::{ClusterConfig, Profile, TenantConfig};
use tempfile::TempDir;

use super::Recovery;
use crate::testing::simulated::on_both_4x;

on_both_4x! {
    backups_of_another_storage_at_the_same_path_are_refused,
}

async fn backups_of_another_storage_at_the_same_path_are_refused(profile: Profile) {
    let recovery = Recovery::small(profile).await;
    let world = &recovery.world;
    let [_, _, between] = recovery.moments().await;
    let config = ClusterConfig {
        version: profile.to_string(),
        id: 2,
        tenants: vec![TenantConfig::named("shop")],
        ..ClusterConfig::default()
    };
    // Its own full backup is also set 1 of tenant 1002, and can be recovered to the same time.
    let start_us = i64::try_from(between / 1_000).expect("a moment") - 1_600_000_000;
    let root = TempDir::new().expect("a directory");
    let (cluster, handle) = world.another("dr", config, start_us, root.path()).await;
    let base = format!("file://{}/obcluster/1/1002", world.dir.path().join("data/backups").display());
    for statement in [
        format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={base}/clog' TENANT = shop"),
        format!("ALTER SYSTEM SET DATA_BACKUP_DEST = '{base}/data' TENANT = shop"),
        "ALTER SYSTEM ARCHIVELOG TENANT = shop".to_owned(),
        "ALTER SYSTEM BACKUP TENANT shop".to_owned(),
        "CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'".to_owned(),
    ] {
        world.say_to(&handle, &statement).await;
        handle.advance_seconds(60.0);
    }
    handle.advance_seconds(1_800.0);
    let wish = TenantRecovery { cluster, ..recovery.wish(RecoverUntil::Scn(between)) };
    let task = recovery.begin(wish).await;
    let (step, why) = world.fail(task).await;
    assert_eq!((step.as_str(), why.as_str()), ("check-recovery-source", "recovery-backups-differ"));
}
