//! Whatever crashes or repeats, one backup is one complete dump, and nothing half-taken passes for whole.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use dump::{Meter, Source};
use engine::{TaskStatus, testkit};
use metadata::Slice;
use metadata::backup_sets::BackupSetQuery;
use model::backup_set::{BackupSet, BackupSetStatus};
use model::id::TaskId;
use oceanbase::NoWitness;
use tokio_util::sync::CancellationToken;

use super::BackupLogical;
use crate::flows::testing::{Ended, ROWS, World};
use crate::tasks::{self, Steer};

async fn sets_of(world: &World, task: TaskId) -> Vec<BackupSet> {
    let query = BackupSetQuery { task: Some(task), ..BackupSetQuery::default() };
    let all = Slice { offset: 0, limit: 100 };
    world.control.metadata().backup_set_list(&query, all).await.expect("answers").items
}

/// The task has made exactly one backup set, and the database is what that holds.
async fn assert_backed_up(world: &World, task: TaskId, what: &str) {
    let sets = sets_of(world, task).await;
    let [set] = &sets[..] else { panic!("{what}: {} backup sets", sets.len()) };
    assert_eq!((set.tables, set.rows), (3, 2 * ROWS + 3), "{what}");
    assert_eq!(set.status, BackupSetStatus::Available, "{what}");
    let id = set.path.rsplit('/').next().expect("a folder").parse().expect("an id");
    let source = Source { endpoint: world.endpoint(), witness: Arc::new(NoWitness) };
    let (meter, cancel) = (Meter::new(), CancellationToken::new());
    let report =
        dump::verify_against(&source, &world.dumps(), &id, &BTreeMap::new(), 2, &meter, &cancel).await;
    let report = report.expect("compared");
    assert!(report.is_clean() && report.rows == set.rows, "{what}: {report:?}");
}

#[tokio::test]
async fn one_backup_is_taken_whatever_step_crashes_or_repeats() {
    let world = World::new("control_backup_crashes").await;
    for (number, fault) in testkit::faults::<BackupLogical>().enumerate() {
        let what = format!("{fault:?}");
        let task = world.begin_backup().await;
        let met = world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, engine::Fault::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}");
        if is_crash {
            world.finish(task).await;
        }
        let (complete, unfinished) = world.dump_ids().await;
        assert_eq!((complete.len(), unfinished), (number + 1, vec![]), "{what}");
        assert_backed_up(&world, task, &what).await;
        assert_eq!(world.running_statements().await, Vec::<String>::new(), "{what}");
    }
}
