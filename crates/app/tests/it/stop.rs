//! A server that is stopped, or killed, during a backup.

use crate::lifeboat::{PASSWORD, Server, run};
use crate::seekdb::{Shop, with_shop};

/// Starts a backup and returns its task.
fn begin(server: &Server, seekdb: &Shop) -> String {
    let with_password = |arguments: &str| {
        let mut command = server.command(arguments);
        let ran = run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password));
        assert_eq!(ran.status, 0, "{arguments}: {}", ran.err);
        ran.out
    };
    with_password(&format!("cluster add demo --host 127.0.0.1:{} --user root", seekdb.port));
    let place = server.path("backups");
    let arguments = format!("--database {} --storage file://{}", seekdb.database, place.display());
    let arguments = format!("backup now --cluster demo {arguments}");
    let data: serde_json::Value =
        serde_json::from_str(&with_password(&format!("{arguments} -o json"))).expect("JSON");
    data["backupObjectOpsResultList"][0]["taskIdList"][0].to_string()
}

#[test]
fn a_backup_continues_after_the_server_was_stopped_and_started() {
    let seekdb = with_shop("app_stop");
    let server = Server::start();
    let task = begin(&server, &seekdb);
    let (dir, status) = server.stop();
    assert_eq!(status, 0, "a server that is asked to stop ends well");
    let server = Server::start_in(dir, Some(PASSWORD));
    let watched = server.run(&format!("task watch {task}"));
    assert_eq!(watched.status, 0, "{}{}", watched.out, watched.err);
    assert_eq!(server.run("backup list").out.lines().count(), 2, "one set below the heads");
}

#[test]
fn a_backup_continues_after_the_server_was_killed_and_started() {
    let seekdb = with_shop("app_kill");
    let server = Server::start();
    let task = begin(&server, &seekdb);
    let server = Server::start_in(server.kill(), Some(PASSWORD));
    let watched = server.run(&format!("task watch {task}"));
    assert_eq!(watched.status, 0, "{}{}", watched.out, watched.err);
    assert_eq!(server.run("backup list").out.lines().count(), 2, "one set below the heads");
}
