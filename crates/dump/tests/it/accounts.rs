//! Users and roles of MariaDB are restored: they log on, have their roles and their privileges.

use dump::{ChunkAim, load};
use model::inventory::ObjectKind;

use crate::bed::{Bed, load_options, query, run};
use crate::kinds::{load_all, shown};

/// A user whose name would end a statement that does not quote it.
const ODD: &str = "`m``o'dd; -- /*\n\t`@`%`";

const MADE: [&str; 29] = [
    "CREATE USER m_plain IDENTIFIED BY 'secret1'",
    "CREATE USER 'm_far'@'10.%' IDENTIFIED BY 'secret2'",
    "CREATE USER `m``o'dd; -- /*\n\t`@`%` IDENTIFIED VIA mysql_native_password USING PASSWORD('secret3') OR unix_socket",
    "CREATE USER m_limited IDENTIFIED BY 'secret4' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 7 MAX_USER_CONNECTIONS 2 ACCOUNT LOCK \
     PASSWORD EXPIRE INTERVAL 30 DAY",
    "CREATE USER m_none WITH MAX_USER_CONNECTIONS -1 MAX_STATEMENT_TIME 1.5",
    "CREATE USER m_cert REQUIRE SUBJECT '/CN=x WITH GRANT OPTION' ISSUER 'it''s; \\\\'",
    "CREATE USER standbyro IDENTIFIED BY 'secret5'",
    "CREATE USER ''@'m_host' IDENTIFIED BY 'secret6'",
    // Named like accounts of the server, but from other hosts.
    "CREATE USER root@'10.9.9.9' IDENTIFIED BY 'secret8' REQUIRE X509 WITH MAX_CONNECTIONS_PER_HOUR 5",
    "CREATE USER 'mariadb.sys'@'%'",
    // A role and a user of one name.
    "CREATE USER m_both",
    "CREATE ROLE m_both",
    "GRANT DELETE ON d_who.* TO m_both",
    "GRANT UPDATE ON d_who.* TO m_both@'%'",
    "CREATE ROLE m_reader",
    "CREATE ROLE `m``role; --`",
    "GRANT SELECT ON d_who.* TO m_reader",
    "GRANT m_reader TO `m``role; --` WITH ADMIN OPTION",
    "GRANT m_reader TO m_both",
    "GRANT INSERT ON d_who.* TO `m``role; --` WITH GRANT OPTION",
    "GRANT `m``role; --` TO m_plain WITH ADMIN OPTION",
    "SET DEFAULT ROLE `m``role; --` FOR m_plain",
    "GRANT SELECT (a), UPDATE ON d_who.`t``; --` TO 'm_far'@'10.%' WITH GRANT OPTION",
    "GRANT PROXY ON m_both@'%' TO m_plain",
    "GRANT EXECUTE ON PROCEDURE d_who.p TO m_limited",
    "GRANT SELECT ON d_who.s TO m_limited",
    "GRANT SELECT ON `d\\_who`.* TO m_limited",
    "GRANT RELOAD, PROCESS ON *.* TO m_limited WITH GRANT OPTION",
    "GRANT SHOW VIEW ON d_who.* TO PUBLIC",
];

const USERS: [&str; 11] = [
    "m_plain",
    "'m_far'@'10.%'",
    ODD,
    "m_limited",
    "m_none",
    "m_cert",
    "standbyro",
    "''@'m_host'",
    "root@'10.9.9.9'",
    "'mariadb.sys'@'%'",
    "m_both@'%'",
];

const ROLES: [&str; 4] = ["m_both", "m_reader", "`m``role; --`", "PUBLIC"];

#[tokio::test]
async fn users_and_roles_of_a_mariadb_come_through() {
    let bed = Bed::mariadb();
    let held = [
        "CREATE TABLE `t``; --` (a INT PRIMARY KEY, b INT)",
        "CREATE SEQUENCE s",
        "CREATE PROCEDURE p() DO 1",
    ];
    bed.database("d_who", &held).await;
    let mut asked: Vec<String> =
        USERS.iter().chain(&ROLES).map(|name| format!("SHOW GRANTS FOR {name}")).collect();
    asked.extend(USERS.iter().map(|name| format!("SHOW CREATE USER {name}")));
    asked.push("SELECT Host, User, Role, Admin_option FROM mysql.roles_mapping WHERE Role LIKE 'm%' ORDER BY 1, 2, 3".to_owned());
    let mut session = bed.session().await;
    for sql in MADE {
        run(&mut session, sql).await;
    }
    let before = shown(&bed, &asked).await;
    let manifest = bed.dump("who", &[], ChunkAim::default()).await;
    let of_accounts = [ObjectKind::Users, ObjectKind::Grants];
    let lost = manifest.left_out.iter().filter(|object| of_accounts.contains(&object.kind));
    assert_eq!(lost.collect::<Vec<_>>(), [] as [&model::inventory::LeftOut; 0]);
    for account in
        ["'m_reader'", "'m`role; --'", "'m_both'", "'m_both'@'%'", "''@'m_host'", "'m`o''dd; -- /*\n\t'@'%'"]
    {
        assert!(manifest.accounts.contains(&account.to_owned()), "{account}: {:?}", manifest.accounts);
    }
    assert!(!manifest.accounts.contains(&"PUBLIC".to_owned()));
    assert_eq!(bed.verify("who").await.findings, []);

    for name in USERS {
        run(&mut session, &format!("DROP USER {name}")).await;
    }
    for name in &ROLES[..3] {
        run(&mut session, &format!("DROP ROLE {name}")).await;
    }
    for sql in ["REVOKE SHOW VIEW ON d_who.* FROM PUBLIC", "DROP DATABASE d_who"] {
        run(&mut session, sql).await;
    }
    // Objects that outlive their database are listed first.
    let options = load::Options { with_code: true, ..load_options(&[("d_who", "d_who")]) };
    let privileged = load::privileged(&bed.client, &"who".parse().expect("an id"), &options, "root").await;
    let privileged = privileged.expect("a list");
    let count = |id: &str| privileged.iter().filter(|text| text.id == id).count();
    assert!(count("load-account-created") >= USERS.len() + 3, "{privileged:?}");
    assert_eq!(count("load-grant-public"), 1, "{privileged:?}");

    let notes = load_all(&bed, "who", &[]).await;
    let refused =
        notes.iter().filter(|note| ["load-code-refused", "load-grant-refused"].contains(&&note.id[..]));
    assert_eq!(refused.collect::<Vec<_>>(), [] as [&model::text::Text; 0]);
    assert_eq!(shown(&bed, &asked).await, before, "{notes:?}");

    // They log on with their passwords, and have the privileges of their default role.
    let mut plain = bed.as_user("m_plain", "secret1").session().await;
    assert_eq!(query(&mut plain, "SELECT COUNT(*) FROM d_who.`t``; --`").await, [["0"]]);
    run(&mut plain, "INSERT INTO d_who.`t``; --` VALUES (1,1)").await;
    plain.close().await;
    bed.as_user("m`o'dd; -- /*\n\t", "secret3").session().await.close().await;
    session.close().await;
}

#[tokio::test]
async fn privileges_follow_a_database_that_is_renamed() {
    let bed = Bed::mariadb();
    bed.database("d_re_who", &["CREATE TABLE t (a INT PRIMARY KEY)", "CREATE SEQUENCE s"]).await;
    bed.no_database("d_re_new");
    let made = [
        "CREATE USER r_who IDENTIFIED BY 'secret7'",
        "CREATE ROLE r_role",
        "GRANT SELECT ON `d\\_re\\_who`.* TO r_who",
        "GRANT INSERT ON d_re_who.t TO r_who",
        "GRANT SELECT ON d_re_who.s TO r_role",
        "GRANT r_role TO r_who",
    ];
    let mut session = bed.session().await;
    for sql in made {
        run(&mut session, sql).await;
    }
    bed.dump("re-who", &[], ChunkAim::default()).await;
    for sql in ["DROP USER r_who", "DROP ROLE r_role", "DROP DATABASE d_re_who"] {
        run(&mut session, sql).await;
    }
    load_all(&bed, "re-who", &[("d_re_who", "d_re_new")]).await;
    let grants = |rows: Vec<Vec<String>>| -> Vec<String> { rows.concat().into_iter().skip(1).collect() };
    let of_user = grants(query(&mut session, "SHOW GRANTS FOR r_who").await);
    let expected =
        ["GRANT SELECT ON `d\\_re\\_new`.* TO `r_who`@`%`", "GRANT INSERT ON `d_re_new`.`t` TO `r_who`@`%`"];
    assert!(expected.iter().all(|line| of_user.contains(&(*line).to_owned())), "{of_user:?}");
    let of_role = query(&mut session, "SHOW GRANTS FOR r_role").await.concat();
    assert!(of_role.contains(&"GRANT SELECT ON `d_re_new`.`s` TO `r_role`".to_owned()), "{of_role:?}");
    session.close().await;
}

/// This happens when the definer of a system view no longer exists.
#[tokio::test]
async fn users_that_the_server_can_not_list_stop_nothing_else() {
    let bed = Bed::mariadb();
    bed.database("d_who_lost", &["CREATE TABLE t (a INT PRIMARY KEY)"]).await;
    let mut session = bed.session().await;
    let definition = query(&mut session, "SHOW CREATE VIEW mysql.user").await[0][1].clone();
    run(&mut session, "CREATE OR REPLACE VIEW mysql.user AS SELECT * FROM d_who_lost.t").await;
    run(&mut session, "RENAME TABLE d_who_lost.t TO d_who_lost.u").await;
    let manifest = bed.dump("who-lost", &[], ChunkAim::default()).await;
    run(&mut session, &definition.replacen("CREATE ", "CREATE OR REPLACE ", 1)).await;
    session.close().await;
    let lost: Vec<(ObjectKind, &str)> = manifest
        .left_out
        .iter()
        .filter(|object| object.kind == ObjectKind::Users)
        .map(|object| (object.kind, object.reason.id.as_str()))
        .collect();
    assert_eq!(lost, [(ObjectKind::Users, "left-out-unlisted-server")]);
    assert!(manifest.is_partial());
    assert!(manifest.databases.iter().any(|entry| entry.name == "d_who_lost" && entry.tables.len() == 1));
}
