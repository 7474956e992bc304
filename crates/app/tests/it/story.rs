//! Back up, watch, restore: the whole story on the real kernel, with all output that a user sees.

use crate::lifeboat::{Server, Transcript};
use crate::seekdb::{fingerprint, with_shop};

#[test]
fn a_shop_is_backed_up_and_restored_under_another_name() {
    let seekdb = with_shop("app_story");
    let server = Server::start();
    std::fs::create_dir(server.path("backups")).expect("a directory");
    let place = format!("file://{}", server.path("backups").display());
    let mut transcript = Transcript::new(
        server.dir.path(),
        &[
            (seekdb.copy.clone(), "SHOP_COPY"),
            (seekdb.database.clone(), "SHOP"),
            (format!(":{}", seekdb.port), ":PORT"),
            (server.url.clone(), "URL"),
        ],
    );
    let mut tell = |arguments: &str| {
        let arguments = arguments.replace("SHOP_COPY", &seekdb.copy).replace("SHOP", &seekdb.database);
        let mut command = server.command(&arguments);
        transcript.run(&arguments, command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password))
    };

    tell("cluster list");
    tell(&format!("cluster add demo --host 127.0.0.1:{} --user root --dry-run", seekdb.port));
    tell(&format!("cluster add demo --host 127.0.0.1:{} --user root", seekdb.port));
    tell(&format!("cluster add again --host 127.0.0.1:{} --user root", seekdb.port));
    tell("cluster list");
    tell("cluster show demo");
    tell("cluster set-password demo");
    tell("backup now --cluster demo --database SHOP");
    tell(&format!("storage add nightly {place}"));
    tell("storage list");
    tell("storage test nightly");
    tell("backup now --cluster demo --mode incremental");
    tell("backup now --cluster demo --method physical");
    tell("backup now --cluster demo --database nowhere --dry-run");
    tell("backup now --cluster demo --database SHOP --dry-run");
    tell("backup now --cluster demo --database SHOP --wait");
    tell("backup list");
    tell("task list");
    tell("task show 1");
    tell("task retry 1");
    tell("restore plan --set 1 --cluster demo --rename SHOP=SHOP_COPY");
    tell("restore start --set 1 --cluster demo --rename SHOP=SHOP_COPY --wait");
    tell("restore start --set 1 --cluster demo --wait");
    tell("task show 3");
    tell("restore start --set 1 --cluster demo --table SHOP.nothing --rename SHOP=SHOP_COPY");
    tell("restore plan --set 1 --cluster demo --table SHOP.sold --rename SHOP=SHOP_COPY");
    seekdb
        .run(&[format!("DROP VIEW `{0}`.sold", seekdb.copy), format!("DROP TABLE `{0}`.sale", seekdb.copy)])
        .expect("a table is lost");
    tell("restore plan --set 1 --cluster demo --table SHOP.sale --rename SHOP=SHOP_COPY");
    tell(
        "restore start --set 1 --cluster demo --table SHOP.sale --table SHOP.sold --rename SHOP=SHOP_COPY --wait",
    );
    tell("restore list");
    tell("storage remove nightly");
    tell("cluster remove demo");
    tell("cluster list");
    insta::assert_snapshot!(transcript.normal());
    assert_eq!(fingerprint(&seekdb, &seekdb.database), fingerprint(&seekdb, &seekdb.copy));
}

#[test]
fn the_log_of_a_step_shows_the_statements_that_were_sent() {
    let seekdb = with_shop("app_log");
    let server = Server::start();
    let run = |arguments: &str| {
        let mut command = server.command(arguments);
        let ran = crate::lifeboat::run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password));
        assert_eq!(ran.status, 0, "{arguments}: {}", ran.err);
        ran.out
    };
    run(&format!("cluster add demo --host 127.0.0.1:{} --user root", seekdb.port));
    let place = server.path("backups");
    let arguments = format!("--database {} --storage file://{}", seekdb.database, place.display());
    run(&format!("backup now --cluster demo {arguments} --wait"));
    let log = run("task log 1");
    assert!(log.contains("── Dump data [sys] (SUCCESSFUL)"), "{log}");
    assert!(log.contains("AS OF SNAPSHOT"), "{log}");
    assert!(!log.contains(&seekdb.password), "the database's password is in the log");
    let json = run("task show 1 -o json");
    let task: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(task["status"], "SUCCESSFUL");
}
