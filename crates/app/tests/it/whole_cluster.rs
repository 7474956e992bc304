//! Recovery of the tenants of a cluster in one go, as a DBA uses it, on the command line and over REST.

use serde_json::json;
use sim::Profile;

use crate::recovery::recoverable;
use crate::simulated::Stand;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tenants_of_a_cluster_are_recovered_by_the_program_and_their_tasks_name_the_whole() {
    let stand = Stand::new(Profile::V4_2_5, &["shop", "books"]).await;
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    recoverable(&stand).await;

    let plan = stand.server.run("restore cluster --cluster prod --suffix _r --dry-run --statements");
    assert_eq!(plan.status, 0, "{}", plan.err);
    for part in ["shop_r", "books_r", "CPU / FREE", "4 / 12", "Start recovery", "The target has all required"]
    {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    let recovered = stand.server.run(
        "restore cluster --cluster prod --tenant shop,books --suffix _r --as books=library --parallel 1 --wait",
    );
    assert_eq!(recovered.status, 0, "{} {}", recovered.out, recovered.err);

    let listed = stand.get(&stand.below("backup/task/restoreTasks")).await;
    let rows = listed["contents"].as_array().expect("a list");
    assert_eq!(rows.len(), 2, "{listed:#}");
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["restoreTenantName"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["library", "shop_r"], "{listed:#}");
    let whole = rows[0]["parentTaskId"].as_i64().expect("it belongs to the whole");
    assert!(rows.iter().all(|row| row["parentTaskId"] == whole && row["status"] == "RESTORE_SUCCESS"));
    let task = stand.get(&format!("/tasks/instances/{whole}")).await;
    assert_eq!(task["taskDefinitionId"], "restore-cluster", "{task:#}");
    let children: Vec<_> = task["subtasks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|subtask| subtask["step"] == "wait-for-recovery")
        .map(|subtask| subtask["childTaskId"].clone())
        .collect();
    assert_eq!(children.len(), 2, "{task:#}");
    for child in children {
        let child = stand.get(&format!("/tasks/instances/{child}")).await;
        assert_eq!(child["parentTaskId"], whole, "{child:#}");
    }

    // A finished recovery leaves nothing to clean up, and the name of the target confirms a clean-up.
    let refused = stand.server.run(&format!("restore clean-up {whole} --yes other"));
    assert!(refused.err.contains("recovers into prod, not into other"), "{}", refused.err);
    for (options, said) in [
        ("--suffix _r", "of the requested names"),
        ("--suffix=-r", "cannot be part of a tenant name"),
        ("--suffix _x --parallel 33", "from 1 to 32"),
        ("--suffix _x --zone zone1=z9", "has no zone z9"),
        ("--suffix _x --as shop", "is not a pair of names"),
        ("--suffix _x --until set:3", "set:3"),
    ] {
        let refused = stand
            .server
            .run(&format!("restore cluster --cluster prod --tenant shop,books {options} --dry-run"));
        assert_ne!(refused.status, 0, "{options}: {}", refused.out);
        assert!(refused.err.contains(said), "{options}: {}", refused.err);
    }
}
