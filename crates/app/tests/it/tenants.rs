//! The tenant credential of an OceanBase 4.x tenant: set, tested, used for a backup and a recovery, removed. The
//! cluster is simulated; the data of its tenant `shop` are on the real kernel.

use serde_json::json;
use sim::{Backend, ClusterConfig, Config, Profile, TenantConfig};

use crate::lifeboat::{Transcript, run, run_with_input};
use crate::seekdb::{Shop, fingerprint, with_shop};
use crate::simulated::{SYS_PASSWORD, Stand};

/// The password of the tenant's user, which must never appear anywhere.
const PASSWORD: &str = "of-the-tenant-itself";

/// Creates a stand whose cluster has the tenant `shop` in the real kernel, one in Oracle mode, and a locked one.
async fn stand(shop: &Shop) -> Stand {
    let tenant = |name: &str| TenantConfig { password: PASSWORD.into(), ..TenantConfig::named(name) };
    let cluster = ClusterConfig {
        version: Profile::V4_2_5.to_string(),
        sys_password: SYS_PASSWORD.into(),
        tenants: vec![
            tenant("shop"),
            TenantConfig { mode: "ORACLE".into(), ..tenant("ora") },
            TenantConfig { locked: true, ..tenant("vault") },
        ],
        ..ClusterConfig::default()
    };
    let backend = Backend {
        tenant: "shop".into(),
        address: format!("127.0.0.1:{}", shop.port),
        user: "root".into(),
        password: shop.password.clone(),
    };
    let config =
        Config { clusters: vec![cluster], backends: vec![backend], ..Config::paused(Profile::V4_2_5) };
    Stand::on(config).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_backed_up_and_restored_as_a_user_of_its_own() {
    let shop = with_shop("app_tenants");
    let stand = stand(&shop).await;
    let replaced = [
        (shop.copy.clone(), "SHOP_COPY"),
        (shop.database.clone(), "SHOP"),
        (format!(":{}", stand.simulator().port()), ":PORT"),
        (stand.server.url.clone(), "URL"),
    ];
    let mut transcript = Transcript::new(stand.server.dir.path(), &replaced);
    let mut tell = |arguments: &str, password: &str| {
        let arguments = arguments.replace("SHOP_COPY", &shop.copy).replace("SHOP", &shop.database);
        let mut command = stand.server.command(&arguments);
        transcript.run(&arguments, command.env("LIFEBOAT_TENANT_PASSWORD", password))
    };

    tell("tenant list", "");
    tell("tenant list --cluster prod", "");
    tell("backup now --cluster prod --tenant shop --method logical", "");
    tell("backup now --cluster prod --tenant shop --database SHOP", "");
    tell("backup now --cluster prod --method logical", "");
    tell("tenant credential test prod shop", "");
    tell("tenant credential set prod shop", "not it");
    tell("tenant credential set prod nowhere", PASSWORD);
    tell("tenant credential set prod sys", SYS_PASSWORD);
    tell("tenant credential set prod ora", PASSWORD);
    tell("tenant credential set prod vault", PASSWORD);
    tell("tenant credential set prod shop --user root@vault", PASSWORD);
    tell("tenant credential set prod shop", PASSWORD);
    tell("tenant credential test prod shop", "");
    tell("tenant credential test prod shop --user nobody", PASSWORD);
    tell("tenant list --cluster prod", "");
    tell("backup now --cluster prod --tenant ora --database SHOP --dry-run", "");
    tell("backup now --cluster prod --tenant shop --database SHOP --dry-run", "");
    tell("backup now --cluster prod --tenant shop --database SHOP --wait", "");
    tell("backup list", "");
    tell("restore start --set 1 --cluster prod --tenant ora --rename SHOP=SHOP_COPY", "");
    tell("restore start --set 1 --cluster prod --tenant shop --rename SHOP=SHOP_COPY --wait", "");
    tell("tenant credential remove prod shop", "");
    tell("tenant credential remove prod shop", "");
    tell("backup now --cluster prod --tenant shop --database SHOP", "");
    tell("admin audit --action tenant-credential-set", "");
    insta::assert_snapshot!(transcript.normal());
    // The query starts its own runtime, which can't start inside another one.
    let rows = |database: &str| {
        std::thread::scope(|scope| {
            scope.spawn(|| fingerprint(&shop, database)).join().expect("the rows are read")
        })
    };
    assert_eq!(rows(&shop.database), rows(&shop.copy));
    let log = stand.server.run("task log 1").out;
    assert!(
        log.contains("AS OF SNAPSHOT") && !log.contains(PASSWORD) && !log.contains(&shop.password),
        "{log}"
    );
    let gaps: Vec<_> = stand.simulator().transcript().into_iter().filter(|entry| entry.gap).collect();
    assert!(gaps.is_empty(), "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_password_comes_from_where_passwords_come_from_and_programs_read_the_answer() {
    let shop = with_shop("app_tenants_json");
    let stand = stand(&shop).await;
    let set = "tenant credential set prod shop -o json";
    let told = run_with_input(&mut stand.server.command(set), &format!("{PASSWORD}\n"));
    assert_eq!(told.status, 0, "{}", told.err);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&told["user"], &told["tenantMode"]), (&json!("root"), &json!("MYSQL")));
    assert_eq!((&told["obVersion"], &told["test"]["passed"]), (&json!("OceanBase 4.2.5.0"), &json!(true)));
    let file = stand.server.path("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("written");
    let test = "tenant credential test prod shop --user root -o json";
    let tested = run(stand.server.command(test).env("LIFEBOAT_TENANT_PASSWORD_FILE", &file));
    assert_eq!(tested.status, 0, "{}", tested.err);
    let wrong = run(stand.server.command(test).env("LIFEBOAT_TENANT_PASSWORD", "not it"));
    let lines: serde_json::Value = serde_json::from_str(&wrong.out).expect("JSON");
    assert_eq!(
        (wrong.status, &lines["test"]["lines"][0]["error"]["id"]),
        (1, &json!("tenant-access-denied"))
    );

    let path = stand.below("tenants");
    let tenants = stand.get(&path).await;
    let shown = tenants["contents"].as_array().expect("a list");
    let shown: Vec<_> = shown.iter().map(|t| (t["name"].clone(), t["credentialUser"].clone())).collect();
    let none = serde_json::Value::Null;
    let expected = [("sys", none.clone()), ("shop", json!("root")), ("ora", none.clone()), ("vault", none)];
    assert_eq!(shown, expected.map(|(name, user)| (json!(name), user)));
    assert!(!tenants.to_string().contains(PASSWORD));
    let ora = tenants["contents"][2]["id"].as_i64().expect("a number");
    for dimension in ["TENANT", "DATABASE", "TABLE"] {
        let object = json!({
            "backupDimension": dimension, "tenantId": ora, "databaseName": "d", "tableName": "t",
        });
        let more = json!({ "backupMode": "LOGICAL_BACKUP", "obBackupObjectList": [object] });
        let (code, message) = stand.back_up("FULL_BACKUP", more).await.refused();
        assert_eq!((code, message.as_str()), (20108, "The tenant `ora` is in Oracle mode"), "{dimension}");
    }
}
