//! Repeated orders: with an idempotency key of the sender, one order creates one task.

use control::audit::{self, AuditFilter};
use control::tasks::{self, Steer, TaskFilter, TaskOrder};
use control::{Actor, PageAsk, backups, compactions};
use model::id::{TaskId, UserId};
use model::order::IdempotencyKey;

use crate::backups::wish;
use crate::stand::{Stand, why};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).expect("a key")
}

async fn all_tasks(stand: &Stand) -> Vec<TaskId> {
    let (filter, page) = (TaskFilter::default(), PageAsk::default());
    let found = tasks::list(&stand.control, &stand.admin, &filter, TaskOrder::OldestFirst, page).await;
    found.expect("listed").contents.iter().map(|task| task.id).collect()
}

#[tokio::test]
async fn an_order_that_is_sent_again_returns_its_first_task_also_when_that_is_over() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    stand.add_storage("local").await;
    let key = key("k1");
    let again = async || backups::backup_now(control, admin, wish(cluster), Some(&key)).await;
    let first = again().await.expect("accepted");
    assert_eq!(again().await.expect("accepted"), first, "while it runs");
    tasks::steer(control, admin, first.task, Steer::Cancel).await.expect("it is to end");
    assert_eq!(crate::backups::run_to_the_end(&stand, first.task).await, model::task::TaskStatus::Failed);
    assert_eq!(again().await.expect("accepted"), first, "after its end");
    assert_eq!(all_tasks(&stand).await, [first.task]);
    let lines = audit::list(control, admin, &AuditFilter::default(), PageAsk::default()).await;
    let lines = lines.expect("listed").contents;
    let begun = lines.iter().filter(|line| line.action == "backup-now");
    assert_eq!(begun.map(|line| line.outcome.as_str()).collect::<Vec<_>>(), ["done"], "one deed, one line");
}

#[tokio::test]
async fn a_key_with_another_order_is_refused_and_keys_of_others_and_of_other_actions_are_free() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    stand.add_storage("local").await;
    let key = key("k1");
    let first = backups::backup_now(control, admin, wish(cluster), Some(&key)).await.expect("accepted");
    let mut other = wish(cluster);
    other.threads = Some(7);
    let refused = backups::backup_now(control, admin, other, Some(&key)).await;
    let problem = refused.expect_err("another order").into_problem();
    assert_eq!(problem.text.id, "idempotency-key-reused");
    assert_eq!(problem.text.args["task"], first.task.to_string());
    let merged = compactions::start(control, admin, cluster, &[], Some(&key)).await.expect("another action");
    assert_ne!(merged, first);
    let eva = Actor { user: UserId(admin.user.0 + 1), name: "eva".into(), ..admin.clone() };
    let hers = backups::backup_now(control, &eva, wish(cluster), Some(&key)).await;
    assert_eq!(why(hers), "backup-runs-already", "her key is new, and her order is refused as any other");
    assert_eq!(all_tasks(&stand).await.len(), 2);
}

#[tokio::test]
async fn the_same_order_sent_twice_at_once_makes_one_task() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    stand.add_storage("local").await;
    let key = key("k1");
    let send = || backups::backup_now(control, admin, wish(cluster), Some(&key));
    let sent = futures::future::join_all((0..8).map(|_| send())).await;
    let tasks: Vec<TaskId> = sent.into_iter().map(|accepted| accepted.expect("accepted").task).collect();
    assert!(tasks.iter().all(|task| *task == tasks[0]), "{tasks:?}");
    assert_eq!(all_tasks(&stand).await, [tasks[0]]);
}

#[tokio::test]
async fn an_order_that_was_refused_can_be_sent_again_with_its_key() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let cluster = stand.add_seekdb("demo").await.id;
    let key = key("k1");
    let send = async || backups::backup_now(control, admin, wish(cluster), Some(&key)).await;
    assert_eq!(why(send().await), "storage-not-chosen");
    stand.add_storage("local").await;
    let accepted = send().await.expect("accepted");
    assert_eq!(all_tasks(&stand).await, [accepted.task]);
}
