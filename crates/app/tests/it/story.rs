//! Back up, watch, restore: the whole story on the real kernel, with everything that a person sees of it.

use crate::lifeboat::{Server, Transcript};
use crate::seekdb::{fingerprint, with_shop};

#[test]
fn a_shop_is_backed_up_and_restored_under_another_name() {
    let seekdb = with_shop("app_story");
    seekdb.run(&["DROP DATABASE IF EXISTS app_story_2"]).expect("a clean server");
    let server = Server::start();
    std::fs::create_dir(server.path("backups")).expect("a directory");
    let place = format!("file://{}", server.path("backups").display());
    let mut transcript =
        Transcript::new(server.dir.path(), &[(seekdb.port.to_string(), "PORT"), (server.url.clone(), "URL")]);
    let mut tell = |arguments: &str| {
        let shown = arguments.replace(&place, "file://DIR/backups").replace(&seekdb.port.to_string(), "PORT");
        let mut command = server.command(arguments);
        transcript.run(&shown, command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password))
    };

    tell("cluster list");
    tell(&format!("cluster add demo --host 127.0.0.1:{} --user root --dry-run", seekdb.port));
    tell(&format!("cluster add demo --host 127.0.0.1:{} --user root", seekdb.port));
    tell(&format!("cluster add again --host 127.0.0.1:{} --user root", seekdb.port));
    tell("cluster list");
    tell("cluster show demo");
    tell("backup now --cluster demo --database app_story");
    tell(&format!("storage add nightly {place}"));
    tell("storage list");
    tell("storage test nightly");
    tell("backup now --cluster demo --mode incremental");
    tell("backup now --cluster demo --method physical");
    tell("backup now --cluster demo --database nowhere --dry-run");
    tell("backup now --cluster demo --database app_story --dry-run");
    tell("backup now --cluster demo --database app_story --wait");
    tell("backup list");
    tell("task list");
    tell("task show 1");
    tell("task retry 1");
    tell("restore plan --set 1 --cluster demo --rename app_story=app_story_2");
    tell("restore start --set 1 --cluster demo --rename app_story=app_story_2 --wait");
    tell("restore start --set 1 --cluster demo --wait");
    tell("task show 3");
    tell("restore list");
    tell("storage remove nightly");
    tell("cluster remove demo");
    tell("cluster list");
    insta::assert_snapshot!(transcript.normal());
    assert_eq!(fingerprint(&seekdb, "app_story"), fingerprint(&seekdb, "app_story_2"));
    seekdb.run(&["DROP DATABASE app_story_2", "DROP DATABASE app_story"]).expect("a clean server");
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
    run(&format!("backup now --cluster demo --database app_log --storage file://{} --wait", place.display()));
    let log = run("task log 1");
    assert!(log.contains("── Dump data [sys] (SUCCESSFUL)"), "{log}");
    assert!(log.contains("AS OF SNAPSHOT"), "{log}");
    assert!(!log.contains(&seekdb.password), "the database's password is in the log");
    let json = run("task show 1 -o json");
    let task: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(task["status"], "SUCCESSFUL");
    seekdb.run(&["DROP DATABASE app_log"]).expect("a clean server");
}
