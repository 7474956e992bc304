//! Files that another program puts into the storage while a backup runs.

use super::{assert_backed_up, run_up_to, sets_of};
use crate::tasks::Steer;
use crate::testing::World;

#[tokio::test]
async fn a_foreign_manifest_is_never_verified() {
    let world = World::new("control_backup_replaced").await;
    let task = world.begin_backup().await;
    run_up_to(&world, task, "verify-backup-set").await;
    let (complete, _) = world.dump_ids().await;
    let path = format!("{}/manifest.json", complete[0]);
    let ours = world.dumps().get(&path, 1 << 30).await.expect("a manifest");
    let text = String::from_utf8(ours.to_vec()).expect("JSON");
    // The manifest is complete and matches the objects, but is unsigned.
    let content = text.lines().next().expect("two lines");
    let hash = blake3::hash(content.as_bytes()).to_hex();
    let sealed = format!("{content}\n{{\"blake3\":\"{hash}\",\"signature\":null}}\n");
    world.dumps().put(&path, sealed.into()).await.expect("written");
    assert_eq!(world.fail(task).await, "dump-another");
    assert_eq!(sets_of(&world, task).await, []);

    world.dumps().put(&path, ours).await.expect("written");
    world.steer(task, Steer::Retry).await;
    world.finish(task).await;
    assert_backed_up(&world, task, "replaced").await;
}
