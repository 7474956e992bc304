//! One recovery of tables is one job: of the right moment, in the right tenant, and begun once.

use engine::testkit::Timed as _;
use engine::{Fault as Crash, testkit};
use model::id::TaskId;
use model::order::RecoverUntil;
use serde_json::Value;
use sim::{Fault, FaultName, Profile};
use tokio_util::sync::CancellationToken;

use super::{RECOVER, Recovery};
use crate::flows::recover_tables::RecoverTables;
use crate::testing::Ended;
use crate::testing::simulated::on_both_4x;

on_both_4x! {
    one_job_is_begun_whatever_step_crashes_or_repeats,
    a_job_whose_start_was_not_saved_is_found,
    an_answer_that_was_lost_begins_no_second_job,
    a_shutdown_while_the_statement_runs_begins_no_second_job,
    a_job_of_another_moment_is_ended,
    a_tenant_of_the_same_name_takes_no_tables,
}

async fn one_job_is_begun_whatever_step_crashes_or_repeats(profile: Profile) {
    for fault in testkit::faults::<RecoverTables>() {
        let what = format!("{profile} {fault:?}");
        let recovery = Recovery::new(profile).await;
        let scn = recovery.moment().await;
        let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
        let met = recovery.world.run(task, Some(fault)).await;
        let is_crash = !matches!(fault, Crash::RunTwice(_));
        assert_eq!(met == Ended::Crashed, is_crash, "{what}: {}", recovery.world.story(task).await);
        if is_crash {
            recovery.world.finish(task).await;
        }
        recovery.assert_recovered(scn, &what);
    }
}

async fn a_job_whose_start_was_not_saved_is_found(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
    die_before_the_statement(&recovery, task).await;
    assert_eq!(world.count_acts(RECOVER), 0, "nothing is sent before the intention is saved");
    assert_eq!(world.run(task, Some(Crash::CrashAfter("start-table-recovery"))).await, Ended::Crashed);
    assert_eq!(
        (world.count_acts(RECOVER), &world.task(task).await.state["sent"]["is_open"]),
        (1, &Value::Bool(false))
    );
    world.finish(task).await;
    recovery.assert_recovered(scn, "found");
}

async fn an_answer_that_was_lost_begins_no_second_job(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    world.handle.fault(&Fault {
        statement: Some(RECOVER.into()),
        times: Some(1),
        ..Fault::new(FaultName::ConnectionCut)
    });
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
    world.finish(task).await;
    assert_eq!(recovery.jobs().len(), 1, "{:?}", world.acts());
    assert_eq!(recovery.recovered().len(), 2);
    assert!(world.story(task).await.contains("table-answer-lost"));
}

async fn a_shutdown_while_the_statement_runs_begins_no_second_job(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
    die_before_the_statement(&recovery, task).await;
    world.handle.fault(&Fault {
        statement: Some(RECOVER.into()),
        seconds: Some(30.0),
        times: Some(1),
        ..Fault::new(FaultName::StatementSlow)
    });
    // The cluster's clock stands still: the statement has no answer while the program ends.
    let shutdown = CancellationToken::new();
    let end = async {
        while world.handle.has_fault(FaultName::StatementSlow) {
            tokio::task::yield_now().await;
        }
        shutdown.cancel();
    };
    tokio::join!(world.control.worker().run(shutdown.clone()), end);
    assert_eq!(world.task(task).await.state["sent"]["is_open"], true, "{}", world.story(task).await);
    world.finish(task).await;
    assert_eq!(world.count_acts(RECOVER), 1);
    recovery.assert_recovered(scn, "after a shutdown");
}

/// Somebody repeats our statement with another time just before it is sent.
async fn a_job_of_another_moment_is_ended(profile: Profile) {
    let recovery = Recovery::large(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let first = recovery.begin(recovery.wish_of(&[("hr", "spare")], RecoverUntil::Scn(scn))).await;
    world.finish(first).await;
    let sent = world.acts().into_iter().find(|act| act.starts_with(RECOVER)).expect("it was sent");
    let from = &sent[sent.find(" FROM ").expect("a source")..sent.find(" UNTIL ").expect("a time")];
    let wish = recovery.wish_of(&[("sale.orders", "spare.old")], RecoverUntil::Scn(scn));
    let task = recovery.begin(wish).await;
    die_before_the_statement(&recovery, task).await;
    let tag = world.task(task).await.state["tag"].as_str().expect("a tag").to_owned();
    let other = scn + 30_000_000_000;
    world
        .say(&format!(
            "{RECOVER} `sale`.`orders` TO TENANT `shop`{from} UNTIL SCN = {other} WITH 'pool_list=aux' \
             REMAP TABLE `sale`.`orders`:`spare`.`old` DESCRIPTION = 'lifeboat-{task}-{tag}'"
        ))
        .await;
    let expected = ("wait-for-table-recovery".to_owned(), "table-moment-differs".to_owned());
    assert_eq!(world.fail(task).await, expected, "{}", world.story(task).await);
    assert_eq!(world.count_acts("ALTER SYSTEM CANCEL RECOVER TABLE"), 1);
    recovery.assert_nothing_left("of another moment");
}

/// The statements find the tenant by its name only.
async fn a_tenant_of_the_same_name_takes_no_tables(profile: Profile) {
    let recovery = Recovery::new(profile).await;
    let (world, scn) = (&recovery.world, recovery.moment().await);
    let task = recovery.begin(recovery.wish(RecoverUntil::Scn(scn))).await;
    die_before_the_statement(&recovery, task).await;
    world.say("DROP TENANT shop FORCE").await;
    world.say("CREATE RESOURCE POOL other UNIT 'small', UNIT_NUM 1").await;
    world.say("CREATE TENANT shop RESOURCE_POOL_LIST = ('other')").await;
    let expected = ("start-table-recovery".to_owned(), "table-recovery-tenant-changed".to_owned());
    assert_eq!(world.fail(task).await, expected, "{}", world.story(task).await);
    assert_eq!(world.count_acts(RECOVER), 0);
}

/// Runs a task until its intention is saved: the program dies before it sends the statement, and the lease expires.
async fn die_before_the_statement(recovery: &Recovery, task: TaskId) {
    let (world, metadata) = (&recovery.world, recovery.world.control.metadata());
    let met = world.run(task, Some(Crash::CrashBeforeSecond("start-table-recovery"))).await;
    assert_eq!(met, Ended::Crashed, "{}", world.story(task).await);
    let stored = world.task(task).await;
    assert_eq!(stored.state["sent"]["is_open"], false);
    let until = stored.lease.expect("a lease of the dead program").until;
    metadata
        .pass(until.since(metadata.time().await.expect("the time")))
        .await
        .expect("the clock can be moved");
}
