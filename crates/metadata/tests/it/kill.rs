//! A killed server: confirmed writes are durable, and none is half-written.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use engine::journal::{Ask, Change, PAGE_MAX};
use engine::{Journal, Note, TaskStatus};
use metadata::Metadata;
use metadata::backup_sets::BackupSetQuery;
use metadata::tasks::{TaskQuery, subject};
use metadata::{Error, Slice};
use model::storage::StorageLocation;

use crate::stand::{begin, commit, new_task, open};

/// The variable with the child's directory; only a child has it.
const PLACE: &str = "LIFEBOAT_TEST_METADATA_KILL";

/// Not a test: the body of the child process, which works until it is killed.
#[tokio::test]
#[ignore = "a child of the test below"]
async fn child_works_for_ever() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let metadata = open(Path::new(&place)).await;
    let ask = Ask {
        worker: "child".into(),
        can: vec![("plain".into(), 1)],
        lease: Duration::from_secs(60),
        limits: engine::journal::Limits::default(),
    };
    for _ in 0..100_000 {
        let number = make_task(&metadata).await;
        println!("made {number}");
        let claim = metadata.claim(&ask).await.expect("answers").expect("a task is due");
        let (ticket, task) = (claim.ticket, claim.task);
        // A task of a killed child resumes where it stopped.
        for step in u32::try_from(task.revision).expect("small") + 1..=3 {
            let mut rows = task.rows.clone();
            rows.iter_mut().for_each(|row| row.runs = step);
            let lines: Vec<_> = rows.iter().map(|row| (row.number, Note::new("line"))).collect();
            let mut lanes = task.lanes.clone();
            lanes.iter_mut().for_each(|lane| lane.state = step.into());
            let change = Change {
                status: if step == 3 { TaskStatus::Successful } else { TaskStatus::Running },
                note: None,
                started_at: Some(task.created_at),
                finished_at: (step == 3).then_some(task.created_at),
                due_at: task.due_at,
                cancels_seen: task.cancels.clone(),
                state: Some(step.into()),
                lanes,
                rows,
                release: step == 3,
            };
            metadata.append_log(ticket, &lines).await.expect("the holder may write");
            metadata.save(ticket, &change).await.expect("the holder may save");
        }
        println!("ended {}", ticket.task);
    }
}

/// Writes a storage and a task about it, as a use case does.
async fn make_task(metadata: &Metadata) -> i64 {
    let location = StorageLocation::directory("/backup").expect("a location");
    let mut writer = begin(metadata).await;
    let storage = writer.storage_insert(None, &location, None).await.expect("kept");
    let new = new_task(&["a", "b"]).subject(subject::STORAGE, storage.id.to_string());
    let task = writer.task_insert(&new).await.expect("kept");
    commit(writer).await;
    task.0
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_half_written_and_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    for round in 1..=12 {
        let told = kill_after(directory.path(), 2 * round - 1);
        let metadata = open_again(directory.path()).await;
        check(&metadata, &told).await;
        metadata.close().await;
    }
}

async fn check(metadata: &Metadata, told: &[String]) {
    let tasks = metadata.task_list(&TaskQuery::default(), Slice::ALL).await.expect("answers").items;
    for line in told {
        let (word, number) = line.split_once(' ').expect("two words");
        let task = tasks.iter().find(|task| task.id.to_string() == number).expect("what was told is kept");
        assert!(word == "made" || task.status == TaskStatus::Successful, "{line}: {task:?}");
    }
    for task in &tasks {
        let step = u32::try_from(task.revision).expect("small");
        assert!(task.rows.len() == 3 && task.rows.iter().all(|row| row.runs == step), "{task:?}");
        assert!(task.lanes.len() == 2 && task.lanes.iter().all(|lane| lane.state == step), "{task:?}");
        assert_eq!(task.state, step, "{task:?}");
        assert_eq!(task.status.is_finished(), step == 3, "{task:?}");
        for row in &task.rows {
            let lines = metadata.logs(task.id, row.number, 0, 9).await.expect("answers").len();
            assert!(lines >= step as usize, "{lines} lines after {step} saves");
        }
        let storage = model::id::StorageId(task.subject[subject::STORAGE].parse().expect("a number"));
        let kept = metadata.storage_get(storage).await.expect("answers");
        assert!(kept.is_some(), "a task came without its storage");
        let none = BackupSetQuery { storage: Some(storage), ..BackupSetQuery::default() };
        assert_eq!(metadata.backup_set_list(&none, Slice::ALL).await.expect("answers").total, 0);
    }
    let mut seen = 0;
    loop {
        let page = metadata.events(seen, PAGE_MAX).await.expect("answers");
        let Some(last) = page.last() else { break };
        assert!(page.iter().map(|event| event.seq).eq(seen + 1..=last.seq), "events have no gap");
        seen = last.seq;
    }
    let expected: i64 = tasks.iter().map(|task| 1 + task.revision * 4).sum();
    assert_eq!(seen, expected, "every change has told of itself, once");
}

/// Opens the metadata of a killed process; the system may still be cleaning up after it.
async fn open_again(directory: &Path) -> Metadata {
    for _ in 0..1_000 {
        match Metadata::open(directory).await {
            Err(Error::DirectoryInUse { .. }) => tokio::task::yield_now().await,
            opened => return opened.expect("a killed server's metadata open again"),
        }
    }
    panic!("the killed process still holds the lock")
}

/// Starts the child and kills it after a number of lines, during the next one; returns the lines.
fn kill_after(directory: &Path, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "kill::child_works_for_ever", "--ignored", "--nocapture"])
        .env(PLACE, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program starts again");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let is_word = |line: &String| line.starts_with("made ") || line.starts_with("ended ");
    let told: Vec<String> = output.lines().map_while(Result::ok).filter(is_word).take(lines).collect();
    child.kill().expect("it runs");
    child.wait().expect("it was killed");
    assert_eq!(told.len(), lines, "the child ended by itself");
    told
}
