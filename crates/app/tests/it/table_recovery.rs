//! Recovery of single tables from physical backups, as a DBA uses it, on the command line and over REST.

use serde_json::json;
use sim::Profile;

use crate::recovery::recoverable;
use crate::simulated::Stand;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_recovered_under_another_name_by_the_program_and_listed() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await; // its tables are test.t1 and test.t2
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    let info = recoverable(&stand).await;
    let scn = info["tenants"][0]["intervals"][0]["startScn"].as_str().expect("an SCN").to_owned();
    stand.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'").await;
    stand.say("CREATE RESOURCE POOL aux UNIT 'small', UNIT_NUM 1").await;
    let start = |objects: &str| {
        format!("restore start --cluster prod --tenant shop --until {scn} {objects} --pool aux")
    };
    let renamed = start("--table test.t1=test.t1_old");
    let plan = stand.server.run(&format!("{renamed} --dry-run --statements"));
    assert_eq!(plan.status, 0, "{}", plan.err);
    for part in [
        "Start table recovery",
        "> ALTER SYSTEM RECOVER TABLE `test`.`t1` TO TENANT `shop` FROM",
        "REMAP TABLE `test`.`t1`:`test`.`t1_old`",
    ] {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    let recovered = stand.server.run(&format!("{renamed} --wait"));
    assert_eq!(recovered.status, 0, "{} {}", recovered.out, recovered.err);
    let tenant = info["tenants"][0]["tenantId"].to_string();
    let table = stand.simulator().world(0)["tenants"][&tenant]["tables"]["test.t1_old"].clone();
    assert_eq!(
        (table["from"].as_str(), table["data_scn"].to_string()),
        (Some("test.t1"), scn.clone()),
        "{table}"
    );

    let listed = stand.get(&stand.below("backup/task/restoreTasks")).await;
    let row = &listed["contents"][0];
    let object = json!({ "backupDimension": "TABLE", "databaseName": "test", "tableName": "t1" });
    for (field, expected) in [
        ("status", json!("RESTORE_SUCCESS")),
        ("partial", json!(false)),
        ("restoreTenantName", json!("shop")),
        ("restorePoolListStr", json!("aux")),
        ("obBackupObjectList", json!([object])),
    ] {
        assert_eq!(row[field], expected, "{row:#}");
    }
    let shown = stand.server.run("restore list --cluster prod");
    assert!(shown.out.contains("test (t1)"), "{}", shown.out);

    // The name is taken now: the database refuses it after it has restored the auxiliary tenant.
    let taken = stand.server.run(&format!("{renamed} --wait"));
    assert_ne!(taken.status, 0, "{}", taken.out);
    let row = stand.get(&stand.below("backup/task/restoreTasks")).await["contents"][0].clone();
    assert_eq!((&row["status"], &row["successful"]), (&json!("RESTORE_FAIL"), &json!(false)), "{row:#}");
    assert!(row.to_string().contains("import table test.t1_old exist"), "{row:#}");
    // The request itself is refused for a wrong selection.
    for (objects, said) in [
        ("--table test.t1 --database test", "are the same object"),
        ("--database test --rename other=x", "is not selected for recovery"),
        ("--table t1", "t1"),
        ("--table test.t1 --standby", "option of a new tenant: role"),
    ] {
        let refused = stand.server.run(&start(objects));
        assert_eq!(refused.status, 2, "{objects}: {} {}", refused.out, refused.err);
        assert!(refused.err.contains(said), "{objects}: {}", refused.err);
    }
}
