//! A recovery that does not create everything: the report of the commands, and their exit status.

use serde_json::Value;

use crate::lifeboat::{Ran, Server, run};
use crate::seekdb::with_shop;

#[test]
fn a_recovery_that_does_not_make_everything_ends_with_a_status_of_its_own() {
    let seekdb = with_shop("app_partial");
    let (shop, copy) = (&seekdb.database, &seekdb.copy);
    let statements =
        [format!("USE `{shop}`"), "CREATE PROCEDURE restock () UPDATE product SET price = 1".to_owned()];
    seekdb.run(&statements).expect("a procedure");
    let server = Server::start();
    std::fs::create_dir(server.path("backups")).expect("a directory");
    let tell = |arguments: &str| {
        let mut command = server.command(arguments);
        run(command.env("LIFEBOAT_CLUSTER_PASSWORD", &seekdb.password))
    };
    let good = |arguments: &str| {
        let Ran { status, out, err } = tell(arguments);
        assert_eq!(status, 0, "{arguments}: {out}{err}");
        out
    };
    good(&format!("cluster add demo --host 127.0.0.1:{} --user root", seekdb.port));
    good(&format!("storage add here file://{}", server.path("backups").display()));
    good(&format!("backup now --cluster demo --database {shop} --wait"));

    let restore = format!("restore start --set 1 --cluster demo --rename {shop}={copy}");
    let reason =
        format!("The procedure `{copy}`.`restock` is not created: code was not requested (--with-code)");
    assert!(good(&format!("{restore} --dry-run")).contains(&format!("Not created: {reason}")));
    let Ran { status, out, err } = tell(&format!("{restore} --wait"));
    assert_eq!(status, 4, "{out}{err}");
    assert!(out.contains("Task 2 ended, and its recovery is partial"), "{out}");
    assert!(out.contains(&format!("Not created: {reason}")), "{out}");
    assert!(err.contains("The recovery of task 2 is partial: 1 object was not created"), "{err}");
    let watched = tell("task watch 2 -o json");
    assert_eq!(watched.status, 4, "{}{}", watched.out, watched.err);
    let data: Value = serde_json::from_str(&watched.out).expect("JSON");
    assert_eq!((&data["partial"], &data["status"]), (&Value::Bool(true), &Value::from("SUCCESSFUL")));
    assert_eq!(data["notMade"][0]["kind"], "routines");
    assert_eq!(data["notMade"][0]["reason"], Value::from(reason.clone()));
    assert!(good("task show 2").contains(&reason));
    let listed = good("restore list");
    assert!(listed.contains("PARTIAL") && !listed.contains("RESTORE_SUCCESS"), "{listed}");

    seekdb.run(&[format!("DROP DATABASE `{copy}`")]).expect("dropped");
    let refused = tell(&format!("{restore} --without sequences"));
    assert!(refused.status == 2 && refused.err.contains("the kind sequences"), "{}", refused.err);
    let planned = good(&format!("{restore} --without routines --dry-run"));
    assert!(planned.contains("Objects of the kind routines are left out, as requested"), "{planned}");
    assert!(!planned.contains("Not created"), "{planned}");
    let agreed = good(&format!("{restore} --without routines --wait"));
    assert!(agreed.contains("Task 3 succeeded") && !agreed.contains("Not created"), "{agreed}");

    seekdb.run(&[format!("DROP DATABASE `{copy}`")]).expect("dropped");
    let whole = good(&format!("{restore} --with-code --wait"));
    assert!(whole.contains("Task 4 succeeded") && !whole.contains("Not created"), "{whole}");
    seekdb.run(&[format!("CALL `{copy}`.restock()")]).expect("the procedure is there");
}
