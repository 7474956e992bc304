//! Recovery of a tenant from physical backups, as a DBA uses it, over REST and on the command line.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sim::Profile;

use crate::simulated::Stand;

/// The longest time until a backup must be recoverable.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits until all tenants can be recovered, and returns their recovery windows.
pub(crate) async fn recoverable(stand: &Stand) -> Value {
    let begun = Instant::now();
    loop {
        let info = stand.get(&stand.below("backup/info")).await;
        let tenants = info["tenants"].as_array().expect("a list");
        if !tenants.is_empty() && tenants.iter().all(|tenant| tenant["intervals"][0].is_object()) {
            return info;
        }
        assert!(begun.elapsed() < LIMIT, "it can't be recovered: {info:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_recovered_to_a_moment_by_the_program_and_listed_beside_the_others() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    let info = recoverable(&stand).await;
    let shop = &info["tenants"][0];
    assert_eq!((shop["tenantName"].as_str(), shop["lossSeconds"].is_u64()), (Some("shop"), true), "{info:#}");
    let sections = |of: &Value| {
        let all =
            &of["obRecoverableInfoAggregation"]["latestSevenDaysAggregation"]["obRecoverableSectionItems"];
        let kinds = all.as_array().expect("a list").iter();
        kinds.map(|one| one["obRecoverableSectionItemType"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(sections(shop), ["\"FULL_DATA_BACKUP\"", "\"RECOVERABLE\""]);
    assert_eq!(sections(&info), sections(shop), "the only tenant's are all");
    let path = stand.below(&format!("tenants/{}/backup/info", shop["tenantId"]));
    let alone = stand.get(&path).await;
    assert_eq!(alone["tenants"].as_array().map(Vec::len), Some(1));

    let window = stand.server.run("restore window --cluster prod --tenant shop");
    assert_eq!(window.status, 0, "{}", window.err);
    assert!(
        window.out.contains("shop") && window.out.contains("data loss if the cluster fails now"),
        "{}",
        window.out
    );

    stand.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'").await;
    let scn = shop["intervals"][0]["startScn"].as_str().expect("an SCN").to_owned();
    let start = format!("restore start --cluster prod --tenant shop --until {scn} --as shop_2 --unit small");
    let plan = stand.server.run(&format!("{start} --dry-run --statements"));
    assert_eq!(plan.status, 0, "{}", plan.err);
    for part in
        ["Create resource pools", "> ALTER SYSTEM RESTORE `shop_2` FROM", &format!("UNTIL SCN = {scn}")]
    {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    let tenants = stand.get(&stand.below("tenants")).await;
    assert!(!tenants.to_string().contains("shop_2"), "a dry run changes nothing");

    let recovered = stand.server.run(&format!("{start} --wait"));
    assert_eq!(recovered.status, 0, "{} {}", recovered.out, recovered.err);
    let tenants = stand.get(&stand.below("tenants")).await;
    let rows = tenants["contents"].as_array().expect("a list");
    let made = rows.iter().find(|row| row["name"] == "shop_2").expect("it is there");
    assert_eq!((&made["status"], &made["role"]), (&json!("NORMAL"), &json!("PRIMARY")));
    let world = stand.simulator().world(0);
    let restored = world["tenants"][made["id"].to_string()].clone();
    assert_eq!(restored["data_scn"].to_string(), scn, "it is of the moment that was asked for");

    let listed = stand.get(&stand.below("backup/task/restoreTasks")).await;
    let row = &listed["contents"][0];
    for (field, expected) in [
        ("backupMode", json!("PHYSICAL_BACKUP")),
        ("status", json!("RESTORE_SUCCESS")),
        ("backupTenantName", json!("shop")),
        ("restoreTenantName", json!("shop_2")),
        ("restoreTenantId", made["id"].clone()),
    ] {
        assert_eq!(row[field], expected, "{row:#}");
    }
    assert!(row.get("backupSetId").is_none(), "{row:#}");
    let shown = stand.server.run("restore list --cluster prod");
    assert!(shown.out.contains("prod/shop_2"), "{}", shown.out);
    // A clean-up needs a recovery and the name of its tenant. This recovery has nothing to clean up.
    let recovery = row["id"].as_i64().expect("a task");
    for (arguments, status, said) in [
        (format!("{task} --yes shop"), 3, "is not a recovery"),
        (format!("{recovery}"), 2, "--yes shop_2"),
        (format!("{recovery} --yes shop"), 3, "recovers into shop_2"),
        (format!("{recovery} --yes shop_2 --wait"), 3, ""),
    ] {
        let refused = stand.server.run(&format!("restore clean-up {arguments}"));
        assert_eq!(refused.status, status, "{arguments}: {}", refused.err);
        assert!(refused.err.contains(said), "{arguments}: {}", refused.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_of_3_x_is_recovered_by_the_program_to_a_time_and_to_the_end_of_a_set() {
    let stand = Stand::new(Profile::V3_2_4, &["shop"]).await;
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    let info = recoverable(&stand).await;
    let interval = &info["tenants"][0]["intervals"][0];
    let micros = interval["startScn"].as_str().expect("an SCN").to_owned();
    assert_eq!(micros.len(), 16, "{info:#}");
    // The time is shown to the millisecond; the first moment needs all its digits.
    let time = interval["startTime"].as_str().expect("a time");
    let time = format!("{}.{}{}", &time[..19], &micros[10..], &time[23..]);
    stand.say("CREATE RESOURCE UNIT small MAX_CPU 1, MAX_MEMORY '2G'").await;
    let start = |until: &str, name: &str| {
        format!("restore start --cluster prod --tenant shop --until {until} --as {name} --unit small")
    };
    let plan = stand.server.run(&format!("{} --dry-run --statements", start(&time, "shop_2")));
    assert_eq!(plan.status, 0, "{}", plan.err);
    for part in
        ["ALTER SYSTEM SET restore_concurrency = 10", "> ALTER SYSTEM RESTORE `shop_2` FROM `shop` AT"]
    {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    for (until, name) in [(time.as_str(), "shop_2"), ("set:1", "shop_3")] {
        let recovered = stand.server.run(&format!("{} --wait", start(until, name)));
        assert_eq!(recovered.status, 0, "{} {}", recovered.out, recovered.err);
        let tenants = stand.get(&stand.below("tenants")).await;
        let rows = tenants["contents"].as_array().expect("a list");
        let made = rows.iter().find(|row| row["name"] == name).expect("it is there");
        let world = stand.simulator().world(0);
        let restored = world["tenants"][made["id"].to_string()].clone();
        assert_eq!(restored["data_scn"].to_string(), micros, "{name} is of the moment that was asked for");
    }
    let refused = stand.server.run(&start("set:9", "shop_4").replace("--unit", "--dry-run --unit"));
    assert_eq!(refused.status, 3, "{}", refused.err);
    assert!(refused.err.contains("no complete backup set 9"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_recovered_by_the_program_into_units_of_a_new_size() {
    let stand = Stand::new(Profile::V4_2_5, &["shop"]).await;
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    recoverable(&stand).await;
    let start = |size: &str, rest: &str| {
        stand
            .server
            .run(&format!("restore start --cluster prod --tenant shop --as shop_2 --new-unit {size} {rest}"))
    };
    for (size, status, said) in [
        ("2C8G", 2, "is not a size of a unit specification"),
        ("cpu:0.5,memory:4G", 2, "is too small"),
        ("cpu:99,memory:4G", 3, "does not have enough free resources"),
        ("zone9=cpu:2,memory:4G", 3, "no zone zone9"),
    ] {
        let refused = start(size, "--dry-run");
        assert_eq!(refused.status, status, "{size}: {}", refused.err);
        assert!(refused.err.contains(said), "{size}: {}", refused.err);
    }
    let size = "cpu:2,memory:4G,log-disk:20G";
    let plan = start(size, "--dry-run --statements");
    assert_eq!(plan.status, 0, "{}", plan.err);
    for part in [
        "Creates unit specification lifeboat_…_unit_1: 2 CPU, 4.0 GiB memory, 20.0 GiB log disk",
        "> CREATE RESOURCE UNIT `lifeboat_…_unit_1` MAX_CPU 2, MIN_CPU 2, MEMORY_SIZE 4294967296",
        "> CREATE RESOURCE POOL `lifeboat_…_1` UNIT = 'lifeboat_…_unit_1', UNIT_NUM = 1",
    ] {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    let made = |stand: &Stand| {
        let units = stand.simulator().world(0)["resources"]["units"].as_array().expect("a list").clone();
        units.into_iter().find(|unit| unit["name"].as_str().is_some_and(|name| name.starts_with("lifeboat_")))
    };
    assert_eq!(made(&stand), None, "a dry run changes nothing");
    let recovered = start(size, "--wait");
    assert_eq!(recovered.status, 0, "{} {}", recovered.out, recovered.err);
    let unit = made(&stand).expect("it is there");
    assert_eq!((&unit["memory_bytes"], &unit["log_disk_bytes"]), (&json!(4_u64 << 30), &json!(20_u64 << 30)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ocps_forms_are_taken_previewed_and_refused_with_ocps_numbers() {
    let stand = Stand::new(Profile::V4_6, &["shop"]).await;
    let task = stand.back_up("FULL_BACKUP", json!({})).await.task();
    stand.succeeded(task).await;
    let info = recoverable(&stand).await;
    // The views are ahead of the storage: its logs reach the end of the interval a little later.
    stand.simulator().advance_seconds(600.0);
    stand.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '2G'").await;
    let time = &info["tenants"][0]["intervals"][0]["endTime"];
    let tenant = json!({
        "name": "shop_2",
        "zones": [{ "name": "zone1", "replicaType": "FULL", "resourcePool": { "unitSpecName": "small", "unitCount": 1 } }],
    });
    let online = |change: &dyn Fn(&mut Value)| {
        let mut form = json!({
            "backupClusterId": stand.cluster, "backupTenantId": info["tenants"][0]["tenantId"],
            "restoreClusterId": stand.cluster, "restoreEndTime": time, "restoreTenantInfoParam": tenant,
        });
        change(&mut form);
        json!({ "backupTenantStatus": "ONLINE", "restoreOnlineTenantRequiredParam": form, "dryRun": true })
    };
    let path = stand.below("backup/restore");
    let items = stand.post(&format!("{path}/preview"), &online(&|_| ())).await.done();
    let kinds: Vec<_> =
        items["contents"].as_array().expect("a list").iter().map(|one| &one["backupType"]).collect();
    assert_eq!(kinds, [&json!("BACKUP_SET"), &json!("BACKUP_PIECE")], "{items:#}");
    stand.post(&path, &online(&|_| ())).await.done();
    type Change<'c> = &'c dyn Fn(&mut Value);
    let cases: [(Change<'_>, u64); 5] = [
        (&|form| form["restoreEndTime"] = json!("2020-01-01T00:00:00+08:00"), 20049),
        (&|form| form["restoreTenantInfoParam"]["name"] = json!("shop"), 20044),
        (
            &|form| form["restoreTenantInfoParam"]["zones"][0]["resourcePool"]["unitSpecName"] = json!("x"),
            20040,
        ),
        (
            &|form| {
                let size = json!({ "cpu": 99, "memoryBytes": 1_u64 << 30 });
                form["restoreTenantInfoParam"]["zones"][0]["resourcePool"] = json!({ "unitSpec": size });
            },
            20040,
        ),
        (&|form| form["restoreScn"] = json!("5"), 400),
    ];
    for (change, code) in cases {
        let body = online(change);
        assert_eq!(stand.post(&path, &body).await.refused().0, code, "{body:#}");
    }
    let offline = json!({
        "backupTenantStatus": "OFFLINE",
        "restoreOfflineTenantRequiredParam": {
            "backupMode": "PHYSICAL_BACKUP",
            "backupClusterName": "obcluster", "backupObClusterId": 1,
            "backupTenantName": "shop", "backupObTenantId": info["tenants"][0]["tenantId"],
            "storageId": stand.storage,
            "restoreTenantInfoParam": tenant,
        },
    });
    let task = stand.post(&path, &offline).await.task();
    stand.succeeded(task).await;
}
