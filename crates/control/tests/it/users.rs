//! Log-on, lock-out, change of passwords.

use control::audit::AuditFilter;
use control::{PageAsk, audit, clusters, users};
use model::Secret;
use model::problem::codes;

use crate::stand::{PASSWORD, Stand, code, why};

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[tokio::test]
async fn wrong_passwords_make_the_address_wait_and_do_not_lock_out_others() {
    let stand = Stand::new().await;
    let log_on = async |name: &str, password: &str, address: &str| {
        users::authenticate(&stand.control, name, &secret(password), address).await
    };
    for left in (0..users::ATTEMPTS).rev() {
        let refusal = log_on("admin", "wrong", "a").await.expect_err("refused").into_problem();
        assert_eq!(refusal.text.id, "log-on-wrong");
        assert_eq!(refusal.args()["attempts"], left.to_string());
    }
    assert_eq!(why(log_on("admin", PASSWORD, "a").await), "log-on-locked", "even the right one");
    assert_eq!(code(log_on("admin", PASSWORD, "a").await), codes::LOCKED_OUT);
    log_on("admin", PASSWORD, "b").await.expect("elsewhere nobody waits");
    assert_eq!(why(log_on("somebody", "x", "a").await), "log-on-wrong", "nor does another account");

    let lines = audit::list(&stand.control, &stand.admin, &AuditFilter::default(), PageAsk::default())
        .await
        .expect("listed");
    let wrong = lines.contents.iter().filter(|line| line.outcome == "log-on-wrong").count();
    assert_eq!(wrong, users::ATTEMPTS as usize + 1);
}

#[tokio::test]
async fn what_can_be_no_name_is_not_repeated_in_the_audit_log() {
    let stand = Stand::new().await;
    for name in ["\u{1b}[2Jadmin", "a\u{202e}nimda", "admin\nroot"] {
        let refused = users::authenticate(&stand.control, name, &secret("wrong"), "a").await;
        assert_eq!(why(refused), "log-on-wrong");
    }
    let lines = audit::list(&stand.control, &stand.admin, &AuditFilter::default(), PageAsk::default())
        .await
        .expect("listed");
    for line in lines.contents.iter().filter(|line| line.outcome == "log-on-wrong") {
        assert_eq!(
            (line.user.as_str(), line.target.as_str()),
            ("(not a valid name)", "user/(not a valid name)")
        );
    }
}

#[tokio::test]
async fn many_at_once_get_no_more_tries_than_one_after_the_other() {
    let stand = Stand::new().await;
    let tries = (0..20)
        .map(|_| async { why(users::authenticate(&stand.control, "admin", &secret("wrong"), "a").await) });
    let tries = futures::future::join_all(tries).await;
    assert!(tries.iter().all(|id| ["log-on-wrong", "log-on-locked"].contains(&id.as_str())));
    assert_eq!(
        why(users::authenticate(&stand.control, "admin", &secret(PASSWORD), "a").await),
        "log-on-locked"
    );
}

#[tokio::test]
async fn of_a_storm_of_log_ons_few_wait_and_the_rest_are_refused_at_once() {
    let stand = Stand::new().await;
    let tries = (0..200).map(|number| {
        let control = &stand.control;
        async move {
            let (name, address) = (format!("nobody{number}"), format!("10.0.{number}.1"));
            why(users::authenticate(control, &name, &secret("wrong"), &address).await)
        }
    });
    let tries = futures::future::join_all(tries).await;
    let busy = tries.iter().filter(|id| *id == "log-on-busy").count();
    assert!((100..200).contains(&busy), "{busy}");
    assert!(tries.iter().all(|id| ["log-on-wrong", "log-on-busy"].contains(&id.as_str())), "{tries:?}");
    users::authenticate(&stand.control, "admin", &secret(PASSWORD), "b").await.expect("it is over");
}

#[tokio::test]
async fn a_changed_password_is_good_at_once_and_the_old_one_is_not() {
    let stand = Stand::new().await;
    let log_on =
        async |password: &str| users::authenticate(&stand.control, "admin", &secret(password), "a").await;
    log_on(PASSWORD).await.expect("verified, and known for a while");
    let change = async |old: &str, new: &str| {
        users::change_password(&stand.control, &stand.admin, &secret(old), &secret(new)).await
    };
    assert_eq!(why(change("wrong", "battery staple").await), "log-on-wrong");
    assert_eq!(why(change(PASSWORD, "short").await), "password-too-short");
    assert_eq!(why(change(PASSWORD, PASSWORD).await), "password-unchanged");
    change(PASSWORD, "battery staple").await.expect("changed");
    assert_eq!(why(log_on(PASSWORD).await), "log-on-wrong");
    log_on("battery staple").await.expect("the new one");
}

#[tokio::test]
async fn roles_limit_every_action_and_refusals_are_in_the_audit_log() {
    let stand = Stand::new().await;
    let viewer = stand.viewer();
    let cluster = model::id::ClusterId(1);
    assert_eq!(why(clusters::remove(&stand.control, &viewer, cluster, false).await), "permission-missing");
    assert_eq!(
        why(audit::list(&stand.control, &viewer, &AuditFilter::default(), PageAsk::default()).await),
        "permission-missing"
    );
    let lines = audit::list(&stand.control, &stand.admin, &AuditFilter::default(), PageAsk::default())
        .await
        .expect("listed");
    let line = &lines.contents[0];
    assert_eq!((line.user.as_str(), line.action.as_str()), ("vera", "cluster-remove"));
    assert_eq!((line.target.as_str(), line.outcome.as_str()), ("cluster/1", "permission-missing"));
}
