//! Backup strategies on the command line: create, export, compare, apply, and their defaults for Back up Now.

use sim::Profile;

use crate::lifeboat::{Ran, Server, run};
use crate::simulated::Stand;

/// Runs a command whose words may contain spaces.
fn lifeboat(server: &Server, words: &[&str]) -> Ran {
    run(server.command(words[0]).args(&words[1..]))
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_are_exported_compared_and_applied_as_a_file() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let done = |args: &[&str]| {
        let ran = lifeboat(server, args);
        assert_eq!(ran.status, 0, "{args:?}: {}", ran.err);
        ran.out
    };
    let create =
        ["strategy", "create", "--cluster", "prod", "--storage", "local", "--weekly", "2=incremental,6=full"];
    done(&[&create[..], &["--at", "02:00", "--zone", "Asia/Shanghai", "--start-log-backup", "no"]].concat());
    let file = done(&["strategy", "export"]);
    insta::assert_snapshot!("the_exported_strategies", file);
    let path = server.path("strategies.yaml");
    let path = path.to_str().expect("a path");
    let write = |text: &str| std::fs::write(path, text).expect("written");

    write(&file);
    let same = "The backup strategy of prod is up to date\n";
    assert_eq!(done(&["strategy", "apply", path, "--dry-run"]), same);
    assert_eq!(done(&["strategy", "apply", path]), same);

    let shop = "\n- clusterName: prod\n  tenantName: shop\n  obBackupScheduleConfig:\n    backupScheduleMode: CRON\n    cronExpression: 0 3 * * *\n    zone: UTC\n";
    let changed =
        file.replace("02:00:00.000", "03:30").replace("startLogBackup: false", "startLogBackup: true");
    assert_ne!(changed, file);
    write(&format!("{changed}{shop}"));
    let planned = done(&["strategy", "apply", path, "--dry-run"]);
    insta::assert_snapshot!("the_differences_of_a_file", planned);
    assert_eq!(done(&["strategy", "export"]), file, "a dry run changes nothing");
    let applied = done(&["strategy", "apply", path]);
    assert_eq!(applied.lines().count(), planned.lines().count(), "{applied}");
    assert!(applied.contains("Created the backup strategy of prod/shop"), "{applied}");
    let again = done(&["strategy", "apply", path]);
    assert_eq!(again, format!("{same}The backup strategy of prod/shop is up to date\n"));

    write(&file.replace("obBackupThresholdConfig", "thresholds"));
    let refused = lifeboat(server, &["strategy", "apply", path]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("Unknown key `strategies[0].thresholds`"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_up_now_reports_that_it_uses_the_storage_of_the_strategy() {
    let stand = Stand::standing_still(Profile::V4_2_5, &["shop"]).await;
    let server = &stand.server;
    let now = ["backup", "now", "--cluster", "prod", "--dry-run"];
    let before = lifeboat(server, &now);
    assert!(before.status == 0 && !before.out.contains("strategy"), "{}{}", before.out, before.err);
    let create = [
        "strategy",
        "create",
        "--cluster",
        "prod",
        "--storage",
        "local",
        "--cron",
        "0 2 * * *",
        "--zone",
        "UTC",
    ];
    assert_eq!(lifeboat(server, &create).status, 0);
    let said = "Backing up to local, the storage of the backup strategy\n";
    for tenant in [&[][..], &["--tenant", "shop"]] {
        let planned = lifeboat(server, &[&now[..], tenant].concat());
        assert!(planned.status == 0 && planned.out.starts_with(said), "{}{}", planned.out, planned.err);
    }
    let chosen = lifeboat(server, &[&now[..], &["--storage", "local"]].concat());
    assert!(!chosen.out.contains("strategy"), "{}", chosen.out);
    let ran = lifeboat(server, &now[..4]);
    assert_eq!(ran.out, format!("{said}Task 1 was created; follow it with `lifeboat task watch 1`\n"));
}
