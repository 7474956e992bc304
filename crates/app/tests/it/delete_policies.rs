//! The delete policies of a 4.x cluster, as a DBA uses them: preview, consent, confirmation, change.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim::Profile;

use crate::lifeboat::Ran;
use crate::simulated::Stand;

const POLICIES: &str = "backup/retention/deletePolicies";

async fn run(stand: &Stand, arguments: &str) -> Ran {
    let mut command = stand.server.command(arguments);
    tokio::task::spawn_blocking(move || crate::lifeboat::run(&mut command)).await.expect("no panic")
}

async fn good(stand: &Stand, arguments: &str) -> String {
    let ran = run(stand, arguments).await;
    assert_eq!(ran.status, 0, "{arguments}: {}{}", ran.out, ran.err);
    ran.out
}

async fn refused(stand: &Stand, arguments: &str) -> String {
    let ran = run(stand, arguments).await;
    assert_ne!(ran.status, 0, "{arguments}: {}", ran.out);
    ran.err
}

/// Returns the name and window of the tenant's policy, and whether Lifeboat set it.
async fn policy(stand: &Stand) -> (Value, Value, Value) {
    let policies = stand.get(&stand.below(POLICIES)).await;
    let mut shop = policies["contents"][0].clone();
    assert_eq!(shop["tenantName"], "shop", "{policies:#}");
    (shop["policyName"].take(), shop["recoveryWindow"].take(), shop["setByLifeboat"].take())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_previewed_confirmed_set_and_dropped_on_the_command_line() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let set = "retention policy set --cluster prod --tenant shop --keep-days 7";
    let shown = good(&stand, &format!("{set} --preview")).await;
    assert!(shown.contains("ADD") && shown.contains("The database decides"), "{shown}");
    let unconfirmed = refused(&stand, set).await;
    assert!(unconfirmed.contains("is not confirmed"), "{unconfirmed}");
    assert_eq!(policy(&stand).await, (Value::Null, Value::Null, json!(false)));

    let plan: Value =
        serde_json::from_str(&good(&stand, &format!("{set} --preview -o json")).await).expect("JSON");
    let hash = plan["planHash"].as_str().expect("a hash");
    let other = refused(&stand, &format!("{} --plan {hash}", set.replace('7', "8"))).await;
    assert!(other.contains("have changed since the preview"), "{other}");
    good(&stand, &format!("{set} --plan {hash} --wait")).await;
    assert_eq!(policy(&stand).await, (json!("default"), json!("7d"), json!(true)));
    let listed = good(&stand, "retention policy show --cluster prod").await;
    assert!(listed.contains("7d") && listed.contains("yes"), "{listed}");

    // Somebody else changes it.
    stand.say("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT shop").await;
    stand.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '14d' TENANT shop").await;
    let drop = "retention policy drop --cluster prod --tenant shop";
    let plan: Value =
        serde_json::from_str(&good(&stand, &format!("{drop} --preview -o json")).await).expect("JSON");
    let hash = plan["planHash"].as_str().expect("a hash");
    let foreign = refused(&stand, &format!("{drop} --plan {hash}")).await;
    assert!(foreign.contains("Lifeboat did not set the delete policy of tenant shop"), "{foreign}");
    good(&stand, &format!("{drop} --plan {hash} --take-over --wait")).await;
    assert_eq!(policy(&stand).await, (Value::Null, Value::Null, json!(false)));
    let audit = good(&stand, "admin audit").await;
    assert!(audit.contains("delete-policy-set") && audit.contains("delete-policy-drop"), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_the_database_cannot_carry_out_are_refused_with_the_reason() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let base = json!({"tenantIdList": [1002], "action": "SET", "policy": {"retentionDays": 7}});
    let with = |changes: Value| {
        let mut body = base.clone();
        for (field, value) in changes.as_object().expect("fields") {
            body[field] = value.clone();
        }
        body
    };
    let cases = [
        (with(json!({"policy": {"retentionDays": 7, "keepLast": 3}})), "cannot have the rule `keepLast`"),
        (with(json!({"policy": {"keepWeekly": 4}})), "cannot have the rule `keepDaily, keepWeekly,"),
        (with(json!({"policy": {"retentionDays": 0}})), "must be between 1 and 3660"),
        (with(json!({"policy": null})), "needs a retention period"),
        (with(json!({"policyName": "DEFAULT"})), "`DEFAULT` is not the name of a delete policy"),
        (with(json!({"tenantIdList": []})), "needs at least one tenant"),
        (with(json!({"tenantIdList": [1]})), "The sys tenant has no delete policy"),
        (with(json!({"action": "DROP"})), "`policy` has no effect"),
    ];
    for (body, expected) in cases {
        let (_, said) = stand.post(&stand.below(&format!("{POLICIES}/preview")), &body).await.refused();
        assert!(said.contains(expected), "{body}: {said}");
    }
    let blind = with(json!({"planHash": "0"}));
    let (_, said) = stand.post(&stand.below(&format!("{POLICIES}/change")), &blind).await.refused();
    assert!(said.contains("have changed since the preview"), "{said}");
    assert_eq!(policy(&stand).await.0, Value::Null);
}

/// Waits until the tenant has this policy.
async fn becomes(stand: &Stand, expected: (Value, Value, Value)) {
    let begun = Instant::now();
    loop {
        let found = policy(stand).await;
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_physical_strategy_sets_the_policy_that_it_shows_and_drops_it_in_the_end() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    stand.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '14d' TENANT shop").await;
    let create = [
        "strategy",
        "create",
        "--cluster",
        "prod",
        "--method",
        "physical",
        "--cron",
        "0 2 1 1 *",
        "--zone",
        "UTC",
        "--retention-days",
        "7",
    ];
    let with = async |more: &[&str]| {
        let mut command = stand.server.command("");
        command.args(create).args(more);
        tokio::task::spawn_blocking(move || crate::lifeboat::run(&mut command)).await.expect("no panic")
    };
    let foreign = with(&["--preview"]).await;
    assert!(foreign.out.contains("14d") && foreign.out.contains("expected to delete"), "{}", foreign.out);
    assert!(foreign.err.contains("without consent: shop: default (14d)"), "{}", foreign.err);
    let shown = with(&["--preview", "--take-over"]).await;
    assert_eq!(shown.status, 0, "{}", shown.err);
    assert!(shown.out.contains("NEXT RUNS"), "{}", shown.out);
    assert_eq!(policy(&stand).await.1, json!("14d"), "a preview changes nothing");
    let created = with(&["--take-over"]).await;
    assert!(
        created.status == 0 && created.out.contains("Lifeboat now sets"),
        "{}{}",
        created.out,
        created.err
    );
    becomes(&stand, (json!("default"), json!("7d"), json!(true))).await;

    let show = good(&stand, "strategy show --cluster prod").await;
    assert!(show.contains("keeps 7 days, deleted by the database"), "{show}");
    let set = "retention policy set --cluster prod --tenant shop --keep-days 3 --preview";
    let by_hand = refused(&stand, set).await;
    assert!(
        by_hand.contains("The backup strategy of prod sets the delete policy of tenant shop"),
        "{by_hand}"
    );
    let paused = refused(&stand, "strategy pause --cluster prod --clean-up").await;
    assert!(paused.contains("cannot be paused"), "{paused}");
    let edit = "strategy edit --cluster prod --retention-days 8";
    let other = refused(&stand, &format!("{edit} --plan 0")).await;
    assert!(other.contains("have changed since the preview"), "{other}");
    let preview: Value =
        serde_json::from_str(&good(&stand, &format!("{edit} --preview -o json")).await).expect("JSON");
    let hash = preview["planHash"].as_str().expect("a hash");
    let edited = good(&stand, &format!("{edit} --plan {hash}")).await;
    assert!(edited.contains("Lifeboat now sets"), "{edited}");
    becomes(&stand, (json!("default"), json!("8d"), json!(true))).await;

    // A tenant with a longer window of its own loses it only with consent.
    let own = "strategy create --cluster prod --tenant shop --method physical --weekly 6=full --at 02:00 --zone UTC";
    good(&stand, &format!("{own} --retention-days 365")).await;
    becomes(&stand, (json!("default"), json!("365d"), json!(true))).await;
    let delete = "strategy delete --cluster prod --tenant shop";
    let shortens = refused(&stand, delete).await;
    assert!(shortens.contains("prod/shop are kept for 8 days instead of 365"), "{shortens}");
    assert!(shortens.contains("--accept-cluster-retention"), "{shortens}");
    let accepted = good(&stand, &format!("{delete} --accept-cluster-retention")).await;
    assert!(accepted.contains("now keeps its physical backups for 8 days"), "{accepted}");
    becomes(&stand, (json!("default"), json!("8d"), json!(true))).await;

    let deleted = good(&stand, "strategy delete --cluster prod").await;
    assert!(deleted.contains("Lifeboat now drops"), "{deleted}");
    becomes(&stand, (Value::Null, Value::Null, json!(false))).await;
}
