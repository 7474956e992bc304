//! The statements of delete policies, golden, in every simulated version that has them.

use model::physical::delete_policy::DeletePolicy;
use model::retention::kernel::KernelPolicy::{Default, LogOnly};
use sim::Profile;

use crate::physical::Stand;

#[tokio::test]
async fn delete_policies_are_added_and_dropped_in_the_words_of_the_kernel() {
    for profile in Profile::ALL.into_iter().filter(|profile| profile.is_tenant_level()) {
        let mut stand = Stand::new(profile).await;
        let verbs = stand.driver.verbs();
        let add = verbs.add_delete_policy("shop", Default, 7);
        let drop = verbs.drop_delete_policy("shop", Default);
        let golden = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT = `shop`";
        assert_eq!(add.masked, golden);
        assert_eq!(drop.masked, "ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT = `shop`");
        stand.driver.act(&drop).await.expect("without a policy, a drop succeeds");
        stand.driver.act(&add).await.expect("it is added");
        let twice = stand.driver.act(&add).await.expect_err("there is one");
        assert!(verbs.has_delete_policy_already(&twice), "{profile}: {twice:?}");
        let policies = stand.driver.delete_policies().await.expect("answers");
        let words: Vec<String> = policies.iter().map(DeletePolicy::words).collect();
        assert_eq!(words, ["default (7d)"], "{profile}");
        stand.driver.act(&drop).await.expect("it is dropped");
        assert_eq!(stand.driver.delete_policies().await.expect("answers"), [], "{profile}");
        let jobs = stand.driver.newest_delete_jobs().await.expect("answers");
        assert!(jobs.is_empty(), "{profile}: nothing has expired");
        stand.assert_no_gaps(&profile.to_string());
    }
    let verbs = Stand::new(Profile::V4_6).await.driver.verbs();
    let odd = [
        verbs.add_delete_policy("a`b", LogOnly, 3_660).masked,
        verbs.drop_delete_policy("a`b", LogOnly).masked,
    ];
    let expected = [
        "ALTER SYSTEM ADD DELETE BACKUP POLICY 'log_only' RECOVERY_WINDOW '3660d' TENANT = `a``b`",
        "ALTER SYSTEM DROP DELETE BACKUP POLICY 'log_only' TENANT = `a``b`",
    ];
    assert_eq!(odd, expected);
}
