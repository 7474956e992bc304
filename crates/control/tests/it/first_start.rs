//! The first account and its password.

use std::os::unix::fs::PermissionsExt as _;

use control::{Control, PageAsk, Settings, clusters, users};
use model::Secret;
use tempfile::TempDir;

use crate::stand::{Stand, why};

#[tokio::test]
async fn the_first_password_is_good_for_nothing_but_its_change() {
    let dir = TempDir::new().expect("a directory");
    let settings = Settings::new(dir.path().join("data"));
    let opened = Control::open(settings.clone()).await.expect("opens");
    let file = opened.initial_password.expect("a first password");
    assert_eq!(file.metadata().expect("the file").permissions().mode() & 0o777, 0o600);
    let password = Secret::new(std::fs::read_to_string(&file).expect("read").trim());
    drop(opened.control);

    let opened = Control::open(settings.clone()).await.expect("opens again");
    assert_eq!(opened.initial_password.as_ref(), Some(&file), "it is still to be changed");
    let control = opened.control;
    let actor = users::authenticate(&control, "admin", &password, "a").await.expect("logs on");
    assert_eq!(why(clusters::list(&control, &actor, PageAsk::default()).await), "password-must-change");

    users::change_password(&control, &actor, &password, &Secret::new("battery staple"))
        .await
        .expect("changed");
    assert!(!file.exists());
    assert_eq!(why(users::authenticate(&control, "admin", &password, "a").await), "log-on-wrong");
    let actor = users::authenticate(&control, "admin", &Secret::new("battery staple"), "a").await;
    clusters::list(&control, &actor.expect("logs on"), PageAsk::default()).await.expect("allowed now");
    drop(control);
    assert_eq!(Control::open(settings).await.expect("opens").initial_password, None);
}

#[tokio::test]
async fn a_given_first_password_needs_no_change_and_no_file() {
    let stand = Stand::new().await;
    assert!(!stand.admin.must_change_password);
    assert!(!stand.dir.path().join("data/initial-password").exists());
    clusters::list(&stand.control, &stand.admin, PageAsk::default()).await.expect("allowed");
}

#[tokio::test]
async fn a_lost_password_is_reset_with_the_server_stopped() {
    let stand = Stand::new().await;
    let data = stand.dir.path().join("data");
    let new = Secret::new("battery staple");
    assert_eq!(why(users::reset_admin_password(&data, None, &new).await), "data-directory-in-use");
    let Stand { control, dir, .. } = stand;
    drop(control);
    assert_eq!(
        why(users::reset_admin_password(&data, None, &Secret::new("short")).await),
        "password-too-short"
    );
    users::reset_admin_password(&data, None, &new).await.expect("set again");
    let control = Control::open(Settings::new(dir.path().join("data"))).await.expect("opens").control;
    users::authenticate(&control, "admin", &new, "a").await.expect("logs on");
}
