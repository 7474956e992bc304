//! Accounts, their sessions and tokens, and the audit log.

use metadata::audit::{AuditFilter, Deed};
use metadata::{Error, Metadata, Slice, passwords};
use model::user::Role;
use model::{Secret, Timestamp};

use crate::stand::{begin, commit, for_every_database};

for_every_database! {
    an_account_lives_and_goes
    a_disabled_account_is_known_as_such_and_logged_off
    a_session_is_known_by_its_hash_until_it_ends
    a_token_is_known_by_its_hash_until_it_is_revoked
    deeds_are_listed_newest_first
    deeds_are_found_by_time_user_action_and_thing
}

async fn an_account_lives_and_goes(metadata: Metadata) {
    let hash = passwords::hash(&Secret::new("first")).await.expect("hashed");
    let other = passwords::hash(&Secret::new("second")).await.expect("hashed");
    let mut writer = begin(&metadata).await;
    assert_eq!(writer.user_count().await.expect("answers"), 0);
    let eva = writer.user_insert("eva", Role::BackupManager, &hash, true).await.expect("kept");
    let taken = writer.user_insert("eva", Role::Admin, &hash, false).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    commit(writer).await;
    assert_eq!(metadata.user_get(eva.id).await.expect("answers"), Some(eva.clone()));
    let account = metadata.user_account("eva").await.expect("answers").expect("it is there");
    assert!(account.user.must_change_password);
    assert!(passwords::verify(&Secret::new("first"), Some(&account.password)).await);

    let mut writer = begin(&metadata).await;
    writer.user_set_password(eva.id, &other, false).await.expect("kept");
    writer.user_set_role(eva.id, Role::Admin).await.expect("kept");
    commit(writer).await;
    let account = metadata.user_account("eva").await.expect("answers").expect("it is there");
    assert!(passwords::verify(&Secret::new("second"), Some(&account.password)).await);
    assert_eq!((account.user.role, account.user.must_change_password), (Role::Admin, false));
    assert_eq!(metadata.user_list().await.expect("answers"), [account.user]);

    let mut writer = begin(&metadata).await;
    writer.user_remove(eva.id).await.expect("removed");
    commit(writer).await;
    assert!(metadata.user_account("eva").await.expect("answers").is_none());
}

async fn deeds_are_listed_newest_first(metadata: Metadata) {
    let deed = |number: u32| Deed {
        user: "eva".into(),
        address: "192.0.2.1".into(),
        action: "backup-now".into(),
        target: format!("cluster/{number}"),
        outcome: "done".into(),
    };
    for number in 0..5 {
        let mut writer = begin(&metadata).await;
        writer.audit_append(&deed(number)).await.expect("kept");
        commit(writer).await;
    }
    let listing =
        metadata.audit_list(&AuditFilter::default(), Slice { offset: 1, limit: 2 }).await.expect("answers");
    let deeds: Vec<_> = listing.items.iter().map(|line| line.deed.clone()).collect();
    assert_eq!((deeds, listing.total), (vec![deed(3), deed(2)], 5));
    assert!(listing.items[0].at >= listing.items[1].at && listing.items[0].id > listing.items[1].id);
}

async fn deeds_are_found_by_time_user_action_and_thing(metadata: Metadata) {
    for (user, action, target) in [
        ("eva", "backup-now", "cluster/prod"),
        ("eva", "log-on", "user/eva"),
        ("li", "log-on", "user/li_50%"),
    ] {
        let mut writer = begin(&metadata).await;
        let deed = Deed {
            user: user.into(),
            address: "a".into(),
            action: action.into(),
            target: target.into(),
            outcome: "done".into(),
        };
        writer.audit_append(&deed).await.expect("kept");
        commit(writer).await;
    }
    let all = metadata.audit_list(&AuditFilter::default(), Slice::ALL).await.expect("answers");
    let newest = all.items[0].at;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (AuditFilter { user: text("eva"), ..AuditFilter::default() }, 2),
        (AuditFilter { user: text("eva"), action: text("log-on"), ..AuditFilter::default() }, 1),
        (AuditFilter { target: text("user/"), ..AuditFilter::default() }, 2),
        (AuditFilter { target: text("li_50%"), ..AuditFilter::default() }, 1),
        (AuditFilter { target: text("li%"), ..AuditFilter::default() }, 0),
        (AuditFilter { until: Some(all.items[2].at), ..AuditFilter::default() }, 0),
        (AuditFilter { from: Some(Timestamp(newest.0 + 1)), ..AuditFilter::default() }, 0),
        (
            AuditFilter {
                from: Some(all.items[2].at),
                until: Some(Timestamp(newest.0 + 1)),
                ..AuditFilter::default()
            },
            3,
        ),
    ];
    for (filter, expected) in cases {
        let found = metadata.audit_list(&filter, Slice { offset: 0, limit: 1 }).await.expect("answers");
        assert_eq!((found.total, found.items.len() as u64), (expected, expected.min(1)), "{filter:?}");
    }
}

async fn a_disabled_account_is_known_as_such_and_logged_off(metadata: Metadata) {
    let hash = passwords::hash(&Secret::new("first")).await.expect("hashed");
    let mut writer = begin(&metadata).await;
    let eva = writer.user_insert("eva", Role::Admin, &hash, false).await.expect("kept");
    writer.session_insert("s", eva.id).await.expect("kept");
    writer.token_insert(eva.id, "ci", "t", None).await.expect("kept");
    assert_eq!(writer.user_count_active(Role::Admin).await.expect("counted"), 1);
    for _ in 0..2 {
        writer.user_set_disabled(eva.id, true).await.expect("kept");
    }
    assert_eq!(writer.user_count_active(Role::Admin).await.expect("counted"), 0);
    let missing = writer.user_set_disabled(model::id::UserId(4711), true).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
    commit(writer).await;
    let disabled = model::user::User { disabled: true, ..eva.clone() };
    assert_eq!(metadata.user_get(eva.id).await.expect("answers"), Some(disabled.clone()));
    assert_eq!(metadata.user_list().await.expect("answers"), std::slice::from_ref(&disabled));
    assert_eq!(metadata.session_get("s").await.expect("answers").map(|session| session.user), Some(disabled));

    let mut writer = begin(&metadata).await;
    writer.user_log_off(eva.id).await.expect("logged off");
    writer.user_set_disabled(eva.id, false).await.expect("kept");
    assert_eq!(writer.user_now(eva.id).await.expect("answers"), Some(eva));
    commit(writer).await;
    assert_eq!(metadata.session_get("s").await.expect("answers"), None);
    assert_eq!(metadata.token_get("t").await.expect("answers"), None);
}

async fn a_token_is_known_by_its_hash_until_it_is_revoked(metadata: Metadata) {
    let hash = passwords::hash(&Secret::new("first")).await.expect("hashed");
    let mut writer = begin(&metadata).await;
    let eva = writer.user_insert("eva", Role::Admin, &hash, false).await.expect("kept");
    let li = writer.user_insert("li", Role::Admin, &hash, false).await.expect("kept");
    let token = writer.token_insert(eva.id, "ci", "a", Some(Timestamp(7))).await.expect("kept");
    writer.token_insert(li.id, "ci", "b", None).await.expect("names are each user's own");
    commit(writer).await;
    let mut writer = begin(&metadata).await;
    let taken = writer.token_insert(eva.id, "ci", "c", None).await;
    assert!(matches!(taken, Err(Error::NameTaken { .. })), "{taken:?}");
    drop(writer);

    let holder = metadata.token_get("a").await.expect("answers").expect("it is there");
    assert_eq!((&holder.user, &holder.token), (&eva, &token));
    assert_eq!(metadata.token_list(eva.id).await.expect("answers"), std::slice::from_ref(&token));
    let mut writer = begin(&metadata).await;
    writer.token_touch(token.id).await.expect("noted");
    let foreign = writer.token_remove(li.id, token.id).await;
    assert!(matches!(foreign, Err(Error::Missing { .. })), "{foreign:?}");
    commit(writer).await;
    assert!(metadata.token_list(eva.id).await.expect("answers")[0].used.is_some());

    let mut writer = begin(&metadata).await;
    writer.token_remove(eva.id, token.id).await.expect("revoked");
    writer.user_remove(li.id).await.expect("removed");
    commit(writer).await;
    for gone in ["a", "b"] {
        assert_eq!(metadata.token_get(gone).await.expect("answers"), None, "{gone}");
    }
}

async fn a_session_is_known_by_its_hash_until_it_ends(metadata: Metadata) {
    let hash = passwords::hash(&Secret::new("first")).await.expect("hashed");
    let other = passwords::hash(&Secret::new("second")).await.expect("hashed");
    let mut writer = begin(&metadata).await;
    let eva = writer.user_insert("eva", Role::ClusterViewer, &hash, false).await.expect("kept");
    for token in ["a", "b", "c"] {
        writer.session_insert(token, eva.id).await.expect("kept");
    }
    let nobody = writer.session_insert("d", model::id::UserId(4711)).await;
    assert!(matches!(nobody, Err(Error::Missing { .. })), "{nobody:?}");
    commit(writer).await;
    let session = metadata.session_get("a").await.expect("answers").expect("it is there");
    assert_eq!(session.user, eva);
    assert!(session.used <= session.now);
    assert_eq!(metadata.session_get("x").await.expect("answers"), None);

    let mut writer = begin(&metadata).await;
    writer.session_remove("a").await.expect("removed");
    writer.session_touch("a").await.expect("gone is no fault");
    writer.session_touch("b").await.expect("noted");
    commit(writer).await;
    assert_eq!(metadata.session_get("a").await.expect("answers"), None, "a touch brings nothing back");
    let touched = metadata.session_get("b").await.expect("answers").expect("it is there");
    assert!(touched.used >= session.used);

    let mut writer = begin(&metadata).await;
    writer.session_sweep(touched.used).await.expect("swept");
    commit(writer).await;
    assert_eq!(metadata.session_get("c").await.expect("answers"), None, "it was not used for longer");
    assert!(metadata.session_get("b").await.expect("answers").is_some());

    let mut writer = begin(&metadata).await;
    writer.user_set_password(eva.id, &other, false).await.expect("kept");
    commit(writer).await;
    assert_eq!(metadata.session_get("b").await.expect("answers"), None, "it began with another password");
}
