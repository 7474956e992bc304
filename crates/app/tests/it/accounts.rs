//! Accounts, their tokens and the audit log, as a person at a terminal sees them.

use std::process::Command;

use crate::lifeboat::{Server, Transcript, run};

const OPERATOR: &str = "a horse at night";
const VIEWER: &str = "a horse by day";

/// Returns a command of a user other than the administrator.
fn of(server: &Server, account: &str, password: &str, arguments: &str) -> Command {
    let mut command = server.command(arguments);
    command.env("LIFEBOAT_USER", account).env("LIFEBOAT_PASSWORD", password);
    command
}

/// Returns a command that logs on with only a token.
fn with(server: &Server, token: &str, arguments: &str) -> Command {
    let mut command = server.command(arguments);
    command.env_remove("LIFEBOAT_PASSWORD").env("LIFEBOAT_TOKEN", token);
    command
}

#[test]
fn accounts_are_made_changed_and_removed_and_every_deed_is_in_the_audit_log() {
    let server = Server::start();
    let mut told = Transcript::new(server.dir.path(), &[(server.url.clone(), "URL")]);
    let create = |line: &str, password: &str| {
        let mut command = server.command(line);
        command.env("LIFEBOAT_NEW_PASSWORD", password);
        command
    };
    let line = "admin account create operator --role backup-manager";
    told.run(line, &mut create(line, OPERATOR));
    told.run(line, &mut create(line, OPERATOR));
    let line = "admin account create auditor --role cluster-viewer";
    told.run(line, &mut create(line, "short"));
    told.run(line, &mut create(line, "a first horse"));

    let line = "cluster list";
    told.run(line, &mut of(&server, "auditor", "a first horse", line));
    let line = "admin change-password --account auditor";
    let mut command = of(&server, "auditor", "a first horse", line);
    told.run(line, command.env("LIFEBOAT_NEW_PASSWORD", VIEWER));
    let line = "cluster list";
    told.run(line, &mut of(&server, "auditor", VIEWER, line));
    let line = "storage add local file:///nowhere";
    told.run(line, &mut of(&server, "auditor", VIEWER, line));
    let line = "admin account list";
    told.run(line, &mut of(&server, "auditor", VIEWER, line));

    for line in [
        "admin account edit auditor --role backup-manager",
        "admin account disable auditor",
        "admin account list",
        "admin account enable auditor",
        "admin account remove auditor",
        "admin account remove auditor",
        "admin account remove admin",
        "admin account disable admin",
    ] {
        told.run(line, &mut server.command(line));
    }
    let line = "admin audit --limit 20";
    told.run(line, &mut server.command(line));
    insta::assert_snapshot!(told.normal());
}

#[test]
fn a_token_stands_for_its_account_until_it_is_revoked() {
    let server = Server::start();
    let made = server.run("admin token create nightly --days 30");
    assert_eq!(made.status, 0, "{}", made.err);
    let token = made.out.trim();
    assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{token:?}");
    assert!(made.err.contains("only this once"), "{}", made.err);

    let listed = run(&mut with(&server, token, "cluster list"));
    assert_eq!(listed.status, 0, "{}", listed.err);
    let file = server.path("token");
    std::fs::write(&file, format!("{token}\n")).expect("written");
    let mut command = server.command("cluster list");
    command.env_remove("LIFEBOAT_PASSWORD").env("LIFEBOAT_TOKEN_FILE", &file);
    assert_eq!(run(&mut command).status, 0);

    let tokens = server.run("admin token list");
    assert!(tokens.out.contains("nightly"), "{}", tokens.out);
    assert!(!tokens.out.contains(token), "a token is shown once");
    assert_eq!(server.run("admin token revoke nightly").status, 0);
    let refused = run(&mut with(&server, token, "cluster list"));
    assert_eq!(refused.status, 1, "{}", refused.out);
    assert!(!refused.err.contains(token), "{}", refused.err);
    let missing = server.run("admin token revoke nightly");
    assert!(missing.err.contains("nightly"), "{}", missing.err);
}

#[test]
fn a_disabled_account_and_its_tokens_are_good_for_nothing() {
    let server = Server::start();
    let mut command = server.command("admin account create operator --role backup-manager");
    assert_eq!(run(command.env("LIFEBOAT_NEW_PASSWORD", "a first horse")).status, 0);
    let mut command = of(&server, "operator", "a first horse", "admin change-password");
    assert_eq!(run(command.env("LIFEBOAT_NEW_PASSWORD", OPERATOR)).status, 0);
    let made = run(&mut of(&server, "operator", OPERATOR, "admin token create nightly"));
    assert_eq!(made.status, 0, "{}", made.err);
    let token = made.out.trim();
    assert_eq!(run(&mut with(&server, token, "task list")).status, 0);

    assert_eq!(server.run("admin account disable operator").status, 0);
    assert_eq!(run(&mut with(&server, token, "task list")).status, 1);
    assert_eq!(run(&mut of(&server, "operator", OPERATOR, "task list")).status, 1);
    assert_eq!(server.run("admin account enable operator").status, 0);
    assert_eq!(run(&mut of(&server, "operator", OPERATOR, "task list")).status, 0);
    assert_eq!(run(&mut with(&server, token, "task list")).status, 1, "disabling ends an account's tokens");
}
