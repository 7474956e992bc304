//! Every fault of a cluster, as a DBA sees it through REST: the message, the offered actions, and how the task
//! continues once the fault is over.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::{Value, json};
use sim::{Fault, FaultName, Profile};

use crate::simulated::{SPEED, Stand};

const FULL: &str = "FULL_BACKUP";

/// When the fault begins.
enum Moment {
    /// Before any request.
    Before,
    /// After one backup was taken, and before another is requested.
    AfterBackup,
    /// As soon as this step runs.
    During(&'static str),
}

/// The requested operation.
enum Deed {
    BackUp,
    Compact,
}

struct Story {
    profile: Profile,
    fault: Fault,
    moment: Moment,
    deed: Deed,
    /// The button that is pressed on the failed step while the fault lasts; its own task must succeed.
    repair: Option<&'static str>,
}

/// The story of a fault. The match has no wildcard, so that every new fault of the simulator needs a story.
fn story(name: FaultName) -> Story {
    let (v3, v4) = (Profile::V3_1_5, Profile::V4_2_5);
    let backup = |profile, fault, moment| Story { profile, fault, moment, deed: Deed::BackUp, repair: None };
    let plain = Fault::new(name);
    let once =
        |statement: &str| Fault { statement: Some(statement.into()), times: Some(1), ..Fault::new(name) };
    match name {
        FaultName::ArchiveInterrupted | FaultName::LogGap => {
            Story { repair: Some("stop-log-backup"), ..backup(v4, plain, Moment::AfterBackup) }
        }
        FaultName::DestinationUnreachable
        | FaultName::DestinationDenied
        | FaultName::DestinationForeign
        | FaultName::TenantNotNormal
        | FaultName::ObserverLost => backup(v4, plain, Moment::Before),
        FaultName::DestinationFull => backup(v4, plain, Moment::During("Wait for data backup")),
        FaultName::CleanUpSkipped | FaultName::CleanUpFails | FaultName::CleanUpHangs => {
            backup(v4, plain, Moment::Before)
        }
        FaultName::UpgradeMode
        | FaultName::MajorFreezeRefused
        | FaultName::BackupCleanedUpAtOnce
        | FaultName::BackupRowsKept => backup(v3, plain, Moment::Before),
        FaultName::StatementSlow => {
            backup(v4, Fault { seconds: Some(3.0), ..once("ALTER SYSTEM BACKUP") }, Moment::Before)
        }
        FaultName::StatementHang | FaultName::ConnectionCut => {
            backup(v4, once("ALTER SYSTEM BACKUP"), Moment::Before)
        }
        FaultName::MergeError => Story { deed: Deed::Compact, ..backup(v4, plain, Moment::Before) },
        FaultName::ClockJump => {
            backup(v4, Fault { seconds: Some(7_200.0), ..plain }, Moment::During("Wait for data backup"))
        }
    }
}

async fn begin(stand: &Stand, deed: &Deed) -> i64 {
    match deed {
        Deed::BackUp => stand.back_up(FULL, json!({})).await.task(),
        Deed::Compact => stand.post(&stand.below("compaction/start"), &json!({})).await.task(),
    }
}

/// Moves the standing clock of the cluster second by second until a step runs, so that nothing ends behind it.
async fn reached(stand: &Stand, task: i64, step: &str) {
    let begun = Instant::now();
    loop {
        let seen = stand.get(&format!("/tasks/instances/{task}")).await;
        let mut subtasks = seen["subtasks"].as_array().expect("a list").iter();
        if subtasks.any(|subtask| subtask["name"] == step && subtask["status"] == "RUNNING") {
            return;
        }
        assert_eq!(seen["status"], "RUNNING", "{step} was passed: {seen:#}");
        assert!(begun.elapsed() < Duration::from_secs(120), "{step} is not reached: {seen:#}");
        stand.simulator().advance_seconds(1.0);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Plays a story, and returns the transcript.
async fn play(name: FaultName) -> String {
    let Story { profile, fault, moment, deed, repair } = story(name);
    let stand = match moment {
        Moment::During(_) => Stand::standing_still(profile, &["shop"]).await,
        Moment::Before | Moment::AfterBackup => Stand::new(profile, &["shop"]).await,
    };
    let mut told = format!("{name:?} on {profile}\n");
    let task = match moment {
        Moment::Before => {
            stand.simulator().fault(&fault);
            begin(&stand, &deed).await
        }
        Moment::AfterBackup => {
            let first = begin(&stand, &deed).await;
            stand.succeeded(first).await;
            stand.simulator().fault(&fault);
            stand.simulator().advance_seconds(60.0);
            begin(&stand, &deed).await
        }
        Moment::During(step) => {
            let task = begin(&stand, &deed).await;
            reached(&stand, task, step).await;
            stand.simulator().fault(&fault);
            stand.simulator().run(SPEED);
            task
        }
    };
    let ended = stand.ended(task).await;
    let _ = writeln!(told, "  {}", ended["status"].as_str().expect("a word"));
    if ended["status"] == "FAILED" {
        let step = stand.failed(task).await;
        tell(&mut told, &step);
        if let Some(repair) = repair {
            let repairing = stand.press(&step, repair).await.task();
            stand.succeeded(repairing).await;
            let _ = writeln!(told, "  {repair}: SUCCESSFUL");
        }
        stand.simulator().clear_faults(None);
        stand.press(&step, "retry").await.done();
        let ended = stand.ended(task).await;
        let _ = writeln!(told, "  retry: {}", ended["status"].as_str().expect("a word"));
        assert_eq!(ended["status"], "SUCCESSFUL", "{told}{ended:#}");
    }
    if matches!(deed, Deed::BackUp) {
        let sets = stand.get(&stand.below("backup/sets")).await;
        let _ = writeln!(told, "  {} backup sets", sets["page"]["totalElements"]);
    }
    told
}

fn tell(told: &mut String, step: &Value) {
    let lane = step["lane"].as_str().map(|lane| format!(" [{lane}]")).unwrap_or_default();
    let _ = writeln!(told, "  at {}{lane}", step["name"].as_str().expect("a name"));
    for part in ["message", "cause", "action", "raw"] {
        if let Some(text) = step["note"][part].as_str() {
            let _ = writeln!(told, "  {part}: {text}");
        }
    }
    let offered = step["nextActions"].as_array().expect("a list").iter();
    let offered: Vec<&str> = offered.map(|action| action["id"].as_str().expect("an id")).collect();
    let _ = writeln!(told, "  offered: {}", offered.join(", "));
}

/// Plays stories one after the other.
async fn tale(names: &[FaultName]) -> String {
    let mut told = String::new();
    for name in names {
        told.push_str(&play(*name).await);
    }
    for (pattern, word) in [(r"127\.0\.0\.1:[0-9]+", "ADDRESS"), (r"trace_id: [0-9A-Z-]+", "trace_id: ID")] {
        told = Regex::new(pattern).expect("a pattern").replace_all(&told, word).into_owned();
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_the_destination() {
    use FaultName::{DestinationDenied, DestinationForeign, DestinationFull, DestinationUnreachable};
    let names = [DestinationUnreachable, DestinationDenied, DestinationForeign, DestinationFull];
    insta::assert_snapshot!(tale(&names).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_log_backup() {
    insta::assert_snapshot!(tale(&[FaultName::ArchiveInterrupted, FaultName::LogGap]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_the_cluster() {
    use FaultName::{ClockJump, ObserverLost, TenantNotNormal, UpgradeMode};
    insta::assert_snapshot!(tale(&[TenantNotNormal, UpgradeMode, ObserverLost, ClockJump]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_statements() {
    use FaultName::{ConnectionCut, StatementHang, StatementSlow};
    insta::assert_snapshot!(tale(&[StatementSlow, StatementHang, ConnectionCut]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_compaction() {
    insta::assert_snapshot!(tale(&[FaultName::MajorFreezeRefused, FaultName::MergeError]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_of_3_that_forget_or_keep_what_is_over() {
    insta::assert_snapshot!(tale(&[FaultName::BackupCleanedUpAtOnce, FaultName::BackupRowsKept]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clean_up_that_does_not_work_hinders_no_backup() {
    use FaultName::{CleanUpFails, CleanUpHangs, CleanUpSkipped};
    let told = tale(&[CleanUpSkipped, CleanUpFails, CleanUpHangs]).await;
    insta::assert_snapshot!(told, @r"
    CleanUpSkipped on 4.2.5
      SUCCESSFUL
      1 backup sets
    CleanUpFails on 4.2.5
      SUCCESSFUL
      1 backup sets
    CleanUpHangs on 4.2.5
      SUCCESSFUL
      1 backup sets
    ");
}
