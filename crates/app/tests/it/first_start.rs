//! The first password: generated, changed, forgotten.

use std::os::unix::fs::PermissionsExt as _;

use crate::lifeboat::{PASSWORD, Server, lifeboat, run};

#[test]
fn the_first_password_lies_in_a_private_file_and_must_be_changed() {
    let server = Server::start_in(tempfile::tempdir().expect("a temporary directory"), None);
    let file = server.path("data/initial-password");
    assert!(server.said[1].contains(&file.display().to_string()), "{:?}", server.said);
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let with_the_first = |arguments: &str| {
        let mut command = server.command(arguments);
        command.env_remove("LIFEBOAT_PASSWORD").env("LIFEBOAT_PASSWORD_FILE", &file);
        command.env("LIFEBOAT_NEW_PASSWORD", PASSWORD);
        run(&mut command)
    };
    let refused = with_the_first("cluster list");
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("lifeboat admin change-password"), "{}", refused.err);
    let changed = with_the_first("admin change-password");
    assert_eq!((changed.status, changed.err.as_str()), (0, ""));
    assert_eq!(server.run("cluster list").status, 0);
    assert!(!file.exists(), "the file with a password that is no good any more stays");
}

#[test]
fn a_forgotten_password_is_reset_while_the_server_is_stopped() {
    let server = Server::start();
    let reset = |dir: &std::path::Path| {
        let mut command = lifeboat();
        command.args(["admin", "reset-password", "--data-dir"]).arg(dir.join("data"));
        run(command.env("LIFEBOAT_NEW_PASSWORD", "another horse"))
    };
    let too_early = reset(server.dir.path());
    assert_eq!(too_early.status, 3, "{}", too_early.err);
    let (dir, status) = server.stop();
    assert_eq!(status, 0);
    let done = reset(dir.path());
    assert_eq!(done.status, 0, "{}", done.err);
    let server = Server::start_in(dir, Some(PASSWORD));
    assert_eq!(server.run("cluster list").status, 1, "the old password still works");
    let mut command = server.command("cluster list");
    assert_eq!(run(command.env("LIFEBOAT_PASSWORD", "another horse")).status, 0);
}
