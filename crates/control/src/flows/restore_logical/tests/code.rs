//! Code, users and privileges are recovered at the request of an administrator; the report lists everything that is
//! not created.

use dump::load;
use engine::{Fault, TaskStatus, testkit};
use model::not_made::PartKind;
use model::recovery::RecoveryRequest;
use model::user::Role;

use super::{Recovery, RestoreLogical};
use crate::actor::Actor;
use crate::restores::{self, RestoreFilter};
use crate::tasks::{self, Steer};
use crate::testing::{Ended, World};
use crate::{PageAsk, backups};

/// Makes a world whose database has a procedure, a function, a trigger, and a view that calls the function.
async fn world_with_code(database: &str) -> World {
    let world = World::new(database).await;
    for sql in [
        "CREATE FUNCTION twice (x BIGINT) RETURNS BIGINT DETERMINISTIC RETURN x * 2",
        "CREATE PROCEDURE add_one (IN n BIGINT) INSERT INTO parent VALUES (n, 'by code')",
        "CREATE TRIGGER shout BEFORE INSERT ON parent FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
        "CREATE VIEW doubled AS SELECT twice(id) AS n FROM parent",
    ] {
        world.alter(sql).await;
    }
    world
}

async fn recovery_with_code(database: &str) -> Recovery {
    Recovery { with_code: true, ..Recovery::of(world_with_code(database).await).await }
}

impl Recovery {
    /// Returns the code in the target.
    async fn code(&self) -> Vec<String> {
        let mut all = Vec::new();
        for list in [
            "ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA",
            "TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA",
        ] {
            all.extend(self.world.ask(&format!("SELECT {list} = '{}' ORDER BY 1", self.target)).await);
        }
        all
    }

    /// Returns what a task's recovery did not create, according to the task.
    async fn not_made(&self, task: model::id::TaskId) -> Vec<(PartKind, String)> {
        let shown = tasks::get(&self.world.control, &self.world.actor, task).await.expect("shown");
        shown.not_made.into_iter().map(|part| (part.kind, part.name)).collect()
    }

    fn named(&self, name: &str) -> String {
        format!("`{}`.`{name}`", self.target)
    }
}

#[tokio::test]
async fn code_is_recovered_once_whatever_step_crashes_or_repeats() {
    let recovery = recovery_with_code("control_restore_code").await;
    for fault in testkit::faults::<RestoreLogical>() {
        let task = recovery.begin().await;
        if recovery.world.run(task, Some(fault)).await == Ended::Crashed {
            recovery.world.finish(task).await;
        }
        let story = recovery.world.story(task).await;
        assert!(recovery.compare().await.is_clean(), "{fault:?}");
        assert_eq!(recovery.tables().await, ["child", "doubled", "loose", "parent", "totals"], "{fault:?}");
        assert_eq!(recovery.code().await, ["add_one", "twice", "shout"], "{fault:?}: {story}");
        assert!(recovery.not_made(task).await.is_empty(), "{fault:?}");
        assert!(!story.contains("recovery-partial"), "{fault:?}: {story}");
        recovery.world.alter(&format!("CALL `{}`.add_one(-7)", recovery.target)).await;
        let named = format!("SELECT name FROM `{}`.parent WHERE id = -7", recovery.target);
        assert_eq!(recovery.world.ask(&named).await, ["BY CODE"], "{fault:?}");
        recovery.drop_target().await;
    }
    let count = format!("SELECT name FROM `{}`.parent WHERE id = -7", recovery.world.database);
    assert_eq!(recovery.world.ask(&count).await, [""; 0], "the source is untouched");
}

#[tokio::test]
async fn code_that_was_not_requested_is_listed_and_makes_the_recovery_partial() {
    let recovery = Recovery { with_code: false, ..recovery_with_code("control_restore_codeless").await };
    let Recovery { world, .. } = &recovery;
    let expected = [
        (PartKind::Routines, recovery.named("twice")),
        (PartKind::Routines, recovery.named("add_one")),
        (PartKind::Triggers, recovery.named("shout")),
    ];
    let plan = restores::plan(&world.control, &world.actor, recovery.wish()).await.expect("planned");
    let planned: Vec<_> = plan.not_made.into_iter().map(|part| (part.kind, part.name)).collect();
    assert_eq!(planned, expected);
    for fault in [Fault::RunTwice("check-recovery-source"), Fault::RunTwice("create-indexes")] {
        let task = recovery.begin().await;
        assert_eq!(world.run(task, Some(fault)).await, Ended::Finished(TaskStatus::Successful));
        assert_eq!(recovery.code().await, [""; 0]);
        let mut told = recovery.not_made(task).await;
        assert_eq!(
            told.pop(),
            Some((PartKind::Views, recovery.named("doubled"))),
            "what calls it is told, too"
        );
        assert_eq!(told, expected);
        let story = world.story(task).await;
        for note in
            ["not-requested-function", "not-requested-trigger", "load-view-refused", "recovery-partial"]
        {
            assert!(story.contains(note), "{note}: {story}");
        }
        let filter = RestoreFilter::default();
        let listed = restores::restore_tasks(&world.control, &world.actor, &filter, PageAsk::default()).await;
        let listed = listed.expect("listed").contents.remove(0);
        assert_eq!((listed.task, listed.not_made.len()), (task, 4));
        recovery.drop_target().await;
    }
    let with_code = RecoveryRequest { with_code: true, ..recovery.wish() };
    let manager = Actor { role: Role::BackupManager, ..world.actor.clone() };
    let refused = restores::plan(&world.control, &manager, with_code.clone()).await.expect_err("a plan");
    assert_eq!(refused.problem().text.id, "recovery-with-code");
    let refused = restores::restore(&world.control, &manager, with_code, None).await.expect_err("a recovery");
    assert_eq!(refused.problem().text.id, "recovery-with-code");
}

#[tokio::test]
async fn code_of_others_is_listed_one_by_one_before_it_is_made() {
    let recovery = recovery_with_code("control_restore_definer").await;
    let Recovery { world, .. } = &recovery;
    let plan = restores::plan(&world.control, &world.actor, recovery.wish()).await.expect("planned");
    let notes: Vec<String> = plan.steps.into_iter().flat_map(|step| step.notes).map(|note| note.id).collect();
    assert!(notes.iter().any(|note| note == "plan-routines"), "{notes:?}");
    assert!(!notes.iter().any(|note| note == "load-code-of-definer"), "root loads what root defined");

    let user = format!("control_definer_{}", std::process::id());
    world.alter(&format!("CREATE USER {user}")).await;
    world.alter("DROP FUNCTION twice").await;
    let made = format!("CREATE DEFINER = {user}@'%' FUNCTION twice (x BIGINT) RETURNS BIGINT RETURN x * 2");
    world.alter(&made).await;
    let task = world.begin_backup().await;
    world.finish(task).await;
    let filter = backups::BackupFilter::default();
    let sets = backups::backup_sets(&world.control, &world.actor, &filter, PageAsk::default()).await;
    let newest = sets.expect("listed").contents.into_iter().max_by_key(|set| set.id).expect("a set");
    let wish = RecoveryRequest { backup_set: newest.id, ..recovery.wish() };
    let plan = restores::plan(&world.control, &world.actor, wish).await.expect("planned");
    let told: Vec<_> = plan.steps.iter().flat_map(|step| &step.notes).collect();
    let told = told.iter().find(|note| note.id == "load-code-of-definer").expect("it is told");
    assert!(told.args["what"].contains("`twice`") && told.args["definer"].contains(&user), "{told:?}");
    world.alter(&format!("DROP USER IF EXISTS {user}")).await;
}

#[tokio::test]
async fn a_roll_back_takes_code_away_that_was_made_and_no_other() {
    let recovery = recovery_with_code("control_restore_code_undo").await;
    let Recovery { world, target, .. } = &recovery;
    for step in ["verify-data", "record-recovery"] {
        world.alter(&format!("CREATE DATABASE IF NOT EXISTS `{target}`")).await;
        world.alter(&format!("CREATE PROCEDURE `{target}`.mine () SELECT 1")).await;
        let task = recovery.begin().await;
        recovery.run_up_to(task, step).await;
        assert_eq!(recovery.code().await, ["add_one", "mine", "twice"], "{step}");
        assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack), "{step}");
        assert_eq!((recovery.code().await, recovery.tables().await), (vec!["mine".into()], vec![]), "{step}");
        recovery.drop_target().await;
    }
    // A foreign routine in a database that the recovery created: nothing of the database is touched.
    let task = recovery.begin().await;
    recovery.run_up_to(task, "verify-data").await;
    world.alter(&format!("CREATE PROCEDURE `{target}`.mine () SELECT 1")).await;
    assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::Failed));
    assert!(world.story(task).await.contains("recovery-holds-other-tables"));
    assert_eq!(recovery.code().await, ["add_one", "mine", "twice"]);
    world.alter(&format!("DROP PROCEDURE `{target}`.mine")).await;
    world.steer(task, Steer::RollBack).await;
    assert_eq!(world.run(task, None).await, Ended::Finished(TaskStatus::RolledBack));
    assert!(!recovery.has_target().await);
}

#[tokio::test]
async fn a_routine_that_is_there_already_is_refused_before_anything_changes() {
    let recovery = recovery_with_code("control_restore_code_clash").await;
    let Recovery { world, target, .. } = &recovery;
    world.alter(&format!("CREATE DATABASE `{target}`")).await;
    world.alter(&format!("CREATE FUNCTION `{target}`.Twice (x BIGINT) RETURNS BIGINT RETURN 0")).await;
    let task = recovery.begin().await;
    assert_eq!(world.fail(task).await, "load-objects-exist");
    assert_eq!((recovery.code().await, recovery.tables().await), (vec!["Twice".into()], vec![]));
    // A recovery without code does not conflict with the routine.
    let recovery = Recovery { with_code: false, ..recovery };
    let task = recovery.begin().await;
    recovery.world.finish(task).await;
    recovery.drop_target().await;
}

/// Users belong to the whole server, so this test starts its own.
#[tokio::test]
async fn users_are_recovered_with_a_whole_set_and_a_roll_back_drops_those_that_were_made() {
    let folder = tempfile::Builder::new().prefix("seekdb-").tempdir().expect("a folder");
    let instance = xtask::seekdb::Instance::start_in(&folder.path().join("seekdb")).expect("a seekdb");
    let world = World::on(instance.server.clone(), "control_users").await;
    for sql in [
        "CREATE USER u_gone IDENTIFIED BY 'secret1'",
        "CREATE USER u_stays IDENTIFIED BY 'secret2'",
        "CREATE ROLE r_gone",
        "GRANT SELECT ON control_users.* TO u_gone",
    ] {
        world.alter(sql).await;
    }
    let everything = backups::BackupNow {
        wish: model::backup::BackupWish {
            tenants: vec![world.tenant],
            method: Some(model::backup::BackupMethod::Logical),
            ..Default::default()
        },
        ..world.wish()
    };
    let recovery = Recovery { with_code: true, ..Recovery::from_backup(world, everything).await };
    let world = &recovery.world;
    for sql in ["DROP USER IF EXISTS u_gone", "DROP ROLE r_gone"] {
        world.alter(sql).await;
    }
    let users = "SELECT user FROM mysql.user WHERE user IN ('u_gone', 'u_stays', 'r_gone') ORDER BY 1";
    let wish = || {
        let mut wish = RecoveryRequest { objects: Vec::new(), ..recovery.wish() };
        wish.rename.retain(|old, _| old == "control_users");
        wish
    };
    let databases = world.ask("SHOW DATABASES").await;
    assert!(!databases.contains(&recovery.target), "{databases:?}");
    let begin = async |wish| {
        let accepted = restores::restore(&world.control, &world.actor, wish, None).await;
        accepted.expect("accepted").task
    };
    for step in ["create-indexes", "verify-data", "record-recovery"] {
        let task = begin(wish()).await;
        assert_eq!(world.run(task, Some(Fault::CrashAfter(step))).await, Ended::Crashed, "{step}");
        if step == "record-recovery" {
            world.finish(task).await;
            break;
        }
        assert_eq!(world.ask(users).await, ["r_gone", "u_gone", "u_stays"], "{step}");
        assert_eq!(recovery.roll_back(task).await, Ended::Finished(TaskStatus::RolledBack), "{step}");
        assert_eq!(world.ask(users).await, ["u_stays"], "{step}: it was there before");
        assert!(world.story(task).await.contains("recovery-account-dropped"), "{step}");
    }
    assert_eq!(world.ask(users).await, ["r_gone", "u_gone", "u_stays"]);
    let grants = world.ask("SHOW GRANTS FOR u_gone").await;
    assert!(grants.iter().any(|grant| grant.contains(&recovery.target)), "{grants:?}");
    recovery.drop_target().await;

    let task = begin(RecoveryRequest { with_code: false, ..wish() }).await;
    world.finish(task).await;
    let told = recovery.not_made(task).await;
    assert!(told.iter().any(|(kind, name)| *kind == PartKind::Users && name.contains("u_gone")), "{told:?}");
    let marks = format!("SHOW TABLES FROM `{}` LIKE '{}%'", recovery.target, load::MARKS_TABLE);
    assert_eq!(world.ask(&marks).await, [""; 0]);
}
