//! Taking over clusters and refreshing them.

use std::time::Duration;

use control::clusters::{self, NewCluster};
use control::{PageAsk, audit, tenants};
use model::Secret;
use model::cluster::ClusterStatus;
use model::id::{ClusterId, TenantId};
use model::storage::TestOutcome;
use tokio_util::sync::CancellationToken;

use crate::stand::{Stand, seekdb, server, why};

#[tokio::test]
async fn a_cluster_is_taken_over_looked_at_and_let_go() {
    let stand = Stand::new().await;
    server().fresh_database("control_clusters").expect("made");
    server().run(&["CREATE TABLE control_clusters.t (id INT PRIMARY KEY)"]).expect("made");
    let lines = clusters::precheck(&stand.control, &stand.admin, &seekdb("demo")).await.expect("checked");
    assert!(lines.iter().all(|line| line.outcome == TestOutcome::Passed), "{lines:?}");
    let cluster = stand.add_seekdb("demo").await;
    assert_eq!(cluster.status, ClusterStatus::Running);

    let (control, admin) = (&stand.control, &stand.admin);
    assert_eq!(clusters::find(control, admin, "demo").await.expect("found"), cluster);
    assert_eq!(clusters::list(control, admin, PageAsk::default()).await.expect("listed").total_elements, 1);
    let listed = tenants::of_cluster(control, admin, cluster.id).await.expect("listed");
    assert_eq!((listed.len(), listed[0].tenant.id), (1, TenantId(1)));
    assert_eq!(
        (&listed[0].credential, &listed[0].logical_disabled),
        (&None, &None),
        "seekdb needs no credential"
    );
    let databases = clusters::databases(control, admin, cluster.id, TenantId(1)).await.expect("listed");
    assert!(databases.iter().any(|database| database.name == "control_clusters" && database.tables == 1));
    let tables = clusters::tables(control, admin, cluster.id, TenantId(1), "control_clusters").await;
    assert_eq!(tables.expect("listed")[0].name, "t");
    let seen = clusters::refresh(control, admin, cluster.id).await.expect("it answers");
    assert!(seen.probed > cluster.probed);

    clusters::remove(control, admin, cluster.id, false).await.expect("let go");
    assert_eq!(why(clusters::get(control, admin, cluster.id).await), "cluster-unknown");
    let lines = audit::list(control, admin, &audit::AuditFilter::default(), PageAsk::default())
        .await
        .expect("listed")
        .contents;
    let deeds: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.outcome.as_str())).collect();
    assert_eq!(deeds, [("cluster-remove", "done"), ("cluster-add", "done")]);
    assert!(!format!("{lines:?}").contains(&server().password));
}

#[tokio::test]
async fn what_can_not_be_taken_over_is_refused_and_not_kept() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    let wrong = NewCluster { password: Secret::new("wrong"), ..seekdb("demo") };
    assert_eq!(why(clusters::add(control, admin, wrong).await), "database-access-denied");
    let nobody = NewCluster { addresses: vec!["127.0.0.1:1".parse().expect("an address")], ..seekdb("demo") };
    assert_eq!(why(clusters::add(control, admin, nobody).await), "database-refuses-connections");
    assert_eq!(why(clusters::add(control, admin, seekdb("a/b")).await), "name-malformed");
    stand.add_seekdb("demo").await;
    assert_eq!(why(clusters::add(control, admin, seekdb("again")).await), "cluster-known");
    assert_eq!(clusters::list(control, admin, PageAsk::default()).await.expect("listed").total_elements, 1);
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_any_more_is_kept_as_unavailable_until_it_does() {
    let stand = Stand::new().await;
    let (control, admin) = (&stand.control, &stand.admin);
    // seekdb does not start again in a folder whose path contains a dot, as the path of a temporary folder usually
    // does.
    let folder = tempfile::Builder::new().prefix("control-seekdb").tempdir().expect("a directory");
    let mut own = xtask::seekdb::Instance::start_in(folder.path()).expect("seekdb starts");
    let password = Secret::new(own.server.password.clone());
    let new = NewCluster {
        addresses: vec![format!("127.0.0.1:{}", own.server.port).parse().expect("an address")],
        password: password.clone(),
        ..seekdb("own")
    };
    let cluster = clusters::add(control, admin, new).await.expect("taken over");
    own.kill();
    let refusal = clusters::refresh(control, admin, cluster.id).await;
    assert_eq!(why(refusal), "database-refuses-connections");
    let seen = clusters::get(control, admin, cluster.id).await.expect("it is kept");
    assert_eq!((seen.status, seen.facts), (ClusterStatus::Unavailable, cluster.facts));

    own.start_again().expect("seekdb starts again");
    let (shutdown, running) = (CancellationToken::new(), control.clone());
    let watch = async {
        // The server refreshes its clusters by itself when it starts.
        while clusters::get(control, admin, cluster.id).await.expect("kept").status != ClusterStatus::Running
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shutdown.cancel();
    };
    let both = Box::pin(async { tokio::join!(running.run(shutdown.clone()), watch) });
    tokio::time::timeout(Duration::from_secs(50), both).await.expect("it is seen");
}

#[tokio::test]
async fn a_password_that_the_cluster_does_not_take_is_not_kept() {
    let stand = Stand::new().await;
    let cluster = stand.add_seekdb("demo").await;
    let (control, admin) = (&stand.control, &stand.admin);
    let wrong = clusters::set_password(control, admin, cluster.id, &Secret::new("wrong")).await;
    assert_eq!(why(wrong), "database-access-denied");
    clusters::refresh(control, admin, cluster.id).await.expect("the old one is still used");
    let right = Secret::new(server().password);
    clusters::set_password(control, admin, cluster.id, &right).await.expect("taken");
    let unknown = clusters::set_password(control, admin, ClusterId(99), &right).await;
    assert_eq!(why(unknown), "cluster-unknown");
}
