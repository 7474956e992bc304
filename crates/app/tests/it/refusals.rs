//! The errors of commands that cannot run, without any server.

use crate::lifeboat::{Transcript, lifeboat, run, run_with_input};

#[test]
fn what_a_refused_command_says_is_the_reviewed_text() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut transcript = Transcript::new(dir.path(), &[]);
    let cases = [
        "task list --server http://admin:hunter2@127.0.0.1:8180",
        "task list --server 127.0.0.1:8180",
        "task list --server http://127.0.0.1:9",
        "task show one",
        "backup now",
        "cluster add demo --host mysql://root:hunter2@db1",
        "storage add cloud s3://key:hunter2@bucket/dir",
        "serve --listen 0.0.0.0:8180",
        "serve --listen here",
        "serve --tasks-at-once many",
        "serve --egress-deny 10.0.0.1/8",
        "dump --url mysql://root:hunter2@db1 --to file:///backup",
        "dump --url mysql://root@db1 --to file:///backup --encrypt-to AGE-SECRET-KEY-1QYPQHUNTER2",
        "dump --url mysql://root@db1 --to file:///backup --encrypt-to age1nobody",
        "load --from file:///backup --url mysql://root@db1",
        "verify --from s3://bucket/dump",
        "sail",
    ];
    for case in cases {
        let mut command = lifeboat();
        command.args(case.split_whitespace()).env("LIFEBOAT_PASSWORD", "x").current_dir(dir.path());
        transcript.run(case, &mut command);
    }
    insta::assert_snapshot!(transcript.normal());
}

#[test]
fn refusals_come_in_chinese_where_chinese_is_read() {
    let ran = run(lifeboat()
        .args(["task", "list", "--server", "http://127.0.0.1:9"])
        .env("LIFEBOAT_PASSWORD", "x")
        .env_remove("LIFEBOAT_LANG")
        .env("LC_ALL", "zh_CN.UTF-8"));
    assert_eq!(ran.status, 1);
    assert!(ran.err.starts_with("错误：无法连接 http://127.0.0.1:9/"), "{}", ran.err);
}

#[test]
fn a_refusal_is_json_where_programs_read_it() {
    let ran = run(lifeboat()
        .args(["task", "list", "-o", "json", "--server", "http://127.0.0.1:9"])
        .env("LIFEBOAT_PASSWORD", "x"));
    assert!(ran.err.contains("\"id\": \"server-unreachable\""), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn a_password_may_come_from_standard_input_and_must_come_from_somewhere() {
    let arguments = ["task", "list", "--server", "http://127.0.0.1:9"];
    let without = run(lifeboat().args(arguments));
    assert_eq!(without.status, 2);
    assert!(without.err.contains("LIFEBOAT_PASSWORD_FILE"), "{}", without.err);
    let with = run_with_input(lifeboat().args(arguments), "secret\n");
    assert!(with.err.contains("Cannot reach"), "{}", with.err);
}

#[test]
fn the_settings_and_their_sources_are_shown() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("lifeboat.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\nfile_roots = [\"/backup\", \"/nfs\"]\n\n\
        [egress]\ndeny = [\"192.0.2.0/24\"]\n\n[limits]\nanswer_mib = 64\n",
    )
    .expect("a file");
    let mut command = lifeboat();
    command
        .args(["serve", "--print-config", "--data-dir", "/data", "--server-name", "here"])
        .current_dir(&dir);
    command.env("LIFEBOAT_TASKS_AT_ONCE", "3");
    insta::assert_snapshot!(run(&mut command).out, @"
    data_dir                = /data                    # flag
    metadata                = sqlite                   # built in
    listen                  = 127.0.0.1:1              # lifeboat.toml
    tls_cert                =                          # built in
    tls_key                 =                          # built in
    insecure_http           = false                    # built in
    file_roots              = /backup, /nfs            # lifeboat.toml
    server_name             = here                     # flag
    tasks_at_once           = 3                        # LIFEBOAT_TASKS_AT_ONCE
    data_backups_at_once    = 4                        # built in
    backups_per_storage     =                          # built in
    trusted_proxies         =                          # built in
    log.format              = text                     # built in
    heartbeat.url_file      =                          # built in
    heartbeat.minutes       = 1                        # built in
    egress.allow            = loopback                 # LIFEBOAT_EGRESS_ALLOW
    egress.deny             = 192.0.2.0/24             # lifeboat.toml
    limits.row_mib          = 256                      # built in
    limits.answer_mib       = 64                       # lifeboat.toml
    limits.store_answer_mib = 16                       # built in
    history.log_days        = 90                       # built in
    history.audit_days      = unlimited                # built in
    ");
    std::fs::write(&file, "lisen = \"127.0.0.1:1\"\n").expect("a file");
    let ran = run(lifeboat().args(["serve", "--print-config"]).current_dir(&dir));
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("lisen") && ran.err.contains("lifeboat.toml"), "{}", ran.err);
}
