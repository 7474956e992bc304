//! The delete policies of a 4.x cluster, what the database deletes by them, and requests to change them.

use control::delete_policies::{
    DeletePolicies, Expiring, ExpiringSet, PlannedPolicy, PolicyFilter, PolicyPlan, TenantDeletePolicy,
};
use model::Problem;
use model::id::{ClusterId, StorageId, TenantId};
use model::order::DeletePolicyOrder;
use model::physical::delete_policy::PolicyWish;
use model::problem::codes;
use model::retention::kernel::{KernelPolicy, window_days};
use model::strategy::Scope;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::backup_now::{BackupDimension, ObjectBody};
use super::plans::ActionType;
use super::retention::PolicyBody;
use super::{whole, words};

/// Which window is asked about.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletePolicyQuery {
    /// The window in days of a policy whose deletions to show. Defaults to each tenant's own policy.
    #[param(minimum = 1, maximum = 3660)]
    pub(crate) retention_days: Option<u32>,
    /// Only the tenants that a strategy backs up, whether it is saved or not: CLUSTER for the strategy of the cluster,
    /// TENANT for that of the tenant in `tenantId`.
    strategy_dimension: Option<BackupDimension>,
    /// The tenant of the strategy.
    tenant_id: Option<i64>,
    /// The storage of the strategy. Where a tenant backs up elsewhere now, its backups in this storage count: the next backup
    /// of the strategy moves its destinations. Defaults to that of the saved strategy, and for a tenant to that of the
    /// cluster's.
    storage_id: Option<i64>,
}

impl DeletePolicyQuery {
    /// Reads which tenants and which window are asked about.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<PolicyFilter, Problem> {
        let Self { retention_days, strategy_dimension, tenant_id, storage_id } = self;
        let scope = match (strategy_dimension, tenant_id) {
            (None, None) => None,
            (Some(BackupDimension::Cluster), None) => Some(Scope::Cluster(cluster)),
            (Some(BackupDimension::Tenant), Some(tenant)) => Some(Scope::Tenant(cluster, TenantId(tenant))),
            _ => return Err(Problem::invalid("strategy-objects-unfit").coded(codes::NO_BACKUP_OBJECT)),
        };
        Ok(PolicyFilter { retention_days, scope, storage: storage_id.map(StorageId) })
    }
}

/// The delete policies of a cluster's tenants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePoliciesView {
    /// Identifies what this shows: to save a strategy with these `retentionDays`, send it as `deletePolicyPlanHash`. None
    /// without `retentionDays`.
    plan_hash: Option<String>,
    /// The tenants.
    contents: Vec<DeletePolicyView>,
}

/// The delete policy of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePolicyView {
    /// The tenant.
    tenant_id: i64,
    /// Its name.
    tenant_name: String,
    /// The policy's name; none where the tenant has no policy.
    #[schema(example = "default")]
    policy_name: Option<String>,
    /// The policy's window, as the database shows it.
    #[schema(example = "7d")]
    recovery_window: Option<String>,
    /// Whether Lifeboat set the policy, and nobody has changed it since.
    set_by_lifeboat: bool,
    /// Whether a strategy with these `retentionDays` needs consent to set its policy: Lifeboat did not set the one that there
    /// is, another strategy or a user set it through Lifeboat with a longer window, or somebody dropped it.
    take_over_needed: bool,
    /// What the database deletes when it looks next, about once an hour; none without a window.
    expiring: Option<ExpiringView>,
}

/// What the database deletes when it looks next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringView {
    /// The number of the full set that what is kept starts with; none where no good set expires.
    first_kept_set: Option<i64>,
    /// The sets.
    sets: Vec<ExpiringSetView>,
    /// How many pieces of archived logs.
    pieces: u64,
    /// The bytes of all of them.
    bytes: u64,
}

/// A set that the database deletes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiringSetView {
    /// The cluster's number of it.
    ob_backup_set_id: i64,
    /// How much it holds.
    data_backup_task_type: words::DataBackupMode,
    /// Its earliest recoverable time.
    #[schema(format = DateTime)]
    consistent_time: String,
    /// Its size in bytes.
    bytes: u64,
}

impl From<DeletePolicies> for DeletePoliciesView {
    fn from(DeletePolicies { tenants, digest }: DeletePolicies) -> Self {
        let view = |found: TenantDeletePolicy| {
            let TenantDeletePolicy { tenant, tenant_name, policy, is_foreign, prediction, needs_consent } =
                found;
            let set_by_lifeboat = policy.is_some() && !is_foreign;
            let (name, window) = policy.map(|policy| (policy.name, policy.window)).unzip();
            DeletePolicyView {
                tenant_id: tenant.0,
                tenant_name,
                policy_name: name,
                recovery_window: window,
                set_by_lifeboat,
                take_over_needed: needs_consent,
                expiring: prediction.map(ExpiringView::from),
            }
        };
        Self { plan_hash: digest, contents: tenants.into_iter().map(view).collect() }
    }
}

impl From<Expiring> for ExpiringView {
    fn from(expiring: Expiring) -> Self {
        let Expiring { anchor, sets, pieces, bytes } = expiring;
        let set = |ExpiringSet { id, mode, restore, bytes }| ExpiringSetView {
            ob_backup_set_id: id,
            data_backup_task_type: mode.into(),
            consistent_time: restore.to_rfc3339(),
            bytes,
        };
        Self { first_kept_set: anchor, sets: sets.into_iter().map(set).collect(), pieces, bytes }
    }
}

/// Whether delete policies are set or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DeletePolicyAction {
    /// The tenants get this policy, in place of another one.
    Set,
    /// The tenants lose their policies.
    Drop,
}

/// A change of delete policies to preview.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeletePolicyPreviewBody {
    /// The tenants, at least one.
    #[serde(default, deserialize_with = "whole::list")]
    tenant_id_list: Vec<i64>,
    /// What is done.
    action: DeletePolicyAction,
    /// `default`, or `log_only` for tenants that archive logs without data backups (data version 4.4.1 and later).
    /// Defaults to `default`.
    #[schema(example = "default")]
    policy_name: Option<String>,
    /// What is kept; required for `SET`. The database takes `retentionDays` and no other rule.
    policy: Option<PolicyBody>,
}

impl DeletePolicyPreviewBody {
    /// Reads the tenants and the requested policy.
    pub(crate) fn read(self) -> Result<(Vec<TenantId>, PolicyWish), Problem> {
        let Self { tenant_id_list, action, policy_name, policy } = self;
        let wish = match action {
            DeletePolicyAction::Drop => {
                let given = [("policyName", policy_name.is_some()), ("policy", policy.is_some())];
                if let Some((field, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
                    return Err(Problem::invalid("delete-policy-drop-takes-none").with("field", field));
                }
                PolicyWish::Drop
            }
            DeletePolicyAction::Set => {
                let policy = policy.ok_or_else(|| Problem::invalid("delete-policy-window-missing"))?;
                let days = window_days(&policy.read()?)?;
                PolicyWish::Set { rule: rule(policy_name.as_deref())?, days }
            }
        };
        Ok((tenant_id_list.into_iter().map(TenantId).collect(), wish))
    }
}

fn rule(name: Option<&str>) -> Result<KernelPolicy, Problem> {
    let Some(name) = name else { return Ok(KernelPolicy::Default) };
    KernelPolicy::of_name(name)
        .ok_or_else(|| Problem::invalid("delete-policy-rule-unknown").with("found", name))
}

/// A change of delete policies.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeletePolicyChangeBody {
    /// The tenants, at least one.
    #[serde(default, deserialize_with = "whole::list")]
    tenant_id_list: Vec<i64>,
    /// What is done.
    action: DeletePolicyAction,
    /// `default`, or `log_only` for tenants that archive logs without data backups (data version 4.4.1 and later).
    /// Defaults to `default`.
    #[schema(example = "default")]
    policy_name: Option<String>,
    /// What is kept; required for `SET`. The database takes `retentionDays` and no other rule.
    policy: Option<PolicyBody>,
    /// The `planHash` of the preview. The change is refused if the plan is another one by now.
    plan_hash: String,
    /// Whether policies that Lifeboat did not set may be replaced or dropped. Defaults to false.
    #[serde(default)]
    take_over: bool,
}

impl DeletePolicyChangeBody {
    /// Reads the request.
    pub(crate) fn read(self, cluster: ClusterId) -> Result<DeletePolicyOrder, Problem> {
        let Self { tenant_id_list, action, policy_name, policy, plan_hash, take_over } = self;
        let (tenants, wish) =
            DeletePolicyPreviewBody { tenant_id_list, action, policy_name, policy }.read()?;
        Ok(DeletePolicyOrder { cluster, tenants, wish, take_over, plan: plan_hash, strategy: None })
    }
}

/// Returns the kind of action and the objects of a change, for the answer.
pub(crate) fn described(order: &DeletePolicyOrder) -> (ActionType, Vec<ObjectBody>) {
    let kind = match order.wish {
        PolicyWish::Set { .. } => ActionType::SetDeletePolicy,
        PolicyWish::Drop => ActionType::DropDeletePolicy,
    };
    let object = |tenant: &TenantId| ObjectBody::of_tenant(order.cluster, *tenant, BackupDimension::Tenant);
    (kind, order.tenants.iter().map(object).collect())
}

/// What a change of delete policies does. The database decides what it deletes; this is a prediction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletePolicyPlanView {
    /// Identifies the plan in the request for the change.
    plan_hash: String,
    /// The tenants, by ID.
    contents: Vec<PlannedDeletePolicyView>,
}

/// What a change does about the delete policy of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedDeletePolicyView {
    /// The tenant.
    tenant_id: i64,
    /// Its name.
    tenant_name: String,
    /// The name of its policy; none where the tenant has no policy.
    #[schema(example = "default")]
    policy_name: Option<String>,
    /// That policy's window, as the database shows it.
    #[schema(example = "7d")]
    recovery_window: Option<String>,
    /// Whether Lifeboat set that policy, and nobody has changed it since. Otherwise, the change needs `takeOver`.
    set_by_lifeboat: bool,
    /// What is done.
    action: words::PolicyChange,
    /// What the database deletes as soon as the policy is set; none if it is dropped.
    expiring: Option<ExpiringView>,
}

impl From<PolicyPlan> for DeletePolicyPlanView {
    fn from(plan: PolicyPlan) -> Self {
        let view = |planned: PlannedPolicy| {
            let PlannedPolicy { tenant, tenant_name, policy, is_foreign, change, expiring, .. } = planned;
            let set_by_lifeboat = policy.is_some() && !is_foreign;
            let (policy_name, recovery_window) = policy.map(|policy| (policy.name, policy.window)).unzip();
            PlannedDeletePolicyView {
                tenant_id: tenant.0,
                tenant_name,
                policy_name,
                recovery_window,
                set_by_lifeboat,
                action: change.into(),
                expiring: expiring.map(ExpiringView::from),
            }
        };
        Self { plan_hash: plan.digest, contents: plan.tenants.into_iter().map(view).collect() }
    }
}
