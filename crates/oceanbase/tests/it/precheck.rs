//! The check before a cluster is taken over.

use std::sync::Arc;

use model::text::Language;
use oceanbase::precheck::tenant::{TenantCheck, precheck_tenant};
use oceanbase::precheck::{Precheck, Verdict, precheck};
use oceanbase::{Endpoint, NoWitness};

use crate::fake::Fake;
use crate::recorder::Recorder;
use crate::seekdb;

async fn check(endpoint: &Endpoint) -> Precheck {
    precheck(endpoint, Arc::new(NoWitness)).await
}

/// The lines as a person reads them, without times.
fn shown(report: &Precheck) -> String {
    let lines = report.lines.iter().map(|line| {
        assert!(model::text::has_line(line.check), "{} has words", line.check);
        let problem = line.problem.as_ref().map_or(String::new(), |problem| {
            let action =
                problem.text.action(Language::En).map_or(String::new(), |action| format!(" -> {action}"));
            format!(": {problem}{action}")
        });
        format!("{:?} {}{problem}", line.verdict, line.check)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn root_of_a_real_seekdb_passes() {
    let recorder = Recorder::new();
    let report = precheck(&seekdb::endpoint(), recorder.clone()).await;
    assert!(report.passed());
    assert!(
        report
            .cluster
            .as_ref()
            .is_some_and(|(facts, tenants)| facts.ob_name == "seekdb" && tenants.len() == 1)
    );
    insta::assert_snapshot!(shown(&report), @r"
    Passed takeover-connect
    Passed takeover-log-on
    Passed takeover-version
    Passed takeover-privileges
    Passed takeover-read
    ");
    assert!(!recorder.transcript().contains("! "), "the check only reads");
    // How many rows SHOW GRANTS has depends on the databases that other tests made.
    insta::assert_snapshot!(recorder.statements(), @r"
    > SET SESSION sql_select_limit = 9223372036854775807, sql_mode = '', autocommit = 1, … (8 variables)
    > SELECT /*+ QUERY_TIMEOUT(30000000) */ version(), @@version_comment
    > SET SESSION tx_isolation = 'READ-COMMITTED', tx_read_only = 0, completion_type = 0, … (34 variables)
    > SET SESSION ob_query_timeout = 30000000
    > SHOW GRANTS
    > SELECT svr_ip, role FROM oceanbase.V$OB_SERVER_STAT
    > SELECT svr_ip, role FROM oceanbase.V$OB_SERVER_STAT
    ");
}

#[tokio::test]
async fn missing_privileges_are_listed_with_the_statements_that_grant_them() {
    let server = seekdb::server();
    let name = "takeover_of_little_right";
    server
        .run(&[
            format!("DROP USER IF EXISTS {name}"),
            format!("CREATE USER {name} IDENTIFIED BY 'little'"),
            format!("GRANT SELECT, SHOW VIEW ON *.* TO {name}"),
        ])
        .expect("root creates users");
    let report = check(&seekdb::as_user(&server, name, "little")).await;
    insta::assert_snapshot!(shown(&report), @r"
    Passed takeover-connect
    Passed takeover-log-on
    Passed takeover-version
    Failed takeover-privileges: The user `takeover_of_little_right` lacks privileges: ALTER SYSTEM ON *.*, TRIGGER ON *.* -> As an administrator, run: GRANT ALTER SYSTEM ON *.* TO 'takeover_of_little_right'; GRANT TRIGGER ON *.* TO 'takeover_of_little_right';
    NotChecked takeover-read: Not checked
    ");
    assert!(!report.passed());

    let grants =
        report.obstacle().and_then(|problem| problem.args().get("grants")).expect("statements").clone();
    let grants: Vec<&str> = grants.split_inclusive(';').map(str::trim).collect();
    server.run(&grants).expect("what is proposed can be run");
    let report = check(&seekdb::as_user(&server, name, "little")).await;
    assert!(report.passed(), "{}", shown(&report));
    server.run(&[format!("DROP USER IF EXISTS {name}")]).expect("root drops users");
}

#[tokio::test]
async fn a_user_whose_rights_come_by_roles_is_warned_and_then_found_out() {
    let server = seekdb::server();
    let (user, role) = ("takeover_by_role", "takeover_role");
    server
        .run(&[
            format!("DROP USER IF EXISTS {user}"),
            format!("DROP ROLE IF EXISTS {role}"),
            format!("CREATE USER {user} IDENTIFIED BY 'role'"),
            format!("CREATE ROLE {role}"),
            format!("GRANT {role} TO {user}"),
        ])
        .expect("root creates users and roles");
    let report = check(&seekdb::as_user(&server, user, "role")).await;
    server
        .run(&[format!("DROP USER IF EXISTS {user}"), format!("DROP ROLE {role}")])
        .expect("root drops them");
    let found = |check: &str| {
        let line = report.lines.iter().find(|line| line.check == check).expect("it is checked");
        (line.verdict, line.problem.as_ref().map(|problem| problem.text.id.as_str()).unwrap_or_default())
    };
    assert_eq!(found("takeover-privileges"), (Verdict::Warned, "takeover-privileges-unseen"));
    assert_eq!(found("takeover-read"), (Verdict::Failed, "database-privilege-missing"));
}

#[tokio::test]
async fn a_wrong_password_stops_at_the_log_on() {
    let report = check(&seekdb::as_user(&seekdb::server(), "root", "wrong")).await;
    let text = shown(&report).replace(&seekdb::server().port.to_string(), "PORT");
    insta::assert_snapshot!(text, @r"
    Passed takeover-connect
    Failed takeover-log-on: 127.0.0.1:PORT refuses the user `root` -> Check user and password. Lifeboat connects without TLS: for an account that requires TLS, run ALTER USER … REQUIRE NONE. The user of OceanBase's sys tenant is root@sys, through OBProxy root@sys#cluster; seekdb's user is root.
    NotChecked takeover-version: Not checked
    NotChecked takeover-privileges: Not checked
    NotChecked takeover-read: Not checked
    ");
}

#[tokio::test]
async fn an_oceanbase_without_backup_is_too_old() {
    let fake = Fake::database("5.6.25", "OceanBase 2.2.60 (r20210101) (Built Jan 1 2021)", |_, _| None);
    let report = check(&fake.endpoint()).await;
    let verdicts: Vec<_> = report.lines.iter().map(|line| line.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Passed, Verdict::Passed, Verdict::Failed, Verdict::NotChecked, Verdict::NotChecked]
    );
    let obstacle = report.obstacle().expect("it is too old");
    assert_eq!((obstacle.code, obstacle.text.id.as_str()), (20000, "version-too-old"));
}

#[tokio::test]
async fn a_user_of_another_tenant_is_refused() {
    let fake = Fake::database("5.7.25-OceanBase-v4.2.1.0", "OceanBase 4.2.1.0 (r1)", |_, _| None);
    let endpoint = Endpoint { user: "root@shop#prod".into(), ..fake.endpoint() };
    let report = check(&endpoint).await;
    assert_eq!(report.obstacle().map(|problem| problem.text.id.as_str()), Some("takeover-tenant-not-sys"));
    let unchecked = report.lines.iter().filter(|line| line.verdict == Verdict::NotChecked).count();
    assert_eq!(unchecked, 3, "{}", shown(&report));
}

/// The lines about a tenant's user as a person reads them, without times.
fn lines_of(found: &TenantCheck) -> String {
    shown(&Precheck { lines: found.lines.clone(), cluster: None })
}

#[tokio::test]
async fn what_a_tenants_user_lacks_is_told_and_one_of_least_privilege_passes() {
    let server = seekdb::server();
    let name = "tenant_of_little_right";
    server
        .run(&[format!("DROP USER IF EXISTS {name}"), format!("CREATE USER {name} IDENTIFIED BY 'little'")])
        .expect("root creates users");
    let check = async |password: &str| {
        precheck_tenant(&seekdb::as_user(&server, name, password), Arc::new(NoWitness)).await
    };
    let mut told = vec![lines_of(&check("not it").await), lines_of(&check("little").await)];
    server.run(&[format!("GRANT SELECT ON *.* TO {name}")]).expect("granted");
    told.push(lines_of(&check("little").await));
    server.run(&[format!("GRANT SHOW VIEW, TRIGGER, EXECUTE ON *.* TO {name}")]).expect("granted");
    let recorder = Recorder::new();
    let endpoint = seekdb::as_user(&server, name, "little");
    told.push(lines_of(&precheck_tenant(&endpoint, recorder.clone()).await));
    assert!(!recorder.transcript().contains("! "), "the check only reads");
    told.push(recorder.statements());
    insta::assert_snapshot!(told.join("\n\n"));
}
