//! The help texts.

use crate::lifeboat::{lifeboat, run};

#[test]
fn the_help_texts_are_the_reviewed_ones() {
    let commands = [
        "",
        "serve",
        "cluster",
        "cluster add",
        "cluster show",
        "tenant",
        "tenant list",
        "tenant credential",
        "tenant credential set",
        "tenant credential test",
        "storage",
        "storage add",
        "storage test",
        "backup",
        "backup now",
        "strategy",
        "strategy create",
        "strategy edit",
        "strategy runs",
        "strategy apply",
        "log-backup",
        "log-backup start",
        "compaction",
        "compaction start",
        "restore",
        "restore start",
        "restore cluster",
        "restore window",
        "retention",
        "retention plan",
        "retention apply",
        "task",
        "task log",
        "alarm",
        "alarm list",
        "alarm silence",
        "check",
        "admin",
        "admin account",
        "admin account create",
        "admin token",
        "admin token create",
        "admin audit",
        "admin reset-password",
        "admin signing-key",
        "admin trust-key",
        "dump",
        "load",
        "verify",
        "keygen",
    ];
    let mut text = String::new();
    for command in commands {
        let ran = run(lifeboat().args(command.split_whitespace()).arg("--help"));
        assert_eq!(ran.status, 0, "{command}: {}", ran.err);
        text.push_str(&format!("$ lifeboat {command} --help\n{}\n", ran.out));
    }
    insta::assert_snapshot!(text);
}
